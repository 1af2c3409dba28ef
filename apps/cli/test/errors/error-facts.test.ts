import { test } from 'vitest'
import { MirrorError } from '@mirror/core'
import { formatError, readErrorFacts } from '../../src/errors/error-facts.ts'

const calm = new AbortController().signal

test('readErrorFacts() shows an error of ours with its hint and code, without secrets', ({ expect }) => {
  const error = new MirrorError('CHANNEL_UNREACHABLE', 'Cannot read https://u:pw-secret@a.example/t/tk-secret/x: no answer', { hint: 'Look at https://u:pw-secret@a.example/.' })
  const facts = readErrorFacts(error, calm)
  expect(facts).toMatchObject({ code: 'CHANNEL_UNREACHABLE', exitCode: 1 })
  expect(formatError(facts)).toBe('error: Cannot read https://***@a.example/t/***/x: no answer\nhint: Look at https://***@a.example/.\ncode: CHANNEL_UNREACHABLE\n')
})

test('readErrorFacts() calls anything else a bug, and shows where it is', ({ expect }) => {
  for (const error of [new TypeError('x is undefined at https://u:pw-secret@a.example/'), 'thrown text', undefined]) {
    const facts = readErrorFacts(error, calm)
    expect(facts).toMatchObject({ code: 'INTERNAL', exitCode: 1 })
    expect(formatError(facts)).toContain('This is a bug.')
    expect(formatError(facts)).not.toContain('secret')
  }
  expect(formatError(readErrorFacts(new TypeError('x'), calm))).toContain('error-facts.test.ts')
})

test('readErrorFacts() asks the signal, not the error, whether the run was interrupted', ({ expect }) => {
  expect(readErrorFacts(new TypeError('aborted'), AbortSignal.abort())).toMatchObject({ code: 'INTERRUPTED', exitCode: 130, stack: undefined })
})
