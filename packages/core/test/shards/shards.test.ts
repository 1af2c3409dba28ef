import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { decode, encode } from '@msgpack/msgpack'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assembleIndex } from '../../src/shards/assemble-index.ts'
import { createBufferSource } from '../../src/index/byte-source.ts'
import { isSha256, type Sha256 } from '../../src/digest.ts'
import { isMirrorError } from '../../src/errors.ts'
import { readIndexLayout } from '../../src/index/index-layout.ts'
import { readIndexTable } from '../../src/index/index-table.ts'
import { createMsgpackWriter } from '../../src/shards/msgpack-writer.ts'
import { type MsgpackValue, readMsgpack } from '../../src/shards/msgpack-reader.ts'
import { readShard, readShardIndex } from '../../src/shards/read-shards.ts'
import { parseSubdirName } from '../../src/channel/subdir.ts'
import { writeShards, type WrittenShard } from '../../src/shards/write-shards.ts'
import { dumpIndex, makeIndex } from '../oracle/make-index.ts'
import { keyTexts } from '../oracle/random-index.ts'
import { DATA, hasData } from '../oracle/real-data.ts'

const noarch = parseSubdirName('noarch')

interface Split {
  readonly index: Uint8Array
  readonly shards: readonly WrittenShard[]
}

function split(bytes: Uint8Array, options: { readonly keep?: Uint8Array; readonly createdAt?: number } = {}): Split {
  const shards: WrittenShard[] = []
  const index = writeShards({ subdir: noarch, source: createBufferSource(bytes), table: readIndexLayout(bytes), ...options, shard: (shard) => { shards.push(shard) } })
  return { index, shards }
}

function assemble({ index, shards }: Split): string {
  const pieces: Buffer[] = []
  const byName = new Map(shards.map((shard) => [shard.name, shard]))
  assembleIndex({
    subdir: noarch,
    index: readShardIndex(index),
    readShard: (name) => readShard(byName.get(name)?.bytes ?? new Uint8Array(), sha256Of(byName.get(name)?.bytes ?? new Uint8Array())),
    write: (chunk) => { pieces.push(Buffer.from(chunk)) },
  })
  return Buffer.concat(pieces).toString()
}

function sha256Of(bytes: Uint8Array): Sha256 {
  const hex = createHash('sha256').update(bytes).digest('hex')
  if (isSha256(hex)) return hex
  throw new Error('no sha256')
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    if (!isMirrorError(error)) throw error
    return error.code
  }
}

const example = makeIndex(
  { packages: { 'a-1-0.tar.bz2': {}, 'a-b-1-0.tar.bz2': {} }, conda: { 'a-2-0.conda': {}, 'a-2-1.conda': {}, 'c-1-0.conda': { depends: ['é'] } }, v3: { conda: { 'a-3-0': {} }, whl: { 'w-1-py3': { url: 'https://host.invalid/w.whl' } } } },
  { removed: ['a-0-0.conda', 'gone-1-0.conda'], info: { subdir: 'noarch', channel_relations: { base: '../x' }, repodata_revisions: { v3: { n_packages: 2 } } } },
)

