import { type ArtifactBytes, type ArtifactSet, createArtifactSetBuilder, createDigest, decodeHex, parseArtifactName, type SubdirName } from '@mirror/core'
import { ByteWindow } from './byte-window.ts'
import type { ArtifactWalk } from './reference.ts'

/** Artifacts as a reference lists them. */
export interface ListedArtifacts {
  readonly artifacts: ArtifactSet
  /** Some of them have an md5 and no sha256. */
  readonly isWeak: boolean
}

/** Where the records of a folder stand in a compatible reference. */
export interface FolderPlace {
  readonly subdir: SubdirName
  /** The byte behind its `{`. */
  readonly offset: number
}

const START = '{\n  "$meta": '

/** True for what may be one of ours. */
export function isCompatible(window: ByteWindow): boolean {
  return window.has(START)
}

/** What a compatible reference holds. */
export interface CompatibleReference {
  /** The JSON behind `$meta`. */
  readonly meta: string
  readonly folders: ReadonlyMap<string, FolderPlace>
}

/**
 * Finds the folders of a compatible reference as we write it; their records are read when they are asked for, by `readFolderAt` or `walkFolder`: as one value it would take seven times its size in memory. `subdirsOf` tells from the JSON behind
 * `$meta` which subdir a member is. Undefined where something is not as we write it: then it has to be read as any other JSON.
 */
export function findFolders(window: ByteWindow, subdirsOf: (meta: string) => ReadonlyMap<string, SubdirName> | undefined): CompatibleReference | undefined {
  if (!window.skip(START)) return undefined
  const meta = window.readLine().replace(/,$/, '')
  const subdirs = subdirsOf(meta)
  if (subdirs === undefined) return undefined
  const folders = new Map<string, FolderPlace>()
  while (window.skip('  "')) if (!findMember(window, subdirs, folders)) return undefined
  return window.skip('}\n') && window.isAtEnd() ? { meta, folders } : undefined
}

/** False where it is not as we write it. */
function findMember(window: ByteWindow, subdirs: ReadonlyMap<string, SubdirName>, folders: Map<string, FolderPlace>): boolean {
  const key = readKey(window) ?? ''
  const subdir = subdirs.get(key)
  if (subdir === undefined) return false
  folders.set(key, { subdir, offset: window.offset })
  const isOver = window.skip('}') || (window.skipTo('\n  }') && window.skip('\n  }'))
  return isOver && (window.skip(',\n') || window.skip('\n'))
}

/** Reads the records of a folder; undefined where one is not as we write it. */
export function readFolderAt(path: string, { subdir, offset }: FolderPlace): ListedArtifacts | undefined {
  using window = new ByteWindow(path, offset)
  return readFolder(window, subdir)
}

/** The artifacts of a folder one after the other, without any of them being held. */
export function walkFolder(path: string, { subdir, offset }: FolderPlace): ArtifactWalk {
  const window = new ByteWindow(path, offset)
  const record = createRecord(window)
  const digest = Buffer.alloc(32)
  const before = { bytes: Buffer.alloc(MOST_NAME_BYTES), length: 0 }
  let isWhole = false
  let row = -1
  const takesDigest = (): boolean => record.hexStart !== NONE && decodeHex(window.bytes, record.hexStart, { cells: digest, at: 0, length: record.isMd5 ? 16 : 32 })

  /** True while there are more; whether the end is where it should be is noted. */
  function hasMore(): boolean {
    if (row < 0) isWhole = window.skip('}')
    else if (!window.skip(',')) isWhole = window.skip('\n  }')
    else return true
    return row < 0 && !isWhole
  }

  return {
    digests: digest, digestStart: 0,
    get names() { return record.bytes },
    get nameStart() { return record.nameStart },
    get nameEnd() { return record.nameEnd },
    get isMd5() { return record.isMd5 },
    get size() { return record.size },
    get row() { return row },
    next() {
      while (hasMore()) {
        row += 1
        if (!window.skip('\n    "') || !readRecord(window, record) || !isBehind(record, before)) return false
        // A digest that is none is as if it were not there.
        if (takesDigest()) return true
      }
      return false
    },
    artifact: () => ({ subdir, name: parseArtifactName(record.bytes.toString('latin1', record.nameStart, record.nameEnd)), digest: createDigest(record.isMd5 ? 'md5' : 'sha256', digest.toString('hex', 0, record.isMd5 ? 16 : 32)), size: record.size }),
    isWhole: () => isWhole,
    [Symbol.dispose]: () => window[Symbol.dispose](),
  }
}

const MOST_NAME_BYTES = 256

/** Whether a name comes behind the one before it, which is noted then. */
function isBehind({ bytes, nameStart, nameEnd }: ArtifactBytes, before: { readonly bytes: Buffer; length: number }): boolean {
  const length = nameEnd - nameStart
  if (length > MOST_NAME_BYTES || (before.length > 0 && bytes.compare(before.bytes, 0, before.length, nameStart, nameEnd) <= 0)) return false
  bytes.copy(before.bytes, 0, nameStart, nameEnd)
  before.length = length
  return true
}

type Record = { -readonly [field in keyof ArtifactBytes]: ArtifactBytes[field] }

function createRecord(window: ByteWindow): Record {
  return { bytes: window.bytes, nameStart: 0, nameEnd: 0, hexStart: NONE, isMd5: false, size: 0 }
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
  const record = createRecord(window)
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
function readRecord(window: ByteWindow, record: Record): boolean {
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
