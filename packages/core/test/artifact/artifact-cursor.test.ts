import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Artifact, type ArtifactSet, compareCursors, createArtifactCursor, createArtifactSet, createArtifactSetBuilder, createDigest, createIndexTableBuilder, haveSameDigest, isArtifactName, parseArtifactName, parseSubdirName } from '../../src/index.ts'

const SUBDIR = parseSubdirName('linux-64')
const HEX = '0123456789abcdef'

const digests = fc.oneof(
  fc.string({ unit: fc.constantFrom(...HEX), minLength: 64, maxLength: 64 }).map((hex) => createDigest('sha256', hex)),
  fc.string({ unit: fc.constantFrom(...HEX), minLength: 32, maxLength: 32 }).map((hex) => createDigest('md5', hex)),
)
const names = fc.tuple(fc.string({ unit: fc.constantFrom(...'abcz019_.+!-'), minLength: 1, maxLength: 40 }), fc.constantFrom('.conda', '.tar.bz2', '.whl')).map((parts) => parts.join('')).filter(isArtifactName)
const artifacts = fc.uniqueArray(fc.record({ name: names, digest: digests, size: fc.nat() }), { selector: ({ name }) => name, maxLength: 60 })

function setOf(list: readonly Omit<Artifact, 'subdir'>[]): ArtifactSet {
  return createArtifactSet(SUBDIR, list.map((artifact) => ({ ...artifact, subdir: SUBDIR })))
}

describe('createArtifactCursor()', () => {
  test('walks what iteration walks, as bytes', () => {
    fc.assert(fc.property(artifacts, (list) => {
      const set = setOf(list)
      const walked: Artifact[] = []
      for (const cursor = createArtifactCursor(set); cursor.next();) {
        const length = cursor.isMd5 ? 16 : 32
        const hex = Buffer.from(cursor.digests.subarray(cursor.digestStart, cursor.digestStart + length)).toString('hex')
        const name = parseArtifactName(cursor.names.toString('latin1', cursor.nameStart, cursor.nameEnd))
        walked.push({ subdir: SUBDIR, name, digest: createDigest(cursor.isMd5 ? 'md5' : 'sha256', hex), size: cursor.size })
        expect(cursor.artifact()).toEqual(walked.at(-1))
      }
      expect(walked).toEqual([...set])
    }))
  })

  test('compares names and digests as the strings compare', () => {
    fc.assert(fc.property(artifacts, artifacts, (left, right) => {
      for (const [a, b] of [[left, right], [left, left]] as const) {
        for (const one = createArtifactCursor(setOf(a)); one.next();) {
          for (const two = createArtifactCursor(setOf(b)); two.next();) {
            const [x, y] = [one.artifact(), two.artifact()]
            expect(Math.sign(compareCursors(one, two))).toBe(x.name < y.name ? -1 : x.name > y.name ? 1 : 0)
            expect(haveSameDigest(one, two)).toBe(x.digest === y.digest)
          }
        }
      }
    }), { numRuns: 30 })
  })

  test('has nothing without a set, and takes one that another made', () => {
    expect(createArtifactCursor(undefined).next()).toBe(false)
    expect(() => createArtifactCursor(undefined).artifact()).toThrow(RangeError)
    const own = setOf([{ name: parseArtifactName('a-1-0.conda'), digest: createDigest('md5', '0'.repeat(32)), size: 3 }])
    const cursor = createArtifactCursor({ ...own })
    expect(cursor.next()).toBe(true)
    expect(cursor.artifact()).toEqual(own.at(0))
    expect(cursor.next()).toBe(false)
  })
})

