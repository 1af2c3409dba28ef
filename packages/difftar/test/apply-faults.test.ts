import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { isSha256, type Sha256 } from '@mirror/core'
import { type DeltaChannel, type DeltaManifest, formatManifest, MANIFEST_PATH, parseManifest, type PublishedFile, stateId } from '@mirror/delta'
import { createDiskStore, type DiskStore, type Store, type StoreReader, type Transaction } from '@mirror/store'
import { buildChannel, changeChannel } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { applyDelta, createDelta, diffTree, findChannels, readReference } from '../src/index.ts'
import { test } from './test.ts'
import { FIRST, formatTree, problemsOf, readTree, SECOND, type World } from './world.ts'

const never = (): AbortSignal => new AbortController().signal

/** A far mirror that a delta brought up, and a delta directory that brings the first changes to it. */
async function prepare(world: World, changes = FIRST): Promise<string> {
  await world.create([], { tarball: join(world.folder, 'seed.tar') })
  await applyDelta({ from: join(world.folder, 'seed.tar'), mirror: world.far })
  const reference = await world.refer('reference.json')
  await world.change(changes)
  const directory = join(world.folder, 'delta')
  await world.create([reference], { directory })
  return directory
}

function sha256(bytes: Uint8Array): Sha256 {
  const hex = createHash('sha256').update(bytes).digest('hex')
  if (!isSha256(hex)) throw new TypeError('no sha256')
  return hex
}

/** Writes the manifest of a delta directory anew, with a right seal. */
function edit(directory: string, change: (channel: DeltaChannel) => DeltaChannel): void {
  const path = join(directory, MANIFEST_PATH)
  const manifest: DeltaManifest = parseManifest(readFileSync(path))
  const channels = manifest.channels.map((channel) => {
    const changed = change(channel)
    return { ...changed, target: { state: changed.target.state, id: stateId(changed.target.state) } }
  })
  writeFileSync(path, formatManifest({ ...manifest, channels }))
}

/** Other bytes for an index file of the target. */
function replaceIndex(directory: string, path: string, bytes: Uint8Array): void {
  const file = { path, sha256: sha256(bytes), size: bytes.length }
  const swap = (one: PublishedFile): PublishedFile => (one.path === path ? { ...one, ...file } : one)
  edit(directory, (channel) => ({
    ...channel,
    entries: channel.entries.map((entry) => (entry.path === path ? { ...entry, ...file } : entry)),
    target: { ...channel.target, state: { ...channel.target.state, subdirs: channel.target.state.subdirs.map((subdir) => ({ ...subdir, variants: subdir.variants.map(swap) })) } },
  }))
  writeFileSync(join(directory, path), bytes)
}

const without = (directory: string, isLeftOut: (path: string) => boolean): void => edit(directory, (channel) => ({ ...channel, entries: channel.entries.filter(({ path }) => !isLeftOut(path)) }))

/** A store whose answers are others than its own. */
function answering(root: string, change: (store: DiskStore) => Partial<DiskStore>): DiskStore {
  const store = createDiskStore({ root })
  return { ...store, ...change(store) }
}

/** Does something when a transaction is begun, and changes what the transaction answers. */
function beginning(store: DiskStore, before: () => void, change: (transaction: Transaction) => Partial<Transaction> = () => ({})): Pick<Store, 'begin'> {
  return {
    async begin(changeset, options) {
      before()
      const begun = await store.begin(changeset, options)
      if (begun.status !== 'begun') return begun
      const { transaction } = begun
      const whole: Transaction = {
        changeset: transaction.changeset, stagedBytes: async (artifact) => transaction.stagedBytes(artifact), missing: (signal) => transaction.missing(signal), put: async (artifact, body, given) => transaction.put(artifact, body, given),
        putFile: async (file, body, given) => transaction.putFile(file, body, given), commit: async (final) => transaction.commit(final), abandon: async () => transaction.abandon(), [Symbol.asyncDispose]: async () => transaction[Symbol.asyncDispose](),
      }
      return { status: 'begun', transaction: { ...whole, ...change(transaction) } }
    },
  }
}

