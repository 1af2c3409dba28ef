import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { compressBzip2 } from '@mirror/test-fixtures'
import { type ArtifactInfo, readArtifactInfo, type ReadArtifactInfoOptions } from '../../src/index.ts'

/** A member of a tar, with whatever lies. */
export interface TarPart {
  readonly path: string
  readonly content?: string | Buffer
  /** Type flag, default `0`. */
  readonly type?: string
  /** What the header says, where it is not the truth: a number, or the 12 bytes. */
  readonly size?: number | Buffer
  /** Default `ustar\0`. */
  readonly magic?: string
  readonly prefix?: string
  /** Default true: false damages the checksum. */
  readonly isSound?: boolean
}

const BLOCK = 512

function pad(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)])
}

function headerOf({ path, content = '', type = '0', size = Buffer.byteLength(content), magic = 'ustar\0', prefix = '', isSound = true }: TarPart): Buffer {
  const block = Buffer.alloc(BLOCK)
  block.write(path, 0, 100)
  block.write('0000644\0', 100)
  if (typeof size === 'number') block.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  else size.copy(block, 124)
  block.write('00000000000\0', 136)
  block.write(type, 156, 'latin1')
  block.write(magic, 257, 'latin1')
  block.write('00', 263)
  block.write(prefix, 345, 155)
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, isSound ? 0 : 1)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

/** The members, then the end, unless it is left out. */
export function tarOf(parts: readonly TarPart[], end: Buffer = Buffer.alloc(2 * BLOCK)): Buffer {
  return Buffer.concat([...parts.flatMap((part) => [headerOf(part), pad(Buffer.from(part.content ?? ''))]), end])
}

