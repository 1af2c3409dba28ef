import { readdir, readFile, rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseChannelUrl } from '@mirror/core'
import { createRepositoryClient } from '@mirror/repository-client'
import { createDiskStore, type VerifyFault, verifyStore } from '@mirror/store'
import { changeChannel } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { repairChannel, type RepairReport } from '../src/index.ts'
import { readTree } from './read-tree.ts'
import { createScatteredWorld, test, type World } from './world.ts'

async function faultsOf(world: World): Promise<readonly VerifyFault[]> {
  return (await verifyStore({ root: world.mirror, threads: 0 }))?.faults ?? []
}

async function repair(world: World, { offline = false }: { readonly offline?: boolean } = {}): Promise<RepairReport | undefined> {
  const channel = parseChannelUrl(world.server.url, { folder: 'channel' })
  await using client = createRepositoryClient({ channel, retry: { base: 1, maximum: 5 } })
  return await repairChannel({ store: createDiskStore({ root: world.mirror }), faults: await faultsOf(world), spoolFolder: world.upstream, ...(offline ? {} : { client }) })
}

/** Other bytes under an unchanged size and date, as a disk that rots. */
async function rot(path: string): Promise<void> {
  const { atime, mtime } = await stat(path)
  const bytes = await readFile(path)
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0xff
  await writeFile(path, bytes)
  await utimes(path, atime, mtime)
}

async function shardPaths(world: World): Promise<readonly string[]> {
  const names = await readdir(join(world.mirror, 'linux-64/shards'))
  return names.map((name) => join(world.mirror, 'linux-64/shards', name))
}