describe('writeShards()', () => {
  it('makes one frame of each shard, whatever its size', () => {
    const noise = Array.from({ length: 500 }, (_, at) => createHash('sha256').update(String(at)).digest('base64')).join('')
    const sizes = new Set<number>()
    for (let length = 20_900; length < 21_500; length += 1) {
      const [shard] = split(dumpIndex(makeIndex({ conda: { 'a-1-0.conda': { summary: noise.slice(0, length) } } }))).shards
      const bytes = Buffer.from(shard?.bytes ?? [])
      sizes.add(bytes.length)
      expect(bytes.lastIndexOf(Buffer.from('28b52ffd', 'hex')), `${length}`).toBe(0)
    }
    // The size of the pieces that Node's zlib fills when it is not told another one.
    expect([...sizes]).toContain(16_384)
  })

  it('puts the records of each package into a shard', () => {
    const { index, shards } = split(dumpIndex(example))
    expect(shards.map(({ name }) => name)).toEqual(['a', 'a-b', 'c', 'gone', 'w'])
    const documents = shards.map(({ bytes }) => decode(zstdDecompressSync(bytes), { useBigInt64: false }) as Record<string, Record<string, Record<string, unknown>>>)
    expect(documents.map((document) => [Object.keys(document), Object.keys(document['packages'] ?? {}), Object.keys(document['packages.conda'] ?? {})])).toEqual([
      [['packages', 'packages.conda', 'removed', 'v3'], ['a-1-0.tar.bz2'], ['a-2-0.conda', 'a-2-1.conda']],
      [['packages', 'packages.conda'], ['a-b-1-0.tar.bz2'], []],
      [['packages', 'packages.conda'], [], ['c-1-0.conda']],
      [['packages', 'packages.conda', 'removed'], [], []],
      [['packages', 'packages.conda', 'v3'], [], []],
    ])
    const sections = example as Record<string, Record<string, Record<string, unknown>>>
    const source = sections['packages.conda']?.['c-1-0.conda']
    const record = documents[2]?.['packages.conda']?.['c-1-0.conda'] ?? {}
    expect(Object.keys(record)).toEqual(Object.keys(source ?? {}))
    expect(record).toEqual({ ...source, md5: Buffer.from(String(source?.['md5']), 'hex'), sha256: Buffer.from(String(source?.['sha256']), 'hex') })
    expect(documents[0]?.['v3']).toMatchObject({ conda: { 'a-3-0': { name: 'a' } } })
    expect(decode(zstdDecompressSync(index))).toEqual({
      info: { base_url: '', created_at: '2017-07-14T02:40:00Z', shards_base_url: './shards/', subdir: 'noarch', channel_relations: { base: '../x' }, repodata_revisions: { v3: { n_packages: 2 } } },
      version: 1,
      shards: Object.fromEntries(shards.map(({ name, sha256 }) => [name, Buffer.from(sha256, 'hex')])),
    })
  })

  it('names each shard by its hash, with the size of the content in its frame', () => {
    for (const { bytes, sha256, fileName } of split(dumpIndex(example)).shards) {
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256)
      expect(fileName).toBe(`${sha256}.msgpack.zst`)
      expect((bytes[4] ?? 0) & 0b11100100).not.toBe(0)
      expect((bytes[4] ?? 0) >> 5).toBeGreaterThan(0)
    }
  })

  it('gives the same bytes for the same records, however they are written', () => {
    const canonical = split(dumpIndex(example))
    expect(split(Buffer.from(JSON.stringify(JSON.parse(dumpIndex(example).toString()), null, 2)))).toEqual(canonical)
    expect(split(Buffer.from(JSON.stringify(Object.fromEntries(Object.entries(example).toReversed()))), {}).shards.map(({ name }) => name)).toEqual(canonical.shards.map(({ name }) => name))
  })

  it('changes only the shards of packages that changed', () => {
    const before = split(dumpIndex(makeIndex({ conda: { 'a-1-0.conda': {}, 'b-1-0.conda': {} } }))).shards
    const after = split(dumpIndex(makeIndex({ conda: { 'a-1-0.conda': {}, 'b-1-0.conda': { depends: [] } } }))).shards
    expect(after.map(({ sha256 }, at) => sha256 === before[at]?.sha256)).toEqual([true, false])
  })

  it('takes only rows that are kept, and lists none of them as removed', () => {
    const bytes = dumpIndex({ ...makeIndex({ conda: { 'a-1-0.conda': {}, 'b-1-0.conda': {} } }), removed: ['a-1-0.conda', 'b-1-0.conda'] })
    const { index, shards } = split(bytes, { keep: Uint8Array.of(1, 0), createdAt: 86_400_000 })
    expect(shards.map(({ name, bytes: packed }) => [name, decode(zstdDecompressSync(packed))])).toMatchObject([['a', { packages: {} }], ['b', { packages: {}, 'packages.conda': {}, removed: ['b-1-0.conda'] }]])
    expect(decode(zstdDecompressSync(index))).toMatchObject({ info: { created_at: '1970-01-02T00:00:00Z' } })
  })

  it('groups records without a usable name by their file name', () => {
    expect(split(Buffer.from('{"packages":{"a-b-1-0.conda":{},"odd.conda":{"name":7},"x-1-0.conda":{"name":"\\u0061"}}}')).shards.map(({ name }) => name)).toEqual(['a', 'a-b', 'odd.conda'])
  })

  it('makes an index of an empty document', () => {
    expect(decode(zstdDecompressSync(split(Buffer.alloc(0)).index))).toEqual({ info: { base_url: '', created_at: '1970-01-01T00:00:00Z', shards_base_url: './shards/', subdir: 'noarch' }, version: 1, shards: {} })
  })
})

