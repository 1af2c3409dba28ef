import { isMirrorError, redactText } from '@mirror/core'
import { escapeControls } from '../render/escape-controls.ts'
import { exitOfCode } from './error-table.ts'
import type { ExitCode } from './exit-codes.ts'

/** An error as it is shown: plain data without secrets. */
export interface ErrorFacts {
  readonly code: string
  readonly message: string
  readonly hint: string | undefined
  readonly details: Readonly<Record<string, unknown>>
  /** Only of a bug. */
  readonly stack: string | undefined
  readonly exitCode: ExitCode
}

/** Reads whatever was thrown. An aborted signal means that the run was interrupted, whatever was thrown then; what is no `MirrorError` is a bug. */
export function readErrorFacts(error: unknown, signal: AbortSignal): ErrorFacts {
  if (signal.aborted) return { ...INTERRUPTED }
  if (isMirrorError(error)) {
    const { code, hint, details } = error
    return {
      code,
      message: redactText(error.message),
      hint: hint === undefined ? undefined : redactText(hint),
      details,
      stack: undefined,
      exitCode: exitOfCode(code),
    }
  }
  const message = redactText(error instanceof Error ? error.message : String(error))
  const stack = redactText((error instanceof Error ? error.stack : undefined) ?? message)
  return { code: 'INTERNAL', message, hint: 'This is a bug. Please report it with the lines above.', details: {}, stack, exitCode: 1 }
}

const INTERRUPTED: ErrorFacts = {
  code: 'INTERRUPTED',
  message: 'Cannot finish the run: it was interrupted',
  hint: 'The mirror is whole. Run it again: it goes on where it was.',
  details: {},
  stack: undefined,
  exitCode: 130,
}

/** An error for people: what is, what to do, and the code. */
export function formatError(facts: ErrorFacts): string {
  const first = facts.stack ?? facts.message
  const hint = facts.hint === undefined ? '' : `\nhint: ${facts.hint}`
  return escapeControls(`error: ${first}${hint}\ncode: ${facts.code}\n`)
}
