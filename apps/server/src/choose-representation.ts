import type { IncomingMessage } from 'node:http'
import type { FoundFile } from './found-file.ts'
import { type GzipCopies, isCompressible } from './gzip-copies.ts'

/** The form of a file that one request gets. */
export interface Representation {
  readonly file: FoundFile
  readonly isGzip: boolean
  /** What is answered depends on what the client accepts. */
  readonly varies: boolean
}

/** Chooses by what the client accepts; a compressed form that is not ready yet is not waited for. */
export function chooseRepresentation({ headers }: IncomingMessage, file: FoundFile, copies: GzipCopies): Representation {
  if (!isCompressible(file)) return { file, isGzip: false, varies: false }
  const copy = acceptsGzip(headers['accept-encoding']) ? copies.find(file) : undefined
  return { file: copy ?? file, isGzip: copy !== undefined, varies: true }
}

/** RFC 9110 §12.5.3; a weight of 0 refuses. */
function acceptsGzip(header: string | readonly string[] | undefined): boolean {
  const codings = String(header ?? '').toLowerCase().split(',').map((part) => part.split(';').map((text) => text.trim()))
  const find = (name: string): readonly string[] | undefined => codings.find(([coding]) => coding === name || coding === `x-${name}`)
  const [, weight] = find('gzip') ?? codings.find(([coding]) => coding === '*') ?? [undefined, 'q=0']
  return weight === undefined || !/^q=0(?:\.0*)?$/.test(weight)
}