/** A store whose reader finds something else than what is there. */
function reading(store: DiskStore, change: (reader: StoreReader) => Partial<StoreReader>): Pick<Store, 'read'> {
  return {
    async read(number) {
      const reader = await store.read(number)
      return reader === undefined ? undefined : { ...reader, generation: reader.generation, readArtifacts: async (subdir) => reader.readArtifacts(subdir), openArtifact: async (artifact, range) => reader.openArtifact(artifact, range), openFile: async (path, range) => reader.openFile(path, range), ...change(reader) }
    },
  }
}

/** Makes references of a mirror, and deltas from them. */
function worldOf(folder: string, near: string): Pick<World, 'refer' | 'create'> {
  return {
    async refer(name) {
      const path = join(folder, name)
      writeFileSync(path, await formatTree(near, 'compatible'))
      return path
    },
    async create(references, to) {
      const channels = findChannels(near, () => undefined)
      const diff = await diffTree({ mirror: near, references: references.map((path) => readReference(path, channels)) })
      return createDelta({ diffs: diff.channels, sequence: diff.sequence, to })
    },
  }
}

async function createCopy(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, filter: (path) => !path.includes('/.mirror') })
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

describe('applyDelta() beside somebody else', () => {
  test('says that another run works on the mirror, and changes nothing', async ({ world, expect }) => {
    const directory = await prepare(world)
    const before = readTree(world.far)
    const head = await createDiskStore({ root: world.far }).head()
    if (head === undefined) throw new Error('no head')
    const holder = await createDiskStore({ root: world.far }).begin({ base: head.id, target: head.state, changes: [], withdrawn: [], filesAdded: [], filesRemoved: [] })
    if (holder.status !== 'begun') throw new Error(holder.status)
    await expect(applyDelta({ from: directory, mirror: world.far })).rejects.toMatchObject({ code: 'STORE_LOCKED', hint: expect.stringContaining('Wait') })
    // The same for a tree that would be taken over first.
    appendFileSync(join(world.far, 'noarch/repodata.json'), '\n')
    await expect(applyDelta({ from: directory, mirror: world.far, allowOlder: true })).rejects.toMatchObject({ code: expect.stringMatching(/^STORE_LOCKED$|^DELTA_BASE_MISMATCH$/) })
    await holder.transaction.abandon()
    expect([...readTree(world.far)].filter(([path]) => path !== 'noarch/repodata.json')).toEqual([...before].filter(([path]) => path !== 'noarch/repodata.json'))
  })

  test('takes no tree over that another run works on, or that changed just now', async ({ world, expect }) => {
    const reference = await world.refer('reference.json')
    world.copy()
    await world.change(FIRST)
    await world.create([reference], { directory: join(world.folder, 'delta') })
    const apply = (openStore: (root: string) => DiskStore): Promise<unknown> => applyDelta({ from: join(world.folder, 'delta'), mirror: world.far, openStore })
    await expect(apply((root) => answering(root, () => ({ begin: async () => ({ status: 'busy' }) })))).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    await expect(apply((root) => answering(root, (store) => beginning(store, () => undefined, () => ({ commit: async () => ({ status: 'unknown' }) }))))).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    await expect(apply((root) => answering(root, (store) => beginning(store, () => rmSync(join(root, 'noarch/run_exports.json')))))).rejects.toMatchObject({ code: 'DELTA_INCOMPLETE', message: expect.stringContaining('noarch/run_exports.json') })
  })

  test('says that the mirror changed just now, before it and while it is applied', async ({ world, expect }) => {
    const directory = await prepare(world)
    const stale = answering(world.far, () => ({ begin: async () => ({ status: 'stale', head: undefined }) }))
    await expect(applyDelta({ from: directory, mirror: world.far, openStore: () => stale })).rejects.toMatchObject({ code: 'DELTA_BASE_MISMATCH', message: expect.stringContaining('changed just now') })
    const late = answering(world.far, (store) => beginning(store, () => undefined, () => ({ commit: async () => ({ status: 'stale', head: undefined }) })))
    await expect(applyDelta({ from: directory, mirror: world.far, openStore: () => late })).rejects.toMatchObject({ code: 'DELTA_BASE_MISMATCH', message: expect.stringContaining('changed just now') })
    expect(await problemsOf(world.far)).toEqual([])
  })

  test('does not count what waits where another run came in between', async ({ world, expect }) => {
    const directory = await prepare(world)
    const { channels } = await applyDelta({ from: directory, mirror: world.far, openStore: (root) => answering(root, () => ({ tidy: async () => ({ status: 'busy' }) })) })
    expect(channels).toMatchObject([{ status: 'applied', tidy: undefined }])
    expect(readTree(world.far).get('linux-64/repodata.json')).toBe(readTree(world.near).get('linux-64/repodata.json'))
  })

  test('names an artifact that was there when it looked, and is gone when it begins', async ({ world, expect }) => {
    const directory = await prepare(world)
    const path = 'linux-64/new-1.0-0.conda'
    without(directory, (entry) => entry === path)
    writeFileSync(join(world.far, path), readFileSync(join(world.near, path)))
    rmSync(join(directory, path))
    const openStore = (root: string): DiskStore => answering(root, (store) => beginning(store, () => rmSync(join(root, path))))
    await expect(applyDelta({ from: directory, mirror: world.far, openStore })).rejects.toMatchObject({ code: 'DELTA_INCOMPLETE', message: expect.stringContaining(path) })
    writeFileSync(join(world.far, path), readFileSync(join(world.near, path)))
    expect(await applyDelta({ from: directory, mirror: world.far, grace: 0 })).toMatchObject({ status: 'applied' })
  })

  test.for([[undefined], [never()]])('completes what broke off behind its point of no return, first of all', async ([signal], { world, expect }) => {
    const directory = await prepare(world)
    // A journal that is no more than a name: it is dropped.
    writeFileSync(join(world.far, '.mirror/journal/2.json'), '{}')
    await expect(applyDelta({ from: directory, mirror: world.far, signal, openStore: (root) => answering(root, () => ({ tidy: async () => ({ status: 'busy' }) })) })).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    expect(await applyDelta({ from: directory, mirror: world.far, signal, grace: 0 })).toMatchObject({ status: 'applied' })
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })
})

