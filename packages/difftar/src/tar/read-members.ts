import type { OpenFile } from '../files/open-file.ts'
import { BLOCK, nameUnsafe, type ParsedHeader, paddingOf, parseHeader, unsafe } from './tar-header.ts'

/** A regular file in a tar, and where its bytes stand. */
export interface TarMember {
  readonly path: string
  readonly size: number
  readonly offset: number
}

/** The largest extended header. */
const MAXIMUM_EXTENSION = 1024 * 1024

/** What the headers before a member say about it. */
interface Extension {
  readonly path?: string | undefined
  readonly size?: number | undefined
}

/**
 * Walks the headers of an uncompressed tar and answers its regular files in order; bodies are read by whoever wants them. Any other member, a name that two readers might read differently, and anything but zeros
 * behind the end throw `DELTA_UNSAFE_ARCHIVE`. Paths are answered as they stand: compare them with what is expected, never join them to a folder.
 */
export async function* readMembers(file: OpenFile): AsyncGenerator<TarMember, void, undefined> {
  try {
    yield* walkMembers(file)
  } catch (error) {
    throw nameUnsafe(error, file.path)
  }
}

async function* walkMembers(file: OpenFile): AsyncGenerator<TarMember, void, undefined> {
  let offset = 0
  let extension: Extension = {}
  for (;;) {
    const header = await readHeader(file, offset)
    if (header === undefined) break
    offset += BLOCK
    const size = extension.size ?? header.size
    await assertRoom(file, { path: header.path, offset, size })
    if (header.type === 'file') {
      yield { path: checked(extension.path ?? header.path), size, offset }
      extension = {}
    } else extension = { ...extension, ...await readExtension(file, { header, offset, before: extension }) }
    offset += size + paddingOf(size)
  }
  if (extension.path !== undefined || extension.size !== undefined) throw unsafe('it ends where a member is announced')
  await assertEnd(file, offset)
}

/** Undefined at the end. */
async function readHeader(file: OpenFile, offset: number): Promise<ParsedHeader | undefined> {
  const block = await file.read(offset, BLOCK)
  if (block.length < BLOCK) throw unsafe(offset === 0 ? 'it is no tar' : 'it ends before its end: a part is missing')
  return isZero(block) ? undefined : parseHeader(block)
}

async function assertRoom(file: OpenFile, { path, offset, size }: TarMember): Promise<void> {
  if (offset + size > file.size) throw unsafe(`${JSON.stringify(path)} goes on behind the end`)
  // Other bytes there would mean nothing, but a medium that changed one may have changed more.
  if (!isZero(await file.read(offset + size, paddingOf(size)))) throw unsafe(`something stands behind ${JSON.stringify(path)}`)
}

function checked(path: string): string {
  if (path === '' || path.endsWith('/') || path.includes('\0')) throw unsafe(`${JSON.stringify(path)} is not the name of a file`)
  return path
}

interface ExtensionPlace {
  readonly header: ParsedHeader
  readonly offset: number
  readonly before: Extension
}

async function readExtension(file: OpenFile, { header, offset, before }: ExtensionPlace): Promise<Extension> {
  if (before.size !== undefined || before.path !== undefined) throw unsafe('a member is announced twice')
  if (header.size > MAXIMUM_EXTENSION) throw unsafe(`a header of ${header.size} bytes is too large`)
  const bytes = Buffer.from(await file.read(offset, header.size))
  return header.type === 'pax' ? parsePax(bytes) : { path: parseLongName(bytes) }
}

function parseLongName(bytes: Buffer): string {
  const end = bytes.indexOf(0)
  if (end >= 0 && bytes.subarray(end).some((byte) => byte !== 0)) throw unsafe('a name goes on behind its end')
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end)
}

const HARMLESS = /^(?:[acm]time|uid|gid|uname|gname|comment|LIBARCHIVE\.creationtime|SCHILY\.(?:dev|ino|nlink))$/
const WHOLE = /^(?:0|[1-9][0-9]{0,15})$/

/** Of a pax header (POSIX.1-2001) only path and size count; what would make the member something else is refused. */
function parsePax(bytes: Buffer): Extension {
  const extension: { path?: string; size?: number } = {}
  for (let at = 0; at < bytes.length;) {
    const { key, value, length } = readPaxRecord(bytes, at)
    at += length
    if (key === 'path' && extension.path === undefined) extension.path = value
    else if (key === 'size' && extension.size === undefined && WHOLE.test(value)) extension.size = Number(value)
    else if (!HARMLESS.test(key)) throw unsafe(`a header says ${JSON.stringify(key.slice(0, 100))}`)
  }
  return extension
}

function readPaxRecord(bytes: Buffer, at: number): { readonly key: string; readonly value: string; readonly length: number } {
  const space = bytes.indexOf(0x20, at)
  const digits = bytes.toString('latin1', at, space < 0 || space > at + 8 ? at : space)
  const length = WHOLE.test(digits) ? Number(digits) : 0
  const equals = bytes.indexOf(0x3d, space)
  if (length === 0 || at + length > bytes.length || bytes[at + length - 1] !== 0x0a || equals < 0 || equals >= at + length) throw unsafe('an extended header is damaged')
  return { key: bytes.toString('utf8', space + 1, equals), value: bytes.toString('utf8', equals + 1, at + length - 1), length }
}

/** Two blocks of zeros end a tar; further ones fill it up. */
async function assertEnd(file: OpenFile, start: number): Promise<void> {
  if (file.size - start < 2 * BLOCK) throw unsafe('its end is missing')
  for await (const piece of file.pieces(start, file.size - start)) if (!isZero(piece)) throw unsafe('something stands behind its end')
}

function isZero(bytes: Uint8Array): boolean {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < view.length; at += 1) if (view[at] !== 0) return false
  return true
}
