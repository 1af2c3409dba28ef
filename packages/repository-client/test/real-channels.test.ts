import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Artifact, isMirrorError, isSubdirName, parseChannelUrl, type SubdirName } from '@mirror/core'
import { serveChannel } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import type { FetchedIndex, RepositoryClient } from '../src/index.ts'
import { observe, readAll, test } from './upstream.ts'

const root = join(process.env['MIRROR_TEST_DATA'] ?? resolve(import.meta.dirname, '../../../../shared/data'), 'channels')
const channels = existsSync(root) ? findChannels(root) : []

/** Folders that have a subdir with an index. */
function findChannels(folder: string): readonly string[] {
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const isChannel = folders.some((name) => isSubdirName(name) && existsSync(join(folder, name, 'repodata.json')))
  return isChannel ? [folder] : folders.flatMap((name) => findChannels(join(folder, name)))
}

/** The index, or the code or status instead of it. */
async function outcomeOf(client: RepositoryClient, subdir: SubdirName): Promise<FetchedIndex | string> {
  try {
    const result = await client.fetchIndex(subdir)
    return result.status === 'fetched' ? result.index : result.status
  } catch (error) {
    if (isMirrorError(error)) return error.code
    throw error
  }
}

async function bytesOrCode(client: RepositoryClient, artifact: Artifact): Promise<Buffer | string> {
  try {
    return await readAll(await client.fetchArtifact(artifact))
  } catch (error) {
    if (isMirrorError(error)) return error.code
    throw error
  }
}

describe.skipIf(channels.length === 0)(`real channels${channels.length === 0 ? ' (skipped: no data)' : ''}`, () => {
  for (const folder of channels) {
    test(`${folder.slice(root.length + 1)}: indexes and artifacts are the same over HTTP, from disk, and as they lie there`, async ({ expect }) => {
      await using server = await serveChannel(folder)
      const http = observe({ channel: parseChannelUrl(server.url, { folder: 'x' }) }).client
      const disk = observe({ channel: parseChannelUrl(folder, { folder: 'x' }) }).client
      let looked = 0
      for (const subdir of readdirSync(folder).filter(isSubdirName)) {
        const [one, two] = [await outcomeOf(http, subdir), await outcomeOf(disk, subdir)]
        looked += 1
        if (typeof one === 'string' || typeof two === 'string') {
          expect(one).toBe(two)
          continue
        }
        expect([one.sha256, one.table.rows]).toEqual([two.sha256, two.table.rows])
        expect(one.sha256).toBe(createHash('sha256').update(readFileSync(join(folder, subdir, 'repodata.json'))).digest('hex'))
        for (const artifact of one.table.artifacts()) {
          if (!existsSync(join(folder, subdir, artifact.name)) || readFileSync(join(folder, subdir, artifact.name)).length !== artifact.size) continue
          const [same, other] = [await bytesOrCode(http, artifact), await bytesOrCode(disk, artifact)]
          expect(same).toEqual(other)
        }
      }
      expect(looked).toBeGreaterThan(0)
      await http.close()
    })
  }
})