describe('applyDelta() to a mirror that is not as it was left', () => {
  test('says that its indexes are gone', async ({ world, expect }) => {
    const directory = await prepare(world)
    for (const subdir of ['noarch', 'linux-64']) for (const name of readdirSync(join(world.far, subdir))) if (name.startsWith('repodata')) rmSync(join(world.far, subdir, name))
    await expect(applyDelta({ from: directory, mirror: world.far })).rejects.toMatchObject({ code: 'DELTA_BASE_MISMATCH', message: expect.stringContaining('its indexes are gone') })
  })

  test('names artifacts of another size', async ({ world, expect }) => {
    const directory = await prepare(world)
    truncateSync(join(world.far, 'linux-64/alpha-1.0-0.conda'), 10)
    await expect(applyDelta({ from: directory, mirror: world.far })).rejects.toMatchObject({ code: 'DELTA_INCOMPLETE', message: expect.stringContaining('linux-64/alpha-1.0-0.conda is missing or damaged') })
  })

  test('names of many faults the first five: artifacts that are missing, indexes that differ', async ({ folder, expect }) => {
    const subdirs = Object.fromEntries(['noarch', 'linux-64', 'osx-64', 'osx-arm64', 'win-64', 'linux-aarch64', 'linux-ppc64le'].map((subdir) => [subdir, [{ name: 'one' }]]))
    const near = join(folder, 'near')
    await buildChannel({ subdirs, index: { variants: [] } }, near)
    const world = worldOf(folder, near)
    await world.create([], { tarball: join(folder, 'seed.tar') })
    await applyDelta({ from: join(folder, 'seed.tar'), mirror: join(folder, 'far') })
    await changeChannel(near, { add: Object.fromEntries(Object.keys(subdirs).map((subdir) => [subdir, [{ name: 'two' }]])) })
    const reference = await world.refer('reference.json')
    await changeChannel(near, { add: { noarch: [{ name: 'three' }] } })
    await world.create([reference], { tarball: join(folder, 'update.tar') })
    await expect(applyDelta({ from: join(folder, 'update.tar'), mirror: join(folder, 'far') })).rejects.toMatchObject({ code: 'DELTA_BASE_MISMATCH', message: expect.stringMatching(/(?:\S+ is another; ){4}\S+ is another and 2 more\)/) })

    // A tree that another tool copied, but for its artifacts.
    await createCopy(near, join(folder, 'copy'))
    for (const subdir of Object.keys(subdirs)) rmSync(join(folder, 'copy', subdir, 'one-1.0-0.conda'))
    await world.create([], { tarball: join(folder, 'full.tar') })
    await expect(applyDelta({ from: join(folder, 'full.tar'), mirror: join(folder, 'copy') })).rejects.toMatchObject({ code: 'DELTA_INCOMPLETE', message: expect.stringContaining(' and 2 more are missing or damaged') })
  })

  test('asks for all where there is no mirror at all', async ({ world, expect }) => {
    const directory = await prepare(world)
    const request = join(world.folder, 'request')
    await expect(applyDelta({ from: directory, mirror: join(world.folder, 'nowhere'), request })).rejects.toMatchObject({ code: 'DELTA_BASE_MISMATCH' })
    expect(readFileSync(request, 'utf8')).not.toContain('"channel"')
    expect(existsSync(join(world.folder, 'nowhere'))).toBe(false)
  })

  test('recognises an older delta by the generations, where the note of deltas is gone or damaged', async ({ world, expect }) => {
    const directory = await prepare(world)
    await applyDelta({ from: directory, mirror: world.far })
    const reference = await world.refer('next.json')
    await world.change(SECOND)
    await world.create([reference], { directory: join(world.folder, 'next') })
    await applyDelta({ from: join(world.folder, 'next'), mirror: world.far })
    const store = createDiskStore({ root: world.far })
    await store.writeMemo('delta', { sequence: 9, states: 'none' })
    await expect(applyDelta({ from: directory, mirror: world.far })).rejects.toMatchObject({ code: 'DELTA_OLDER', message: expect.stringContaining('that of the last one 9') })
    for (const note of [null, {}, { sequence: 'many' }]) {
      await store.writeMemo('delta', note)
      await expect(applyDelta({ from: directory, mirror: world.far })).rejects.toMatchObject({ code: 'DELTA_OLDER', message: expect.not.stringContaining('its number') })
    }
  })

  test('verifies a tree that is to be taken over in a dry run, and takes it over with a signal', async ({ world, expect }) => {
    const reference = await world.refer('reference.json')
    await world.change(FIRST)
    await world.create([reference], { directory: join(world.folder, 'delta') })
    world.copy()
    const before = readdirSync(world.far)
    expect(await applyDelta({ from: join(world.folder, 'delta'), mirror: world.far, dryRun: true })).toMatchObject({ status: 'planned' })
    expect(readdirSync(world.far)).toEqual(before)
    // What the delta would remove is gone already.
    expect(await applyDelta({ from: join(world.folder, 'delta'), mirror: world.far, grace: 0, signal: never() })).toMatchObject({ channels: [{ status: 'adopted' }] })
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })

  test('leaves a channel alone that has all already, and brings the other one up', async ({ folder, expect }) => {
    const near = join(folder, 'near')
    for (const name of ['one', 'two']) await buildChannel({ subdirs: { noarch: [], 'linux-64': [{ name }] }, index: { variants: ['zst'] } }, join(near, name))
    const world = worldOf(folder, near)
    await world.create([], { tarball: join(folder, 'full.tar') })
    const far = join(folder, 'far')
    const failing = (root: string): DiskStore => (root.endsWith('two') ? answering(root, () => ({ begin: async () => { throw new Error('broken off') } })) : createDiskStore({ root }))
    await expect(applyDelta({ from: join(folder, 'full.tar'), mirror: far, openStore: failing })).rejects.toThrow('broken off')
    expect(await applyDelta({ from: join(folder, 'full.tar'), mirror: far })).toMatchObject({ status: 'applied', channels: [{ folder: 'one', status: 'unchanged' }, { folder: 'two', status: 'applied' }] })
  })

  test('removes a subdir that is not mirrored any more, from a store and from a tree', async ({ world, expect }) => {
    await world.create([], { tarball: join(world.folder, 'seed.tar') })
    await applyDelta({ from: join(world.folder, 'seed.tar'), mirror: world.far })
    const reference = await world.refer('reference.json')
    rmSync(join(world.near, 'linux-64'), { recursive: true })
    await world.create([reference], { directory: join(world.folder, 'delta') })
    await createCopy(world.near, join(world.folder, 'copy'))
    await createCopy(join(world.far, 'linux-64'), join(world.folder, 'copy/linux-64'))
    for (const name of readdirSync(join(world.folder, 'copy/linux-64'))) if (/^(?:repodata|run_exports)/.test(name)) rmSync(join(world.folder, 'copy/linux-64', name))
    // One shard is gone there before.
    const [shard = ''] = readdirSync(join(world.far, 'linux-64/shards'))
    rmSync(join(world.far, 'linux-64/shards', shard))
    expect(await applyDelta({ from: join(world.folder, 'delta'), mirror: world.far, grace: 0 })).toMatchObject({ channels: [{ status: 'applied' }] })
    expect(existsSync(join(world.far, 'linux-64'))).toBe(false)
    expect(await applyDelta({ from: join(world.folder, 'delta'), mirror: join(world.folder, 'copy'), grace: 0 })).toMatchObject({ channels: [{ status: 'adopted' }] })
    expect((await createDiskStore({ root: join(world.folder, 'copy') }).head())?.state.subdirs.map(({ subdir }) => subdir)).toEqual(['noarch'])
  })

  test('needs no shards', async ({ folder, expect }) => {
    const near = join(folder, 'near')
    await buildChannel({ subdirs: { noarch: [], 'linux-64': [{ name: 'one' }] }, index: { variants: ['zst'] } }, near)
    const world = worldOf(folder, near)
    await world.create([], { tarball: join(folder, 'seed.tar') })
    await applyDelta({ from: join(folder, 'seed.tar'), mirror: join(folder, 'far') })
    const reference = await world.refer('reference.json')
    await changeChannel(near, { add: { 'linux-64': [{ name: 'two' }] } })
    await world.create([reference], { tarball: join(folder, 'update.tar') })
    await applyDelta({ from: join(folder, 'update.tar'), mirror: join(folder, 'far'), grace: 0 })
    expect(readTree(join(folder, 'far'))).toEqual(readTree(near))
  })

  test('says what cannot be read of the mirror, and does without what is only derived', async ({ world, expect }) => {
    const directory = await prepare(world)
    const gone = (root: string): DiskStore => answering(root, (store) => reading(store, () => ({ openFile: async () => ({ status: 'absent' }) })))
    await expect(applyDelta({ from: directory, mirror: world.far, openStore: gone })).rejects.toMatchObject({ code: 'DELTA_INCOMPLETE', message: expect.stringContaining('it is absent'), hint: expect.stringContaining('repair') })
    const odd = (root: string): DiskStore => answering(root, (store) => reading(store, (reader) => ({
      openFile: async (path, range) => (path.endsWith('shards.msgpack.zst') ? { status: 'found', size: 4, body: once('none') } : reader.openFile(path, range)),
    })))
    expect(await applyDelta({ from: directory, mirror: world.far, openStore: odd })).toMatchObject({ status: 'applied' })
    expect(readTree(world.far).get('linux-64/repodata_shards.msgpack.zst')).toBe(readTree(world.near).get('linux-64/repodata_shards.msgpack.zst'))
  })
})

