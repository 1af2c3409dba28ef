import { isMirrorError } from '@mirror/core'
import { difftarError } from '../difftar-error.ts'

/** Everything in a tar is a multiple of this many bytes. */
export const BLOCK = 512

/** A regular file in a tar, as its header says. */
export interface HeaderFields {
  readonly path: string
  readonly size: number
  /** Seconds since 1970. */
  readonly mtime: number
}

const NAME_LENGTH = 100
const PREFIX_LENGTH = 155
const LONG_NAME = '././@LongLink'

/**
 * The header blocks of a regular file: ustar (POSIX.1-1988), owned by nobody in particular, mode 0644. A path that ustar cannot say goes before it as a GNU long name, a size of 8 GiB or more in
 * base 256: GNU tar, bsdtar, busybox and Python read both.
 */
export function formatHeader({ path, size, mtime }: HeaderFields): Uint8Array {
  const name = Buffer.from(path)
  const split = splitPath(name)
  if (split !== undefined) return formatBlock({ ...split, size, mtime, type: '0' })
  const long = Buffer.concat([name, Buffer.alloc(1)])
  return Buffer.concat([
    formatBlock({ name: Buffer.from(LONG_NAME), prefix: Buffer.alloc(0), size: long.length, mtime: 0, type: 'L' }),
    long, Buffer.alloc(paddingOf(long.length)),
    formatBlock({ name: name.subarray(0, NAME_LENGTH), prefix: Buffer.alloc(0), size, mtime, type: '0' }),
  ])
}

/** How many bytes a member takes, header and padding included. */
export function memberBytes({ path, size }: Pick<HeaderFields, 'path' | 'size'>): number {
  return formatHeader({ path, size, mtime: 0 }).length + size + paddingOf(size)
}

/** Bytes between the end of a body and the next header. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK
}

interface BlockFields {
  readonly name: Uint8Array
  readonly prefix: Uint8Array
  readonly size: number
  readonly mtime: number
  readonly type: string
}

function splitPath(path: Buffer): { readonly name: Uint8Array; readonly prefix: Uint8Array } | undefined {
  if (path.length <= NAME_LENGTH) return { name: path, prefix: Buffer.alloc(0) }
  const slash = path.indexOf('/', Math.max(0, path.length - NAME_LENGTH - 1))
  if (slash <= 0 || slash > PREFIX_LENGTH || slash === path.length - 1) return undefined
  return { name: path.subarray(slash + 1), prefix: path.subarray(0, slash) }
}

function formatBlock({ name, prefix, size, mtime, type }: BlockFields): Buffer {
  const block = Buffer.alloc(BLOCK)
  block.set(name, 0)
  block.write('0000644\x000000000\x000000000\x00', 100, 'latin1')
  writeNumber(block, { value: size, start: 124 })
  writeNumber(block, { value: mtime, start: 136 })
  block.write('        ', 148, 'latin1')
  block.write(type, 156, 'latin1')
  block.write('ustar\x0000', 257, 'latin1')
  block.set(prefix, 345)
  block.write(`${checksumOf(block).toString(8).padStart(6, '0')}\x00 `, 148, 'latin1')
  return block
}

const OCTAL_LIMIT = 8 ** 11
const NUMBER_LENGTH = 12

function writeNumber(block: Buffer, { value, start }: { readonly value: number; readonly start: number }): void {
  if (value < OCTAL_LIMIT) block.write(`${value.toString(8).padStart(NUMBER_LENGTH - 1, '0')}\x00`, start, 'latin1')
  else {
    block[start] = 0x80
    block.writeBigUInt64BE(BigInt(value), start + NUMBER_LENGTH - 8)
  }
}

function checksumOf(block: Uint8Array): number {
  let sum = 8 * 0x20
  for (let at = 0; at < BLOCK; at += 1) if (at < 148 || at >= 156) sum += block[at] ?? 0
  return sum
}

/** What a header block says, as far as a delta may have it. */
export interface ParsedHeader {
  readonly type: 'file' | 'long-name' | 'pax'
  readonly path: string
  readonly size: number
}

