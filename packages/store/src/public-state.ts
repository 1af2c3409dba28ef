import fs from 'node:fs'
import { join } from 'node:path'
import { createDigest, isJsonObject } from '@mirror/core'
import type { ChannelState, PublishedFile } from '@mirror/delta'
import type { DiskContext } from './disk-context.ts'
import { KNOWN_VARIANTS } from './disk-paths.ts'
import { parseJson, readSmallFile, writeNewFile } from './disk-write.ts'
import { isOwnName, parseList } from './generation-file.ts'
import { checkFile } from './hash-file.ts'

/** Whether the public files are those that the newest generation published. */
export type PublicState =
  | { readonly status: 'as-published' }
  /** Someone else changed, added or removed index files or plain files: begin with `adopt`. */
  | { readonly status: 'changed'; readonly paths: readonly string[] }
  /** A commit is under way, or broke off and will be completed by the next `begin`. */
  | { readonly status: 'unfinished' }

/** What a file looked like just after it was published. */
interface Seen {
  readonly path: string
  readonly sha256: string
  readonly mark: string
}

/** Every index file and plain file of a state. */
export function publishedFiles(state: ChannelState): readonly PublishedFile[] {
  return [...state.subdirs.flatMap((subdir) => [subdir.document, ...subdir.variants]), ...state.files]
}

/** Known variants of a state's subdirs that the state does not have: what lies there is stale. */
export function unpublishedVariants(state: ChannelState): readonly string[] {
  const published = new Set(publishedFiles(state).map((file) => file.path))
  return state.subdirs.flatMap(({ subdir }) => KNOWN_VARIANTS.map((name) => `${subdir}/${name}`).filter((path) => !published.has(path)))
}

/** Size, time of change and inode: what tells, without reading it, that a file was not touched. Undefined when there is none. */
export function fileMark(path: string): string | undefined {
  const stat = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? undefined : formatMark(stat)
}

/** The mark of a file whose status was read. */
export function formatMark(stat: fs.BigIntStats): string {
  return `${stat.isFile() ? 'file' : 'other'}:${stat.size}:${stat.mtimeNs}:${stat.ino}`
}

/** Notes how the public files of a new generation look; those outside of `changed` keep their old note, so that a foreign change is not forgotten. */
export async function writePublished({ io, paths, fileMode }: DiskContext, state: ChannelState, changed: ReadonlySet<string>): Promise<void> {
  const before = readPublished({ paths })
  const seen = publishedFiles(state).flatMap(({ path, sha256 }): Seen[] => {
    const mark = changed.has(path) ? fileMark(paths.public(path)) : before.get(path)?.mark
    return mark === undefined ? [] : [{ path, sha256, mark }]
  })
  const temporary = join(paths.staging, 'published-draft')
  await writeNewFile(io, temporary, { pieces: [Buffer.from(`${JSON.stringify(seen)}\n`)], mode: fileMode })
  io.rename(temporary, paths.published)
}

/** The notes of `writePublished`; empty when they are lost, which costs hashing and nothing else. */
export function readPublished({ paths }: Pick<DiskContext, 'paths'>): ReadonlyMap<string, Seen> {
  const text = readSmallFile(paths.published)
  const list = text === undefined ? undefined : parseList(parseJson(text), parseSeen)
  return new Map((list ?? []).map((seen) => [seen.path, seen]))
}

function parseSeen(value: unknown): Seen | undefined {
  if (!isJsonObject(value)) return undefined
  const { path, sha256, mark } = value
  return typeof path === 'string' && isOwnName(sha256) && typeof mark === 'string' ? { path, sha256, mark } : undefined
}

/** True when the public file is untouched since it was published with these bytes. Does not read it. */
export function isUntouched({ paths }: Pick<DiskContext, 'paths'>, file: PublishedFile, published: ReadonlyMap<string, Seen>): boolean {
  const seen = published.get(file.path)
  return seen?.sha256 === file.sha256 && seen.mark === fileMark(paths.public(file.path))
}

/** Compares the public files with a state: by their marks, and by their bytes where a mark differs. Writes nothing. */
export async function comparePublic(context: Pick<DiskContext, 'paths'>, state: ChannelState): Promise<PublicState> {
  const published = readPublished(context)
  const changed: string[] = []
  for (const file of publishedFiles(state)) {
    if (isUntouched(context, file, published)) continue
    const check = await checkFile(context.paths.public(file.path), { digest: createDigest('sha256', file.sha256), size: file.size })
    if (check !== 'right') changed.push(file.path)
  }
  for (const path of unpublishedVariants(state)) if (fileMark(context.paths.public(path)) !== undefined) changed.push(path)
  return changed.length === 0 ? { status: 'as-published' } : { status: 'changed', paths: changed.toSorted() }
}
