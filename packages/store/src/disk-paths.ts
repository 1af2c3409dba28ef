import { hash } from 'node:crypto'
import { join } from 'node:path'
import type { Artifact, SubdirName } from '@mirror/core'
import { digestHex } from '@mirror/core'
import type { PublishedFile } from '@mirror/delta'

/** The folder at a channel's root that holds what is the store's own. */
export const DOT_FOLDER = '.mirror'

/** Where things lie in a channel's folder; `docs/formats/store.md`. */
export interface DiskPaths {
  readonly root: string
  readonly own: string
  readonly format: string
  readonly lock: string
  readonly head: string
  readonly published: string
  readonly log: string
  readonly generations: string
  readonly documents: string
  readonly staging: string
  readonly journal: string
  readonly objects: string
  readonly trash: string
  readonly memo: string
  readonly snapshots: string
  /** A public file, by its path from the root. */
  readonly public: (path: string) => string
  readonly artifact: (artifact: Pick<Artifact, 'subdir' | 'name'>) => string
  readonly generation: (number: number) => string
}

/** Lays out a store under `root`. Pure. */
export function createDiskPaths(root: string): DiskPaths {
  const own = join(root, DOT_FOLDER)
  const inOwn = (name: string): string => join(own, name)
  return {
    root,
    own,
    format: inOwn('format.json'),
    lock: inOwn('lock.db'),
    head: inOwn('head'),
    published: inOwn('published.json'),
    log: inOwn('log.jsonl'),
    generations: inOwn('generations'),
    documents: inOwn('documents'),
    staging: inOwn('staging'),
    journal: inOwn('journal'),
    objects: inOwn('objects'),
    trash: inOwn('trash'),
    memo: inOwn('memo'),
    snapshots: inOwn('snapshots'),
    public: (path) => `${root}/${path}`,
    artifact: ({ subdir, name }) => `${root}/${subdir}/${name}`,
    generation: (number) => join(own, 'generations', `${number}.json`),
  }
}

/** The name of an artifact's bytes in `staging/`: its digest, then 16 hex digits of its place, because two names may have the same bytes. */
export function stagedArtifactName({ subdir, name, digest }: Artifact): string {
  return `${digestHex(digest)}-${shortHash(`${subdir}/${name}`)}`
}

/** The name of another file's bytes in `staging/`. */
export function stagedFileName({ path, sha256 }: PublishedFile): string {
  return `${sha256}-${shortHash(path)}`
}

/** The name of set-aside bytes in `objects/`. */
export function objectName(digest: string): string {
  return digest.replace(':', '-')
}

/** Sixteen hex digits that stand for a path. */
export function shortHash(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 16)
}

const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9._+!~@=-]{0,254}$/
const MAXIMUM_SEGMENTS = 12

/** True for paths that may name a public file: plain segments, none of which starts with a dot. */
export function isPublicPath(path: string): boolean {
  const segments = path.split('/')
  return segments.length <= MAXIMUM_SEGMENTS && segments.every((segment) => SEGMENT.test(segment))
}

/** Every variant of an index that we know; those that a state does not name are stale when they lie in its subdirs. */
export const KNOWN_VARIANTS: readonly string[] = [
  'repodata_shards.msgpack.zst',
  'repodata.json.zst', 'repodata.json.bz2', 'repodata.json.gz', 'repodata.jlap',
  'current_repodata.json.zst', 'current_repodata.json.bz2', 'current_repodata.json.gz', 'current_repodata.json',
  'repodata_from_packages.json.zst', 'repodata_from_packages.json.bz2', 'repodata_from_packages.json',
  'run_exports.json.zst', 'run_exports.json.bz2', 'run_exports.json',
  'patch_instructions.json.zst', 'patch_instructions.json.bz2', 'patch_instructions.json',
]

/** Plain files that describe the channel: like a variant, one that a state does not name is stale, so it goes with the switch, not after the grace. */
export const DESCRIPTIONS: ReadonlySet<string> = new Set(['channeldata.json'])

const SHARD = /^([a-z0-9-]+)\/shards\/([0-9a-f]{64})\.msgpack\.zst$/

/** The subdir and digest of a shard's path; undefined for any other path. */
export function parseShardPath(path: string): { readonly subdir: string; readonly sha256: string } | undefined {
  const match = SHARD.exec(path)
  return match?.[1] === undefined || match[2] === undefined ? undefined : { subdir: match[1], sha256: match[2] }
}

/** The folder of a public path, from the root; empty for a file at the root. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** noarch first, then by name: the order in which subdirs are switched. */
export function inSwitchOrder<T extends { readonly subdir: SubdirName }>(changes: readonly T[]): readonly T[] {
  return changes.toSorted((left, right) => Number(right.subdir === 'noarch') - Number(left.subdir === 'noarch') || (left.subdir < right.subdir ? -1 : 1))
}
