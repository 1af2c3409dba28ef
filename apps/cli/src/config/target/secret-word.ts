/** True for what a header can carry as a token: one word of printable ASCII. */
export function isOneWord(text: string): boolean {
  return /^[\u0021-\u007e]+$/.test(text)
}
