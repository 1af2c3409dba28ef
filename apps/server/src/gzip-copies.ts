import { type FileHandle, mkdtemp, open, rm, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { FoundFile } from './found-file.ts'

/** Compressed copies of files that many want and few compress: made once for each state of a file, and used when they are ready. */
export interface GzipCopies extends AsyncDisposable {
  /** The copy of a file if it is ready; otherwise undefined, and it is being made for those who come later. */
  readonly find: (file: FoundFile) => FoundFile | undefined
}

interface Copy {
  readonly handle: FileHandle
  readonly size: number
}

const CAPACITY = 64
const PIECE = 65_536

/** True for files that shrink, and that no client unpacks itself (`channels.md` §2.2, 7 and 8). */
export function isCompressible({ name, size }: Pick<FoundFile, 'name' | 'size'>): boolean {
  return name.endsWith('.json') && size >= 1024
}

/** Creates the copies, in files without a name below `folder`. Where it cannot be written to, none are made. One is made at a time. */
export function createGzipCopies(folder: string = tmpdir()): GzipCopies {
  const copies = new Map<string, Copy | 'awaited' | 'failed'>()
  let last = Promise.resolve()
  let isClosed = false

  async function make(key: string, file: FoundFile): Promise<void> {
    if (isClosed) return
    try {
      keep(key, await compress(file, folder))
    } catch {
      copies.set(key, 'failed')
    }
  }

  function keep(key: string, copy: Copy): void {
    copies.set(key, copy)
    for (const [oldest, value] of copies) {
      if (copies.size <= CAPACITY) return
      copies.delete(oldest)
      // Whoever reads it has it open still: it is closed when nobody can come any more.
      if (typeof value === 'object') retired.push(value)
    }
  }

  const retired: Copy[] = []
  return {
    find(file) {
      const key = `${file.etag}:${file.size}`
      const copy = copies.get(key)
      if (typeof copy === 'object') return presentCopy(file, copy)
      if (copy === undefined) {
        copies.set(key, 'awaited')
        last = last.then(() => make(key, file))
      }
      return undefined
    },
    async [Symbol.asyncDispose]() {
      isClosed = true
      await last
      for (const copy of [...copies.values(), ...retired]) if (typeof copy === 'object') await copy.handle.close()
    },
  }
}

function presentCopy(file: FoundFile, { handle, size }: Copy): FoundFile {
  return { ...file, size, etag: `${file.etag}-gzip`, read: ({ start, end }) => readCopy(handle, start, end) }
}

async function* readCopy(handle: FileHandle, start: number, end: number): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(Math.min(PIECE, end - start))
  for (let position = start; position < end;) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - position), position)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
    position += bytesRead
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
    return { handle, size: length }
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
