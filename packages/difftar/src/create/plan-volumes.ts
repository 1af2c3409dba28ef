import { type DeltaManifest, formatManifest, manifestSeal } from '@mirror/delta'
import { difftarError } from '../difftar-error.ts'
import { formatVolumeNote, VOLUME_PATH } from '../medium/volume-note.ts'
import { memberBytes } from '../tar/tar-header.ts'
import { endBytes } from './write-tar.ts'
import type { PlannedDelta, SourcedEntry } from './plan-delta.ts'

/** The small members before the entries. */
export interface HeadMember {
  readonly path: string
  readonly bytes: Uint8Array
}

/** Makes the first members of the tarball from the manifest as it stands: the manifest, and its signature if it is signed. */
export type CreateHeads = (manifest: DeltaManifest) => readonly HeadMember[]

/** What goes into one file. */
export interface PlannedVolume {
  readonly heads: readonly HeadMember[]
  readonly entries: readonly SourcedEntry[]
}

/** A delta as it will be written: one volume where it is not split. */
export interface PlannedVolumes {
  readonly manifest: DeltaManifest
  readonly volumes: readonly PlannedVolume[]
}

const ROUNDS = 20

/**
 * Distributes entries over volumes of at most so many bytes, in order. How many there are stands in the manifest, and the manifest in each volume, which can be verified alone so; it is done until both agree. Throws
 * `DELTA_VOLUME_TOO_SMALL` for an entry that is larger than a volume: entries are not cut, so that each volume can be unpacked alone.
 */
export function planVolumes({ manifest, entries }: PlannedDelta, { limit, heads }: { readonly limit: number | undefined; readonly heads: CreateHeads }): PlannedVolumes {
  if (limit === undefined) return { manifest, volumes: [{ heads: heads(manifest), entries }] }
  let counts: readonly number[] = [entries.length]
  for (let round = 0; round < ROUNDS; round += 1) {
    const planned: DeltaManifest = { ...manifest, volumes: counts }
    const shared = heads(planned)
    const groups = distribute(entries, { limit, start: sizeOf([noteOf(planned, counts.length, counts.length), ...shared]) })
    const next = groups.map((group) => group.length)
    if (next.join() === counts.join()) {
      return {
        manifest: planned,
        volumes: groups.map((group, place) => ({ entries: group, heads: [noteOf(planned, place + 1, groups.length), ...shared] })),
      }
    }
    counts = next
  }
  throw tooSmall(limit, 'the manifest')
}

function noteOf(manifest: DeltaManifest, volume: number, of: number): HeadMember {
  return { path: VOLUME_PATH, bytes: Buffer.from(formatVolumeNote({ delta: manifestSeal(formatManifest(manifest)), volume, of })) }
}

function sizeOf(members: readonly HeadMember[]): number {
  return members.reduce((sum, { path, bytes }) => sum + memberBytes({ path, size: bytes.length }), 0)
}

function distribute(entries: readonly SourcedEntry[], { limit, start }: { readonly limit: number; readonly start: number }): readonly (readonly SourcedEntry[])[] {
  const groups: SourcedEntry[][] = [[]]
  let length = start
  if (length + endBytes(length) > limit) throw tooSmall(limit, 'the manifest')
  for (const entry of entries) {
    const bytes = memberBytes({ path: entry.place, size: entry.size })
    if (length + bytes + endBytes(length + bytes) > limit) {
      groups.push([])
      length = start
      if (length + bytes + endBytes(length + bytes) > limit) throw tooSmall(limit, entry.place)
    }
    groups.at(-1)?.push(entry)
    length += bytes
  }
  return groups
}

function tooSmall(limit: number, what: string): Error {
  return difftarError('DELTA_VOLUME_TOO_SMALL', `Cannot split the delta into volumes of ${limit} bytes: ${what} does not fit into one`, { hint: 'Choose larger volumes. Nothing was written.', details: { limit, path: what } })
}
