/** True where a body may be sent: a reference to compare with, at `/<channel>/-/take-away`. */
export function takesBody(method: string, segments: readonly string[] | undefined): boolean {
  return method === 'POST' && segments !== undefined && segments.length >= 2 && segments.at(-1) === 'take-away' && segments.at(-2) === '-'
}
