import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createIndexTableBuilder, readIndexTable } from '../../src/index/index-table.ts'
import { scanIndex } from '../../src/scanner/index-scanner.ts'
import { parseSubdirName } from '../../src/channel/subdir.ts'
import { isArtifactName } from '../../src/artifact/artifact-name.ts'
import { isMirrorError } from '../../src/errors.ts'
import { dumpIndex, makeIndex, makeRecord } from '../oracle/make-index.ts'
import { DATA, hasData } from '../oracle/real-data.ts'

const noarch = parseSubdirName('noarch')

function read(index: unknown): ReturnType<typeof readIndexTable> {
  return readIndexTable(typeof index === 'string' ? Buffer.from(index) : dumpIndex(index), noarch)
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

function faultOf(changes: Readonly<Record<string, unknown>>): string | undefined {
  const table = read(makeIndex({ conda: { 'a-1-0.conda': changes } }))
  expect(table.artifactAt(0) === undefined).toBe(table.faults.length === 1)
  return table.faults[0]?.fault
}

describe('readIndexTable()', () => {
  it('puts every record in a row, in document order', () => {
    const index = makeIndex({ packages: { 'b-1-0.tar.bz2': {}, 'c+x-1!2.0-0.tar.bz2': {} }, conda: { 'a-1-0.conda': {} }, v3: { conda: { 'd-1-0': {} }, whl: { 'e-1-py3': { url: 'e-1-py3.whl' } } } })
    const bytes = dumpIndex(index)
    const table = readIndexTable(bytes, noarch)
    expect(Array.from({ length: table.rows }, (_, row) => [table.sectionAt(row), table.keyAt(row)])).toEqual([
      ['packages', 'b-1-0.tar.bz2'], ['packages', 'c+x-1!2.0-0.tar.bz2'], ['packages.conda', 'a-1-0.conda'], ['v3.conda', 'd-1-0.conda'], ['v3.whl', 'e-1-py3.whl'],
    ])
    expect(table).toMatchObject({ canonical: true, subdir: 'noarch', weak: 0, faults: [] })
    for (let row = 0; row < table.rows; row += 1) {
      const key = table.keyAt(row)
      const { position, length } = table.sliceAt(row)
      const record = makeRecord(key, key.endsWith('.whl') ? { url: 'e-1-py3.whl' } : {})
      expect(JSON.parse(bytes.subarray(position, position + length).toString())).toEqual(record)
      expect(bytes.subarray(table.entryAt(row)).toString().startsWith(`"${key.slice(0, 5)}`)).toBe(true)
      expect(table.artifactAt(row)).toEqual({ subdir: 'noarch', name: key, digest: `sha256:${String(record['sha256'])}`, size: record['size'] })
    }
    expect(table.artifacts().find('d-1-0.conda')).toEqual(table.artifactAt(3))
    expect([...table.artifacts()].map(({ name }) => name)).toEqual(['a-1-0.conda', 'b-1-0.tar.bz2', 'c+x-1!2.0-0.tar.bz2', 'd-1-0.conda', 'e-1-py3.whl'])
  })

  it('gives equal fingerprints to equal bytes only', () => {
    const lengths = Array.from({ length: 120 }, (_, position) => position)
    const index = { packages: Object.fromEntries(lengths.map((length) => [`a-1-${length}.conda`, { x: 'y'.repeat(length) }])), 'packages.conda': Object.fromEntries(lengths.map((length) => [`b-1-${length}.conda`, { x: 'y'.repeat(length) }])) }
    const table = read(index)
    const left = lengths.map((row) => table.fingerprintAt(row))
    expect(left).toEqual(lengths.map((row) => table.fingerprintAt(row + 120)))
    expect(new Set(left).size).toBe(120)
  })

  it('sees every changed byte of a record in its fingerprint', () => {
    const record = { a: 'x'.repeat(90) }
    const seen = new Set(Array.from({ length: 90 }, (_, place) => read({ packages: { 'a-1-0.conda': { a: `${record.a.slice(0, place)}z${record.a.slice(place + 1)}` } } }).fingerprintAt(0)))
    expect(seen.size).toBe(90)
  })

  it.each([
    ['a digest of md5 alone', { sha256: null }, undefined], ['no digest', { sha256: null, md5: null }, 'no-digest'], ['digests absent', { sha256: undefined, md5: undefined }, 'no-digest'],
    ['a short sha256', { sha256: 'ab' }, 'bad-digest'], ['a long sha256', { sha256: 'a'.repeat(65) }, 'bad-digest'], ['an upper-case sha256', { sha256: 'A'.repeat(64) }, 'bad-digest'], ['a sha256 that is not hex', { sha256: 'g'.repeat(64) }, 'bad-digest'],
    ['a last digit that is not hex', { sha256: `${'a'.repeat(63)}:` }, 'bad-digest'], ['a first digit that is not hex', { sha256: `/${'a'.repeat(63)}` }, 'bad-digest'],
    ['an empty sha256', { sha256: '' }, 'bad-digest'], ['a number as sha256', { sha256: 12 }, 'bad-digest'], ['false as sha256', { sha256: false }, 'bad-digest'], ['a list as sha256', { sha256: [] }, 'bad-digest'],
    ['a short md5', { sha256: null, md5: 'ab' }, 'bad-digest'], ['a size of -1', { size: -1 }, 'bad-size'], ['a size as text', { size: '12' }, 'bad-size'], ['no size', { size: undefined }, 'bad-size'], ['a size of null', { size: null }, 'bad-size'],
    ['a size of 2^53 + 1', { size: 9007199254740993n }, 'bad-size'], ['a size of 2^63', { size: 9223372036854775808n }, 'bad-size'], ['a size of 10^40', { size: 10n ** 40n }, 'bad-size'],
    ['a size of 2^53 - 1', { size: 9007199254740991 }, undefined], ['a size of 0', { size: 0 }, undefined], ['a size with a fraction', { size: 1.5 }, 'bad-size'], ['a wrong md5 beside a good sha256', { md5: 'x' }, undefined], ['a stray url', { url: 'https://host.invalid/a.conda' }, undefined],
  ])('judges %s', (_, changes, fault) => {
    expect(faultOf(changes)).toBe(fault)
  })

  it.each(['1e400', '1e3', '12.0', '-0'])('takes a size of %s for bad', (literal) => {
    const text = `{"packages":{"a-1-0.conda":{"md5":"${'a'.repeat(32)}","size":${literal}}}}`
    expect(read(text).faults).toEqual([{ row: 0, key: 'a-1-0.conda', fault: 'bad-size' }])
  })

  it.each([
    ['e-1-py3.whl', undefined], ['./e-1-py3.whl', undefined], [null, undefined], ['https://host.invalid/e-1-py3.whl', 'elsewhere'], ['../e-1-py3.whl', 'elsewhere'], ['other.whl', 'elsewhere'], [7, 'elsewhere'],
  ])('knows whether a wheel at %s is here', (url, fault) => {
    expect(read(makeIndex({ v3: { whl: { 'e-1-py3': { url } } } })).faults[0]?.fault).toBe(fault)
  })

  it('counts rows with md5 alone, and finds the newest timestamp', () => {
    const table = read(makeIndex({ packages: { 'a-1-0.conda': { sha256: null, timestamp: 1_600_000_000 }, 'b-1-0.conda': { timestamp: 1_500_000_000_001 }, 'c-1-0.conda': { sha256: null, size: -1 }, 'd-1-0.conda': { timestamp: 9_999_999_999_999 }, 'e-1-0.conda': { timestamp: '1' } } }))
    expect(table).toMatchObject({ weak: 1, newest: 1_600_000_000_000 })
    expect(read(makeIndex({ packages: { 'a-1-0.conda': { timestamp: undefined } } })).newest).toBeUndefined()
    expect(read('{"packages":{}}').newest).toBeUndefined()
  })

  it.each([
    '', '..', '../x.conda', 'a/b.conda', '/x.conda', 'a\\b.conda', 'C:x.conda', 'a\nb.conda', '.x.conda', '-x.conda', 'x.conda ', 'x', 'x.zip', '.conda', 'é.conda', 'con.conda', 'NUL.tar.bz2', 'lpt1.conda', `${'x'.repeat(250)}.conda`, 'repodata.json', 'a%2fb.conda', 'x.conda::$DATA', '\u202ex.conda', 'x\u0000.conda', 'ａ.conda',
  ])('refuses the whole document for the key %j', (key) => {
    expect(isArtifactName(key)).toBe(false)
    expect(codeOf(() => read({ packages: { [key]: makeRecord('a-1-0.conda') } }))).toBe('NAME_UNSAFE')
    expect(codeOf(() => read({ v3: { conda: { [key.replace(/\.conda$/, '')]: {} } } }))).toBe(isArtifactName(`${key.replace(/\.conda$/, '')}.conda`) ? undefined : 'NAME_UNSAFE')
  })

  it('agrees with isArtifactName() about every name', () => {
    const names = fc.tuple(fc.string({ unit: fc.constantFrom(...'abcnuxlptoAZ019._+!-/é '), maxLength: 40 }), fc.constantFrom('.conda', '.tar.bz2', '.whl', '.zip', 'conda', '')).map((parts) => parts.join(''))
    fc.assert(fc.property(names, (name) => {
      expect(codeOf(() => read({ packages: { [name]: {} } })) === undefined).toBe(isArtifactName(name))
    }), { numRuns: 1500 })
  }, 60_000)

  it('takes an escaped key for what it says', () => {
    const table = read('{"packages":{"\\u0061-1-0.conda":{}},"packages.conda":{"b\\u002d1-0.conda":{}}}')
    expect([table.keyAt(0), table.keyAt(1)]).toEqual(['a-1-0.conda', 'b-1-0.conda'])
    expect(codeOf(() => read('{"packages":{"..\\u002fx.conda":{}}}'))).toBe('NAME_UNSAFE')
  })

  it.each([
    ['an object without sections', '{}'], ['an error', '{"error":"not found"}'], ['info alone', '{"info":{"subdir":"noarch"}}'], ['null', 'null'], ['an array', '[]'], ['a number', '7'],
    ['another subdir', '{"info":{"subdir":"linux-64"},"packages":{}}'], ['a subdir that is no text', '{"info":{"subdir":1},"packages":{}}'],
    ['version 4', '{"repodata_version":4,"packages":{}}'], ['version "1"', '{"repodata_version":"1","packages":{}}'], ['version 4 in info', '{"info":{"repodata_version":4},"packages":{}}'],
  ])('calls %s implausible', (_, text) => {
    expect(codeOf(() => read(text))).toBe('INDEX_IMPLAUSIBLE')
  })

  it.each(['', '{"packages":{}}', '{"packages.conda":{}}', '{"v3":{}}', '{"repodata_version":2,"packages":{}}', '{"repodata_version":3,"v3":{}}', '{"info":{},"packages":{}}'])('takes %j', (text) => {
    expect(read(text)).toMatchObject({ rows: 0, faults: [] })
  })

  it('refuses one name with two digests when the artifacts are asked for', () => {
    const twice = read(makeIndex({ packages: { 'a-1-0.conda': {} }, conda: { 'a-1-0.conda': { sha256: 'b'.repeat(64) } } }))
    expect(codeOf(() => twice.artifacts())).toBe('INDEX_IMPLAUSIBLE')
    expect(twice.artifacts(Uint8Array.of(0, 1)).count).toBe(1)
    expect(read(makeIndex({ packages: { 'a-1-0.conda': {} }, v3: { conda: { 'a-1-0': {} } } })).artifacts().count).toBe(1)
  })

  it('gives the artifacts of the rows that are kept, sorted, few or many', () => {
    const names = Array.from({ length: 300 }, (_, position) => `n${(position * 7) % 300}-1-0.conda`)
    const table = read(JSON.stringify({ packages: Object.fromEntries(names.map((name) => [name, makeRecord(name)])) }))
    for (const share of [2, 10]) {
      const keep = Uint8Array.from(names, (_, row) => (row % share === 0 ? 1 : 0))
      const wanted = names.filter((_, row) => row % share === 0).toSorted()
      const set = table.artifacts(keep)
      expect([...set].map(({ name }) => name)).toEqual(wanted)
      expect(set.bytes).toBe(wanted.reduce((sum, name) => sum + name.length * 1000, 0))
      expect(set.find(wanted[3] ?? '')?.name).toBe(wanted[3])
      expect(set.find('n1-1-0.condb')).toBeUndefined()
    }
    expect(() => table.artifacts(new Uint8Array(2))).toThrow(RangeError)
  })

  it('has no rows beyond its own', () => {
    const table = read(makeIndex({ packages: { 'a-1-0.conda': {} } }))
    for (const row of [-1, 1, 0.5]) expect(() => table.artifactAt(row)).toThrow(RangeError)
  })

  it('holds many rows across chunks', () => {
    const names = Array.from({ length: 40_000 }, (_, position) => `name${String(position).padStart(6, '0')}-1-0.conda`)
    const bytes = Buffer.from(`{"packages":{${names.map((name, position) => `"${name}":{"md5":"${position.toString(16).padStart(32, '0')}","size":${position}}`).join(',')}}}`)
    const builder = createIndexTableBuilder(noarch)
    for (let at = 0; at < bytes.length; at += 100_003) builder.write(bytes.subarray(at, at + 100_003))
    const table = builder.end()
    for (const row of [0, 63, 64, 16_383, 16_384, 16_385, 32_768, 39_999]) {
      expect(table.artifactAt(row)).toEqual({ subdir: 'noarch', name: names[row], digest: `md5:${row.toString(16).padStart(32, '0')}`, size: row })
    }
    const set = table.artifacts()
    expect([set.count, set.bytes, set.at(20_000).name]).toEqual([40_000, (39_999 * 40_000) / 2, names[20_000]])
  })
})

// Real channels are not in the repository: skipped where their folder is absent.
describe.skipIf(!hasData)('readIndexTable() on real channels (MIRROR_TEST_DATA)', () => {
  const files = hasData ? globSync(['channels/**/*repodata*.json', 'repodata/**/*repodata*.json', 'misc/**/*repodata*.json'], { cwd: DATA }).toSorted() : []

  it.each(files)('finds in %s what JSON.parse finds', (file) => {
    const bytes = readFileSync(join(DATA, file))
    const document = (bytes.length === 0 ? {} : JSON.parse(bytes.toString())) as Record<string, Record<string, unknown>>
    const wanted = Object.entries(document).flatMap(([section, listing]) => listRecords(section, listing))
    const found: unknown[] = []
    scanIndex(bytes, { record: (view) => { found.push([view.section, view.key(), JSON.parse(Buffer.from(view.bytes.subarray(view.start, view.end)).toString())]) } })
    expect(found).toEqual(wanted)
  })
})

function listRecords(section: string, listing: Record<string, unknown>): readonly unknown[] {
  if (section === 'v3') return Object.entries(listing).flatMap(([extension, all]) => Object.entries(all as object).map(([key, record]) => [`v3.${extension}`, `${key}.${extension}`, record]))
  return section === 'packages' || section === 'packages.conda' ? Object.entries(listing).map(([key, record]) => [section, key, record]) : []
}
