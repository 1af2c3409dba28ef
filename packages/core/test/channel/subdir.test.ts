import { describe, test } from 'vitest'
import { isSubdirName, KNOWN_SUBDIRS, NOARCH, parseSubdirName } from '../../src/index.ts'

describe('isSubdirName()', () => {
  test('accepts all known ones, each once, and noarch', ({ expect }) => {
    expect(KNOWN_SUBDIRS.filter((name) => !isSubdirName(name))).toEqual([])
    expect(new Set(KNOWN_SUBDIRS).size).toBe(KNOWN_SUBDIRS.length)
    expect(NOARCH).toBe('noarch')
    expect(KNOWN_SUBDIRS).toContain('noarch')
  })

  test('accepts one that nobody knows yet', ({ expect }) => {
    expect(parseSubdirName('plan9-mips64')).toBe('plan9-mips64')
    expect(isSubdirName(`linux-${'x'.repeat(26)}`)).toBe(true)
  })

  test.for(['', '.', '..', '../x', 'linux-64/../noarch', 'linux-64/', '.cm', 'x'.repeat(65), `linux-${'x'.repeat(27)}`, 'linux', 'NOARCH',
    'Linux-64', 'linux-64-x', 'linux--64', '-64', 'linux-', 'linux_64', 'linux-64\n', ' linux-64',
    'linux-64\u0000', 'linux-6４', 'a\\b-c', 'noarch ', 'label'])('refuses %j', (text, { expect }) => {
    expect(isSubdirName(text)).toBe(false)
    expect(() => parseSubdirName(text)).toThrow(expect.objectContaining({ code: 'SUBDIR_INVALID' }))
  })

  test('quotes hostile text in part only', ({ expect }) => {
    expect(() => parseSubdirName('\u001b'.repeat(10_000))).toThrow(/^.{0,1000}$/)
  })
})
