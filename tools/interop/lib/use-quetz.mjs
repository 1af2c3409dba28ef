// Arguments: the python of quetz, the python with py-rattler, an empty folder. Uploads to a real quetz-server with our target, and asks it and the double the same questions.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createDigest, isMirrorError, Secret } from '@mirror/core'
import { createUploadTarget } from '@mirror/repository-client'
import { buildArtifacts, buildChannel, changeChannel, fillSubdir, startQuetzDouble } from '@mirror/test-fixtures'
import { root } from '../../lib/workspace.mjs'
import { endParts, part } from './run-parts.mjs'
import { startQuetz } from './start-quetz.mjs'

const [quetzPython, python, folder] = process.argv.slice(2)
const execute = promisify(execFile)
/** The index follows the answer. */
const LONGEST_INDEXING = 60_000

await mkdir(join(folder, 'artifacts'), { recursive: true })
let written = 0
const make = async (subdir, description) => await Promise.all((await buildArtifacts(subdir, description)).map(async ({ fileName, bytes, size, md5, sha256 }) => {
  const path = join(folder, 'artifacts', `${written += 1}`)
  await writeFile(path, bytes)
  return { artifact: { subdir, name: fileName, size, digest: createDigest('sha256', sha256) }, sha256, md5, file: await open(path), bytes }
}))

const [plain, changed] = [await make('linux-64', { name: 'foo' }), await make('linux-64', { name: 'foo', salt: 'changed' })].map(([first]) => first)
const channel = [
  plain,
  ...await make('noarch', { name: 'greeting', format: 'both', files: { 'share/greeting/text': 'hello\n' } }),
  ...await make('noarch', { name: 'hello', version: '2.0', depends: ['greeting >=1.0', 'plus'], format: 'both' }),
  ...await make('linux-64', { name: 'plus', version: '1!2.0+local', build: 'h_0' }),
  ...await make('osx-arm64', { name: 'large', size: 5_000_000 }),
]

const quetz = await startQuetz(quetzPython, join(folder, 'quetz'))
const [key, spare] = quetz.keys
const openTarget = (options = {}) => createUploadTarget({
  kind: 'quetz', url: quetz.url, channel: 'ch', credential: { type: 'token', token: new Secret(key) }, loginHint: 'Log in.', retry: { tries: 2, base: 0 }, ...options,
})
const codeOf = async (promise) => await promise.then((value) => JSON.stringify(value), (error) => {
  assert.ok(isMirrorError(error), error)
  assert.ok(![error.message, error.hint, JSON.stringify(error.details)].join().includes(key), 'the key is told')
  return error.code
})
const statusesOf = async (target, uploads) => (await Promise.all(uploads.map(async (upload) => await target.upload(upload)))).map(({ status }) => status)
const listedOf = async (target) => {
  const lists = await Promise.all(['linux-64', 'noarch', 'osx-arm64'].map(async (subdir) => await target.list(subdir)))
  return lists.flatMap((list) => Array.from({ length: list.count }, (_, at) => list.at(at))).map(({ subdir, name }) => `${subdir}/${name}`).toSorted()
}
const pathsOf = (uploads) => uploads.map(({ artifact }) => `${artifact.subdir}/${artifact.name}`).toSorted()
const untilListed = async (target, expected) => {
  for (const end = performance.now() + LONGEST_INDEXING; performance.now() < end; await pause(200)) if (JSON.stringify(await listedOf(target)) === JSON.stringify(expected)) return
  assert.deepEqual(await listedOf(target), expected)
}

await part('a channel of both formats and odd names is taken, listed, and the same again is nothing new', async () => {
  await using target = openTarget()
  assert.deepEqual(await target.check(), { user: undefined })
  assert.deepEqual(await statusesOf(target, channel), channel.map(() => 'uploaded'))
  assert.deepEqual(await statusesOf(target, channel), channel.map(() => 'present'))
  for (const { artifact } of channel) assert.equal((await target.look(artifact)).bytes, 'same', artifact.name)
  await untilListed(target, pathsOf(channel))
})

await part('other bytes under a name are a conflict, and replace it when told so', async () => {
  await using target = openTarget()
  assert.deepEqual(await target.upload(changed), { status: 'conflict', digest: plain.artifact.digest })
  assert.deepEqual(await target.upload({ ...changed, replace: true }), { status: 'replaced' })
  assert.equal((await target.look(changed.artifact)).bytes, 'same')
  assert.equal((await target.look(plain.artifact)).bytes, 'other')
  assert.deepEqual(await target.upload({ ...plain, replace: true }), { status: 'replaced' })
})

await part('sixteen uploads of one artifact at once are one', async () => {
  const [made] = await make('linux-64', { name: 'raced' })
  await using target = openTarget({ retry: { tries: 5, base: 0 } })
  const statuses = await statusesOf(target, Array.from({ length: 16 }, () => made))
  assert.equal(statuses.filter((status) => status === 'uploaded').length, 1, statuses.join())
  assert.deepEqual(await target.remove(made.artifact), 'removed')
})

