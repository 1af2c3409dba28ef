// Arguments: the python of anaconda-client, an empty folder. For each arrangement of files and variables below, the client (lib/ask-anaconda-client.py) and we say where
// something would be sent, with which token, under which certificates, for whom. Where we differ on purpose, `differs` says why, and both answers are written down. conda is not
// installed: where an arrangement has it, a stand-in for its reader of tokens is given to the client, whose own rule of what fits is what is compared.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endParts, part } from './run-parts.mjs'

const [python, folder] = process.argv.slice(2)
const load = (name) => import(new URL(`../../../apps/cli/src/config/${name}`, import.meta.url).href)
const { readEnvironment } = await load('environment.ts')
const { readAnacondaConfig } = await load('target/anaconda-config.ts')
const { findAnacondaToken } = await load('target/anaconda-token.ts')
const { resolveSite } = await load('target/resolve-site.ts')

const OWN = 'home/.continuum/anaconda-client/config.yaml'
const USER = 'home/.config/binstar/config.yaml'
const FIRST = 'home/.config/binstar'
const SECOND = 'home/.continuum/anaconda-client/tokens'
const REPO = 'sites:\n  repo:\n    url: https://repo.example/api\n'
const TOKEN = 'https%3A%2F%2Frepo.example%2Fapi.token'
const REPO_ANSWER = { url: 'https://repo.example/api', token: null, verify: true, user: null }
const PUBLIC = { url: 'https://api.anaconda.org', token: null, verify: true, user: null }

