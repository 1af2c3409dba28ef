import { MirrorError } from '../errors.ts'

const SHOWN = 200

/** The error for a match spec, a version spec or one of their patterns; `position` counts UTF-16 units from 0. */
export function invalidMatchSpec(text: string, position: number, reason: string): MirrorError<'MATCH_SPEC_INVALID'> {
  const shown = text.slice(0, SHOWN)
  const message = `Cannot use ${JSON.stringify(shown)} as a match spec: ${reason}, at character ${position + 1}`
  return new MirrorError('MATCH_SPEC_INVALID', message, { details: { spec: shown, position, reason } })
}
