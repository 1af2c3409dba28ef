import { existsSync, readdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isArtifactName, isMirrorError, splitArtifactName } from '@mirror/core'
import { describe, expect, test } from 'vitest'
import { type ArtifactInfo, readArtifactInfo } from '../../src/index.ts'

const root = resolve(process.env['MIRROR_TEST_DATA'] ?? resolve(import.meta.dirname, '../../../../../shared/data'))
const paths = existsSync(root) ? findArtifacts(root) : []

function findArtifacts(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && /\.(?:conda|tar\.bz2)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
}

async function infoOrFault(path: string): Promise<ArtifactInfo | string> {
  await using file = await open(path)
  try {
    return await readArtifactInfo(file, { format: path.endsWith('.conda') ? 'conda' : 'tar.bz2' })
  } catch (error) {
    if (isMirrorError(error, 'ARTIFACT_UNREADABLE')) return String(error.details['what'])
    throw error
  }
}

const fileOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

describe.skipIf(paths.length === 0)(`readArtifactInfo() of real artifacts${paths.length === 0 ? ' (skipped: no data)' : ''}`, () => {
  test('says what their names say, or that they are none', { timeout: 60_000 }, async () => {
    const faults: string[] = []
    for (const path of paths) {
      const info = await infoOrFault(path)
      if (typeof info === 'string') {
        faults.push(`${fileOf(path)}: ${info}`)
        continue
      }
      const name = fileOf(path)
      const parts = isArtifactName(name) ? splitArtifactName(name) : undefined
      // A copy under another name is part of the data.
      if (parts !== undefined && !name.includes('_copy')) expect(info.index).toMatchObject({ name: parts.name, version: parts.version })
    }
    expect(faults.toSorted()).toEqual([
      'a.tar.bz2: it has no info/index.json', 'another_bad_package.conda: it is no ZIP', 'b.tar.bz2: it has no info/index.json',
      'bad_package.tar.bz2: its bzip2 stream is damaged or cut short', 'repodata.tar.bz2: it has no info/index.json', 'repodata.tar.bz2: it has no info/index.json',
      'subfolder.tar.bz2: it has no info/index.json', 'subfolder2.tar.bz2: it has no info/index.json',
    ])
  })
})
