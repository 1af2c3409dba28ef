// Arguments: the python of rattler, an empty folder. rattler fetches through a proxy of ours, which sees the secret of every host that can be thought of; we are asked for the
// secret of artifactory, which takes every form. `expected` is what both say.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { endParts, part } from './run-parts.mjs'

const [python, folder] = process.argv.slice(2)
const load = (name) => import(new URL(`../../../apps/cli/src/config/${name}`, import.meta.url).href)
const { readEnvironment } = await load('environment.ts')
const { findTargetCredential } = await load('target/find-target-credential.ts')
const execute = promisify(execFile)
const HOST = 'repo.team.example'
const OWN = 'home/.rattler/credentials.json'
const NETRC = 'home/.netrc'
const bearer = (token) => ({ BearerToken: token })
const netrc = `machine ${HOST} login eggs password pw-1\n`

/** `named`: what RATTLER_AUTH_FILE names. */
const ARRANGEMENTS = [
  { name: 'nothing', expected: undefined },
  { name: 'BearerToken', named: { [HOST]: bearer('tk-1') }, expected: 'tk-1' },
  { name: 'CondaToken', named: { [HOST]: { CondaToken: 'tk-1' } }, expected: 'tk-1' },
  { name: 'BasicHTTP', named: { [HOST]: { BasicHTTP: { username: 'eggs', password: 'pw-1' } } }, expected: 'eggs:pw-1' },
  { name: 'OAuth', named: { [HOST]: { OAuth: { access_token: 'tk-o', refresh_token: null, expires_at: null, token_endpoint: 'http://127.0.0.1:1/', revocation_endpoint: null, client_id: 'x' } } }, expected: 'tk-o' },
  { name: 'S3Credentials', named: { [HOST]: { S3Credentials: { access_key_id: 'a', secret_access_key: 'b', session_token: null } } }, expected: undefined },
  { name: 'the file of the user', own: { [HOST]: bearer('tk-2') }, expected: 'tk-2' },
  { name: 'the named file before that of the user', named: { [HOST]: bearer('tk-1') }, own: { [HOST]: bearer('tk-2') }, expected: 'tk-1' },
  { name: 'a named file that is not there', isNamed: true, own: { [HOST]: bearer('tk-2') }, expected: 'tk-2' },
  { name: 'netrc', netrc, expected: 'eggs:pw-1' },
  { name: 'the file of the user before netrc', own: { [HOST]: bearer('tk-2') }, netrc, expected: 'tk-2' },
  { name: 'the default of netrc does not count', netrc: 'default login eggs password pw-1\n', expected: undefined },
  { name: '*. for a domain above', named: { '*.example': bearer('tk-w') }, expected: 'tk-w' },
  { name: '*. for the host itself', named: { [`*.${HOST}`]: bearer('tk-w') }, expected: 'tk-w' },
  { name: 'of several *. the narrowest', named: { '*.example': bearer('tk-w'), '*.team.example': bearer('tk-n') }, expected: 'tk-n' },
  { name: 'a narrower *. of the second file before a wider one of the first', named: { '*.example': bearer('tk-w') }, own: { '*.team.example': bearer('tk-n') }, expected: 'tk-n' },
  { name: 'netrc for the very host before *. of a file', named: { '*.example': bearer('tk-w') }, netrc, expected: 'eggs:pw-1' },
  { name: 'no *. for what only ends alike', named: { '*.eam.example': bearer('tk-w'), '*': bearer('tk-a'), 'team.example': bearer('tk-t') }, expected: undefined },
  { name: 'no port and no scheme in a key', named: { [`${HOST}:8080`]: bearer('tk-p'), [`http://${HOST}`]: bearer('tk-u'), [`http://${HOST}:8080/base`]: bearer('tk-b') }, expected: undefined },
  { name: 'a port in the URL does not count', url: `http://${HOST}:8080/base`, named: { [HOST]: bearer('tk-1') }, expected: 'tk-1' },
  { name: 'no *. for an address', url: 'http://192.0.2.1/base', named: { '*.0.2.1': bearer('tk-w'), '*.192.0.2.1': bearer('tk-v') }, expected: undefined },
  { name: 'an address', url: 'http://192.0.2.1/base', named: { '192.0.2.1': bearer('tk-1') }, expected: 'tk-1' },
  { name: 'letters of a host', url: 'http://REPO.Team.Example/base', named: { [HOST]: bearer('tk-1') }, expected: 'tk-1' },
]

const asked = []
const proxy = createServer((request, response) => {
  asked.push({ url: request.url ?? '', authorization: request.headers.authorization })
  response.writeHead(404).end()
})
await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve))
const address = `http://127.0.0.1:${proxy.address().port}`

/** What a request proves, in one word. */
function readSecret({ url, authorization = '' }) {
  const [scheme, word = ''] = authorization.split(' ')
  if (scheme === 'Basic') return Buffer.from(word, 'base64').toString()
  return scheme === 'Bearer' ? word : /\/t\/([^/]+)\//.exec(new URL(url).pathname)?.[1]
}

async function askRattler(url, { at, variables }) {
  asked.length = 0
  const env = { ...variables, PATH: '/usr/bin:/bin', http_proxy: address }
  await execute(python, [fileURLToPath(new URL('ask-rattler.py', import.meta.url)), url, join(at, 'cache')], { env })
  assert.ok(asked.length > 0, 'rattler asked for nothing')
  return readSecret(asked[0])
}

async function askUs(url, { variables }) {
  const { found } = await findTargetCredential({ kind: 'artifactory', url }, readEnvironment(variables, 'linux'), { now: Date.now() })
  if (found === undefined) return undefined
  const { credential } = found
  return credential.type === 'token' ? credential.token.reveal() : `${credential.user}:${credential.password.reveal()}`
}

async function layOut({ named, own, netrc: text, isNamed = named !== undefined }, number) {
  const at = join(folder, String(number))
  await mkdir(join(at, 'home'), { recursive: true })
  const files = { 'auth.json': named && JSON.stringify(named), [OWN]: own && JSON.stringify(own), [NETRC]: text }
  for (const [path, content] of Object.entries(files)) {
    if (content === undefined) continue
    await mkdir(dirname(join(at, path)), { recursive: true })
    await writeFile(join(at, path), content)
    await chmod(join(at, path), 0o600)
  }
  return { at, variables: { HOME: join(at, 'home'), ...(isNamed ? { RATTLER_AUTH_FILE: join(at, 'auth.json') } : {}) } }
}

try {
  for (const [number, arrangement] of ARRANGEMENTS.entries()) {
    await part(arrangement.name, async () => {
      const { url = `http://${HOST}/base`, expected } = arrangement
      const question = await layOut(arrangement, number)
      assert.equal(await askRattler(url, question), expected, 'rattler')
      assert.equal(await askUs(url, question), expected, 'we')
    })
  }
} finally {
  proxy.close()
}
endParts()
