import { createHash } from 'node:crypto'
import type { ByteSink } from '../files/write-file.ts'
import { BLOCK, formatHeader, paddingOf } from '../tar/tar-header.ts'

/** What a member is made of. */
export interface MemberBody {
  readonly path: string
  readonly size: number
  /** Seconds since 1970. */
  readonly mtime: number
  readonly pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
}

/** The factor that GNU tar and Python fill up to. */
const RECORD = 20 * BLOCK

/** Writes a tar, member by member. */
export interface TarWriter {
  /** Answers the sha256 of the body. A body of another size throws a RangeError: the tar cannot be used then. */
  readonly add: (member: MemberBody) => Promise<string>
  readonly end: () => Promise<void>
}

/** Starts a plain ustar archive: uncompressed, without owners, mode 0644. */
export function createTarWriter(sink: ByteSink): TarWriter {
  let length = 0
  const write = async (bytes: Uint8Array): Promise<void> => {
    length += bytes.length
    await sink.write(bytes)
  }
  return {
    async add({ path, size, mtime, pieces }) {
      await write(formatHeader({ path, size, mtime }))
      const hash = createHash('sha256')
      let written = 0
      for await (const piece of pieces) {
        written += piece.length
        if (written > size) break
        hash.update(piece)
        await write(piece)
      }
      if (written !== size) throw new RangeError(`${path} has other than ${size} bytes`)
      if (paddingOf(size) > 0) await write(new Uint8Array(paddingOf(size)))
      return hash.digest('hex')
    },
    async end() {
      await write(new Uint8Array(endBytes(length)))
    },
  }
}

/** Zeros that end a tar of so many bytes. */
export function endBytes(length: number): number {
  return Math.ceil((length + 2 * BLOCK) / RECORD) * RECORD - length
}
