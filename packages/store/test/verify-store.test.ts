import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { test as base } from 'vitest'
import { createDiskStore, verifyStore, type VerifyEvent } from '../src/index.ts'
import { publish } from './support/carry-out.ts'
import { EMPTY_CHANNEL, makeChannel, sha256 } from './support/channel.ts'

const CHANNEL = makeChannel(
  { noarch: { 'a-1.0-0.conda': 'a', 'b-1.0-0.tar.bz2': 'b' }, 'linux-64': { 'c-1.0-0.conda': 'x'.repeat(300_000), 'd-1.0-0.conda': 'd' } },
  { shards: true, runExports: true, files: { 'tools/tool.sh': 'tool' } },
)
const LESS = makeChannel({ noarch: { 'a-1.0-0.conda': 'a' }, 'linux-64': CHANNEL.content['linux-64'] ?? {} }, CHANNEL.options)

const test = base.extend<{ root: string }>({
  // oxlint-disable-next-line no-empty-pattern
  root: async ({}, use) => {
    const folder = fs.mkdtempSync(join(os.tmpdir(), 'store-verify-'))
    await publish(createDiskStore({ root: join(folder, 'channel') }), EMPTY_CHANNEL, CHANNEL)
    await use(join(folder, 'channel'))
    fs.rmSync(folder, { recursive: true })
  },
})

for (const threads of [0, 2]) {
  test(`verifyStore() finds nothing in a mirror that is as it should be, with ${threads} threads`, async ({ expect, root }) => {
    const events: VerifyEvent[] = []
    const report = await verifyStore({ root, threads, observe: (event) => events.push(event) })
    expect(report).toEqual({ generation: 1, artifacts: 4, bytes: 300_003, read: { artifacts: 4, bytes: 300_003 }, faults: [], foreign: [] })
    expect(events[0]).toEqual({ type: 'verify-started', artifacts: 4, bytes: 300_003 })
    expect(events.at(-1)).toEqual({ type: 'verify-progress', artifacts: 4, bytes: 300_003 })
  })

  test(`verifyStore() names every file that is not what it should be, with ${threads} threads`, async ({ expect, root }) => {
    const shard = [...CHANNEL.files.keys()].find((path) => path.startsWith('noarch/shards/')) ?? ''
    const kept = `.mirror/documents/${sha256(CHANNEL.files.get('noarch/repodata.json.zst') ?? '')}`
    const flip = (path: string): void => {
      const bytes = fs.readFileSync(join(root, path))
      bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1
      fs.writeFileSync(join(root, path), bytes)
    }
    fs.rmSync(join(root, 'noarch/a-1.0-0.conda'))
    fs.writeFileSync(join(root, 'noarch/b-1.0-0.tar.bz2'), 'longer')
    fs.rmSync(join(root, 'linux-64/d-1.0-0.conda'))
    fs.symlinkSync('/etc/passwd', join(root, 'linux-64/d-1.0-0.conda'))
    for (const path of ['linux-64/c-1.0-0.conda', 'linux-64/run_exports.json', shard, 'tools/tool.sh', kept]) flip(path)
    fs.writeFileSync(join(root, 'noarch/repodata.json.bz2'), 'stale')
    const report = await verifyStore({ root, threads })
    expect(report?.faults).toEqual([
      { path: kept, fault: 'digest' },
      { path: kept, fault: 'digest' },
      { path: 'linux-64/c-1.0-0.conda', fault: 'digest' },
      { path: 'linux-64/d-1.0-0.conda', fault: 'not-a-file' },
      { path: 'linux-64/run_exports.json', fault: 'digest' },
      { path: 'noarch/a-1.0-0.conda', fault: 'missing' },
      { path: 'noarch/b-1.0-0.tar.bz2', fault: 'size' },
      { path: 'noarch/repodata.json.bz2', fault: 'stale-variant' },
      { path: shard, fault: 'digest' },
      { path: 'tools/tool.sh', fault: 'digest' },
    ])
  })
}

test('verifyStore() finds a .zst variant with something behind its frame', async ({ expect, root }) => {
  fs.appendFileSync(join(root, 'noarch/repodata.json.zst'), zstdCompressSync(Buffer.from('more')))
  expect((await verifyStore({ root, threads: 0 }))?.faults).toContainEqual({ path: 'noarch/repodata.json.zst', fault: 'stale-variant' })
})

for (const [lost, folder] of [['repodata.json', ''], ['repodata_shards.msgpack.zst', 'shards/']] as const) {
  test(`verifyStore() calls nothing foreign that only noarch/${lost} could tell of, when no bytes of it are left`, async ({ expect, root }) => {
    // Of the document the compressed bytes are kept.
    for (const path of [`noarch/${lost}`, `noarch/${lost}.zst`]) fs.rmSync(join(root, '.mirror/documents', sha256(CHANNEL.files.get(path) ?? '')), { force: true })
    fs.rmSync(join(root, 'noarch', lost))
    fs.writeFileSync(join(root, 'noarch', folder, 'who-knows-1.0-0.conda'), 'x')
    fs.writeFileSync(join(root, 'linux-64', folder, 'foreign-1.0-0.conda'), 'x')
    const report = await verifyStore({ root, threads: 0 })
    expect(report?.faults).toContainEqual({ path: `noarch/${lost}`, fault: 'missing' })
    expect(report?.foreign).toEqual([`linux-64/${folder}foreign-1.0-0.conda`])
  })
}

