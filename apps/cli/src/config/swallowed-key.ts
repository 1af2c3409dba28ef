/** A key that a comment swallowed. */
export interface SwallowedKey {
  readonly key: string
  /** From 1. */
  readonly line: number
}

const COMMENT = /^\s*#.*\s(?<key>[a-z_\d]+):\s*$/
const KEY = /^(?<key>[\w-]+):/
const ITEM = /^\s*-(?:\s|$)/
const BLANK = /^\s*(?:#.*)?$/

/**
 * Finds the mistake of an example that people paste: a comment that ends in a key, with that key's list below (`# possible platforms are: linux-64, win-64 platforms:`). Such a
 * list would be an error, or, worse, belong to the key above. A comment that names the key whose list it stands in is none.
 */
export function findSwallowedKey(text: string, known: readonly string[]): SwallowedKey | undefined {
  const lines = text.split(/\r?\n/)
  let enclosing: string | undefined
  for (const [index, line] of lines.entries()) {
    enclosing = matchKey(KEY, line) ?? enclosing
    const key = matchKey(COMMENT, line)
    if (key !== undefined && key !== enclosing && known.includes(key) && isListNext(lines, index)) return { key, line: index + 1 }
  }
  return undefined
}

function matchKey(pattern: RegExp, line: string): string | undefined {
  return pattern.exec(line)?.groups?.['key']
}

function isListNext(lines: readonly string[], index: number): boolean {
  const next = lines.slice(index + 1).find((below) => !BLANK.test(below))
  return next !== undefined && ITEM.test(next)
}
