import { formatMatchSpec, isMirrorError, parseMatchSpec } from '@mirror/core'
import { escapeRegex, kindOfGlob, matchesGlob, regexOfGlob } from './glob-pattern.ts'

/** A match spec that says what an entry of conda-mirror's lists says, or why there is none. */
export type EntrySpec =
  /** `inexact`: what it does not match although the entry does, as the end of a sentence. */
  | { readonly type: 'spec'; readonly spec: string; readonly inexact: string | undefined }
  /** Nothing could ever match the entry. */
  | { readonly type: 'never'; readonly reason: string }
  | { readonly type: 'unsayable'; readonly reason: string }

/** What the value of one field of a record must be. */
type Condition =
  | { readonly type: 'any' }
  | { readonly type: 'never'; readonly reason: string }
  | { readonly type: 'unsayable'; readonly reason: string }
  /** `text`: as the value of a match spec's field. */
  | { readonly type: 'value'; readonly text: string; readonly matchesNull: boolean }

const ANY: Condition = { type: 'any' }
const ALWAYS_THERE = new Set(['name', 'version', 'build', 'build_number', 'subdir'])
const SAYABLE = new Set([...ALWAYS_THERE, 'license', 'license_family', 'md5', 'sha256'])
const IS_SPEC = /[<>=^$!]/

/**
 * The match spec of an entry `{field: glob, …}` of `blacklist` or `whitelist` (conda-mirror 0.10, in Python). There, all fields have to match, in any case; a missing field is the
 * empty text, null is `none`; a version or build with one of `<>=^$!` is compared as conda compares versions.
 */
export function specOfEntry(entry: Readonly<Record<string, unknown>>): EntrySpec {
  const conditions = new Map<string, Condition>()
  for (const [field, pattern] of Object.entries(entry).toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    if (typeof pattern !== 'string') return { type: 'unsayable', reason: `${JSON.stringify(field)} is no text` }
    addCondition(conditions, field.toLowerCase(), pattern.toLowerCase())
  }
  const all = [...conditions.values()]
  const never = all.find((condition) => condition.type === 'never')
  if (never !== undefined) return never
  return all.find((condition) => condition.type === 'unsayable') ?? assemble(conditions)
}

function addCondition(conditions: Map<string, Condition>, field: string, pattern: string): void {
  if (field === 'version' && IS_SPEC.test(pattern)) {
    const space = pattern.indexOf(' ')
    conditions.set('version', versionCondition(space < 0 ? pattern : pattern.slice(0, space)))
    if (space >= 0 && !conditions.has('build')) conditions.set('build', buildCondition(pattern.slice(space + 1)))
  } else conditions.set(field, field === 'build' && IS_SPEC.test(pattern) ? buildCondition(pattern) : globCondition(field, pattern))
}

/** The same language as that of match specs, but that `.*` behind `==` was read over there. */
function versionCondition(spec: string): Condition {
  return { type: 'value', text: spec.replaceAll(/==(?<version>[^,|()\s]+?)\.\*(?=[,|)]|$)/g, '==$<version>'), matchesNull: false }
}

/** Behind the version, and with one of the signs of versions: not a glob. */
function buildCondition(pattern: string): Condition {
  const text = pattern.trim()
  if (text === '*') return ANY
  if (/^\d+$/.test(text)) return { type: 'never', reason: `conda-mirror compared the build with the number ${text}, which no build is` }
  if (/^[=<>!]/.test(text)) return { type: 'unsayable', reason: `it compares builds as versions (${JSON.stringify(text)})` }
  return { type: 'value', text: text.startsWith('^') ? text : `^${escapeRegex(text)}$`, matchesNull: false }
}

function globCondition(field: string, glob: string): Condition {
  const kind = kindOfGlob(glob)
  if (kind === 'anything') return ANY
  if (glob === '') return emptyCondition(field)
  if (!SAYABLE.has(field)) return { type: 'unsayable', reason: `match specs have no field ${JSON.stringify(field)}` }
  // As text: 1.0 is not 1.0.0 here, and what looks like a regular expression or an operator is none.
  const isText = kind === 'plain' && field !== 'version' && /^[^\s^=<>!~]/.test(glob) && !/\s$/.test(glob)
  return { type: 'value', text: isText ? glob : regexOfGlob(glob), matchesNull: !ALWAYS_THERE.has(field) && matchesGlob(glob, 'none') }
}

function emptyCondition(field: string): Condition {
  if (ALWAYS_THERE.has(field)) return { type: 'never', reason: `every record has a ${field}` }
  return { type: 'unsayable', reason: `it asks for records without ${JSON.stringify(field)}, which a match spec cannot name` }
}

function assemble(conditions: ReadonlyMap<string, Condition>): EntrySpec {
  const values = [...conditions].flatMap(([field, condition]) => (condition.type === 'value' ? [{ field, ...condition }] : []))
  const name = values.find(({ field }) => field === 'name')?.text ?? '*'
  const fields = values.filter(({ field }) => field !== 'name').map(({ field, text }) => `${field}=${quote(text)}`)
  const nulls = values.filter(({ matchesNull }) => matchesNull).map(({ field }) => JSON.stringify(field))
  const spec = format(`${/^[a-z0-9_*][a-z0-9._*-]*$/.test(name) || name.startsWith('^') ? name : regexOfGlob(name)}${fields.length === 0 ? '' : `[${fields.join(',')}]`}`)
  if (spec === undefined) return { type: 'unsayable', reason: 'no match spec says the same' }
  return { type: 'spec', spec, inexact: nulls.length === 0 ? undefined : `records whose ${nulls.join(' or ')} is null, which a match spec cannot name` }
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`
}

/** The text as we write it; undefined for one that is no match spec. */
function format(text: string): string | undefined {
  try {
    return formatMatchSpec(parseMatchSpec(text))
  } catch (error) {
    if (isMirrorError(error, 'MATCH_SPEC_INVALID')) return undefined
    throw error
  }
}
