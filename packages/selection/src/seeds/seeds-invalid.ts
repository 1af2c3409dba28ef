import { MirrorError, redactText } from '@mirror/core'

/** Where something is wrong in a file of seeds, and what. Text of the file may be in it: secrets are masked. */
export interface SeedFault {
  /** Counted from 1, where it is known. */
  readonly line?: number | undefined
  readonly reason: string
  readonly hint?: string | undefined
}

const MAXIMUM_REASON = 500

/** The error for a file of environment or lock that cannot be used. No cause: it would quote the file. */
export function seedsInvalid(name: string, { line, reason, hint }: SeedFault): MirrorError<'SEEDS_INVALID'> {
  const shown = redactText(reason.slice(0, MAXIMUM_REASON))
  const place = line === undefined ? '' : `line ${line}: `
  return new MirrorError('SEEDS_INVALID', `Cannot read seeds from ${JSON.stringify(redactText(name))}: ${place}${shown}`, {
    hint: hint ?? 'Correct the file, or make it anew with the tool that wrote it.',
    details: { file: redactText(name), reason: shown, ...(line === undefined ? {} : { line }) },
  })
}

/** Foreign text for a reason: short, in quotes. */
export function quoteText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 120)}…` : text)
}
