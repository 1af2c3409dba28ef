import fs from 'node:fs'
import { join } from 'node:path'
import type { ChannelState, PublishedFile, SubdirState } from '@mirror/delta'
import type { DiskContext } from './disk-context.ts'
import { type Pieces, writeNewFile } from './disk-write.ts'
import type { KeptDocument } from './generation-file.ts'
import { readPieces } from './hash-file.ts'
import { storeError } from './store-error.ts'
import { decodesTo, encodePieces } from './zstd-files.ts'

/** What `keepDocuments` starts from. */
export interface KeepDocumentsOptions {
  /** What the generations so far keep. */
  readonly known: readonly KeptDocument[]
  /** Where the verified bytes of a file lie, when it was put. */
  readonly staged: (file: PublishedFile) => string | undefined
}

/**
 * Makes sure that `documents/` holds a copy of every index file of a state, durably but for the folder's own sync. Copies, not links: a link would change
 * when someone overwrites the public file. A `repodata.json` is kept compressed; its `.zst` variant serves for it when it decodes to it.
 */
export async function keepDocuments(context: DiskContext, state: ChannelState, options: KeepDocumentsOptions): Promise<readonly KeptDocument[]> {
  const known = new Map(options.known.filter((document) => fs.existsSync(documentPath(context, document))).map((document) => [document.sha256, document]))
  const kept = new Map<string, KeptDocument>()
  for (const subdir of state.subdirs) {
    for (const file of subdir.variants) kept.set(file.sha256, known.get(file.sha256) ?? kept.get(file.sha256) ?? await keepCopy(context, file, options))
    const { sha256 } = subdir.document
    kept.set(sha256, known.get(sha256) ?? kept.get(sha256) ?? await keepDocument(context, subdir, options))
  }
  return [...kept.values()]
}

async function keepCopy(context: DiskContext, file: PublishedFile, { staged }: KeepDocumentsOptions): Promise<KeptDocument> {
  const document: KeptDocument = { sha256: file.sha256, file: file.sha256, encoding: 'identity' }
  return writeDocument(context, document, readPieces(stagedPath(file, staged)))
}

async function keepDocument(context: DiskContext, { document, variants }: SubdirState, { staged }: KeepDocumentsOptions): Promise<KeptDocument> {
  const { sha256 } = document
  const variant = variants.find((file) => file.path === `${document.path}.zst`)
  if (variant !== undefined && await decodesTo(join(context.paths.documents, variant.sha256), document)) return { sha256, file: variant.sha256, encoding: 'zstd' }
  return writeDocument(context, { sha256, file: `${sha256}.zst`, encoding: 'zstd' }, encodePieces(stagedPath(document, staged)))
}

/** By a rename: a copy of that name may be one that an older generation needs. */
async function writeDocument(context: DiskContext, document: KeptDocument, pieces: Pieces): Promise<KeptDocument> {
  const draft = join(context.paths.staging, 'document-draft')
  await writeNewFile(context.io, draft, { pieces, mode: context.fileMode })
  context.io.rename(draft, documentPath(context, document))
  return document
}

/** Where a kept document lies. */
export function documentPath({ paths }: Pick<DiskContext, 'paths'>, { file }: KeptDocument): string {
  return join(paths.documents, file)
}

function stagedPath(file: PublishedFile, staged: (file: PublishedFile) => string | undefined): string {
  const path = staged(file)
  if (path !== undefined) return path
  throw storeError('TRANSACTION_INCOMPLETE', `Cannot commit: ${file.path} was not put`, { details: { path: file.path, sha256: file.sha256 } })
}
