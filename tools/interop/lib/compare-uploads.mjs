// Arguments: the python of anaconda-client, an empty folder, the folder of real data. Uploads the same artifacts once with the real anaconda-client and once with our target, each to a double
// of its own, and compares what the two doubles were sent, call by call. Differences are on purpose, listed with their reason; a listed one that is not seen is a failure too.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { createDigest, isMirrorError, KNOWN_SUBDIRS, Secret } from '@mirror/core'
import { createUploadTarget } from '@mirror/repository-client'
import { buildArtifacts, startV4Server } from '@mirror/test-fixtures'
import { endParts, part, skipPart } from './run-parts.mjs'

const [python, folder, data] = process.argv.slice(2)
const execute = promisify(execFile)
const TOKEN = 'eg-1'

/** Differences on purpose: of every call, by `<call> <what>`. */
const ON_PURPOSE = new Map([
  ['* header user-agent', 'we say who we are, as rattler does; no server is known to ask for more than that there is one'],
  ['* header accept-encoding', 'we decode no answer of an API, so we ask for none that is encoded'],
  ['* header host', 'each has a server of its own'],
  ['* header content-length', 'Python writes JSON with spaces; the bodies are compared as values. It also declares a length of 0 for calls without a body, where HTTP wants none'],
  ['POST storage header content-type', 'the boundary of the form is random'],
])

const sha256Of = (bytes) => createHash('sha256').update(bytes).digest('hex')
const users = { eggs: { tokens: [TOKEN] }, team: { members: ['eggs'] } }

/** Two doubles that start out the same. */
const startPair = async () => {
  const [theirs, ours] = await Promise.all([startV4Server({ users }), startV4Server({ users })])
  return { theirs, ours, close: async () => await Promise.all([theirs.close(), ours.close()]) }
}

const env = { PATH: process.env.PATH, HOME: folder, ANACONDA_CLIENT_FORCE_STANDALONE: '1', NO_PROXY: '*' }

/** Runs the real client against a double; resolves to its exit code and output. */
const anaconda = async (server, ...args) => {
  await mkdir(join(folder, '.config', 'binstar'), { recursive: true })
  await writeFile(join(folder, '.config', 'binstar', 'config.yaml'), `default_site: fixture\nsites:\n  fixture:\n    url: ${server.url}\n`)
  return await execute(join(dirname(python), 'binstar'), ['-t', TOKEN, ...args], { cwd: folder, env, maxBuffer: 2 ** 26 }).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    (error) => ({ code: error.code, output: `${error.stdout}${error.stderr}` }),
  )
}

const openTarget = (server, options = {}) => createUploadTarget({
  kind: 'anaconda', url: server.url, channel: 'eggs', credential: { type: 'token', token: new Secret(TOKEN) }, loginHint: '', retry: { tries: 1 }, ...options,
})

/** Uploads files with our target, one after another, as one run does. */
const uploadOurs = async (server, files, { replace = false, ...options } = {}) => {
  await using target = openTarget(server, options)
  await target.check()
  const outcomes = []
  for (const { path, subdir } of files) {
    const bytes = await readFile(path)
    await using file = await open(path)
    const sha256 = sha256Of(bytes)
    const artifact = { subdir, name: basename(path), size: bytes.length, digest: createDigest('sha256', sha256) }
    const md5 = createHash('md5').update(bytes).digest('hex')
    outcomes.push(await target.upload({ artifact, sha256, md5, file, replace }).then(({ status }) => status, (error) => (isMirrorError(error) ? error.code : String(error))))
  }
  return outcomes
}

const lines = (server) => server.calls.map(({ method, path, status }) => `${method} ${path} ${status}`)

/** What differs between two lists of calls, as `<call> <what>`; anything but a header on purpose throws. */
const compareCalls = (theirs, ours, seen) => {
  assert.deepEqual(lines(ours), lines(theirs))
  for (const [index, call] of theirs.calls.entries()) {
    const own = ours.calls[index]
    const what = `${call.kind} (${call.path})`
    // The fields of a form are the server's own, except for their values, which the doubles check.
    const bodyOf = ({ kind, body }) => (kind === 'POST commit' ? Object.keys(body) : body)
    assert.deepEqual(bodyOf(own), bodyOf(call), what)
    assert.deepEqual(own.form, call.form, what)
    for (const name of new Set([...Object.keys(call.headers), ...Object.keys(own.headers)])) {
      if (call.headers[name] === own.headers[name]) continue
      const key = [`${call.kind} header ${name}`, `* header ${name}`].find((one) => ON_PURPOSE.has(one))
      assert.ok(key, `${what}: ${name} is ${own.headers[name]}, and of the real client ${call.headers[name]}`)
      seen.add(key)
    }
  }
  assert.deepEqual([theirs.refused, ours.refused], [[], []])
}

