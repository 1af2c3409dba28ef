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
    expect(report).toEqual({ generation: 1, artifacts: 4, bytes: 300_003, faults: [], foreign: [] })
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
