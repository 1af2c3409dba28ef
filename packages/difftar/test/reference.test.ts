import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Artifact, isArtifactName, parseSubdirName } from '@mirror/core'
import { createDiskStore } from '@mirror/store'
import { describe } from 'vitest'
import { applyDelta, createDelta, describeGeneration, diffTree, findChannels, readReference, type ReferenceSubdir } from '../src/index.ts'
import { test } from './test.ts'
import { FIRST, formatTree, readTree, SECOND, type World } from './world.ts'

/** What conda-diff-tar 0.10.0 writes, the order of members aside: records of `packages` by absolute folder. */
function writeOldReference({ near, folder }: World, at = near): string {
  const path = join(folder, 'old.json')
  const packagesOf = (subdir: string): unknown => {
    const document: { readonly packages: unknown } = JSON.parse(readFileSync(join(near, subdir, 'repodata.json'), 'utf8'))
    return document.packages
  }
  writeFileSync(path, `${JSON.stringify({ [`${at}/linux-64`]: packagesOf('linux-64'), [`${at}/noarch`]: packagesOf('noarch') }, undefined, 2)}\n`)
  return path
}

async function listingOf({ near }: World, ...references: readonly string[]): Promise<readonly string[]> {
  const channels = findChannels(near, () => undefined)
  const diff = await diffTree({ mirror: near, references: references.map((path) => readReference(path, channels)) })
  return diff.channels.flatMap(({ listing }) => listing)
}

function readSubdirs(path: string, { near }: World): readonly ReferenceSubdir[] {
  try {
    // What is wrong inside of a folder is found when it is read.
    return readReference(path, findChannels(near, () => undefined)).channels.flatMap(({ subdirs }) => [...subdirs.values()]).filter(({ artifacts }) => artifacts.count >= 0)
  } catch {
    return []
  }
}

/** What a walk answers; undefined where it says that it is not whole. */
function walkOf(subdir: ReferenceSubdir): readonly Artifact[] | undefined {
  using walk = subdir.walk?.()
  const walked: Artifact[] = []
  while (walk?.next() === true) if (isArtifactName(walk.names.toString('latin1', walk.nameStart, walk.nameEnd))) walked.push(walk.artifact())
  return walk?.isWhole() === true ? walked : undefined
}

const artifactsOf = (listing: readonly string[]): readonly string[] => listing.filter((path) => /\.(?:conda|tar\.bz2)$/.test(path))

