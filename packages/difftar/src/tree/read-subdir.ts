import { createHash, type Hash } from 'node:crypto'
import { join } from 'node:path'
import {
  type ArtifactSet, createIndexTableBuilder, type IndexTable, isSha256, isSubdirName, jsonDumps, type RecordView, type Sha256, type SubdirName,
} from '@mirror/core'
import type { PublishedFile } from '@mirror/delta'
import { difftarError } from '../difftar-error.ts'
import { openFile } from '../files/open-file.ts'

/** The index of a subdir as it lies on disk. */
export interface TreeIndex {
  readonly subdir: SubdirName
  readonly document: PublishedFile
  readonly table: IndexTable
  /** What it lists. */
  readonly artifacts: ArtifactSet
  /** The same by md5, as far as the records have it and it was asked for: what an old reference can be compared with. */
  readonly byMd5: ArtifactSet | undefined
  /** Fingerprints of the records of `packages`, where they were asked for. */
  readonly records: ReadonlyMap<string, string> | undefined
}

/** Options of `readListed`. */
export interface ReadListedOptions {
  readonly signal?: AbortSignal | undefined
  /** Take the md5 of each record too. Default false. */
  readonly md5?: boolean | undefined
  /** Take fingerprints of records, which takes long. Default false. */
  readonly records?: boolean | undefined
}

/** Options of `readSubdir`. */
export interface ReadSubdirOptions extends ReadListedOptions {
  /** The folder of the channel. */
  readonly root: string
}

/** Reads the index of a subdir of a tree in one pass. Undefined when there is none. Throws what `createIndexTableBuilder` throws. */
export async function readSubdir(subdir: SubdirName, { root, ...options }: ReadSubdirOptions): Promise<TreeIndex | undefined> {
  const path = `${subdir}/repodata.json`
  await using file = await openFile(join(root, path), { follow: true })
  if (file === undefined) return undefined
  const hash = createHash('sha256')
  const listed = await readListed(subdir, hashing(file.pieces(0, file.size), hash), options)
  return { subdir, document: { path, sha256: asSha256(hash.digest('hex')), size: file.size }, ...listed }
}

async function* hashing(pieces: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of pieces) {
    hash.update(piece)
    yield piece
  }
}

/** Reads what an index lists, wherever its bytes come from. Throws what `createIndexTableBuilder` throws. */
export async function readListed(subdir: SubdirName, pieces: AsyncIterable<Uint8Array>, { signal, md5 = false, records: hasRecords = false }: ReadListedOptions): Promise<Omit<TreeIndex, 'subdir' | 'document'>> {
  const records = new Map<string, string>()
  const builder = createIndexTableBuilder(subdir, hasRecords ? {
    record(view) {
      if (view.section === 'packages') records.set(view.key(), fingerprintRecord(JSON.parse(textOf(view))))
    },
  } : {}, { md5 })
  for await (const piece of pieces) {
    signal?.throwIfAborted()
    builder.write(piece)
  }
  const table = builder.end()
  const artifacts = table.artifacts()
  return { table, artifacts, byMd5: table.byMd5(artifacts), records: hasRecords ? records : undefined }
}

function textOf({ bytes, start, end }: RecordView): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8')
}

/** Two records have the same fingerprint when they say the same, however they are written. */
export function fingerprintRecord(record: unknown): string {
  return createHash('sha256').update(jsonDumps(record)).digest('hex').slice(0, 32)
}

/** The sha256 and size of a file; undefined when there is no regular file. */
export async function describeFile(root: string, path: string): Promise<PublishedFile | undefined> {
  await using file = await openFile(join(root, path), { follow: true })
  if (file === undefined) return undefined
  const hash = createHash('sha256')
  for await (const piece of file.pieces(0, file.size)) hash.update(piece)
  return { path, sha256: asSha256(hash.digest('hex')), size: file.size }
}

/** Hex digits that are a sha256. */
export function asSha256(hex: string): Sha256 {
  if (isSha256(hex)) return hex
  throw new Error('sha256 is not 64 hex digits')
}

/** A name of a folder as a subdir; undefined when it is none. */
export function asSubdir(name: string): SubdirName | undefined {
  return isSubdirName(name) ? name : undefined
}

/** The error for a mirror that is not what its indexes say. */
export function treeDamaged(what: string, path: string): Error {
  return difftarError('TREE_DAMAGED', `Cannot take ${path} along: ${what}`, { hint: 'Sync the mirror, or verify it with --verify, then try again. Nothing was written.', details: { path } })
}
