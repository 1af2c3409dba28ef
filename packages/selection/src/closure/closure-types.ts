import type { MatchSpec } from '@mirror/core'

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
  /** Seeds: kept with everything that some solution of them can need. */
  readonly specs: readonly MatchSpec[]
  /** Kept exactly, without their dependencies: a lock file names all of them. */
  readonly artifacts: readonly LockedArtifact[]
  /** By platform; of a platform that is left out, any version of any virtual package that fits it may be there. */
  readonly virtualPackages: ReadonlyMap<string, readonly VirtualPackage[]>
}
