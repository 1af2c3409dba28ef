import { type FileHandle, mkdtemp, open, rm, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { readAtPace } from '@mirror/store'
import type { ByteRange } from './conditions.ts'
import { FileReplaced, type FoundFile } from './found-file.ts'

/** Compressed copies of files that many want and few compress: made once for each state of a file, and used when they are ready. */
export interface GzipCopies extends AsyncDisposable {
  /** The copy of a file if it is ready; otherwise undefined, and it is being made for those who come later. */
  readonly find: (file: FoundFile) => FoundFile | undefined
}

/** A copy on the disk. It goes when it was retired and nobody reads it any more. */
interface Copy {
  readonly size: number
  readonly read: (range: ByteRange) => AsyncIterable<Uint8Array>
  readonly retire: () => Promise<void>
}

const CAPACITY = 64

/** True for files that shrink, and that no client unpacks itself (`channels.md` §2.2, 7 and 8). */
export function isCompressible({ name, size }: Pick<FoundFile, 'name' | 'size'>): boolean {
  return name.endsWith('.json') && size >= 1024
}

/**
 * Creates the copies, in files without a name below `folder`: of the last `capacity` states, made one at a time. Where the folder cannot be written to, there are none. Of a copy that was
 * given up `read` throws `FileReplaced`.
 */
export function createGzipCopies(folder: string = tmpdir(), capacity: number = CAPACITY): GzipCopies {
  const copies = new Map<string, Copy | 'awaited' | 'failed'>()
  let last = Promise.resolve()
  let isClosed = false

  async function make(key: string, file: FoundFile): Promise<void> {
    if (isClosed) return
    try {
      copies.set(key, await compress(file, folder))
    } catch {
      copies.set(key, 'failed')
    }
    await retireOldest()
  }

  async function retireOldest(): Promise<void> {
    for (const [oldest, value] of copies) {
      if (copies.size <= capacity) return
      copies.delete(oldest)
      if (typeof value === 'object') await value.retire()
    }
  }

  return {
    find(file) {
      const key = `${file.etag}:${file.size}`
      const copy = copies.get(key)
      if (typeof copy === 'object') return { ...file, size: copy.size, etag: `${file.etag}-gzip`, read: copy.read }
      if (copy === undefined) {
        copies.set(key, 'awaited')
        last = last.then(() => make(key, file))
      }
      return undefined
    },
    async [Symbol.asyncDispose]() {
      isClosed = true
      await last
      for (const copy of copies.values()) if (typeof copy === 'object') await copy.retire()
    },
  }
}

function createCopy(handle: FileHandle, size: number): Copy {
  let readers = 0
  let isRetired = false

  async function* read(range: ByteRange): AsyncGenerator<Uint8Array> {
    if (isRetired) throw new FileReplaced('a copy that was given up')
    readers += 1
    try {
      yield* readAtPace(handle, { ...range, isBorrowed: true })
    } finally {
      readers -= 1
      if (isRetired && readers === 0) await handle.close()
    }
  }

  return {
    size,
    read,
    async retire() {
      isRetired = true
      if (readers === 0) await handle.close()
    },
  }
}

async function compress(file: FoundFile, folder: string): Promise<Copy> {
  const own = await mkdtemp(join(folder, 'mirror-gzip-'))
  const path = join(own, 'copy')
  try {
    const handle = await open(path, 'wx+', 0o600)
    await unlink(path)
    let length = 0
    await pipeline(copyPieces(file), createGzip({ level: 6 }), async (chunks: AsyncIterable<Uint8Array>) => {
      for await (const chunk of chunks) {
        await handle.write(chunk)
        length += chunk.length
      }
    })
    return createCopy(handle, length)
  } finally {
    await rm(own, { recursive: true, force: true })
  }
}

/** Each piece is valid only until the next one, and a stream reads ahead. */
function copyPieces(file: FoundFile): Readable {
  async function* copied(): AsyncGenerator<Uint8Array> {
    let length = 0
    for await (const piece of file.read({ start: 0, end: file.size })) {
      length += piece.length
      yield Buffer.from(piece)
    }
    if (length !== file.size) throw new Error('The file became shorter')
  }
  return Readable.from(copied())
}
