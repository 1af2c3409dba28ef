import { parseMatchSpec } from '@mirror/core'
import { describe, expect, it } from 'vitest'
import { type Selection, selectionFingerprint } from '../src/index.ts'

const full: Selection = {
  packages: ['a', 'b'], licenseBlacklist: ['GPL3', 'MIT'], blacklist: ['c'], whitelist: ['d'], exclude: [parseMatchSpec('x >=1'), parseMatchSpec('y')], include: [parseMatchSpec('z')],
  pythonVersions: ['3.10', '3.9'], maximumSize: 1, newerThan: 2, maximumAge: 3, olderThan: 4, minimumAge: 5, undated: 'drop', formats: { allowed: ['conda', 'tar.bz2'], prefer: 'conda' },
  latest: { versions: 6, builds: 7 },
  closure: {
    specs: [parseMatchSpec('s'), parseMatchSpec('t >=2')], environments: [[parseMatchSpec('e'), parseMatchSpec('f')]], elsewhere: true,
    artifacts: [{ subdir: 'noarch', name: 'l-1-0.conda', url: 'https://x/l', sha256: 'ab' }], virtualPackages: new Map([['linux-64', [{ name: '__glibc', version: '2.28', build: '0' }]], ['osx-64', []]]),
  },
}
const other: Selection = {
  packages: ['a'], licenseBlacklist: ['MIT'], blacklist: ['e'], whitelist: ['c'], exclude: [parseMatchSpec('x >=2'), parseMatchSpec('y')], include: [parseMatchSpec('zz')], pythonVersions: ['3.9'], maximumSize: 2,
  newerThan: 3, maximumAge: 4, olderThan: 5, minimumAge: 6, undated: 'keep', formats: { allowed: ['conda'], prefer: 'conda' }, latest: { versions: 6, builds: 8 },
}

describe('selectionFingerprint()', () => {
  it('is the same for the same selection, in whatever order and spelling', () => {
    const turned: Selection = Object.fromEntries(Object.entries(full).toReversed())
    const shuffled: Selection = {
      ...turned, packages: ['B', 'a', 'a'], licenseBlacklist: ['MIT', 'GPL3'], exclude: [parseMatchSpec('Y'), parseMatchSpec('x  >=1')], pythonVersions: ['3.9', '3.10'], formats: { prefer: 'conda', allowed: ['tar.bz2', 'conda'] },
      ...(full.closure === undefined ? {} : { closure: { ...full.closure, specs: full.closure.specs.toReversed(), environments: [[parseMatchSpec('f'), parseMatchSpec('e')]], virtualPackages: new Map([...full.closure.virtualPackages].toReversed()) } }),
    }
    expect(selectionFingerprint(shuffled)).toBe(selectionFingerprint(full))
    expect(selectionFingerprint({ blacklist: [], whitelist: undefined, maximumSize: undefined })).toBe(selectionFingerprint({}))
  })

  it.each(Object.keys(other))('differs when %s differs, or is left out', (key) => {
    const changed = { ...full, ...Object.fromEntries(Object.entries(other).filter(([each]) => each === key)) }
    const without: Selection = Object.fromEntries(Object.entries(full).filter(([each]) => each !== key))
    expect(new Set([full, changed, without].map(selectionFingerprint)).size).toBe(3)
  })

  it.each<[string, object]>([
    ['specs', { specs: [parseMatchSpec('s')] }], ['environments', { environments: [[parseMatchSpec('e')], [parseMatchSpec('f')]] }], ['elsewhere', { elsewhere: false }], ['artifacts', { artifacts: [] }],
    ['virtualPackages', { virtualPackages: new Map([['linux-64', [{ name: '__glibc', version: '2.17', build: '0' }]], ['osx-64', []]]) }],
  ])('differs when %s of the closure differ', (_, change) => {
    const closure = { specs: [], artifacts: [], virtualPackages: new Map(), ...full.closure }
    expect(selectionFingerprint({ ...full, closure: { ...closure, ...change } })).not.toBe(selectionFingerprint(full))
  })

  it('tells an empty closure, which keeps nothing, from none', () => {
    expect(selectionFingerprint({ closure: { specs: [], artifacts: [], virtualPackages: new Map() } })).not.toBe(selectionFingerprint({}))
  })
})
