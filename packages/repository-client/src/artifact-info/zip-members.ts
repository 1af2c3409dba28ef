import type { FileHandle } from 'node:fs/promises'
import { BrokenArtifact } from './broken-artifact.ts'
import { type ByteRange, readWhole } from './read-range.ts'

/** A member of a ZIP, as its central directory describes it. */
export interface ZipMember {
  readonly name: string
  readonly isEncrypted: boolean
  /** 0: stored. */
  readonly method: number
  /** Bytes in the ZIP. */
  readonly packed: number
  /** Bytes when unpacked. */
  readonly size: number
  /** Where its local header is. */
  readonly header: number
}

const END = 0x06054b50
const END_SIZE = 22
const END_64 = 0x06064b50
const END_64_SIZE = 56
const LOCATOR_64 = 0x07064b50
const LOCATOR_64_SIZE = 20
const LONGEST_COMMENT = 65_535
const ENTRY = 0x02014b50
const ENTRY_SIZE = 46
const LOCAL = 0x04034b50
const LOCAL_SIZE = 30
const EXTRA_64 = 0x0001
/** A `.conda` has three members; a hundred bytes each. */
const LARGEST_DIRECTORY = 1_048_576

/**
 * Reads the central directory of a ZIP (APPNOTE.TXT 6.3 §4.3, zip64 too). Throws `BrokenArtifact` for what is none.
 *
 * Our own, because a `.conda` needs so little of ZIP: members are stored, and one of them is wanted. A library (yauzl: MIT, one keeper, well kept) inflates, decodes names and streams by callbacks from a reader that has to
 * be written for it; that adapter, and the refusals before it, would be as long as this.
 */
export async function readZipMembers(file: FileHandle, length: number): Promise<readonly ZipMember[]> {
  const { start, end, count } = await findDirectory(file, length)
  if (end > length || end < start) throw new BrokenArtifact('the directory of its ZIP goes on behind the end of the file')
  if (end - start > LARGEST_DIRECTORY) throw new BrokenArtifact(`the directory of its ZIP has more than ${LARGEST_DIRECTORY} bytes`)
  const members = parseDirectory(await readWhole(file, { start, end }))
  if (members.length !== count) throw new BrokenArtifact(`the directory of its ZIP has ${members.length} members instead of ${count}`)
  return members
}

/** Where the bytes of a stored member are, and where nothing else does its local header say. Throws `BrokenArtifact` for a member that is not stored, or is not there. */
export async function locateStored(file: FileHandle, length: number, member: ZipMember): Promise<ByteRange> {
  const shown = JSON.stringify(member.name)
  if (member.isEncrypted) throw new BrokenArtifact(`${shown} is encrypted`)
  if (member.method !== 0 || member.packed !== member.size) throw new BrokenArtifact(`${shown} is compressed by the ZIP (method ${member.method}), which no .conda is`)
  if (member.header + LOCAL_SIZE > length) throw new BrokenArtifact(`${shown} is behind the end of the file`)
  const head = await readWhole(file, { start: member.header, end: member.header + LOCAL_SIZE })
  if (head.readUInt32LE(0) !== LOCAL || head.readUInt16LE(8) !== 0) throw new BrokenArtifact(`${shown} is not where the directory of the ZIP says`)
  const start = member.header + LOCAL_SIZE + head.readUInt16LE(26) + head.readUInt16LE(28)
  if (start + member.size > length) throw new BrokenArtifact(`${shown} goes on behind the end of the file`)
  return { start, end: start + member.size }
}

interface Directory extends ByteRange {
  readonly count: number
}

