import { describe, expect, it } from 'vitest'
import { createLayoutRecorder, readIndexLayout } from '../../src/index/index-layout.ts'
import { scanIndex } from '../../src/scanner/index-scanner.ts'
import { ROW_END, ROW_KEY, ROW_VALUE, ROW_WORDS, takeScannerEngine } from '../../src/scanner/scanner-engine.ts'

describe('createLayoutRecorder()', () => {
  it('keeps positions behind 4 GiB, also where nothing stands for longer than that', () => {
    const recorder = createLayoutRecorder()
    const engine = takeScannerEngine()
    const bases = [0, 100, 2 ** 32 - 11, 2 ** 32 - 1, 2 ** 32 + 7, 5 * 2 ** 32 + 3, 2 ** 45]
    bases.forEach((base) => {
      const word = engine.at.rows / 4
      for (const [row, key] of [5, 50].entries()) {
        engine.words[word + row * ROW_WORDS + ROW_KEY] = key
        engine.words[word + row * ROW_WORDS + ROW_VALUE] = key + 10
        engine.words[word + row * ROW_WORDS + ROW_END] = key + 30
      }
      recorder.add({ engine, rows: 2, section: 'packages', suffix: '', base })
    })
    const layout = recorder.finish(scanIndex(Buffer.alloc(0), {}))
    expect(layout.rows).toBe(bases.length * 2)
    bases.flatMap((base) => [base + 4, base + 49]).forEach((entry, row) => {
      expect([layout.entryAt(row), layout.sliceAt(row)]).toEqual([entry, { position: entry + 11, length: 20 }])
    })
  })
})

describe('readIndexLayout()', () => {
  it('knows where long keys and long records stand', () => {
    const lengths = [1, 65_520, 65_531, 65_532, 65_533, 65_534, 65_535, 65_536, 70_000, 200_000, 2]
    const members = lengths.flatMap((length, at) => [`"${String(at).padStart(2, '0')}a${'k'.repeat(length)}" :  {}`, `"${String(at).padStart(2, '0')}b":{"x":"${'v'.repeat(length)}"}`])
    const text = `{"packages":{${members.join(',')}}}`
    const layout = readIndexLayout(Buffer.from(text))
    const found = members.map((_, row) => {
      const { position, length } = layout.sliceAt(row)
      return text.slice(layout.entryAt(row), position + length) === members[row] && text[position] === '{'
    })
    expect(found).toEqual(members.map(() => true))
  })

  it('knows where the records of many chunks stand', () => {
    const keys = Array.from({ length: 40_000 }, (_, at) => `p${String(at).padStart(5, '0')}`)
    const text = `{"packages":{${keys.map((key, at) => `"${key}":{"x":${at}}`).join(',')}}}`
    const layout = readIndexLayout(Buffer.from(text))
    expect(layout.rows).toBe(keys.length)
    for (const [row, key] of keys.entries()) {
      const { position, length } = layout.sliceAt(row)
      if (!text.startsWith(`"${key}":`, layout.entryAt(row)) || text.slice(position, position + length) !== `{"x":${row}}`) expect.fail(`row ${row}`)
    }
  })
})
