/** Texts by number: equal texts have equal numbers, from 0 on in order of appearance. */
export interface Texts {
  /** The number of a text, given as the raw JSON value of a field; of a value that is no string, undefined. */
  readonly idOfRaw: (raw: string) => number | undefined
  readonly idOf: (text: string) => number
  readonly textAt: (id: number) => string
  readonly count: () => number
}

const QUOTE = 0x22

/** Creates an empty collection. */
export function createTexts(): Texts {
  // Keys are texts in quotes, which is what the raw value is where it has no escape: then nothing is decoded to find it.
  const ids = new Map<string, number>()
  const keys: string[] = []
  let lastRaw = ' '
  let lastId = 0

  function add(key: string): number {
    const known = ids.get(key)
    if (known !== undefined) return known
    const id = keys.length
    ids.set(key, id)
    keys.push(key)
    return id
  }

  return {
    idOfRaw(raw) {
      if (raw === lastRaw) return lastId
      if (raw.charCodeAt(0) !== QUOTE) return undefined
      const id = ids.get(raw) ?? add(raw.includes('\\') ? `"${decodeText(raw) ?? ''}"` : raw)
      lastRaw = raw
      lastId = id
      return id
    },
    idOf: (text) => add(`"${text}"`),
    textAt: (id) => keys[id]?.slice(1, -1) ?? '',
    count: () => keys.length,
  }
}

/** The text that a raw JSON value is; undefined for one that is no string. */
export function decodeText(raw: string | undefined): string | undefined {
  if (raw?.charCodeAt(0) !== QUOTE) return undefined
  if (!raw.includes('\\')) return raw.slice(1, -1)
  const value: unknown = JSON.parse(raw)
  return typeof value === 'string' ? value : undefined
}
