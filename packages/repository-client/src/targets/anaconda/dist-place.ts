import type { Artifact } from '@mirror/core'
import { artifactParts } from '../artifact-parts.ts'

/** Where one artifact is in the API of a v4 server. */
export interface DistPlace {
  readonly name: string
  readonly version: string
  /** `<subdir>/<file>`. */
  readonly basename: string
  /** URLs of the calls about it. */
  readonly packageUrl: string
  readonly releaseUrl: string
  readonly distUrl: string
  readonly stageUrl: string
  readonly commitUrl: string
}

/** The owner's part of a v4 API. */
export interface OwnerPlace {
  /** Root of the API, without a slash at the end. */
  readonly url: string
  readonly owner: string
}

/**
 * Where an artifact is: filed by its name and version, which are those of its file name. Written as the real client does, because servers tell the spellings apart: `+` and `!`
 * stay as they are everywhere but in the file name of `stage` and `commit`. Throws `TARGET_REFUSED` for a file name without these parts.
 */
export function distPlace({ url, owner }: OwnerPlace, artifact: Artifact): DistPlace {
  const { name, version } = artifactParts(artifact)
  const basename = `${artifact.subdir}/${artifact.name}`
  const release = `${encodeURIComponent(owner)}/${name}/${version}`
  return {
    name,
    version,
    basename,
    packageUrl: `${url}/package/${encodeURIComponent(owner)}/${name}`,
    releaseUrl: `${url}/release/${release}`,
    distUrl: `${url}/dist/${release}/${basename}`,
    stageUrl: `${url}/stage/${release}/${quote(basename)}`,
    commitUrl: `${url}/commit/${release}/${quote(basename)}`,
  }
}

/** Python's `urllib.parse.quote`: letters, digits, `_.-~` and `/` stay. */
function quote(text: string): string {
  return text.replace(/[^\w.~/-]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}
