import fc from 'fast-check'
import { describe, test } from 'vitest'
import { nameOfSpec } from '../../src/catalogue/needs.ts'
import { blocksOf } from '../../src/catalogue/subdir-columns.ts'
import { catalogueOf, type GivenRecord, readCatalogue, writeDocument } from './catalogue-support.ts'

const word = fc.stringMatching(/^[a-z][a-z0-9_]{0,6}$/)
const record = fc.record({
  name: fc.oneof(word, fc.constantFrom('Üml', 'a"b', 'x\ny', 'UPPER')), version: fc.stringMatching(/^[0-9][0-9.]{0,4}$/), build: fc.stringMatching(/^[a-z0-9_]{1,5}$/),
  build_number: fc.nat(99), size: fc.nat(2 ** 40), timestamp: fc.oneof(fc.nat(1.7e9), fc.integer({ min: 1e12, max: 1.8e12 })),
  depends: fc.array(fc.oneof(word, fc.constantFrom('python >=3.8,<4.0a0', 'conda-forge::numpy 1.*', 'libblas=*=*mkl', 'Ä "q" \\', ' spaced  >1', 'NumPy'))),
}, { requiredKeys: [] })
const records = fc.dictionary(fc.tuple(word, fc.nat(30), fc.constantFrom('.conda', '.tar.bz2')).map(([name, at, ending]) => `${name}-1.${at}-0${ending}`), record, { maxKeys: 25 })

/** What the index says, read the plain way. */
function readPlainly(given: Readonly<Record<string, GivenRecord>>): readonly { readonly file: string; readonly name: string }[] {
  return Object.entries(given).map(([file, { name, version = '', build = '', build_number = 0, size = 0, timestamp = 0 }]) => {
    const seconds = Math.trunc(timestamp <= 253_402_300_799 ? timestamp : timestamp / 1000)
    return { subdir: 'linux-64', file, name: name ?? file.slice(0, file.indexOf('-')), version, build, buildNumber: build_number, size, time: seconds === 0 ? undefined : seconds * 1000 }
  })
}

describe('reading an index into columns', () => {
  test('every record is found again with what it says, and where it stands, however the index comes', ({ expect }) => {
    fc.assert(fc.property(records, fc.integer({ min: 1, max: 5000 }), (given, piece) => {
      const document = writeDocument(given)
      const catalogue = readCatalogue(document, { piece })
      const all = Array.from({ length: catalogue.columns.records }, (_, at) => catalogue.artifactAt(at))
      const byFile = <Told extends { readonly file: string }>(list: readonly Told[]): readonly Told[] => list.toSorted((left, right) => (left.file < right.file ? -1 : 1))
      expect(byFile(all.map(({ position: _position, length: _length, ...told }) => told))).toEqual(byFile(readPlainly(given)))
      for (const { file, position, length, name } of all) {
        expect(JSON.parse(document.toString('utf8', position, position + length))).toEqual(JSON.parse(JSON.stringify(given[file])))
        expect(catalogue.findArtifact(file.slice(0, file.indexOf('-')), file)).toMatchObject({ file, position })
        expect(catalogue.findName(name)).toBeDefined()
      }
      expect(catalogue.columns.bytes).toBe(Object.values(given).reduce((sum, { size = 0 }) => sum + size, 0))
    }), { numRuns: 60 })
  })

  test('names come in order, each once, with their records side by side and their sizes together', ({ expect }) => {
    fc.assert(fc.property(records, (given) => {
      const catalogue = readCatalogue(writeDocument(given))
      const names = Array.from({ length: catalogue.names }, (_, at) => catalogue.nameAt(at))
      const expected = [...new Set(readPlainly(given).map(({ name }) => name))].toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
      expect(names).toEqual(expected)
      let end = 0
      for (const [at, name] of names.entries()) {
        const { from, to } = catalogue.recordsOf(at)
        expect(from).toBe(end)
        end = to
        const own = Array.from({ length: to - from }, (_, row) => catalogue.artifactAt(from + row))
        expect(own.every((one) => one.name === name)).toBe(true)
        expect(catalogue.columns.nameBytes[at]).toBe(own.reduce((sum, { size }) => sum + size, 0))
      }
      expect(end).toBe(catalogue.columns.records)
    }), { numRuns: 60 })
  })

  test('who depends on a name is who says so in any build, once', ({ expect }) => {
    fc.assert(fc.property(records, (given) => {
      const catalogue = readCatalogue(writeDocument(given))
      const plain = new Map<string, Set<string>>()
      for (const [file, { name, depends }] of Object.entries(given)) {
        for (const spec of depends ?? []) {
          const needed = nameOfSpec(spec)
          if (needed !== '') plain.set(needed, (plain.get(needed) ?? new Set()).add(name ?? file.slice(0, file.indexOf('-'))))
        }
      }
      for (const [needed, names] of plain) expect(catalogue.needing(needed).toSorted(), needed).toEqual([...names].toSorted())
      expect(catalogue.needing('not there')).toEqual([])
    }), { numRuns: 60 })
  })

  test('nameOfSpec() reads the name of whatever stands in depends', ({ expect }) => {
    const specs = ['python', 'python >=3.8', 'python>=3.8', 'python=3.8=*_cpython', 'NumPy[version=">1"]', 'conda-forge::numpy 1.*', ' a  b', 'x;y', '__glibc >=2.17', '', '>=1', 'https://x/y::z 1']
    expect(specs.map(nameOfSpec)).toEqual(['python', 'python', 'python', 'python', 'numpy', 'numpy', 'a', 'x', '__glibc', '', '', 'z'])
  })

  test('file names that no file can have are counted and left out; others that are odd are kept', ({ expect }) => {
    const document = writeDocument({ '../../etc/passwd-1-0.conda': { name: 'evil' }, 'odd-1-0.conda': { name: 'other', version: '9', build: 'z' } })
    const catalogue = readCatalogue(document)
    expect([catalogue.columns.records, catalogue.columns.unusable]).toEqual([1, 1])
    expect(catalogue.findArtifact('odd', 'odd-1-0.conda')).toMatchObject({ name: 'other', version: '9', file: 'odd-1-0.conda' })
    expect(catalogue.findArtifact('evil', '../../etc/passwd-1-0.conda')).toBeUndefined()
  })

  test('what is no index is refused', ({ expect }) => {
    for (const text of ['{', '[]', '{"packages": 3}', '{"packages": {"a-1-0.conda": 7}}', 'x'.repeat(99)]) expect(() => readCatalogue(Buffer.from(text))).toThrow(/index/i)
    expect(readCatalogue(Buffer.from('{"packages":{}}')).names).toBe(0)
  })

  test('blocksOf() names every block of memory once, so that all of it is handed over', ({ expect }) => {
    const { columns } = catalogueOf(['a 1 0', 'b 1 0'])
    const blocks = blocksOf(columns)
    expect(new Set(blocks).size).toBe(blocks.length)
    const kept = structuredClone(columns, { transfer: [...blocks] })
    expect(kept.records).toBe(2)
    expect([columns.positions, columns.names.bytes, columns.foldedNames.ends, columns.odd.rows, columns.builds.bytes, columns.needed.bytes].map(({ byteLength }) => byteLength)).toEqual([0, 0, 0, 0, 0, 0])
  })
})