describe('readReference()', () => {
  test('reads what it wrote, of both kinds', async ({ world, expect }) => {
    for (const format of ['compatible', 'compact'] as const) {
      const path = await world.refer(format, format)
      const [channel] = readReference(path, findChannels(world.near, () => undefined)).channels
      expect([...channel?.subdirs.keys() ?? []].toSorted()).toEqual(['linux-64', 'noarch'])
      expect([...channel?.subdirs.values() ?? []].flatMap(({ artifacts }) => [...artifacts]).map(({ name }) => name).toSorted()).toEqual([
        'alpha-1.0-0.conda', 'beta-1.0-0.tar.bz2', 'gamma-1.0-0.conda', 'text-1.0-0.conda', 'text-1.0-0.tar.bz2',
      ])
      expect(await listingOf(world, path)).toEqual([])
    }
  })

  test('finds the folders of an old one wherever the mirror lay', async ({ world, expect }) => {
    const path = writeOldReference(world, '/mnt/old disk/conda')
    expect(artifactsOf(await listingOf(world, path))).toEqual(['linux-64/alpha-1.0-0.conda', 'linux-64/gamma-1.0-0.conda', 'noarch/text-1.0-0.conda'])
  })

  test('sees with an old one what is new, and what was corrected', async ({ world, expect }) => {
    const path = writeOldReference(world)
    await world.change({ relist: { noarch: { 'text-1.0-0.tar.bz2': { depends: ['other'] } } }, add: { 'linux-64': [{ name: 'beta', version: '1.0', format: 'tar.bz2', salt: 'again' }] } })
    const listing = await listingOf(world, path)
    expect(listing).toContain('noarch/repodata.json')
    expect(listing).toContain('linux-64/beta-1.0-0.tar.bz2')
    expect(listing).not.toContain('noarch/text-1.0-0.tar.bz2')
  })

  test('an old one leads to a delta that only asks whether the mirror will be whole', async ({ world, expect }) => {
    world.copy()
    const path = writeOldReference(world)
    await world.change(SECOND)
    const tarball = join(world.folder, 'update.tar')
    const { manifest } = await world.create([path], { tarball })
    expect(manifest.channels[0]?.bases).toEqual([])
    expect((await applyDelta({ from: tarball, mirror: world.far, grace: 0 })).status).toBe('applied')
    const far = readTree(world.far)
    for (const [place, bytes] of readTree(world.near)) expect(far.get(place), place).toBe(bytes)
    mkdirSync(join(world.folder, 'empty'))
    await expect(applyDelta({ from: tarball, mirror: join(world.folder, 'empty') })).rejects.toMatchObject({ code: 'DELTA_INCOMPLETE', details: { missing: expect.arrayContaining(['linux-64/beta-1.0-0.tar.bz2']) } })
  })

  test('reads bytes as JSON reads them: a compatible one that something else wrote again says the same', async ({ world, expect }) => {
    await world.change(FIRST)
    const path = await world.refer('reference.json')
    const read = (text: string): readonly unknown[] => {
      const other = join(world.folder, 'other.json')
      writeFileSync(other, text)
      return readReference(other, findChannels(world.near, () => undefined)).channels.map(({ known, subdirs }) => [known?.id, [...subdirs].map(([subdir, { artifacts, isWeak }]) => [subdir, isWeak, [...artifacts]])])
    }
    const text = readFileSync(path, 'utf8')
    const plain = read(text)
    expect(plain).toHaveLength(1)
    const document: unknown = JSON.parse(text)
    expect(read(JSON.stringify(document))).toEqual(plain)
    expect(read(`${JSON.stringify(document, undefined, 2)}\n`)).toEqual(plain)
    expect(read(text.replace('"size": ', '"size":  '))).toEqual(plain)
    const [, sha256 = ''] = /"sha256": "(\w{64})"/.exec(text) ?? []
    const other = read(text.replace(sha256, sha256.toUpperCase()))
    expect(JSON.stringify(other)).not.toContain(sha256)
  })

  test('a compatible one that is cut, or has a byte other, is refused or says what can be said, and is never read beyond', async ({ world, expect }) => {
    const path = await world.refer('reference.json')
    const bytes = readFileSync(path)
    const other = join(world.folder, 'other.json')
    const meta = bytes.indexOf('\n', 4)
    for (let number = 0; number < 400; number += 1) {
      const at = number % 2 === 0 ? Math.floor((bytes.length * number) / 400) : meta + Math.floor(((bytes.length - meta) * number) / 400)
      const changed = number % 3 === 0 ? bytes.subarray(0, at) : Buffer.concat([bytes.subarray(0, at), Buffer.from([(bytes[at] ?? 0) ^ (1 << (number % 8))]), bytes.subarray(at + 1)])
      writeFileSync(other, changed)
      try {
        const sets = readReference(other, findChannels(world.near, () => undefined)).channels.flatMap(({ subdirs }) => [...subdirs.values()].map(({ artifacts }) => artifacts))
        expect(sets.flatMap((set) => [...set]).map(({ name }) => name).filter((name) => !/^[\w.+!-]+$/.test(name))).toEqual([])
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(?:REFERENCE_INVALID|INDEX_IMPLAUSIBLE)$/) })
      }
    }
  })

  test('a walk tells what the set tells, or that it does not know', async ({ world, expect }) => {
    await world.change(FIRST)
    const bytes = readFileSync(await world.refer('reference.json'))
    const other = join(world.folder, 'other.json')
    const start = bytes.indexOf('\n', 4)
    let whole = 0
    for (let number = 0; number < 300; number += 1) {
      const at = start + Math.floor(((bytes.length - start) * number) / 300)
      writeFileSync(other, number === 0 ? bytes : Buffer.concat([bytes.subarray(0, at), Buffer.from([(bytes[at] ?? 0) ^ (1 << (number % 7))]), bytes.subarray(at + 1)]))
      for (const subdir of readSubdirs(other, world)) {
        const walked = walkOf(subdir)
        if (walked === undefined) continue
        whole += 1
        expect(walked, `byte ${at}`).toEqual([...subdir.artifacts])
      }
    }
    expect(whole).toBeGreaterThan(50)
  })

  test('a walk notices what is not in order', async ({ world, expect }) => {
    const text = readFileSync(await world.refer('reference.json'), 'utf8')
    const other = join(world.folder, 'other.json')
    const [, first = '', second = ''] = /(    "alpha[^}]*\})[^"]*(    "beta[^}]*\})/s.exec(text) ?? []
    writeFileSync(other, text.replace(first, '@').replace(second, first).replace('@', second))
    const swapped = readSubdirs(other, world).find(({ artifacts }) => artifacts.find('alpha-1.0-0.conda') !== undefined)
    expect(swapped === undefined ? undefined : walkOf(swapped)).toBeUndefined()
    expect(swapped?.artifacts.count).toBe(3)
    expect(await listingOf(world, other)).toEqual([])
    await world.change({ add: { 'linux-64': [{ name: 'late', version: '1.0' }] }, remove: { 'linux-64': ['alpha-1.0-0.conda'] } })
    expect(artifactsOf(await listingOf(world, other))).toEqual(['linux-64/late-1.0-0.conda'])
  })

  test('reads one that is larger than what is held of it', async ({ world, expect }) => {
    const packages = Object.fromEntries(Array.from({ length: 9000 }, (_, number) => [`p${String(number).padStart(6, '0')}-1-0.tar.bz2`, { name: 'p', version: '1', build: '0', build_number: 0, depends: [], md5: number.toString(16).padStart(32, '0'), sha256: number.toString(16).padStart(64, '0'), size: number, subdir: 'linux-64' }]))
    writeFileSync(join(world.near, 'linux-64/repodata.json'), JSON.stringify({ info: { subdir: 'linux-64' }, packages }))
    for (const format of ['compatible', 'compact'] as const) {
      const path = await world.refer(format, format)
      expect(readFileSync(path).length).toBeGreaterThan(2 * 256 * 1024)
      const set = readReference(path, findChannels(world.near, () => undefined)).channels[0]?.subdirs.get(parseSubdirName('linux-64'))?.artifacts
      expect(set?.count).toBe(9000)
      expect(set?.at(8999)).toMatchObject({ name: 'p008999-1-0.tar.bz2', size: 8999, digest: `sha256:${(8999).toString(16).padStart(64, '0')}` })
      expect(set?.at(0)).toMatchObject({ size: 0 })
      expect(artifactsOf(await listingOf(world, path))).toEqual([])
    }
  })

  test('holds when the mirror is moved', async ({ world, expect }) => {
    const path = await world.refer('reference.json')
    await world.change(FIRST)
    const before = await listingOf(world, path)
    renameSync(world.near, world.far)
    expect(await listingOf({ ...world, near: world.far }, path)).toEqual(before)
  })

  test('two of one tree are the same bytes', async ({ world, expect }) => {
    for (const format of ['compatible', 'compact'] as const) expect(await formatTree(world.near, format)).toEqual(await formatTree(world.near, format))
  })

  test('refuses what is none, what is damaged and what is newer', async ({ world, expect }) => {
    const at = (name: string, text: string): string => {
      writeFileSync(join(world.folder, name), text)
      return join(world.folder, name)
    }
    const compact = (await formatTree(world.near, 'compact')).toString('utf8')
    const compatible = (await formatTree(world.near, 'compatible')).toString('utf8')
    const bad: readonly string[] = [
      '', 'hello', '[]', 'null', '{"/a/linux-64": 3}', compact.slice(0, -20), compact.replace('["alpha-1.0-0.conda",2', '["alpha-1.0-0.conda",3'), compact.replace('"format":1', '"format":2'),
      compatible.replace('"format":1', '"format":9'), compatible.replace(/"id":"\w{64}"/, `"id":"${'0'.repeat(64)}"`), compatible.slice(0, -10),
    ]
    for (const [number, text] of bad.entries()) {
      expect(() => readReference(at(`bad-${number}`, text), findChannels(world.near, () => undefined)), text.slice(0, 60)).toThrow(expect.objectContaining({ code: 'REFERENCE_INVALID' }))
    }
    expect(() => readReference(join(world.folder, 'absent'), [])).toThrow(expect.objectContaining({ code: 'REFERENCE_NOT_FOUND' }))
  })
})

describe('describeGeneration()', () => {
  test('leads from a generation that a store keeps to what it holds now', async ({ world, expect }) => {
    const mirror = join(world.folder, 'mirror')
    const seed = join(world.folder, 'seed.tar')
    await world.create([], { tarball: seed })
    for (const root of [mirror, world.far]) await applyDelta({ from: seed, mirror: root })
    const reference = await world.refer('reference', 'compact')
    await world.change(FIRST)
    await world.create([reference], { tarball: join(world.folder, 'update.tar') })
    await applyDelta({ from: join(world.folder, 'update.tar'), mirror })
    const reader = await createDiskStore({ root: mirror }).read(1)
    if (reader === undefined) throw new Error('generation 1 is gone')
    const diff = await diffTree({ mirror, references: [{ sequence: 1, channels: [await describeGeneration('', reader)] }] })
    expect(diff.sequence).toBe(2)
    await createDelta({ diffs: diff.channels, sequence: diff.sequence, to: { tarball: join(world.folder, 'again.tar') } })
    await applyDelta({ from: join(world.folder, 'again.tar'), mirror: world.far, grace: 0 })
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })
})