await part('a wrong hash is refused, and nothing is taken', async () => {
  const [made] = await make('linux-64', { name: 'wrong' })
  await using target = openTarget()
  await assert.rejects(target.upload({ ...made, sha256: plain.sha256 }), ({ code, message }) => code === 'TARGET_REFUSED' && message.includes('406: Wrong SHA256 checksum'))
  assert.deepEqual(await target.look(made.artifact), { status: 'absent' })
})

await part('a removal removes, from the index too', async () => {
  await using target = openTarget()
  assert.equal(await target.remove(plain.artifact), 'removed')
  assert.equal(await target.remove(plain.artifact), 'absent')
  await untilListed(target, pathsOf(channel.slice(1)))
})

await part('a key that is no good, a channel that is not there, and a private one', async () => {
  await using stranger = openTarget({ credential: { type: 'token', token: new Secret('nobody') } })
  await using nowhere = openTarget({ channel: 'nowhere' })
  await using own = openTarget({ channel: 'own', credential: { type: 'token', token: new Secret(spare) } })
  await using ownOfStranger = openTarget({ channel: 'own', credential: { type: 'token', token: new Secret('nobody') } })
  assert.deepEqual([await codeOf(stranger.check()), await codeOf(stranger.upload(plain)), await codeOf(nowhere.check()), await codeOf(ownOfStranger.check())],
    ['TARGET_FORBIDDEN', 'TARGET_FORBIDDEN', 'TARGET_NOT_FOUND', 'TARGET_FORBIDDEN'])
  assert.deepEqual([await own.check(), await own.upload(plain)], [{ user: undefined }, { status: 'uploaded' }])
  await untilListed(own, pathsOf([plain]))
})

await part('rattler installs from it', async () => {
  const env = { ...process.env, HOME: folder, SHARDED: '0' }
  const script = fileURLToPath(new URL('rattler-install.py', import.meta.url))
  const { stdout } = await execute(python, [script, `${quetz.url}/get/ch`, join(folder, 'prefix'), join(folder, 'cache'), 'linux-64', 'hello'], { env })
  for (const name of ['hello', 'greeting', 'plus']) assert.ok(stdout.includes(name), stdout)
})

const upstream = join(folder, 'upstream')
const mirror = join(root, 'apps/cli/bin/mirror.js')
/** Our command, as people call it: its last line, and how it ended. */
const uploadChannel = async (...args) => {
  const env = { PATH: process.env.PATH, HOME: folder, QUETZ_API_KEY: key }
  const { code = 0, stdout, stderr } = await execute(process.execPath, [mirror, 'upload', '-f', join(folder, 'mirror.yaml'), '--to', `quetz+${quetz.url}/filtered`, '--json', ...args], { env, cwd: folder, maxBuffer: 1 << 26 }).catch((error) => error)
  const last = JSON.parse(stdout.trimEnd().split('\n').at(-1))
  assert.ok(!`${stdout}${stderr}`.includes(key), 'the key is told')
  return { code, report: last.channels?.[0]?.report, last }
}
let solved = 0
/** Each time as one who was never here. */
const solve = async (...specs) => {
  const { stdout } = await execute(python, [fileURLToPath(new URL('rattler-install.py', import.meta.url)), `${quetz.url}/get/filtered`, '-', join(folder, `solved-${solved += 1}`), 'linux-64', ...specs], { env: { ...process.env, HOME: folder, SHARDED: '0' } })
  return stdout
}

await part('our command uploads a whole filtered channel, and the same again is nothing to do', async () => {
  await buildChannel({
    subdirs: {
      'linux-64': [...fillSubdir('linux-64', 40, { size: 3000 }).map(({ name, size }) => ({ name, size })), { name: 'app', depends: ['lib >=2', 'text'] }, { name: 'lib', version: '1.0' }, { name: 'lib', version: '2.1', format: 'both' }, { name: 'unwanted' }],
      noarch: [{ name: 'text', format: 'tar.bz2' }],
    },
  }, upstream)
  await writeFile(join(folder, 'mirror.yaml'), `channels: ['${upstream}']\nplatforms: [linux-64]\nmirror_dir: ${join(folder, 'none')}\nfetch_installers: false\nblacklist: [unwanted]\nlatest: 1\n`)
  const { status } = await fetch(`${quetz.url}/api/channels`, { method: 'POST', headers: { 'x-api-key': key, 'content-type': 'application/json' }, body: '{"name":"filtered","private":false}' })
  assert.equal(status, 201)
  const planned = await uploadChannel('--dry-run')
  assert.deepEqual([planned.code, planned.report.status, planned.report.uploaded.artifacts], [0, 'planned', 0])
  const first = await uploadChannel()
  // 40, app, both formats of the newest lib, and text.
  assert.deepEqual([first.code, first.report.status, first.report.uploaded.artifacts, first.report.failed], [0, 'uploaded', 44, []])
  const again = await uploadChannel()
  assert.deepEqual([again.code, again.report.status, again.report.uploaded.artifacts, again.report.found], [0, 'unchanged', 0, 0])
  const stored = await (await fetch(`${quetz.url}/get/filtered/linux-64/repodata.json`)).json()
  assert.ok(!JSON.stringify(stored).includes('unwanted'))
  return `${first.report.uploaded.artifacts} artifacts`
})

