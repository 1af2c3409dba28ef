import { createHash } from 'node:crypto'
import { mkdtemp, open, rm, writeFile, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { createDigest, isMd5, isSha256, parseArtifactName, parseSubdirName } from '@mirror/core'
import type { MadeArtifact } from './made-artifacts.ts'

/** An artifact without a byte. */
export async function emptyArtifact(): Promise<AsyncDisposable & { readonly made: MadeArtifact }> {
  const folder = await mkdtemp(join(tmpdir(), 'target-empty-'))
  await writeFile(join(folder, 'empty'), '')
  const file = await open(join(folder, 'empty'))
  const [sha256, md5] = [createHash('sha256').digest('hex'), createHash('md5').digest('hex')]
  if (!isSha256(sha256) || !isMd5(md5)) throw new TypeError('no digests')
  const name = parseArtifactName('empty-1.0-0.conda')
  return {
    made: { artifact: { subdir: parseSubdirName('linux-64'), name, size: 0, digest: createDigest('sha256', sha256) }, sha256, md5, file, path: `linux-64/${name}` },
    async [Symbol.asyncDispose]() {
      await file.close()
      await rm(folder, { recursive: true })
    },
  }
}

/** A file that counts how many of its bytes were read. */
export function countReads(file: FileHandle): { readonly file: FileHandle; readonly bytesRead: () => number } {
  let bytes = 0
  const read = async (...args: [Buffer, { position: number }]): Promise<unknown> => {
    const result = await file.read(...args)
    bytes += result.bytesRead
    return result
  }
  const counting = new Proxy(file, {
    get(target, key) {
      if (key === 'read') return read
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) as unknown : value
    },
  })
  return { file: counting, bytesRead: () => bytes }
}

const TURNS = 5000

/** Lets everything run that can, until the count stays. */
export async function untilSteady(count: () => number): Promise<void> {
  let last = count()
  for (let turns = 0; turns < TURNS; turns += 1) {
    await turn()
    if (count() !== last) turns = 0
    last = count()
  }
}
