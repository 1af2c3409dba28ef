/**
 * A second reader of JSON, as slow and plain as can be, to compare the scanner with: RFC 8259, no repeated keys, no half surrogate
 * pairs, at most 512 deep. Gives the value or undefined. Where JSON.parse disagrees on what is JSON, it throws.
 */
export function readStrictJson(bytes: Uint8Array): { readonly value: unknown } | undefined {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  return hasRepeatedKey(text) || hasHalfPair(text) || depthOf(text) > 512 ? undefined : { value }
}

interface Token {
  readonly text: string
}

/** Tokens of valid JSON. */
function tokens(text: string): readonly Token[] {
  return [...text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs)].map(([token]) => ({ text: token }))
}

function hasRepeatedKey(text: string): boolean {
  const open: (Set<string> | undefined)[] = []
  let keyNext = false
  for (const token of tokens(text)) {
    const keys = open.at(-1)
    if (token.text === '{') open.push(new Set())
    else if (token.text === '[') open.push(undefined)
    else if (token.text === '}' || token.text === ']') open.pop()
    else if (keyNext && keys !== undefined) {
      const key = String(JSON.parse(token.text))
      if (keys.has(key)) return true
      keys.add(key)
    }
    keyNext = (token.text === '{' || token.text === ',') && open.at(-1) !== undefined
  }
  return false
}

function hasHalfPair(text: string): boolean {
  return tokens(text).some((token) => token.text.startsWith('"') && !String(JSON.parse(token.text)).isWellFormed())
}

function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  for (const token of tokens(text)) {
    if (token.text === '{' || token.text === '[') depth += 1
    else if (token.text === '}' || token.text === ']') depth -= 1
    deepest = Math.max(deepest, depth)
  }
  return deepest
}
