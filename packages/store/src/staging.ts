import { createHash, hash, type Hash } from 'node:crypto'
import fs from 'node:fs'
import { type Digest, digestHex, digestKind } from '@mirror/core'
import type { Body } from './contract.ts'
import type { DiskContext } from './disk-context.ts'
import { discard, removeIfThere, writeAll } from './disk-write.ts'
import { readPieces } from './hash-file.ts'
import { storeError } from './store-error.ts'
import { createSyncQueue, type SyncQueue } from './sync-queue.ts'

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

interface Area {
  readonly context: DiskContext
  readonly queue: SyncQueue
}

/** One file on its way. */
interface Task extends StagingOptions {
  readonly entry: StagingEntry
  readonly target: string
}

/** Creates the staging area of one transaction. */
export function createStaging(context: DiskContext): Staging {
  const area: Area = { context, queue: createSyncQueue(context.io) }
  const path = (name: string): string => `${context.paths.staging}/${name}`
  return {
    async write(entry, body, options) {
      options.signal?.throwIfAborted()
      const task: Task = { ...options, entry, target: path(entry.name) }
      const { offset } = options
      if (offset < 0 || (offset > 0 && offset > stagedSize(task.target))) throw new RangeError(`Only ${stagedSize(task.target)} bytes are staged, not ${offset}`)
      if (offset > 0 || entry.size > SMALL_BYTES) await writeLarge(area, task, body)
      else await storeWhole(area, task, body instanceof Uint8Array ? body : await collect(area, task, body))
    },
    async adopt(target, failed) {
      const fd = fs.openSync(target, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW)
      await area.queue.add({ fd, written: 0, failed })
    },
    path,
    size: (name) => stagedSize(path(name)),
    drain: area.queue.drain,
  }
}

function stagedSize(path: string): number {
  return fs.lstatSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function storeWhole(area: Area, task: Task, bytes: Uint8Array): Promise<void> | undefined {
  task.assertOpen()
  verify(task.entry, { size: bytes.length, hex: hash(digestKind(task.entry.digest), bytes, 'hex') })
  return enqueue(area, task, writeFresh(area, task, bytes))
}

/** A body in pieces as one. When it breaks off, what came is kept. */
async function collect(area: Area, task: Task, body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const { entry, signal } = task
  const pieces: Buffer[] = []
  let size = 0
  try {
    for await (const piece of body) {
      signal?.throwIfAborted()
      size += piece.length
      pieces.push(Buffer.from(piece))
      if (size > entry.size) break
    }
    signal?.throwIfAborted()
  } catch (error) {
    task.assertOpen()
    if (size > 0 && size <= entry.size) area.context.io.close(writeFresh(area, task, Buffer.concat(pieces)))
    throw error
  }
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)
}

/** Writes a new file; that of a failed write is removed, because the bytes of a full disk are no use to anyone. */
function writeFresh({ context }: Area, { target }: Task, bytes: Uint8Array): number {
  const { io } = context
  const fd = createFresh(context, target)
  try {
    writeAll(io, fd, bytes)
    return fd
  } catch (error) {
    io.close(fd)
    discard(io, target)
    throw error
  }
}

function createFresh({ io, fileMode }: DiskContext, target: string): number {
  try {
    return io.create(target, fileMode)
  } catch (error) {
    if (!removeIfThere(io, target)) throw error
    return io.create(target, fileMode)
  }
}

function enqueue({ context, queue }: Area, { entry, target, failed }: Task, fd: number): Promise<void> | undefined {
  return queue.add({
    fd,
    written: entry.size,
    failed(error) {
      discard(context.io, target)
      failed(error)
    },
  })
}

async function writeLarge(area: Area, task: Task, body: Body): Promise<void> {
  const { io } = area.context
  const { entry, target } = task
  const sum = createHash(digestKind(entry.digest))
  const fd = task.offset > 0 ? await reopen(area, task, sum) : createFresh(area.context, target)
  const written = { size: task.offset, keep: true }
  try {
    for await (const piece of body instanceof Uint8Array ? [body] : body) {
      task.signal?.throwIfAborted()
      task.assertOpen()
      if (!writePiece(io, { fd, piece, sum, written, limit: entry.size })) break
    }
    task.signal?.throwIfAborted()
    written.keep = false
    verify(entry, { size: written.size, hex: sum.digest('hex') })
  } catch (error) {
    io.close(fd)
    task.assertOpen()
    if (!written.keep) discard(io, target)
    throw error
  }
  await enqueue(area, task, fd)
}

interface Piece {
  readonly fd: number
  readonly piece: Uint8Array
  readonly sum: Hash
  /** `keep`: a body that breaks off now leaves something to go on from. */
  readonly written: { size: number; keep: boolean }
  readonly limit: number
}

/** False when there is more than there should be. */
function writePiece(io: DiskContext['io'], { fd, piece, sum, written, limit }: Piece): boolean {
  written.size += piece.length
  written.keep = false
  if (written.size > limit) return false
  sum.update(piece)
  writeAll(io, fd, piece)
  written.keep = true
  return true
}

/** Hashes the part that is there, and cuts what lies behind it. */
async function reopen({ context: { io } }: Area, { target, offset }: Task, sum: Hash): Promise<number> {
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
