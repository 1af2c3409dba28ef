import { createHash, hash } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { type Digest, digestHex, digestKind } from '@mirror/core'
import type { Body } from './contract.ts'
import type { DiskContext } from './disk-context.ts'
import { discard, removeIfThere, writeAll } from './disk-write.ts'
import { readPieces } from './hash-file.ts'
import { storeError } from './store-error.ts'
import { createSyncQueue } from './sync-queue.ts'

/** What is put: what it must be, and its name in `staging/`. */
export interface StagingEntry {
  readonly name: string
  /** For messages. */
  readonly label: string
  readonly digest: Digest
  readonly size: number
}

/** Options of `Staging.write`. */
export interface StagingOptions {
  readonly offset: number
  readonly signal: AbortSignal | undefined
  /** Called when the bytes turn out not to be durable; they are gone then. */
  readonly failed: (error: unknown) => void
  /** Throws when the transaction has ended: from then on another one may be writing here. */
  readonly assertOpen: () => void
}

/** Where bytes are verified and made durable before they get a public name. */
export interface Staging {
  /** Writes and verifies one file; durable after `drain`. */
  readonly write: (entry: StagingEntry, body: Body, options: StagingOptions) => Promise<void>
  /** Makes bytes durable that an earlier run left. */
  readonly adopt: (path: string, failed: (error: unknown) => void) => Promise<void>
  readonly path: (name: string) => string
  readonly size: (name: string) => number
  readonly drain: () => Promise<void>
}

/** Bodies up to this size are collected, hashed at once and written at once. */
const SMALL_BYTES = 256 * 1024

/** Creates the staging area of one transaction. */
export function createStaging(context: DiskContext): Staging {
  const { io, paths, fileMode } = context
  const queue = createSyncQueue(io)
  const path = (name: string): string => join(paths.staging, name)

  function store(entry: StagingEntry, bytes: Uint8Array, options: StagingOptions): Promise<void> | undefined {
    options.assertOpen()
    verify(entry, { size: bytes.length, hex: hash(digestKind(entry.digest), bytes, 'hex') })
    const fd = writeFresh(path(entry.name), bytes)
    return enqueue(fd, path(entry.name), options.failed)
  }

  /** The file of a failed write is removed; the bytes of a full disk are no use to anyone. */
  function writeFresh(target: string, bytes: Uint8Array): number {
    const fd = createFresh(target)
    try {
      writeAll(io, fd, bytes)
      return fd
    } catch (error) {
      io.close(fd)
      discard(io, target)
      throw error
    }
  }

  function createFresh(target: string): number {
    try {
      return io.create(target, fileMode)
    } catch (error) {
      if (!removeIfThere(io, target)) throw error
      return io.create(target, fileMode)
    }
  }

  function enqueue(fd: number, target: string, failed: (error: unknown) => void): Promise<void> | undefined {
    return queue.add(fd, (error) => {
      discard(io, target)
      failed(error)
    })
  }

  async function writeSmall(entry: StagingEntry, body: AsyncIterable<Uint8Array>, options: StagingOptions): Promise<void> {
    const pieces: Uint8Array[] = []
    let size = 0
    try {
      for await (const piece of body) {
        options.signal?.throwIfAborted()
        size += piece.length
        pieces.push(piece)
        if (size > entry.size) break
      }
      options.signal?.throwIfAborted()
    } catch (error) {
      options.assertOpen()
      if (size > 0 && size <= entry.size) io.close(writeFresh(path(entry.name), Buffer.concat(pieces)))
      throw error
    }
    await store(entry, pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces), options)
  }

  async function writeLarge(entry: StagingEntry, body: AsyncIterable<Uint8Array>, options: StagingOptions): Promise<void> {
    const target = path(entry.name)
    const sum = createHash(digestKind(entry.digest))
    const fd = options.offset > 0 ? await reopen(entry, options.offset, sum) : createFresh(target)
    let size = options.offset
    let keep = true
    try {
      for await (const piece of body) {
        options.signal?.throwIfAborted()
        options.assertOpen()
        size += piece.length
        keep = false
        if (size > entry.size) break
        sum.update(piece)
        writeAll(io, fd, piece)
        keep = true
      }
      options.signal?.throwIfAborted()
      keep = false
      verify(entry, { size, hex: sum.digest('hex') })
    } catch (error) {
      io.close(fd)
      options.assertOpen()
      if (!keep) discard(io, target)
      throw error
    }
    await enqueue(fd, target, options.failed)
  }

  /** Hashes the part that is there, and cuts what lies behind it. */
  async function reopen(entry: StagingEntry, offset: number, sum: ReturnType<typeof createHash>): Promise<number> {
    const target = path(entry.name)
    for await (const piece of readPieces(target, { end: offset })) sum.update(piece)
    const fd = io.append(target)
    try {
      io.truncate(fd, offset)
      return fd
    } catch (error) {
      io.close(fd)
      throw error
    }
  }

  return {
    async write(entry, body, options) {
      options.signal?.throwIfAborted()
      if (options.offset > stagedSize(path(entry.name)) || options.offset < 0) throw new RangeError(`Only ${stagedSize(path(entry.name))} bytes are staged, not ${options.offset}`)
      if (options.offset === 0 && entry.size <= SMALL_BYTES) {
        if (body instanceof Uint8Array) await store(entry, body, options)
        else await writeSmall(entry, body, options)
      } else await writeLarge(entry, body instanceof Uint8Array ? once(body) : body, options)
    },
    async adopt(target, failed) {
      const fd = fs.openSync(target, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW)
      await queue.add(fd, failed)
    },
    path,
    size: (name) => stagedSize(path(name)),
    drain: queue.drain,
  }
}

function stagedSize(path: string): number {
  return fs.lstatSync(path, { throwIfNoEntry: false })?.size ?? 0
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

function verify({ label, digest, size }: StagingEntry, found: { readonly size: number; readonly hex: string }): void {
  if (found.size !== size) {
    throw storeError('SIZE_MISMATCH', `Cannot store ${label}: it has ${found.size > size ? `more than ${size}` : found.size} bytes instead of ${size}`, {
      hint: 'The transfer broke off, or upstream changed the file. Fetch it again.', details: { expected: size, found: found.size },
    })
  }
  if (found.hex !== digestHex(digest)) {
    throw storeError('DIGEST_MISMATCH', `Cannot store ${label}: its bytes are not what the index says`, {
      hint: 'The transfer was damaged, or upstream changed the file. Fetch it again.', details: { expected: digest, found: `${digestKind(digest)}:${found.hex}` },
    })
  }
}
