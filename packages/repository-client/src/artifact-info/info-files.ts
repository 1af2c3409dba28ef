import { BrokenArtifact } from './broken-artifact.ts'
import type { TarEntry, TarVisitor } from './tar-walk.ts'

/** What was found of the files that are read. */
export interface InfoFiles extends TarVisitor {
  /** By their paths, `info/…`. */
  readonly found: ReadonlyMap<string, Buffer>
  readonly hasPrefix: () => boolean
}

/** Where everything that an artifact says of itself is. */
const FOLDER = 'info/'
const INDEX = 'info/index.json'
/** The files that are read, and how large they may be. */
const LIMITS: ReadonlyMap<string, number> = new Map([[INDEX, 4_194_304], ['info/about.json', 16_777_216], ['info/recipe.json', 16_777_216]])
const ICON = /^info\/[^/]+\.png$/
const LARGEST_ICON = 1_048_576
const ICON_ROOM = 8_388_608

/**
 * Gathers what is read of the members of an artifact. Builders write everything of `info/` in one block, mostly the first (conda-build since 2016, rattler-build, conda-package-handling); so where index.json was in it,
 * nothing is read after the first member that is elsewhere.
 */
export function createInfoFiles(): InfoFiles {
  const found = new Map<string, Buffer>()
  const seen = new Set<string>()
  let iconRoom = ICON_ROOM

  function enterIcon({ type, size }: TarEntry): 'keep' | 'pass' {
    if (type !== 'file' || size > LARGEST_ICON || size > iconRoom) return 'pass'
    iconRoom -= size
    return 'keep'
  }

  return {
    found,
    hasPrefix: () => seen.has('info/has_prefix'),
    enter(entry) {
      const path = plain(entry.path)
      if (path !== 'info' && !path.startsWith(FOLDER)) return seen.has(INDEX) ? 'stop' : 'pass'
      const limit = LIMITS.get(path)
      if (limit === undefined) {
        if (path === 'info/has_prefix') seen.add(path)
        return ICON.test(path) ? enterIcon(entry) : 'pass'
      }
      if (seen.has(path)) throw new BrokenArtifact(`it has ${path} twice`)
      if (entry.type !== 'file') throw new BrokenArtifact(`${path} is no plain file`)
      if (entry.size > limit) throw new BrokenArtifact(`${path} has ${entry.size} bytes, more than ${limit}`)
      seen.add(path)
      return 'keep'
    },
    take(path, bytes) {
      found.set(plain(path), bytes)
    },
  }
}

/** Some tools begin every path with `./`. */
function plain(path: string): string {
  return path.startsWith('./') ? path.slice(2) : path
}