async function findDirectory(file: FileHandle, length: number): Promise<Directory> {
  if (length < END_SIZE) throw new BrokenArtifact('it is no ZIP')
  const tailStart = Math.max(0, length - END_SIZE - LONGEST_COMMENT)
  const tail = await readWhole(file, { start: tailStart, end: length })
  const at = findEnd(tail)
  if (tail.readUInt16LE(at + 4) !== 0 && tail.readUInt16LE(at + 4) !== 0xffff) throw new BrokenArtifact('its ZIP is one of several volumes')
  const [count, size, start] = [tail.readUInt16LE(at + 10), tail.readUInt32LE(at + 12), tail.readUInt32LE(at + 16)]
  if (count !== 0xffff && size !== 0xffffffff && start !== 0xffffffff) return { start, end: start + size, count }
  return await findDirectory64(file, tailStart + at)
}

function findEnd(tail: Buffer): number {
  for (let at = tail.length - END_SIZE; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) === END && at + END_SIZE + tail.readUInt16LE(at + 20) === tail.length) return at
  }
  throw new BrokenArtifact('it is no ZIP, or its end is missing')
}

async function findDirectory64(file: FileHandle, end: number): Promise<Directory> {
  if (end < LOCATOR_64_SIZE + END_64_SIZE) throw new BrokenArtifact('the zip64 part of its ZIP is missing')
  const locator = await readWhole(file, { start: end - LOCATOR_64_SIZE, end })
  const at = readSize(locator, 8)
  if (locator.readUInt32LE(0) !== LOCATOR_64 || at + END_64_SIZE > end) throw new BrokenArtifact('the zip64 part of its ZIP is damaged')
  const record = await readWhole(file, { start: at, end: at + END_64_SIZE })
  if (record.readUInt32LE(0) !== END_64) throw new BrokenArtifact('the zip64 part of its ZIP is damaged')
  const start = readSize(record, 48)
  return { start, end: start + readSize(record, 40), count: readSize(record, 32) }
}

/** A number that a double holds, or a lie. */
function readSize(bytes: Buffer, at: number): number {
  const value = Number(bytes.readBigUInt64LE(at))
  if (!Number.isSafeInteger(value)) throw new BrokenArtifact('its ZIP has a size that no file has')
  return value
}

function parseDirectory(bytes: Buffer): readonly ZipMember[] {
  const members: ZipMember[] = []
  for (let at = 0; at < bytes.length;) {
    if (at + ENTRY_SIZE > bytes.length || bytes.readUInt32LE(at) !== ENTRY) throw new BrokenArtifact('the directory of its ZIP is damaged')
    const nameEnd = at + ENTRY_SIZE + bytes.readUInt16LE(at + 28)
    const extraEnd = nameEnd + bytes.readUInt16LE(at + 30)
    const end = extraEnd + bytes.readUInt16LE(at + 32)
    if (end > bytes.length) throw new BrokenArtifact('the directory of its ZIP is damaged')
    members.push(parseEntry(bytes.subarray(at, nameEnd), bytes.subarray(nameEnd, extraEnd)))
    at = end
  }
  return members
}

function parseEntry(entry: Buffer, extra: Buffer): ZipMember {
  const wide = createWideReader(extra)
  const size = wide(entry.readUInt32LE(24))
  const packed = wide(entry.readUInt32LE(20))
  const header = wide(entry.readUInt32LE(42))
  const flags = entry.readUInt16LE(8)
  return { name: entry.toString('utf8', ENTRY_SIZE), isEncrypted: (flags & 0x2041) !== 0, method: entry.readUInt16LE(10), packed, size, header }
}

/** Gives a field, or, where it has no room for it, the next one of the zip64 extra field (§4.5.3: in this order). */
function createWideReader(extra: Buffer): (field: number) => number {
  let rest = findExtra(extra)
  return (field) => {
    if (field !== 0xffffffff) return field
    if (rest.length < 8) throw new BrokenArtifact('a size of its ZIP is missing')
    const value = readSize(rest, 0)
    rest = rest.subarray(8)
    return value
  }
}

function findExtra(extra: Buffer): Buffer {
  for (let at = 0; at + 4 <= extra.length;) {
    const end = at + 4 + extra.readUInt16LE(at + 2)
    if (extra.readUInt16LE(at) === EXTRA_64) return extra.subarray(at + 4, end)
    at = end
  }
  return Buffer.alloc(0)
}
