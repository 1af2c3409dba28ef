import { describe, expect, it } from 'vitest'
import { explainRecord, type Selection, selectRecords } from '../src/index.ts'
import { documentOf, indexOf, NOW, recordOf, toSelection } from './select-plainly.ts'

const linux = indexOf('linux-64', documentOf({
  'lib-1-0.conda': {}, 'lib-2-0.conda': { size: 9999 }, 'app-1-0.conda': { depends: ['other', 'lib >=2', 'lib'] }, 'old-1-0.tar.bz2': { depends: ['lib <2'] }, 'pinned-1-0.conda': { depends: ['lib 2 h_1'] },
  'broken-1-0.conda': { depends: ['lib [[', 7] }, 'odd-1-0.conda': { depends: 'lib' }, 'liberal-1-0.conda': { depends: ['liberty'], constrains: ['lib'] },
}))
const noarch = indexOf('noarch', documentOf({ 'pure-1-0.conda': { depends: ['lib'] }, 'tool-1-0.conda': { depends: ['LIB >=1.5'] } }).replace('"lib"', '"l\\u0069b"'))
const win = indexOf('win-64', documentOf({ 'app-1-0.conda': { depends: ['lib', 'tool'] }, 'lib-2-0.conda': {} }))
const indexes = [linux, noarch, win]

function explain(name: string, selection: Selection = {}): ReturnType<typeof explainRecord> {
  return explainRecord(name, { indexes, selected: selectRecords(indexes, selection, { now: NOW }) })
}

const artifactsOf = (found: ReturnType<typeof explainRecord>): readonly (readonly string[])[] => found.map(({ dependents }) => dependents.map(({ subdir, artifact }) => `${subdir}/${artifact}`))

describe('explainRecord()', () => {
  it('says which rule decided in each subdir that lists the artifact', () => {
    expect(explain('lib-2-0.conda', { maximumSize: 5000 }).map(({ subdir, isKept, rule, record }) => ({ subdir, isKept, rule, size: record['size'] }))).toEqual([
      { subdir: 'linux-64', isKept: false, rule: 'maximum_size', size: 9999 }, { subdir: 'win-64', isKept: true, rule: undefined, size: 1000 },
    ])
    expect(explain('lib-1-0.conda', toSelection({ blacklist: ['lib'], whitelist: ['lib'] }))).toMatchObject([{ subdir: 'linux-64', artifact: 'lib-1-0.conda', isKept: true, rule: 'whitelist' }])
  })

  it('knows nothing of an artifact that no index lists', () => {
    expect(explain('lib-3-0.conda')).toEqual([])
  })

  it('lists what depends on it in its subdir and in noarch, kept or not, with the spec', () => {
    const [found] = explain('lib-2-0.conda', toSelection({ blacklist: ['app'] }))
    expect(found?.dependents).toEqual([
      { subdir: 'linux-64', artifact: 'app-1-0.conda', spec: 'lib >=2', isKept: false },
      { subdir: 'noarch', artifact: 'pure-1-0.conda', spec: 'lib', isKept: true },
      { subdir: 'noarch', artifact: 'tool-1-0.conda', spec: 'LIB >=1.5', isKept: true },
    ])
    expect(artifactsOf(explain('lib-1-0.conda'))).toEqual([['linux-64/old-1-0.tar.bz2', 'linux-64/app-1-0.conda', 'noarch/pure-1-0.conda']])
  })

  it('looks in all subdirs for what depends on a noarch artifact', () => {
    expect(artifactsOf(explain('tool-1-0.conda'))).toEqual([['win-64/app-1-0.conda']])
  })

  it('goes by the name of the record, not of the file', () => {
    const index = indexOf('linux-64', JSON.stringify({ packages: {}, 'packages.conda': { 'x-1-0.conda': recordOf('x-1-0.conda', { name: 'real' }), 'y-1-0.conda': recordOf('y-1-0.conda', { depends: ['real'] }) } }))
    expect(artifactsOf(explainRecord('x-1-0.conda', { indexes: [index], selected: selectRecords([index], {}, { now: NOW }) }))).toEqual([['linux-64/y-1-0.conda']])
  })
})
