import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildChannel, faults, serveChannel } from '@mirror/test-fixtures'
import { type Artifact, createDigest, parseArtifactName, parseChannelUrl, parseSubdirName } from '@mirror/core'
import { createRepositoryClient } from '@mirror/repository-client'
import type { StoreReader } from '@mirror/store'
import { test as base } from 'vitest'
import { spoolArtifact, type SpoolSources } from '../../src/upload/spool-artifact.ts'

const subdir = parseSubdirName('linux-64')

interface Fixtures {
  readonly folder: string
}

const test = base.extend<Fixtures>({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'mirror-spool-'))
    await use(folder)
    await rm(folder, { recursive: true, force: true })
  },
})

interface Setting extends AsyncDisposable {
  readonly artifact: Artifact
  readonly sources: SpoolSources
  readonly server: Awaited<ReturnType<typeof serveChannel>>
}

async function setUp(folder: string, size = 50_000): Promise<Setting> {
  const built = await buildChannel({ subdirs: { 'linux-64': [{ name: 'big', size }] } }, join(folder, 'up'))
  const server = await serveChannel(join(folder, 'up'), { mount: '/team/' })
  const client = createRepositoryClient({ channel: parseChannelUrl(server.url), retry: { base: 0 } })
  const [found] = built.artifacts
  if (found === undefined) throw new Error('nothing was built')
  await mkdir(join(folder, 'spool'), { recursive: true })
  return {
    server,
    artifact: { subdir, name: parseArtifactName('big-1.0-0.conda'), digest: createDigest('sha256', found.sha256), size: found.size },
    sources: { client, mirror: undefined, baseUrl: undefined, folder: join(folder, 'spool'), signal: new AbortController().signal },
    async [Symbol.asyncDispose]() {
      await client.close()
      await server.close()
    },
  }
}

const readerOf = (bytes: Uint8Array): Pick<StoreReader, 'openArtifact'> => ({
  openArtifact: async () => ({
    status: 'found', size: bytes.length,
    body: (async function* body() {
      yield bytes
    })(),
  }),
})

test('spoolArtifact() puts the bytes of upstream into a file, with both digests, and takes it away again', async ({ expect, folder }) => {
  await using setting = await setUp(folder)
  {
    await using spooled = await spoolArtifact(setting.artifact, setting.sources)
    const bytes = Buffer.alloc(setting.artifact.size)
    await spooled.file.read(bytes, 0, bytes.length, 0)
    expect(spooled).toMatchObject({ source: 'upstream', sha256: createHash('sha256').update(bytes).digest('hex'), md5: createHash('md5').update(bytes).digest('hex') })
    expect(await readdir(setting.sources.folder)).toHaveLength(1)
  }
  expect(await readdir(setting.sources.folder)).toEqual([])
})

test('spoolArtifact() takes what the mirror has, and upstream\'s where the mirror has other bytes, longer or shorter', async ({ expect, folder }) => {
  await using setting = await setUp(folder)
  await using fetched = await spoolArtifact(setting.artifact, setting.sources)
  const bytes = Buffer.alloc(setting.artifact.size)
  await fetched.file.read(bytes, 0, bytes.length, 0)
  setting.server.reset()
  for (const [given, source] of [[bytes, 'mirror'], [bytes.subarray(1), 'upstream'], [Buffer.concat([bytes, bytes]), 'upstream'], [Buffer.from(bytes).fill(7), 'upstream']] as const) {
    await using spooled = await spoolArtifact(setting.artifact, { ...setting.sources, mirror: readerOf(given) })
    expect(spooled.source).toBe(source)
    expect((await spooled.file.stat()).size).toBe(setting.artifact.size)
  }
})

test('spoolArtifact() asks once more past caches for wrong bytes, then refuses, and leaves no file', async ({ expect, folder }) => {
  await using setting = await setUp(folder)
  setting.server.misbehave({ path: /big/, times: 1, fault: faults.flipByte() })
  {
    await using spooled = await spoolArtifact(setting.artifact, setting.sources)
    expect(spooled.source).toBe('upstream')
  }
  setting.server.misbehave({ path: /big/, fault: faults.flipByte() })
  await expect(spoolArtifact(setting.artifact, setting.sources)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
  expect(await readdir(setting.sources.folder)).toEqual([])
})

test('spoolArtifact() says that the disk is full, and leaves no file', async ({ expect, folder, skip }) => {
  const small = join(folder, 'small')
  await mkdir(small)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small]).status !== 0) skip('a file system cannot be mounted here')
  try {
    await using setting = await setUp(folder, 3_000_000)
    await expect(spoolArtifact(setting.artifact, { ...setting.sources, folder: small })).rejects.toMatchObject({ code: 'SPOOL_NO_SPACE', hint: expect.stringContaining('Make room') })
    expect(await readdir(small)).toEqual([])
    await writeFile(join(small, 'room'), 'there is room again')
  } finally {
    spawnSync('umount', [small])
  }
})
