import { type DeltaManifest, MANIFEST_PATH, manifestSeal, MAXIMUM_MANIFEST_BYTES, SIGNATURE_PATH } from '@mirror/delta'
import { difftarError } from '../difftar-error.ts'
import { type OpenFile, openFile } from '../files/open-file.ts'
import { readMembers, type TarMember } from '../tar/read-members.ts'
import { unsafe } from '../tar/tar-header.ts'
import { checkBytes, createProgress, damaged, placedEntries } from './check-bytes.ts'
import type { DeltaSource, PlacedEntry, VerifySourceOptions } from './delta-source.ts'
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

/** Opens a tarball, or all volumes of one in any order. Undefined for a tarball without members: a delta in which nothing changed. */
export async function openTarSource(paths: readonly string[]): Promise<DeltaSource | undefined> {
  const files: OpenFile[] = []
  const close = async (): Promise<void> => {
    for (const file of files) await file.close()
  }
  try {
    const source = await openVolumes(paths, { files, close })
    if (source === undefined) await close()
    return source
  } catch (error) {
    await close()
    throw error
  }
}

async function openVolumes(paths: readonly string[], { files, close }: { readonly files: OpenFile[]; readonly close: () => Promise<void> }): Promise<DeltaSource | undefined> {
  const volumes: Volume[] = []
  for (const path of paths) {
    const file = await openFile(path, { follow: true })
    if (file === undefined) throw difftarError('DELTA_NOT_FOUND', `Cannot read ${path}: there is no such file`, { hint: 'Name the tarball, all of its volumes, or a delta directory.' })
    files.push(file)
    volumes.push(await readVolume(file))
  }
  if (volumes.length === 1 && volumes[0]?.heads === 0) return undefined
  const ordered = orderVolumes(volumes)
  const first = ordered[0]
  if (first?.manifest === undefined) throw noManifest(paths.join(', '))
  const places = new Map<string, Place>()
  const label = paths.length === 1 ? paths[0] ?? '' : `${first.file.path} and ${paths.length - 1} more volumes`
  return {
    label, manifestBytes: first.manifest, signature: first.signature,
    verify: (manifest, options) => verifyVolumes(ordered, { manifest, places, options }),
    async *open(path) {
      const place = places.get(path)
      if (place === undefined) throw new RangeError(`${path} was not verified`)
      yield* place.file.pieces(place.offset, place.size)
    },
    [Symbol.asyncDispose]: close,
  }
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
  if (compressed !== undefined) throw unsafe(`${file.path} is compressed with ${compressed[1]}, and a delta never is`)
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

/** Puts volumes in order; throws unless each is there, once, and of one delta. */
function orderVolumes(volumes: readonly Volume[]): readonly Volume[] {
  const [first] = volumes
  if (first === undefined || (volumes.length === 1 && first.note === undefined)) return volumes
  const note = (volumes.find(({ manifest }) => manifest !== undefined) ?? first).note
  const numbered = numberVolumes(volumes, note)
  const of = note?.of ?? 0
  const missing = Array.from({ length: of }, (_, place) => place + 1).filter((number) => !numbered.has(number))
  if (missing.length > 0) throw incomplete(`volume ${missing.slice(0, 10).join(', ')} of ${of} is not there`)
  if (volumes.length !== of) throw incomplete(`there are ${volumes.length} volumes, and it has ${of}`)
  return [...numbered].toSorted(([left], [right]) => left - right).map(([, volume]) => volume)
}

function numberVolumes(volumes: readonly Volume[], expected: VolumeNote | undefined): ReadonlyMap<number, Volume> {
  const numbered = new Map<number, Volume>()
  for (const volume of volumes) {
    const { note, file } = volume
    if (note === undefined || note.delta !== expected?.delta) throw incomplete(`${file.path} is not a volume of the same delta`)
    const before = numbered.get(note.volume)
    if (before !== undefined) throw incomplete(`${before.file.path} and ${file.path} are both volume ${note.volume}`)
    numbered.set(note.volume, volume)
  }
  return numbered
}

function incomplete(what: string): Error {
  return difftarError('DELTA_INCOMPLETE', `Cannot read the delta: ${what}`, { hint: 'Name all volumes of one delta, or a folder that has them. Nothing was changed.' })
}

interface Verification {
  readonly manifest: DeltaManifest
  /** Where what was found is noted. */
  readonly places: Map<string, Place>
  readonly options: VerifySourceOptions
}

async function verifyVolumes(volumes: readonly Volume[], { manifest, places, options }: Verification): Promise<void> {
  const counts = manifest.volumes.length === 0 ? [Number.POSITIVE_INFINITY] : manifest.volumes
  if (counts.length !== volumes.length) throw incomplete(`there are ${volumes.length} volumes, and its manifest has ${counts.length}`)
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

function nextExpected(expected: Iterator<PlacedEntry, void>, path: string): PlacedEntry {
  const entry = expected.next().value
  if (entry !== undefined && entry.path === path) return entry
  throw unsafe(`${JSON.stringify(path)} stands where the manifest has ${entry === undefined ? 'nothing' : JSON.stringify(entry.path)}`)
}

/** Every member must be the next one that the manifest names, byte for byte of its name. */
async function verifyVolume({ file, heads }: Volume, { expected, count, places, progress, signal }: VolumeVerification): Promise<void> {
  let number = 0
  for await (const { path, size, offset } of readMembers(file)) {
    number += 1
    if (number <= heads) continue
    signal?.throwIfAborted()
    if (number - heads > count) throw unsafe(`${JSON.stringify(path)} is in ${file.path}, and should not be`)
    const entry = nextExpected(expected, path)
    if (entry.size !== size) throw damaged(path, { label: file.path, what: `it has ${size} bytes instead of ${entry.size}` })
    await checkBytes(entry, file.pieces(offset, size), { label: file.path, signal })
    places.set(path, { file, offset, size })
    progress.advance(size)
  }
  if (Number.isFinite(count) && number - heads < count) throw unsafe(`${file.path} lacks ${count - number + heads} of its members`)
}
