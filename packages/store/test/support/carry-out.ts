import type { Artifact } from '@mirror/core'
import type { Changeset, PublishedFile } from '@mirror/delta'
import type { BeginOptions, CommitResult, Generation, Opened, Store, StoreReader, Transaction } from '../../src/index.ts'
import { type ChannelFixture, makeChangeset } from './channel.ts'

export async function begun(store: Store, changeset: Changeset, options: BeginOptions = {}): Promise<Transaction> {
  const result = await store.begin(changeset, options)
  if (result.status !== 'begun') throw new Error(`begin answered ${result.status}`)
  return result.transaction
}

/** Every file that a changeset needs, with its bytes. */
export function filesToPut({ changeset, target, interim }: ReturnType<typeof makeChangeset>): readonly (readonly [PublishedFile, Uint8Array])[] {
  const entries: [PublishedFile, Uint8Array][] = []
  const withBytes = (files: ReadonlyMap<string, Uint8Array>, file: PublishedFile): [PublishedFile, Uint8Array] => [file, files.get(file.path) ?? new Uint8Array()]
  for (const change of changeset.changes) {
    for (const file of [...change.shardsAdded, ...change.target.variants, change.target.document]) entries.push(withBytes(target.files, file))
    const between = change.interim === undefined ? [] : [...change.interim.variants, change.interim.document]
    for (const file of [...change.interimShards, ...between]) entries.push(withBytes(interim, file))
  }
  for (const file of changeset.filesAdded) entries.push(withBytes(target.files, file))
  return entries
}

/** Puts all that is missing. Answers the names that were. */
export async function putAll(transaction: Transaction, plan: ReturnType<typeof makeChangeset>): Promise<readonly string[]> {
  const names: string[] = []
  for await (const artifact of transaction.missing()) {
    names.push(`${artifact.subdir}/${artifact.name}`)
    await transaction.put(artifact, plan.target.bytesOf(artifact))
  }
  for (const [file, bytes] of filesToPut(plan)) await transaction.putFile(file, bytes)
  return names
}

/** Begins, puts what is missing, commits. */
export async function carryOut(store: Store, plan: ReturnType<typeof makeChangeset>, options: BeginOptions = {}): Promise<CommitResult> {
  const transaction = await begun(store, plan.changeset, options)
  try {
    await putAll(transaction, plan)
    return await transaction.commit()
  } finally {
    await transaction.abandon()
  }
}

export async function publish(store: Store, base: ChannelFixture, target: ChannelFixture): Promise<Generation> {
  const result = await carryOut(store, makeChangeset(base, target))
  if (result.status !== 'committed') throw new Error(`commit answered ${result.status}`)
  return result.generation
}

export async function bytesOf(opened: Opened): Promise<string> {
  if (opened.status !== 'found') return opened.status
  const pieces: Uint8Array[] = []
  for await (const piece of opened.body) pieces.push(piece)
  return Buffer.concat(pieces).toString('latin1')
}

export async function readArtifact(reader: StoreReader | undefined, artifact: Artifact): Promise<string> {
  return reader === undefined ? 'no reader' : bytesOf(await reader.openArtifact(artifact))
}

/** All that a reader shows of a channel, as text: indexes by path, artifacts by what the indexes list. */
export async function readWhole(reader: StoreReader | undefined, subdirs: Iterable<Artifact['subdir']>): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {}
  if (reader === undefined) return found
  for (const subdir of subdirs) for (const artifact of await reader.readArtifacts(subdir)) found[`${subdir}/${artifact.name}`] = await readArtifact(reader, artifact)
  const { state } = reader.generation
  for (const file of [...state.subdirs.flatMap(({ document, variants }) => [document, ...variants]), ...state.files]) found[file.path] = await bytesOf(await reader.openFile(file.path))
  return found
}

/** What `readWhole` must answer for a channel. */
export function wholeChannel(channel: ChannelFixture): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const { artifacts } of channel.subdirs.values()) for (const artifact of artifacts) found[`${artifact.subdir}/${artifact.name}`] = Buffer.from(channel.bytesOf(artifact)).toString('latin1')
  for (const [path, bytes] of channel.files) if (!path.includes('/shards/')) found[path] = Buffer.from(bytes).toString('latin1')
  return found
}
