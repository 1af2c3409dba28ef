import { readIndexTable, scanIndex } from '@mirror/core'
import { describe, expect, it } from 'vitest'
import { createRecordSelector, selectRecords, type Selection } from '../src/index.ts'
import { documentOf, indexOf, NOW, toSelection } from './select-plainly.ts'

const RECORDS = { 'a-1-0.conda': { timestamp: 1 }, 'a-2-0.conda': {}, 'a-2-0.tar.bz2': {}, 'b-1-0.conda': { depends: ['a'] } }
const SELECTIONS: readonly Selection[] = [
  {}, toSelection({ blacklist: ['b', 'missing'] }), toSelection({ latest: { versions: 1 }, formats: { allowed: [], prefer: 'conda' } }), toSelection({ exclude: ['a 1', 'none'] }), { newerThan: 5, undated: 'drop' },
]

describe('createRecordSelector()', () => {
  it('decides in the scan that reads an index as selectRecords() does afterwards', () => {
    for (const selection of SELECTIONS) {
      const text = documentOf(RECORDS)
      const index = indexOf('linux-64', text)
      const selector = createRecordSelector(selection, { now: NOW })
      const layout = readIndexTable(Buffer.from(text), index.subdir, selector.watch(index.subdir))
      const source = { length: text.length, read: () => expect.fail('it was read again') }
      expect(selector.finish([{ ...index, source, layout }])).toEqual(selectRecords([index], selection, { now: NOW }))
    }
  })

  it('scans what it was not shown', () => {
    const shown = indexOf('linux-64', documentOf(RECORDS))
    const other = indexOf('noarch', documentOf({ 'missing-1-0.conda': {} }))
    for (const selection of SELECTIONS) {
      const selector = createRecordSelector(selection, { now: NOW })
      scanIndex(shown.source, selector.watch(shown.subdir))
      expect(selector.finish([shown, other])).toEqual(selectRecords([shown, other], selection, { now: NOW }))
    }
  })

  it('forgets a scan that was given up', () => {
    const index = indexOf('linux-64', documentOf(RECORDS))
    for (const selection of SELECTIONS) {
      const selector = createRecordSelector(selection, { now: NOW })
      scanIndex(Buffer.from(documentOf({ 'missing-1-0.conda': {}, 'none-1-0.conda': {} })), selector.watch(index.subdir))
      scanIndex(index.source, selector.watch(index.subdir))
      expect(selector.finish([index])).toEqual(selectRecords([index], selection, { now: NOW }))
    }
  })

  it('refuses an index that has not the records that it was shown', () => {
    const index = indexOf('linux-64', documentOf(RECORDS))
    const selector = createRecordSelector({ latest: { versions: 1 } }, { now: NOW })
    scanIndex(Buffer.from(documentOf({ 'a-1-0.conda': {} })), selector.watch(index.subdir))
    expect(() => selector.finish([index])).toThrow('The index of linux-64 has 1 records, its layout 4')
  })
})
