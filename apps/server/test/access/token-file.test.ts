import { isMirrorError } from '@mirror/core'
import { describe, expect, test } from 'vitest'
import { createToken, hashToken, parseLastDay, parseTokenFile } from '../../src/access/token-file.ts'

const HASH = 'sha256:' + 'ab'.repeat(32)

function refusal(text: string): string {
  try {
    parseTokenFile(text, '/etc/tokens')
  } catch (error) {
    return isMirrorError(error) ? `${error.code} ${error.message}` : String(error)
  }
  return 'taken'
}

describe('createToken()', () => {
  test('makes a token of at least 128 bits, which conda finds in a URL, and a line that reads back as its hash', () => {
    const { token, line } = createToken({ name: 'ci', channels: ['team', 'pkgs/*'], expires: '2027-01-31' })
    expect(token).toMatch(/^mirror-[0-9a-f]{40}$/)
    expect(/\/t\/([a-zA-Z0-9-]*)/.exec(`/t/${token}/team`)?.[1]).toBe(token)
    expect(line).not.toContain(token.slice('mirror-'.length))
    const [entry, ...others] = parseTokenFile(`# people\n\n${line}\n`, 'tokens')
    expect(others).toEqual([])
    expect(entry).toMatchObject({ name: 'ci', hash: hashToken(token), expires: Date.parse('2027-02-01T00:00:00Z') })
    expect(entry?.channels?.map(({ covers }) => covers(['pkgs', 'main']))).toEqual([false, true])
    expect(createToken({ name: 'ci' }).token).not.toBe(token)
  })
})

describe('parseTokenFile()', () => {
  test('a token without limits has none', () => {
    expect(parseTokenFile(`ci ${HASH}\r\nother\t sha256:${'cd'.repeat(32)}`, 'tokens')).toMatchObject([{ name: 'ci', channels: undefined, expires: undefined }, { name: 'other' }])
    expect(parseTokenFile('', 'tokens')).toEqual([])
  })

  test.for([
    ['a plain token', 'ci my-secret-token', '/etc/tokens:1: the second word is no hash'], ['a hash of another kind', `ci md5:${'ab'.repeat(16)}`, 'no hash'], ['capitals', `ci ${HASH.toUpperCase()}`, 'no hash'],
    ['no hash', 'ci', 'no hash'], ['a name with a space in quotes', `"c i" ${HASH}`, 'no name'], ['a name twice', `# x\nci ${HASH}\nci ${HASH}`, 'two tokens have the name "ci"'],
    ['a day that there is not', `ci ${HASH} expires=2027-02-30`, 'neither channels='], ['an hour', `ci ${HASH} expires=2027-02-03T10:00`, 'neither channels='], ['another limit', `ci ${HASH} users=x`, 'neither channels='],
    ['no channels', `ci ${HASH} channels=`, 'takes folders'], ['channels outside', `ci ${HASH} channels=team,../x`, 'takes folders'], ['the third line', `\n\nci secret-word`, '/etc/tokens:3'],
  ] as const)('refuses %s, and does not repeat it', ([, text, reason]) => {
    expect(refusal(text)).toContain(`ACCESS_INVALID Cannot use the tokens of /etc/tokens`)
    expect(refusal(text)).toContain(reason)
    expect(refusal(text)).not.toMatch(/secret/)
  })
})

test('parseLastDay() takes a day to its end', () => {
  expect(parseLastDay('2024-02-29')).toBe(Date.parse('2024-03-01T00:00:00Z'))
  for (const text of ['2023-02-29', '2024-2-9', 'tomorrow', '', '2024-01-01x']) expect(parseLastDay(text)).toBeUndefined()
})
