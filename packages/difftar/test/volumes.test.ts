import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe } from 'vitest'
import { type ApplyDeltaOptions, applyDelta, type ApplyReport, createKeyPair, openDelta, parsePublicKey, parseSecretKey } from '../src/index.ts'
import { test } from './test.ts'
import { FIRST, readTree, type World } from './world.ts'

const ARRIVED = join('.mirror', 'arrived')

/** Makes volumes of all that the near mirror has, each on a disc of its own. */
async function burn(world: World, name = 'discs', more: Parameters<World['create']>[2] = {}): Promise<readonly string[]> {
  const folder = join(world.folder, name)
  mkdirSync(folder)
  const { written } = await world.create([], { tarball: join(folder, 'update.tar'), volumeSize: 30_720 }, more)
  return written.map((path, place) => {
    const disc = join(folder, `disc-${place + 1}`)
    mkdirSync(disc)
    copyFileSync(path, join(disc, basename(path)))
    rmSync(path)
    return join(disc, basename(path))
  })
}

async function bring(world: World, volumes: readonly string[], more: Partial<ApplyDeltaOptions> = {}): Promise<ApplyReport> {
  return applyDelta({ from: volumes, mirror: world.far, incomplete: 'keep', ...more })
}

/** Names of what is kept, by delta. */
function keptIn({ far }: World): readonly string[] {
  const folder = join(far, ARRIVED)
  return existsSync(folder) ? readdirSync(folder).flatMap((delta) => readdirSync(join(folder, delta))).toSorted() : []
}

function damage(path: string): void {
  const bytes = readFileSync(path)
  const at = bytes.length - 12_000
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
}

