import { type ArtifactBytes, type ArtifactSet, createArtifactSetBuilder, type SubdirName } from '@mirror/core'
import type { ByteWindow } from './byte-window.ts'

/** Artifacts as a reference lists them. */
export interface ListedArtifacts {
  readonly artifacts: ArtifactSet
  /** Some of them have an md5 and no sha256. */
  readonly isWeak: boolean
}

/** The members of a compatible reference that are folders, by their keys. */
export type CompatibleFolders = ReadonlyMap<string, ListedArtifacts>

const START = '{\n  "$meta": '

/** True for what may be one of ours. */
export function isCompatible(window: ByteWindow): boolean {
  return window.has(START)
}

/** What a compatible reference holds. */
export interface CompatibleReference {
  /** The JSON behind `$meta`. */
  readonly meta: string
  readonly folders: CompatibleFolders
}

/**
 * Reads a compatible reference as we write it, byte by byte: as one value it would take seven times its size in memory, and strings of its lines ten times as long. `subdirsOf` tells from the JSON behind `$meta` which
 * subdir a member is. Undefined where something is not as we write it: then it has to be read as any other JSON.
 */
export function readCompatibleBytes(window: ByteWindow, subdirsOf: (meta: string) => ReadonlyMap<string, SubdirName> | undefined): CompatibleReference | undefined {
  if (!window.skip(START)) return undefined
  const meta = window.readLine().replace(/,$/, '')
  const subdirs = subdirsOf(meta)
  if (subdirs === undefined) return undefined
  const folders = new Map<string, ListedArtifacts>()
  while (window.skip('  "')) if (!readMember(window, subdirs, folders)) return undefined
  return window.skip('}\n') && window.isAtEnd() ? { meta, folders } : undefined
}

/** False where it is not as we write it. */
function readMember(window: ByteWindow, subdirs: ReadonlyMap<string, SubdirName>, folders: Map<string, ListedArtifacts>): boolean {
  const key = readKey(window) ?? ''
  const subdir = subdirs.get(key)
  const listed = subdir === undefined ? undefined : readFolder(window, subdir)
  if (listed === undefined) return false
  folders.set(key, listed)
  return window.skip(',\n') || window.skip('\n')
}

/** The key of a member, up to the `{` of its value. */
function readKey(window: ByteWindow): string | undefined {
  const text = window.readUntil(': {')
  try {
    const key: unknown = text === undefined ? undefined : JSON.parse(`"${text}`)
    return typeof key === 'string' ? key : undefined
  } catch {
    return undefined
  }
}

function readFolder(window: ByteWindow, subdir: SubdirName): ListedArtifacts | undefined {
  const builder = createArtifactSetBuilder(subdir)
  let isWeak = false
  if (window.skip('}')) return { artifacts: builder.build(), isWeak }
  // One for all: hundreds of thousands of them would be made otherwise.
  const record = { bytes: window.bytes, nameStart: 0, nameEnd: 0, hexStart: NONE, isMd5: false, size: 0 }
  do {
    if (!window.skip('\n    "') || !readRecord(window, record)) return undefined
    // A name or digest that is none is as if it were not there, so that what it stands for travels again.
    if (record.hexStart !== NONE && builder.addBytes(record)) isWeak ||= record.isMd5
  } while (window.skip(','))
  return window.skip('\n  }') ? { artifacts: builder.build(), isWeak } : undefined
}

const MD5_DIGITS = 32
const SHA256_DIGITS = 64
/** Where there is neither digest. */
const NONE = -1

/** Reads a record behind the quote of its name; false where it is not as we write it. Its bytes stay where they are until the next one is read. */
function readRecord(window: ByteWindow, record: { -readonly [field in keyof ArtifactBytes]: ArtifactBytes[field] }): boolean {
  window.hold()
  record.bytes = window.bytes
  record.nameStart = window.at
  record.nameEnd = window.findQuote()
  if (record.nameEnd < 0 || !window.skip('": {\n')) return false
  const md5 = readHex(window, '      "md5": "', MD5_DIGITS)
  const sha256 = readHex(window, '      "sha256": "', SHA256_DIGITS)
  record.isMd5 = sha256 === NONE
  record.hexStart = record.isMd5 ? md5 : sha256
  if (!window.skip('      "size": ')) return false
  record.size = window.readNumber()
  return window.skip('\n    }')
}

/** Where the digits start; `NONE` without them. */
function readHex(window: ByteWindow, before: string, digits: number): number {
  if (!window.skip(before)) return NONE
  const start = window.at
  window.move(digits)
  return window.skip('",\n') ? start : NONE
}
