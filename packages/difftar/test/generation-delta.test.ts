import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { isMirrorError } from '@mirror/core'
import { createDiskStore, readChanges, readRuns, type StoreReader } from '@mirror/store'
import fc from 'fast-check'
import { describe } from 'vitest'
import { applyDelta, createDelta, describeGeneration, diffTree, findChannels, generationMembers, layoutTar, planGeneration, readReference, type ReferenceChannel, type TarLayout } from '../src/index.ts'
import { test } from './test.ts'
import { createWorld, FIRST, formatTree, readTree, SECOND, type World } from './world.ts'

/** A mirror with a store that has kept every state of the near one. */
interface Hub extends World {
  readonly hub: string
  readonly reader: (generation: number) => Promise<StoreReader>
  readonly advance: (changes: Parameters<World['change']>[0]) => Promise<void>
}

async function createHub(folder: string): Promise<Hub> {
  const world = await createWorld(folder, { channel: 'team' })
  const hub = join(folder, 'hub')
  const carry = async (): Promise<void> => {
    const tarball = join(folder, 'carried.tar')
    const found = findChannels(hub, () => undefined)
    const references = found.length === 0 ? [] : [await referTo(hub, folder)]
    await world.create(references, { tarball })
    await applyDelta({ from: tarball, mirror: hub })
  }
  fs.mkdirSync(hub)
  await carry()
  return {
    ...world, hub,
    async reader(generation) {
      const reader = await createDiskStore({ root: join(hub, 'team') }).read(generation)
      if (reader === undefined) throw new Error(`no generation ${generation}`)
      return reader
    },
    async advance(changes) {
      await world.change(changes)
      await carry()
    },
  }
}

async function referTo(mirror: string, folder: string): Promise<string> {
  const path = join(folder, 'carried.json')
  fs.writeFileSync(path, await formatTree(mirror, 'compact'))
  return path
}

async function layOut(reader: StoreReader, base: ReferenceChannel | undefined): Promise<TarLayout & { readonly seal: string | undefined }> {
  const planned = await planGeneration(reader, { folder: 'team', base })
  if (planned.status !== 'planned') throw new Error(planned.status)
  return { ...layoutTar(generationMembers(reader, planned.delta)), seal: planned.delta.seal }
}

async function collect(layout: TarLayout, start = 0, end = layout.size): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of layout.read({ start, end })) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}

const SCRATCH = 'far'

async function applyTo(hub: Hub, bytes: Uint8Array): Promise<void> {
  const path = join(hub.folder, 'download.tar')
  fs.writeFileSync(path, bytes)
  await applyDelta({ from: path, mirror: join(hub.folder, SCRATCH), grace: 0 })
}

