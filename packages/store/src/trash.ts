import fs from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Digest, isDigest, isJsonObject } from '@mirror/core'
import { isCount, parseJson } from './disk-write.ts'
import { type DiskPaths, isPublicPath } from './disk-paths.ts'
import { isOwnName, parseList, readNames } from './generation-file.ts'

/** Bytes that a generation stopped referencing. */
export type TrashEntry =
  /** A public file. */
  | { readonly path: string; readonly digest: Digest; readonly size: number }
  /** Old bytes in `objects/`, and the public path that they had. */
  | { readonly object: string; readonly path: string; readonly size: number }

/** The first line of a trash list. */
export interface TrashHeader {
  readonly generation: number
  /** When it was un-referenced, ISO 8601: due after the grace. */
  readonly time: string
  readonly count: number
  readonly bytes: number
  /** Present when every entry was due and is kept, each by at least one of these generations: while all of them are retained, there is nothing to look at again. */
  readonly keptBy?: readonly number[]
}

const CHUNK_LINES = 512
const LONGEST_HEADER = 16_384

/** The lines of a trash list, in pieces for writing. */
export async function* formatTrash(header: TrashHeader, entries: Iterable<TrashEntry> | AsyncIterable<TrashEntry>): AsyncGenerator<Uint8Array> {
  let lines = [JSON.stringify(header)]
  for await (const entry of entries) {
    lines.push(JSON.stringify(entry))
    if (lines.length < CHUNK_LINES) continue
    yield Buffer.from(`${lines.join('\n')}\n`)
    lines = []
  }
  if (lines.length > 0) yield Buffer.from(`${lines.join('\n')}\n`)
}

/** Reads a trash list without holding it; lines that cannot be read are skipped, because keeping a file too long is the safe mistake. */
export async function* readTrash(path: string): AsyncGenerator<TrashEntry> {
  let first = true
  for await (const line of createInterface({ input: fs.createReadStream(path), crlfDelay: Infinity })) {
    const entry = first ? undefined : parseEntry(parseJson(line))
    first = false
    if (entry !== undefined) yield entry
  }
}

/** The first line of a trash list; undefined when it is damaged. */
export function readTrashHeader(path: string): TrashHeader | undefined {
  const fd = fs.openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(LONGEST_HEADER)
    const text = buffer.toString('utf8', 0, fs.readSync(fd, buffer, 0, buffer.length, 0))
    return parseHeader(parseJson(text.slice(0, Math.max(0, text.indexOf('\n')))))
  } finally {
    fs.closeSync(fd)
  }
}

function parseHeader(value: unknown): TrashHeader | undefined {
  if (!isJsonObject(value)) return undefined
  const { generation, time, count, bytes } = value
  if (!isCount(generation) || typeof time !== 'string' || Number.isNaN(Date.parse(time)) || !isCount(count) || !isCount(bytes)) return undefined
  const keptBy = parseList(value['keptBy'], (number) => (isCount(number) ? number : undefined))
  return { generation, time, count, bytes, ...(keptBy === undefined ? {} : { keptBy }) }
}

function parseEntry(value: unknown): TrashEntry | undefined {
  if (!isJsonObject(value)) return undefined
  const { path, digest, object, size } = value
  if (typeof path !== 'string' || !isPublicPath(path) || !isCount(size)) return undefined
  if (isOwnName(object)) return { object, path, size }
  return typeof digest === 'string' && isDigest(digest) ? { path, digest, size } : undefined
}

/** The paths of all trash lists, oldest first. */
export function trashLists({ trash }: Pick<DiskPaths, 'trash'>): readonly string[] {
  const names = readNames(trash).filter((name) => /^[0-9]+\.jsonl$/.test(name))
  return names.toSorted((left, right) => Number.parseInt(left, 10) - Number.parseInt(right, 10)).map((name) => join(trash, name))
}
