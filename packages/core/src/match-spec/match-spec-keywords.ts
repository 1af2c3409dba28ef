import { invalidMatchSpec } from './match-spec-error.ts'
import { parseStringPattern, type StringPattern } from './string-pattern.ts'

/** What stands in the brackets of a match spec. */
export interface ParsedKeywords {
  /** Text by key, as far as it is matched with a field of the record. */
  readonly values: ReadonlyMap<string, string>
  readonly extras: readonly string[]
  readonly flags: readonly StringPattern[]
  /** Not parsed yet. */
  readonly when: string | undefined
}

const KEYS: ReadonlySet<string> = new Set([
  'name', 'version', 'build', 'build_number', 'channel', 'features', 'fn', 'license', 'license_family', 'md5', 'sha256', 'subdir',
  'track_features', 'url', 'extras', 'flags', 'when',
])
const KEY_EXPECTED = 'key=value is expected; a value with , = or spaces needs quotes'
const KEY = /[A-Za-z0-9_-]/
const EXTRA = /^[a-z0-9_.+-]{1,64}$/
const FLAG = /^[a-z0-9_*]{1,128}(?::[a-z0-9_*]{1,128})?$/

/** Reads the brackets that open at `open` and have to end the text. Throws `MATCH_SPEC_INVALID`. */
export function parseKeywords(text: string, open: number): ParsedKeywords {
  const written = readPairs(text, open)
  const values = new Map<string, string>()
  for (const [key, value] of written) {
    if (key === 'extras' || key === 'flags') continue
    if (value.isList) throw invalidMatchSpec(text, value.position, `${key} takes no list`)
    values.set(key, value.items[0] ?? '')
  }
  const when = values.get('when')
  values.delete('when')
  return {
    values,
    extras: readNames(text, written.get('extras'), EXTRA),
    flags: readNames(text, written.get('flags'), FLAG).map(parseStringPattern),
    when,
  }
}

interface WrittenValue {
  readonly position: number
  readonly isList: boolean
  readonly items: readonly string[]
}

interface Read<Value> {
  readonly value: Value
  readonly end: number
}

/** The items of a list or the one value, each once, trimmed and checked. */
function readNames(text: string, value: WrittenValue | undefined, pattern: RegExp): readonly string[] {
  const names = [...new Set(value?.items.map((item) => item.trim()))]
  const odd = names.find((name) => !pattern.test(name))
  if (odd === undefined) return names
  throw invalidMatchSpec(text, value?.position ?? 0, `${JSON.stringify(odd.slice(0, 100))} is no name for it`)
}

function readPairs(text: string, open: number): ReadonlyMap<string, WrittenValue> {
  const pairs = new Map<string, WrittenValue>()
  let position = skipSpaces(text, open + 1)
  while (text[position] !== ']') {
    const key = readKey(text, position)
    if (pairs.has(key.value)) throw invalidMatchSpec(text, position, `${key.value} occurs twice`)
    const { value, end } = readValue(text, skipSpaces(text, key.end + 1))
    pairs.set(key.value, value)
    position = readSeparator(text, end)
  }
  if (pairs.size === 0) throw invalidMatchSpec(text, open, 'the brackets are empty')
  const rest = skipSpaces(text, position + 1)
  if (rest < text.length) throw invalidMatchSpec(text, rest, 'something follows the brackets')
  return pairs
}

function skipSpaces(text: string, start: number): number {
  let position = start
  while (text[position] === ' ' || text[position] === '\t') position += 1
  return position
}

function readKey(text: string, start: number): Read<string> {
  let end = start
  while (KEY.test(text[end] ?? '')) end += 1
  const value = text.slice(start, end)
  const equal = skipSpaces(text, end)
  if (end === text.length) throw invalidMatchSpec(text, end, 'the brackets have no end')
  if (end === start || text[equal] !== '=') throw invalidMatchSpec(text, start, KEY_EXPECTED)
  if (!KEYS.has(value)) throw invalidMatchSpec(text, start, `${JSON.stringify(value)} is no field that can be matched`)
  return { value, end: equal }
}

/** A comma, spaces (historical), or the end. */
function readSeparator(text: string, start: number): number {
  const position = skipSpaces(text, start)
  if (text[position] === ']') return position
  if (position === text.length) throw invalidMatchSpec(text, position, 'the brackets have no end')
  if (text[position] !== ',' && position === start) throw invalidMatchSpec(text, position, 'a comma is expected')
  const next = text[position] === ',' ? skipSpaces(text, position + 1) : position
  if (text[next] === ']' || text[next] === ',') throw invalidMatchSpec(text, next, 'key=value is expected behind a comma')
  return next
}

function readValue(text: string, start: number): Read<WrittenValue> {
  if (text[start] === '[') return readList(text, start)
  const item = readItem(text, start)
  return { value: { position: start, isList: false, items: [item.value] }, end: item.end }
}

/** A YAML flow sequence of strings on one line (CEP 44). */
function readList(text: string, start: number): Read<WrittenValue> {
  const items: string[] = []
  let position = skipSpaces(text, start + 1)
  while (text[position] !== ']') {
    const item = readItem(text, position)
    items.push(item.value)
    position = skipSpaces(text, item.end)
    if (text[position] === ',') position = skipSpaces(text, position + 1)
    else if (text[position] !== ']') throw invalidMatchSpec(text, position, 'a list has no end')
  }
  if (items.length === 0) throw invalidMatchSpec(text, start, 'a list is empty')
  return { value: { position: start, isList: true, items }, end: position + 1 }
}

function readItem(text: string, start: number): Read<string> {
  const quote = text[start]
  if (quote === '"' || quote === "'") return readQuoted(text, start, quote)
  let end = start
  while (end < text.length && !/[\s,[\]'"]/.test(text[end] ?? '')) end += 1
  if (end === start) throw invalidMatchSpec(text, start, 'a value is missing')
  return { value: text.slice(start, end), end }
}

/**
 * Of Python's escapes only a quote and a backslash are read as such: a regular expression keeps its own, as in conda and rattler.
 */
function readQuoted(text: string, start: number, quote: string): Read<string> {
  let value = ''
  for (let position = start + 1; position < text.length; position += 1) {
    const character = text[position] ?? ''
    const next = text[position + 1] ?? ''
    if (character === quote) {
      if (value.trim() === '') throw invalidMatchSpec(text, start, 'a value is empty')
      return { value, end: position + 1 }
    }
    const isEscape = character === '\\' && /["'\\]/.test(next)
    value += isEscape ? next : character
    if (isEscape) position += 1
  }
  throw invalidMatchSpec(text, start, 'a quote has no end')
}