describe('volumes that come one at a time', () => {
  test('in any order: what came is kept, what is missing is named, and nothing is public until all are there', async ({ world, expect }) => {
    const discs = await burn(world)
    const of = discs.length
    expect(of).toBeGreaterThan(2)
    const last = discs[0] ?? ''
    for (const [place, disc] of discs.entries()) {
      if (place === 0) continue
      const report = await bring(world, [disc])
      expect(report).toMatchObject({ status: 'waiting', channels: [], volumes: { of, here: Array.from({ length: place }, (_, number) => number + 2), missing: [1, ...Array.from({ length: of - place - 1 }, (_, number) => number + place + 2)] } })
      expect([...readTree(world.far).keys()]).toEqual([])
      rmSync(disc)
    }
    expect(await bring(world, [last])).toMatchObject({ status: 'applied', volumes: { of, missing: [] } })
    expect(readTree(world.far)).toEqual(readTree(world.near))
    expect(existsSync(join(world.far, ARRIVED))).toBe(false)
    expect((await bring(world, [last])).status).toBe('unchanged')
  })

  test('several at once, from several folders, and one twice', async ({ world, expect }) => {
    const discs = await burn(world)
    expect((await bring(world, discs.slice(1))).volumes?.missing).toEqual([1])
    expect((await bring(world, discs.slice(2, 3))).volumes?.missing).toEqual([1])
    expect((await bring(world, discs.slice(0, 2))).status).toBe('applied')
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })

  test('a bad disc is named and not kept; another copy of it takes its place', async ({ world, expect }) => {
    const discs = await burn(world)
    const [first = '', second = ''] = discs
    const good = readFileSync(second)
    await bring(world, [first])
    damage(second)
    await expect(bring(world, [second])).rejects.toMatchObject({ code: expect.stringMatching(/^DELTA_(?:DAMAGED|UNSAFE_ARCHIVE)$/), message: expect.stringContaining(second) })
    expect(keptIn(world)).toEqual(['1.tar'])
    writeFileSync(second, good.subarray(0, good.length - 11_000))
    await expect(bring(world, [second])).rejects.toMatchObject({ code: 'DELTA_UNSAFE_ARCHIVE', message: expect.stringContaining(second) })
    expect(keptIn(world)).toEqual(['1.tar'])
    writeFileSync(second, good)
    await bring(world, [second])
    expect((await bring(world, discs.slice(2))).status).toBe('applied')
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })

  test('what rotted after it was kept is found before anything is public, and comes right when the volume comes again', async ({ world, expect }) => {
    const discs = await burn(world)
    await bring(world, discs.slice(0, -1))
    const [delta = ''] = readdirSync(join(world.far, ARRIVED))
    const kept = join(world.far, ARRIVED, delta, '2.tar')
    damage(kept)
    await expect(bring(world, discs.slice(-1))).rejects.toMatchObject({ code: expect.stringMatching(/^DELTA_/), message: expect.stringContaining(kept) })
    expect([...readTree(world.far).keys()]).toEqual([])
    writeFileSync(kept, 'no volume')
    expect((await bring(world, discs.slice(-1))).volumes?.missing).toEqual([2])
    expect((await bring(world, discs.slice(1, 2))).status).toBe('applied')
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })

  test('volumes of two deltas are not mixed, and what is left of one is named', async ({ world, expect }) => {
    const older = await burn(world, 'older')
    await world.change(FIRST)
    const newer = await burn(world, 'newer')
    await bring(world, older.slice(1, 2))
    await expect(bring(world, [older[0] ?? '', newer[1] ?? ''])).rejects.toMatchObject({ code: 'DELTA_INCOMPLETE', message: expect.stringContaining('is not a volume of the same delta') })
    await bring(world, newer.slice(1))
    const left: string[] = []
    await bring(world, newer.slice(0, 1), { observe: (event) => { if (event.type === 'volumes-left') left.push(event.folder) } })
    expect(left).toHaveLength(1)
    expect(readdirSync(left[0] ?? '')).toEqual(['2.tar'])
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })

  test('every volume is trusted by itself: without the key none is kept', async ({ world, expect }) => {
    const [pair, other] = [createKeyPair(), createKeyPair()]
    const discs = await burn(world, 'signed', { key: parseSecretKey(pair.secretKey) })
    const [unsigned = ''] = (await burn(world, 'unsigned')).slice(1)
    await expect(bring(world, discs.slice(1, 2), { keys: [parsePublicKey(other.publicKey)] })).rejects.toMatchObject({ code: 'DELTA_SIGNATURE_WRONG' })
    await expect(bring(world, [unsigned], { keys: [parsePublicKey(pair.publicKey)] })).rejects.toMatchObject({ code: 'DELTA_UNSIGNED' })
    expect(existsSync(world.far)).toBe(false)
    const keys = [parsePublicKey(pair.publicKey)]
    await bring(world, discs.slice(1), { keys })
    expect((await bring(world, discs.slice(0, 1), { keys })).delta?.signedBy).toBe(pair.id)
  })

  test('one that does not fit is refused when its first volume comes', async ({ world, expect }) => {
    const reference = await world.refer('reference')
    await world.create([], { tarball: join(world.folder, 'seed.tar') })
    await applyDelta({ from: join(world.folder, 'seed.tar'), mirror: world.far })
    await world.change(FIRST)
    const skipped = await world.refer('skipped')
    await world.change({ add: { noarch: [{ name: 'large', version: '1.0', size: 20_000 }, { name: 'other', version: '1.0', size: 20_000 }] } })
    const { written } = await world.create([skipped], { tarball: join(world.folder, 'skipped.tar'), volumeSize: 40_960 })
    const request = join(world.folder, 'request.jsonl')
    await expect(bring(world, written.slice(1, 2), { request })).rejects.toMatchObject({ code: 'DELTA_BASE_MISMATCH' })
    expect(keptIn(world)).toEqual([])
    expect(existsSync(request)).toBe(true)
    expect(existsSync(reference)).toBe(true)
  })

  test('a dry run keeps nothing, and counts what was kept', async ({ world, expect }) => {
    const discs = await burn(world)
    await expect(bring(world, discs.slice(0, 1), { dryRun: true })).rejects.toMatchObject({ code: 'DELTA_INCOMPLETE' })
    expect(existsSync(world.far)).toBe(false)
    await bring(world, discs.slice(1))
    expect((await bring(world, discs.slice(0, 1), { dryRun: true })).status).toBe('planned')
    expect(keptIn(world)).toHaveLength(discs.length - 1)
  })

  test('a volume that says more than it may is refused', async ({ world, expect }) => {
    const discs = await burn(world)
    const [, second = ''] = discs
    const bytes = readFileSync(second, 'latin1')
    const of = discs.length
    for (const [found, wrong] of [[`"volume":2,"of":${of}`, `"volume":9,"of":${of}`], [`"volume":2,"of":${of}`, `"volume":2,"of":9`], [`"volume":2,"of":${of}`, `"volume":3,"of":${of}`]] as const) {
      writeFileSync(second, bytes.replace(found, wrong), 'latin1')
      await expect(bring(world, [second]), wrong).rejects.toMatchObject({ code: expect.stringMatching(/^DELTA_/) })
    }
    writeFileSync(second, bytes.replace('"delta":"', '"delta":"../'), 'latin1')
    await expect(bring(world, [second])).rejects.toMatchObject({ code: 'DELTA_UNSAFE_ARCHIVE' })
    expect(keptIn(world)).toEqual([])
  })

  test('each volume has the manifest, and can be unpacked and verified alone', async ({ world, expect }) => {
    const discs = await burn(world)
    for (const disc of discs) await expect(openDelta(disc)).rejects.toMatchObject({ code: 'DELTA_INCOMPLETE', message: expect.stringContaining(`of ${discs.length} is not there`) })
    for (const disc of discs) {
      await using delta = await openDelta(disc, { arrived: join(world.folder, 'nothing') })
      expect(delta?.manifest.volumes).toHaveLength(discs.length)
      expect(delta?.volumes?.here).toHaveLength(1)
    }
  })

  test('killed while it copies: what was kept stays, and what was begun goes', async ({ world, expect }) => {
    const discs = await burn(world)
    await bring(world, discs.slice(0, 1))
    const script = join(import.meta.dirname, 'crash', 'bring-and-die.ts')
    const child = spawn(process.execPath, ['--no-warnings', script, world.far, discs[1] ?? ''], { stdio: 'inherit' })
    const [, signal] = await once(child, 'exit')
    expect(signal).toBe('SIGKILL')
    const [delta = ''] = readdirSync(join(world.far, ARRIVED))
    const begun = readdirSync(join(world.far, ARRIVED, delta)).filter((name) => name.endsWith('.part'))
    expect(begun).toHaveLength(1)
    const path = join(world.far, ARRIVED, delta, begun[0] ?? '')
    expect(statSync(path).size).toBeGreaterThan(0)
    const before = new Date(Date.now() - 2 * 3_600_000)
    utimesSync(path, before, before)
    expect((await bring(world, discs.slice(1, -1))).volumes?.missing).toEqual([discs.length])
    expect(keptIn(world)).toEqual(discs.slice(0, -1).map((_, place) => `${place + 1}.tar`))
    expect((await bring(world, discs.slice(-1))).status).toBe('applied')
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })
})
