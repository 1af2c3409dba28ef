import { BrokenArtifact } from './broken-artifact.ts'

/** Everything in a tar is a multiple of this many bytes. */
export const BLOCK = 512

/** What a member of a tar is. `other`: a link, a device, a folder, a sparse file … */
export type TarType = 'file' | 'pax' | 'long-name' | 'skipped' | 'other'

/** A header block, as far as it matters here. */
export interface TarHeader {
  readonly type: TarType
  readonly path: string
  /** Bytes that follow, without their padding. */
  readonly size: number
  /** No bytes follow, whatever a size says: links, folders, devices (as CPython and GNU tar have it). */
  readonly isBodiless: boolean
  /** More header blocks come before the bytes: GNU's sparse files. */
  readonly goesOn: boolean
}

/** Reads a header block; undefined for a block of zeros, the end. Throws `BrokenArtifact` for a wrong checksum or size. */
export function parseTarHeader(block: Buffer): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined
  if (readOctal(block.subarray(148, 156)) !== checksumOf(block)) throw new BrokenArtifact('its tar has a header that is damaged')
  const path = readPath(block)
  const type = readType(block, path)
  const flag = block.toString('latin1', 156, 157)
  const isBodiless = /[1-6]/.test(flag) || (type === 'other' && flag === '\0')
  return { type, path, size: isBodiless ? 0 : readSize(block.subarray(124, 136)), isBodiless, goesOn: flag === 'S' && block[482] !== 0 }
}

/** The bytes between the end of a body and the next header. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK
}

function checksumOf(block: Buffer): number {
  let sum = 8 * 0x20
  for (let at = 0; at < BLOCK; at += 1) if (at < 148 || at >= 156) sum += block[at] ?? 0
  return sum
}

function readType(block: Buffer, path: string): TarType {
  switch (block.toString('latin1', 156, 157)) {
    case '\0':
      // Older than POSIX: a folder is a file whose name ends in a slash.
      return path.endsWith('/') ? 'other' : 'file'
    case '0':
    case '7':
      return 'file'
    case 'x':
    case 'X':
      return 'pax'
    case 'L':
      return 'long-name'
    case 'g':
    case 'K':
      return 'skipped'
    default:
      return 'other'
  }
}

function readPath(block: Buffer): string {
  const name = readText(block.subarray(0, 100))
  // GNU has other things where POSIX has the prefix, and what is older than both has nothing.
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? readText(block.subarray(345, 500)) : ''
  return prefix === '' ? name : `${prefix}/${name}`
}

/** Text up to the first NUL. */
export function readText(field: Buffer): string {
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end < 0 ? field.length : end)
}

function readSize(field: Buffer): number {
  const size = field[0] === 0x80 ? readBinary(field) : readOctal(field)
  if (size === undefined || !Number.isSafeInteger(size)) throw new BrokenArtifact('its tar has a member with a size that is none')
  return size
}

function readOctal(field: Buffer): number | undefined {
  const digits = /^[ \0]*([0-7]*)[ \0]*$/.exec(field.toString('latin1'))?.[1]
  return digits === undefined ? undefined : Number.parseInt(digits === '' ? '0' : digits, 8)
}

/** GNU's form of large numbers; negative ones (0xff) are none. */
function readBinary(field: Buffer): number | undefined {
  if (field.subarray(1, 4).some((byte) => byte !== 0)) return undefined
  return Number(field.readBigUInt64BE(4))
}