describe('createMsgpackWriter()', () => {
  const integers = fc.oneof(fc.bigInt({ min: -(1n << 63n), max: (1n << 64n) - 1n }), fc.integer().map(BigInt), fc.constantFrom(-1n, -32n, -33n, -128n, -129n, -32768n, -32769n, -2147483648n, -2147483649n, 0n, 127n, 128n, 255n, 256n, 65535n, 65536n, 4294967295n, 4294967296n))

  function pack(json: string): Buffer {
    const writer = createMsgpackWriter()
    const bytes = Buffer.from(json)
    expect(writer.json(bytes, 0)).toBe(bytes.length)
    return writer.take()
  }

  it('writes whole literals as integers of the smallest form', () => {
    fc.assert(fc.property(integers, (value) => {
      const isSafe = Number.isSafeInteger(Number(value))
      expect(Buffer.from(pack(value.toString()))).toEqual(Buffer.from(encode(isSafe ? Number(value) : value, { useBigInt64: !isSafe })))
      expect(readMsgpack(pack(value.toString()))).toBe(Number.isSafeInteger(Number(value)) ? Number(value) : value)
    }))
  })

  it('writes a literal with a fraction or an exponent as a float', () => {
    expect(pack('1.0').toString('hex')).toBe('cb3ff0000000000000')
    expect(pack('1542814864621').toString('hex')).toBe('cf0000016736ee94ed')
    expect(pack('1e3').toString('hex')).toBe('cb408f400000000000')
  })

  it('writes any JSON as the common library does', () => {
    fc.assert(fc.property(fc.letrec((tie) => ({ value: fc.oneof(fc.constantFrom(null, true, false), fc.integer(), keyTexts, fc.string({ maxLength: 400 }), fc.array(tie('value'), { maxLength: 20 }), fc.dictionary(fc.string().map((key) => `k${key}`), tie('value'), { maxKeys: 20, noNullPrototype: true })) }))['value'] ?? fc.constant(null), (value) => {
      const json = JSON.stringify(value, null, 1)
      expect(pack(json)).toEqual(Buffer.from(encode(JSON.parse(json))))
    }), { numRuns: 300 })
    const large = JSON.stringify({ list: Array.from({ length: 70_000 }, (_, at) => at), text: 'x'.repeat(70_000), map: Object.fromEntries(Array.from({ length: 70_000 }, (_, at) => [`k${at}`, null])) })
    expect(pack(large)).toEqual(Buffer.from(encode(JSON.parse(large))))
  })
})

describe('readMsgpack()', () => {
  it('reads what the common library writes', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      const plain = JSON.parse(JSON.stringify(value)) as unknown
      expect(toPlain(readMsgpack(encode(plain)))).toEqual(plain)
    }), { numRuns: 300 })
  }, 60_000)

  it.each([
    ['nothing', ''], ['trailing bytes', 'c0c0'], ['a map cut short', '81a161'], ['a key that is no text', '8101c0'], ['a repeated key', '82a161c0a161c0'], ['an extension', 'd40100'], ['the type never used', 'c1'],
    ['a long text cut short', 'dbffffffff61'], ['a huge array', 'ddffffffff'], ['a huge map', 'dfffffffff'], ['bytes that are not UTF-8', 'a1ff'], ['NaN', 'cb7ff8000000000000'], ['infinity', 'ca7f800000'],
  ])('refuses %s', (_, hex) => {
    expect(() => readMsgpack(Buffer.from(hex, 'hex'))).toThrow(Error)
  })

  it('refuses nesting and numbers of values that would cost too much', () => {
    expect(() => readMsgpack(Buffer.concat([Buffer.alloc(5_000_000, 0x91), Buffer.of(0xc0)]))).toThrow(/nested/)
    expect(() => readMsgpack(Buffer.concat([Buffer.from('dd004c4b40', 'hex'), Buffer.alloc(5_000_000, 0xc0)]))).toThrow(/values/)
  })
})

function toPlain(value: MsgpackValue): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, member]) => [key, toPlain(member as MsgpackValue)]))
  if (Array.isArray(value)) return value.map((item: MsgpackValue) => toPlain(item))
  return typeof value === 'object' && value !== null && 'rawJson' in value ? Number(value.rawJson) : value
}

