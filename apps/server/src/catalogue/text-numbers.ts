/** Numbers for texts, given as they come. */
export interface TextNumbers {
  /** The number of the text that a value of JSON is, still in its quotes; undefined for what is no text. */
  readonly ofJson: (raw: string | undefined) => number | undefined
  readonly ofText: (text: string) => number
  readonly textAt: (number: number) => string
  readonly texts: () => readonly string[]
}

/** Creates numbers for texts. */
export function createTextNumbers(): TextNumbers {
  const texts: string[] = []
  const numbers = new Map<string, number>()
  const byJson = new Map<string, number>()
  let lastRaw: string | undefined
  let lastNumber = 0

  function ofText(text: string): number {
    const known = numbers.get(text)
    if (known !== undefined) return known
    numbers.set(text, texts.length)
    return texts.push(text) - 1
  }

  return {
    ofText,
    ofJson(raw) {
      if (raw === lastRaw && raw !== undefined) return lastNumber
      const number = raw === undefined ? undefined : (byJson.get(raw) ?? decode(raw))
      if (raw === undefined || number === undefined) return undefined
      lastRaw = raw
      lastNumber = number
      return number
    },
    textAt: (number) => texts[number] ?? '',
    texts: () => texts,
  }

  function decode(raw: string): number | undefined {
    const value: unknown = raw.startsWith('"') ? JSON.parse(raw) : undefined
    if (typeof value !== 'string') return undefined
    const number = ofText(value)
    byJson.set(raw, number)
    return number
  }
}
