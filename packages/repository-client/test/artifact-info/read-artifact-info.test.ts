import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { isMirrorError } from '@mirror/core'
import { buildArtifacts, compressBzip2 } from '@mirror/test-fixtures'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ArtifactInfo, readArtifactInfo, type ReadArtifactInfoOptions } from '../../src/index.ts'
import { bothOf, condaOf, condaParts, INDEX, INDEX_PART, pax, readFrom, type TarPart, tarOf, zipOf } from './archives.ts'

let folder = ''
beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'artifact-info-')) })
afterAll(async () => { await rm(folder, { recursive: true }) })

type Format = ReadArtifactInfoOptions['format']

const read = async (bytes: Buffer, format: Format = 'conda'): Promise<ArtifactInfo> => await readFrom(folder, bytes, { format, name: 'linux-64/foo' })

/** What is wrong with it, in the words of the error. */
async function faultOf(bytes: Buffer, format: Format = 'conda'): Promise<string> {
  try {
    await read(bytes, format)
    return 'nothing'
  } catch (error) {
    if (!isMirrorError(error, 'ARTIFACT_UNREADABLE')) throw error
    expect(error.hint).toContain('Leave it out')
    return error.message.replace('Cannot read what linux-64/foo says of itself: ', '')
  }
}

/** The same fault in both formats. */
async function faultOfTar(tar: Buffer): Promise<string> {
  const faults: string[] = []
  for (const [format, bytes] of await bothOf(tar)) faults.push(await faultOf(bytes, format))
  expect(faults[1]).toBe(faults[0])
  return faults[0] ?? ''
}

/** The same result in both formats. */
async function readTar(tar: Buffer): Promise<ArtifactInfo> {
  const infos: ArtifactInfo[] = []
  for (const [format, bytes] of await bothOf(tar)) infos.push(await read(bytes, format))
  expect(infos[1]).toEqual(infos[0])
  return infos[0] ?? expect.fail('nothing was read')
}

const json = (path: string, value: unknown): TarPart => ({ path, content: JSON.stringify(value) })