describe('ArtifactSetBuilder.addBytes()', () => {
  test('adds what `add` adds, and nothing whose name or digest is none', () => {
    const name = fc.oneof(names, fc.constantFrom('con.conda', 'aux-1-0.conda', 'conda-1-0.conda', 'lpt1.tar.bz2', '.conda', '-a.conda', 'a/b.conda', 'a.txt', 'x"y.conda', '_a.conda', `${'a'.repeat(250)}.conda`), fc.string({ maxLength: 20 }))
    const hex = fc.oneof(fc.string({ unit: fc.constantFrom(...HEX), minLength: 64, maxLength: 64 }), fc.string({ unit: fc.constantFrom(...HEX, 'A', 'g', '"'), minLength: 64, maxLength: 64 }), fc.constant('abc'))
    fc.assert(fc.property(fc.array(fc.tuple(name, hex, fc.boolean(), fc.nat()), { maxLength: 30 }), (rows) => {
      const [builder, expected] = [createArtifactSetBuilder(SUBDIR), createArtifactSetBuilder(SUBDIR)]
      const seen = new Set<string>()
      for (const [text, digits, isMd5, size] of rows) {
        if (seen.has(text)) continue
        seen.add(text)
        const bytes = Buffer.from(`${text}|${digits}`)
        const nameEnd = bytes.indexOf('|', Buffer.byteLength(text))
        const wanted = digits.slice(0, isMd5 ? 32 : 64)
        const isRight = isArtifactName(text) && (isMd5 ? /^[0-9a-f]{32}$/ : /^[0-9a-f]{64}$/).test(wanted)
        expect(builder.addBytes({ bytes, nameStart: 0, nameEnd, hexStart: nameEnd + 1, isMd5, size })).toBe(isRight)
        if (isRight && isArtifactName(text)) expected.add({ name: text, digest: createDigest(isMd5 ? 'md5' : 'sha256', wanted), size })
      }
      expect([...builder.build()]).toEqual([...expected.build()])
    }))
  })

  test('takes thousands, among those that are added one by one', () => {
    const builder = createArtifactSetBuilder(SUBDIR)
    for (let number = 0; number < 3000; number += 1) {
      const name = parseArtifactName(`p${String(number).padStart(5, '0')}-1-0.conda`)
      const hex = number.toString(16).padStart(64, '0')
      if (number % 7 === 0) builder.add({ name, digest: createDigest('sha256', hex), size: number })
      else expect(builder.addBytes({ bytes: Buffer.from(`${name}${hex}`), nameStart: 0, nameEnd: name.length, hexStart: name.length, isMd5: false, size: number })).toBe(true)
    }
    const set = builder.build()
    expect(set.count).toBe(3000)
    expect(set.find('p02999-1-0.conda')).toMatchObject({ size: 2999, digest: `sha256:${(2999).toString(16).padStart(64, '0')}` })
  })
})

describe('IndexTable.byMd5()', () => {
  const record = (fields: object): object => ({ name: 'a', version: '1', build: '0', build_number: 0, size: 5, subdir: SUBDIR, ...fields })
  const document = Buffer.from(JSON.stringify({
    packages: { 'b-1-0.tar.bz2': record({ md5: 'b'.repeat(32), sha256: '1'.repeat(64) }), 'c-1-0.tar.bz2': record({ md5: 'c'.repeat(32) }), 'd-1-0.tar.bz2': record({ sha256: '2'.repeat(64) }), 'e-1-0.tar.bz2': record({ md5: 'E'.repeat(32), sha256: '3'.repeat(64) }) },
    'packages.conda': { 'a-1-0.conda': record({ md5: 'a'.repeat(32), sha256: '4'.repeat(64) }), 'f-1-0.conda': record({ md5: 'f'.repeat(32), sha256: 'no' }) },
  }))

  test('has those that have one, in the rows of the table', () => {
    const builder = createIndexTableBuilder(SUBDIR, {}, { md5: true })
    builder.write(document)
    const table = builder.end()
    const set = table.byMd5()
    expect([...set ?? []].map(({ name, digest, size }) => [name, digest, size])).toEqual([['a-1-0.conda', `md5:${'a'.repeat(32)}`, 5], ['b-1-0.tar.bz2', `md5:${'b'.repeat(32)}`, 5], ['c-1-0.tar.bz2', `md5:${'c'.repeat(32)}`, 5]])
    const [all, some] = [createArtifactCursor(table.artifacts()), createArtifactCursor(set)]
    while (some.next()) {
      while (all.next() && all.row !== some.row);
      expect(all.artifact().name).toBe(some.artifact().name)
      expect(table.keyAt(some.row)).toBe(some.artifact().name)
    }
  })

  test('has none unless it was asked for', () => {
    const builder = createIndexTableBuilder(SUBDIR)
    builder.write(document)
    expect(builder.end().byMd5()).toBeUndefined()
  })
})
