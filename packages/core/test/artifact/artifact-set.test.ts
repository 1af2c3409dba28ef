import fc from 'fast-check'
import { describe, test } from 'vitest'
import { type Artifact, compareNames, createArtifactSet, createArtifactSetBuilder, createDigest, NOARCH, parseArtifactName,
  parseSubdirName } from '../../src/index.ts'

const LINUX = parseSubdirName('linux-64')

function artifact(stem: string, seed = 0): Artifact {
  const isMd5 = seed % 3 === 1
  const hex = seed.toString(16).padStart(isMd5 ? 32 : 64, '0')
  return { subdir: LINUX, name: parseArtifactName(`${stem}.conda`), digest: createDigest(isMd5 ? 'md5' : 'sha256', hex),
  size: seed * 1000 }
}

const stems = fc.uniqueArray(fc.string({ unit: fc.constantFrom(...'aA09_-+!.z'), minLength: 1,
  maxLength: 12 }).filter((text) => /^[A-Za-z0-9_]/.test(text)), { maxLength: 200 })

describe('createArtifactSet()', () => {
  test('holds what was added, sorted by name, and finds all of it and nothing else', ({ expect }) => {
    fc.assert(fc.property(stems, fc.nat(1_000_000), (names, seed) => {
      const artifacts = names.map((name, index) => artifact(name, seed + index))
      const set = createArtifactSet(LINUX, artifacts)
      const sorted = artifacts.toSorted((left, right) => compareNames(left.name, right.name))
      expect([...set]).toEqual(sorted)
      expect([set.count, set.bytes, set.subdir]).toEqual([artifacts.length, artifacts.reduce((sum, one) => sum + one.size, 0), LINUX])
      for (const one of artifacts) {
        expect(set.find(one.name)).toEqual(one)
        expect(set.find(`${one.name}x`)).toBeUndefined()
        expect(set.find(one.name.slice(0, -1))).toBeUndefined()
        for (const guess of [0, sorted.indexOf(one), sorted.length, undefined]) expect(set.positionOf(one.name, guess)).toBe(sorted.indexOf(one))
        expect(set.positionOf(`${one.name}x`, sorted.indexOf(one))).toBeUndefined()
      }
    }), { numRuns: 200 })
  })

  test('of nothing is empty', ({ expect }) => {
    const set = createArtifactSet(NOARCH, [])
    expect([[...set], set.count, set.bytes, set.find('a.conda'), set.find('')]).toEqual([[], 0, 0, undefined, undefined])
    expect(() => set.at(0)).toThrow(RangeError)
  })

  test('takes the same artifact twice for one, in order or not', ({ expect }) => {
    const [a, b, c] = [artifact('a', 3), artifact('b', 4), artifact('c', 5)]
    expect([...createArtifactSet(LINUX, [a, a, b, c, c])]).toEqual([a, b, c])
    expect([...createArtifactSet(LINUX, [c, a, b, a, c])]).toEqual([a, b, c])
    expect(createArtifactSet(LINUX, [c, a, a]).bytes).toBe(a.size + c.size)
  })

  test.for([
    ['another digest', { digest: createDigest('sha256', 'f'.repeat(64)) }],
    ['another kind of digest', { digest: createDigest('md5', '0'.repeat(31).concat('3')) }], ['another size', { size: 1 }],
  ] as const)('refuses one name with %s', ([, change], { expect }) => {
    const one = artifact('a', 3)
    for (const artifacts of [[one, { ...one, ...change }], [artifact('b', 6), { ...one, ...change }, one]]) {
      expect(() => createArtifactSet(LINUX,
        artifacts)).toThrow(expect.objectContaining({ code: 'INDEX_IMPLAUSIBLE', details: expect.objectContaining({ name: 'a.conda' }) }))
    }
  })

  test('at() refuses positions that are none', ({ expect }) => {
    const set = createArtifactSet(LINUX, [artifact('a', 3)])
    expect(set.at(0)).toEqual(artifact('a', 3))
    for (const position of [-1, 1, 0.5, NaN, Infinity]) expect(() => set.at(position)).toThrow(RangeError)
  })

  test('find() takes any text', ({ expect }) => {
    const set = createArtifactSet(LINUX, [artifact('a', 3), artifact('a9', 4)])
    for (const name of ['', '\u0000', '\u0161', '\u0161.conda', '\u0161a.conda', 'a.conda\u0161', '\ud800', 'A.conda',
      'x'.repeat(100_000)]) expect(set.find(name)).toBeUndefined()
  })

  test('keeps sizes beyond 4 GiB and both kinds of digest exactly', ({ expect }) => {
    const large = { ...artifact('large', 2), size: 2 ** 40 + 1 }
    const old = { ...artifact('old', 1), size: Number.MAX_SAFE_INTEGER - 2 ** 41 }
    const set = createArtifactSet(LINUX, [old, large])
    expect([...set]).toEqual([large, old])
    expect(set.find('old.conda')?.digest).toBe(`md5:${'1'.padStart(32, '0')}`)
  })
})

describe('createArtifactSetBuilder()', () => {
  test('holds 20,000 artifacts that come in no order', ({ expect }) => {
    const builder = createArtifactSetBuilder(LINUX)
    const numbers = Array.from({ length: 20_000 }, (_, index) => (index * 7919) % 20_000)
    for (const number of numbers) builder.add(artifact(`pkg-${number}`, number))
    const set = builder.build()
    expect([set.count, set.bytes]).toEqual([20_000, 1000 * (20_000 * 19_999) / 2])
    expect([...set].every((one, index, all) => index === 0 || compareNames(all[index - 1]?.name ?? '', one.name) < 0)).toBe(true)
    for (const number of [0, 1, 63, 64, 65, 4096, 19_999]) expect(set.find(`pkg-${number}.conda`)).toEqual(artifact(`pkg-${number}`,
      number))
  })

  test('builds again after more was added, and leaves the first set as it was', ({ expect }) => {
    const builder = createArtifactSetBuilder(LINUX)
    builder.add(artifact('b', 3))
    const first = builder.build()
    builder.add(artifact('a', 4))
    expect([...builder.build()].map(({ name }) => name)).toEqual(['a.conda', 'b.conda'])
    expect([...first].map(({ name }) => name)).toEqual(['b.conda'])
  })
})
