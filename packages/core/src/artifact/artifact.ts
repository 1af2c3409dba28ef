import type { ArtifactName } from './artifact-name.ts'
import type { Digest } from '../digest.ts'
import type { SubdirName } from '../channel/subdir.ts'

/**
 * One artifact: a file of a subdir with known bytes. Its identity is all of `subdir`, `name` and `digest`, never the name
 * alone, because channels re-use names (`design.md` §10).
 */
export interface Artifact {
  readonly subdir: SubdirName
  readonly name: ArtifactName
  readonly digest: Digest
  /** Bytes. */
  readonly size: number
}
