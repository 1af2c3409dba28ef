import { isMirrorError } from '@mirror/core'
import { hashSync } from 'bcryptjs'
import { describe, expect, test } from 'vitest'
import { parseHtpasswd } from '../../src/access/htpasswd.ts'

const HASH = hashSync('x', 4)

function refusal(text: string): string {
  try {
    parseHtpasswd(text, '/etc/users')
  } catch (error) {
    return isMirrorError(error) ? `${error.code} ${error.message}` : String(error)
  }
  return 'taken'
}

describe('parseHtpasswd()', () => {
  test('reads bcrypt in all three spellings, comments, and more fields behind it', () => {
    const text = `# people\n\nann:${HASH}\nbob:${HASH.replace('$2b$', '$2y$')}\r\ncid:${HASH.replace('$2b$', '$2a$')}:Cid Example`
    expect(parseHtpasswd(text, 'users')).toEqual([{ name: 'ann', hash: HASH }, { name: 'bob', hash: HASH.replace('$2b$', '$2y$') }, { name: 'cid', hash: HASH.replace('$2b$', '$2a$') }])
  })

  test.for([
    ['SHA-1', 'ann:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', 'the password of "ann" is not kept as bcrypt'], ['MD5', 'ann:$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/', 'not kept as bcrypt'], ['crypt', 'ann:rqXexS6ZhobKA', 'not kept as bcrypt'],
    ['SHA-512', 'ann:$6$salt$hash', 'not kept as bcrypt'], ['plain text', 'ann:W6ph5Mm5', 'not kept as bcrypt'], ['a cut hash', `ann:${HASH.slice(0, 59)}`, 'not kept as bcrypt'], ['a name with a colon', `a:nn:${HASH}`, 'the password of "a"'],
    ['no name', `:${HASH}`, '/etc/users:1: this is not <name>:<hash>'], ['no colon', `\nW6ph5Mm5`, '/etc/users:2'], ['a cost that takes minutes', `ann:${HASH.replace('$04$', '$25$')}`, 'is 25, which is not from 4 to 15'],
    ['a name twice', `ann:${HASH}\nann:${HASH}`, '"ann" stands there twice'],
  ] as const)('refuses %s, and does not repeat the hash', ([, text, reason]) => {
    expect(refusal(text)).toContain('ACCESS_INVALID Cannot use the users of /etc/users')
    expect(refusal(text)).toContain(reason)
    expect(refusal(text)).not.toMatch(/W6ph5Mm5|HqJZ|rqXe/)
    expect(refusal(text)).not.toContain(HASH.slice(10))
  })
})
