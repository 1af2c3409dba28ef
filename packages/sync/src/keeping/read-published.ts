import { type ByteSource, createIndexTableBuilder, type IndexTable } from '@mirror/core'
import type { PublishedFile, SubdirState } from '@mirror/delta'
import type { StoreReader } from '@mirror/store'
import type { SpoolSpace } from '../spool-space.ts'

/** An index as a generation has it. */
export interface PublishedIndex {
  readonly source: ByteSource
  readonly table: IndexTable
}

/** Reads the index document of a subdir of a generation. Throws what the store throws when its copy is gone. */
export async function readPublishedIndex(reader: StoreReader, { subdir, document }: SubdirState, { spool, signal }: ReadOptions): Promise<PublishedIndex> {
  const writer = spool.create()
  const builder = createIndexTableBuilder(subdir)
  for await (const chunk of readFileOf(reader, document)) {
    signal.throwIfAborted()
    writer.write(chunk)
    builder.write(chunk)
  }
  return { source: writer.end(), table: builder.end() }
}

/** What reading an index needs. */
export interface ReadOptions {
  readonly spool: SpoolSpace
  readonly signal: AbortSignal
}

/** The bytes of a file of a generation; throws when they are gone. */
export async function* readFileOf(reader: StoreReader, { path }: PublishedFile): AsyncGenerator<Uint8Array> {
  const opened = await reader.openFile(path)
  if (opened.status !== 'found') throw new Error(`${path} of generation ${reader.generation.number} is ${opened.status}`)
  yield* opened.body
}
