import { createArtifactSet, createBufferSource, NOARCH, readIndexTable, type SubdirName } from '@mirror/core'
import type { Changeset, PublishedFile, SubdirChange, SubdirState } from '@mirror/delta'
import { describeShards, type Generation, readShardDigests, type StoreEvent, type StoreReader } from '@mirror/store'
import { deriveIndex, sha256Of } from '../derive-index.ts'
import type { DerivedFile } from '../derived-file.ts'
import { CHANNELDATA } from '../derivatives/choice.ts'
import { addKeptNames, type KeptNames, restrictChanneldata } from '../derivatives/derive-channeldata.ts'
import { EMPTY_NOARCH } from '../look-at-subdir.ts'
import type { SyncStore } from '../options.ts'
import { createSpoolSpace } from '../spool-space.ts'
import { variantsOf, withdraw } from './plan-return.ts'
import { readFileOf } from './read-published.ts'
import { beginReturn } from './rollback-channel.ts'

/** What `publishWithout` does. */
export interface PublishWithoutOptions {
  readonly store: SyncStore
  readonly head: Generation
  /** The subdirs that go. */
  readonly gone: readonly SubdirState[]
  /** True when nothing is to be left, not even the files of the whole channel. */
  readonly everything: boolean
  readonly signal: AbortSignal
  readonly observe: ((event: StoreEvent) => void) | undefined
}

/**
 * Publishes the head without some subdirs. `noarch` is not withdrawn, because clients refuse a channel without it: an empty one takes its place. What describes the whole channel is restricted
 * to what is left. Undefined when the store moved on meanwhile.
 */
export async function publishWithout(options: PublishWithoutOptions): Promise<Generation | undefined> {
  const { store, head, signal, observe } = options
  const reader = await store.read(head.number)
  if (reader === undefined) return undefined
  const { changeset, files } = await planWithout(reader, options)
  await using transaction = await beginReturn({ changeset }, { store, signal, observe })
  if (transaction === undefined) return undefined
  for (const { file, chunks } of files) await transaction.putFile(file, iterate(chunks()), { signal })
  const result = await transaction.commit()
  return result.status === 'committed' ? result.generation : undefined
}

async function* iterate(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks
}

interface Plan {
  readonly changeset: Changeset
  readonly files: readonly DerivedFile[]
}

async function planWithout(reader: StoreReader, { head, gone, everything, signal }: PublishWithoutOptions): Promise<Plan> {
  const emptied = everything ? undefined : gone.find(({ subdir }) => subdir === NOARCH)
  const empty = emptied === undefined ? undefined : await emptyNoarch(emptied, reader, signal)
  const left = head.state.subdirs.filter((state) => !gone.includes(state))
  const kept = everything ? [] : await restrictFiles(reader, left)
  const subdirs = [...left, ...(empty === undefined ? [] : [empty.change.target])].toSorted((one, other) => (one.subdir < other.subdir ? -1 : 1))
  const files = kept.map(({ file }) => file)
  const isKnown = ({ path, sha256 }: PublishedFile): boolean => head.state.files.some((file) => file.path === path && file.sha256 === sha256)
  return {
    changeset: {
      base: head.id,
      target: { subdirs, files },
      changes: empty === undefined ? [] : [empty.change],
      withdrawn: await Promise.all(gone.filter((state) => state !== emptied).map((state) => withdraw(state, reader))),
      filesAdded: files.filter((file) => !isKnown(file)),
      filesRemoved: head.state.files.filter(({ path }) => files.every((file) => file.path !== path)),
    },
    files: [...(empty?.files ?? []), ...kept.filter(({ file }) => !isKnown(file))],
  }
}

async function emptyNoarch(state: SubdirState, reader: StoreReader, signal: AbortSignal): Promise<{ readonly change: SubdirChange; readonly files: readonly DerivedFile[] }> {
  // So little that no folder is needed.
  using spool = createSpoolSpace('')
  const source = createBufferSource(EMPTY_NOARCH)
  const original = { source, table: readIndexTable(source, NOARCH), sha256: sha256Of(EMPTY_NOARCH), zst: undefined, bz2: undefined }
  const derived = await deriveIndex(original, { subdir: NOARCH, variants: variantsOf(state), spool, signal })
  const files = derived.files.map(({ file, chunks }) => {
    const bytes = Array.from(chunks(), (chunk) => Buffer.from(chunk))
    return { file, chunks: () => bytes }
  })
  const none = createArtifactSet(NOARCH, [])
  const change: SubdirChange = {
    subdir: NOARCH, add: none, remove: await reader.readArtifacts(NOARCH), reused: { before: none, after: none }, relisted: 0, target: derived.state, interim: undefined, interimShards: [],
    shardsAdded: [], shardsRemoved: await describeShards(reader, NOARCH, await readShardDigests(reader, NOARCH)),
  }
  return { change, files }
}

/** The plain files of the channel as they are without what goes; one that cannot be restricted is left out, rather than stale. */
async function restrictFiles(reader: StoreReader, left: readonly SubdirState[]): Promise<readonly DerivedFile[]> {
  const kept: DerivedFile[] = []
  for (const file of reader.generation.state.files) {
    const bytes = await readWhole(reader, file)
    const restricted = file.path === CHANNELDATA ? restrictChanneldata(bytes, await namesOf(reader, left), left.map(({ subdir }): SubdirName => subdir)) : { file, chunks: () => [bytes] }
    if (restricted !== undefined) kept.push(restricted)
  }
  return kept
}

async function namesOf(reader: StoreReader, left: readonly SubdirState[]): Promise<KeptNames> {
  const names: KeptNames = new Map()
  for (const { subdir, document } of left) await addKeptNames(names, subdir, readFileOf(reader, document))
  return names
}

async function readWhole(reader: StoreReader, file: PublishedFile): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of readFileOf(reader, file)) pieces.push(piece)
  return Buffer.concat(pieces)
}
