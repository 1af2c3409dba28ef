import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBufferSource } from '../../src/index/byte-source.ts'
import { compareIndexes } from '../../src/index/compare-indexes.ts'
import { compareTables } from '../../src/index/compare-tables.ts'
import { readIndexTable } from '../../src/index/index-table.ts'
import type { IndexTable, TableComparison } from '../../src/index/index-types.ts'
import { isMirrorError } from '../../src/errors.ts'
import { parseSubdirName } from '../../src/channel/subdir.ts'
import { dumpIndex, type Listing, makeIndex, makeRecord } from '../oracle/make-index.ts'

const noarch = parseSubdirName('noarch')
const read = (index: unknown): IndexTable => readIndexTable(dumpIndex(index), noarch)
const namesOf = (set: Iterable<{ readonly name: string }>): readonly string[] => [...set].map(({ name }) => name)

describe('compareTables()', () => {
  it('tells added, removed, replaced, relisted and unchanged apart', () => {
    const base = read(makeIndex({ packages: { 'a-1-0.conda': {}, 'b-1-0.conda': {}, 'c-1-0.conda': {} }, conda: { 'd-1-0.conda': {}, 'e-1-0.conda': {} } }))
    const target = read(makeIndex({ packages: { 'a-1-0.conda': {}, 'b-1-0.conda': { depends: [] }, 'c-1-0.conda': { sha256: 'c'.repeat(64) } }, conda: { 'e-1-0.conda': { size: 1 }, 'f-1-0.conda': {} } }))
    const found = compareTables({ base, target })
    expect({ added: namesOf(found.added), removed: namesOf(found.removed), before: namesOf(found.replaced.before), after: namesOf(found.replaced.after) }).toEqual({
      added: ['f-1-0.conda'], removed: ['d-1-0.conda'], before: ['c-1-0.conda', 'e-1-0.conda'], after: ['c-1-0.conda', 'e-1-0.conda'],
    })
    expect([found.relisted, found.unchanged, namesOf(found.relistedSome)]).toEqual([1, 1, ['b-1-0.conda']])
    expect(found.replaced.before.at(0).digest).toBe(`sha256:${String(makeRecord('c-1-0.conda')['sha256'])}`)
    expect(found.replaced.after.at(0).digest).toBe(`sha256:${'c'.repeat(64)}`)
  })

  it('names the first 5,000 of what is re-listed, and counts the rest', () => {
    const names = Array.from({ length: 5002 }, (_, at) => `m${String(at).padStart(4, '0')}-1-0.conda`)
    const indexOf = (fields: Readonly<Record<string, unknown>>): IndexTable => read(makeIndex({ conda: Object.fromEntries(names.map((name) => [name, fields])) }))
    const { relisted, relistedSome } = compareTables({ base: indexOf({}), target: indexOf({ depends: ['x'] }) })
    expect([relisted, namesOf(relistedSome)]).toEqual([5002, names.slice(0, 5000)])
  })

  it('does not care in which section a record stands, or in what order', () => {
    const base = readIndexTable(Buffer.from(JSON.stringify({ packages: { 'b-1-0.conda': makeRecord('b-1-0.conda'), 'a-1-0.conda': makeRecord('a-1-0.conda') } })), noarch)
    const target = readIndexTable(Buffer.from(JSON.stringify({ v3: { conda: { 'a-1-0': makeRecord('a-1-0.conda') } }, 'packages.conda': { 'b-1-0.conda': makeRecord('b-1-0.conda') } })), noarch)
    expect(compareTables({ base, target })).toMatchObject({ unchanged: 2, relisted: 0, added: { count: 0 }, removed: { count: 0 } })
  })

  it('leaves faulty rows out, and rows of the target that are not kept', () => {
    const base = read(makeIndex({ packages: { 'a-1-0.conda': {}, 'b-1-0.conda': {} } }))
    const target = read(makeIndex({ packages: { 'a-1-0.conda': {}, 'b-1-0.conda': { size: -1 }, 'c-1-0.conda': {} } }))
    expect(namesOf(compareTables({ base, target }).removed)).toEqual(['b-1-0.conda'])
    const kept = compareTables({ base, target, keep: Uint8Array.of(0, 1, 0) })
    expect([namesOf(kept.removed), namesOf(kept.added)]).toEqual([['a-1-0.conda', 'b-1-0.conda'], []])
  })

  it('takes md5 and sha256 of one artifact for different digests', () => {
    const base = read(makeIndex({ packages: { 'a-1-0.conda': { sha256: null } } }))
    const target = read(makeIndex({ packages: { 'a-1-0.conda': {} } }))
    expect(compareTables({ base, target }).replaced.after.count).toBe(1)
  })

  it('finds what a comparison of maps finds', () => {
    const listing = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i').map((letter) => `${letter}-1-0.conda`), fc.constantFrom({}, { depends: [] }, { size: 5 }, { sha256: 'd'.repeat(64) }))
    fc.assert(fc.property(listing, listing, (left, right) => {
      const found = compareTables({ base: read(makeIndex({ conda: left })), target: read(makeIndex({ conda: right })) })
      const identity = (listed: typeof left, name: string): string => JSON.stringify([listed[name]?.['size'], listed[name]?.['sha256']])
      const both = Object.keys(left).filter((name) => name in right)
      const same = both.filter((name) => identity(left, name) === identity(right, name))
      const unchanged = same.filter((name) => JSON.stringify(left[name]) === JSON.stringify(right[name]))
      expect(namesOf(found.added)).toEqual(Object.keys(right).filter((name) => !(name in left)).toSorted())
      expect(namesOf(found.removed)).toEqual(Object.keys(left).filter((name) => !(name in right)).toSorted())
      expect(namesOf(found.replaced.after)).toEqual(both.filter((name) => !same.includes(name)).toSorted())
      expect([found.relisted, found.unchanged]).toEqual([same.length - unchanged.length, unchanged.length])
    }), { numRuns: 300 })
  })
})

