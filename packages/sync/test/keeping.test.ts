import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseSubdirName, type SubdirName } from '@mirror/core'
import { createDiskStore, createMemoryStore, type DiskStore } from '@mirror/store'
import { changeChannel } from '@mirror/test-fixtures'
import { describe, expect as globalExpect } from 'vitest'
import { pruneChannel, rollbackChannel } from '../src/index.ts'
import { readTree } from './read-tree.ts'
import { test, type World } from './world.ts'

const LINUX = parseSubdirName('linux-64')
const NOARCH = parseSubdirName('noarch')

/** Two states of the small channel; the second one adds, removes, and uses a name again. */
async function twoStates(world: World): Promise<DiskStore> {
  await world.sync({ grace: 0 })
  await changeChannel(world.upstream, {
    remove: { noarch: ['alpha-1.0-0.conda'] }, add: { 'linux-64': [{ name: 'zeta' }, { name: 'gamma', depends: ['other'], size: 777 }] },
  })
  await world.sync({ grace: 86_400_000 })
  return createDiskStore({ root: world.mirror })
}

describe('rollbackChannel()', () => {
  test('publishes the older state again, byte for byte, as a new generation; the next sync brings upstream back', async ({ expect, world }) => {
    await world.sync()
    const first = await readTree(world.mirror)
    const store = await twoStates(world)
    const second = await readTree(world.mirror)
    world.server.reset()

    const report = await rollbackChannel({ store, spoolFolder: world.upstream })

    expect(report).toMatchObject({ status: 'committed', from: 2, to: 1, generation: 3, totals: { add: 1, remove: 1, reused: 1 } })
    expect(world.server.requests).toEqual([])
    expect((await world.check()).problems).toEqual([])
    const after = await readTree(world.mirror)
    for (const [path, content] of first) expect(after.get(path) === content, path).toBe(true)
    expect((await store.publicState()).status).toBe('as-published')

    expect((await world.sync()).report).toMatchObject({ status: 'committed', generation: 4 })
    const again = await readTree(world.mirror)
    for (const [path, content] of second) expect(again.get(path) === content, path).toBe(true)
    expect((await world.check()).problems).toEqual([])
  })

  test('goes to a number or a snapshot; a dry run changes nothing; the same state is unchanged', async ({ expect, world }) => {
    const store = await twoStates(world)
    await store.createSnapshot('first', 1)
    const before = await readTree(world.mirror)
    expect(await rollbackChannel({ store, spoolFolder: world.upstream, to: 1, dryRun: true })).toMatchObject({ status: 'planned', to: 1, generation: 2 })
    expect(await readTree(world.mirror)).toEqual(before)
    expect(await rollbackChannel({ store, spoolFolder: world.upstream, to: 2 })).toMatchObject({ status: 'unchanged', generation: 2 })
    expect(await rollbackChannel({ store, spoolFolder: world.upstream, to: 'first' })).toMatchObject({ status: 'committed', to: 1, generation: 3 })
    expect(await rollbackChannel({ store, spoolFolder: world.upstream })).toMatchObject({ status: 'committed', to: 2, generation: 4 })
    expect((await world.check()).problems).toEqual([])
  })

  test('a generation that was given up is refused by naming those there are', async ({ expect, world }) => {
    const store = await twoStates(world)
    await store.createSnapshot('now')
    await changeChannel(world.upstream, { add: { noarch: [{ name: 'omega' }] } })
    await world.sync({ grace: 0 })
    await expect(rollbackChannel({ store, spoolFolder: world.upstream, to: 1 })).rejects.toMatchObject({
      code: 'GENERATION_ABSENT', hint: expect.stringContaining('3, 2 (now)') as unknown, details: { generations: [3, 2], snapshots: [{ name: 'now', generation: 2 }] },
    })
    await expect(rollbackChannel({ store, spoolFolder: world.upstream, to: 'then' })).rejects.toMatchObject({ code: 'GENERATION_ABSENT' })
    await store.removeSnapshot('now')
    await store.tidy({ grace: 0 })
    await expect(rollbackChannel({ store, spoolFolder: world.upstream })).rejects.toMatchObject({ code: 'GENERATION_ABSENT' })
  })

  test('bytes that are gone or damaged are named, and nothing changes', async ({ expect, world }) => {
    const store = await twoStates(world)
    const path = join(world.mirror, 'noarch/alpha-1.0-0.conda')
    const content = await readFile(path)
    await rm(path)
    const before = await readTree(world.mirror)
    for (const dryRun of [true, false]) {
      await expect(rollbackChannel({ store, spoolFolder: world.upstream, dryRun })).rejects.toMatchObject({ code: 'ROLLBACK_INCOMPLETE', details: { missing: ['noarch/alpha-1.0-0.conda'] } })
    }
    expect(await readTree(world.mirror)).toEqual(before)
    await writeFile(path, Buffer.alloc(content.length))
    await expect(rollbackChannel({ store, spoolFolder: world.upstream })).rejects.toMatchObject({ code: 'ROLLBACK_INCOMPLETE', details: { missing: ['noarch/alpha-1.0-0.conda'] } })
    expect((await store.head())?.number).toBe(2)
    expect((await world.check()).problems).toEqual([])
    await writeFile(path, content)
    expect(await rollbackChannel({ store, spoolFolder: world.upstream })).toMatchObject({ status: 'committed' })
  })

  test('where somebody changed the public files, everything is verified, and the older state is there afterwards', async ({ expect, world }) => {
    await world.sync()
    const first = await readTree(world.mirror)
    const store = await twoStates(world)
    await writeFile(join(world.mirror, 'noarch/repodata.json'), '{}')
    await writeFile(join(world.mirror, 'linux-64/repodata.json.zst'), 'nonsense')
    expect(await rollbackChannel({ store, spoolFolder: world.upstream })).toMatchObject({ status: 'committed', to: 1, generation: 3 })
    const after = await readTree(world.mirror)
    for (const [path, content] of first) expect(after.get(path) === content, path).toBe(true)
    expect((await world.check()).problems).toEqual([])
  })

  test('a store that is busy says so', async ({ expect, world }) => {
    const store = await twoStates(world)
    const head = await store.head()
    if (head === undefined) throw new Error('no head')
    const begun = await store.begin({ base: head.id, target: head.state, changes: [], withdrawn: [], filesAdded: [], filesRemoved: [] })
    await expect(rollbackChannel({ store, spoolFolder: world.upstream })).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    if (begun.status === 'begun') await begun.transaction.abandon()
  })
})

