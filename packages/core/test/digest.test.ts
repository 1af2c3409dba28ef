import fc from 'fast-check'
import { describe, test } from 'vitest'
import { createDigest, digestHex, digestKind, isDigest, isMd5, isSha256 } from '../src/index.ts'

const SHA = 'ab01'.repeat(16)
const MD5 = 'ab01'.repeat(8)

describe('createDigest()', () => {
  test('makes what digestKind() and digestHex() take apart', ({ expect }) => {
    const digit = fc.constantFrom(...'0123456789abcdef')
    fc.assert(fc.property(fc.boolean(), fc.string({ unit: digit, minLength: 64, maxLength: 64 }), (isSha, hex) => {
      const [type, wanted] = isSha ? ['sha256', hex] as const : ['md5', hex.slice(32)] as const
      const digest = createDigest(type, wanted)
      expect([digest, digestKind(digest), digestHex(digest)]).toEqual([`${type}:${wanted}`, type, wanted])
    }))
  })

  test.for([['sha256', ''], ['sha256', MD5], ['md5', SHA], ['sha256', SHA.toUpperCase()], ['sha256', `${SHA}0`],
    ['sha256', ` ${SHA.slice(1)}`], ['sha256', `${SHA.slice(1)}\n`], ['sha256', `${SHA}\n`], ['md5', 'g'.repeat(32)],
    ['md5', '../'.repeat(10)], ['md5', `sha256:${MD5}`]] as const)('refuses %s %j', ([type, hex], { expect }) => {
    expect(() => createDigest(type, hex)).toThrow(expect.objectContaining({ code: 'DIGEST_INVALID' }))
  })

  test('quotes hostile text in part only', ({ expect }) => {
    expect(() => createDigest('md5', 'x'.repeat(1_000_000))).toThrow(/^.{0,300}$/)
  })
})

test('isDigest() wants the kind that fits the length', ({ expect }) => {
  expect([`sha256:${SHA}`, `md5:${MD5}`].filter((text) => isDigest(text))).toHaveLength(2)
  expect([SHA, MD5, `md5:${SHA}`, `sha256:${MD5}`, `sha1:${SHA}`, `SHA256:${SHA}`, `sha256:${SHA}\n`, `sha256: ${SHA}`,
    `sha256:md5:${MD5}`, '', ':', 'md5:'].filter((text) => isDigest(text))).toEqual([])
  expect([isSha256(SHA), isSha256(MD5), isMd5(MD5), isMd5(SHA), isMd5(`${MD5}\n`)]).toEqual([true, false, true, false, false])
})
