import { createHash } from 'node:crypto'
import { describe, test } from 'vitest'
import { blake2b } from '../src/minisign/blake2b.ts'
import { createKeyPair, parsePublicKey, parseSecretKey, signBytes, verifySignature } from '../src/minisign/minisign.ts'

/** Key and signatures of the documentation of minisign's verifiers: the file has the bytes `test`. */
const KEY = 'RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3'
const HASHED = `untrusted comment: signature from minisign secret key
RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
trusted comment: timestamp:1633700835\tfile:test\tprehashed
wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ==
`
const LEGACY = `untrusted comment: signature from minisign secret key
RWQf6LRCGA9i59SLOFxz6NxvASXDJeRtuZykwQepbDEGt87ig1BNpWaVWuNrm73YiIiJbq71Wi+dP9eKL8OC351vwIasSSbXxwA=
trusted comment: timestamp:1555779966\tfile:test
QtKMXWyYcwdpZAlPF7tE2ENJkRd1ujvKjlj1m9RtHTBnZPa5WKU5uWRs5GoP5M/VqE81QFuMKI5k/SfNQUaOAA==
`
const MESSAGE = Buffer.from('test')
const keys = [parsePublicKey(KEY)]

describe('blake2b()', () => {
  test('is what node has, for the length that node has', ({ expect }) => {
    for (const length of [0, 1, 127, 128, 129, 300]) {
      const message = Buffer.alloc(length, length)
      expect(blake2b(message, 64).toString('hex')).toBe(createHash('blake2b512').update(message).digest('hex'))
    }
  })

  test('is what others have for 32 bytes', ({ expect }) => {
    expect(blake2b(Buffer.from(''), 32).toString('hex')).toBe('0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8')
  })
})

describe('verifySignature()', () => {
  test('accepts what minisign signed', ({ expect }) => {
    expect(verifySignature(MESSAGE, { signature: HASHED, keys })).toMatchObject({ status: 'right', comment: 'timestamp:1633700835\tfile:test\tprehashed' })
  })

  test('takes the old form only where it is allowed', ({ expect }) => {
    expect(verifySignature(MESSAGE, { signature: LEGACY, keys })).toEqual({ status: 'wrong' })
    expect(verifySignature(MESSAGE, { signature: LEGACY, keys, allowLegacy: true })).toMatchObject({ status: 'right' })
  })

  test('refuses other bytes, another comment, a cut signature, and every flipped bit', ({ expect }) => {
    expect(verifySignature(Buffer.from('Test'), { signature: HASHED, keys })).toEqual({ status: 'wrong' })
    expect(verifySignature(MESSAGE, { signature: HASHED.replace('file:test', 'file:best'), keys })).toEqual({ status: 'wrong' })
    expect(verifySignature(MESSAGE, { signature: HASHED.slice(0, 120), keys })).toEqual({ status: 'wrong' })
    const [comment = '', line = '', ...rest] = HASHED.split('\n')
    const bytes = Buffer.from(line, 'base64')
    for (let at = 0; at < bytes.length; at += 1) {
      const flipped = Buffer.from(bytes)
      flipped[at] = (flipped[at] ?? 0) ^ 1
      expect(verifySignature(MESSAGE, { signature: [comment, flipped.toString('base64'), ...rest].join('\n'), keys }).status, `byte ${at}`).not.toBe('right')
    }
  })

  test('names a key that is not trusted', ({ expect }) => {
    const other = parsePublicKey(createKeyPair().publicKey)
    expect(verifySignature(MESSAGE, { signature: HASHED, keys: [other] })).toEqual({ status: 'unknown-key', id: 'E7620F1842B4E81F' })
  })
})

describe('signBytes()', () => {
  test('makes what verifies, with any of several keys', ({ expect }) => {
    const pair = createKeyPair()
    const signature = signBytes(MESSAGE, { key: parseSecretKey(pair.secretKey), comment: 'sequence:7' })
    expect(verifySignature(MESSAGE, { signature, keys: [...keys, parsePublicKey(pair.publicKey)] })).toMatchObject({ status: 'right', comment: 'sequence:7', key: { id: pair.id } })
  })

  test('refuses a comment of two lines', ({ expect }) => {
    expect(() => signBytes(MESSAGE, { key: parseSecretKey(createKeyPair().secretKey), comment: 'a\nb' })).toThrow(RangeError)
  })
})

describe('parseSecretKey()', () => {
  test('refuses a damaged key, and something else', ({ expect }) => {
    const { secretKey } = createKeyPair()
    const [comment = '', line = ''] = secretKey.split('\n')
    const bytes = Buffer.from(line, 'base64')
    bytes[70] = (bytes[70] ?? 0) ^ 1
    expect(() => parseSecretKey(`${comment}\n${bytes.toString('base64')}\n`)).toThrow('it is damaged')
    expect(() => parseSecretKey('hello')).toThrow('it is not a secret key')
    expect(() => parsePublicKey(secretKey)).toThrow('it is not a public key')
  })
})
