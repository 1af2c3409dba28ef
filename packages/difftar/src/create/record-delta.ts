import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { type Artifact, createDigest, digestHex, digestKind, type Digest, MirrorError, type Sha256 } from '@mirror/core'
import {
  type Changeset, DELTA_FORMAT, type DeltaChannel, type DeltaEntry, type DeltaEntryKind, type DeltaManifest, deltaPath, deltaTotals, EMPTY_STATE, formatManifest, isEmptyChangeset, manifestSeal,
  type PublishedFile, sortEntries, stateId, targetId,
} from '@mirror/delta'
import { type Body, createDiskStore, type DiskStore, type Generation, type Store, type StoreReader, type Transaction } from '@mirror/store'
import { changing } from '../files/change-disk.ts'
import { openFile } from '../files/open-file.ts'
import { createDraft } from '../files/write-file.ts'
import type { SecretKey } from '../minisign/minisign.ts'
import { asSha256 } from '../tree/read-subdir.ts'
import { type CreatedDelta, createHeads } from './create-delta.ts'
import { finishDirectory, prepareDirectory } from './write-directory.ts'

/** A store as a sync sees it, that changes nothing of the mirror. */
export type RecordingStore = Store & Pick<DiskStore, 'checkSpace' | 'publicState'>

/** Writes down what would change in a mirror instead of changing it. */
export interface DeltaRecorder {
  /**
   * A store to give to whoever changes stores: it reads the real one, and what is put and committed goes to the delta directory. What an earlier run recorded there, or the mirror itself has, and is right, is not asked for again.
   * `folder` is where the channel lies in the mirror.
   */
  readonly record: (folder: string, store: DiskStore) => RecordingStore
  /** Makes the directory hold exactly what was committed, and writes the manifest: without it, what is there is no delta. */
  readonly finish: (options: FinishRecordOptions) => Promise<CreatedDelta>
}

/** What the manifest says beside the channels. */
export interface FinishRecordOptions extends Pick<DeltaManifest, 'sequence' | 'guards'> {
  readonly created?: string | undefined
  /** Signs the manifest. */
  readonly key?: SecretKey | undefined
}

/** Starts to record into a delta directory: an empty folder, or one that was one before. Throws `DELTA_TARGET_FOREIGN`. */
export function openDeltaRecorder(directory: string): DeltaRecorder {
  prepareDirectory(directory)
  const channels = new Map<string, DeltaChannel>()
  return {
    record: (folder, store) => createRecordingStore({ directory, folder, store, committed: (channel) => channels.set(folder, channel) }),
    async finish({ sequence, guards, created, key }) {
      const sorted = [...channels.values()].toSorted((left, right) => (left.folder < right.folder ? -1 : 1))
      const manifest: DeltaManifest = { reader: DELTA_FORMAT, sequence, created, guards, channels: sorted, volumes: [] }
      const places = new Set(sorted.flatMap(({ folder, entries }) => entries.map(({ path }) => deltaPath(folder, path))))
      finishDirectory(directory, { places, heads: createHeads(manifest, key) })
      return { manifest, written: [directory], totals: deltaTotals(manifest), seal: sorted.length === 0 ? undefined : manifestSeal(formatManifest(manifest)) }
    },
  }
}

interface Recording {
  readonly directory: string
  readonly folder: string
  readonly store: DiskStore
  readonly committed: (channel: DeltaChannel) => void
}

function createRecordingStore(recording: Recording): RecordingStore {
  const { store, directory } = recording
  return {
    head: store.head, read: store.read, generations: store.generations, snapshots: store.snapshots, readMemo: store.readMemo, publicState: store.publicState,
    checkSpace: (need) => createDiskStore({ root: directory }).checkSpace(need),
    async begin(changeset) {
      const head = await store.head()
      const isFromNothing = changeset.base === stateId(EMPTY_STATE)
      if (!isFromNothing && changeset.base !== head?.id) return { status: 'stale', head }
      return { status: 'begun', transaction: openRecording(recording, { changeset, head, reader: await store.read() }) }
    },
    // Notes and what waits in the trash are the mirror's, which stays as it is.
    writeMemo: async () => undefined,
    tidy: async () => ({ deleted: NOTHING, waiting: { ...NOTHING, next: undefined }, kept: NOTHING, left: 0, dropped: [] }),
    createSnapshot: async () => ({ status: 'busy' }),
    removeSnapshot: async () => 'busy',
  }
}

const NOTHING = { count: 0, bytes: 0 }

interface Ground {
  readonly changeset: Changeset
  readonly head: Generation | undefined
  /** Reads the mirror. */
  readonly reader: StoreReader | undefined
}

