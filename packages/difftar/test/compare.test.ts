import { cpSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createDiskStore } from '@mirror/store'
import { describe } from 'vitest'
import {
  applyDelta, type ChannelDifference, compareStates, type ComparedState, describeDelta, describeGenerations, describeReference, describeTree, findChannels, openDelta, parseVolumeSize, readMirror, readReference, spoolDelta,
} from '../src/index.ts'
import { test } from './test.ts'
import { FIRST, SECOND } from './world.ts'

async function differencesOf(before: ComparedState, after: ComparedState, names = false): Promise<readonly ChannelDifference[]> {
  const found: ChannelDifference[] = []
  for await (const channel of compareStates({ before, after, names })) found.push(channel)
  return found
}

const treeOf = (folder: string): Promise<ComparedState> => describeTree(folder, findChannels(folder, () => undefined))

/** What FIRST did to linux-64, in names. */
function namesOf(differences: readonly ChannelDifference[]): unknown {
  return differences.flatMap(({ subdirs }) => subdirs.map(({ subdir, status, listing, relisted }) => ({
    subdir, status, relisted, added: [...listing?.added ?? []].map(({ name }) => name), removed: [...listing?.removed ?? []].map(({ name }) => name), count: listing?.relisted,
  })))
}

const AFTER_FIRST = [
  { subdir: 'linux-64', status: 'changed', added: ['alpha-2.0-0.conda', 'new-1.0-0.conda'], removed: ['beta-1.0-0.tar.bz2'], count: 1, relisted: ['gamma-1.0-0.conda'] },
  { subdir: 'noarch', status: 'same', added: [], removed: [], count: 0, relisted: undefined },
]

describe('compareStates()', () => {
  test('tells names of what was added, removed and re-listed between two trees', async ({ world, expect }) => {
    world.copy()
    await world.change(FIRST)
    expect(namesOf(await differencesOf(await treeOf(world.far), await treeOf(world.near), true))).toMatchObject(AFTER_FIRST)
    const back = await differencesOf(await treeOf(world.near), await treeOf(world.far))
    expect(namesOf(back)).toMatchObject([{ added: ['beta-1.0-0.tar.bz2'], removed: ['alpha-2.0-0.conda', 'new-1.0-0.conda'], count: 1, relisted: undefined }, { status: 'same' }])
    expect(back[0]?.files.map(({ path }) => path)).toEqual(['channeldata.json'])
  })

  test('tells the same of what a delta leads to, and of the generations before and after it', async ({ world, expect }) => {
    await applyDelta({ from: (await world.create([], { tarball: join(world.folder, 'full.tar') })).written, mirror: world.far })
    const old = await world.refer('old.json')
    await world.change(FIRST)
    const { written } = await world.create([old], { tarball: join(world.folder, 'update.tar') })
    {
      await using delta = await openDelta(written)
      if (delta === undefined) throw new Error('The delta is empty')
      const differences = await differencesOf(await treeOf(world.far), await describeDelta(delta), true)
      expect(namesOf(differences)).toMatchObject([AFTER_FIRST[0], { subdir: 'noarch', status: 'same' }])
      expect(await differencesOf(await treeOf(world.near), await describeDelta(delta))).toMatchObject([{ status: 'same' }])
    }
    await applyDelta({ from: written, mirror: world.far })
    const store = createDiskStore({ root: world.far, keep: 5 })
    const [first, second] = [await store.read(1), await store.read(2)]
    if (first === undefined || second === undefined) throw new Error('A generation is missing')
    const [before, after] = [describeGenerations('1', new Map([['', first]])), describeGenerations('2', new Map([['', second]]))]
    expect(namesOf(await differencesOf(before, after, true))).toMatchObject([AFTER_FIRST[0], { subdir: 'noarch', status: 'same' }])
    expect(await differencesOf(after, await treeOf(world.far))).toMatchObject([{ status: 'same', files: [] }])
  })

  test('tells of references what they have: artifacts, and no records', async ({ world, expect }) => {
    for (const format of ['compact', 'compatible'] as const) {
      const path = await world.refer(format, format)
      const reference = describeReference(path, readReference(path, findChannels(world.near, () => undefined)))
      expect(await differencesOf(reference, await treeOf(world.near))).toMatchObject([{ status: 'same' }])
    }
    const compact = await world.refer('before', 'compact')
    await world.change(FIRST)
    await world.change(SECOND)
    const found = await differencesOf(describeReference('before', readReference(compact, [])), await treeOf(world.near), true)
    expect(found).toMatchObject([{ status: 'changed', subdirs: [{ subdir: 'linux-64', status: 'changed', listing: { relisted: undefined }, relisted: undefined }, { subdir: 'noarch', listing: { added: { count: 2 } } }] }])
  })

  test('compares digests of different kinds where the records have both', async ({ world, expect }) => {
    const weak = { sequence: 0, channels: [{ folder: '', known: undefined, subdirs: new Map((await readMirror({ mirror: world.near, md5: true }))[0]?.indexes.map(({ subdir, byMd5, artifacts }) => [subdir, { artifacts: byMd5 ?? artifacts, isWeak: true, shards: new Set<never>(), records: undefined }])) }] }
    const tree = await treeOf(world.near)
    const { written } = await world.create([], { tarball: join(world.folder, 'full.tar') })
    await applyDelta({ from: written, mirror: world.far })
    const kept = await createDiskStore({ root: world.far }).read()
    await using delta = await openDelta(written)
    if (kept === undefined || delta === undefined) throw new Error('Nothing was applied')
    const states = [tree, describeGenerations('1', new Map([['', kept]])), await describeDelta(delta)]
    for (const pair of states.flatMap((state) => [[describeReference('weak', weak), state], [state, describeReference('weak', weak)]] as const)) {
      const [channel] = await differencesOf(...pair)
      expect(channel?.subdirs.map(({ listing }) => [listing?.added.count, listing?.removed.count, listing?.changed.after.count])).toEqual([[0, 0, 0], [0, 0, 0]])
    }
  })

  test('ends when it is aborted, and refuses a channel that it cannot match', async ({ world, expect }) => {
    const tree = await treeOf(world.near)
    await expect(compareStates({ before: await treeOf(world.near), after: tree, signal: AbortSignal.abort() }).next()).rejects.toMatchObject({ name: 'AbortError' })
    cpSync(world.near, join(world.folder, 'two/one'), { recursive: true })
    cpSync(world.near, join(world.folder, 'two/other'), { recursive: true })
    await expect(differencesOf(tree, await treeOf(join(world.folder, 'two')))).rejects.toMatchObject({ code: 'CHANNELS_UNMATCHED', details: { channels: ['one', 'other'] } })
    expect(await differencesOf(await treeOf(join(world.folder, 'two')), await treeOf(join(world.folder, 'two')))).toMatchObject([{ folder: 'one', status: 'same' }, { folder: 'other', status: 'same' }])
  })
})

