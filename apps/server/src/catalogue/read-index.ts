import { isMirrorError } from '@mirror/core'
import { FileReplaced } from '../found-file.ts'
import type { MirrorFiles } from '../mirror-files.ts'
import { findIndex, readDocument } from './find-index.ts'
import { createColumnsReader } from './read-columns.ts'
import type { SubdirColumns } from './subdir-columns.ts'

/** Which index is to be read. */
export interface IndexName {
  /** The channel's folder below the mirror. */
  readonly folder: string
  readonly snapshot: string | undefined
  readonly subdir: string
}

/** What came of reading an index. */
export type IndexReading =
  /** `mark` is that of the document that was read, which may be a later one than was asked for. */
  | { readonly status: 'read'; readonly mark: string; readonly columns: SubdirColumns }
  /** It is no index, or cannot be read: `code` says why, as the errors of the packages do. */
  | { readonly status: 'damaged'; readonly mark: string; readonly code: string }
  /** It went, or was replaced, meanwhile. */
  | { readonly status: 'gone' }

/** Reads an index as it is shown now. */
export async function readIndex(files: MirrorFiles, { folder, snapshot, subdir }: IndexName): Promise<IndexReading> {
  const view = await files.view(folder, snapshot)
  const index = view === undefined ? undefined : await findIndex(view, subdir)
  if (index === undefined) return { status: 'gone' }
  const reader = createColumnsReader(subdir)
  try {
    for await (const piece of readDocument(index)) reader.write(piece)
    return { status: 'read', mark: index.mark, columns: reader.end() }
  } catch (error) {
    if (error instanceof FileReplaced) return { status: 'gone' }
    return { status: 'damaged', mark: index.mark, code: isMirrorError(error) ? error.code : 'UNREADABLE' }
  }
}