describe('readShardIndex() and readShard()', () => {
  const pack = (value: unknown): Uint8Array => zstdCompressSync(encode(value))
  const digest = 'ab'.repeat(32)

  it.each([['bytes', Buffer.from(digest, 'hex')], ['hex', digest], ['upper-case hex', digest.toUpperCase()], ['a list of numbers', [...Buffer.from(digest, 'hex')]]])('takes hashes as %s', (_, hash) => {
    expect(readShardIndex(pack({ info: { subdir: 'noarch', base_url: '../p/', shards_base_url: './shards/' }, shards: { a: hash } }))).toMatchObject({ subdir: 'noarch', baseUrl: '../p/', shardsBaseUrl: './shards/', shards: new Map([['a', digest]]) })
    const shard = pack({ packages: { 'a-1-0.conda': { name: 'a', sha256: hash } } })
    expect(readShard(shard, sha256Of(shard)).sections.get('packages')).toEqual(new Map([['a-1-0.conda', new Map([['name', 'a'], ['sha256', digest]])]]))
  })

  const good = pack({ info: {}, shards: {} })
  const bomb = zstdCompressSync(Buffer.alloc(129 << 20))
  it.each<readonly [string, Uint8Array]>([
    ['no bytes', Buffer.alloc(0)], ['HTML', Buffer.from('<html></html>')], ['a cut frame', good.subarray(0, good.length - 1)], ['two frames', Buffer.concat([good, good])], ['trailing bytes', Buffer.concat([good, Buffer.from('x')])], ['a bomb', bomb],
    ['a list', pack([])], ['no shards', pack({ info: {} })], ['no info', pack({ shards: {} })], ['a short hash', pack({ info: {}, shards: { a: 'ab' } })], ['a hash that is no hash', pack({ info: {}, shards: { a: null } })],
    ['numbers that are no bytes', pack({ info: {}, shards: { a: Array.from({ length: 32 }, () => 256) } })], ['a base_url that is no text', pack({ info: { base_url: 7 }, shards: {} })], ['bare msgpack', encode({ info: {}, shards: {} })],
  ])('refuses %s as an index', (_, bytes) => {
    expect(codeOf(() => readShardIndex(bytes))).toBe('SHARD_MALFORMED')
  })

  it('refuses a frame that asks for a window of 2 GiB', () => {
    // Magic, no content size, window descriptor 2^31, one raw block of one byte.
    const frame = Buffer.from('28b52ffd00a809000080', 'hex')
    expect(codeOf(() => readShardIndex(frame))).toBe('SHARD_MALFORMED')
  })

  it.each([['a list of packages', { packages: [] }], ['a record that is no map', { packages: { a: 1 } }], ['v3 as a list', { v3: [] }], ['removed as a map', { removed: {} }], ['removed with numbers', { removed: [1] }]])('refuses a shard with %s', (_, value) => {
    const bytes = pack(value)
    expect(codeOf(() => readShard(bytes, sha256Of(bytes)))).toBe('SHARD_MALFORMED')
  })

  it('refuses a shard with another hash', () => {
    expect(codeOf(() => readShard(pack({ packages: {} }), sha256Of(Buffer.from('other'))))).toBe('SHARD_MALFORMED')
  })
})