describe('readArtifactInfo() reads', () => {
  test('what the builder wrote, in both formats', async () => {
    for (const { bytes, fileName, record } of await buildArtifacts('linux-64', {
      name: 'foo', depends: ['bar >=1'], format: 'both', size: 300_000, about: { home: 'https://example.org' }, files: { 'bin/foo': 'x' },
    })) {
      const info = await read(bytes, fileName.endsWith('.conda') ? 'conda' : 'tar.bz2')
      expect(record).toMatchObject(info.index)
      expect(info).toMatchObject({ index: { name: 'foo', depends: ['bar >=1'] }, about: { home: 'https://example.org' }, recipe: undefined, hasPrefix: false, icon: undefined })
    }
  })

  test('recipe.json, has_prefix, and the icon that index.json names', async () => {
    const parts: TarPart[] = [
      { path: 'info/has_prefix', content: '/opt text bin/foo\n' }, { path: 'info/icon.png', content: 'image' }, { path: 'info/other.png', content: 'another' },
      json('info/about.json', { summary: 'a' }), json('info/index.json', { ...INDEX, icon: 'abc.png' }), json('info/recipe.json', { about: {} }), { path: 'info/files', content: 'bin/foo' },
    ]
    expect(await readTar(tarOf(parts))).toEqual({ index: { ...INDEX, icon: 'abc.png' }, about: { summary: 'a' }, recipe: { about: {} }, hasPrefix: true, icon: Buffer.from('image') })
    expect((await readTar(tarOf([...parts, { path: 'info/abc.png', content: 'the named' }]))).icon).toEqual(Buffer.from('the named'))
    expect((await readTar(tarOf([...parts.slice(0, 3), INDEX_PART]))).icon).toBeUndefined()
    expect((await readTar(tarOf([json('info/index.json', { ...INDEX, icon: '../icon.png' })]))).icon).toBeUndefined()
  })

  test('an icon only up to a size, and not more of them than a few', async () => {
    const large: TarPart = { path: 'info/icon.png', content: Buffer.alloc(1_048_577) }
    const index = json('info/index.json', { ...INDEX, icon: 'icon.png' })
    expect((await readTar(tarOf([large, index]))).icon).toBeUndefined()
    const many = Array.from({ length: 8 }, (_, at): TarPart => ({ path: `info/${at}.png`, content: Buffer.alloc(1_048_576) }))
    expect((await readTar(tarOf([...many, { path: 'info/icon.png', content: 'x' }, index]))).icon).toBeUndefined()
  })

  test('names as tars of others have them: ./, a prefix, a pax path, a GNU long name, and folders before them', async () => {
    const long = Buffer.from('info/about.json\0')
    const parts: TarPart[] = [
      { path: 'info/', type: '5' }, { path: './info/', type: '\0', magic: '' }, { path: './info/has_prefix' },
      { ...INDEX_PART, path: 'index.json', prefix: 'info' },
      { path: '././@LongLink', type: 'L', content: long }, { path: 'short', content: '{"summary":"a"}' },
      pax({ path: 'info/recipe.json', mtime: '1.5' }), { path: 'short', content: '{"about":{}}' },
    ]
    expect(await readTar(tarOf(parts))).toEqual({ index: INDEX, about: { summary: 'a' }, recipe: { about: {} }, hasPrefix: true, icon: undefined })
  })

  test('sizes in base 256 and in pax, and members of other types between', async () => {
    const content = JSON.stringify(INDEX)
    const binary = Buffer.alloc(12)
    binary[0] = 0x80
    binary.writeUInt32BE(content.length, 8)
    const others: TarPart[] = [
      { path: 'info/link', type: '2', size: 4096 }, { path: 'info/hard', type: '1', size: 512 }, { path: 'pax_global', type: 'g', content: '11 path=x\n' },
      { path: 'unknown', type: 'Z', content: 'anything' }, pax({ 'GNU.sparse.name': 'info/sparse' }), { path: 'x', content: '0' },
    ]
    expect((await readTar(tarOf([...others, { path: 'info/index.json', content, size: binary }]))).index).toEqual(INDEX)
    expect((await readTar(tarOf([pax({ size: String(content.length) }), { path: 'info/index.json', content, size: 0 }]))).index).toEqual(INDEX)
  })

  test('a sparse file of GNU with more headers than one', async () => {
    const more = (goesOn: boolean): Buffer => Buffer.concat([Buffer.alloc(504), Buffer.from([goesOn ? 1 : 0]), Buffer.alloc(7)])
    const sparse = tarOf([{ path: 'info/test/sparse', type: 'S', magic: 'ustar ', size: 3 }], Buffer.alloc(0))
    sparse[482] = 1
    const sum = [...sparse].reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0)
    sparse.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
    const body = Buffer.concat([Buffer.from('abc'), Buffer.alloc(509)])
    expect((await readTar(Buffer.concat([sparse, more(true), more(false), body, tarOf([INDEX_PART])]))).index).toEqual(INDEX)
  })

  test('an artifact whose tar simply ends, or has other members first', async () => {
    expect((await readTar(tarOf([INDEX_PART], Buffer.alloc(0)))).index).toEqual(INDEX)
    const late = tarOf([{ path: 'bin/foo', content: Buffer.alloc(100_000, 'x') }, INDEX_PART, { path: 'info/has_prefix' }])
    expect((await readTar(late)).hasPrefix).toBe(true)
  })

  test('nothing behind the block of info/, where index.json is in it', async () => {
    const parts = [INDEX_PART, { path: 'bin/foo', content: 'x' }]
    const broken = { path: 'info/about.json', content: 'no JSON' }
    expect((await readTar(tarOf([...parts, broken]))).about).toBeUndefined()
    const bytes = await compressBzip2(Buffer.concat([tarOf(parts, Buffer.alloc(0)), Buffer.alloc(4_000_000, 'x')]))
    expect((await read(bytes, 'tar.bz2')).index).toEqual(INDEX)
  })

  test('a .conda with a comment, with zip64, and with members that are none of ours', async () => {
    const parts = condaParts(zstdCompressSync(tarOf([INDEX_PART])))
    const wide = parts.map((part) => ({ ...part, isWide: true }))
    const other = { name: 'info-notes.txt', content: Buffer.from('x'), method: 8 }
    for (const bytes of [zipOf(parts, { comment: 'PK\u0005\u0006 and more' }), zipOf(wide, { wide: 'true' }), zipOf(parts, { wide: 'true' }), zipOf([...parts, other])]) {
      expect((await read(bytes)).index).toEqual(INDEX)
    }
  })

  test('at any position of the file, and leaves it open', async () => {
    const path = join(folder, 'kept-open')
    await writeFile(path, condaOf(tarOf([INDEX_PART])))
    await using file = await open(path)
    await file.read(Buffer.alloc(100), 0, 100)
    expect((await readArtifactInfo(file, { format: 'conda' })).index).toEqual(INDEX)
    expect((await readArtifactInfo(file, { format: 'conda' })).index).toEqual(INDEX)
    expect((await file.stat()).isFile()).toBe(true)
  })

  test('nothing when it is aborted, and throws the reason', async () => {
    const controller = new AbortController()
    controller.abort(new Error('enough'))
    for (const [format, bytes] of await bothOf(tarOf([INDEX_PART]))) {
      await expect(readFrom(folder, bytes, { format, signal: controller.signal })).rejects.toThrow('enough')
    }
  })
})