await part('rattler solves from it', async () => {
  const chosen = await solve('app')
  for (const name of ['app-1.0-0', 'lib-2.1-0', 'text-1.0-0']) assert.ok(chosen.includes(name), chosen)
})

await part('a change uploads the change alone; other bytes under a name are refused and reported', async () => {
  await changeChannel(upstream, { add: { 'linux-64': [{ name: 'app', version: '1.1', depends: ['lib >=2'] }, { name: 'text-tools' }], noarch: [{ name: 'text', format: 'tar.bz2', salt: 'other bytes' }] } })
  const second = await uploadChannel()
  assert.deepEqual([second.code, second.report.uploaded.artifacts, second.report.conflicts.map(({ name }) => name)], [3, 2, ['text-1.0-0.tar.bz2']])
  assert.ok((await solve('app')).includes('app-1.1-0'))
  const replaced = await uploadChannel('--replace')
  assert.deepEqual([replaced.code, replaced.report.replaced, replaced.report.conflicts], [0, 1, []])
  assert.equal((await uploadChannel()).report.status, 'unchanged')
})

/** The same question to both; `path` may need the state that the ones before made. */
const QUESTIONS = [
  ['POST', `upload/${plain.artifact.name}?sha256=${plain.sha256}`, { body: plain.bytes }],
  ['POST', `upload/${plain.artifact.name}?sha256=${plain.sha256}`, { body: plain.bytes }],
  ['POST', `upload/${plain.artifact.name}?sha256=${changed.sha256}`, { body: plain.bytes }],
  ['POST', `upload/${plain.artifact.name}?sha256=${changed.sha256}`, { body: plain.bytes, headers: {} }],
  ['POST', `upload/${plain.artifact.name}?sha256=${plain.sha256}`, { body: plain.bytes, headers: {} }],
  ['POST', `upload/${plain.artifact.name}`, { body: plain.bytes }],
  ['POST', `upload/bar-1.0-0.conda?sha256=${plain.sha256}`, { body: plain.bytes }],
  ['POST', `upload/foo-1.0-0.conda?sha256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855`, { body: Buffer.alloc(0) }],
  ['GET', ''],
  ['GET', '', { headers: { 'x-api-key': 'nobody' } }],
  ['GET', 'packages/foo/versions'],
  ['GET', `packages/foo/versions/linux-64/${plain.artifact.name}`],
  ['GET', `packages/foo/versions/noarch/${plain.artifact.name}`],
  ['GET', 'packages/bar/versions'],
  ['DELETE', `packages/foo/versions/linux-64/${plain.artifact.name}`, { headers: {} }],
  ['DELETE', `packages/foo/versions/linux-64/${plain.artifact.name}`],
  ['DELETE', `packages/foo/versions/linux-64/${plain.artifact.name}`],
  ['POST', `../nowhere/upload/${plain.artifact.name}?sha256=${plain.sha256}`, { body: plain.bytes }],
  ['GET', '../nowhere'],
  ['GET', '../../paginated/users?limit=1'],
  ['GET', '../../paginated/users?limit=1', { headers: {} }],
]

await part('the double answers each question with the same status', async () => {
  await using double = await startQuetzDouble({ channels: { other: { writers: [key] } } })
  const ask = async (server, [method, path, { body, headers = { 'x-api-key': key } } = {}]) => {
    const url = new URL(path, `${server}/api/channels/other/`).href.replace(/\/$/, '')
    // Each by a connection of its own: the real one closes them after errors, and nobody knows when.
    const asked = request(url, { method, agent: false, headers: { 'user-agent': 'tests', 'content-length': body?.length ?? 0, ...headers } })
    const answered = once(asked, 'response')
    asked.end(body)
    const [response] = await answered
    response.resume()
    return `${method} ${path}: ${response.statusCode}`
  }
  const answers = { real: [], double: [] }
  for (const question of QUESTIONS) {
    answers.real.push(await ask(quetz.url, question))
    answers.double.push(await ask(double.url, question))
  }
  assert.deepEqual(answers.double, answers.real)
  assert.deepEqual(double.refused, [])
  return `${QUESTIONS.length} questions`
})

await quetz.stop()
for (const { file } of [...channel, changed]) await file.close()
endParts()
