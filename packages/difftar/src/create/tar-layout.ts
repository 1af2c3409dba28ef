import { createHash } from 'node:crypto'
import { BLOCK, formatHeader, memberBytes, paddingOf } from '../tar/tar-header.ts'
import { treeDamaged } from '../tree/read-subdir.ts'
import { endBytes } from './write-tar.ts'

/** A member of a tar that is known before its bytes are read. */
export interface TarMember {
  readonly path: string
  readonly size: number
  /** Seconds since 1970. */
  readonly mtime: number
  /** What its bytes are. */
  readonly sha256: string
  /** Its bytes from the beginning, in pieces of which each is valid until the next one is asked for. */
  readonly open: () => AsyncIterable<Uint8Array>
}

/** A tar that is not written down: of which every byte has its place all the same. */
export interface TarLayout {
  /** Of the whole tar. */
  readonly size: number
  /** Equal tags: equal bytes. */
  readonly tag: string
  /**
   * Its bytes from `start` (included) to `end` (excluded): what lies before is not read, but for the beginning of the member in which `start` lies. Each body is compared with its digest before its last byte
   * goes out, where that is in the range. Throws `TREE_DAMAGED` for a body that is another one.
   */
  readonly read: (range: { readonly start: number; readonly end: number }) => AsyncGenerator<Uint8Array, void, undefined>
}

/** Lays out a tar, byte for byte as `createTarWriter` writes it. */
export function layoutTar(members: readonly TarMember[]): TarLayout {
  const starts = new Float64Array(members.length + 1)
  for (const [at, member] of members.entries()) starts[at + 1] = (starts[at] ?? 0) + memberBytes(member)
  const length = starts[members.length] ?? 0
  const size = length + endBytes(length)
  return { size, tag: tagOf(members), read: (range) => clip(readFrom({ members, starts, size }, range), range) }
}

function tagOf(members: readonly TarMember[]): string {
  const hash = createHash('sha256')
  for (const { path, size, mtime, sha256 } of members) hash.update(`${path} ${size} ${mtime} ${sha256}\n`)
  return hash.digest('hex')
}

interface Laid {
  readonly members: readonly TarMember[]
  readonly starts: Float64Array
  readonly size: number
}

interface Piece {
  /** Where it begins in the tar. */
  readonly at: number
  readonly bytes: Uint8Array
}

/** Pieces from the member in which the range begins. */
async function* readFrom({ members, starts, size }: Laid, { start }: { readonly start: number }): AsyncGenerator<Piece, void, undefined> {
  for (let place = findMember(starts, start); place < members.length; place += 1) {
    const member = members[place]
    if (member !== undefined) yield* readMember(member, starts[place] ?? 0)
  }
  const end = starts[members.length] ?? 0
  yield { at: end, bytes: new Uint8Array(size - end) }
}

/** The last member that begins at or before a place. */
function findMember(starts: Float64Array, place: number): number {
  let [low, high] = [0, starts.length - 1]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((starts[middle] ?? 0) <= place) low = middle
    else high = middle - 1
  }
  return low
}

async function* readMember({ path, size, mtime, sha256, open }: TarMember, at: number): AsyncGenerator<Piece, void, undefined> {
  const header = formatHeader({ path, size, mtime })
  yield { at, bytes: header }
  const start = at + header.length
  const hash = createHash('sha256')
  let read = 0
  if (size > 0) {
    for await (const bytes of open()) {
      hash.update(bytes)
      const before = read
      read += bytes.length
      if (read > size || (read === size && hash.digest('hex') !== sha256)) throw treeDamaged('its bytes are not what the index says', path)
      yield { at: start + before, bytes }
      if (read === size) break
    }
  }
  if (read !== size) throw treeDamaged('it ends too early', path)
  if (paddingOf(size) > 0) yield { at: start + size, bytes: new Uint8Array(BLOCK).subarray(0, paddingOf(size)) }
}

async function* clip(pieces: AsyncGenerator<Piece, void, undefined>, { start, end }: { readonly start: number; readonly end: number }): AsyncGenerator<Uint8Array, void, undefined> {
  if (start >= end) return
  for await (const { at, bytes } of pieces) {
    const wanted = bytes.subarray(Math.max(0, start - at), Math.max(0, end - at))
    if (wanted.length > 0) yield wanted
    if (at + bytes.length >= end) return
  }
}
