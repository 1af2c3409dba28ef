import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDiskStore } from '@mirror/store'
import { buildChannel, changeChannel } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { adoptChannel, type AdoptOptions, type SyncReport } from '../src/index.ts'
import { readTree } from './read-tree.ts'
import { SMALL, test, type World } from './world.ts'

const DAMAGED = 'linux-64/delta-1.0-0.tar.bz2'

/** The mirror's folder as another tool would have filled it. */
async function fill(world: World): Promise<void> {
  await buildChannel(SMALL, world.mirror)
}

function adopt(world: World, options: Partial<AdoptOptions> = {}): Promise<SyncReport> {
  return adoptChannel({ root: world.mirror, store: createDiskStore({ root: world.mirror }), spoolFolder: world.upstream, ...options })
}

describe('adoptChannel()', () => {
  test('makes the indexes as they lie generation 1, moves no artifact and asks nobody; the next sync finds nothing to fetch', async ({ expect, world }) => {
    await fill(world)
    await writeFile(join(world.mirror, 'notes.txt'), 'ours')
    await writeFile(join(world.mirror, 'linux-64/foreign-1.0-0.conda'), 'not listed')
    const before = await readTree(world.mirror)
    const inode = (await stat(join(world.mirror, DAMAGED))).ino

    const report = await adopt(world)

    expect(report).toMatchObject({ status: 'committed', generation: 1, fetched: { artifacts: 0 }, present: 6, failed: [], held: [] })
    const after = await readTree(world.mirror)
    for (const [path, content] of before) if (!path.endsWith('.zst')) expect(after.get(path) === content, path).toBe(true)
    expect((await stat(join(world.mirror, DAMAGED))).ino).toBe(inode)
    expect((await world.check()).problems).toEqual([])
    expect(world.server.requests).toEqual([])

    expect((await world.sync()).report).toMatchObject({ status: 'unchanged', fetched: { artifacts: 0 } })
    expect(await adopt(world)).toMatchObject({ status: 'unchanged', generation: 1 })
  })

  test('a dry run changes nothing', async ({ expect, world }) => {
    await fill(world)
    const before = await readTree(world.mirror)
    expect(await adopt(world, { dryRun: true })).toMatchObject({ status: 'planned', generation: undefined, totals: { add: 6 } })
    expect(await readTree(world.mirror)).toEqual(before)
    expect(await createDiskStore({ root: world.mirror }).head()).toBeUndefined()
  })

  test('the next sync is not fooled by dates of the files: what upstream changed meanwhile comes', async ({ expect, world }) => {
    await fill(world)
    const future = new Date(Date.now() + 1e9)
    for (const subdir of ['noarch', 'linux-64']) for (const file of ['repodata.json', 'repodata.json.zst']) await utimes(join(world.mirror, subdir, file), future, future)
    await adopt(world)
    await changeChannel(world.upstream, { add: { noarch: [{ name: 'omega' }] } })
    expect((await world.sync()).report).toMatchObject({ status: 'committed', generation: 2, totals: { add: 1 }, fetched: { artifacts: 1 } })
  })

  test.for(['missing', 'wrong', 'short'])('an artifact that is %s is named, its subdir is held, and the next sync fetches it alone', async (kind, { expect, world }) => {
    await fill(world)
    const path = join(world.mirror, DAMAGED)
    const { length } = await readFile(path)
    if (kind === 'missing') await rm(path)
    else await writeFile(path, Buffer.alloc(kind === 'short' ? length - 1 : length))
    const before = await readTree(world.mirror)

    expect(await adopt(world, { dryRun: true })).toMatchObject({ status: 'planned', failed: [{ subdir: 'linux-64', name: 'delta-1.0-0.tar.bz2', code: { missing: 'ARTIFACT_MISSING', wrong: 'DIGEST_MISMATCH', short: 'SIZE_MISMATCH' }[kind] }] })
    expect(await readTree(world.mirror)).toEqual(before)
    expect(await adopt(world)).toMatchObject({
      status: 'committed', generation: 1, held: [{ subdir: 'linux-64', code: 'ARTIFACTS_FAILED' }],
      failed: [{ subdir: 'linux-64', name: 'delta-1.0-0.tar.bz2', code: { missing: 'ARTIFACT_MISSING', wrong: 'DIGEST_MISMATCH', short: 'SIZE_MISMATCH' }[kind] }],
    })
    const after = await readTree(world.mirror)
    for (const [name, content] of before) if (name.startsWith('linux-64/')) expect(after.get(name) === content, name).toBe(true)

    expect((await world.sync()).report).toMatchObject({ status: 'committed', generation: 2, fetched: { artifacts: 1 }, held: [] })
    expect((await world.check()).problems).toEqual([])
  })

  test('with partial, the rest of the subdir is adopted, and the index lists what is there', async ({ expect, world }) => {
    await fill(world)
    await rm(join(world.mirror, DAMAGED))
    expect(await adopt(world, { partial: true })).toMatchObject({ status: 'committed', held: [], failed: [{ name: 'delta-1.0-0.tar.bz2' }] })
    expect((await world.check()).problems).toEqual([])
    expect((await world.sync()).report).toMatchObject({ status: 'committed', fetched: { artifacts: 1 } })
    expect((await world.check()).problems).toEqual([])
  })

  test('variants that do not say what repodata.json says are made anew', async ({ expect, world }) => {
    await fill(world)
    await writeFile(join(world.mirror, 'noarch/repodata.json.zst'), await readFile(join(world.mirror, 'linux-64/repodata.json.zst')))
    expect(await adopt(world)).toMatchObject({ status: 'committed' })
    expect((await world.check()).problems).toEqual([])
  })

  test('a folder without an index is refused', async ({ expect, world }) => {
    await expect(adopt(world)).rejects.toMatchObject({ code: 'CHANNEL_NOT_FOUND' })
  })

  test('a tree that was unpacked over a mirror becomes its next generation', async ({ expect, world }) => {
    await world.sync()
    await changeChannel(world.upstream, { add: { noarch: [{ name: 'omega' }] } })
    await buildChannel({ ...SMALL, subdirs: { ...SMALL.subdirs, noarch: [...SMALL.subdirs['noarch'] ?? [], { name: 'omega' }] } }, world.mirror)
    expect(await adopt(world)).toMatchObject({ status: 'committed', generation: 2, fetched: { artifacts: 0 } })
    expect((await world.check()).problems).toEqual([])
  })
})
