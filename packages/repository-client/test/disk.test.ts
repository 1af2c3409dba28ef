import { copyFile, mkdir, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseChannelUrl } from '@mirror/core'
import { describe } from 'vitest'
import { artifactOf, bytesOf, failureOf, LARGE_NAME, observe, readAll, SMALL_NAME, SUBDIR, test } from './upstream.ts'

const NAMES = [SMALL_NAME, LARGE_NAME]

describe('fetchArtifact() from disk', () => {
  test('gives the same as over HTTP, also from an offset', async ({ expect, channel }) => {
    const { client } = observe({ channel: parseChannelUrl(channel.folder, { folder: 'x' }) })
    for (const name of NAMES) {
      const artifact = artifactOf(channel, name)
      const bytes = await bytesOf(channel, artifact)
      const fetched = await client.fetchArtifact(artifact)
      expect([fetched.size, fetched.offset, fetched.bytes]).toEqual([artifact.size, 0, name === SMALL_NAME ? bytes : undefined])
      expect(await readAll(fetched)).toEqual(bytes)
      const rest = await client.fetchArtifact(artifact, { offset: 1000 })
      expect([rest.offset, await readAll(rest)]).toEqual([1000, bytes.subarray(1000)])
    }
  })

  test('verifies, unless the caller does', async ({ expect, channel }) => {
    const { client } = observe({ channel: parseChannelUrl(channel.folder, { folder: 'x' }) })
    for (const name of NAMES) {
      const artifact = { ...artifactOf(channel, name), digest: artifactOf(channel, 'plus-1!2.0+local-0.conda').digest }
      expect((await failureOf((async () => readAll(await client.fetchArtifact(artifact)))())).code).toBe('DIGEST_MISMATCH')
      expect((await readAll(await client.fetchArtifact(artifact, { verify: false }))).length).toBe(artifact.size)
    }
  })

  test('refuses another size, a missing file, links that lead out and folders', async ({ expect, channel, folder }) => {
    await mkdir(join(folder, SUBDIR))
    const { client } = observe({ channel: parseChannelUrl(folder, { folder: 'x' }) })
    const artifact = artifactOf(channel, SMALL_NAME)
    const path = join(folder, SUBDIR, SMALL_NAME)
    expect((await failureOf(client.fetchArtifact(artifact))).code).toBe('ARTIFACT_MISSING')
    await copyFile(join(channel.folder, SUBDIR, SMALL_NAME), path)
    await truncate(path, 10)
    expect((await failureOf(client.fetchArtifact(artifact))).code).toBe('SIZE_MISMATCH')
    const large = artifactOf(channel, LARGE_NAME)
    await symlink(join(channel.folder, SUBDIR, LARGE_NAME), join(folder, SUBDIR, LARGE_NAME))
    expect((await failureOf(client.fetchArtifact(large))).code).toBe('FILE_REFUSED')
    await mkdir(join(folder, SUBDIR, 'plus-1!2.0+local-0.conda'))
    expect((await failureOf(client.fetchArtifact(artifactOf(channel, 'plus-1!2.0+local-0.conda')))).code).toBe('FILE_REFUSED')
  })

  test('follows info.base_url below the channel only', async ({ expect, channel, folder }) => {
    await mkdir(join(folder, SUBDIR))
    await mkdir(join(folder, 'else where'))
    await copyFile(join(channel.folder, SUBDIR, SMALL_NAME), join(folder, 'else where', SMALL_NAME))
    const { client } = observe({ channel: parseChannelUrl(folder, { folder: 'x' }) })
    const artifact = artifactOf(channel, SMALL_NAME)
    expect((await client.fetchArtifact(artifact, { baseUrl: '../else%20where/' })).bytes?.length).toBe(artifact.size)
    for (const baseUrl of ['https://example.org/', '../../', 'file:///etc/']) expect((await failureOf(client.fetchArtifact(artifact, { baseUrl }))).code).toBe('REDIRECT_REFUSED')
  })

  test('stops with the reason of the signal', async ({ expect, channel }) => {
    const { client } = observe({ channel: parseChannelUrl(channel.folder, { folder: 'x' }) })
    const controller = new AbortController()
    const fetched = await client.fetchArtifact(artifactOf(channel, LARGE_NAME), { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(readAll(fetched)).rejects.toThrow('enough')
  })
})

describe('fetchFile()', () => {
  test('gives a whole file or undefined, over HTTP and from disk', async ({ expect, folder, channel, open }) => {
    const disk = observe({ channel: parseChannelUrl(channel.folder, { folder: 'x' }) })
    for (const { client } of [open(), disk]) {
      expect((await client.fetchFile(`${SUBDIR}/repodata.json.bz2`))?.subarray(0, 3).toString()).toBe('BZh')
      expect(await client.fetchFile('notices.json')).toBeUndefined()
      expect((await failureOf(client.fetchFile(`${SUBDIR}/repodata.json`, { maximumBytes: 10 }))).code).toBe('BODY_TOO_LARGE')
      for (const path of ['../x', '/etc/passwd', '.git/config', 'a//b', '']) expect(await failureOf(client.fetchFile(path))).toBeInstanceOf(RangeError)
    }
    await writeFile(join(folder, 'notices.json'), '')
    expect((await observe({ channel: parseChannelUrl(folder, { folder: 'x' }) }).client.fetchFile('notices.json'))?.length).toBe(0)
  })
})
