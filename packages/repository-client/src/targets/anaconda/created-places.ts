import type { TargetApi } from '../api.ts'
import { isEmptyPackage, isEmptyRelease } from './read-answers.ts'
import type { DistPlace } from './dist-place.ts'

/** A package or a release of it. */
export type PlaceKind = 'package' | 'release'

/** One upload's stay in its package: from before it looks for the package until it has ended. */
export interface Stay {
  /** Whether it is known to be there, so that nobody has to ask. */
  readonly isKnown: (kind: PlaceKind) => boolean
  /** It is there. */
  readonly know: (kind: PlaceKind) => void
  /** We are about to make it; if the answer is lost, it may be there all the same. */
  readonly make: (kind: PlaceKind) => void
  /** Somebody else made it. */
  readonly yield: (kind: PlaceKind) => void
  /** A file of the release is there: neither it nor the package is empty. */
  readonly fill: () => void
  /** Ends the stay; the last one removes what all of them made and nobody filled. Never rejects. */
  readonly leave: () => Promise<void>
}

/** Packages and releases that this target made, or knows to be there. */
export interface CreatedPlaces {
  /** Begins a stay, after a clean-up of the same package. */
  readonly enter: (place: DistPlace) => Promise<Stay>
  /** A server collects what becomes empty: nothing is known of the package any more. */
  readonly forget: (name: string) => void
}

interface PackageState {
  stays: number
  cleaning: Promise<void>
  /** URLs of what is not filled yet → stays that made it, or may have. */
  readonly made: Map<string, Set<symbol>>
}

/** The clean-up after a failure may not hang when the server does. */
const CLEANING_TIME = 10_000

/**
 * Creates the memory of what a target made on the server. Uploads of one package at once share it: the package that one of them made is what the others upload into, so it may be
 * removed only when none of them is left.
 */
export function createCreatedPlaces(api: TargetApi): CreatedPlaces {
  const states = new Map<string, PackageState>()
  const known = new Map<string, Set<string>>()

  async function leave({ name, packageUrl }: DistPlace, state: PackageState): Promise<void> {
    state.stays -= 1
    if (state.stays > 0) return
    if (state.made.size > 0) {
      known.delete(name)
      state.cleaning = cleanUp(api, packageUrl, state)
      await state.cleaning
    }
    if (state.stays === 0) states.delete(name)
  }

  return {
    forget: (name) => void known.delete(name),
    async enter(place) {
      const state = states.get(place.name) ?? { stays: 0, cleaning: Promise.resolve(), made: new Map() }
      states.set(place.name, state)
      state.stays += 1
      await state.cleaning
      const urls = { package: place.packageUrl, release: place.releaseUrl }
      const self = Symbol('stay')
      return {
        isKnown: (kind) => known.get(place.name)?.has(urls[kind]) === true,
        know: (kind) => void known.set(place.name, (known.get(place.name) ?? new Set()).add(urls[kind])),
        make: (kind) => void state.made.set(urls[kind], (state.made.get(urls[kind]) ?? new Set()).add(self)),
        yield(kind) {
          const makers = state.made.get(urls[kind])
          makers?.delete(self)
          if (makers?.size === 0) state.made.delete(urls[kind])
        },
        fill() {
          for (const url of Object.values(urls)) state.made.delete(url)
        },
        leave: async () => await leave(place, state),
      }
    },
  }
}

/** As the real client does after a failure (anaconda-client commands/upload.py, `cleanup`): looks whether it is empty, and removes it then. */
async function cleanUp(api: TargetApi, packageUrl: string, { made }: PackageState): Promise<void> {
  const signal = AbortSignal.timeout(CLEANING_TIME)
  for (const url of made.keys()) if (url !== packageUrl) await removeEmpty(api, url, { isEmpty: isEmptyRelease, signal })
  if (made.has(packageUrl)) await removeEmpty(api, packageUrl, { isEmpty: isEmptyPackage, signal })
  made.clear()
}

interface RemoveEmptyOptions {
  readonly isEmpty: (json: unknown) => boolean
  readonly signal: AbortSignal
}

async function removeEmpty(api: TargetApi, url: string, { isEmpty, signal }: RemoveEmptyOptions): Promise<void> {
  const doing = 'remove what an upload left empty'
  try {
    const { status, json } = await api.send({ method: 'GET', url, doing }, { signal })
    if (status === 200 && isEmpty(json)) await api.send({ method: 'DELETE', url, doing }, { signal })
  } catch {
    // What failed is told; that something empty stays there harms nobody, and the next run uses it.
  }
}