describe('repairChannel()', () => {
  test('fetches what is missing, short or wrong, and nothing else', async ({ expect, world }) => {
    await world.sync()
    const before = await readTree(world.mirror)
    await rm(join(world.mirror, 'noarch/alpha-1.0-0.conda'))
    await truncate(join(world.mirror, 'linux-64/delta-1.0-0.tar.bz2'), 10)
    await rot(join(world.mirror, 'linux-64/gamma-1.0-0.conda'))
    expect(await faultsOf(world)).toHaveLength(3)
    world.server.reset()

    expect(await repair(world)).toMatchObject({ generation: 2, fetched: { artifacts: 3 }, unrepaired: [] })

    expect(world.server.requests.map(({ path }) => path).toSorted()).toEqual(['/linux-64/delta-1.0-0.tar.bz2', '/linux-64/gamma-1.0-0.conda', '/noarch/alpha-1.0-0.conda'])
    expect(await faultsOf(world)).toEqual([])
    expect(await readTree(world.mirror)).toEqual(before)
    expect((await world.check()).problems).toEqual([])
    expect((await world.sync()).report).toMatchObject({ status: 'unchanged' })
  })

  test('fetches from where upstream keeps the artifacts, when that is not beside the index', async ({ expect, createWorldOf }) => {
    const world = await createScatteredWorld(createWorldOf)
    await world.sync()
    await world.sync()
    await rm(join(world.mirror, 'linux-64/gamma-1.0-0.conda'))
    expect(await repair(world)).toMatchObject({ fetched: { artifacts: 1 }, unrepaired: [] })
    expect(await faultsOf(world)).toEqual([])
  })

  test('restores every public index file from the copies, without upstream, also one that looks untouched', async ({ expect, world }) => {
    await world.sync()
    const before = await readTree(world.mirror)
    await rot(join(world.mirror, 'linux-64/repodata.json'))
    await rm(join(world.mirror, 'linux-64/repodata.json.zst'))
    await writeFile(join(world.mirror, 'noarch/repodata_shards.msgpack.zst'), 'nonsense')
    const [one = '', two = ''] = await shardPaths(world)
    await rm(one)
    await rot(two)
    await writeFile(join(world.mirror, 'noarch/repodata.json.bz2'), 'stale')
    expect(await faultsOf(world)).toHaveLength(6)
    expect(await repair(world, { offline: true })).toMatchObject({ generation: 2, fetched: { artifacts: 0 }, unrepaired: [] })
    expect(await faultsOf(world)).toEqual([])
    expect(await readTree(world.mirror)).toEqual(before)
  })

  test('makes copies anew from the public files', async ({ expect, world }) => {
    await world.sync()
    const before = await readTree(world.mirror)
    const documents = join(world.mirror, '.mirror/documents')
    const names = await readdir(documents)
    for (const [index, name] of names.entries()) {
      if (index % 3 === 0) await rm(join(documents, name))
      if (index % 3 === 1) await rot(join(documents, name))
    }
    expect((await faultsOf(world)).length).toBeGreaterThan(2)
    expect(await repair(world, { offline: true })).toMatchObject({ generation: 2, unrepaired: [] })
    expect(await faultsOf(world)).toEqual([])
    expect(await readTree(world.mirror)).toEqual(before)
  })

  test('where an index is lost altogether, upstream has it while it has not changed', async ({ expect, world }) => {
    await world.sync()
    const documents = join(world.mirror, '.mirror/documents')
    for (const name of await readdir(documents)) await rot(join(documents, name))
    for (const name of ['repodata.json', 'repodata.json.zst']) await writeFile(join(world.mirror, 'noarch', name), 'gone')
    expect((await repair(world, { offline: true }))?.unrepaired.map(({ code }) => code)).toContain('INDEX_LOST')
    expect((await repair(world))?.unrepaired).toEqual([])
    expect(await faultsOf(world)).toEqual([])
    expect((await world.check()).problems).toEqual([])
  })

  test.for(['linux-64/repodata_shards.msgpack.zst', 'linux-64/repodata.json', 'noarch/repodata.json.zst'])('%s is named and made again when it is gone, and all copies are', async (path, { expect, world }) => {
    await world.sync()
    await rm(join(world.mirror, path))
    const documents = join(world.mirror, '.mirror/documents')
    const copies = await readdir(documents)
    for (const copy of copies) await rm(join(documents, copy))
    const report = await verifyStore({ root: world.mirror, threads: 0 })
    expect(new Set(report?.faults.map((fault) => `${fault.path} ${fault.fault}`))).toEqual(new Set([...copies.map((copy) => `.mirror/documents/${copy} missing`), `${path} missing`]))
    expect(report?.foreign).toEqual([])
    expect(await repair(world)).toMatchObject({ unrepaired: [] })
    expect(await faultsOf(world)).toEqual([])
    expect((await world.check()).problems).toEqual([])
  })

  test('what cannot be had is named with its reason; the rest is repaired', async ({ expect, world }) => {
    await world.sync()
    await rm(join(world.mirror, 'noarch/alpha-1.0-0.conda'))
    await rm(join(world.mirror, 'linux-64/gamma-1.0-0.conda'))
    await rm(join(world.mirror, 'linux-64/delta-1.0-0.tar.bz2'))
    await symlink('/etc/hostname', join(world.mirror, 'linux-64/delta-1.0-0.tar.bz2'))
    await changeChannel(world.upstream, { remove: { noarch: ['alpha-1.0-0.conda'] } })
    await rm(join(world.upstream, 'noarch/alpha-1.0-0.conda'), { force: true })
    const report = await repair(world)
    expect(report?.unrepaired.map(({ path, code }) => [path, code]).toSorted()).toEqual([['linux-64/delta-1.0-0.tar.bz2', 'STORE_UNSAFE_PATH'], ['noarch/alpha-1.0-0.conda', 'ARTIFACT_MISSING']])
    expect(report).toMatchObject({ fetched: { artifacts: 1 } })
    expect((await faultsOf(world)).map(({ path }) => path)).toEqual(['linux-64/delta-1.0-0.tar.bz2', 'noarch/alpha-1.0-0.conda'])
    expect((await repair(world, { offline: true }))?.unrepaired).toHaveLength(2)
  })

  test('a store that has nothing, and one without faults, are left alone', async ({ expect, world }) => {
    expect(await repair(world)).toBeUndefined()
    await world.sync()
    expect(await repair(world)).toEqual({ generation: 1, fetched: { artifacts: 0, bytes: 0 }, unrepaired: [] })
  })
})