describe('a delta with a right seal that was made wrong', () => {
  test('is refused where an index lists something else than the manifest says, before anything is written', async ({ world, expect }) => {
    const directory = await prepare(world)
    edit(directory, (channel) => ({ ...channel, target: { ...channel.target, state: { ...channel.target.state, subdirs: channel.target.state.subdirs.map((subdir) => ({ ...subdir, artifacts: { ...subdir.artifacts, count: subdir.artifacts.count + 1 } })) } } }))
    const before = readdirSync(join(world.far, '.mirror'), { recursive: true })
    await expect(applyDelta({ from: directory, mirror: world.far })).rejects.toMatchObject({ code: 'DELTA_DAMAGED', message: expect.stringContaining('it lists something else than the manifest says') })
    expect(readdirSync(join(world.far, '.mirror'), { recursive: true })).toEqual(before)
  })

  test('changes nothing where only what it says of sums differs', async ({ world, expect }) => {
    const directory = await prepare(world)
    await applyDelta({ from: directory, mirror: world.far, grace: 0 })
    edit(directory, (channel) => ({
      ...channel, bases: [channel.target], entries: [], remove: [],
      target: { ...channel.target, state: { ...channel.target.state, subdirs: channel.target.state.subdirs.map((subdir) => ({ ...subdir, artifacts: { ...subdir.artifacts, count: subdir.artifacts.count + 1 } })) } },
    }))
    for (const name of readdirSync(directory)) if (!name.startsWith('.')) rmSync(join(directory, name), { recursive: true })
    expect(await applyDelta({ from: directory, mirror: world.far })).toMatchObject({ status: 'unchanged' })
    expect((await createDiskStore({ root: world.far }).head())?.number).toBe(2)
  })

  test('is refused where an artifact is not the one that the index lists', async ({ world, expect }) => {
    const directory = await prepare(world)
    const path = 'linux-64/new-1.0-0.conda'
    writeFileSync(join(directory, path), 'evil')
    edit(directory, (channel) => ({ ...channel, entries: channel.entries.map((entry) => (entry.path === path ? { ...entry, size: 4, sha256: sha256(Buffer.from('evil')) } : entry)) }))
    await expect(applyDelta({ from: directory, mirror: world.far })).rejects.toMatchObject({ code: 'DELTA_DAMAGED', message: expect.stringContaining(`${path} of the delta: the index does not list it like that`) })
  })

  test('is refused where its shard index is none, or a shard is nowhere', async ({ world, expect }) => {
    const directory = await prepare(world)
    without(directory, (path) => path.includes('/shards/'))
    rmSync(join(directory, 'linux-64/shards'), { recursive: true })
    await expect(applyDelta({ from: directory, mirror: world.far })).rejects.toMatchObject({ code: 'DELTA_INCOMPLETE', message: expect.stringContaining('is neither in it nor in the mirror') })
    replaceIndex(directory, 'linux-64/repodata_shards.msgpack.zst', Buffer.from('nothing of the kind'))
    await expect(applyDelta({ from: directory, mirror: world.far })).rejects.toMatchObject({ code: 'DELTA_DAMAGED', message: expect.stringContaining('it is no shard index') })
  })

  test('takes from the mirror what does not change and does not travel', async ({ world, expect }) => {
    const directory = await prepare(world, { relist: { 'linux-64': { 'gamma-1.0-0.conda': { depends: ['alpha'] } } } })
    const path = 'linux-64/run_exports.json'
    expect(readFileSync(join(world.far, path))).toEqual(readFileSync(join(world.near, path)))
    without(directory, (entry) => entry === path)
    rmSync(join(directory, path), { force: true })
    expect(await applyDelta({ from: directory, mirror: world.far, grace: 0 })).toMatchObject({ status: 'applied' })
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })
})
