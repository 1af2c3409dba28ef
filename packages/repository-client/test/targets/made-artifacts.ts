import { mkdtemp, open, rm, writeFile, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Artifact, createDigest, isMd5, isSha256, type Md5, parseArtifactName, parseSubdirName, type Sha256 } from '@mirror/core'
import { buildArtifacts, type PackageDescription } from '@mirror/test-fixtures'

/** An artifact of which everything is known. */
export interface MadeArtifact {
  readonly artifact: Artifact
  readonly sha256: Sha256
  readonly md5: Md5
  readonly file: FileHandle
  /** `<subdir>/<file>`. */
  readonly path: string
}

/** Makes artifacts in a folder of their own. */
export interface ArtifactMaker {
  /** The same description gives the same artifact, made once. */
  readonly make: (description: PackageDescription, subdir?: string) => Promise<MadeArtifact>
  readonly close: () => Promise<void>
}

/** Creates a maker. */
export async function createArtifactMaker(): Promise<ArtifactMaker> {
  const folder = await mkdtemp(join(tmpdir(), 'target-artifacts-'))
  const made = new Map<string, Promise<MadeArtifact>>()

  async function build(description: PackageDescription, subdir: string, path: string): Promise<MadeArtifact> {
    const [built] = await buildArtifacts(subdir, description)
    if (built === undefined || !isSha256(built.sha256) || !isMd5(built.md5)) throw new TypeError('nothing was built')
    await writeFile(path, built.bytes)
    return {
      artifact: { subdir: parseSubdirName(subdir), name: parseArtifactName(built.fileName), size: built.size, digest: createDigest('sha256', built.sha256) },
      sha256: built.sha256, md5: built.md5, file: await open(path), path: `${subdir}/${built.fileName}`,
    }
  }

  return {
    async make(description, subdir = 'linux-64') {
      const key = JSON.stringify([description, subdir])
      const found = made.get(key) ?? build(description, subdir, join(folder, String(made.size)))
      made.set(key, found)
      return await found
    },
    async close() {
      for (const artifact of made.values()) await (await artifact).file.close()
      await rm(folder, { recursive: true })
    },
  }
}
