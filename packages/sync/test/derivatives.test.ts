import { access, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { changeChannel, faults } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { NO_DERIVATIVES } from '../src/derivatives/choice.ts'
import { SMALL, test, type World } from './world.ts'

const ALL = { currentRepodata: true, runExports: true, repodataFromPackages: true, patchInstructions: true, channeldata: true }
const RICH = { ...SMALL, channeldata: true, index: { variants: ['zst', 'current_repodata', 'run_exports'] as const } }

async function readJson(path: string): Promise<Record<string, Record<string, unknown>>> {
  return JSON.parse(await readFile(path, 'utf8')) as Record<string, Record<string, unknown>>
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(() => true, () => false)
}

async function sameFile({ upstream, mirror }: World, path: string): Promise<boolean> {
  return (await readFile(join(upstream, path))).equals(await readFile(join(mirror, path)))
}

/** What the next run comes to, and what upstream answers to it. */
async function statusesOfNext({ server, sync }: World): Promise<ReadonlySet<unknown>> {
  server.reset()
  const { report } = await sync({ derivatives: ALL })
  return new Set([report.status, ...server.requests.map(({ status }) => status)])
}

describe('syncChannel() with derivatives', () => {
  test('mirrors none unless asked to', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(RICH)
    await world.sync()
    expect(await isThere(join(world.mirror, 'linux-64/run_exports.json'))).toBe(false)
    expect(await isThere(join(world.mirror, 'channeldata.json'))).toBe(false)
    expect(world.server.requests.filter(({ path }) => path.includes('run_exports') || path.includes('channeldata'))).toEqual([])
  })

  test('mirrors upstream\'s own bytes of a whole channel, and their .zst', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(RICH)
    const { report } = await world.sync({ derivatives: ALL })
    expect(report.warnings).toEqual([])
    for (const path of ['noarch/current_repodata.json', 'linux-64/run_exports.json', 'linux-64/current_repodata.json', 'channeldata.json']) expect(await sameFile(world, path), path).toBe(true)
    const packed = await readFile(join(world.mirror, 'linux-64/run_exports.json.zst'))
    expect(zstdDecompressSync(packed).equals(await readFile(join(world.mirror, 'linux-64/run_exports.json')))).toBe(true)
    expect((await world.check()).problems).toEqual([])
    expect(await statusesOfNext(world)).toEqual(new Set(['unchanged', 304]))
  })

  test('restricts each to what the mirror lists', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(RICH)
    await world.sync({ derivatives: ALL, selection: { blacklist: ['gamma', 'alpha'] } })
    for (const file of ['repodata.json', 'current_repodata.json', 'run_exports.json']) {
      const { packages, 'packages.conda': condas } = await readJson(join(world.mirror, 'linux-64', file))
      expect([...Object.keys(packages ?? {}), ...Object.keys(condas ?? {})].toSorted(), file).toEqual(['delta-1.0-0.tar.bz2', 'epsilon-2.0-0.conda'])
    }
    const channeldata = await readJson(join(world.mirror, 'channeldata.json'))
    expect(Object.keys(channeldata['packages'] ?? {}).toSorted()).toEqual(['beta', 'delta', 'epsilon'])
    expect((await world.check()).problems).toEqual([])
  })

  test('never leaves one behind that is stale: switched off, it goes; gone upstream, it goes with the next index', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(RICH)
    await world.sync({ derivatives: ALL })
    await world.sync({ derivatives: { ...ALL, channeldata: false, currentRepodata: false } })
    expect(await isThere(join(world.mirror, 'linux-64/current_repodata.json'))).toBe(false)
    expect(await isThere(join(world.mirror, 'linux-64/current_repodata.json.zst'))).toBe(false)
    expect(await isThere(join(world.mirror, 'channeldata.json'))).toBe(false)
    expect(await isThere(join(world.mirror, 'linux-64/run_exports.json'))).toBe(true)
    await world.sync({ derivatives: NO_DERIVATIVES })
    expect(await isThere(join(world.mirror, 'linux-64/run_exports.json'))).toBe(false)
  })

  test('follows a change, together with the index', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(RICH)
    await world.sync({ derivatives: ALL })
    await changeChannel(world.upstream, { add: { 'linux-64': [{ name: 'zeta' }] }, remove: { noarch: ['alpha-1.0-0.conda'] } })
    await world.sync({ derivatives: ALL })
    for (const path of ['noarch/run_exports.json', 'linux-64/run_exports.json', 'channeldata.json']) expect(await sameFile(world, path), path).toBe(true)
  })

  test('leaves out one that is no JSON, and says so', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(RICH)
    await writeFile(join(world.upstream, 'linux-64/run_exports.json.zst'), 'no zstd')
    await writeFile(join(world.upstream, 'channeldata.json'), '[]')
    await writeFile(join(world.upstream, 'linux-64/patch_instructions.json'), '{"packages": {')
    const { report } = await world.sync({ derivatives: ALL })
    expect(report.status).toBe('committed')
    expect(report.warnings.map(({ code }) => code)).toEqual(['DERIVATIVE_SKIPPED', 'DERIVATIVE_SKIPPED', 'DERIVATIVE_SKIPPED'])
    for (const path of ['linux-64/run_exports.json', 'channeldata.json', 'linux-64/patch_instructions.json']) expect(await isThere(join(world.mirror, path)), path).toBe(false)
  })

  test.for(['linux-64/run_exports.json', 'channeldata.json'])('fetches %s with the next run when it could not be had, and rests when all is there', async (path, { expect, createWorldOf }) => {
    const world = await createWorldOf(RICH)
    world.server.misbehave({ path: new RegExp(path), fault: faults.status(503) })
    expect((await world.sync({ derivatives: ALL })).report).toMatchObject({ status: 'committed', warnings: [{ code: 'DERIVATIVE_SKIPPED' }] })
    expect((await world.sync({ derivatives: ALL })).report).toMatchObject({ status: 'unchanged', warnings: [{ code: 'DERIVATIVE_SKIPPED' }] })
    world.server.reset()
    expect((await world.sync({ derivatives: ALL })).report).toMatchObject({ status: 'committed', warnings: [] })
    expect(await sameFile(world, path)).toBe(true)
    expect((await world.check()).problems).toEqual([])
    expect(await statusesOfNext(world)).toEqual(new Set(['unchanged', 304]))
  })

  test('keeps those that are there when a later run cannot have them, and the index is the same', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(RICH)
    world.server.misbehave({ path: /linux-64\/run_exports\.json/, fault: faults.status(503) })
    await world.sync({ derivatives: ALL })
    world.server.reset()
    world.server.misbehave({ path: /current_repodata\.json|channeldata\.json/, fault: faults.status(503) })
    await world.sync({ derivatives: ALL })
    world.server.reset()
    for (const path of ['linux-64/run_exports.json', 'linux-64/current_repodata.json', 'channeldata.json']) expect(await sameFile(world, path), path).toBe(true)
  })

  test('keeps the unpatched index and the instructions, each restricted', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(RICH)
    const unpatched = await readFile(join(world.upstream, 'linux-64/repodata.json'))
    await writeFile(join(world.upstream, 'linux-64/repodata_from_packages.json'), unpatched)
    await writeFile(join(world.upstream, 'linux-64/patch_instructions.json'), JSON.stringify({
      packages: { 'delta-1.0-0.tar.bz2': { license: 'MIT' } }, 'packages.conda': { 'gamma-1.0-0.conda': { depends: [] } }, patch_instructions_version: 1, remove: [], revoke: [],
    }))
    await world.sync({ derivatives: ALL, selection: { blacklist: ['gamma'] } })
    const instructions = await readJson(join(world.mirror, 'linux-64/patch_instructions.json'))
    expect(instructions['packages.conda']).toEqual({})
    expect(instructions['packages']).toEqual({ 'delta-1.0-0.tar.bz2': { license: 'MIT' } })
    const { 'packages.conda': condas } = await readJson(join(world.mirror, 'linux-64/repodata_from_packages.json'))
    expect(Object.keys(condas ?? {})).toEqual(['epsilon-2.0-0.conda'])
  })
})