function openRecording({ directory, folder, committed }: Recording, { changeset, head, reader }: Ground): Transaction {
  const digests = new Map<string, Sha256>()
  const wanted = new Map(targetFiles(changeset).map((file) => [file.path, file.sha256]))
  const placeOf = (path: string): string => join(directory, deltaPath(folder, path))
  const isThere = async (path: string, expected: Expected): Promise<boolean> => {
    const sha256 = await checkFile(placeOf(path), expected)
    if (sha256 !== undefined) digests.set(path, sha256)
    return sha256 !== undefined
  }
  const write = async (path: string, expected: Expected, body: Body): Promise<void> => {
    digests.set(path, await writeChecked(placeOf(path), { ...expected, label: path }, body))
  }
  const isKept = async (artifact: Artifact): Promise<boolean> => {
    const kept = await reader?.openArtifact(artifact)
    return kept?.status === 'found' && succeeds(write(pathOf(artifact), artifact, kept.body))
  }
  const abandon = async (): Promise<void> => undefined
  return {
    changeset, abandon, [Symbol.asyncDispose]: abandon,
    stagedBytes: async () => 0,
    async *missing(signal) {
      for (const set of changeset.changes.flatMap(({ add, reused }) => [add, reused.after])) {
        for (const artifact of set) {
          signal?.throwIfAborted()
          if (!await isThere(pathOf(artifact), artifact) && !await isKept(artifact)) yield artifact
        }
      }
    },
    async put(artifact, body) {
      const path = `${artifact.subdir}/${artifact.name}`
      if (digests.has(path)) return 'present'
      await write(path, artifact, body)
      return 'stored'
    },
    async putFile(file, body) {
      const expected = { digest: createDigest('sha256', file.sha256), size: file.size }
      // What is published only for a moment on the way is made again where the delta is applied.
      if (wanted.get(file.path) !== file.sha256 || await isThere(file.path, expected)) return 'present'
      await write(file.path, expected, body)
      return 'stored'
    },
    async commit(final = changeset) {
      const number = (head?.number ?? 0) + 1
      if (!isEmptyChangeset(final)) committed(await describeChannel(final, { folder, head, digestOf: (path, expected) => digests.get(path) ?? checkFile(placeOf(path), expected) }))
      return { status: 'committed', generation: { number, created: new Date().toISOString(), state: final.target, id: targetId(final) } }
    },
  }
}

async function succeeds(work: Promise<void>): Promise<boolean> {
  try {
    await work
    return true
  } catch {
    return false
  }
}

interface Expected {
  readonly digest: Digest
  readonly size: number
}

/** The sha256 of a file that is what it should be; undefined otherwise. */
async function checkFile(path: string, { digest, size }: Expected): Promise<Sha256 | undefined> {
  await using file = await openFile(path)
  if (file?.size !== size) return undefined
  const [sha256, own] = [createHash('sha256'), createHash(digestKind(digest))]
  for await (const piece of file.pieces(0, size)) {
    sha256.update(piece)
    if (digestKind(digest) === 'md5') own.update(piece)
  }
  const hex = asSha256(sha256.digest('hex'))
  return (digestKind(digest) === 'md5' ? own.digest('hex') : hex) === digestHex(digest) ? hex : undefined
}

async function writeChecked(path: string, { digest, size, label }: Expected & { readonly label: string }, body: Body): Promise<Sha256> {
  changing(path, () => fs.mkdirSync(dirname(path), { recursive: true }))
  const draft = createDraft(path)
  try {
    const [sha256, md5] = [createHash('sha256'), createHash('md5')]
    let length = 0
    for await (const piece of body instanceof Uint8Array ? [body] : body) {
      length += piece.length
      if (length > size) break
      sha256.update(piece)
      if (digestKind(digest) === 'md5') md5.update(piece)
      draft.write(piece)
    }
    if (length !== size) throw new MirrorError('SIZE_MISMATCH', `Cannot record ${label}: it has ${length > size ? `more than ${size}` : length} bytes instead of ${size}`)
    const hex = asSha256(sha256.digest('hex'))
    if ((digestKind(digest) === 'md5' ? md5.digest('hex') : hex) !== digestHex(digest)) throw new MirrorError('DIGEST_MISMATCH', `Cannot record ${label}: its bytes are not what the index says`)
    draft.publish()
    return hex
  } finally {
    draft.discard()
  }
}

function targetFiles({ changes, filesAdded }: Changeset): readonly PublishedFile[] {
  return [...changes.flatMap(({ target, shardsAdded }) => [...shardsAdded, ...target.variants, target.document]), ...filesAdded]
}

interface Describing {
  readonly folder: string
  readonly head: Generation | undefined
  readonly digestOf: (path: string, expected: Expected) => Promise<Sha256 | undefined> | Sha256
}

async function describeChannel(changeset: Changeset, { folder, head, digestOf }: Describing): Promise<DeltaChannel> {
  const { changes, withdrawn, filesAdded, target } = changeset
  const base = changeset.base === head?.id ? head.state : EMPTY_STATE
  const entries: DeltaEntry[] = []
  const add = async (path: string, { digest, size, kind }: Expected & { readonly kind: DeltaEntryKind }): Promise<void> => {
    const sha256 = await digestOf(path, { digest, size })
    if (sha256 === undefined) throw new MirrorError('TRANSACTION_INCOMPLETE', `Cannot commit: ${path} was not put`, { details: { path } })
    entries.push({ path, size, sha256, kind })
  }
  const addFile = (file: PublishedFile, kind: DeltaEntryKind): Promise<void> => add(file.path, { digest: createDigest('sha256', file.sha256), size: file.size, kind })
  for (const change of changes) {
    for (const set of [change.add, change.reused.after]) for (const artifact of set) await add(pathOf(artifact), { ...artifact, kind: 'artifact' })
    for (const shard of change.shardsAdded) await addFile(shard, 'shard')
    for (const file of [...change.target.variants, change.target.document]) await addFile(file, 'index')
  }
  for (const file of filesAdded) await addFile(file, 'file')
  const removed = [
    ...changes.flatMap(({ remove, shardsRemoved }) => [...[...remove].map((artifact) => pathOf(artifact)), ...shardsRemoved.map(({ path }) => path)]),
    ...withdrawn.flatMap(({ artifacts, shards }) => [...[...artifacts].map((artifact) => pathOf(artifact)), ...shards.map(({ path }) => path)]),
  ]
  return { folder, bases: [{ id: stateId(base), state: base }], target: { id: stateId(target), state: target }, entries: sortEntries(entries, target), remove: [...new Set(removed)].toSorted() }
}

function pathOf({ subdir, name }: Artifact): string {
  return `${subdir}/${name}`
}
