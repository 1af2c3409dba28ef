import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findRawField, findStringsWith } from '../../src/records/raw-field.ts'

describe('findRawField()', () => {
  it.each<[string, string, string | undefined]>([
    ['a string', '{"a":1,"license":"MIT","z":2}', '"MIT"'],
    ['the first field', '{"license":"MIT"}', '"MIT"'],
    ['blanks', '{ "license" :\n\t"MIT" }', '"MIT"'],
    ['escapes in the value', '{"license":"a \\"b\\\\","x":"y"}', '"a \\"b\\\\"'],
    ['none', '{"a":"license"}', ''],
    ['a value that looks like it', '{"a":["x","license"],"b":"license"}', ''],
    ['text that looks like it, which has an escape', '{"a":"{,\\"license\\":\\"MIT\\""}', undefined],
    ['a key with an escape', '{"l\\u0069cense":"MIT"}', undefined],
    ['another type', '{"license":["MIT"]}', undefined],
    ['null', '{"license":null}', undefined],
    ['one that is nested', '{"a":{"license":"MIT"}}', undefined],
  ])('finds %s', (_, record, raw) => {
    expect(findRawField(record, 'license')).toBe(raw)
  })

  it('finds what parsing finds, or says that it cannot tell', () => {
    const keys = fc.constantFrom('license', 'x', 'license"', ',license', 'a\\', '{')
    const values = fc.oneof(fc.string({ unit: fc.constantFrom('"', '\\', '{', ',', ':', ' ', 'license', 'é') }), fc.constant(null), fc.array(fc.constantFrom('license', '"', 'py', 'PYTHON', ']')), fc.integer())
    fc.assert(fc.property(fc.dictionary(keys, values), fc.constantFrom(undefined, 1), (record, blanks) => {
      const text = JSON.stringify(record, undefined, blanks)
      const raw = findRawField(text, 'license')
      if (raw !== undefined) expect(raw === '' ? undefined : JSON.parse(raw)).toEqual(record['license'])
      const strings = findStringsWith(text, 'license', /py/i)
      if (strings !== undefined) expect(strings).toEqual(record['license'] === undefined ? [] : (record['license'] as string[]).filter((each) => /py/i.test(each)))
    }), { numRuns: 2000 })
  })
})

describe('findStringsWith()', () => {
  it.each<[string, string, readonly string[] | undefined]>([
    ['those that match', '{"depends":["python >=3","numpy","Pypy [x=\']\']"]}', ['python >=3', "Pypy [x=']']"]],
    ['none in an empty list', '{"depends": [ ]}', []],
    ['none without the field', '{"d":["python"]}', []],
    ['nothing in a string', '{"depends":"python"}', undefined],
    ['nothing among other types', '{"depends":["python",3]}', undefined],
    ['nothing among escapes', '{"depends":["p\\u0079thon"]}', undefined],
  ])('finds %s', (_, record, found) => {
    expect(findStringsWith(record, 'depends', /python|pypy/i)).toEqual(found)
  })
})
