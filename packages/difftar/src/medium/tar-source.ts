import { join } from 'node:path'
import { type DeltaManifest, MANIFEST_PATH, manifestSeal, MAXIMUM_MANIFEST_BYTES, SIGNATURE_PATH } from '@mirror/delta'
import { difftarError } from '../difftar-error.ts'
import { type OpenFile, openFile } from '../files/open-file.ts'
import { readMembers, type TarMember } from '../tar/read-members.ts'
import { unsafe } from '../tar/tar-header.ts'
import { checkBytes, createProgress, damaged, placedEntries } from './check-bytes.ts'
import type { DeltaSource, PlacedEntry, SourceVolumes, VerifySourceOptions } from './delta-source.ts'
import { forgetVolumes, keepVolume, listKept } from './kept-volumes.ts'
import { MAXIMUM_SIGNATURE_BYTES } from './directory-source.ts'
import { parseVolumeNote, VOLUME_PATH, type VolumeNote } from './volume-note.ts'

/** A tarball, or a volume of one, and what its first members say. */
interface Volume {
  readonly file: OpenFile
  readonly note: VolumeNote | undefined
  readonly manifest: Uint8Array | undefined
  readonly signature: string | undefined
  /** How many members come before the entries. */
  readonly heads: number
}

/** Where an entry stands. */
interface Place {
  readonly file: OpenFile
  readonly offset: number
  readonly size: number
}

/** Options of `openTarSource`. */
export interface OpenTarOptions {
  /** Where volumes are kept that came before; with it, some may be missing. */
  readonly arrived: string | undefined
}

/** Opens a tarball, or volumes of one in any order. Undefined for a tarball without members: a delta in which nothing changed. */
export async function openTarSource(paths: readonly string[], options: OpenTarOptions): Promise<DeltaSource | undefined> {
  const files: OpenFile[] = []
  const close = async (): Promise<void> => {
    for (const file of files) await file.close()
  }
  try {
    const source = await openVolumes(paths, { ...options, files, close })
    if (source === undefined) await close()
    return source
  } catch (error) {
    await close()
    throw error
  }
}

interface Opening extends OpenTarOptions {
  readonly files: OpenFile[]
  readonly close: () => Promise<void>
}

async function openVolumes(paths: readonly string[], opening: Opening): Promise<DeltaSource | undefined> {
  const given = await readVolumes(paths, opening.files)
  const [first] = given
  if (first === undefined || (given.length === 1 && first.heads === 0)) return undefined
  if (first.manifest === undefined) throw noManifest(first.file.path)
  const source = { label: first.file.path, manifestBytes: first.manifest, signature: first.signature, [Symbol.asyncDispose]: opening.close }
  if (first.note !== undefined) return { ...source, ...await openSplit(given, first, opening) }
  if (given.length > 1) throw incomplete(`${first.file.path} is a whole one, and there are more`)
  return { ...source, volumes: undefined, ...createAccess(given) }
}

async function readVolumes(paths: readonly string[], files: OpenFile[]): Promise<readonly Volume[]> {
  const given: Volume[] = []
  for (const path of paths) {
    const file = await openFile(path, { follow: true })
    if (file === undefined) throw difftarError('DELTA_NOT_FOUND', `Cannot read ${path}: there is no such file`, { hint: 'Name the tarball, all of its volumes, or a delta directory.' })
    files.push(file)
    given.push(shareManifest(await readVolume(file), given[0]))
  }
  return given
}

/** Volumes that were given, and those that came before. */
async function openSplit(given: readonly Volume[], first: Volume, { arrived, files }: Opening): Promise<Pick<DeltaSource, 'label' | 'volumes' | 'verify' | 'open'>> {
  const of = first.note?.of ?? 1
  const numbered = numberVolumes(given, first)
  const all = new Map([...await openKept(arrived, { first, numbered, files }), ...numbered])
  const missing = Array.from({ length: of }, (_, place) => place + 1).filter((number) => !all.has(number))
  if (missing.length > 0 && arrived === undefined) throw lacking(missing, of)
  const { verify, open } = createAccess([...all].toSorted(([left], [right]) => left - right).map(([, volume]) => volume))
  return {
    label: all.size === 1 ? first.file.path : `${first.file.path} and ${all.size - 1} more ${all.size === 2 ? 'volume' : 'volumes'}`, open,
    volumes: describeVolumes({ numbered, all, missing, arrived, first }),
    async verify(manifest, options) {
      if (missing.length > 0) throw lacking(missing, of)
      await verify(manifest, options)
    },
  }
}

/** Verifies all volumes in order, and opens what was found. */
function createAccess(volumes: readonly Volume[]): Pick<DeltaSource, 'verify' | 'open'> {
  const places = new Map<string, Place>()
  return { verify: async (manifest, options) => verifyVolumes(volumes, { manifest, places, options }), open: (path) => readPlace(places, path) }
}

