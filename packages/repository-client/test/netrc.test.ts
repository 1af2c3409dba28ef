import { describe, test } from 'vitest'
import { parseNetrc } from '../src/netrc.ts'

function read(text: string): readonly (readonly [string | undefined, string, string])[] {
  return parseNetrc(text).map(({ machine, login, password }) => [machine, login, password.reveal()])
}

describe('parseNetrc()', () => {
  test('reads entries on one line and on several, and the default', ({ expect }) => {
    const text = 'machine a.org login me password one\n\nmachine B.org\n  login you\n  account x\n  password two\ndefault login any password three\n'
    expect(read(text)).toEqual([['a.org', 'me', 'one'], ['b.org', 'you', 'two'], [undefined, 'any', 'three']])
  })

  test('passes over comments and macros, reads quotes, and keeps a password that begins with #', ({ expect }) => {
    const text = '# machine no.org login no password no\nmachine a.org login "my name" password "a \\"b\\"" # mine\nmacdef init\ncd /tmp\nmachine inside.macro\n\nmachine b.org login x password #1\n'
    expect(read(text)).toEqual([['a.org', 'my name', 'a "b"'], ['b.org', 'x', '#1']])
  })

  test('leaves out entries without a login or a password', ({ expect }) => {
    expect(read('machine a.org\nmachine b.org login x\nmachine c.org password y')).toEqual([])
  })

  test.for([['machine', 1], ['machine a.org login\n', 1], ['login x password hunter2', 1], ['machine a.org\nhunter2 hunter2', 2]] as const)('refuses %j and shows nothing of it', ([text, line], { expect }) => {
    expect(() => parseNetrc(text)).toThrow(expect.objectContaining({ code: 'NETRC_INVALID', message: expect.stringContaining(`line ${line}`) }))
    expect(() => parseNetrc(text)).toThrow(expect.not.objectContaining({ message: expect.stringContaining('hunter2') }))
  })

  test('does not show passwords', ({ expect }) => {
    expect(JSON.stringify(parseNetrc('machine a.org login me password hunter2'))).not.toContain('hunter2')
  })
})
