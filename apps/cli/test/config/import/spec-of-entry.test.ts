import fc from 'fast-check'
import { test } from 'vitest'
import { matchesRecord, parseMatchSpec } from '@mirror/core'
import { specOfEntry } from '../../../src/config/import/spec-of-entry.ts'

/** Python's fnmatch, character by character. */
function fnmatch(text: string, glob: string): boolean {
  const [head, rest] = [glob.slice(0, 1), glob.slice(1)]
  if (glob === '') return text === ''
  if (head === '*') return fnmatch(text, rest) || (text !== '' && fnmatch(text.slice(1), glob))
  if (text === '') return false
  if (head === '?') return fnmatch(text.slice(1), rest)
  const end = head === '[' ? glob.indexOf(']', glob[1] === '!' ? 3 : 2) : -1
  if (end < 0) return text[0] === head && fnmatch(text.slice(1), rest)
  const isNegated = glob[1] === '!'
  return inClass(text[0] ?? '', glob.slice(isNegated ? 2 : 1, end)) !== isNegated && fnmatch(text.slice(1), glob.slice(end + 1))
}

function inClass(character: string, members: string): boolean {
  for (let at = 0; at < members.length; at += 1) {
    const [from = '', dash, to] = members.slice(at, at + 3)
    if (dash === '-' && to !== undefined) {
      if (character >= from && character <= to) return true
      at += 2
    } else if (character === from) return true
  }
  return false
}

/** What conda-mirror 0.10 matched, for entries without version specs. */
function matched(entry: Readonly<Record<string, string>>, record: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(entry).every(([field, glob]) => {
    const value = field in record ? record[field] : ''
    return fnmatch((value === null ? 'None' : String(value)).toLowerCase(), glob.toLowerCase())
  })
}

const character = fc.constantFrom(...'abcGPL-_. 01^+(\'"\\')
const text = (maximum: number): fc.Arbitrary<string> => fc.array(character, { maxLength: maximum }).map((characters) => characters.join(''))
const piece = fc.oneof(character, character, fc.constantFrom('*', '?', '[ab]', '[!a]', '[a-c]', '[', ']', '[]]', '[!]]', '[^a]', '[a\\]'))
const glob = fc.oneof(fc.array(piece, { maxLength: 5 }).map((pieces) => pieces.join('')), fc.constantFrom('*', 'none', 'None', '', '*gpl*', '*O*'))
const name = fc.array(fc.constantFrom(...'abc-_.01'), { minLength: 1, maxLength: 4 }).map((characters) => `x${characters.join('')}`)
const record = fc.record({
  name,
  version: fc.constantFrom('1.0', '1', '1.0.0', '2.1a'),
  build: text(4).map((one) => `b${one}`),
  build_number: fc.nat(12),
  license: fc.oneof(text(5), fc.constantFrom('GPL-3.0', 'None'), fc.constant(null)),
  license_family: text(3),
  md5: fc.constantFrom('00ff', 'ab01'),
}, { requiredKeys: ['name', 'version', 'build', 'build_number'] })
const globs = { name: glob, version: glob, build: glob, build_number: glob, license: glob, license_family: glob, md5: glob }
const isPlain = ({ version = '', build = '' }: Readonly<Partial<Record<keyof typeof globs, string>>>): boolean => !/[<>=^$!]/.test(`${version}${build}`)

/** A few records, and an entry whose globs are made of what one of them has. */
const situation = fc.array(record, { minLength: 1, maxLength: 6 }).chain((records) => {
  const like = (value: unknown): fc.Arbitrary<string> => fc.tuple(fc.nat(9), fc.nat(9), piece, fc.boolean()).map(([from, length, middle, isOpen]) => {
    const whole = String(value)
    const part = `${whole.slice(0, from)}${middle}${whole.slice(from + 1 + (length % 2))}`
    return isOpen ? `*${part.slice(1)}` : part
  })
  const [first] = records
  const similar = Object.fromEntries(Object.keys(globs).map((field) => [field, fc.oneof(like(Object.entries(first ?? {}).find(([key]) => key === field)?.[1] ?? ''), glob)]))
  const entry = fc.uniqueArray(fc.constantFrom(...Object.keys(globs)), { minLength: 1, maxLength: 2 }).chain((fields) => fc.record(Object.fromEntries(fields.map((field) => [field, similar[field] ?? glob]))))
  return fc.tuple(entry.filter(isPlain), fc.constant(records))
})

test('specOfEntry() says the same as the entry, or that it cannot', ({ expect }) => {
  let exact = 0
  let hits = 0
  fc.assert(fc.property(situation, ([fields, records]) => {
    const read = specOfEntry(fields)
    if (read.type === 'never') expect(records.filter((one) => matched(fields, one))).toEqual([])
    if (read.type !== 'spec') return
    exact += 1
    const spec = parseMatchSpec(read.spec)
    // Beyond null, which is named when it makes a difference, both take the same.
    for (const one of records.filter(({ license }) => read.inexact === undefined || license !== null)) {
      hits += matched(fields, one) ? 1 : 0
      expect([fields, one, matchesRecord(spec, one)]).toEqual([fields, one, matched(fields, one)])
    }
  }), { numRuns: 3000, seed: 3 })
  expect(exact).toBeGreaterThan(1000)
  expect(hits).toBeGreaterThan(300)
})

test.for([
  [{ name: '*gpl*' }, '*gpl*'],
  [{ license: '*AGPL*' }, "*[license='*agpl*']"],
  [{ name: 'a', version: '<1' }, "a[version='<1']"],
  [{ name: 'a', version: '1.0' }, "a[version='^1\\.0$']"],
  [{ version: '==1.0.*' }, '*==1.0'],
  [{ version: '>=1.0 py36_0' }, "*[build='^py36_0$',version='>=1.0']"],
  [{ version: '>=1.0 *', build: 'py3*' }, "*[build='py3*',version='>=1.0']"],
  [{ build: '^py3[67]_.*$' }, "*[build='^py3[67]_.*$']"],
  [{ name: 'c++' }, '^c\\+\\+$'],
  [{ license: "it's" }, `*[license="it's"]`],
  [{}, '*'],
] as const)('specOfEntry() makes of %j %s', ([fields, spec], { expect }) => {
  expect(specOfEntry(fields)).toEqual({ type: 'spec', spec, inexact: undefined })
})

test.for([
  [{ license: '' }, 'unsayable'], [{ arch: 'x86_64' }, 'unsayable'], [{ depends: '*python*' }, 'unsayable'], [{ build: '>=1' }, 'unsayable'], [{ version: '^(?=1).*$' }, 'unsayable'],
  [{ version: '>=' }, 'unsayable'], [{ name: '' }, 'never'], [{ version: '>=1 0' }, 'never'], [{ name: 7 }, 'unsayable'],
] as const)('specOfEntry() says of %j that it is %s', ([fields, type], { expect }) => {
  expect(specOfEntry(fields).type).toBe(type)
})