async function* readPlace(places: ReadonlyMap<string, Place>, path: string): AsyncGenerator<Uint8Array, void, undefined> {
  const place = places.get(path)
  if (place === undefined) throw new RangeError(`${path} was not verified`)
  yield* place.file.pieces(place.offset, place.size)
}

/** The manifest may be large, and is the same in each volume: it is held once. Another one is another delta. */
function shareManifest(volume: Volume, first: Volume | undefined): Volume {
  if (first?.manifest === undefined) return volume
  if (volume.manifest === undefined || Buffer.compare(volume.manifest, first.manifest) !== 0 || volume.signature !== first.signature) throw foreign(volume)
  return { ...volume, manifest: first.manifest }
}

function foreign({ file }: Volume): Error {
  return incomplete(`${file.path} is not a volume of the same delta`)
}

function noManifest(label: string): Error {
  return difftarError('DELTA_NO_MANIFEST', `Cannot apply ${label}: it has no manifest`, {
    hint: 'The old conda-diff-tar made it, or something else: `tar xf` unpacks it, without any check. Nothing was changed.',
  })
}

const COMPRESSED: readonly (readonly [string, string])[] = [['1f8b', 'gzip'], ['28b52ffd', 'zstd'], ['425a68', 'bzip2'], ['fd377a585a', 'xz']]

async function assertUncompressed(file: OpenFile): Promise<void> {
  const magic = Buffer.from(await file.read(0, 8)).toString('hex')
  const compressed = COMPRESSED.find(([start]) => magic.startsWith(start))
  if (compressed !== undefined) throw unsafe(`it is compressed with ${compressed[1]}, and a delta never is`, file.path)
}

async function readVolume(file: OpenFile): Promise<Volume> {
  await assertUncompressed(file)
  const head: { note?: VolumeNote | undefined; manifest?: Uint8Array; signature?: string } = {}
  let heads = 0
  for await (const member of readMembers(file)) {
    if (member.path === VOLUME_PATH && heads === 0) head.note = parseVolumeNote(await readText(file, member, 1024))
    else if (member.path === MANIFEST_PATH && head.manifest === undefined) head.manifest = await readSmall(file, member, MAXIMUM_MANIFEST_BYTES)
    else if (member.path === SIGNATURE_PATH && head.manifest !== undefined && head.signature === undefined) head.signature = await readText(file, member, MAXIMUM_SIGNATURE_BYTES)
    else {
      if (heads === 0) throw noManifest(file.path)
      break
    }
    heads += 1
  }
  return { file, note: head.note, manifest: head.manifest, signature: head.signature, heads }
}

async function readSmall(file: OpenFile, { path, size, offset }: TarMember, most: number): Promise<Uint8Array> {
  if (size > most) throw unsafe(`${path} has ${size} bytes, more than ${most}`)
  return file.read(offset, size)
}

async function readText(file: OpenFile, member: TarMember, most: number): Promise<string> {
  return Buffer.from(await readSmall(file, member, most)).toString('utf8')
}

/** Volumes by number; throws unless each is there once, and of one delta. */
function numberVolumes(volumes: readonly Volume[], { note: expected }: Volume): ReadonlyMap<number, Volume> {
  const numbered = new Map<number, Volume>()
  for (const volume of volumes) {
    const { note, file } = volume
    if (note === undefined || note.delta !== expected?.delta || note.of !== expected.of) throw foreign(volume)
    if (note.volume > note.of) throw unsafe(`it is volume ${note.volume} of ${note.of}`, file.path)
    const before = numbered.get(note.volume)
    if (before !== undefined) throw incomplete(`${before.file.path} and ${file.path} are both volume ${note.volume}`)
    numbered.set(note.volume, volume)
  }
  return numbered
}

function lacking(missing: readonly number[], of: number): Error {
  const more = missing.length > 10 ? ` and ${missing.length - 10} more` : ''
  return incomplete(`volume ${missing.slice(0, 10).join(', ')}${more} of ${of} is not there`, { missing })
}

function incomplete(what: string, details: Readonly<Record<string, unknown>> = {}): Error {
  return difftarError('DELTA_INCOMPLETE', `Cannot read the delta: ${what}`, { hint: 'Name all volumes of one delta, or a folder that has them. Nothing was changed.', details })
}

interface Keeping {
  readonly first: Volume
  /** Those that were given: they count, and not what was kept of them. */
  readonly numbered: ReadonlyMap<number, Volume>
  readonly files: OpenFile[]
}

/** Opens what was kept of a delta. What is not whole any more is as if it had not come. */
async function openKept(arrived: string | undefined, { first, numbered, files }: Keeping): Promise<ReadonlyMap<number, Volume>> {
  const kept = new Map<number, Volume>()
  if (arrived === undefined || first.note === undefined) return kept
  for (const { path, number } of listKept(join(arrived, first.note.delta))) {
    const file = numbered.has(number) ? undefined : await openFile(path)
    if (file === undefined) continue
    files.push(file)
    const volume = await readVolume(file).then((read) => shareManifest(read, first)).catch(() => undefined)
    if (volume?.note?.volume === number) kept.set(number, volume)
  }
  return kept
}

