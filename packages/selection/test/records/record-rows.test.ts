import { describe, expect, it } from 'vitest'
import { readRecordRows } from '../../src/index.ts'
import { indexOf, recordOf } from '../select-plainly.ts'

const TEXT = `{"info":{"subdir":"noarch"}, "packages" : {"b-1-0.tar.bz2": ${JSON.stringify(recordOf('b-1-0.tar.bz2'))}, "caf\\u00e9-1-0.tar.bz2"\n:\t{"x": "\u00e9{"}},
  "packages.conda":{"b-2-0.conda":{"name":"\\u0062","version":"2"},"b:-1-0.conda":{"name":7}},"v3":{"whl":{"c-1-0":{"name":"c"}},"tar.bz2":{}}}`

describe('readRecordRows()', () => {
  const rows = readRecordRows(indexOf('noarch', TEXT))

  it('gives keys, names and records by row', () => {
    const all = Array.from({ length: rows.count }, (_, row) => [rows.keyAt(row), rows.nameAt(row)])
    expect(all).toEqual([['b-1-0.tar.bz2', 'b'], ['caf\u00e9-1-0.tar.bz2', 'caf\u00e9-1-0.tar.bz2'], ['b-2-0.conda', 'b'], ['b:-1-0.conda', 'b:-1-0.conda'], ['c-1-0.whl', 'c']])
    expect([rows.recordAt(0), rows.recordAt(1), rows.recordAt(4)]).toEqual([recordOf('b-1-0.tar.bz2'), { x: '\u00e9{' }, { name: 'c' }])
    expect(rows.subdir).toBe('noarch')
  })

  it('finds the rows of a name', () => {
    expect([...rows.names()]).toEqual(['b', 'caf\u00e9-1-0.tar.bz2', 'b:-1-0.conda', 'c'])
    expect(['b', 'c', 'nothing'].map((name) => Array.from(rows.rowsNamed(name)))).toEqual([[0, 2], [4], []])
  })

  it('reads records that are bigger than what is read at once, from a source that uses its bytes again', () => {
    const big = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`p${at}-1-0.conda`, { name: `p${at}`, note: String(at).repeat(at * 3000) }]))
    const index = indexOf('noarch', JSON.stringify({ packages: {}, 'packages.conda': big }))
    const shared = Buffer.alloc(index.source.length)
    const source = {
      length: index.source.length,
      read(position: number, length: number) {
        shared.fill(0)
        return shared.subarray(0, shared.write(Buffer.from(index.source.read(position, length)).toString('latin1'), 'latin1'))
      },
    }
    const read = readRecordRows({ ...index, source })
    for (const row of [49, 0, 1, 2, 48, 20, 21]) expect(read.recordAt(row)).toEqual(big[read.keyAt(row)])
  })
})
