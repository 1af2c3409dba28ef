import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTexts } from '../../src/records/texts.ts'

const letters = fc.string({ unit: fc.constantFrom('"', '\\', 'a', 'b', 'é', '\n'), maxLength: 4 })

/** JSON of a text, as any writer may write it. */
function quote(text: string, isEscaped: boolean): string {
  return isEscaped ? `"${Array.from(text, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"` : JSON.stringify(text)
}

describe('createTexts()', () => {
  it('gives equal texts equal numbers, however they are written, and keeps them', () => {
    fc.assert(fc.property(fc.array(fc.tuple(letters, fc.boolean(), fc.boolean())), (values) => {
      const texts = createTexts()
      const seen: string[] = []
      for (const [text, isEscaped, isJson] of values) {
        if (!seen.includes(text)) seen.push(text)
        expect(isJson ? texts.idOfValue(Buffer.from(` ${quote(text, isEscaped)}x`), 1) : texts.idOf(text)).toBe(seen.indexOf(text))
      }
      expect(seen.map((_, id) => texts.textAt(id))).toEqual(seen)
      expect(texts.count()).toBe(seen.length)
    }), { numRuns: 1000 })
  })

  it('gives texts as they are written one number for each way', () => {
    fc.assert(fc.property(fc.array(fc.tuple(letters, fc.boolean())), (values) => {
      const texts = createTexts()
      const seen: string[] = []
      for (const [text, isEscaped] of values) {
        const raw = quote(text, isEscaped)
        if (!seen.includes(raw)) seen.push(raw)
        expect(texts.idOfRaw(Buffer.from(`${raw}"`), 0)).toBe(seen.indexOf(raw))
      }
      expect(seen.map((_, id) => `"${texts.textAt(id)}"`)).toEqual(seen)
    }), { numRuns: 1000 })
  })

  it('is no value that is no string', () => {
    expect(createTexts().idOfValue(Buffer.from('12'), 0)).toBeUndefined()
    expect(createTexts().idOfValue(Buffer.from('"a"'), -1)).toBeUndefined()
  })

  it('finds each of many', () => {
    const texts = createTexts()
    const all = Array.from({ length: 5000 }, (_, number) => `text ${number}`)
    expect(all.map((text) => texts.idOf(text))).toEqual(all.map((_, number) => number))
    expect(all.map((text) => texts.idOf(text))).toEqual(all.map((_, number) => number))
  })
})
