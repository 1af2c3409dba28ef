import { type DeltaChannel, deltaPath, type SubdirState } from '@mirror/delta'
import type { StoreReader } from '@mirror/store'
import { difftarError } from '../difftar-error.ts'
import type { OpenedDelta, VerifyDeltaOptions } from '../medium/open-delta.ts'
import type { Reference } from '../reference/reference.ts'
import { readListed, readSubdir, type TreeIndex } from '../tree/read-subdir.ts'
import { type FoundChannel, readPlainFiles, readPublished } from '../tree/read-tree.ts'
import type { ComparedChannel, ComparedState, ComparedSubdir, ReadListingOptions, SubdirListing } from './compared-state.ts'

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
      async read(options) {
        const index = await readSubdir(subdir, { root, ...options })
        return index === undefined ? 'absent' : toListing(index)
      },
    })),
  }
}

function toListing({ document, artifacts, byMd5, table, records }: Omit<TreeIndex, 'subdir'>): SubdirListing {
  return { document: document.sha256, artifacts, byMd5, table, records, isWeak: table.weak > 0 }
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
      async read(options) {
        const opened = await reader.openFile(document.path)
        if (opened.status === 'found') return readListing(opened.body, { subdir, document }, options)
        throw difftarError('TREE_DAMAGED', `Cannot read ${document.path} of generation ${reader.generation.number}: it is ${opened.status}`, { hint: 'See `mirror rollback --list` for those that are kept.' })
      },
    })),
  }
}

async function readListing(pieces: AsyncIterable<Uint8Array>, { subdir, document }: Pick<SubdirState, 'subdir' | 'document'>, options: ReadListingOptions): Promise<SubdirListing> {
  return toListing({ document, ...await readListed(subdir, pieces, options) })
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
      read: async (options) => (carried.has(document.path) ? readListing(delta.open(deltaPath(folder, document.path)), { subdir, document }, options) : 'unknown'),
    })),
  }
}