describe('assembleIndex()', () => {
  it('gives the document back that was split', () => {
    const assembled = assemble(split(dumpIndex(example)))
    expect(JSON.parse(assembled)).toEqual(JSON.parse(dumpIndex(example).toString()))
    expect(readIndexTable(Buffer.from(assembled), noarch)).toMatchObject({ rows: 7, faults: [{ key: 'w-1-py3.whl', fault: 'elsewhere' }] })
  })

  it('gives it back byte for byte where package names and file names sort alike', () => {
    const bytes = dumpIndex(makeIndex({ packages: { 'a-1-0.tar.bz2': { size: 9007199254740993n } }, conda: { 'a-1-0.conda': {}, 'b-1-0.conda': { timestamp: 0 } } }))
    expect(assemble(split(bytes))).toBe(bytes.toString())
  })

  it('keeps floats floats', () => {
    const text = '{"info":{"subdir":"noarch"},"packages":{"a-1-0.conda":{"name":"a","x":1.0,"y":-0.0,"z":[0.5,1e+20]}},"packages.conda":{},"removed":[],"repodata_version":1}'
    expect(assemble(split(Buffer.from(text)))).toBe(text)
  })

  it('leaves run_exports out, and keeps a base_url', () => {
    const shard = { name: 'a', bytes: zstdCompressSync(encode({ 'packages.conda': { 'a-1-0.conda': { name: 'a', run_exports: { weak: [] } } } })) }
    const sha256 = sha256Of(shard.bytes)
    const index = zstdCompressSync(encode({ info: { base_url: '/x/', shards_base_url: '', created_at: 'now' }, shards: { a: sha256 } }))
    expect(assemble({ index, shards: [{ ...shard, sha256, fileName: '' }] })).toBe('{"info":{"base_url":"/x/","subdir":"noarch"},"packages":{},"packages.conda":{"a-1-0.conda":{"name":"a"}},"removed":[],"repodata_version":2}')
  })

  it.each([['another package', { name: 'b' }], ['no name', {}], ['bytes', { name: 'a', x: [Buffer.of(1)] }]])('refuses a record of a shard with %s', (_, record) => {
    const bytes = zstdCompressSync(encode({ packages: { 'a-1-0.conda': record } }))
    const sha256 = sha256Of(bytes)
    expect(codeOf(() => assemble({ index: zstdCompressSync(encode({ info: {}, shards: { a: sha256 } })), shards: [{ name: 'a', bytes, sha256, fileName: '' }] }))).toBe('SHARD_MALFORMED')
  })
})

// Real channels are not in the repository: skipped where their folder is absent.
describe.skipIf(!hasData)('shards of real channels (MIRROR_TEST_DATA)', () => {
  const indexes = hasData ? globSync('channels/**/repodata_shards.msgpack.zst', { cwd: DATA }).toSorted() : []

  it.each(indexes)('reads %s and its shards, and packs each again to the same bytes', (file) => {
    const index = readShardIndex(readFileSync(join(DATA, file)))
    const folder = join(DATA, dirname(file))
    for (const [name, sha256] of index.shards) {
      const path = join(folder, `${sha256}.msgpack.zst`)
      if (globSync(path).length === 0) continue
      const bytes = readFileSync(path)
      const shard = readShard(bytes, sha256)
      const records = [...shard.sections.values()].flatMap((section) => [...section.values()])
      expect(records.every((record) => record instanceof Map && record.get('name') === name)).toBe(true)
      // The same records in the same order give the very file that conda-index wrote, unless its hashes are text.
      const written = split(Buffer.from(`{${[...shard.sections].map(([section, all]) => `"${section}":${toJson(all)}`).join(',')}}`)).shards
      const hasBytes = zstdDecompressSync(bytes).includes(Buffer.from([0xa6, ...Buffer.from('sha256'), 0xc4]))
      expect(written.map(({ fileName }) => fileName === `${sha256}.msgpack.zst`)).toEqual([hasBytes])
    }
  })

  const documents = hasData ? globSync(['channels/**/repodata.json', 'repodata/**/repodata.json'], { cwd: DATA }).toSorted() : []

  it.each(documents)('splits and assembles %s without loss', (file) => {
    const bytes = readFileSync(join(DATA, file))
    const value = (bytes.length === 0 ? {} : JSON.parse(bytes.toString())) as Record<string, unknown>
    const names = Object.values((value['packages'] ?? {}) as Record<string, Record<string, unknown>>).map((record) => record['name'])
    if (names.some((name) => typeof name !== 'string')) return
    const assembled = JSON.parse(assemble(split(bytes))) as Record<string, Record<string, unknown>>
    for (const section of ['packages', 'packages.conda']) expect(assembled[section]).toEqual(withoutRunExports((value[section] ?? {}) as Record<string, Record<string, unknown>>))
    expect(assembled['v3'] ?? {}).toEqual(Object.fromEntries(Object.entries((value['v3'] ?? {}) as Record<string, object>).filter(([, all]) => Object.keys(all).length > 0)))
  })
})

function withoutRunExports(records: Record<string, Record<string, unknown>>): unknown {
  return Object.fromEntries(Object.entries(records).map(([key, { run_exports: _, ...record }]) => [key, record]))
}

function toJson(value: MsgpackValue): string {
  if (value instanceof Map) return `{${[...value].map(([key, member]) => `${JSON.stringify(key)}:${toJson(member as MsgpackValue)}`).join(',')}}`
  if (Array.isArray(value)) return `[${value.map((item: MsgpackValue) => toJson(item)).join(',')}]`
  return JSON.stringify(value)
}