/** A pax header, each `length key=value`. */
export function pax(fields: Readonly<Record<string, string>>): TarPart {
  const lines = Object.entries(fields).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`
    let length = rest.length
    while (`${length}${rest}`.length !== length) length = `${length}${rest}`.length
    return `${length}${rest}`
  })
  return { path: 'PaxHeader', type: 'x', content: lines.join('') }
}

/** What a good artifact has. */
export const INDEX = { name: 'foo', version: '1.0', build: '0', build_number: 0, subdir: 'linux-64', depends: [] }
export const INDEX_PART: TarPart = { path: 'info/index.json', content: JSON.stringify(INDEX) }

/** A member of a ZIP, with whatever lies. */
export interface ZipPart {
  readonly name: string
  readonly content: Buffer
  readonly method?: number
  readonly flags?: number
  readonly size?: number
  readonly packed?: number
  /** Where its header is, as the directory says. */
  readonly header?: number
  /** Signature of the local header. */
  readonly signature?: number
  /** Says its sizes and its place in a zip64 field. */
  readonly isWide?: boolean
}

/** Lies of the end of a ZIP. */
export interface ZipEnd {
  readonly count?: number
  readonly size?: number
  readonly start?: number
  readonly comment?: string
  /** Says count, size and start in a zip64 record, found by this offset or by the true one. */
  readonly wide?: number | 'true'
}

function localHeader({ name, content, signature = 0x04034b50, method = 0 }: ZipPart): Buffer {
  const head = Buffer.alloc(30)
  head.writeUInt32LE(signature, 0)
  head.writeUInt16LE(method, 8)
  head.writeUInt32LE(content.length, 18)
  head.writeUInt32LE(content.length, 22)
  head.writeUInt16LE(Buffer.byteLength(name), 26)
  head.writeUInt16LE(4, 28)
  // An extra field that only the local header has: the bytes are not where the central directory would have them.
  return Buffer.concat([head, Buffer.from(name), Buffer.from([0xfe, 0xca, 0, 0])])
}

function wideField(values: readonly number[]): Buffer {
  const field = Buffer.alloc(4 + 8 * values.length)
  field.writeUInt16LE(1, 0)
  field.writeUInt16LE(8 * values.length, 2)
  for (const [at, value] of values.entries()) field.writeBigUInt64LE(BigInt(value), 4 + 8 * at)
  return field
}

function directoryEntry(part: ZipPart, place: number): Buffer {
  const { name, content, method = 0, flags = 0, size = content.length, packed = content.length, header = place, isWide = false } = part
  const extra = isWide ? Buffer.concat([Buffer.from([0xfe, 0xca, 1, 0, 9]), wideField([size, packed, header])]) : Buffer.alloc(0)
  const entry = Buffer.alloc(46)
  entry.writeUInt32LE(0x02014b50, 0)
  entry.writeUInt16LE(flags, 8)
  entry.writeUInt16LE(method, 10)
  entry.writeUInt32LE(isWide ? 0xffffffff : packed, 20)
  entry.writeUInt32LE(isWide ? 0xffffffff : size, 24)
  entry.writeUInt16LE(Buffer.byteLength(name), 28)
  entry.writeUInt16LE(extra.length, 30)
  entry.writeUInt32LE(isWide ? 0xffffffff : header, 42)
  return Buffer.concat([entry, Buffer.from(name), extra])
}

function wideEnd(place: { readonly at: number; readonly count: number; readonly size: number; readonly start: number }): Buffer {
  const record = Buffer.alloc(56)
  record.writeUInt32LE(0x06064b50, 0)
  record.writeBigUInt64LE(44n, 4)
  record.writeBigUInt64LE(BigInt(place.count), 24)
  record.writeBigUInt64LE(BigInt(place.count), 32)
  record.writeBigUInt64LE(BigInt(place.size), 40)
  record.writeBigUInt64LE(BigInt(place.start), 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x07064b50, 0)
  locator.writeBigUInt64LE(BigInt(place.at), 8)
  locator.writeUInt32LE(1, 16)
  return Buffer.concat([record, locator])
}

/** A ZIP of these members, and how it ends. */
export function zipOf(parts: readonly ZipPart[], lies: ZipEnd = {}): Buffer {
  const chunks: Buffer[] = []
  const entries: Buffer[] = []
  let place = 0
  for (const part of parts) {
    const head = localHeader(part)
    chunks.push(head, part.content)
    entries.push(directoryEntry(part, place))
    place += head.length + part.content.length
  }
  const directory = Buffer.concat(entries)
  const { count = parts.length, size = directory.length, start = place, comment = '', wide } = lies
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(wide === undefined ? count : 0xffff, 8)
  end.writeUInt16LE(wide === undefined ? count : 0xffff, 10)
  end.writeUInt32LE(wide === undefined ? size : 0xffffffff, 12)
  end.writeUInt32LE(wide === undefined ? start : 0xffffffff, 16)
  end.writeUInt16LE(comment.length, 20)
  const middle = wide === undefined ? Buffer.alloc(0) : wideEnd({ at: wide === 'true' ? place + directory.length : wide, count, size, start })
  return Buffer.concat([...chunks, directory, middle, end, Buffer.from(comment)])
}

/** The members of a `.conda` around this `info-*.tar.zst`. */
export function condaParts(info: Buffer): readonly [ZipPart, ZipPart, ZipPart] {
  return [
    { name: 'metadata.json', content: Buffer.from('{"conda_pkg_format_version": 2}') },
    { name: 'pkg-foo-1.0-0.tar.zst', content: zstdCompressSync(tarOf([])) },
    { name: 'info-foo-1.0-0.tar.zst', content: info },
  ]
}

/** A `.conda` whose info tar is this one. */
export function condaOf(tar: Buffer): Buffer {
  return zipOf(condaParts(zstdCompressSync(tar)))
}

/** The same tar in both formats. */
export async function bothOf(tar: Buffer): Promise<readonly (readonly [ReadArtifactInfoOptions['format'], Buffer])[]> {
  return [['conda', condaOf(tar)], ['tar.bz2', await compressBzip2(tar)]]
}

/** Reads an artifact from a file with these bytes. */
export async function readFrom(folder: string, bytes: Buffer, options: ReadArtifactInfoOptions): Promise<ArtifactInfo> {
  const path = join(folder, 'artifact')
  await writeFile(path, bytes)
  const file = await open(path)
  try {
    return await readArtifactInfo(file, options)
  } finally {
    await file.close()
  }
}
