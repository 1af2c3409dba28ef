import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createDiskStore } from '@mirror/store'
import { describe } from 'vitest'
import { applyDelta, openDelta, openDeltaRecorder } from '../src/index.ts'
import { planApply } from '../src/apply/plan-apply.ts'
import { test } from './test.ts'
import { FIRST, readTree, SECOND, type World } from './world.ts'

/** Drives a recording store as a sync does: with a changeset, from artifacts that lie in `near`, to `delta_pkgs`. */
async function record(world: World, mirror: string, expectMissing?: (count: number) => void): Promise<string> {
  const directory = join(world.folder, 'delta_pkgs')
  const store = createDiskStore({ root: mirror })
  const recorder = openDeltaRecorder(directory)
  const recording = recorder.record('', store)
  const full = join(world.folder, 'plan')
  await world.create([], { directory: full })
  await using delta = await openDelta(full)
  const [part] = delta?.manifest.channels ?? []
  if (delta === undefined || part === undefined) throw new Error('no delta')
  const plan = await planApply({ delta, part, root: mirror, reader: await recording.read(), signal: undefined })
  const begun = await recording.begin(plan.changeset)
  if (begun.status !== 'begun') throw new Error(begun.status)
  const missing = await Array.fromAsync(begun.transaction.missing())
  expectMissing?.(missing.length)
  for (const artifact of missing) await begun.transaction.put(artifact, delta.open(`${artifact.subdir}/${artifact.name}`))
  for (const { file, open } of plan.files) await begun.transaction.putFile(file, open())
  await begun.transaction.commit()
  await recorder.finish({ sequence: 7, guards: 'satisfied' })
  return directory
}

describe('openDeltaRecorder()', () => {
  test('leaves the mirror as it is, and records what brings another one up to date', async ({ world, expect }) => {
    await world.create([], { tarball: join(world.folder, 'seed.tar') })
    const mirror = join(world.folder, 'mirror')
    for (const root of [mirror, world.far]) await applyDelta({ from: join(world.folder, 'seed.tar'), mirror: root })
    const before = readTree(mirror)
    const log = readdirSync(join(mirror, '.mirror', 'generations'))
    await world.change(FIRST)
    const directory = await record(world, mirror, (count) => expect(count).toBe(2))
    expect(readTree(mirror)).toEqual(before)
    expect(readdirSync(join(mirror, '.mirror', 'generations'))).toEqual(log)
    const report = await applyDelta({ from: directory, mirror: world.far, grace: 0 })
    expect(report).toMatchObject({ status: 'applied', delta: { sequence: 7, guards: 'satisfied' }, channels: [{ totals: { add: 2, remove: 1 } }] })
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })

  test('holds after a second run exactly what leads to the newest state, and asks only for what it has not', async ({ world, expect }) => {
    await world.create([], { tarball: join(world.folder, 'seed.tar') })
    await applyDelta({ from: join(world.folder, 'seed.tar'), mirror: world.far })
    await world.change(FIRST)
    await record(world, world.far)
    await world.change({ ...SECOND, remove: { 'linux-64': ['new-1.0-0.conda'] } })
    const directory = await record(world, world.far, (count) => expect(count).toBe(2))
    const names = [...readTree(directory).keys()].filter((path) => /\.(?:conda|tar\.bz2)$/.test(path))
    expect(names).toEqual(['linux-64/alpha-2.0-0.conda', 'noarch/late-3.0-0.conda', 'noarch/late-3.0-0.tar.bz2'])
    await applyDelta({ from: directory, mirror: world.far, grace: 0 })
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })

  test('without its end is no delta', async ({ world, expect }) => {
    const directory = join(world.folder, 'delta_pkgs')
    openDeltaRecorder(directory)
    expect(existsSync(join(directory, '.conda-delta'))).toBe(true)
    await expect(applyDelta({ from: directory, mirror: world.far })).rejects.toMatchObject({ code: 'DELTA_NO_MANIFEST' })
  })

  test('says that nothing changed with a delta that has no channel', async ({ world, expect }) => {
    const directory = join(world.folder, 'delta_pkgs')
    const { seal } = await openDeltaRecorder(directory).finish({ sequence: 1, guards: 'satisfied' })
    expect(seal).toBeUndefined()
    expect((await applyDelta({ from: directory, mirror: world.far })).status).toBe('unchanged')
    rmSync(directory, { recursive: true })
  })

  test('refuses bytes that are not what the index says', async ({ world, expect }) => {
    const store = createDiskStore({ root: world.far })
    const recording = openDeltaRecorder(join(world.folder, 'delta_pkgs')).record('', store)
    await world.create([], { directory: join(world.folder, 'plan') })
    await using delta = await openDelta(join(world.folder, 'plan'))
    const [part] = delta?.manifest.channels ?? []
    if (delta === undefined || part === undefined) throw new Error('no delta')
    const { changeset } = await planApply({ delta, part, root: world.far, reader: undefined, signal: undefined })
    const begun = await recording.begin(changeset)
    if (begun.status !== 'begun') throw new Error(begun.status)
    const [artifact] = await Array.fromAsync(begun.transaction.missing())
    if (artifact === undefined) throw new Error('nothing is missing')
    await expect(begun.transaction.put(artifact, new Uint8Array(artifact.size))).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
    await expect(begun.transaction.put(artifact, new Uint8Array(1))).rejects.toMatchObject({ code: 'SIZE_MISMATCH' })
    await expect(begun.transaction.commit()).rejects.toMatchObject({ code: 'TRANSACTION_INCOMPLETE' })
  })
})
