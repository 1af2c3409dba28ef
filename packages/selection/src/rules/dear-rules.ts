import { createLicenceRule } from '../licence/licence-rule.ts'
import { createPythonRule } from '../python/python-rule.ts'
import { decodeText } from '../records/texts.ts'
import type { ParsedRecord, RecordCursor } from '../records/record-cursor.ts'
import type { Selection } from '../selection.ts'

/** A rule that has to read more of a record than the scan notes. */
export type DearRule = (cursor: RecordCursor) => boolean

/** More verdicts are not remembered at once: upstream says how many licences there are. */
const REMEMBERED = 10_000

/** True for a record whose licence is on the list; asked once for each pair of licence and family. */
export function createLicenceVerdict({ licenseBlacklist = [] }: Selection): DearRule | undefined {
  if (licenseBlacklist.length === 0) return undefined
  const isExcluded = createLicenceRule(licenseBlacklist)
  const known = new Map<string, boolean>()

  return (cursor) => {
    const license = cursor.findRaw('license')
    const family = license === undefined ? undefined : cursor.findRaw('license_family')
    if (license === undefined || family === undefined) return isExcluded(cursor.parsed())
    const key = `${license},${family}`
    const found = known.get(key)
    if (found !== undefined) return found
    if (known.size === REMEMBERED) known.clear()
    const verdict = isExcluded({ license: parseRaw(license), license_family: parseRaw(family) })
    known.set(key, verdict)
    return verdict
  }
}

function parseRaw(raw: string): unknown {
  return raw === '' ? undefined : JSON.parse(raw)
}

/** Every package whose version or name says which Python it is of has one of these in its name. */
const PYTHON = /python|pypy/i

/** True for a record that can run on one of the Pythons. Of its dependencies only those that may be on Python are read. */
export function createPythonVerdict({ pythonVersions = [] }: Selection): DearRule | undefined {
  if (pythonVersions.length === 0) return undefined
  const runs = createPythonRule(pythonVersions)
  return (cursor) => {
    const depends = cursor.findStrings('depends', PYTHON)
    const noarch = depends === undefined ? undefined : cursor.findRaw('noarch')
    if (depends === undefined || noarch === undefined) return runs(withPythons(cursor.parsed()))
    return runs({ name: decodeText(cursor.raw('name')), version: decodeText(cursor.raw('version')), build: decodeText(cursor.raw('build')), noarch: parseRaw(noarch), depends })
  }
}

function withPythons(record: ParsedRecord): ParsedRecord {
  const { depends } = record
  return Array.isArray(depends) ? { ...record, depends: depends.filter((text: unknown) => typeof text === 'string' && PYTHON.test(text)) } : record
}
