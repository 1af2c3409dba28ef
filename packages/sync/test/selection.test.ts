import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseChannelUrl, parseMatchSpec, parseSubdirName } from '@mirror/core'
import { createRepositoryClient } from '@mirror/repository-client'
import type { ClosureChoice } from '@mirror/selection'
import { changeChannel, type ChannelDescription, faults } from '@mirror/test-fixtures'
import { createDiskStore } from '@mirror/store'
import { describe } from 'vitest'
import type { AlongsideChannel } from '../src/index.ts'
import type { Run } from './run-sync.ts'
import { test, type World } from './world.ts'

const DAY = 24 * 3_600_000

/** Each name in several versions, so that rules have something to choose from. */
const VERSIONS: ChannelDescription = {
  subdirs: {
    noarch: [{ name: 'alpha' }, { name: 'beta', depends: ['alpha'] }],
    'linux-64': [
      { name: 'gamma', version: '1.0', depends: ['beta >=1'] }, { name: 'gamma', version: '2.0', depends: ['beta >=1'] }, { name: 'gamma', version: '10.0', depends: ['beta >=1'] },
      { name: 'delta', format: 'both' }, { name: 'epsilon', size: 30_000 },
    ],
  },
  index: { variants: ['zst'] },
}

async function listed({ mirror }: World, subdir: string): Promise<readonly string[]> {
  const { packages, 'packages.conda': condas } = JSON.parse(await readFile(join(mirror, subdir, 'repodata.json'), 'utf8')) as Record<string, Record<string, unknown>>
  return [...Object.keys(packages ?? {}), ...Object.keys(condas ?? {})].toSorted()
}

function closureOf(...specs: readonly string[]): ClosureChoice {
  return { specs: specs.map((spec) => parseMatchSpec(spec)), artifacts: [], virtualPackages: new Map() }
}

