import type { MatchSpec, SubdirName } from '@mirror/core'

/** An artifact that a lock file names, by as much as it says. */
export interface LockedArtifact {
  readonly subdir: string
  /** The file name. */
  readonly name: string
  /** Lower-case hex. */
  readonly sha256?: string | undefined
  readonly md5?: string | undefined
  /** The URL as the file has it, without secrets. */
  readonly url: string
  /** Nothing says whose it is: it is kept where it is found, and missing nowhere. */
  readonly isOptional?: boolean | undefined
}

/** A virtual package (CEP 30) that may be there on the machines that install. */
export interface VirtualPackage {
  /** `__glibc` and the like. */
  readonly name: string
  readonly version: string
  readonly build: string
}

/** What must be installable from the mirror alone. */
export interface ClosureChoice {
  /** Seeds, each for itself: whatever a solver may pick for any of them, alone or with others of them, is kept. */
  readonly specs: readonly MatchSpec[]
  /**
   * Sets of seeds that are always installed together, such as an environment file: only what can stand beside all of its set is kept. A set of `python 3.11.*` and
   * `numpy` keeps no numpy for another Python, where the two as `specs` keep numpy for all of them.
   */
  readonly environments?: readonly (readonly MatchSpec[])[] | undefined
  /** Kept exactly, without their dependencies: a lock file names all of them. */
  readonly artifacts: readonly LockedArtifact[]
  /** By platform; of a platform that is left out, any version of any virtual package that fits it may be there. */
  readonly virtualPackages: ReadonlyMap<string, readonly VirtualPackage[]>
  /** What nothing here can meet is had from channels that are not mirrored here, so it makes no record useless. Default false. */
  readonly elsewhere?: boolean | undefined
  /** Keep what is reached and in no solution too, so that a solver takes the very same steps as in the whole channel. Larger. Default false. */
  readonly exact?: boolean | undefined
}

/** What a closure keeps. */
export interface Closure {
  /** For each subdir of the rows: non-zero for the rows that are kept. */
  readonly keep: ReadonlyMap<SubdirName, Uint8Array>
  /** Odd, and not in the way: a seed that one platform cannot have, a lock for a platform that is not mirrored. Sentences for people. */
  readonly notes: readonly string[]
}
