import { createArtifactSet, readIndexTable, type Sha256, type SubdirName } from '@mirror/core'
import type { PublishedFile, SubdirState } from '@mirror/delta'
import { describeShards, type StoreReader } from '@mirror/store'
import { difftarError } from '../difftar-error.ts'
import type { ReferenceChannel } from '../reference/reference.ts'
import { readPublishedShards } from './published-shards.ts'
import { type ReadListedOptions, readListed, type TreeIndex } from './read-subdir.ts'
import type { TreeChannel } from './read-tree.ts'

/** Options of `readGeneration`. */
export interface ReadGenerationOptions {
  /** Where the channel lies in the mirror on the other side. */
  readonly folder: string
  /** What it will be compared with: indexes that are the same there need not be read. */
  readonly base: ReferenceChannel | undefined
  readonly signal?: AbortSignal | undefined
}

/** A generation that a store keeps as if it lay on the disk: what is published now may be another one. Throws `TREE_DAMAGED` for bytes that are gone, and what reading an index throws. */
export async function readGeneration(reader: StoreReader, { folder, base, signal }: ReadGenerationOptions): Promise<TreeChannel> {
  const { id, state, number } = reader.generation
  const listed: ReadListedOptions = { signal, md5: [...base?.subdirs.values() ?? []].some(({ isWeak }) => isWeak), records: base !== undefined && base.known === undefined }
  const indexes: TreeIndex[] = []
  const shards = new Map<SubdirName, readonly PublishedFile[]>()
  for (const subdir of state.subdirs) {
    signal?.throwIfAborted()
    const isSame = base?.known?.state.subdirs.some(({ document }) => document.path === subdir.document.path && document.sha256 === subdir.document.sha256) === true
    indexes.push(isSame ? describeUnread(subdir) : await readIndex(reader, subdir, listed))
    shards.set(subdir.subdir, await readShards(reader, subdir))
  }
  return { folder, root: '', subdirs: state.subdirs.map(({ subdir }) => subdir), current: { id, state }, indexes, shards, generation: number }
}

async function readIndex(reader: StoreReader, { subdir, document }: SubdirState, options: ReadListedOptions): Promise<TreeIndex> {
  const opened = await reader.openFile(document.path)
  if (opened.status !== 'found') throw generationGone(document.path)
  return { subdir, document, ...await readListed(subdir, opened.body, options) }
}

/** What it lists is not looked at where the other side has the same document. */
function describeUnread({ subdir, document }: SubdirState): TreeIndex {
  return { subdir, document, table: readIndexTable(new Uint8Array(), subdir), artifacts: createArtifactSet(subdir, []), byMd5: undefined, records: undefined }
}

async function readShards(reader: StoreReader, { subdir }: SubdirState): Promise<readonly PublishedFile[]> {
  const digests: ReadonlySet<Sha256> = await readPublishedShards(reader, subdir)
  return await describeShards(reader, subdir, [...digests].toSorted())
}

/** The error for bytes of a generation that are not there. */
export function generationGone(path: string): Error {
  return difftarError('TREE_DAMAGED', `Cannot take ${path} along: its bytes are gone`, { hint: 'Its generation was given up meanwhile, or the mirror is damaged: begin again, or verify it.', details: { path } })
}