const writeArtifacts = async (name, subdir, descriptions) => {
  const files = []
  await mkdir(join(folder, name), { recursive: true })
  for (const description of descriptions) {
    for (const { fileName, bytes } of await buildArtifacts(subdir, description)) {
      const path = join(folder, name, fileName)
      await writeFile(path, bytes)
      files.push({ path, subdir })
    }
  }
  // The real client sorts what it is given.
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

const ABOUT = {
  summary: 'A summary', description: 'Über\nzwei Zeilen', license_url: 'https://example.org/l', license_family: 'BSD', dev_url: ['https://example.org/d'], doc_url: null, home: 'https://example.org',
  source_git_url: 'https://example.org/g', source_git_tag: 'v1',
}
const DEPENDS = ['python >=3', 'zlib', 'numpy 1.8 py27_0', 'a !=1.0', 'b >=1.0,<2.0a0', 'c *', 'd 1.2*', 'e ~=1.0', 'f =1.0', 'g  1']

const seen = new Set()
const first = await writeArtifacts('first', 'linux-64', [
  { name: 'foo', version: '0.1', format: 'both', depends: DEPENDS, about: ABOUT, files: { 'info/has_prefix': 'a b c' } }, { name: 'foo', version: '0.1', build: '1' }, { name: 'foo', version: '0.2' },
  { name: 'c++', version: '1!2.0+local', build: 'h_0', format: 'both', files: { 'info/recipe.json': JSON.stringify({ about: { summary: 'Of the recipe', home: 'https://example.org/r' } }) } },
])
const other = await writeArtifacts('other', 'linux-64', [{ name: 'foo', version: '0.2', salt: 'other' }])
const noarch = await writeArtifacts('noarch', 'noarch', [{ name: 'bar', noarch: 'python', size: 700_000 }])
const paths = (files) => files.map(({ path }) => path)

const pair = await startPair()
/** Both upload, and everything that they sent is compared. */
const compare = async (files, { args = [], code = 0, outcome = 'uploaded', fault, ...options } = {}) => {
  for (const server of [pair.theirs, pair.ours]) {
    server.reset()
    if (fault !== undefined) server.misbehave(fault)
  }
  const real = await anaconda(pair.theirs, 'upload', '--no-progress', '--label', 'main', ...args, ...paths(files))
  assert.equal(real.code, code, real.output)
  assert.deepEqual(new Set(await uploadOurs(pair.ours, files, options)), new Set([outcome]))
  compareCalls(pair.theirs, pair.ours, seen)
  return `${pair.ours.calls.length} calls`
}

try {
  await part('new artifacts of several packages in one run: the same calls', async () => await compare(first))
  await part('an artifact of noarch: the same calls', async () => await compare(noarch))
  await part('artifacts that are there (--skip-existing): the same calls', async () => await compare(first, { args: ['--skip-existing'], outcome: 'present' }))
  await part('other bytes under a name that is taken: the same calls', async () => await compare(other, { code: 1, outcome: 'conflict' }))
  await part('a replacement (--force): the same calls', async () => await compare(other, { args: ['--force'], outcome: 'replaced', replace: true }))
  await part('an upload that fails (500) and its clean-up: the same calls', async () => {
    const files = await writeArtifacts('failing', 'linux-64', [{ name: 'failing' }])
    return await compare(files, { code: 1, outcome: 'TARGET_UNREACHABLE', fault: { kind: 'POST stage', fault: { do: 'status', status: 500 } } })
  })
  await part('a removal: the same calls, behind one that looks', async () => {
    for (const server of [pair.theirs, pair.ours]) server.reset()
    const real = await anaconda(pair.theirs, 'remove', '--force', 'eggs/foo/0.2/linux-64/foo-0.2-0.conda')
    assert.equal(real.code, 0, real.output)
    await using target = openTarget(pair.ours)
    assert.equal(await target.remove({ subdir: 'linux-64', name: 'foo-0.2-0.conda', size: 0, digest: createDigest('sha256', sha256Of('')) }), 'removed')
    // On purpose: what others have under labels of theirs is not taken away from them.
    const [looked] = pair.ours.calls.splice(0, 1)
    assert.equal(`${looked.method} ${looked.path}`, 'GET /dist/eggs/foo/0.2/linux-64/foo-0.2-0.conda')
    compareCalls(pair.theirs, pair.ours, seen)
  })
  await part('private packages of an organisation: the same calls, and one that asks who we are', async () => {
    for (const server of [pair.theirs, pair.ours]) server.reset()
    const real = await anaconda(pair.theirs, 'upload', '--no-progress', '--label', 'main', '--private', '--user', 'team', ...paths(noarch))
    assert.equal(real.code, 0, real.output)
    assert.deepEqual(await uploadOurs(pair.ours, noarch, { channel: 'team', isPublic: false }), ['uploaded'])
    // On purpose: a token that is no good is told before anything is uploaded.
    const [asked] = pair.ours.calls.splice(1, 1)
    assert.equal(asked.path, '/user')
    compareCalls(pair.theirs, pair.ours, seen)
  })
  await part('every difference on purpose was seen', () => {
    assert.deepEqual([...ON_PURPOSE.keys()].filter((key) => !seen.has(key)), [])
    return [...seen].toSorted((a, b) => (a < b ? -1 : 1)).map((key) => `${key}: ${ON_PURPOSE.get(key)}`).join('\n')
  })
} finally {
  await pair.close()
}

const channels = join(data, 'channels')

/** Folders of a channel with artifacts, `<channel>/<subdir>`. */
const findSubdirs = async () => {
  const entries = await readdir(channels, { recursive: true, withFileTypes: true })
  const folders = entries.filter((entry) => entry.isFile() && /\.(?:conda|tar\.bz2)$/.test(entry.name)).map((entry) => entry.parentPath)
  return [...new Set(folders)].filter((path) => KNOWN_SUBDIRS.includes(basename(path))).toSorted()
}

const bodiesOf = (server, kind) => new Map(server.calls.filter((call) => call.kind === kind && call.status === 200).map(({ path, body }) => [path, body]))

/** What both say of real artifacts, whatever their builders wrote. */
const compareReal = async (path) => {
  const subdir = basename(path)
  const place = join(folder, 'real')
  const names = (await readdir(path)).filter((name) => /\.(?:conda|tar\.bz2)$/.test(name)).toSorted()
  const files = names.map((name) => ({ path: join(path, name), subdir }))
  const doubles = await startPair()
  try {
    await mkdir(place, { recursive: true })
    let rest = files
    const theirFailures = []
    while (rest.length > 0) {
      const { code, output } = await anaconda(doubles.theirs, 'upload', '--no-progress', '--label', 'main', '--skip-existing', ...paths(rest))
      if (code === 0) break
      // It stops at the first that it cannot take: the rest in another run.
      const failed = output.match(/Processing "([^"]+)"/g)?.at(-1)?.slice('Processing "'.length, -1)
      assert.ok(failed, output)
      theirFailures.push(basename(failed))
      rest = rest.slice(rest.findIndex((file) => file.path === failed) + 1)
    }
    const outcomes = await uploadOurs(doubles.ours, files)
    const ourFailures = names.filter((_, index) => outcomes[index] !== 'uploaded')
    return { doubles, names, theirFailures, ourFailures, outcomes }
  } finally {
    await doubles.close()
  }
}

if (!existsSync(channels)) skipPart('real artifacts', 'MIRROR_TEST_DATA has no channels')
else {
  for (const path of await findSubdirs()) {
    await part(`real artifacts of ${path.slice(channels.length + 1)}: the same bodies`, async () => {
      const { doubles: { theirs, ours }, names, theirFailures, ourFailures, outcomes } = await compareReal(path)
      assert.deepEqual([theirs.refused, ours.refused], [[], []])
      assert.deepEqual(ourFailures, theirFailures, outcomes.join())
      for (const kind of ['POST package', 'POST release', 'POST stage']) assert.deepEqual(bodiesOf(ours, kind), bodiesOf(theirs, kind))
      return `${names.length - ourFailures.length} artifacts${ourFailures.length === 0 ? '' : `; neither takes ${ourFailures.join(', ')}`}`
    })
  }
}
endParts()