describe('createDelta() with dryRun', () => {
  test('looks at everything, tells what it would write, and writes nothing', async ({ world, expect }) => {
    const before = readdirSync(world.folder)
    for (const to of [{ directory: join(world.folder, 'd') }, { tarball: join(world.folder, 'd.tar') }, { tarball: join(world.folder, 'd.tar'), volumeSize: 40_000 }, { sink: { write: () => expect.unreachable() } }]) {
      const planned = await world.create([], to, { dryRun: true })
      expect(planned.totals.entries).toBeGreaterThan(0)
      expect(readdirSync(world.folder)).toEqual(before)
      if ('sink' in to) continue
      const made = await world.create([], to)
      expect({ written: planned.written, seal: planned.seal, totals: planned.totals }).toEqual({ written: made.written, seal: made.seal, totals: made.totals })
      for (const path of made.written) expect(existsSync(path)).toBe(true)
      before.splice(0, before.length, ...readdirSync(world.folder))
    }
  })
})

describe('spoolDelta()', () => {
  test('keeps what comes until it is disposed of, beside the mirror or, where that cannot be written, elsewhere', async ({ world, expect }) => {
    async function* pieces(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('one')
      yield Buffer.from('two')
    }
    for (const beside of [world.folder, join(world.folder, 'absent')]) {
      const spooled = await spoolDelta(pieces(), { beside })
      expect(existsSync(spooled.path)).toBe(true)
      spooled[Symbol.dispose]()
      expect(existsSync(spooled.path)).toBe(false)
    }
    const files = readdirSync(world.folder)
    await expect(spoolDelta(pieces(), { beside: world.folder, signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' })
    expect(readdirSync(world.folder)).toEqual(files)
  })
})

describe('openDelta()', () => {
  test('finds the volumes of a tarball by the name of the whole', async ({ world, expect }) => {
    const tarball = join(world.folder, 'v.tar')
    const { seal, written } = await world.create([], { tarball, volumeSize: 40_000 })
    expect(written.length).toBeGreaterThan(1)
    await using delta = await openDelta(tarball)
    expect(delta?.seal).toBe(seal)
    writeFileSync(join(world.folder, 'v.volume.tar.txt'), 'something else')
    await expect(openDelta(join(world.folder, 'w.tar'))).rejects.toMatchObject({ code: 'DELTA_NOT_FOUND' })
  })
})

test.for([['1', 1], ['700M', 700 * 1024 ** 2], ['4G', 4 * 1024 ** 3 - 1], ['4GiB', 4 * 1024 ** 3 - 1], ['8k', 8192], ['0', undefined], ['', undefined], ['G', undefined], ['-1', undefined], ['1.5G', undefined], ['9999999999T', undefined], ['4 G', undefined]] as const)(
  'parseVolumeSize() reads %j', ([text, bytes], { expect }) => {
    expect(parseVolumeSize(text)).toBe(bytes)
  })
