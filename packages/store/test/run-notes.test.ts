import fs from 'node:fs'
import { join } from 'node:path'
import { describe } from 'vitest'
import { createDiskIo, createDiskStore, createMemoryStore, noteLocalRun, noteRun, type PastRun, readRuns, type Store } from '../src/index.ts'
import { publish } from './support/carry-out.ts'
import { EMPTY_CHANNEL, makeChannel } from './support/channel.ts'
import { test } from './support/root-folder.ts'

const ONE = makeChannel({ noarch: { 'a-1.0-0.conda': 'a one' } })
const TWO = makeChannel({ noarch: { 'a-1.0-0.conda': 'a one', 'b-1.0-0.conda': 'b' } })

function runAt(minute: number): PastRun {
  return {
    command: 'sync', finished: new Date(Date.UTC(2026, 0, 1) + minute * 60_000).toISOString(), duration: 1500, status: 'held', generation: minute, added: 3, removed: 1, reused: 1, relisted: 2, fetchedBytes: 12_345, failed: 0,
    held: [{ subdir: 'noarch', code: 'UPSTREAM_SHRUNK', reason: 'it shrank' }], error: undefined,
  }
}

async function storeWithOne(): Promise<Store> {
  const store = createMemoryStore()
  await publish(store, EMPTY_CHANNEL, ONE)
  return store
}

describe('notes of runs', () => {
  test('are read back newest first, the last 500 of them, and none is kept where nothing is published', async ({ expect }) => {
    const empty = createMemoryStore()
    await noteRun(empty, runAt(1))
    expect(await readRuns(empty)).toEqual([])
    const store = await storeWithOne()
    for (let minute = 1; minute <= 501; minute += 1) await noteRun(store, runAt(minute))
    const runs = await readRuns(store)
    expect([runs.length, runs[0], runs.at(-1)?.generation]).toEqual([500, runAt(501), 2])
  })

  test('of the first versions are read, and what is none is left out', async ({ expect }) => {
    const store = await storeWithOne()
    const old = { ...runAt(1), reused: undefined, relisted: undefined }
    await store.writeMemo('runs', [old, null, 7, { ...runAt(2), status: 'wonderful' }, { ...runAt(3), added: -1 }, { ...runAt(4), finished: 'yesterday' }, { ...runAt(5), held: [1, { subdir: 'noarch' }], error: 'x' }])
    expect(await readRuns(store)).toEqual([{ ...runAt(1), reused: 0, relisted: 0 }, { ...runAt(5), held: [], error: undefined }])
    await store.writeMemo('runs', { not: 'a list' })
    expect(await readRuns(store)).toEqual([])
  })

  test('of a local run say what is known, and are given up where they cannot be kept', async ({ expect }) => {
    const store = await storeWithOne()
    await noteLocalRun(store, { command: 'rollback to 1', generation: 3, added: 1, removed: 2 }, Date.UTC(2026, 0, 2))
    expect((await readRuns(store))[0]).toMatchObject({ command: 'rollback to 1', finished: '2026-01-02T00:00:00.000Z', status: 'committed', generation: 3, added: 1, removed: 2, relisted: 0, fetchedBytes: 0, held: [] })
  })
})

describe('the log', () => {
  test('tells of each commit with what is listed afterwards; lines of the first versions and damaged ones do no harm', async ({ expect, root }) => {
    const store = createDiskStore({ root, clock: () => new Date(Date.UTC(2026, 0, 3)) })
    expect(await store.audit(10)).toEqual([])
    await publish(store, EMPTY_CHANNEL, ONE)
    await publish(store, ONE, TWO)
    const line = { time: '2026-01-03T00:00:00.000Z', reused: 0, remove: 0, add: 1 }
    expect(await store.audit(10)).toEqual([{ ...line, generation: 1, artifacts: 1, bytes: 5 }, { ...line, generation: 2, artifacts: 2, bytes: 6 }])
    expect(await store.audit(1)).toMatchObject([{ generation: 2 }])
    const log = join(root, '.mirror/log.jsonl')
    fs.writeFileSync(log, `{"time":"2025-01-01T00:00:00.000Z","generation":1,"id":"x","add":1,"remove":0,"reused":0,"artifacts":1}\n{"time":"never"}\nnonsense\n{"time":"2025`)
    expect(await store.audit(10)).toEqual([{ time: '2025-01-01T00:00:00.000Z', generation: 1, add: 1, remove: 0, reused: 0, artifacts: 1, bytes: undefined }])
    fs.writeFileSync(log, Array.from({ length: 4000 }, (_, at) => `${JSON.stringify({ ...line, generation: at, artifacts: at, bytes: at })}\n`).join(''))
    const last = await store.audit(500)
    expect([last.length, last[0]?.generation, last.at(-1)?.generation]).toEqual([500, 3500, 3999])
  })

  test('a note of what changed that cannot be written does not harm the commit', async ({ expect, root }) => {
    const io = createDiskIo()
    const full = { ...io, create: (path: string, mode: number) => {
      if (path.includes('/memo/')) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'open' })
      return io.create(path, mode)
    } }
    const store = createDiskStore({ root, io: full })
    await publish(store, EMPTY_CHANNEL, ONE)
    expect(await publish(store, ONE, TWO)).toMatchObject({ number: 2 })
    await noteLocalRun(store, { command: 'prune', generation: 2, added: 0, removed: 0 }, 0)
    expect([await readRuns(store), (await store.head())?.number]).toEqual([[], 2])
  })
})
