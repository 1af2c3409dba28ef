import { createHash } from 'node:crypto'
import { createDigest, type Digest, digestHex, digestKind, isArtifactName, isSubdirName } from '@mirror/core'
import { DELTA_FORMAT, type DeltaEntry, type DeltaManifest, type DeltaTotals, deltaPath, deltaTotals, formatManifest, manifestSeal } from '@mirror/delta'
import type { Opened, StoreReader } from '@mirror/store'
import type { ReferenceChannel } from '../reference/reference.ts'
import { diffChannel, type DiffEntry } from '../tree/diff-channel.ts'
import { generationGone, readGeneration, type ReadGenerationOptions } from '../tree/read-generation.ts'
import { asSha256, treeDamaged } from '../tree/read-subdir.ts'
import { createHeads } from './create-delta.ts'
import type { TarMember } from './tar-layout.ts'

/** Something of a generation that has to travel. */
export interface GenerationEntry extends DeltaEntry {
  /** From the root of the delta. */
  readonly place: string
  /** By which its generation knows it. */
  readonly digest: Digest
  /** Seconds since 1970. */
  readonly mtime: number
}

/** A delta to a generation, before a byte of it is read. Plain values: it may go from one thread to another. */
export interface GenerationDelta {
  /** Its own name; undefined where nothing changed: then it is an empty tarball. */
  readonly seal: string | undefined
  readonly totals: DeltaTotals
  /** The members before the entries. */
  readonly heads: readonly { readonly path: string; readonly bytes: Uint8Array }[]
  /** In the order in which they travel. */
  readonly entries: readonly GenerationEntry[]
}

/** What came of planning. */
export type PlannedGeneration =
  | { readonly status: 'planned'; readonly delta: GenerationDelta }
  /** It has more entries than were to be allowed. */
  | { readonly status: 'too-many'; readonly entries: number }

/** Options of `planGeneration`. */
export interface PlanGenerationOptions extends Omit<ReadGenerationOptions, 'base'> {
  /** What the other side holds of the channel; undefined: nothing. */
  readonly base: ReferenceChannel | undefined
  /** No more entries than that. Default: any number. */
  readonly maximum?: number | undefined
}

const ARTIFACT_TIME = 315_532_800

/**
 * Plans what leads from a reference to a generation that a store keeps, whatever is published by now: sizes are known, no artifact is read but those that their index knows by md5 alone. The same generation and reference
 * give the same delta wherever and whenever; its indexes have the time of the generation. Throws `TREE_DAMAGED` for what is missing, and what reading an index throws.
 */
export async function planGeneration(reader: StoreReader, { folder, base, maximum = Number.POSITIVE_INFINITY, signal }: PlanGenerationOptions): Promise<PlannedGeneration> {
  const diff = diffChannel(await readGeneration(reader, { folder, base, signal }), [base])
  if (diff === undefined) return { status: 'planned', delta: describeDelta({ reader: DELTA_FORMAT, sequence: reader.generation.number, created: undefined, guards: 'none', channels: [], volumes: [] }, []) }
  if (diff.entries.length > maximum) return { status: 'too-many', entries: diff.entries.length }
  const created = Math.floor(Date.parse(reader.generation.created) / 1000)
  const entries: GenerationEntry[] = []
  for (const entry of diff.entries) {
    signal?.throwIfAborted()
    const mtime = entry.kind === 'artifact' ? ARTIFACT_TIME : created
    entries.push({ kind: entry.kind, path: entry.path, size: entry.size, digest: entry.digest, sha256: asSha256(await findDigest(reader, entry)), place: deltaPath(folder, entry.path), mtime })
  }
  const own = entries.map(({ kind, path, size, sha256 }) => ({ kind, path, size, sha256 }))
  const channel = { folder, bases: diff.bases, target: diff.target, remove: diff.remove, entries: own }
  return { status: 'planned', delta: describeDelta({ reader: DELTA_FORMAT, sequence: reader.generation.number, created: undefined, guards: 'none', channels: [channel], volumes: [] }, entries) }
}

function describeDelta(manifest: DeltaManifest, entries: readonly GenerationEntry[]): GenerationDelta {
  const isEmpty = manifest.channels.length === 0
  return { entries, totals: deltaTotals(manifest), heads: isEmpty ? [] : createHeads(manifest, undefined), seal: isEmpty ? undefined : manifestSeal(formatManifest(manifest)) }
}

/** The sha256 of an entry whose bytes are there. */
async function findDigest(reader: StoreReader, entry: DiffEntry): Promise<string> {
  const opened = await openEntry(reader, entry)
  if (opened.status !== 'found') throw generationGone(entry.path)
  if (opened.size !== entry.size) throw treeDamaged(`it has ${opened.size} bytes, and the index says ${entry.size}`, entry.path)
  return digestKind(entry.digest) === 'sha256' ? digestHex(entry.digest) : await hashWeak(opened.body, entry)
}

/** The sha256 of what the index knows by md5 alone. */
async function hashWeak(body: AsyncIterable<Uint8Array>, { path, digest }: DiffEntry): Promise<string> {
  const [sha256, md5] = [createHash('sha256'), createHash('md5')]
  for await (const piece of body) {
    sha256.update(piece)
    md5.update(piece)
  }
  if (createDigest('md5', md5.digest('hex')) !== digest) throw treeDamaged('its md5 is not that of the index', path)
  return sha256.digest('hex')
}

async function openEntry(reader: StoreReader, { kind, path, size, digest }: Pick<GenerationEntry, 'kind' | 'path' | 'size' | 'digest'>): Promise<Opened> {
  if (kind !== 'artifact') return await reader.openFile(path)
  const slash = path.indexOf('/')
  const [subdir, name] = [path.slice(0, slash), path.slice(slash + 1)]
  return isSubdirName(subdir) && isArtifactName(name) ? await reader.openArtifact({ subdir, name, size, digest }) : { status: 'absent' }
}

/** The members of a delta to a generation as `layoutTar` takes them. Their bytes come from the generation, whole, or throw `TREE_DAMAGED`. */
export function generationMembers(reader: StoreReader, { heads, entries }: GenerationDelta): readonly TarMember[] {
  return [
    ...heads.map(({ path, bytes }): TarMember => ({ path, size: bytes.length, mtime: ARTIFACT_TIME, sha256: createHash('sha256').update(bytes).digest('hex'), open: () => iterate(bytes) })),
    ...entries.map((entry): TarMember => ({ path: entry.place, size: entry.size, mtime: entry.mtime, sha256: entry.sha256, open: () => readEntry(reader, entry) })),
  ]
}

async function* iterate(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes
}

async function* readEntry(reader: StoreReader, entry: GenerationEntry): AsyncGenerator<Uint8Array, void, undefined> {
  const opened = await openEntry(reader, entry)
  if (opened.status !== 'found') throw generationGone(entry.path)
  yield* opened.body
}
