// Arguments: the python of rattler-build, an empty folder. Uploads the same artifacts with rattler-build and with our targets, each to a double of its own, and compares what the doubles were sent.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createDigest, Secret } from '@mirror/core'
import { createUploadTarget } from '@mirror/repository-client'
import { buildArtifacts, startArtifactoryServer, startPrefixServer, startQuetzDouble, startV4Server } from '@mirror/test-fixtures'
import { endParts, part } from './run-parts.mjs'

const [python, folder] = process.argv.slice(2)
const execute = promisify(execFile)
const KEY = 'tok-1'

const make = async (into, subdir, description) => {
  await mkdir(join(folder, into), { recursive: true })
  const [{ fileName, bytes, size, md5, sha256 }] = await buildArtifacts(subdir, description)
  const path = join(folder, into, fileName)
  await writeFile(path, bytes)
  return { path, sha256, md5, artifact: { subdir, name: fileName, size, digest: createDigest('sha256', sha256) } }
}
const artifacts = [await make('one', 'linux-64', { name: 'foo', version: '1!2.0+local', size: 300_000 }), await make('one', 'noarch', { name: 'bar', format: 'tar.bz2' })]
const changed = await make('two', 'linux-64', { name: 'foo', version: '1!2.0+local', salt: 'changed' })

/** Runs rattler's upload; resolves to its exit code and what it says. */
const rattler = async (kind, { url, channel, key = KEY }, files) => {
  const env = { PATH: process.env.PATH, HOME: folder, NO_PROXY: '*', RATTLER_AUTH_FILE: join(folder, 'no-auth.json') }
  await writeFile(env.RATTLER_AUTH_FILE, '{}')
  return await execute(python, [fileURLToPath(new URL('upload-with-rattler.py', import.meta.url)), kind, url, channel, key, ...files], { env }).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }), (error) => ({ code: error.code, output: `${error.stdout}${error.stderr}` }),
  )
}

const upload = async (kind, { url, channel, replace = false }, made) => {
  await using target = createUploadTarget({ kind, url, channel, credential: { type: 'token', token: new Secret(KEY) }, loginHint: '', retry: { tries: 1 } })
  await using file = await open(made.path)
  return await target.upload({ ...made, file, replace })
}

const channels = { ch: { writers: [KEY] } }
const KINDS = {
  quetz: { start: () => startQuetzDouble({ channels }), call: 'POST upload' },
  prefix: { start: () => startPrefixServer({ channels }), call: 'POST upload', force: 'prefix-force' },
  artifactory: { start: () => startArtifactoryServer({ channels }), call: 'PUT file', root: '/artifactory', overwrites: true },
}

/** What both send by their nature in another way, with the reason. */
const ON_PURPOSE = new Map([
  ['user-agent', 'each says who it is'], ['host', 'each has a server of its own'], ['accept', 'we ask APIs for JSON'], ['accept-encoding', 'we decode no answer, so we ask for none that is encoded'],
  ['connection', 'a matter of the connection'], ['transfer-encoding', 'rattler streams without a length where it can; we always know it'], ['content-length', 'likewise; and boundaries of forms differ in length'],
  ['content-type', 'the boundary of a form is random; for raw bytes we say application/octet-stream'], ['x-checksum-sha256', 'Artifactory then refuses bytes that were damaged on the way'], ['x-checksum-md5', 'likewise'],
])
const wordsOf = ({ method, path, headers, form }) => {
  const [place, query = ''] = path.split('?')
  return { method, place: decodeURIComponent(place), query: Object.fromEntries(new URLSearchParams(query)), headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !ON_PURPOSE.has(name))), form }
}

for (const [kind, { start, call, root = '', force, overwrites = false }] of Object.entries(KINDS)) {
  await using server = await start()
  await using ours = await start()
  const place = { url: `${server.url}${root}`, channel: 'ch' }
  const sent = ({ calls }) => calls.filter((one) => one.kind === call)

  await part(`${kind}: the double takes what rattler sends, and knows all of it`, async () => {
    const { code, output } = await rattler(kind, place, artifacts.map(({ path }) => path))
    assert.equal(code, 0, output)
    assert.deepEqual(server.refused, [])
    assert.deepEqual(server.files('ch').map(({ path, sha256 }) => ({ path, sha256 })), artifacts.map(({ artifact, sha256 }) => ({ path: `${artifact.subdir}/${artifact.name}`, sha256 })))
  })

  await part(`${kind}: we send the same for an upload`, async () => {
    for (const made of artifacts) assert.deepEqual(await upload(kind, { ...place, url: `${ours.url}${root}` }, made), { status: 'uploaded' })
    const [theirs, own] = [sent(server), sent(ours)].map((calls) => calls.map(wordsOf))
    // rattler says force=false where it is the default.
    for (const one of theirs) if (one.query.force === 'false') delete one.query.force
    assert.deepEqual(own, theirs)
    assert.deepEqual(ours.refused, [])
  })

  await part(`${kind}: a name that is taken, and a key that is no good`, async () => {
    const again = await rattler(kind, place, [changed.path])
    assert.equal(again.code === 0, overwrites, again.output)
    assert.deepEqual((await upload(kind, { ...place, url: `${ours.url}${root}` }, changed)).status, 'conflict')
    if (force !== undefined) {
      assert.equal((await rattler(force, place, [changed.path])).code, 0)
      assert.deepEqual(await upload(kind, { ...place, url: `${ours.url}${root}`, replace: true }, changed), { status: 'replaced' })
      assert.deepEqual(sent(ours).at(-1)?.path.split('?')[1], sent(server).at(-1)?.path.split('?')[1])
    }
    assert.notEqual((await rattler(kind, { ...place, key: 'nobody' }, [changed.path])).code, 0)
    assert.equal(server.calls.at(-1)?.status, 401)
    assert.deepEqual(server.refused, [])
  })
}

await part('anaconda: the double of a v4 server takes what rattler sends, and knows all of it', async () => {
  await using server = await startV4Server({ users: { eggs: { tokens: [KEY] } } })
  const place = { url: server.url, channel: 'eggs' }
  const first = await rattler('anaconda', place, artifacts.map(({ path }) => path))
  assert.deepEqual([first.code, server.refused], [0, []], first.output)
  assert.notEqual((await rattler('anaconda', place, [changed.path])).code, 0)
  const forced = await rattler('anaconda-force', place, [changed.path])
  assert.deepEqual([forced.code, server.refused], [0, []], forced.output)
  assert.deepEqual(server.files('eggs').map(({ sha256 }) => sha256).toSorted(), [changed.sha256, artifacts[1].sha256].toSorted())
})

endParts()