test('verifyStore() lists foreign files, but no dot-folders, other stores, or what waits in the trash', async ({ expect, root }) => {
  await publish(createDiskStore({ root }), CHANNEL, LESS)
  fs.writeFileSync(join(root, 'index.html'), 'hello')
  fs.writeFileSync(join(root, 'noarch/notes.txt'), 'hello')
  fs.mkdirSync(join(root, 'other'))
  fs.mkdirSync(join(root, '.cache'))
  await publish(createDiskStore({ root: join(root, 'label/dev') }), EMPTY_CHANNEL, LESS)
  const report = await verifyStore({ root, threads: 0 })
  expect(report?.faults).toEqual([])
  expect(report?.foreign).toEqual(['index.html', 'noarch/notes.txt', 'other/'])
})

test('verifyStore() has nothing to say of a folder without a store, and stops when it is told to', async ({ expect, root }) => {
  expect(await verifyStore({ root: join(root, 'noarch'), threads: 0 })).toBeUndefined()
  await expect(verifyStore({ root, threads: 0, signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' })
})

const LATER = (): number => Date.now() + 120_000
const NOTE = '.mirror/memo/verified.bin'

test('verifyStore() with a cache reads what it has not read before, and nothing twice', async ({ expect, root }) => {
  expect(await verifyStore({ root, threads: 0, cache: 'use', now: LATER })).toMatchObject({ faults: [], read: { artifacts: 4 } })
  const { ino, mtimeNs } = fs.statSync(join(root, NOTE), { bigint: true })
  for (let time = 0; time < 2; time += 1) expect(await verifyStore({ root, threads: 0, cache: 'use', now: LATER })).toMatchObject({ artifacts: 4, bytes: 300_003, read: { artifacts: 0, bytes: 0 }, faults: [] })
  // What changed nothing wrote nothing.
  expect(fs.statSync(join(root, NOTE), { bigint: true })).toMatchObject({ ino, mtimeNs })
  expect(await verifyStore({ root, threads: 0, cache: 'renew', now: LATER })).toMatchObject({ read: { artifacts: 4 } })
  expect(await verifyStore({ root, threads: 0 })).toMatchObject({ read: { artifacts: 4 } })
})

test('a file that was changed, replaced or given other times is read again; its neighbours are not', async ({ expect, root }) => {
  const path = join(root, 'linux-64/c-1.0-0.conda')
  const content = fs.readFileSync(path)
  const { atime, mtime } = fs.statSync(path)
  const damages: readonly (readonly [string, () => void, number])[] = [
    ['other bytes under the same times', () => { fs.writeFileSync(path, Buffer.alloc(content.length)); fs.utimesSync(path, atime, mtime) }, 1],
    ['right again, under the same times', () => { fs.writeFileSync(path, content); fs.utimesSync(path, atime, mtime) }, 0],
    ['another file with the same bytes', () => { fs.writeFileSync(`${path}.new`, content); fs.utimesSync(`${path}.new`, atime, mtime); fs.renameSync(`${path}.new`, path) }, 0],
    ['other permissions', () => { fs.chmodSync(path, 0o600) }, 0],
  ]
  await verifyStore({ root, threads: 0, cache: 'use', now: LATER })
  for (const [what, damage, faults] of damages) {
    damage()
    const report = await verifyStore({ root, threads: 0, cache: 'use', now: LATER })
    expect(report?.read.artifacts, what).toBe(1)
    expect(report?.faults.length, what).toBe(faults)
  }
  fs.rmSync(path)
  expect((await verifyStore({ root, threads: 0, cache: 'use', now: LATER }))?.faults).toEqual([{ path: 'linux-64/c-1.0-0.conda', fault: 'missing' }])
})

test('what is wrong is never noted as right, and what changed a moment ago is not noted', async ({ expect, root }) => {
  fs.writeFileSync(join(root, 'noarch/a-1.0-0.conda'), 'X')
  for (let time = 0; time < 2; time += 1) {
    expect((await verifyStore({ root, threads: 0, cache: 'use', now: LATER }))?.faults).toEqual([{ path: 'noarch/a-1.0-0.conda', fault: 'digest' }])
  }
  fs.rmSync(join(root, NOTE))
  await verifyStore({ root, threads: 0, cache: 'use' })
  expect(await verifyStore({ root, threads: 0, cache: 'use' })).toMatchObject({ read: { artifacts: 4 } })
})

test('a note that is torn, rotten or foreign vouches for nothing', async ({ expect, root }) => {
  await verifyStore({ root, threads: 0, cache: 'use', now: LATER })
  const whole = fs.readFileSync(join(root, NOTE))
  const rotten = (at: number): Buffer => {
    const bytes = Buffer.from(whole)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    return bytes
  }
  for (const bytes of [Buffer.alloc(0), whole.subarray(0, -1), whole.subarray(0, 40), rotten(0), rotten(9), rotten(13), rotten(50), rotten(whole.length - 1), Buffer.from('nonsense'.repeat(30))]) {
    fs.writeFileSync(join(root, NOTE), bytes)
    expect(await verifyStore({ root, threads: 0, cache: 'use', now: LATER })).toMatchObject({ read: { artifacts: 4 }, faults: [] })
  }
})

test('what was noted holds for the artifacts that later generations still list', async ({ expect, root }) => {
  await verifyStore({ root, threads: 0, cache: 'use', now: LATER })
  await publish(createDiskStore({ root }), CHANNEL, LESS)
  expect(await verifyStore({ root, threads: 0, cache: 'use', now: LATER })).toMatchObject({ generation: 2, artifacts: 3, read: { artifacts: 0 }, faults: [] })
})

test('a mirror that cannot be written can be verified', async ({ expect, root }) => {
  fs.rmSync(join(root, '.mirror/memo'), { recursive: true })
  fs.writeFileSync(join(root, '.mirror/memo'), 'no folder')
  expect(await verifyStore({ root, threads: 0, cache: 'use', now: LATER })).toMatchObject({ faults: [], read: { artifacts: 4 } })
})