describe('readArtifactInfo() refuses', () => {
  test('an artifact without index.json, or with one that is no JSON object in UTF-8', async () => {
    const fault = async (content: string | Buffer): Promise<string> => await faultOfTar(tarOf([{ path: 'info/index.json', content }]))
    expect(await faultOfTar(tarOf([json('info/about.json', {})]))).toBe('it has no info/index.json')
    expect(await faultOfTar(tarOf([]))).toBe('it has no info/index.json')
    expect(await fault('[]')).toBe('info/index.json is not a JSON object')
    expect(await fault('null')).toBe('info/index.json is not a JSON object')
    expect(await fault('')).toBe('info/index.json is not JSON')
    expect(await fault('{"build_number": NaN}')).toBe('info/index.json is not JSON')
    expect(await fault(Buffer.from('{"name": "\xff"}', 'latin1'))).toBe('info/index.json is not UTF-8')
    expect(await fault(`${'{"a":'.repeat(200)}1${'}'.repeat(200)}`)).toBe('info/index.json is nested more than 100 deep')
    expect(await fault(`{"a":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`)).toMatch(/^info\/index\.json is (?:nested more than 100 deep|not JSON)$/)
    expect(await faultOfTar(tarOf([INDEX_PART, { path: 'info/about.json', content: '"text"' }]))).toBe('info/about.json is not a JSON object')
  })

  test('files beyond their limits, before their bytes', async () => {
    const header = tarOf([{ path: 'info/index.json', size: 4_194_305 }], Buffer.alloc(0))
    expect(await faultOfTar(header)).toBe('info/index.json has 4194305 bytes, more than 4194304')
    expect(await faultOfTar(tarOf([INDEX_PART, { path: 'info/recipe.json', size: 8 ** 11 - 1 }], Buffer.alloc(0)))).toBe('info/recipe.json has 8589934591 bytes, more than 16777216')
  })

  test('the same file twice, and one that is no plain file', async () => {
    expect(await faultOfTar(tarOf([INDEX_PART, INDEX_PART]))).toBe('it has info/index.json twice')
    expect(await faultOfTar(tarOf([INDEX_PART, { ...INDEX_PART, path: './info/index.json' }]))).toBe('it has info/index.json twice')
    for (const type of ['1', '2', '3', '4', '5', '6', 'S', 'V', '\u00ff']) expect(await faultOfTar(tarOf([{ ...INDEX_PART, type }]))).toBe('info/index.json is no plain file')
    expect(await faultOfTar(tarOf([pax({ 'GNU.sparse.name': 'info/index.json', 'GNU.sparse.major': '1' }), { path: 'x', content: '{}' }]))).toBe('info/index.json is no plain file')
  })

  test('tars that lie: checksums, sizes, extended headers, ends', async () => {
    const negative = Buffer.alloc(12, 0xff)
    negative[11] = 0xf0
    expect(await faultOfTar(tarOf([{ ...INDEX_PART, isSound: false }]))).toBe('its tar has a header that is damaged')
    for (const size of [negative, Buffer.from('zzzzzzzzzzzz'), Buffer.from([0x80, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0])]) {
      expect(await faultOfTar(tarOf([{ path: 'info/files', size }, INDEX_PART]))).toBe('its tar has a member with a size that is none')
    }
    expect(await faultOfTar(tarOf([pax({ size: '-1' }), INDEX_PART]))).toBe('its tar has a member with a size that is none')
    expect(await faultOfTar(tarOf([pax({ size: '9'.repeat(16) }), INDEX_PART]))).toBe('its tar has a member with a size that is none')
    expect(await faultOfTar(tarOf([{ path: 'x', type: 'x', size: 8 ** 11 - 1 }, INDEX_PART]))).toBe('its tar has an extended header of 8589934591 bytes')
    for (const content of ['7 a=b\n', '6 ab\n', 'x a=b\n', '99999999999 a=b\n', ' a=b\n', '5 =b\u0000']) {
      expect(await faultOfTar(tarOf([{ path: 'x', type: 'x', content }, INDEX_PART]))).toBe('its tar has a pax header that is damaged')
    }
    const whole = tarOf([INDEX_PART, pax({ path: 'info/about.json' }), { path: 'x', content: '{}' }], Buffer.alloc(0))
    for (const length of [1, 511, 513, 600, 1025, 1600, 2048, 2100, 2561]) expect(await faultOfTar(whole.subarray(0, length))).toBe('its tar is cut short')
    expect(await faultOfTar(tarOf([{ path: 'info/files', size: 8 ** 11 - 1 }], Buffer.alloc(5000)))).toBe('its tar is cut short')
  })

  test('a .conda that is no ZIP, or whose ZIP lies', async () => {
    const parts = condaParts(zstdCompressSync(tarOf([INDEX_PART])))
    const [metadata, pkg, info] = parts
    const lie = async (change: Partial<typeof info>): Promise<string> => await faultOf(zipOf([metadata, pkg, { ...info, ...change }]))
    const shown = '"info-foo-1.0-0.tar.zst"'
    expect(await faultOf(Buffer.alloc(0))).toBe('it is no ZIP')
    expect(await faultOf(Buffer.alloc(100_000))).toBe('it is no ZIP, or its end is missing')
    expect(await faultOf(zipOf(parts).subarray(0, -1))).toBe('it is no ZIP, or its end is missing')
    expect(await faultOf(zipOf([metadata, pkg]))).toBe('it has no info-*.tar.zst')
    expect(await faultOf(zipOf([...parts, { ...info, name: 'info-bar.tar.zst' }]))).toBe('it has 2 info-*.tar.zst')
    expect(await lie({ flags: 1 })).toBe(`${shown} is encrypted`)
    expect(await lie({ flags: 0x2000 })).toBe(`${shown} is encrypted`)
    expect(await lie({ method: 8 })).toBe(`${shown} is compressed by the ZIP (method 8), which no .conda is`)
    expect(await lie({ size: 5 })).toBe(`${shown} is compressed by the ZIP (method 0), which no .conda is`)
    expect(await lie({ size: 100_000, packed: 100_000 })).toBe(`${shown} goes on behind the end of the file`)
    expect(await lie({ header: 0xfffffffe })).toBe(`${shown} is behind the end of the file`)
    expect(await lie({ header: Number.MAX_SAFE_INTEGER, isWide: true })).toBe(`${shown} is behind the end of the file`)
    expect(await lie({ header: 2 ** 53, isWide: true })).toBe('its ZIP has a size that no file has')
    expect(await lie({ header: 1 })).toBe(`${shown} is not where the directory of the ZIP says`)
    expect(await lie({ signature: 0 })).toBe(`${shown} is not where the directory of the ZIP says`)
    expect(await lie({ header: 0xffffffff })).toBe('a size of its ZIP is missing')
    expect(await faultOf(zipOf(parts, { count: 4 }))).toBe('the directory of its ZIP has 3 members instead of 4')
    expect(await faultOf(zipOf(parts, { size: 60 }))).toBe('the directory of its ZIP is damaged')
    expect(await faultOf(zipOf(parts, { start: 0xfffffff0 }))).toBe('the directory of its ZIP goes on behind the end of the file')
    expect(await faultOf(zipOf(parts, { start: 2, size: 100 }))).toBe('the directory of its ZIP is damaged')
    expect(await faultOf(zipOf(parts, { wide: 0 }))).toBe('the zip64 part of its ZIP is damaged')
    expect(await faultOf(zipOf(parts, { wide: 100_000 }))).toBe('the zip64 part of its ZIP is damaged')
    expect(await faultOf(zipOf([], { wide: 'true' }).subarray(60))).toBe('the zip64 part of its ZIP is missing')
    const many = Array.from({ length: 20 }, (_, at) => ({ name: `${at}${'x'.repeat(60_000)}`, content: Buffer.alloc(0) }))
    expect(await faultOf(zipOf(many))).toBe('the directory of its ZIP has more than 1048576 bytes')
  })

  test('compression that is broken, cut short, or followed by other bytes', async () => {
    const tar = tarOf([INDEX_PART])
    const zstd = zstdCompressSync(tar)
    expect(await faultOf(zipOf(condaParts(Buffer.from('no zstd'))))).toBe('it does not begin with a zstd frame')
    expect(await faultOf(zipOf(condaParts(zstd.subarray(0, -3))))).toBe('its zstd frame is cut short')
    expect(await faultOf(zipOf(condaParts(Buffer.alloc(0))))).toMatch(/cut short/)
    const bzip2 = await compressBzip2(tar)
    expect(await faultOf(Buffer.from('no bzip2'), 'tar.bz2')).toBe('its bzip2 stream is damaged or cut short')
    expect(await faultOf(bzip2.subarray(0, -20), 'tar.bz2')).toBe('its bzip2 stream is damaged or cut short')
    expect(await faultOf(Buffer.alloc(0), 'tar.bz2')).toBe('its bzip2 stream is damaged or cut short')
  })

  test('what unpacks to more than 1 GiB before its info/ is over', { timeout: 60_000 }, async () => {
    const frame = zstdCompressSync(Buffer.alloc(67_108_864))
    const start = zstdCompressSync(tarOf([{ path: 'share/zeros', size: 8 ** 11 - 1 }], Buffer.alloc(0)))
    const bytes = zipOf(condaParts(Buffer.concat([start, ...Array.from({ length: 17 }, () => frame)])))
    expect(bytes.length).toBeLessThan(200_000)
    expect(await faultOf(bytes)).toBe('its info/ is not within the first 1073741824 bytes of what it unpacks to')
  })

  test('bzip2 that unpacks to hundreds of times its size before its info/ is over', { timeout: 60_000 }, async () => {
    const bytes = await compressBzip2(Buffer.concat([tarOf([{ path: 'share/zeros', size: 8 ** 11 - 1 }], Buffer.alloc(0)), Buffer.alloc(20_000_000)]))
    expect(bytes.length).toBeLessThan(1000)
    expect(await faultOf(bytes, 'tar.bz2')).toBe(`its info/ is not within the first ${16_777_216 + 250 * bytes.length} bytes of what it unpacks to`)
  })
})

