import fc from 'fast-check'
import { describe, test } from 'vitest'
import { findPackages, listArtifacts, listLatest, listNeeding, listSizes, parseSearch, sortVersions, summarizePackage } from '../../src/catalogue/channel-catalogue.ts'
import { catalogueOf, readCatalogue, writeDocument } from './catalogue-support.ts'

const search = (names: readonly string[], text: string): readonly string[] => findPackages([catalogueOf(names)], parseSearch(text)).map(({ name }) => name)

describe('search', () => {
  test('what is meant comes first: the name itself, what begins with it, words that do, the rest', ({ expect }) => {
    const names = ['numpy', 'numpydoc', 'numpy-base', 'r-numpy', 'xnumpy', 'types_numpy', 'scipy']
    expect(search(names, 'numpy')).toEqual(['numpy', 'numpy-base', 'numpydoc', 'r-numpy', 'types_numpy', 'xnumpy'])
    expect(search(names, 'py')).toEqual(['numpy', 'numpy-base', 'numpydoc', 'r-numpy', 'scipy', 'types_numpy', 'xnumpy'])
    expect(search(names, 'nothing')).toEqual([])
  })

  test('nothing to look for finds all, by name', ({ expect }) => {
    for (const text of ['', '  ']) expect(search(['b', 'a', 'c'], text)).toEqual(['a', 'b', 'c'])
  })

  test('what people paste is understood: specs, versions, channels, file names, capitals', ({ expect }) => {
    for (const text of ['numpy 1.26', 'numpy=1.26=py39_0', 'numpy >=1.2,<2', 'conda-forge::numpy', 'NumPy', ' numpy ', 'numpy[version=1]', 'numpy-1.26.0-py39_0.conda']) expect(search(['numpy', 'zlib'], text), text).toEqual(['numpy'])
    expect(search(['numpy-base', 'numpy', 'base'], 'numpy base')).toEqual(['numpy-base'])
    expect(search(['7zip', 'p7zip'], '7zip')).toEqual(['7zip', 'p7zip'])
  })

  test('every search finds what looking through all names would, and each name once', ({ expect }) => {
    const name = fc.stringMatching(/^[ab][ab._-]{0,4}$/)
    fc.assert(fc.property(fc.uniqueArray(name, { maxLength: 12 }), fc.uniqueArray(name, { maxLength: 12 }), fc.stringMatching(/^[ab._-]{1,3}$/), (left, right, text) => {
      const found = findPackages([catalogueOf(left), catalogueOf(right, { subdir: 'noarch' })], [text]).map((match) => match.name)
      expect(found.toSorted()).toEqual([...new Set([...left, ...right])].filter((one) => one.includes(text)).toSorted())
    }), { numRuns: 80 })
  })

  test('a name with a line feed is no boundary that a search can cross', ({ expect }) => {
    const catalogue = readCatalogue(writeDocument({ 'a-1-0.conda': { name: 'aa\nbb' }, 'b-1-0.conda': { name: 'cc' }, 'd-1-0.conda': { name: 'UPPER' } }))
    const find = (text: string): readonly string[] => findPackages([catalogue], [text]).map(({ name }) => name)
    expect([find('aa\nbb'), find('bb\ncc'), find('bb'), find('upper')]).toEqual([['aa\nbb'], [], ['aa\nbb'], ['UPPER']])
  })
})

describe('packages', () => {
  const linux = catalogueOf(['python 3.9.0 0', 'python 3.10.0 1', 'python 3.10.0rc1 0', 'python 3.10.0 2', 'zlib 1 0'], { depends: { python: ['zlib >=1', 'openssl'] } })
  const noarch = catalogueOf(['pip 1 0', 'python 3.9.0 0'], { subdir: 'noarch', depends: { pip: ['python'] } })

  test('builds come newest version first by CEP 33, then the highest build', ({ expect }) => {
    expect(listArtifacts([linux, noarch], 'python').map(({ subdir, file }) => `${subdir}/${file}`)).toEqual([
      'linux-64/python-3.10.0-2.conda', 'linux-64/python-3.10.0-1.conda', 'linux-64/python-3.10.0rc1-0.conda', 'linux-64/python-3.9.0-0.conda', 'noarch/python-3.9.0-0.conda',
    ])
    expect(sortVersions(['1.0', 'not a version', '1!0.1', '1.0.post1', '1.10', '1.0dev', '1.9', ''])).toEqual(['1!0.1', '1.10', '1.9', '1.0.post1', '1.0', '1.0dev', '', 'not a version'])
  })

  test('a summary is about all subdirs', ({ expect }) => {
    expect(summarizePackage([linux, noarch], 'python')).toEqual({ name: 'python', artifacts: 5, size: 50, latestVersion: '3.10.0', versions: 3, newest: undefined, subdirs: ['linux-64', 'noarch'] })
    expect(summarizePackage([linux, noarch], 'none')).toBeUndefined()
  })

  test('who depends on it and what takes space are summed over subdirs', ({ expect }) => {
    expect([listNeeding([linux, noarch], 'python'), listNeeding([linux, noarch], 'zlib'), listNeeding([linux, noarch], 'pip')]).toEqual([['pip'], ['python'], []])
    expect(listSizes([linux, noarch])).toEqual([{ name: 'python', size: 50, artifacts: 5 }, { name: 'pip', size: 10, artifacts: 1 }, { name: 'zlib', size: 10, artifacts: 1 }])
  })

  test('the newest are those that were built last, without what claims to come from the future', ({ expect }) => {
    const times = Array.from({ length: 40 }, (_, at): [string, { name: string; timestamp: number }] => [`p${at}-1-0.conda`, { name: `p${at}`, timestamp: 1_600_000_000_000 + ((at * 7) % 40) * 1000 }])
    const catalogue = readCatalogue(writeDocument(Object.fromEntries([...times, ['late-1-0.conda', { name: 'late', timestamp: 4_000_000_000_000 }], ['none-1-0.conda', { name: 'none' }]])))
    const latest = listLatest([catalogue, catalogueOf(['other 1 0'])], 3)
    expect(latest.map(({ time }) => time)).toEqual([1_600_000_039_000, 1_600_000_038_000, 1_600_000_037_000])
  })
})