describe('a delta between generations', () => {
  test('seeds a mirror and brings it from each to the next, though the one that is published is another by now', async ({ expect, folder }) => {
    const hub = await createHub(folder)
    await hub.advance(FIRST)
    await hub.advance(SECOND)
    fs.mkdirSync(join(folder, SCRATCH))
    await applyTo(hub, await collect(await layOut(await hub.reader(1), undefined)))
    const [one, two, three] = [await hub.reader(1), await hub.reader(2), await hub.reader(3)]
    await applyTo(hub, await collect(await layOut(two, await describeGeneration('team', one))))
    const far = createDiskStore({ root: join(folder, SCRATCH, 'team') })
    expect((await far.head())?.id).toBe(two.generation.id)
    const last = await layOut(three, await describeGeneration('team', two))
    await applyTo(hub, await collect(last))
    expect(readTree(join(folder, SCRATCH))).toEqual(readTree(hub.near))
    // Who applied it finds it among the runs of the mirror.
    expect(await readRuns(far)).toMatchObject([
      { command: 'apply', generation: 3, status: 'committed', added: 2, removed: 1 }, { command: 'apply', generation: 2, added: 2, removed: 1, relisted: 1 }, { command: 'apply', generation: 1, removed: 0 },
    ])
    expect((await readChanges(far, 2))?.changes).toMatchObject({ removed: { paths: ['linux-64/beta-1.0-0.tar.bz2'] }, relisted: { paths: ['linux-64/gamma-1.0-0.conda'] } })
    // The same delta as one that is made of the folder.
    const reference = readReference(await referToGeneration(hub, two), findChannels(hub.hub, () => undefined))
    const { channels, sequence } = await diffTree({ mirror: hub.hub, references: [reference] })
    const { seal } = await createDelta({ diffs: channels, sequence, to: { tarball: join(folder, 'other.tar') } })
    expect(last.seal).toBe(seal)
  })

  test('is laid out before it is read: any part of it is that part of the whole, which tar understands', async ({ expect, folder }) => {
    const hub = await createHub(folder)
    await hub.advance(FIRST)
    const layout = await layOut(await hub.reader(2), await describeGeneration('team', await hub.reader(1)))
    const whole = await collect(layout)
    expect([whole.length, whole.length % 10_240]).toEqual([layout.size, 0])
    await fc.assert(fc.asyncProperty(fc.nat(layout.size), fc.nat(layout.size), async (left, right) => {
      const [start, end] = [Math.min(left, right), Math.max(left, right)]
      expect((await collect(layout, start, end)).equals(whole.subarray(start, end))).toBe(true)
    }), { numRuns: 60 })
    const path = join(folder, 'x.tar')
    fs.writeFileSync(path, whole)
    expect(execFileSync('tar', ['tf', path], { encoding: 'utf8' }).split('\n')).toEqual(expect.arrayContaining(['.conda-delta/manifest.json', 'team/linux-64/alpha-2.0-0.conda', 'team/linux-64/repodata.json']))
    const again = await layOut(await hub.reader(2), await describeGeneration('team', await hub.reader(1)))
    expect([again.tag, again.size]).toEqual([layout.tag, layout.size])
    expect((await layOut(await hub.reader(1), undefined)).tag).not.toBe(layout.tag)
  })

  test('is empty where nothing changed, and refused where it would be too long', async ({ expect, folder }) => {
    const hub = await createHub(folder)
    const reader = await hub.reader(1)
    const same = await layOut(reader, await describeGeneration('team', reader))
    expect([same.seal, (await collect(same)).equals(Buffer.alloc(10_240))]).toEqual([undefined, true])
    expect(await planGeneration(reader, { folder: 'team', base: undefined, maximum: 3 })).toMatchObject({ status: 'too-many', entries: expect.any(Number) as number })
  })

  test('takes a reference of the old conda-diff-tar, too', async ({ expect, folder }) => {
    const hub = await createHub(folder)
    await hub.advance(FIRST)
    const index = JSON.parse(Buffer.from(await readAll((await hub.reader(1)).openFile('linux-64/repodata.json'))).toString()) as { packages: Readonly<Record<string, unknown>> }
    const path = join(folder, 'old.json')
    fs.writeFileSync(path, JSON.stringify({ '/srv/elsewhere/team/linux-64': index.packages }))
    const { channels: [base] } = readReference(path, [{ folder: 'team', root: join(hub.hub, 'team'), subdirs: (await hub.reader(2)).generation.state.subdirs.map(({ subdir }) => subdir) }])
    const planned = await planGeneration(await hub.reader(2), { folder: 'team', base })
    const places = planned.status === 'planned' ? planned.delta.entries.map(({ place }) => place) : []
    expect(places).toEqual(expect.arrayContaining(['team/noarch/text-1.0-0.conda', 'team/linux-64/alpha-2.0-0.conda', 'team/linux-64/repodata.json']))
    expect(places).not.toContain('team/linux-64/beta-1.0-0.tar.bz2')
  })

  test('breaks off before the last byte of what is not what it should be, and is not begun without what is missing', async ({ expect, folder }) => {
    const hub = await createHub(folder)
    const reader = await hub.reader(1)
    const layout = await layOut(reader, undefined)
    const artifact = join(hub.hub, 'team/linux-64/alpha-1.0-0.conda')
    const bytes = fs.readFileSync(artifact)
    fs.rmSync(artifact)
    fs.writeFileSync(artifact, Buffer.from(bytes.map((byte, at) => (at === 10 ? byte ^ 1 : byte))))
    const read: Buffer[] = []
    const error = await (async () => {
      for await (const piece of layout.read({ start: 0, end: layout.size })) read.push(Buffer.from(piece))
      return undefined
    })().catch((cause: unknown) => cause)
    expect([isMirrorError(error, 'TREE_DAMAGED'), Buffer.concat(read).length < layout.size]).toEqual([true, true])
    fs.rmSync(artifact)
    await expect(planGeneration(reader, { folder: 'team', base: undefined })).rejects.toMatchObject({ code: 'TREE_DAMAGED' })
  })
})

async function referToGeneration(hub: Hub, reader: StoreReader): Promise<string> {
  const near = join(hub.folder, 'kept')
  fs.mkdirSync(near)
  const planned = await planGeneration(reader, { folder: 'team', base: undefined })
  if (planned.status !== 'planned') throw new Error(planned.status)
  const path = join(hub.folder, 'seed.tar')
  fs.writeFileSync(path, await collect(layoutTar(generationMembers(reader, planned.delta))))
  await applyDelta({ from: path, mirror: near })
  return await referTo(near, hub.folder)
}

async function readAll(opening: ReturnType<StoreReader['openFile']>): Promise<Uint8Array> {
  const opened = await opening
  const pieces: Buffer[] = []
  if (opened.status === 'found') for await (const piece of opened.body) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}