/** `@/` stands for the folder of the arrangement, in files and variables. `expected`: what both say, so that they cannot agree on nothing. */
const ARRANGEMENTS = [
  { name: 'the public site by its name', site: 'anaconda', expected: PUBLIC },
  { name: 'the public site by its old name', site: 'binstar', expected: PUBLIC },
  { name: 'a site by its name', files: { [OWN]: REPO }, site: 'repo', expected: REPO_ANSWER },
  { name: 'the default site', files: { [OWN]: `default_site: repo\n${REPO}` }, expected: REPO_ANSWER },
  { name: 'a named site before the default one', files: { [OWN]: `default_site: anaconda\n${REPO}` }, site: 'repo', expected: REPO_ANSWER },
  { name: 'a default site that a later file takes back', files: { 'etc/a.yaml': `default_site: anaconda\n${REPO}`, [OWN]: 'default_site: null\nurl: https://own.example\n' }, expected: { ...REPO_ANSWER, url: 'https://own.example' } },
  { name: 'a URL on top', files: { [OWN]: 'url: https://own.example/\n' }, expected: { ...PUBLIC, url: 'https://own.example' } },
  { name: 'a URL without a scheme', files: { [OWN]: 'url: own.example:8443/api\n' }, expected: { ...PUBLIC, url: 'https://own.example:8443/api' } },
  { name: 'keys of the site over those on top', files: { [OWN]: `upload_user: top\nssl_verify: /top.pem\n${REPO}    upload_user: me\n    ssl_verify: false\n` }, site: 'repo', expected: { ...REPO_ANSWER, verify: false, user: 'me' } },
  { name: 'keys on top for a site that does not have them', files: { [OWN]: `upload_user: top\nssl_verify: /top.pem\n${REPO}` }, site: 'repo', expected: { ...REPO_ANSWER, verify: '/top.pem', user: 'top' } },
  { name: 'a URL on top for a site without one', files: { [OWN]: 'url: https://own.example\nsites: {repo: {ssl_verify: false}}\n' }, site: 'repo', expected: { ...PUBLIC, url: 'https://own.example', verify: false } },
  { name: 'truth values of YAML 1.1', files: { [OWN]: `${REPO}    ssl_verify: off\n` }, site: 'repo', expected: { ...REPO_ANSWER, verify: false } },
  { name: 'the old verify_ssl alone, which does nothing', files: { [OWN]: `verify_ssl: false\n${REPO}` }, site: 'repo', expected: REPO_ANSWER },
  { name: 'the old verify_ssl, where ssl_verify is null', files: { [OWN]: `ssl_verify: null\nverify_ssl: false\n${REPO}` }, site: 'repo', expected: { ...REPO_ANSWER, verify: false } },
  { name: 'both null', files: { [OWN]: `ssl_verify: null\nverify_ssl: null\n${REPO}` }, site: 'repo', expected: REPO_ANSWER },
  {
    name: 'files of every folder, the later over the earlier',
    files: {
      'share/binstar/config.yaml': 'sites: {repo: {url: "https://1.example", upload_user: "1", ssl_verify: /1}}\ndefault_site: repo\n',
      'etc/config.yml': 'sites: {repo: {url: "https://2.example", upload_user: "2"}}\n',
      'conda/etc/anaconda-client/config.yaml': 'sites: {repo: {url: "https://3.example", upload_user: "3"}}\n',
      [USER]: 'sites: {repo: {url: "https://4.example"}}\n',
      [OWN]: 'sites: {repo: {url: "https://5.example"}}\n',
      'env/etc/anaconda-client/config.yaml': 'sites: {repo: {url: "https://6.example"}}\n',
    },
    variables: { CONDA_ROOT: '@/conda', CONDA_PREFIX: '@/env' },
    expected: { url: 'https://6.example', token: null, verify: '/1', user: '3' },
  },
  { name: 'the user\'s own file over the user\'s other one', files: { [USER]: `default_site: repo\n${REPO}`, [OWN]: 'default_site: anaconda\n' }, expected: PUBLIC },
  { name: 'conda\'s folder over that of the system', files: { 'etc/a.yaml': 'url: https://etc.example\n', 'conda/etc/anaconda-client/a.yaml': 'url: https://conda.example\n' }, variables: { CONDA_ROOT: '@/conda' }, expected: { ...PUBLIC, url: 'https://conda.example' } },
  { name: 'base is active: a folder that is named twice has its first place', files: { 'conda/etc/anaconda-client/a.yaml': 'url: https://conda.example\n', [OWN]: 'url: https://own.example\n' }, variables: { CONDA_ROOT: '@/conda', CONDA_PREFIX: '@/conda' }, expected: { ...PUBLIC, url: 'https://own.example' } },
  { name: 'CONDA_PREFIX alone', files: { 'env/etc/anaconda-client/a.yaml': 'url: https://env.example\n', [OWN]: 'url: https://own.example\n' }, variables: { CONDA_PREFIX: '@/env' }, expected: { ...PUBLIC, url: 'https://env.example' } },
  { name: 'XDG_CONFIG_HOME', files: { 'xdg/binstar/x.yaml': `default_site: repo\n${REPO}`, [USER]: 'default_site: anaconda\n', [`xdg/binstar/${TOKEN}`]: 'tk-x' }, variables: { XDG_CONFIG_HOME: '@/xdg' }, expected: { ...REPO_ANSWER, token: 'tk-x' } },
  { name: 'XDG_CONFIG_HOME that is relative counts for nothing', files: { [USER]: `default_site: repo\n${REPO}` }, variables: { XDG_CONFIG_HOME: 'xdg' }, expected: REPO_ANSWER },
  { name: 'the first of XDG_DATA_DIRS', files: { 'one/binstar/x.yaml': 'url: https://one.example\n', 'two/binstar/x.yaml': 'url: https://two.example\n' }, variables: { XDG_DATA_DIRS: 'relative:@/one:@/two' }, expected: { ...PUBLIC, url: 'https://one.example' } },
  { name: 'BINSTAR_CONFIG_DIR: files and tokens', files: { 'b/data/config.yaml': `default_site: repo\n${REPO}`, [USER]: 'default_site: anaconda\n', [`b/data/tokens/${TOKEN}`]: 'tk-b', [`${SECOND}/${TOKEN}`]: 'tk-2' }, variables: { BINSTAR_CONFIG_DIR: '@/b' }, expected: { ...REPO_ANSWER, token: 'tk-b' } },
  { name: 'BINSTAR_CONFIG_DIR has the first place, and others go over it', files: { 'b/data/config.yaml': 'url: https://b.example\nupload_user: b\n', 'etc/a.yaml': 'url: https://etc.example\n' }, variables: { BINSTAR_CONFIG_DIR: '@/b' }, expected: { ...PUBLIC, url: 'https://etc.example', user: 'b' } },
  { name: 'several files of one folder, .yml and .yaml, and others that do not count', files: { 'home/.config/binstar/a.yaml': 'default_site: repo\n', 'home/.config/binstar/b.yml': REPO, 'home/.config/binstar/c.txt': 'default_site: anaconda\n', 'home/.config/binstar/d.yaml.bak': 'default_site: anaconda\n' }, expected: REPO_ANSWER },
  { name: 'an empty file, and one of comments', files: { 'etc/a.yaml': '', 'etc/b.yaml': '# nothing\n', [OWN]: `default_site: repo\n${REPO}` }, expected: REPO_ANSWER },
  { name: 'a text of Python 2', files: { [OWN]: "default_site: !!python/unicode 'repo'\nsites:\n  repo: {url: !!python/unicode 'https://repo.example/api'}\n" }, expected: REPO_ANSWER },
  { name: 'no YAML: left out, with a warning', files: { 'etc/a.yaml': 'url: [\n', [OWN]: `default_site: repo\n${REPO}` }, expected: REPO_ANSWER, warned: /etc\/a\.yaml/ },
  { name: 'a folder where a file is looked for', files: { 'etc/a.yaml/x': '', [OWN]: `default_site: repo\n${REPO}` }, expected: REPO_ANSWER, warned: /etc\/a\.yaml/ },

  { name: 'the token of the first folder', files: { [OWN]: REPO, [`${FIRST}/${TOKEN}`]: 'tk-1\n', [`${SECOND}/${TOKEN}`]: 'tk-2\n' }, site: 'repo', expected: { ...REPO_ANSWER, token: 'tk-1' } },
  { name: 'the token of the second folder', files: { [OWN]: REPO, [`${SECOND}/${TOKEN}`]: ' tk-2\r\n' }, site: 'repo', expected: { ...REPO_ANSWER, token: 'tk-2' } },
  { name: 'an empty file of a token', files: { [OWN]: REPO, [`${FIRST}/${TOKEN}`]: ' \n', [`${SECOND}/${TOKEN}`]: 'tk-2' }, site: 'repo', expected: { ...REPO_ANSWER, token: 'tk-2' } },
  { name: 'BINSTAR_API_TOKEN before ANACONDA_API_TOKEN and files', files: { [OWN]: REPO, [`${FIRST}/${TOKEN}`]: 'tk-1' }, variables: { BINSTAR_API_TOKEN: 'tk-b', ANACONDA_API_TOKEN: 'tk-a' }, site: 'repo', expected: { ...REPO_ANSWER, token: 'tk-b' } },
  { name: 'ANACONDA_API_TOKEN before files', files: { [OWN]: REPO, [`${FIRST}/${TOKEN}`]: 'tk-1' }, variables: { ANACONDA_API_TOKEN: 'tk-a' }, site: 'repo', expected: { ...REPO_ANSWER, token: 'tk-a' } },
  { name: 'the token of another site', files: { [OWN]: REPO, [`${FIRST}/https%3A%2F%2Fapi.anaconda.org.token`]: 'tk-1' }, site: 'repo', expected: REPO_ANSWER },
  { name: 'a URL with a slash at its end: a file of its own', files: { [OWN]: 'sites: {repo: {url: "http://127.0.0.1:8080/api/"}}\n', [`${SECOND}/http%3A%2F%2F127.0.0.1%3A8080%2Fapi%2F.token`]: 'tk-s', [`${SECOND}/http%3A%2F%2F127.0.0.1%3A8080%2Fapi.token`]: 'tk-n' }, site: 'repo', expected: { url: 'http://127.0.0.1:8080/api', token: 'tk-s', verify: true, user: null } },
  { name: 'a URL without a scheme: a file named so', files: { [OWN]: 'url: own.example\n', [`${SECOND}/own.example.token`]: 'tk-o', [`${SECOND}/https%3A%2F%2Fown.example.token`]: 'tk-h' }, expected: { ...PUBLIC, url: 'https://own.example', token: 'tk-o' } },
  { name: 'a URL with odd letters', files: { [OWN]: 'sites: {repo: {url: "https://repo.example/a(b)~c"}}\n', [`${SECOND}/https%3A%2F%2Frepo.example%2Fa%28b%29~c.token`]: 'tk-o' }, site: 'repo', expected: { ...REPO_ANSWER, url: 'https://repo.example/a(b)~c', token: 'tk-o' } },
  { name: 'with conda: the very URL', conda: true, files: { [OWN]: REPO, [`${FIRST}/${TOKEN}`]: 'tk-1' }, site: 'repo', expected: { ...REPO_ANSWER, token: 'tk-1' } },
  { name: 'with conda: a URL that differs in its last slash', conda: true, files: { [OWN]: 'sites: {repo: {url: "https://repo.example/api/"}}\n', [`${FIRST}/${TOKEN}`]: 'tk-1' }, site: 'repo', expected: { ...REPO_ANSWER, token: 'tk-1' } },
  { name: 'with conda: a URL that another begins with', conda: true, files: { [OWN]: REPO, [`${FIRST}/https%3A%2F%2Frepo.example%2F.token`]: 'tk-p' }, site: 'repo', expected: { ...REPO_ANSWER, token: 'tk-p' } },
  { name: 'with conda: a name that only begins alike', conda: true, files: { [OWN]: REPO, [`${FIRST}/https%3A%2F%2Frepo.exam.token`]: 'tk-p', [`${FIRST}/https%3A%2F%2Frepo.example%2Fap.token`]: 'tk-q' }, site: 'repo', expected: REPO_ANSWER },

  { name: 'an unknown site', files: { [OWN]: REPO }, site: 'rebo', differs: 'it warns and publishes to the public site', theirs: PUBLIC, ours: 'SITE_UNKNOWN' },
  { name: 'an unknown default site', files: { [OWN]: `default_site: rebo\n${REPO}` }, differs: 'the same', theirs: PUBLIC, ours: 'SITE_UNKNOWN' },
  { name: 'nothing at all', differs: 'it takes the public site', theirs: PUBLIC, ours: 'SITE_UNDECIDED' },
  { name: 'sites, and none chosen', files: { [OWN]: REPO }, differs: 'it takes the public site', theirs: PUBLIC, ours: 'SITE_UNDECIDED' },
  { name: 'a site without a URL', files: { [OWN]: 'sites: {repo: {ssl_verify: false}}\n' }, site: 'repo', differs: 'it takes the public site', theirs: { ...PUBLIC, verify: false }, ours: 'CONFIG_INVALID' },
  { name: 'the URL of an API', files: { [OWN]: REPO }, site: 'https://repo.example/api', differs: 'it takes the public site', theirs: PUBLIC, ours: REPO_ANSWER },
  { name: 'sites without anything', files: { 'etc/a.yaml': REPO, [OWN]: 'sites:\n' }, site: 'repo', differs: 'it fails', theirs: /^TypeError/, ours: REPO_ANSWER },
  { name: 'a list', files: { 'etc/a.yaml': '- x\n', [OWN]: REPO }, site: 'repo', differs: 'it fails', theirs: /^AttributeError/, ours: REPO_ANSWER, warned: /etc\/a\.yaml:1/ },
  { name: 'a key that is there twice', files: { [OWN]: REPO, 'home/.config/binstar/a.yaml': 'url: https://a.example\nurl: https://b.example\n' }, differs: 'it takes the last one', theirs: { ...PUBLIC, url: 'https://b.example' }, ours: 'SITE_UNDECIDED', warned: /a\.yaml:2/ },
  { name: 'a key that is no text', files: { [OWN]: 'sites:\n  repo: {url: 8080}\n' }, site: 'repo', differs: 'it fails', theirs: /^(?:Attribute|Type)Error/, ours: 'CONFIG_INVALID' },
  { name: 'an empty variable', files: { [OWN]: REPO, [`${FIRST}/${TOKEN}`]: 'tk-1' }, variables: { BINSTAR_API_TOKEN: '' }, site: 'repo', differs: 'it is anonymous', theirs: { ...REPO_ANSWER, token: '' }, ours: { ...REPO_ANSWER, token: 'tk-1' } },
  { name: 'a password in the URL', files: { [OWN]: 'sites: {repo: {url: "https://me:secret@repo.example"}}\n' }, site: 'repo', differs: 'it goes on with it', theirs: { ...REPO_ANSWER, url: 'https://me:secret@repo.example' }, ours: 'CONFIG_INVALID' },
  { name: 'without conda: a URL that another begins with', files: { [OWN]: REPO, [`${FIRST}/https%3A%2F%2Frepo.example%2F.token`]: 'tk-p' }, site: 'repo', differs: 'it looks so only beside conda', theirs: REPO_ANSWER, ours: { ...REPO_ANSWER, token: 'tk-p' } },
  { name: 'with conda: a beginning in its folder, the very URL in the other', conda: true, files: { [OWN]: REPO, [`${FIRST}/https%3A%2F%2Frepo.example.token`]: 'tk-p', [`${SECOND}/${TOKEN}`]: 'tk-2' }, site: 'repo', differs: 'it takes the beginning', theirs: { ...REPO_ANSWER, token: 'tk-p' }, ours: { ...REPO_ANSWER, token: 'tk-2' } },
]

