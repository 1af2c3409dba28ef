import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

let collect: (() => void) | undefined

/** Of so many artifacts, walks leave enough behind to have it collected. */
export const WORTH_COLLECTING = 65_536

/**
 * Has V8 collect what nobody uses any more. On a machine with much memory it lets a quarter of a gigabyte of that lie before it does so itself, which a walk over a million artifacts reaches. Takes tens of
 * milliseconds: for such walks alone, and between their parts.
 */
export function collectGarbage(): void {
  collect ??= exposeCollector()
  collect()
}

/** Node offers it only by a flag at its start; V8 looks at the flag when a context is made. */
function exposeCollector(): () => void {
  setFlagsFromString('--expose-gc')
  const exposed: unknown = runInNewContext('globalThis.gc')
  setFlagsFromString('--no-expose-gc')
  return isCollector(exposed) ? exposed : () => undefined
}

function isCollector(value: unknown): value is () => void {
  return typeof value === 'function'
}
