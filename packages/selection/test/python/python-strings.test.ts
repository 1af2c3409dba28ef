import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findPythonStrings, mayMentionPython } from '../../src/python/python-strings.ts'

describe('findPythonStrings()', () => {
  it.each<[string, string, readonly string[] | undefined]>([
    ['those that may be on Python', '["python >=3","numpy","xPyp[x=\']\']"]', ['python >=3', "xPyp[x=']']"]],
    ['none in an empty list', '[ ]', []],
    ['those between blanks', '[ "a" ,\n"python" ]', ['python']],
    ['nothing in a string', '"python"', undefined],
    ['nothing in a list of another type that ends the document', '[3]', undefined],
    ['nothing among other types', '["python",null]', undefined],
    ['nothing among escapes', '["p\\u0079thon"]', undefined],
  ])('finds %s', (_, list, found) => {
    const bytes = Buffer.from(list)
    const starts = findPythonStrings(bytes, 0, [])
    expect(starts?.map((start) => list.slice(start + 1, list.indexOf('"', start + 1)))).toEqual(found)
  })
})

describe('mayMentionPython()', () => {
  it('is true for every text that has it, in any case, place and escape', () => {
    const letters = fc.string({ unit: fc.constantFrom('p', 'y', 't', 'P', 'Y', 'T', 'u', '\\u0070', '\\u0079', '\\u0059', '\\\\', ' ', 'x') })
    fc.assert(fc.property(letters, letters, (before, text) => {
      const bytes = Buffer.from(`${before}"${text}"`)
      const decoded = String(JSON.parse(`"${text}"`))
      if (/py[tp]/i.test(decoded)) expect(mayMentionPython(bytes, before.length, bytes.length)).toBe(true)
      else if (!text.includes('\\')) expect(mayMentionPython(bytes, before.length + 1, bytes.length)).toBe(false)
    }), { numRuns: 3000 })
  })
})