/** Lays the files of an arrangement; resolves to what both are asked. */
async function layOut({ files = {}, variables = {}, site, conda }, number) {
  const at = join(folder, String(number))
  await mkdir(join(at, 'home'), { recursive: true })
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(at, path)), { recursive: true })
    await writeFile(join(at, path), text)
    await chmod(join(at, path), 0o600)
  }
  const own = Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, value.replaceAll('@/', `${at}/`)]))
  return { at, site, system: join(at, 'etc'), conda: conda === undefined ? undefined : join(at, FIRST), variables: { PATH: '/usr/bin:/bin', HOME: join(at, 'home'), XDG_DATA_DIRS: join(at, 'share'), ...own } }
}

async function askUs({ variables, site, system }) {
  const env = readEnvironment(variables, 'linux')
  const config = await readAnacondaConfig(env, { systemFolder: system })
  const said = config.warnings.map(({ where, message }) => `${where}: ${message}`)
  try {
    const resolved = resolveSite(config, site)
    const { url, verify, certificates, uploadUser } = resolved
    const token = await findAnacondaToken(resolved, env).then((found) => found.token.reveal(), (error) => {
      assert.equal(error.code, 'NOT_LOGGED_IN')
      return null
    })
    return { answer: { url, token, verify: verify ? (certificates ?? true) : false, user: uploadUser ?? null }, said }
  } catch (error) {
    assert.match(String(error.code), /^[A-Z_]+$/, error)
    return { answer: error.code, said }
  }
}

