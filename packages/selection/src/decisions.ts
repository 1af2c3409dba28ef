import type { SubdirName } from '@mirror/core'
import { codeOf, NOBODY } from './rules/rule-codes.ts'
import type { SelectedSubdir } from './selected.ts'
import { RULES } from './selection.ts'

/** What becomes of the rows of one subdir, rule by rule. */
export interface Decisions {
  /** How many there are: 0 until it is said. */
  readonly rows: () => number
  /** Says how many rows there are. */
  readonly seal: (rows: number) => void
  /** Decides a row; a rule that decided it before does not count any more. `size`: bytes of its artifact. */
  readonly decide: (row: number, code: number, size: number) => void
  readonly isKept: (row: number) => boolean
  /** `isKept` of all rows; undefined when all are. */
  readonly keep: () => Uint8Array | undefined
  readonly finish: (subdir: SubdirName) => SelectedSubdir
}

/** Room for so many at first. */
const FIRST_ROWS = 2 ** 14

/** No row is decided yet. `includeAddsBack`: `include` stands beside `exclude`. */
export function createDecisions({ includeAddsBack }: { readonly includeAddsBack: boolean }): Decisions {
  let codes = new Uint8Array(0)
  let sealed = 0
  const records = new Float64Array(RULES.length + 1)
  const bytes = new Float64Array(RULES.length + 1)
  const keeps = Uint8Array.from(records, (_, code) => (code === NOBODY || code === codeOf('whitelist') || (includeAddsBack && code === codeOf('include')) ? 1 : 0))

  function count(code: number, sign: 1 | -1, size: number): void {
    records[code] = (records[code] ?? 0) + sign
    bytes[code] = (bytes[code] ?? 0) + sign * size
  }

  function isKept(row: number): boolean {
    return keeps[codes[row] ?? NOBODY] === 1
  }

  function keep(): Uint8Array | undefined {
    if (keeps.every((kept, code) => kept === 1 || records[code] === 0)) return undefined
    return codes.map((code) => keeps[code] ?? 0)
  }

  function resize(rows: number): void {
    codes = new Uint8Array(codes.buffer.transfer(rows))
  }

  return {
    rows: () => sealed,
    isKept, keep,
    seal(rows) {
      sealed = rows
      resize(rows)
    },
    decide(row, code, size) {
      if (row >= codes.length) resize(Math.max(FIRST_ROWS, Math.ceil(row * 1.25)))
      const before = codes[row] ?? NOBODY
      if (before !== NOBODY) count(before, -1, size)
      codes[row] = code
      count(code, 1, size)
    },
    finish(subdir) {
      const effects = RULES.flatMap((rule, at) => ((records[at + 1] ?? 0) > 0 ? [{ rule, records: records[at + 1] ?? 0, bytes: bytes[at + 1] ?? 0 }] : []))
      return { subdir, keep: keep(), decidedBy: effects.length === 0 ? undefined : codes, effects }
    },
  }
}

