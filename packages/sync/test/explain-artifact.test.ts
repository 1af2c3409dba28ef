import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseChannelUrl, parseSubdirName } from '@mirror/core'
import { createRepositoryClient } from '@mirror/repository-client'
import type { Selection } from '@mirror/selection'
import { describe } from 'vitest'
import { explainArtifact, type Explanation } from '../src/index.ts'
import { test, type World } from './world.ts'

async function explain(world: World, artifact: string, selection?: Selection): Promise<Explanation> {
  const channel = parseChannelUrl(world.server.url, { folder: 'channel' })
  const spoolFolder = await mkdtemp(join(tmpdir(), 'explain-'))
  const client = createRepositoryClient({ channel, spoolFolder })
  try {
    const subdirs = [{ subdir: parseSubdirName('linux-64'), required: true }]
    return await explainArtifact(artifact, { channel, client, subdirs, ...(selection === undefined ? {} : { selection }) })
  } finally {
    await client.close()
    await rm(spoolFolder, { recursive: true, force: true })
  }
}

describe('explainArtifact()', () => {
  test('names the rule that left an artifact out, and who depends on it', async ({ expect, world }) => {
    const { records } = await explain(world, 'beta-1.0-0.conda', { blacklist: ['beta'] })
    expect(records).toMatchObject([{
      subdir: 'noarch', isKept: false, rule: 'blacklist', record: { name: 'beta' },
      dependents: [{ subdir: 'linux-64', artifact: 'gamma-1.0-0.conda', spec: 'beta >=1', isKept: true }],
    }])
  })

  test('says that nothing decided, where nothing did', async ({ expect, world }) => {
    expect((await explain(world, 'linux-64/gamma-1.0-0.conda')).records).toMatchObject([{ isKept: true, rule: undefined, dependents: [] }])
  })

  test('has no record of what upstream does not list, or not there', async ({ expect, world }) => {
    expect((await explain(world, 'nobody-1.0-0.conda')).records).toEqual([])
    expect((await explain(world, 'noarch/gamma-1.0-0.conda')).records).toEqual([])
  })
})
