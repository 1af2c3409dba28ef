import { LOG_LEVELS } from '../command-line/choices.ts'
import type { LogLevel } from '../events.ts'

/** The level of that name, in any case; undefined for another text. */
export function parseLogLevel(text: string): LogLevel | undefined {
  return LOG_LEVELS.find((level) => level === text.toUpperCase())
}

/** Does somebody who wants to read `wanted` read something of `level`? */
export function isShown(level: LogLevel, wanted: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(wanted)
}
