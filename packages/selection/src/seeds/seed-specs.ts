import { isMirrorError, type MatchSpec, parseMatchSpec } from '@mirror/core'

/** The spec, or why it is none. */
export function readSeedSpec(text: string): MatchSpec | string {
  try {
    return parseMatchSpec(text.trim())
  } catch (error) {
    if (isMirrorError(error, 'MATCH_SPEC_INVALID')) return `${String(error.details['reason'])}, at character ${Number(error.details['position']) + 1}`
    throw error
  }
}