describe('compareIndexes()', () => {
  const plain = ({ added, removed, replaced, relisted, unchanged }: TableComparison): unknown => [[...added], [...removed], [...replaced.before], [...replaced.after], relisted, unchanged]
  const both = (base: Uint8Array, target: Uint8Array): unknown => {
    const found = compareIndexes({ subdir: noarch, base: createBufferSource(base), target: createBufferSource(target) })
    const wanted = compareTables({ base: readIndexTable(base, noarch), target: readIndexTable(target, noarch) })
    expect(plain(found)).toEqual(plain(wanted))
    return plain(found)
  }

  it('finds what compareTables() finds, sorted or not, whatever stands where', () => {
    const changes = fc.constantFrom({}, { depends: [] }, { size: -1 }, { sha256: 'd'.repeat(64) })
    const listing = (extension: fc.Arbitrary<string>): fc.Arbitrary<Listing> =>
      fc.dictionary(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), extension).map(([name, end]) => `${name}-1-0${end}`), changes, { noNullPrototype: true })
    const tidy = fc.record({ packages: listing(fc.constant('.tar.bz2')), conda: listing(fc.constant('.conda')) })
    const wild = fc.record({ packages: listing(fc.constantFrom('.tar.bz2', '.conda')), conda: fc.constant({}), v3: fc.record({ whl: listing(fc.constant('')) }) })
    const bytes = fc.tuple(fc.oneof(tidy, wild), fc.boolean()).map(([sections, sorted]) => {
      const index = makeIndex(sections)
      return sorted ? dumpIndex(index) : Buffer.from(JSON.stringify(Object.fromEntries(Object.entries(index).toReversed()), null, 1))
    })
    fc.assert(fc.property(bytes, bytes, (base, target) => { both(base, target) }), { numRuns: 300 })
  }, 60_000)

  it('reads documents of many windows side by side', () => {
    const listing = (from: number, to: number, kind: string): Listing => Object.fromEntries(Array.from({ length: to - from }, (_, at) => [`p${String(from + at).padStart(6, '0')}-1-0${kind}`, (from + at) % 100 === 0 ? { depends: [String(to)] } : {}]))
    const base = dumpIndex(makeIndex({ packages: listing(0, 6000, '.tar.bz2'), conda: listing(0, 3000, '.conda') }))
    const target = dumpIndex(makeIndex({ packages: listing(2000, 7000, '.tar.bz2'), conda: listing(1000, 6000, '.conda') }))
    expect(base.length).toBeGreaterThan(2 << 20)
    expect(both(base, target)).toMatchObject([{ length: 4000 }, { length: 3000 }, [], [], 60, 5940])
    expect(both(base, base)).toMatchObject([[], [], [], [], 0, 9000])
    expect(both(Buffer.alloc(0), base)).toMatchObject([{ length: 9000 }, [], [], [], 0, 0])
  })

  it('finds and refuses the same in a document that was changed anywhere, by bytes or by lines', () => {
    const outcome = (run: () => TableComparison): unknown => {
      try {
        return plain(run())
      } catch (error) {
        return isMirrorError(error) ? [error.code, error.message] : error
      }
    }
    const listing = (kind: string): Listing => Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`p${String(at).padStart(2, '0')}-1-0${kind}`, at % 7 === 3 ? { size: -1 } : {}]))
    const base = dumpIndex(makeIndex({ packages: listing('.tar.bz2'), conda: listing('.conda') }))
    const entries = base.toString().split(/(?="p\d\d-)/)
    const place = fc.nat({ max: base.length - 1 })
    const byBytes = fc.tuple(place, fc.constantFrom('', '"', ',', '{', '}', ' ', '\\', '9', 'z', '\u0000')).map(([at, text]) => Buffer.concat([base.subarray(0, at), Buffer.from(text), base.subarray(at + 1)]))
    const line = fc.nat({ max: entries.length - 1 })
    const byLines = fc.tuple(line, line, line).map(([from, to, into]) => Buffer.from([...entries.slice(0, into), ...entries.slice(from, to), ...entries.slice(into)].join('')))
    const seen = { found: 0, refused: 0 }
    fc.assert(fc.property(fc.oneof(byBytes, byLines), (target) => {
      const found = outcome(() => compareIndexes({ subdir: noarch, base: createBufferSource(base), target: createBufferSource(target) }))
      expect(found).toEqual(outcome(() => compareTables({ base: readIndexTable(base, noarch), target: readIndexTable(target, noarch) })))
      seen[Array.isArray(found) && found.length === 6 ? 'found' : 'refused'] += 1
    }), { numRuns: 1000 })
    expect(Math.min(seen.found, seen.refused)).toBeGreaterThan(100)
  }, 60_000)

  it('refuses what readIndexTable() refuses', () => {
    const good = dumpIndex(makeIndex({ packages: { 'a-1-0.tar.bz2': {} } }))
    for (const bad of ['{"packages":{}', '{}', '{"info":{"subdir":"linux-64"},"packages":{}}', '{"packages":{"../x.conda":{}}}']) {
      for (const [base, target] of [[good, Buffer.from(bad)], [Buffer.from(bad), good]] as const) {
        const error: unknown = (() => { try { return both(base, target) } catch (caught) { return caught } })()
        expect(isMirrorError(error)).toBe(true)
      }
    }
  })
})
