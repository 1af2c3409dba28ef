/** What an earlier answer was known by. */
export interface Conditions {
  readonly etag?: string | undefined
  readonly lastModified?: string | undefined
}

/** The headers that ask for something only where it changed since (RFC 9110 §13.1). */
export function conditionHeaders({ etag, lastModified }: Conditions): Record<string, string> {
  return { ...(etag === undefined ? {} : { 'if-none-match': etag }), ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }) }
}
