const BLANKS = ' \t\n\r'

/**
 * The raw value of a string field of a record, found without parsing it: "" when the record has no such field, undefined when only parsing can tell: anything nested,
 * an escape, a value of another type. `record` is valid JSON, an object; `key` needs no escape.
 */
export function findRawField(record: string, key: string): string | undefined {
  // Within one pair of braces every key is the record's own.
  if (record.indexOf('{', 1) >= 0) return undefined
  const token = `"${key}"`
  for (let at = record.indexOf(token); at >= 0; at = record.indexOf(token, at + 1)) {
    // Behind a brace, a comma or a blank a quote opens a string: inside of one it would be escaped, and behind one no word can stand.
    const before = record[at - 1] ?? ''
    if (before !== '{' && before !== ',' && !BLANKS.includes(before)) continue
    const colon = skipBlanks(record, at + token.length)
    if (record[colon] === ':') return readString(record, skipBlanks(record, colon + 1))
  }
  return record.includes('\\') ? undefined : ''
}

function skipBlanks(text: string, start: number): number {
  let at = start
  while (BLANKS.includes(text[at] ?? 'x')) at += 1
  return at
}

function readString(record: string, start: number): string | undefined {
  if (record[start] !== '"') return undefined
  const raw = record.slice(start, record.indexOf('"', start + 1) + 1)
  return raw.includes('\\') ? undefined : raw
}
