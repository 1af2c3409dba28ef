const BLANKS = ' \t\n\r'

/**
 * The raw value of a string field of a record, found without parsing it: "" when the record has no such field, undefined when only parsing can tell, where something is
 * nested, or of another type. `record` is valid JSON, an object; `key` needs no escape.
 */
export function findRawField(record: string, key: string): string | undefined {
  const start = findValue(record, key)
  if (start === undefined || start < 0) return start === undefined ? undefined : ''
  return record[start] === '"' ? record.slice(start, endOfString(record, start)) : undefined
}

/** Those strings of a list of strings that match a pattern, found like `findRawField` finds a string; none when the record has no such field. */
export function findStringsWith(record: string, key: string, pattern: RegExp): readonly string[] | undefined {
  const start = findValue(record, key)
  if (start === undefined || start < 0) return start === undefined ? undefined : []
  const found: string[] = []
  if (record[start] !== '[') return undefined
  let at = start
  if (record[skipBlanks(record, at + 1)] === ']') return found
  do {
    at = skipBlanks(record, at + 1)
    if (record[at] !== '"') return undefined
    const end = endOfString(record, at)
    const text = record.slice(at + 1, end - 1)
    if (text.includes('\\')) return undefined
    if (pattern.test(text)) found.push(text)
    at = skipBlanks(record, end)
  } while (record[at] === ',')
  return found
}

/** Where the value of a field starts, -1 when the record has no such field, undefined when only parsing can tell. */
function findValue(record: string, key: string): number | undefined {
  // Within one pair of braces every key is the record's own.
  if (record.indexOf('{', 1) >= 0) return undefined
  const token = `${key}"`
  for (let at = record.indexOf(token); at >= 0; at = record.indexOf(token, at + 1)) {
    // A quote behind a brace, a comma or a blank opens a string: inside of one it would be escaped, and behind one no word can stand.
    const before = record[at - 2] ?? ''
    if (record[at - 1] !== '"' || (before !== '{' && before !== ',' && !BLANKS.includes(before))) continue
    const colon = skipBlanks(record, at + token.length)
    if (record[colon] === ':') return skipBlanks(record, colon + 1)
  }
  return record.includes('\\') ? undefined : -1
}

function skipBlanks(text: string, start: number): number {
  let at = start
  while (BLANKS.includes(text[at] ?? 'x')) at += 1
  return at
}

function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); ; quote = text.indexOf('"', quote + 1)) {
    let slash = quote - 1
    while (text[slash] === '\\') slash -= 1
    if ((quote - slash) % 2 === 1) return quote + 1
  }
}
