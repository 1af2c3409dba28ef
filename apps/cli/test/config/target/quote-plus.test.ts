import fc from 'fast-check'
import { test } from 'vitest'
import { quotePlus, unquotePlus } from '../../../src/config/target/quote-plus.ts'

/** As `urllib.parse.quote_plus` of Python 3.11 wrote them. */
const PYTHON = [
  ['https://api.anaconda.org', 'https%3A%2F%2Fapi.anaconda.org'],
  ['http://127.0.0.1:42571', 'http%3A%2F%2F127.0.0.1%3A42571'],
  ['http://h/api', 'http%3A%2F%2Fh%2Fapi'],
  ['http://h/api/', 'http%3A%2F%2Fh%2Fapi%2F'],
  ['repo.example', 'repo.example'],
  ['https://repo.example/api v2', 'https%3A%2F%2Frepo.example%2Fapi+v2'],
  ["https://repo.example/(a)!*'~_-.", 'https%3A%2F%2Frepo.example%2F%28a%29%21%2A%27~_-.'],
  ['https://münchen.example/straße?a=b&c=d#e', 'https%3A%2F%2Fm%C3%BCnchen.example%2Fstra%C3%9Fe%3Fa%3Db%26c%3Dd%23e'],
  ['https://host/%7Euser+x', 'https%3A%2F%2Fhost%2F%257Euser%2Bx'],
  ['[::1]:8080', '%5B%3A%3A1%5D%3A8080'],
  ['', ''],
  ['a b+c%20', 'a+b%2Bc%2520'],
  ['https://host/日本/🐍', 'https%3A%2F%2Fhost%2F%E6%97%A5%E6%9C%AC%2F%F0%9F%90%8D'],
  ['"<>\\^`{|}', '%22%3C%3E%5C%5E%60%7B%7C%7D'],
  ['\t\n', '%09%0A'],
] as const

test.for(PYTHON)('quotePlus() writes %j as Python does', ([text, quoted], { expect }) => {
  expect(quotePlus(text)).toBe(quoted)
  expect(unquotePlus(quoted)).toBe(text)
})

test('quotePlus() writes one name of a file, which unquotePlus() reads back', ({ expect }) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(quotePlus(text)).toMatch(/^[\w.~%+-]*$/)
      expect(unquotePlus(quotePlus(text))).toBe(text)
    }),
  )
})

test('unquotePlus() knows what is none, and quotePlus() never throws', ({ expect }) => {
  expect(['%', '%zz', '%ff', 'a%2'].map(unquotePlus)).toEqual([undefined, undefined, undefined, undefined])
  expect(quotePlus('\ud800')).toBe('%EF%BF%BD')
})
