import { type ArtifactName, isArtifactName, splitArtifactName } from '@mirror/core'
import type { LockedArtifact } from './closure-types.ts'
import type { Shelf } from './shelf.ts'

/** Where the artifacts of lock files are. */
export interface FoundLocked {
  readonly rows: readonly { readonly shelf: Shelf; readonly row: number }[]
  /** What cannot be had, and why, as sentences. */
  readonly missing: readonly string[]
  /** Those of subdirs that are not mirrored, by subdir. */
  readonly elsewhere: ReadonlyMap<string, number>
}

/** Finds artifacts by subdir and name. A digest is compared where both sides have one of the kind: sha256, else md5. */
export function findLocked(artifacts: readonly LockedArtifact[], shelves: readonly Shelf[]): FoundLocked {
  const own = new Map(shelves.filter(({ isOwn }) => isOwn).map((shelf) => [shelf.subdir.toString(), createFinder(shelf)]))
  const rows: { shelf: Shelf; row: number }[] = []
  const missing: string[] = []
  const elsewhere = new Map<string, number>()
  for (const artifact of artifacts) {
    const finder = own.get(artifact.subdir)
    if (finder === undefined) {
      elsewhere.set(artifact.subdir, (elsewhere.get(artifact.subdir) ?? 0) + 1)
      continue
    }
    const found = finder.find(artifact.name)
    const fault = findFault(artifact, finder.shelf, found)
    if (fault === undefined) rows.push(...found.map((row) => ({ shelf: finder.shelf, row })))
    else if (artifact.isOptional !== true) missing.push(`${artifact.subdir}/${artifact.name}: ${fault}`)
  }
  return { rows, missing, elsewhere }
}

function findFault({ sha256, md5 }: LockedArtifact, { rows, isThere }: Shelf, found: readonly number[]): string | undefined {
  if (found.length === 0) return 'the channel does not have it'
  for (const row of found) {
    if (!isThere(row)) return 'the rules before left it out'
    const record = rows.recordAt(row)
    const kind = sha256 !== undefined && typeof record['sha256'] === 'string' ? 'sha256' : 'md5'
    const wanted = kind === 'sha256' ? sha256 : md5
    const present = record[kind]
    if (wanted === undefined || typeof present !== 'string' || present.toLowerCase() === wanted) continue
    return `the channel has it with the ${kind} ${JSON.stringify(present.slice(0, 64))}, the lock file with ${wanted}`
  }
  return undefined
}

interface Finder {
  readonly shelf: Shelf
  readonly find: (name: string) => readonly number[]
}

/** Looks among the records of the name that the file name begins with; what is not there, by going through all keys, once. */
function createFinder(shelf: Shelf): Finder {
  const { rows } = shelf
  let all: ReadonlyMap<string, readonly number[]> | undefined
  return {
    shelf,
    find: (name) => {
      const found = isArtifactName(name) ? findByName(shelf, name) : []
      if (found.length > 0) return found
      all ??= Map.groupBy(Array.from({ length: rows.count }, (_, row) => row), (row) => rows.keyAt(row))
      return all.get(name) ?? []
    },
  }
}

function findByName({ rows, spellingsOf }: Shelf, name: ArtifactName): readonly number[] {
  const parts = splitArtifactName(name)
  if (parts === undefined) return []
  return spellingsOf(parts.name.toLowerCase()).flatMap((spelling) => Array.from(rows.rowsNamed(spelling)).filter((row) => rows.keyAt(row) === name))
}
