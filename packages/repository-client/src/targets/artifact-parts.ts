import { type Artifact, type ArtifactNameParts, splitArtifactName } from '@mirror/core'
import { readError } from '../failure.ts'

/** Name, version and build of an artifact's file name. Throws `TARGET_REFUSED` for one that has none: APIs that file artifacts by them cannot take it. */
export function artifactParts({ subdir, name }: Artifact): ArtifactNameParts {
  const parts = splitArtifactName(name)
  if (parts !== undefined) return parts
  throw readError('TARGET_REFUSED', `Cannot upload ${subdir}/${name}: its name is not <name>-<version>-<build>`, { hint: 'Leave it out by the configuration: this kind of server files artifacts by these three.' })
}
