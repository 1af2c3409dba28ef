/** Text as Python's `urllib.parse.quote_plus` writes it: the name of a token's file is the URL of its server, so written. */
export function quotePlus(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll('%20', '+').replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** The text that `quotePlus` wrote; undefined for what it never writes. */
export function unquotePlus(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
