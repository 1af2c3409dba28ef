import type { NotedField, RecordView } from '@mirror/core'
import { createLicenceRule } from '../licence/licence-rule.ts'
import { createTexts, endOfQuoted, type Texts } from '../records/texts.ts'
import type { Selection } from '../selection.ts'
import { type DearRule, LONGEST_VALUE, MOST_VERDICTS } from './dear-rules.ts'

const QUOTE = 0x22
const START_OF_NULL = 0x6e

/** True for a record whose licence is on the list; asked once for each pair of licence and family, which are told apart as they are written. */
export function createLicenceVerdict({ licenseBlacklist = [] }: Selection): DearRule | undefined {
  if (licenseBlacklist.length === 0) return undefined
  const isExcluded = createLicenceRule(licenseBlacklist)
  let texts = createTexts()
  let known = new Map<number, boolean>()

  return (cursor) => {
    const view = cursor.view()
    const license = idOfRaw(view, 'license', texts)
    const family = idOfRaw(view, 'license_family', texts)
    if (license === undefined || family === undefined) return isExcluded(cursor.parsed())
    const key = license * 2 * MOST_VERDICTS + family
    const found = known.get(key)
    if (found !== undefined) return found
    const verdict = isExcluded({ license: decodeRaw(texts.textAt(license)), license_family: decodeRaw(texts.textAt(family)) })
    known.set(key, verdict)
    if (texts.count() >= MOST_VERDICTS || known.size >= MOST_VERDICTS) {
      texts = createTexts()
      known = new Map()
    }
    return verdict
  }
}

/** The number of the text that a field has between its quotes; that of "" for null and for none, undefined for what is no string, or a long one. */
function idOfRaw({ bytes, startOf }: RecordView, field: NotedField, texts: Texts): number | undefined {
  const start = startOf(field)
  if (start < 0 || bytes[start] === START_OF_NULL) return texts.idOfBytes(bytes, 0, 0)
  if (bytes[start] !== QUOTE) return undefined
  const end = endOfQuoted(bytes, start)
  return end - start > LONGEST_VALUE ? undefined : texts.idOfBytes(bytes, start + 1, end)
}

function decodeRaw(raw: string): unknown {
  return raw.includes('\\') ? JSON.parse(`"${raw}"`) : raw
}
