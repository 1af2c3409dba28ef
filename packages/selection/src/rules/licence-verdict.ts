import type { NotedField, RecordView } from '@mirror/core'
import { createLicenceRule } from '../licence/licence-rule.ts'
import { createTexts, type Texts } from '../records/texts.ts'
import type { Selection } from '../selection.ts'
import { type DearRule, MOST_VERDICTS } from './dear-rules.ts'

const QUOTE = 0x22
const START_OF_NULL = 0x6e

/** True for a record whose licence is on the list; asked once for each pair of licence and family, which are told apart as they are written. */
export function createLicenceVerdict({ licenseBlacklist = [] }: Selection): DearRule | undefined {
  if (licenseBlacklist.length === 0) return undefined
  const isExcluded = createLicenceRule(licenseBlacklist)
  let licences = createTexts()
  let families = createTexts()
  let known = new Map<number, boolean>()

  return (cursor) => {
    const view = cursor.view()
    const license = idOfRaw(view, 'license', licences)
    const family = idOfRaw(view, 'license_family', families)
    if (license === undefined || family === undefined) return isExcluded(cursor.parsed())
    const key = license * 2 * MOST_VERDICTS + family
    const found = known.get(key)
    if (found !== undefined) return found
    const verdict = isExcluded({ license: decodeRaw(licences.textAt(license)), license_family: decodeRaw(families.textAt(family)) })
    known.set(key, verdict)
    if (known.size >= MOST_VERDICTS) {
      licences = createTexts()
      families = createTexts()
      known = new Map()
    }
    return verdict
  }
}

/** The number of the text that a field has between its quotes; that of "" for null and for none, undefined for what is no string. */
function idOfRaw({ bytes, startOf }: RecordView, field: NotedField, texts: Texts): number | undefined {
  const start = startOf(field)
  if (start < 0 || bytes[start] === START_OF_NULL) return texts.idOf('')
  return bytes[start] === QUOTE ? texts.idOfRaw(bytes, start) : undefined
}

function decodeRaw(raw: string): unknown {
  return raw.includes('\\') ? JSON.parse(`"${raw}"`) : raw
}
