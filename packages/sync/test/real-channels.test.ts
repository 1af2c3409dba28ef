import { cp, lstat, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseSubdirName } from '@mirror/core'
import { type ChannelServer, checkMirror, faults, serveChannel } from '@mirror/test-fixtures'
import { describe, test as base } from 'vitest'
import type { SyncOptions } from '../src/index.ts'
import { findRealChannels, type RealChannel } from './real-data.ts'
import { readVariants, solveAll, VARIANT_FILES, type VariantName, VARIANTS } from './solve.ts'
import { runSync } from './run-sync.ts'

const channels = findRealChannels()
const complete = channels.filter(({ faults: found }) => found.length === 0)
const incomplete = channels.filter(({ faults: found }) => found.length > 0)
const SPECS = 8

const test = base.extend<{ folder: string }>({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'real-'))
    await use(folder)
    await rm(folder, { recursive: true, force: true })
  },
})

function wholeOf({ subdirs }: RealChannel): Pick<SyncOptions, 'subdirs' | 'variants'> {
  return {
    subdirs: subdirs.map((subdir) => ({ subdir: parseSubdirName(subdir), required: true })),
    variants: { zst: true, shards: true, bz2: true },
  }
}

/** Which indexes of the mirror are not upstream's, byte for byte. */
async function differingIndexes(channel: RealChannel, mirror: string): Promise<readonly string[]> {
  const differing: string[] = []
  for (const subdir of channel.subdirs) {
    const upstream = await readFile(join(channel.folder, subdir, 'repodata.json'))
    if (!upstream.equals(await readFile(join(mirror, subdir, 'repodata.json')))) differing.push(subdir)
  }
  return differing
}

/** Identity and time of everything below a folder. */
async function stamps(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true })
  const described = ['.', ...entries].map(async (name) => {
    const { ino, mtimeNs, ctimeNs, size } = await lstat(join(folder, name), { bigint: true })
    return [name, `${ino} ${mtimeNs} ${ctimeNs} ${size}`] as const
  })
  return new Map(await Promise.all(described))
}

/** Some of a list, spread evenly. */
function some(names: readonly string[], count: number): readonly string[] {
  const step = Math.max(1, Math.ceil(names.length / count))
  return names.filter((_name, at) => at % step === 0)
}

function hideOtherVariants(server: ChannelServer, variant: VariantName): void {
  const hidden = VARIANTS.filter((other) => other !== variant).flatMap((other) => ['GET', 'HEAD'].map((method) => ({ method, path: `/${VARIANT_FILES[other]}` })))
  for (const { method, path } of hidden) server.misbehave({ path, method, fault: faults.status(404) })
}

const isPlatform = (subdir: string): boolean => !subdir.endsWith('-fake')

// Real channels are not in the repository: skipped where their folder is absent.
describe.skipIf(channels.length === 0)('syncChannel() on real channels (MIRROR_TEST_DATA)', () => {
  for (const { name, faults: found, listed } of incomplete) {
    test(`${name} is not complete: ${found.length} faults in ${listed} artifacts, first ${found[0] ?? ''}`, ({ expect, skip }) => {
      expect(found.length).toBeGreaterThan(0)
      skip(found[0])
    })
  }

  test('there are some', ({ expect }) => {
    expect(complete.length).toBeGreaterThan(5)
    expect(complete.reduce((sum, { listed }) => sum + listed, 0)).toBeGreaterThan(250)
  })

  describe.each(complete)('$name', { timeout: 60_000 }, (channel) => {
    test('mirrors it from a folder, byte for byte', async ({ expect, folder }) => {
      const mirror = join(folder, 'mirror')
      const { report } = await runSync(channel.folder, { folder, mirror }, wholeOf(channel))
      expect(report).toMatchObject({ status: 'committed', failed: [], held: [], fetched: { artifacts: channel.listed } })
      expect(await differingIndexes(channel, mirror)).toEqual([])
      expect(await checkMirror(mirror, { subdirs: channel.subdirs })).toEqual({ artifacts: channel.listed, problems: [], extra: [] })
    })

    test('mirrors it over HTTP, byte for byte; a second run asks and writes nothing', async ({ expect, folder }) => {
      await using server = await serveChannel(channel.folder)
      const mirror = join(folder, 'mirror')
      const { report } = await runSync(server.url, { folder, mirror }, wholeOf(channel))
      expect(report).toMatchObject({ status: 'committed', failed: [], held: [], fetched: { artifacts: channel.listed } })
      expect(await differingIndexes(channel, mirror)).toEqual([])
      expect(await checkMirror(mirror, { subdirs: channel.subdirs })).toEqual({ artifacts: channel.listed, problems: [], extra: [] })

      const before = await stamps(mirror)
      server.reset()
      const again = await runSync(server.url, { folder, mirror }, wholeOf(channel))
      expect(again.report).toMatchObject({ status: 'unchanged', fetched: { artifacts: 0, bytes: 0 }, warnings: [] })
      expect(server.requests.map(({ status }) => status)).toEqual(channel.subdirs.map(() => 304))
      expect(await stamps(mirror)).toEqual(before)
    })

    test('is solved as upstream is, through each form of the index', async ({ expect, folder }) => {
      const mirror = join(folder, 'mirror')
      await runSync(channel.folder, { folder, mirror }, wholeOf(channel))
      // Rattler asks one server for one form only, so the others must not be there.
      const plain = join(folder, 'plain')
      await cp(channel.folder, plain, { recursive: true, filter: (path) => !/\.(?:zst|bz2)$|shards$/.test(path) || path.endsWith('.tar.bz2') })
      await using upstream = await serveChannel(plain)
      const specs = some(channel.packages, SPECS)
      for (const platform of channel.subdirs.filter(isPlatform)) {
        const expected = await solveAll(upstream.url, specs, platform)
        for (const variant of VARIANTS) {
          await using server = await serveChannel(mirror)
          hideOtherVariants(server, variant)
          expect(await solveAll(server.url, specs, platform)).toEqual(expected)
          expect(readVariants(server.requests)).toEqual(specs.length === 0 ? [] : [variant])
        }
      }
    })
  })
})
