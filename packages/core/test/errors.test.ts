import { describe, test } from 'vitest'
import { isMirrorError, MirrorError } from '../src/index.ts'

describe('MirrorError', () => {
  test('carries code, hint, details and cause', ({ expect }) => {
    const cause = new Error('below')
    const error = new MirrorError('NAME_UNSAFE', 'Cannot use x: it is x', { hint: 'Use y.', details: { name: 'x' }, cause })
    expect(error).toBeInstanceOf(Error)
    expect({ name: error.name, code: error.code, message: error.message, hint: error.hint, details: error.details, cause: error.cause })
      .toEqual({ name: 'MirrorError', code: 'NAME_UNSAFE', message: 'Cannot use x: it is x', hint: 'Use y.', details: { name: 'x' },
      cause })
    expect(String(error)).toBe('MirrorError: Cannot use x: it is x')
    expect(error.stack).toContain('errors.test.ts')
  })

  test('has no hint, no details and no cause by default', ({ expect }) => {
    const error = new MirrorError('X', 'Cannot x: y')
    expect([error.hint, error.details, 'cause' in error]).toEqual([undefined, {}, false])
  })
})

describe('isMirrorError()', () => {
  test('knows one of another copy of this package, and asks for the code', ({ expect }) => {
    class Other extends Error {
      override readonly name = 'MirrorError'
      readonly code = 'X'
    }
    expect(isMirrorError(new Other('x'))).toBe(true)
    expect(isMirrorError(new Other('x'), 'X')).toBe(true)
    expect(isMirrorError(new Other('x'), 'Y')).toBe(false)
    expect(isMirrorError(new MirrorError('X', 'x'), 'X')).toBe(true)
  })

  test('refuses everything else', ({ expect }) => {
    const named = Object.assign(new Error('x'), { name: 'MirrorError' })
    expect([undefined, null, 'MirrorError', { name: 'MirrorError', code: 'X' }, new Error('x'),
      Object.assign(new Error('x'), { code: 'ENOENT' }), named].filter((value) => isMirrorError(value))).toEqual([])
  })
})