/** Reads a header block. Throws `DELTA_UNSAFE_ARCHIVE` for anything that no delta has: links, devices, folders, sparse files, global headers, sizes that are none. */
export function parseHeader(block: Uint8Array): ParsedHeader {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
  if (readOctal(bytes.subarray(148, 156)) !== checksumOf(bytes)) throw unsafe('a header is damaged')
  if (bytes.toString('latin1', 257, 262) !== 'ustar') throw unsafe('a header is not of a tar of today')
  const path = readPath(bytes)
  return { type: readType(bytes, path), path, size: readSize(bytes.subarray(124, 136), path) }
}

/** The error for an archive that is damaged or hostile; `label` is the file, where it is known. */
export function unsafe(what: string, label = 'the archive'): Error {
  return difftarError('DELTA_UNSAFE_ARCHIVE', `Cannot read ${label}: ${what}`, { hint: 'It is damaged, or somebody tampered with it. Bring it over again. Nothing was changed.', details: { what } })
}

/** The same error with the name of the file in it: of several volumes the bad one has to be known. */
export function nameUnsafe(error: unknown, label: string): unknown {
  const what = isMirrorError(error, 'DELTA_UNSAFE_ARCHIVE') ? error.details['what'] : undefined
  return typeof what === 'string' ? unsafe(what, label) : error
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['1', 'a hard link'], ['2', 'a symbolic link'], ['3', 'a character device'], ['4', 'a block device'], ['5', 'a folder'], ['6', 'a pipe'], ['7', 'a contiguous file'],
  ['g', 'a header for all members'], ['K', 'a long link'], ['S', 'a sparse file'], ['M', 'a part of a file of another volume'], ['D', 'a listing of a folder'],
])

function readType(bytes: Buffer, path: string): ParsedHeader['type'] {
  const flag = bytes.toString('latin1', 156, 157)
  if (flag === '0' || flag === '\x00') return 'file'
  if (flag === 'L') return 'long-name'
  if (flag === 'x') return 'pax'
  throw unsafe(`${JSON.stringify(path)} is ${TYPES.get(flag) ?? `of the unknown type ${JSON.stringify(flag)}`}`)
}

function readPath(bytes: Buffer): string {
  const name = readText(bytes.subarray(0, NAME_LENGTH))
  // GNU's own headers have other things where ustar has the prefix.
  const isGnu = bytes.toString('latin1', 262, 264) === '  ' || bytes.toString('latin1', 262, 264) === ' \x00'
  const prefix = isGnu ? '' : readText(bytes.subarray(345, 345 + PREFIX_LENGTH))
  return prefix === '' ? name : `${prefix}/${name}`
}

/** Text up to the first NUL, behind which there must be nothing else: another reader might see it. */
function readText(field: Buffer): string {
  const end = field.indexOf(0)
  if (end < 0) return field.toString('utf8')
  if (field.subarray(end).some((byte) => byte !== 0)) throw unsafe('a name goes on behind its end')
  return field.toString('utf8', 0, end)
}

const OCTAL = /^ *([0-7]+)[ \x00]*$/

function readOctal(field: Buffer): number | undefined {
  const digits = OCTAL.exec(field.toString('latin1'))?.[1]
  return digits === undefined ? undefined : Number.parseInt(digits, 8)
}

function readSize(field: Buffer, path: string): number {
  const size = field[0] === 0x80 ? readBinary(field) : readOctal(field)
  if (size === undefined || !Number.isSafeInteger(size)) throw unsafe(`${JSON.stringify(path)} has a size that is none`)
  return size
}

function readBinary(field: Buffer): number | undefined {
  if (field.subarray(1, NUMBER_LENGTH - 8).some((byte) => byte !== 0)) return undefined
  return Number(field.readBigUInt64BE(NUMBER_LENGTH - 8))
}
