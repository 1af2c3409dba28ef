import { describe, test } from 'vitest'
import { appendCells, compareNameRows, createColumn, createNameColumn } from '../../src/columns/columns.ts'

/** More than the rows that are kept in chunks of their own. */
const MANY = 100_000

describe('createColumn()', () => {
  test('keeps every cell of a short and a long column, appended one by one or many at once', ({ expect }) => {
    const [one, many] = [createColumn(Uint32Array, { width: 2 }), createColumn(Float64Array)]
    for (let row = 0; row < MANY; row += 1) {
      const { cells, at, rows } = one.reserve(1)
      expect(rows).toBe(1)
      cells[at] = row
      cells[at + 1] = row * 3
    }
    for (let row = 0; row < MANY; row += 7001) appendCells(many, Float64Array.from({ length: Math.min(7001, MANY - row) }, (_, at) => (row + at) / 7))
    const wrong = Array.from({ length: MANY }, (_, row) => row).filter((row) => one.chunk(row)[one.cell(row)] !== row || one.chunk(row)[one.cell(row) + 1] !== row * 3 || many.chunk(row)[many.cell(row)] !== row / 7)
    expect(wrong).toEqual([])
    expect(() => one.chunk(200_000)).toThrow(RangeError)
  })

  test('gives cells that are zero until they are written', ({ expect }) => {
    const column = createColumn(Uint8Array)
    for (let rows = 0; rows < MANY; rows += column.reserve(MANY).rows) continue
    expect(Array.from({ length: MANY }, (_, row) => column.chunk(row)[column.cell(row)]).every((cell) => cell === 0)).toBe(true)
  })
})

describe('createNameColumn()', () => {
  // 72 MB of names: more than two slabs, of which one ends within a chunk of rows.
  const nameOf = (row: number): string => `${String((row * 7919) % 150_000).padStart(6, '0')}-${'é'.repeat(row % 480)}`

  for (const way of ['one by one', 'many at once'] as const) {
    test(`keeps the names of a long column, appended ${way}`, ({ expect }) => {
      const names = createNameColumn()
      for (let row = 0; row < 150_000; row += 1000) {
        const texts = Array.from({ length: 1000 }, (_, at) => nameOf(row + at))
        if (way === 'one by one') texts.forEach((text) => names.appendText(text))
        else {
          const parts = texts.map((text) => Buffer.from(text))
          let end = 0
          names.append(Buffer.concat(parts), Uint32Array.from(parts, (part) => (end += part.length)))
        }
      }
      const rows = Array.from({ length: 150_000 }, (_, row) => row)
      expect(rows.filter((row) => names.text(row) !== nameOf(row))).toEqual([])
      expect(rows.filter((row) => names.bytesOf(row).toString('utf8', names.startOf(row), names.endOf(row)) !== nameOf(row))).toEqual([])
      const wrongly = rows.filter((row) => row > 0 && Math.sign(compareNameRows(names, row - 1, row)) !== Buffer.compare(Buffer.from(nameOf(row - 1)), Buffer.from(nameOf(row))))
      expect(wrongly).toEqual([])
    })
  }

  test('keeps a name that is longer than any memory it has', ({ expect }) => {
    const names = createNameColumn()
    for (let row = 0; row < 70_000; row += 1) names.appendText(`n${row}`)
    names.appendText('x'.repeat(40_000_000))
    names.appendText('last')
    expect([names.text(69_999), names.text(70_000).length, names.text(70_001)]).toEqual(['n69999', 40_000_000, 'last'])
  })
})
