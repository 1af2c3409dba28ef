import { type ByteSource, type IndexTable, isMirrorError, MirrorError, type Sha256 } from '@mirror/core'
import type { DecodedIndex } from './decode-index.ts'
import { readError } from './failure.ts'
import { BodyTooLarge } from './transport.ts'
import type { SpooledBytes } from './spool.ts'
import type { IndexValidators, IndexVariant } from './variants.ts'
import { BrokenEncoding } from './zstd-frames.ts'

/** One index of upstream, whole and read. Close it to give memory and disk back. */
export interface FetchedIndex extends AsyncDisposable {
  /** Where the document came from. */
  readonly variant: IndexVariant
  /** For the next `fetchIndex`. Remember them only when what follows from this index was published. */
  readonly validators: IndexValidators
  /** Upstream's own date of it, milliseconds since 1970; undefined when upstream tells none. */
  readonly modified: number | undefined
  /** The document, decoded; of `shards`, the document that says the same. Readable until `close`. */
  readonly document: ByteSource
  /** Of the document. */
  readonly sha256: Sha256
  /** The compressed body exactly as upstream sent it, readable until `close`; undefined for `json` and `shards`, and for zstd of several frames. */
  readonly encoded: SpooledBytes | undefined
  readonly table: IndexTable
  /** What people should know about it, as sentences. */
  readonly warnings: readonly string[]
  readonly close: () => Promise<void>
}

/** What came of `fetchIndex`. */
export type FetchIndexResult =
  /** It is what the validators were of. */
  | { readonly status: 'not-modified' }
  /** Upstream has no such subdir: no variant of its index is there. */
  | { readonly status: 'absent' }
  | { readonly status: 'fetched'; readonly index: FetchedIndex }

/** The validators in the head of an answer. */
export function validatorsOf(variant: IndexVariant, header: (name: string) => string | undefined): IndexValidators {
  const etag = header('etag')
  const lastModified = header('last-modified')
  return { variant, ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) }
}

/** Makes a result of what was decoded. */
export function presentIndex({ document, table, encoded }: DecodedIndex, variant: IndexVariant, validators: IndexValidators): FetchedIndex {
  const modified = validators.lastModified === undefined ? Number.NaN : Date.parse(validators.lastModified)
  const close = async (): Promise<void> => {
    document.close()
    encoded?.close()
  }
  return {
    variant, validators, document, table, encoded, close,
    sha256: document.sha256,
    modified: Number.isNaN(modified) ? undefined : modified,
    warnings: [],
    [Symbol.asyncDispose]: close,
  }
}

const WRONG_CONTENT: ReadonlySet<string> = new Set(['INDEX_MALFORMED', 'INDEX_IMPLAUSIBLE', 'NAME_UNSAFE', 'SHARD_MALFORMED'])

/** True when a body came whole and is not what it should be. */
export function isWrongContent(error: unknown): boolean {
  return error instanceof BrokenEncoding || error instanceof BodyTooLarge || (isMirrorError(error) && WRONG_CONTENT.has(error.code))
}

/** The error for an index that stays wrong: codes of `@mirror/core` keep theirs, and their message gets the place. */
export function unreadable(url: string, error: unknown, maximumBytes: number): unknown {
  if (error instanceof BodyTooLarge) {
    return readError('BODY_TOO_LARGE', `Cannot read ${url}: it is larger than ${maximumBytes} bytes`, {
      hint: 'If the channel really is that big, raise the limit for indexes in the configuration.',
      details: { maximumBytes },
    })
  }
  if (error instanceof BrokenEncoding) {
    return readError('INDEX_UNREADABLE', `Cannot read ${url}: ${error.message}`, {
      hint: 'Upstream or a proxy sends damaged bytes; nothing of this subdir was changed. Try again later, and report it to the channel if it stays so.',
      cause: error,
    })
  }
  if (!isMirrorError(error)) return error
  const { code, message, hint, details } = error
  return new MirrorError(code, `${message} (${url})`, { ...(hint === undefined ? {} : { hint }), details: { ...details, url }, cause: error })
}