/** All files below a folder, with what is in them. */
async function fingerprint(path) {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort()
  return Promise.all(files.map(async (file) => `${file} ${createHash('sha256').update(await readFile(file)).digest('hex')}`))
}

const askThem = async (questions) => {
  const child = spawn(python, [fileURLToPath(new URL('ask-anaconda-client.py', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'], cwd: folder })
  child.stdin.end(JSON.stringify(questions))
  return JSON.parse(Buffer.concat(await child.stdout.toArray()).toString())
}

const questions = []
for (const [number, arrangement] of ARRANGEMENTS.entries()) questions.push(await layOut(arrangement, number))
// We first: the client removes empty files of tokens and makes copies of what it cannot read.
const before = await fingerprint(folder)
const ours = []
for (const question of questions) ours.push(await askUs(question))
await part('we change nothing', async () => assert.deepEqual(await fingerprint(folder), before))
const theirs = await askThem(questions)

for (const [number, { name, differs, warned, ...written }] of ARRANGEMENTS.entries()) {
  await part(differs === undefined ? name : `on purpose, ${name}`, () => {
    const { said, error, ...answer } = theirs[number]
    if (differs === undefined) {
      assert.deepEqual({ error, ...answer }, { error: undefined, ...written.expected }, `theirs: ${error ?? said}`)
      assert.deepEqual(ours[number].answer, written.expected)
    } else {
      if (written.theirs instanceof RegExp) assert.match(String(error), written.theirs)
      else assert.deepEqual({ error, ...answer }, { error: undefined, ...written.theirs }, `theirs: ${error ?? said}`)
      assert.deepEqual(ours[number].answer, written.ours)
    }
    if (warned === undefined) assert.deepEqual(ours[number].said, [])
    else assert.match(ours[number].said.join('\n'), warned)
    return differs
  })
}
endParts()