/** The same numbers each time. */
function createRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

describe('readArtifactInfo() of damaged artifacts', () => {
  const parts = [json('info/about.json', { summary: 'a' }), { path: 'info/has_prefix' }, INDEX_PART, pax({ path: 'info/recipe.json' }), json('x', { about: {} })]

  const damage = (bytes: Buffer, random: (below: number) => number): Buffer => {
    const copy = Buffer.from(bytes)
    if (random(3) === 0) return copy.subarray(0, random(copy.length))
    for (let flips = 1 + random(3); flips > 0; flips -= 1) {
      const at = random(copy.length)
      copy[at] = (copy[at] ?? 0) ^ (1 << random(8))
    }
    return copy
  }

  test('gives a result or the error, whatever bits flip and wherever it ends', { timeout: 60_000 }, async () => {
    const random = createRandom(20_240_115)
    const tar = tarOf(parts)
    const conda = condaOf(tar)
    const bzip2 = await compressBzip2(tar)
    const outcomes = { result: 0, error: 0 }
    for (let run = 0; run < 240; run += 1) {
      const whole: readonly [Format, Buffer][] = [['conda', damage(conda, random)], ['tar.bz2', damage(bzip2, random)], ['conda', condaOf(damage(tar, random))]]
      const [format, bytes] = whole[run % whole.length] ?? expect.fail()
      try {
        const info = await read(bytes, format)
        expect(info.index).toBeTypeOf('object')
        outcomes.result += 1
      } catch (error) {
        if (!isMirrorError(error, 'ARTIFACT_UNREADABLE')) throw error
        outcomes.error += 1
      }
    }
    expect(outcomes.result).toBeGreaterThan(10)
    expect(outcomes.error).toBeGreaterThan(60)
  })
})
