import type { LogLevel } from '../events.ts'

const ORDER: readonly LogLevel[] = ['CRITICAL', 'ERROR', 'WARNING', 'INFO', 'DEBUG']

/** The level of that name, in any case; undefined for another text. */
export function parseLogLevel(text: string): LogLevel | undefined {
  return ORDER.find((level) => level === text.toUpperCase())
}

/** Does somebody who wants to read `wanted` read something of `level`? */
export function isShown(level: LogLevel, wanted: LogLevel): boolean {
  return ORDER.indexOf(level) <= ORDER.indexOf(wanted)
}