describe('syncChannel() with a selection', () => {
  test('mirrors what is wanted and nothing else, in every variant', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(VERSIONS)
    const { report } = await world.sync({ selection: { blacklist: ['epsilon'], latest: { versions: 2 } } })
    expect(report).toMatchObject({ status: 'committed', totals: { add: 6 }, fetched: { artifacts: 6 } })
    expect(await listed(world, 'linux-64')).toEqual(['delta-1.0-0.conda', 'delta-1.0-0.tar.bz2', 'gamma-10.0-0.conda', 'gamma-2.0-0.conda'])
    const checked = await world.check()
    expect(checked).toMatchObject({ problems: [], artifacts: 6 })
    const linux = report.subdirs.find(({ subdir }) => subdir === 'linux-64')
    expect(linux?.rules.map(({ rule, records }) => [rule, records])).toEqual([['blacklist', 1], ['latest', 1]])
    expect(linux?.rules[0]?.bytes).toBeGreaterThan(30_000)
    expect(linux?.leftOut).toEqual([])
  })

  test('asks on condition and writes nothing while neither upstream nor the selection changes', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(VERSIONS)
    const selection = { blacklist: ['epsilon'] }
    await world.sync({ selection })
    world.server.reset()
    const { report } = await world.sync({ selection: { blacklist: ['epsilon'] } })
    expect(report.status).toBe('unchanged')
    expect(world.server.requests.map(({ status }) => status)).toEqual([304, 304])
    expect(report.subdirs.find(({ subdir }) => subdir === 'linux-64')?.rules).toMatchObject([{ rule: 'blacklist', records: 1 }])
  })

  test('follows a changed selection both ways', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(VERSIONS)
    await world.sync({ selection: { latest: { versions: 1 } } })
    const wider = await world.sync({ selection: { latest: { versions: 3 } } })
    expect(wider.report).toMatchObject({ status: 'committed', totals: { add: 2, remove: 0 }, fetched: { artifacts: 2 } })
    const narrower = await world.sync({ selection: { latest: { versions: 2 } } })
    expect(narrower.report).toMatchObject({ status: 'committed', totals: { add: 0, remove: 1 } })
    expect((await world.check()).problems).toEqual([])
  })

  test('publishes upstream\'s own bytes when the selection leaves nothing out', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(VERSIONS)
    await world.sync({ selection: { blacklist: ['nobody'] } })
    expect((await readFile(join(world.mirror, 'linux-64/repodata.json'))).equals(await readFile(join(world.upstream, 'linux-64/repodata.json')))).toBe(true)
  })

  test('refuses a changed selection that removes more than half, unless it is allowed', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(VERSIONS)
    await world.sync()
    const selection = { blacklist: ['gamma', 'delta'] }
    const { report } = await world.sync({ selection })
    expect(report).toMatchObject({ status: 'refused', verdicts: [{ guard: 'selection', subdir: 'linux-64', override: '--allow-selection' }] })
    expect(await listed(world, 'linux-64')).toHaveLength(6)
    expect((await world.sync({ selection, limits: { selectionShare: Infinity } })).report.status).toBe('committed')
    expect(await listed(world, 'linux-64')).toEqual(['epsilon-1.0-0.conda'])
  })

  test('does not take a shrinking upstream for a changed selection', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(VERSIONS)
    await world.sync({ selection: { blacklist: ['epsilon'] } })
    await changeChannel(world.upstream, { remove: { 'linux-64': ['gamma-1.0-0.conda', 'gamma-2.0-0.conda', 'gamma-10.0-0.conda'] } })
    const { report } = await world.sync({ selection: { blacklist: ['epsilon'] }, limits: { shrinkRecords: 1 } })
    expect(report).toMatchObject({ status: 'refused', verdicts: [{ guard: 'shrink', subdir: 'linux-64' }] })
  })

  test('refuses a selection that leaves nothing at all', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(VERSIONS)
    await expect(world.sync({ selection: { packages: ['nobody'] } })).rejects.toMatchObject({ code: 'SELECTION_EMPTY' })
  })

  test('refuses more than the budget before the first artifact', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(VERSIONS)
    const { report } = await world.sync({ budget: { artifacts: 7, bytes: 1_000_000 } })
    expect(report).toMatchObject({ status: 'refused', verdicts: [{ guard: 'budget', override: undefined }] })
    expect(world.server.requests.filter(({ path }) => /\.(?:conda|tar\.bz2)$/.test(path))).toEqual([])
    expect((await world.sync({ budget: { artifacts: 8 } })).report.status).toBe('committed')
    expect((await world.sync({ budget: { artifacts: 7 } })).report.status).toBe('refused')
  })

  test('looks again when a record comes of age, though upstream did not change', async ({ expect, createWorldOf }) => {
    const now = Date.now()
    const world = await createWorldOf({ subdirs: { 'linux-64': [{ name: 'old', timestamp: now - 10 * DAY }, { name: 'young', timestamp: now - DAY + 5000 }] } })
    const selection = { minimumAge: DAY }
    await world.sync({ selection, now: () => now })
    expect(await listed(world, 'linux-64')).toEqual(['old-1.0-0.conda'])
    expect((await world.sync({ selection, now: () => now + 4000 })).report.status).toBe('unchanged')
    expect((await world.sync({ selection, now: () => now + 6000 })).report.status).toBe('committed')
    expect(await listed(world, 'linux-64')).toEqual(['old-1.0-0.conda', 'young-1.0-0.conda'])
  })

  describe('that is a closure', () => {
    test('keeps what its seeds need, across subdirs', async ({ expect, createWorldOf }) => {
      const world = await createWorldOf(VERSIONS)
      await world.sync({ selection: { closure: closureOf('gamma >=2') } })
      expect(await listed(world, 'linux-64')).toEqual(['gamma-10.0-0.conda', 'gamma-2.0-0.conda'])
      expect(await listed(world, 'noarch')).toEqual(['alpha-1.0-0.conda', 'beta-1.0-0.conda'])
    })

    test('reads an index that did not change when another did, because what is needed of it may have', async ({ expect, createWorldOf }) => {
      const world = await createWorldOf(VERSIONS)
      const selection = { closure: closureOf('epsilon') }
      await world.sync({ selection })
      expect(await listed(world, 'noarch')).toEqual([])
      await changeChannel(world.upstream, { relist: { 'linux-64': { 'epsilon-1.0-0.conda': { depends: ['alpha'] } } } })
      const { report } = await world.sync({ selection })
      expect(report.status).toBe('committed')
      expect(await listed(world, 'noarch')).toEqual(['alpha-1.0-0.conda'])
    })

    test('holds everything while one of its indexes cannot be read', async ({ expect, createWorldOf }) => {
      const world = await createWorldOf(VERSIONS)
      const selection = { closure: closureOf('gamma') }
      await world.sync({ selection })
      await changeChannel(world.upstream, { add: { 'linux-64': [{ name: 'zeta' }] } })
      world.server.misbehave({ path: /noarch\/repodata/, fault: faults.status(500) })
      const { report } = await world.sync({ selection })
      expect(report.held.map(({ code }) => code)).toContain('SELECTION_INCOMPLETE')
      expect(await listed(world, 'linux-64')).toHaveLength(3)
    })

    test('says what cannot be had, before anything is fetched', async ({ expect, createWorldOf }) => {
      const world = await createWorldOf(VERSIONS)
      await expect(world.sync({ selection: { closure: closureOf('gamma >=11') } })).rejects.toMatchObject({ code: 'CLOSURE_UNSOLVABLE' })
      expect(world.server.requests.filter(({ path }) => /\.(?:conda|tar\.bz2)$/.test(path))).toEqual([])
    })
  })

  describe('that is a closure over several channels', () => {
    async function createPair(createWorldOf: (description: ChannelDescription) => Promise<World>): Promise<{ readonly base: World; readonly extra: World; readonly sync: () => Promise<Run> }> {
      const base = await createWorldOf({ subdirs: { noarch: [{ name: 'alpha' }], 'linux-64': [{ name: 'libbase', version: '1.0' }, { name: 'libbase', version: '2.0' }, { name: 'other' }] }, index: { variants: ['zst'] } })
      const extra = await createWorldOf({ subdirs: { 'linux-64': [{ name: 'tool', depends: ['libbase >=2'] }, { name: 'idle' }] }, index: { variants: ['zst'] } })
      const selection = { closure: closureOf('tool') }
      const open = async ({ server, mirror }: World): Promise<AlongsideChannel & AsyncDisposable> => {
        const channel = parseChannelUrl(server.url, { folder: 'channel' })
        const spoolFolder = await mkdtemp(join(tmpdir(), 'alongside-'))
        const client = createRepositoryClient({ channel, spoolFolder, retry: { base: 1, maximum: 5 } })
        const close = async (): Promise<void> => {
          await client.close()
          await rm(spoolFolder, { recursive: true, force: true })
        }
        return { channel, client, store: createDiskStore({ root: mirror }), subdirs: [{ subdir: parseSubdirName('linux-64'), required: false }], selection, [Symbol.asyncDispose]: close }
      }
      const syncOne = async (one: World, other: World): Promise<Run> => {
        await using alongside = await open(other)
        return await one.sync({ selection, alongside: [alongside] })
      }
      const sync = async (): Promise<Run> => {
        await syncOne(extra, base)
        return await syncOne(base, extra)
      }
      return { base, extra, sync }
    }

    test('keeps in each what the seeds need of it', async ({ expect, createWorldOf }) => {
      const { base, extra, sync } = await createPair(createWorldOf)
      await sync()
      expect(await listed(extra, 'linux-64')).toEqual(['tool-1.0-0.conda'])
      expect(await listed(base, 'linux-64')).toEqual(['libbase-2.0-0.conda'])
      base.server.reset()
      extra.server.reset()
      expect((await sync()).report.status).toBe('unchanged')
      expect([...base.server.requests, ...extra.server.requests].every(({ status }) => status === 304)).toBe(true)
    })

    test('follows a change of the other channel', async ({ expect, createWorldOf }) => {
      const { base, extra, sync } = await createPair(createWorldOf)
      await sync()
      await changeChannel(extra.upstream, { relist: { 'linux-64': { 'tool-1.0-0.conda': { depends: ['libbase', 'alpha'] } } } })
      expect((await sync()).report.status).toBe('committed')
      expect(await listed(base, 'linux-64')).toEqual(['libbase-1.0-0.conda', 'libbase-2.0-0.conda'])
      expect(await listed(base, 'noarch')).toEqual(['alpha-1.0-0.conda'])
    })

    test('holds what changed while the other cannot be read, and leaves alone what did not', async ({ expect, createWorldOf }) => {
      const { base, extra, sync } = await createPair(createWorldOf)
      await sync()
      extra.server.misbehave({ path: /repodata/, fault: faults.status(500) })
      expect((await sync()).report.status).toBe('unchanged')
      await changeChannel(base.upstream, { add: { 'linux-64': [{ name: 'libbase', version: '3.0' }] } })
      const { report } = await sync()
      expect(report.held).toMatchObject([{ subdir: 'noarch', code: 'SELECTION_INCOMPLETE' }, { subdir: 'linux-64', code: 'SELECTION_INCOMPLETE' }])
      expect(await listed(base, 'linux-64')).toEqual(['libbase-2.0-0.conda'])
    })
  })

  test('a selection for one subdir leaves those alone that nobody asks for any more', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf({ ...VERSIONS, subdirs: { ...VERSIONS.subdirs, 'osx-64': [{ name: 'gamma' }] } })
    await world.sync({ subdirs: [{ subdir: parseSubdirName('linux-64'), required: false }, { subdir: parseSubdirName('osx-64'), required: false }] })
    const { report } = await world.sync({ selection: { blacklist: ['gamma'] } })
    expect(report.subdirs.find(({ subdir }) => subdir === 'osx-64')?.status).toBe('unselected')
    expect(await listed(world, 'osx-64')).toEqual(['gamma-1.0-0.conda'])
  })
})
