/** Numbers for texts, given as they come. */
export interface TextNumbers {
  readonly of: (text: string) => number
  readonly texts: () => readonly string[]
}

/** Creates numbers for texts. */
export function createTextNumbers(): TextNumbers {
  const numbers = new Map<string, number>()
  let last: string | undefined
  let lastNumber = 0
  return {
    of(text) {
      if (text === last) return lastNumber
      const known = numbers.get(text)
      lastNumber = known ?? numbers.size
      if (known === undefined) numbers.set(text, lastNumber)
      last = text
      return lastNumber
    },
    texts: () => [...numbers.keys()],
  }
}

/** The text that a value of JSON is, still in its quotes; undefined for what is no text. */
export function decodeText(raw: string | undefined): string | undefined {
  if (raw === undefined || !raw.startsWith('"')) return undefined
  if (!raw.includes('\\')) return raw.slice(1, -1)
  const value: unknown = JSON.parse(raw)
  return typeof value === 'string' ? value : undefined
}