describe('pruneChannel()', () => {
  const keep = (...subdirs: readonly SubdirName[]): ReadonlySet<SubdirName> => new Set(subdirs)

  test('withdraws subdirs that are not to stay; their bytes go after the grace', async ({ expect, world }) => {
    let now = Date.now()
    await world.sync()
    const store = createDiskStore({ root: world.mirror, clock: () => new Date(now) })
    const options = { store, keep: keep(LINUX), grace: 3_600_000 }
    const before = await readTree(world.mirror)
    expect(await pruneChannel({ ...options, dryRun: true })).toMatchObject({ status: 'planned', withdrawn: [{ subdir: 'noarch', artifacts: 3 }], tidy: { deleted: { count: 0 } } })
    expect(await readTree(world.mirror)).toEqual(before)

    const report = await pruneChannel(options)
    expect(report).toMatchObject({ status: 'committed', generation: 2, withdrawn: [{ subdir: 'noarch', artifacts: 3 }], tidy: { deleted: { count: 0 }, waiting: { count: globalExpect.any(Number) as number } } })
    const after = await readTree(world.mirror)
    // Clients refuse a channel without noarch: an empty one takes its place.
    expect(JSON.parse(after.get('noarch/repodata.json') ?? '')).toMatchObject({ packages: {}, 'packages.conda': {} })
    expect(after.has('noarch/alpha-1.0-0.conda')).toBe(true)
    expect((await world.check()).problems).toEqual([])
    expect(await pruneChannel(options)).toMatchObject({ status: 'unchanged', generation: 2 })

    now += 3_700_000
    expect(await pruneChannel({ ...options, maximumDeletes: 2 })).toMatchObject({ status: 'unchanged', tidy: { deleted: { count: 2 }, left: globalExpect.any(Number) as number } })
    expect(await pruneChannel(options)).toMatchObject({ tidy: { left: 0, waiting: { count: 0 } } })
    expect([...(await readTree(world.mirror)).keys()].filter((path) => path.startsWith('noarch')).map((path) => path.replace(/^noarch\/repodata.*/, 'index'))).toEqual(['index', 'index', 'index'])
    expect((await world.check()).problems).toEqual([])
    expect(await pruneChannel(options)).toMatchObject({ status: 'unchanged' })
  })

  test('channeldata.json speaks of what is left', async ({ expect, world }) => {
    await writeFile(join(world.upstream, 'channeldata.json'), JSON.stringify({ channeldata_version: 1, packages: {
      alpha: { subdirs: ['noarch'], version: '1.0' }, gamma: { subdirs: ['linux-64'], version: '1.0' },
    }, subdirs: ['linux-64', 'noarch'] }))
    await world.sync({ derivatives: { currentRepodata: false, runExports: false, repodataFromPackages: false, patchInstructions: false, channeldata: true } })
    const store = createDiskStore({ root: world.mirror })
    const read = async (): Promise<unknown> => JSON.parse(await readFile(join(world.mirror, 'channeldata.json'), 'utf8')) as unknown
    expect(await read()).toMatchObject({ packages: { alpha: {}, gamma: {} }, subdirs: ['linux-64', 'noarch'] })
    expect(await pruneChannel({ store, keep: keep(NOARCH), grace: 0, selectionShare: Infinity })).toMatchObject({ status: 'committed' })
    expect(await read()).toEqual({ channeldata_version: 1, packages: { alpha: { subdirs: ['noarch'], version: '1.0' } }, subdirs: ['noarch'] })
    expect((await store.publicState()).status).toBe('as-published')
  })

  test('never removes everything, and not more than half unless it is told to', async ({ expect, world }) => {
    await world.sync()
    const store = createDiskStore({ root: world.mirror })
    const before = await readTree(world.mirror)
    for (const [subdirs, override] of [[keep(), undefined], [keep(parseSubdirName('osx-64')), undefined]] as const) {
      expect(await pruneChannel({ store, keep: subdirs, grace: 0, selectionShare: Infinity })).toMatchObject({ status: 'refused', verdicts: [{ guard: 'selection', override }], tidy: undefined })
    }
    await changeChannel(world.upstream, { add: { noarch: [{ name: 'more' }, { name: 'again' }] } })
    await world.sync()
    expect(await pruneChannel({ store, keep: keep(LINUX), grace: 0 })).toMatchObject({ status: 'refused', verdicts: [{ override: '--allow-selection' }] })
    const after = await readTree(world.mirror)
    for (const path of before.keys()) expect(after.has(path)).toBe(true)
    expect(await pruneChannel({ store, keep: keep(LINUX), grace: 0, selectionShare: Infinity })).toMatchObject({ status: 'committed' })
  })

  test('a channel that is to go altogether is withdrawn when that is said', async ({ expect, world }) => {
    await world.sync()
    const store = createDiskStore({ root: world.mirror })
    await writeFile(join(world.mirror, 'notes.txt'), 'ours')
    expect(await pruneChannel({ store, keep: 'nothing', grace: 0 })).toMatchObject({ status: 'committed', withdrawn: [{ subdir: 'linux-64' }, { subdir: 'noarch' }], tidy: { waiting: { count: 0 }, left: 0 } })
    expect([...(await readTree(world.mirror)).keys()]).toEqual(['notes.txt'])
  })

  test('a store that has nothing has nothing to prune', async ({ expect }) => {
    expect(await pruneChannel({ store: createMemoryStore(), keep: keep(NOARCH), grace: 0 })).toMatchObject({ status: 'unchanged', generation: undefined, withdrawn: [] })
  })
})
