import { describe, expect, test } from 'vitest'
import { readCredentials } from '../../src/access/credentials.ts'

const basic = (text: string | Buffer): string => `Basic ${Buffer.from(text).toString('base64')}`
const read = (authorization: string | undefined, token?: string): unknown => readCredentials({ headers: authorization === undefined ? {} : { authorization } }, { token })

describe('readCredentials()', () => {
  test.for([
    ['nothing', undefined, []],
    ['Bearer (rattler, mamba)', 'Bearer abc-1', [{ type: 'token', token: 'abc-1' }]], ['any case', 'bEARER  abc ', [{ type: 'token', token: 'abc' }]], ['anaconda-client', 'token abc', [{ type: 'token', token: 'abc' }]],
    ['Basic', basic('ann:pass'), [{ type: 'password', user: 'ann', password: 'pass' }]], ['a password with colons', basic('ann:p:a:ss'), [{ type: 'password', user: 'ann', password: 'p:a:ss' }]],
    ['no password', basic('abc:'), [{ type: 'password', user: 'abc', password: '' }]], ['UTF-8', basic('änn:pä'), [{ type: 'password', user: 'änn', password: 'pä' }]],
    ['Latin-1 (requests, conda)', basic(Buffer.from('änn:pä', 'latin1')), [{ type: 'password', user: 'änn', password: 'pä' }]],
    ['a name that ends nowhere', basic('ann'), []], ['controls', basic('a\nnn:pass'), []], ['no base64', 'Basic §§§', []], ['another scheme', 'Digest username="ann"', []], ['no scheme', 'abc', []], ['no value', 'Bearer', []],
  ] as const)('%s', ([, header, expected]) => {
    expect(read(header)).toEqual(expected)
  })

  test('the token of the path comes first', () => {
    expect(read('Bearer header', 'path')).toEqual([{ type: 'token', token: 'path' }, { type: 'token', token: 'header' }])
  })
})
