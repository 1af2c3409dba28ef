import type { ReusePolicy } from '@mirror/sync'
import { IMPORTABLE_TOOLS } from '../config/import/import-types.ts'
import type { LogLevel } from '../events.ts'

/** What `--log-level` takes, in any case; from what is always told to what hardly ever is. */
export const LOG_LEVELS: readonly LogLevel[] = ['CRITICAL', 'ERROR', 'WARNING', 'INFO', 'DEBUG']

/** What `--reuse`, and the key of that name, takes. */
export const REUSE_POLICIES: readonly ReusePolicy[] = ['replace', 'after-grace', 'keep', 'drop']

/** What `--from` takes: a tool, or that it is to be found out. */
export const IMPORT_SOURCES: readonly string[] = ['auto', ...IMPORTABLE_TOOLS]

/** The shells that `mirror completion` knows. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

/** One of `SHELLS`. */
export type Shell = (typeof SHELLS)[number]

/** Choices as a sentence has them: `a, b or c`. */
export function listChoices(choices: readonly string[]): string {
  return choices.length < 2 ? choices.join('') : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1) ?? ''}`
}
