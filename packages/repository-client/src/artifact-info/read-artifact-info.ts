import type { FileHandle } from 'node:fs/promises'
import { decodeBzip2 } from '../decode-bzip2.ts'
import { decodeZstd } from '../decode-zstd.ts'
import { readError } from '../failure.ts'
import { BrokenEncoding } from '../zstd-frames.ts'
import { BrokenArtifact } from './broken-artifact.ts'
import { createInfoFiles, type InfoFiles } from './info-files.ts'
import { type JsonObject, readJsonObject } from './read-json.ts'
import { readPieces } from './read-range.ts'
import { createTarWalk, type TarWalk } from './tar-walk.ts'
import { locateStored, readZipMembers, type ZipMember } from './zip-members.ts'

/** What an artifact says of itself. */
export interface ArtifactInfo {
  /** `info/index.json`. */
  readonly index: JsonObject
  /** `info/about.json`, where it is there. */
  readonly about: JsonObject | undefined
  /** `info/recipe.json`, where it is there: of artifacts by old builders. */
  readonly recipe: JsonObject | undefined
  /** Whether there is an `info/has_prefix`. */
  readonly hasPrefix: boolean
  /** The PNG that `icon` of index.json names, or else `info/icon.png`; undefined where index.json names none, it is not there, or it has more than 1 MiB. */
  readonly icon: Uint8Array | undefined
}

/** Options of `readArtifactInfo`. */
export interface ReadArtifactInfoOptions {
  readonly format: 'conda' | 'tar.bz2'
  /** For errors: which artifact it is. */
  readonly name?: string
  readonly signal?: AbortSignal | undefined
}

/** So much of an artifact is unpacked in search of what it says; what comes later is not found. */
const LARGEST_UNPACKED = 1_073_741_824
/** bzip2 unpacks a kilobyte to a gigabyte, a block of 46 MB at a time, in a minute; what is no bomb stays below this many times its size, and this much more. */
const BZIP2_RATIO = 250
const BZIP2_ROOM = 16_777_216

/**
 * Reads what an artifact says of itself (CEP 34, CEP 35), the files that anaconda-client reads: at any position for `.conda`, in one pass for `.tar.bz2`, to the end of its `info/`. The bytes may be anybody's: nothing is
 * held whole but the few files that are read, none of them larger than 16 MiB (index.json: 4 MiB), and a block of the compression; at most 1 GiB is unpacked. Throws `ARTIFACT_UNREADABLE` for what is no such artifact; what reading the file
 * throws; the signal's reason when aborted.
 */
export async function readArtifactInfo(file: FileHandle, options: ReadArtifactInfoOptions): Promise<ArtifactInfo> {
  const { format, name = 'the artifact', signal } = options
  signal?.throwIfAborted()
  try {
    const files = createInfoFiles()
    const walk = createTarWalk(files)
    const { size } = await file.stat()
    if (format === 'conda') await walkConda(file, { size, walk, signal })
    else await walkBzip2(file, { size, walk, signal })
    return describe(files)
  } catch (error) {
    if (!(error instanceof BrokenArtifact || error instanceof BrokenEncoding)) throw error
    throw readError('ARTIFACT_UNREADABLE', `Cannot read what ${name} says of itself: ${error.message}`, {
      hint: 'Its bytes are those that its channel lists, so it was published like this. Leave it out by the configuration, and report it to the channel.',
      details: { what: error.message },
      cause: error,
    })
  }
}

interface WalkOptions {
  /** Bytes of the file. */
  readonly size: number
  readonly walk: TarWalk
  readonly signal: AbortSignal | undefined
}

async function walkConda(file: FileHandle, { size, walk, signal }: WalkOptions): Promise<void> {
  const range = await locateStored(file, size, findInfo(await readZipMembers(file, size)))
  const count = createCounter(() => LARGEST_UNPACKED)
  for await (const chunk of decodeZstd(readPieces(file, range, signal))) {
    signal?.throwIfAborted()
    count(chunk)
    if (walk.push(chunk)) return
  }
  walk.end()
}

function findInfo(members: readonly ZipMember[]): ZipMember {
  const found = members.filter(({ name }) => name.startsWith('info-') && name.endsWith('.tar.zst'))
  const [member] = found
  if (member === undefined) throw new BrokenArtifact('it has no info-*.tar.zst')
  if (found.length > 1) throw new BrokenArtifact(`it has ${found.length} info-*.tar.zst`)
  return member
}

/** Enough was read: ends the decoder, which knows no other way. */
class Enough extends Error {
  override readonly name = 'Enough'
}

async function walkBzip2(file: FileHandle, { size, walk, signal }: WalkOptions): Promise<void> {
  let packed = 0
  const count = createCounter(() => Math.min(LARGEST_UNPACKED, BZIP2_ROOM + BZIP2_RATIO * packed))
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const piece of readPieces(file, { start: 0, end: size }, signal)) {
      packed += piece.length
      yield piece
    }
  }
  try {
    await decodeBzip2(counted(), (chunk) => {
      count(chunk)
      if (walk.push(chunk)) throw new Enough()
    })
  } catch (error) {
    if (error instanceof Enough) return
    throw error
  }
  walk.end()
}

function createCounter(limit: () => number): (chunk: Uint8Array) => void {
  let unpacked = 0
  return (chunk) => {
    unpacked += chunk.length
    if (unpacked > limit()) throw new BrokenArtifact(`its info/ is not within the first ${limit()} bytes of what it unpacks to`)
  }
}

function describe({ found, hasPrefix }: InfoFiles): ArtifactInfo {
  const read = (path: string): JsonObject | undefined => {
    const bytes = found.get(path)
    return bytes === undefined ? undefined : readJsonObject(path, bytes)
  }
  const index = read('info/index.json')
  if (index === undefined) throw new BrokenArtifact('it has no info/index.json')
  const { icon } = index
  const image = typeof icon === 'string' && icon !== '' ? found.get(`info/${icon}`) ?? found.get('info/icon.png') : undefined
  return { index, about: read('info/about.json'), recipe: read('info/recipe.json'), hasPrefix: hasPrefix(), icon: image }
}