interface Describing extends Omit<Keeping, 'files'>, OpenTarOptions {
  readonly all: ReadonlyMap<number, Volume>
  readonly missing: readonly number[]
}

function describeVolumes({ numbered, all, missing, arrived, first }: Describing): SourceVolumes {
  const delta = first.note?.delta ?? ''
  return {
    of: all.size + missing.length, here: [...all.keys()].toSorted((left, right) => left - right), missing, bytes: [...numbered.values()].reduce((sum, { file }) => sum + file.size, 0),
    async keep(manifest, options) {
      if (arrived === undefined) throw new RangeError('There is no folder to keep volumes in')
      assertCounts(manifest, first.note?.of ?? 1)
      const progress = createProgress(options.observe)
      for (const [number, volume] of numbered) {
        assertNote(volume, first)
        await keepVolume(join(arrived, delta), { number, file: volume.file, signal: options.signal, check: (file) => verifyOne({ ...volume, file }, { manifest, number, progress, signal: options.signal }) })
      }
      progress.end()
    },
    forget: () => (arrived === undefined ? [] : forgetVolumes(arrived, delta)),
  }
}

/** Compares one volume with its part of the manifest. */
async function verifyOne(volume: Volume, { manifest, number, progress, signal }: Pick<VolumeVerification, 'progress' | 'signal'> & { readonly manifest: DeltaManifest; readonly number: number }): Promise<void> {
  const expected = placedEntries(manifest)
  for (const count of manifest.volumes.slice(0, number - 1)) for (let skipped = 0; skipped < count; skipped += 1) expected.next()
  await verifyVolume(volume, { expected, count: manifest.volumes[number - 1] ?? 0, places: new Map(), progress, signal })
}

interface Verification {
  readonly manifest: DeltaManifest
  /** Where what was found is noted. */
  readonly places: Map<string, Place>
  readonly options: VerifySourceOptions
}

async function verifyVolumes(volumes: readonly Volume[], { manifest, places, options }: Verification): Promise<void> {
  const counts = manifest.volumes.length === 0 ? [Number.POSITIVE_INFINITY] : manifest.volumes
  assertCounts(manifest, volumes.length)
  const expected = placedEntries(manifest)
  const progress = createProgress(options.observe)
  for (const [place, volume] of volumes.entries()) {
    assertNote(volume, volumes[0])
    await verifyVolume(volume, { expected, count: counts[place] ?? 0, places, progress, signal: options.signal })
  }
  const { value } = expected.next()
  if (value !== undefined) throw unsafe(`${value.path} is missing`)
  progress.end()
}

function assertCounts({ volumes }: DeltaManifest, count: number): void {
  const of = Math.max(volumes.length, 1)
  if (of !== count) throw incomplete(`there are ${count} volumes, and its manifest has ${of}`)
}

/** The note of a volume names the manifest that was read. */
function assertNote({ note, file }: Volume, first: Volume | undefined): void {
  if (note !== undefined && note.delta !== manifestSeal(Buffer.from(first?.manifest ?? []).toString('utf8'))) throw incomplete(`${file.path} is not a volume of this delta`)
}

interface VolumeVerification extends Pick<Verification, 'places'> {
  readonly expected: Iterator<PlacedEntry, void>
  readonly count: number
  readonly progress: ReturnType<typeof createProgress>
  readonly signal: AbortSignal | undefined
}

function nextExpected({ expected }: VolumeVerification, path: string, label: string): PlacedEntry {
  const entry = expected.next().value
  if (entry !== undefined && entry.path === path) return entry
  throw unsafe(`${JSON.stringify(path)} stands where the manifest has ${entry === undefined ? 'nothing' : JSON.stringify(entry.path)}`, label)
}

/** Every member must be the next one that the manifest names, byte for byte of its name. */
async function verifyVolume({ file, heads }: Volume, verification: VolumeVerification): Promise<void> {
  const { count, places, progress, signal } = verification
  let number = 0
  for await (const { path, size, offset } of readMembers(file)) {
    number += 1
    if (number <= heads) continue
    signal?.throwIfAborted()
    if (number - heads > count) throw unsafe(`${JSON.stringify(path)} is in it, and should not be`, file.path)
    const entry = nextExpected(verification, path, file.path)
    if (entry.size !== size) throw damaged(path, { label: file.path, what: `it has ${size} bytes instead of ${entry.size}` })
    await checkBytes(entry, file.pieces(offset, size), { label: file.path, signal })
    places.set(path, { file, offset, size })
    progress.advance(size)
  }
  if (Number.isFinite(count) && number - heads < count) throw unsafe(`it lacks ${count - number + heads} of its members`, file.path)
}
