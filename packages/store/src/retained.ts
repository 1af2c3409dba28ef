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

/** Decides which generations are retained at `now`. */
export function planRetention(paths: DiskPaths, { head, now, grace, keep }: { readonly head: Manifest | undefined; readonly now: number; readonly grace: number; readonly keep: number }): Retention {
  const retained: Manifest[] = []
  const dropped: number[] = []
  let superseded = Number.POSITIVE_INFINITY
  let kept = 0
  for (const number of listGenerations(paths)) {
    const manifest = readManifest(paths, number)
    if (manifest === undefined) dropped.push(number)
    else if (number >= (head?.generation.number ?? 0)) retained.push(manifest)
    else if (now - superseded < grace || kept < keep) {
      retained.push(manifest)
      kept += 1
    } else dropped.push(number)
    superseded = manifest === undefined ? superseded : Date.parse(manifest.generation.created)
  }
  return { head, retained, dropped }
}

/** What is to become of some bytes whose grace is over. */
export type Verdict =
  | 'delete'
  /** A kept generation still needs them. */
  | 'keep'
  /** The head has them again: they are no rubbish. */
  | 'forget'

/** Judges un-referenced bytes by what the retained generations list. Reads an index for each document and subdir that is concerned, one at a time. */
export async function judgeTrash(paths: DiskPaths, { head, retained }: Retention, entries: readonly TrashEntry[]): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = entries.map(() => 'delete')
  const bySubdir = Map.groupBy(entries.keys(), (index) => subdirOf(entries[index]))
  for (const [subdir, indexes] of bySubdir) {
    const seen = new Set<string>()
    for (const manifest of retained) {
      const isHead = manifest.generation.number === head?.generation.number
      const document = manifest.generation.state.subdirs.find((state) => state.subdir === subdir)?.document.sha256 ?? ''
      const known = `${document} ${manifest.generation.state.files.map((file) => file.sha256).join()}`
      if (!isHead && seen.has(known)) continue
      seen.add(known)
      const references = await readReferences(createDiskReader(paths, manifest), subdir, indexes.map((index) => entries[index]))
      for (const index of indexes) {
        const entry = entries[index]
        if (entry === undefined || verdicts[index] === 'forget' || !references(entry)) continue
        verdicts[index] = isHead ? ('object' in entry ? 'delete' : 'forget') : 'keep'
      }
    }
  }
  return verdicts
}

function subdirOf(entry: TrashEntry | undefined): string {
  const [first = ''] = (entry?.path ?? '').split('/')
  return isSubdirName(first) ? first : ''
}

/** Tells which bytes one generation references. */
async function readReferences(reader: StoreReader, subdir: string, entries: readonly (TrashEntry | undefined)[]): Promise<(entry: TrashEntry) => boolean> {
  const { state } = reader.generation
  const artifacts = isSubdirName(subdir) && entries.some((entry) => entry !== undefined && parseShardPath(entry.path) === undefined) ? await reader.readArtifacts(subdir) : undefined
  const shards = entries.some((entry) => entry !== undefined && parseShardPath(entry.path) !== undefined) ? await readShardIndex(reader, subdir) : undefined
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
