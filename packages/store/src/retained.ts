import { type ArtifactSet, isSubdirName } from '@mirror/core'
import { decodeWhole } from './zstd-files.ts'
import type { DiskPaths } from './disk-paths.ts'
import { objectName, parseShardPath } from './disk-paths.ts'
import { createDiskReader } from './disk-reader.ts'
import type { StoreReader } from './contract.ts'
import { listGenerations, type Manifest, readManifest } from './generation-file.ts'
import type { TrashEntry } from './trash.ts'

/** Which generations are still promised to someone. */
export interface Retention {
  readonly head: Manifest | undefined
  /** The head and those superseded less than the grace ago, newest first. */
  readonly retained: readonly Manifest[]
  /** Those that nobody may rely on any more. */
  readonly dropped: readonly number[]
}

/** What `planRetention` decides by. */
export interface RetentionRules {
  readonly head: Manifest | undefined
  /** Milliseconds. */
  readonly now: number
  readonly grace: number
  /** How many superseded generations are kept whatever the grace. */
  readonly keep: number
  /** Generations that have a name; all of them when a name cannot be read. */
  readonly named: ReadonlySet<number> | 'all'
}

/** Decides which generations are retained at `now`. */
export function planRetention(paths: DiskPaths, { head, now, grace, keep, named }: RetentionRules): Retention {
  const retained: Manifest[] = []
  const dropped: number[] = []
  const newest = head?.generation.number ?? 0
  let superseded = Number.POSITIVE_INFINITY
  for (const number of listGenerations(paths)) {
    const manifest = readManifest(paths, number)
    const isRecent = number >= newest || now - superseded < grace || retained.length <= keep
    if (manifest === undefined || !(isRecent || hasName(named, number))) dropped.push(number)
    else retained.push(manifest)
    superseded = manifest === undefined ? superseded : Date.parse(manifest.generation.created)
  }
  return { head, retained, dropped }
}

function hasName(named: RetentionRules['named'], number: number): boolean {
  return named === 'all' || named.has(number)
}

/** What is to become of some bytes whose grace is over. */
export type Verdict =
  | 'delete'
  /** A kept generation still needs them. */
  | 'keep'
  /** The head has them again: they are no rubbish. */
  | 'forget'

/** The verdicts on a list of entries, and the generations that they are kept for. */
export interface Judged {
  readonly verdicts: readonly Verdict[]
  readonly keptBy: readonly number[]
}

/** Judges un-referenced bytes by what the retained generations list. Reads an index for each document and subdir that is concerned, one at a time. */
export async function judgeTrash(paths: DiskPaths, { head, retained }: Retention, entries: readonly TrashEntry[]): Promise<Judged> {
  const verdicts: Verdict[] = entries.map(() => 'delete')
  const keptBy = new Set<number>()
  const bySubdir = Map.groupBy(entries.entries(), ([, entry]) => subdirOf(entry))
  for (const [subdir, concerned] of bySubdir) {
    for (const manifest of withDistinctFiles(retained, subdir)) {
      const references = await readReferences(createDiskReader(paths, manifest), subdir, concerned.map(([, entry]) => entry))
      const isHead = manifest.generation.number === head?.generation.number
      const listed = concerned.filter(([index, entry]) => verdicts[index] !== 'forget' && references(entry))
      for (const [index, entry] of listed) verdicts[index] = verdictOf(entry, isHead)
      if (!isHead && listed.length > 0) keptBy.add(manifest.generation.number)
    }
  }
  return { verdicts, keptBy: [...keptBy] }
}

/** A public file that the head lists is no rubbish; set-aside bytes that it lists have their public name again. */
function verdictOf(entry: TrashEntry, isHead: boolean): Verdict {
  if (!isHead) return 'keep'
  return 'object' in entry ? 'delete' : 'forget'
}

/** Newest first, and only one of those that say the same about a subdir. */
function withDistinctFiles(retained: readonly Manifest[], subdir: string): readonly Manifest[] {
  const seen = new Map<string, Manifest>()
  for (const manifest of retained) {
    const { subdirs, files } = manifest.generation.state
    const state = subdirs.find((candidate) => candidate.subdir === subdir)
    const key = [...(state === undefined ? [] : [state.document, ...state.variants]), ...files].map(({ path, sha256 }) => `${path} ${sha256}`).join('\n')
    if (!seen.has(key)) seen.set(key, manifest)
  }
  return [...seen.values()]
}

function subdirOf(entry: TrashEntry): string {
  const [first = ''] = entry.path.split('/')
  return isSubdirName(first) ? first : ''
}

/** Tells which bytes one generation references. */
async function readReferences(reader: StoreReader, subdir: string, entries: readonly TrashEntry[]): Promise<(entry: TrashEntry) => boolean> {
  const { state } = reader.generation
  const artifacts = isSubdirName(subdir) && entries.some((entry) => parseShardPath(entry.path) === undefined) ? await reader.readArtifacts(subdir) : undefined
  const shards = entries.some((entry) => parseShardPath(entry.path) !== undefined) ? await readShardIndex(reader, subdir) : undefined
  return (entry) => {
    const shard = parseShardPath(entry.path)
    if (shard !== undefined) return shards === 'unreadable' || shards?.includes(Buffer.from(shard.sha256, 'hex')) === true || shards?.includes(shard.sha256) === true
    const file = state.files.find(({ path }) => path === entry.path)
    if (file !== undefined) return !('object' in entry) || entry.object === objectName(`sha256:${file.sha256}`)
    return listsArtifact(artifacts, entry)
  }
}

function listsArtifact(artifacts: ArtifactSet | undefined, entry: TrashEntry): boolean {
  const listed = artifacts?.find(entry.path.slice(entry.path.indexOf('/') + 1))
  if (listed === undefined) return false
  return !('object' in entry) || entry.object === objectName(listed.digest)
}

/** The decoded index of a subdir's shards: a shard is referenced when its digest occurs in it. What cannot be read might reference any. */
async function readShardIndex(reader: StoreReader, subdir: string): Promise<Buffer | 'unreadable' | undefined> {
  const opened = await reader.openFile(`${subdir}/repodata_shards.msgpack.zst`)
  if (opened.status !== 'found') return undefined
  const pieces: Uint8Array[] = []
  for await (const piece of opened.body) pieces.push(piece)
  try {
    return decodeWhole(Buffer.concat(pieces))
  } catch {
    return 'unreadable'
  }
}
