import { createIndexTableBuilder, type SubdirName } from '@mirror/core'
import { type DeltaChannel, deltaPath, type PublishedFile, type SubdirState } from '@mirror/delta'
import type { StoreReader } from '@mirror/store'
import { difftarError } from '../difftar-error.ts'
import type { OpenedDelta, VerifyDeltaOptions } from '../medium/open-delta.ts'
import type { Reference } from '../reference/reference.ts'
import { readSubdir } from '../tree/read-subdir.ts'
import { type FoundChannel, readPlainFiles, readPublished } from '../tree/read-tree.ts'
import type { ComparedChannel, ComparedState, ComparedSubdir, SubdirListing } from './compared-state.ts'

/** Describes channels as they lie on disk, whoever made them. Indexes are read when they are compared. */
export async function describeTree(label: string, channels: readonly FoundChannel[]): Promise<ComparedState> {
  return { kind: 'mirror', label, isPartial: false, channels: await Promise.all(channels.map(describeFound)) }
}

async function describeFound({ folder, root, subdirs }: FoundChannel): Promise<ComparedChannel> {
  const published = await readPublished(root)
  return {
    folder, files: published?.state.files ?? await readPlainFiles(root),
    subdirs: subdirs.map((subdir): ComparedSubdir => ({
      subdir, document: published?.state.subdirs.find((state) => state.subdir === subdir)?.document.sha256,
      async read({ md5, records, signal }) {
        const index = await readSubdir(subdir, { root, md5, records, signal })
        return index === undefined ? 'absent' : { document: index.document.sha256, artifacts: index.artifacts, byMd5: index.byMd5, table: index.table, records: index.records, isWeak: index.table.weak > 0 }
      },
    })),
  }
}

/** Describes generations that stores keep, by the folders of their channels. */
export function describeGenerations(label: string, readers: ReadonlyMap<string, StoreReader>): ComparedState {
  return { kind: 'generation', label, isPartial: false, channels: [...readers].map(([folder, reader]) => describeReader(folder, reader)) }
}

function describeReader(folder: string, reader: StoreReader): ComparedChannel {
  const { state } = reader.generation
  return {
    folder, files: state.files,
    subdirs: state.subdirs.map(({ subdir, document }): ComparedSubdir => ({
      subdir, document: document.sha256,
      async read({ signal }) {
        const opened = await reader.openFile(document.path)
        if (opened.status === 'found') return readListing(opened.body, { subdir, document, signal })
        throw difftarError('TREE_DAMAGED', `Cannot read ${document.path} of generation ${reader.generation.number}: it is ${opened.status}`, { hint: 'See `mirror rollback --list` for those that are kept.' })
      },
    })),
  }
}

interface ListingSource {
  readonly subdir: SubdirName
  readonly document: PublishedFile
  readonly signal: AbortSignal | undefined
}

async function readListing(pieces: AsyncIterable<Uint8Array>, { subdir, document, signal }: ListingSource): Promise<SubdirListing> {
  const builder = createIndexTableBuilder(subdir)
  for await (const piece of pieces) {
    signal?.throwIfAborted()
    builder.write(piece)
  }
  const table = builder.end()
  return { document: document.sha256, artifacts: table.artifacts(), byMd5: undefined, table, records: undefined, isWeak: table.weak > 0 }
}

/** Describes what a reference says. */
export function describeReference(label: string, { channels }: Reference): ComparedState {
  return {
    kind: 'reference', label, isPartial: false,
    channels: channels.map(({ folder, known, subdirs }) => ({
      folder, files: known?.state.files,
      subdirs: [...subdirs].map(([subdir, described]): ComparedSubdir => {
        const document = known?.state.subdirs.find((state) => state.subdir === subdir)?.document.sha256
        return {
          subdir, document,
          // What it lists may not be held before it is asked for.
          read: async () => ({ document, artifacts: described.artifacts, byMd5: undefined, table: undefined, records: described.records, isWeak: described.isWeak }),
        }
      }),
    })),
  }
}

/** Describes what a delta leads to. All of it is verified first. Of channels that it does not change it says nothing. */
export async function describeDelta(delta: OpenedDelta, options: VerifyDeltaOptions = {}): Promise<ComparedState> {
  await delta.verify(options)
  return { kind: 'delta', label: delta.label, isPartial: true, channels: delta.manifest.channels.map((channel) => describePart(delta, channel)) }
}

function describePart(delta: OpenedDelta, { folder, target, entries }: DeltaChannel): ComparedChannel {
  const carried = new Set(entries.filter(({ kind }) => kind === 'index').map(({ path }) => path))
  return {
    folder, files: target.state.files,
    subdirs: target.state.subdirs.map(({ subdir, document }: SubdirState): ComparedSubdir => ({
      subdir, document: document.sha256,
      read: async ({ signal }) => (carried.has(document.path) ? readListing(delta.open(deltaPath(folder, document.path)), { subdir, document, signal }) : 'unknown'),
    })),
  }
}
