import { isArtifactName, isMirrorError, MATCH_SPEC_FIELDS, type MatchSpec, parseMatchSpec } from '@mirror/core'
import { findNearest } from './nearest.ts'
import { isMapping, type Reader } from './readers.ts'

const TAKES = 'takes match specs, such as "numpy>=1.26" or "*[license=\'*gpl*\']"'
const KEYS = ['name', 'version', ...MATCH_SPEC_FIELDS, 'extras', 'flags', 'when']

/** Reads a match spec of CEP 29. What is wrong is told with the nearest text that is one. */
export const readMatchSpec: Reader<MatchSpec> = (value, fault) => {
  if (isMapping(value)) return fault(`${TAKES}, not a mapping${describeFix(suggestOfMapping(value))}`)
  if (typeof value !== 'string' || value.trim() === '') return fault(TAKES)
  const text = value.trim()
  if (/\/\*\*\*@|\/t\/\*\*\*/.test(text)) return fault('has *** where a secret was hidden when this file was printed; print it again with --show-secrets, or write the secret in its place')
  if (isArtifactName(text)) return fault(`has ${JSON.stringify(text)}, which is a file; its match spec is ${JSON.stringify(`*[fn='${text}']`)}`)
  const read = attempt(text)
  return typeof read === 'string' ? fault(`has ${JSON.stringify(text)}, which is no match spec: ${read}${describeFix(suggest(text))}`) : read
}

/** The spec, or why there is none. */
function attempt(text: string): MatchSpec | string {
  try {
    return parseMatchSpec(text)
  } catch (error) {
    if (!isMirrorError(error, 'MATCH_SPEC_INVALID')) throw error
    return `${String(error.details['reason'])}, at character ${Number(error.details['position']) + 1}`
  }
}

function describeFix(fix: string | undefined): string {
  return fix === undefined ? '' : `; the nearest is ${JSON.stringify(fix)}`
}

/** Mistakes that people make, undone one by one and all together; the first text that is a match spec. */
function suggest(text: string): string | undefined {
  const alone = REPAIRS.map((repair) => repair(text))
  const together = REPAIRS.reduce((repaired, repair) => repair(repaired), text)
  return [...alone, together].find((candidate) => candidate !== text && typeof attempt(candidate) !== 'string')
}

const REPAIRS: readonly ((text: string) => string)[] = [
  // A field by another name: licence, build_string.
  (text) => text.replaceAll(/(?<=[[,]\s*)[\w-]+(?=\s*=)/g, (key) => (KEYS.includes(key) ? key : (findNearest(key, KEYS) ?? key))),
  // Values with spaces, commas or operators, without quotes.
  (text) => text.replaceAll(/=\s*(?<value>[^'",[\]=][^'",[\]]*?)\s*(?=[,\]])/g, "='$<value>'"),
  (text) => text.replace(/\[(?<key>\w+)\s*=\s*(?<value>[^'"\]]+)\]$/, "[$<key>='$<value>']"),
  // Two conditions with nothing but a space between, and spaces behind operators.
  (text) => text.replaceAll(/(?<operator>[<>=!~])\s+/g, '$<operator>').replaceAll(/(?<=[<>=!~][\w.*]+)\s+(?=[<>!~])/g, ','),
  // name=version build.
  (text) => text.replace(/^(?<start>[\w.*-]+={1,2}[\w.*]+)\s+(?<build>[\w.*]+)$/, '$<start>=$<build>'),
  // A version without a name.
  (text) => text.replace(/^(?<version>[<>=!~].*)$/, "*[version='$<version>']"),
  // channel/name.
  (text) => text.replace(/^(?<channel>[\w.-]+)\/(?<name>[\w.*-]+)(?<rest>[^/]*)$/, '$<channel>::$<name>$<rest>'),
  // Brackets that were left open.
  (text) => (text.includes('[') && !text.includes(']') ? `${text}]` : text),
]

/** The spec of a mapping such as `{name: numpy, version: '>=1'}`, as other tools write it. */
function suggestOfMapping(value: Readonly<Record<string, unknown>>): string | undefined {
  const entries = Object.entries(value)
  if (entries.length === 0 || !entries.every(([key, field]) => KEYS.includes(key) && (typeof field === 'string' || typeof field === 'number'))) return undefined
  const texts = new Map(entries.map(([key, field]) => [key, typeof field === 'number' ? String(field) : typeof field === 'string' ? field : '']))
  const name = texts.get('name') ?? '*'
  const fields = [...texts].filter(([key]) => key !== 'name').map(([key, field]) => `${key}='${field}'`)
  const text = fields.length === 0 ? name : `${name}[${fields.join(',')}]`
  return typeof attempt(text) === 'string' ? undefined : text
}
