import { createZstdDecompress } from 'node:zlib'
import { pipeline } from 'node:stream/promises'
import { listSubdirs } from '@mirror/store'
import type { ChannelView } from '../channel-view.ts'
import type { FoundFile } from '../found-file.ts'

/** The document of a subdir as it is shown now. */
export interface FoundIndex {
  readonly subdir: string
  readonly file: FoundFile
  /** True where there is nothing but the compressed form of it: another tool's tree. */
  readonly isCompressed: boolean
  /** Of the document: what has the same is the same. */
  readonly mark: string
}

/** Finds the document of a subdir; undefined where it has none that we read: a tree of shards alone. */
export async function findIndex(view: ChannelView, subdir: string): Promise<FoundIndex | undefined> {
  const plain = await view.find(`${subdir}/repodata.json`)
  if (plain !== undefined) return { subdir, file: plain, isCompressed: false, mark: plain.etag }
  const compressed = await view.find(`${subdir}/repodata.json.zst`)
  return compressed === undefined ? undefined : { subdir, file: compressed, isCompressed: true, mark: `${compressed.etag}.zst` }
}

/** The subdirs of a channel as they are shown now, by name. */
export function findSubdirs({ reader }: ChannelView, root: string): readonly string[] {
  return reader === undefined ? listSubdirs(root) : reader.generation.state.subdirs.map(({ subdir }) => subdir)
}

/** The bytes of a document, in pieces of which each is valid until the next one is asked for. */
export function readDocument({ file, isCompressed }: FoundIndex): AsyncIterable<Uint8Array> {
  const bytes = file.read({ start: 0, end: file.size })
  return isCompressed ? decompress(bytes) : bytes
}

/** Some bytes of a document. Undefined when it is another one by now, or shorter. */
export async function readPart(index: FoundIndex, { position, length }: { readonly position: number; readonly length: number }): Promise<Buffer | undefined> {
  const end = position + length
  const pieces = index.isCompressed ? cut(readDocument(index), position, end) : index.file.read({ start: position, end })
  const parts: Buffer[] = []
  for await (const piece of pieces) parts.push(Buffer.from(piece))
  const all = Buffer.concat(parts)
  return all.length === length ? all : undefined
}

async function* cut(pieces: AsyncIterable<Uint8Array>, start: number, end: number): AsyncGenerator<Uint8Array> {
  let position = 0
  for await (const piece of pieces) {
    const next = position + piece.length
    if (next > start) yield piece.subarray(Math.max(0, start - position), Math.min(piece.length, end - position))
    if (next >= end) return
    position = next
  }
}

async function* decompress(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const stop = new AbortController()
  const decoder = createZstdDecompress()
  const joined = pipeline(copies(bytes), decoder, { signal: stop.signal })
  // Its failure is also that of the iteration below, which tells it.
  joined.catch(() => undefined)
  try {
    for await (const piece of decoder) if (piece instanceof Uint8Array) yield piece
    await joined
  } finally {
    stop.abort()
  }
}

/** What is handed to a stream is used later. */
async function* copies(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) yield Buffer.from(piece)
}
