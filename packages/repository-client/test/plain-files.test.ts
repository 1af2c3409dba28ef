import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDigest, parseChannelUrl } from '@mirror/core'
import { buildInstallers, faults } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import type { BuiltInstaller } from '@mirror/test-fixtures'
import { serveChannel } from '@mirror/test-fixtures'
import { createRepositoryClient, type PlainFile, type RepositoryClient } from '../src/index.ts'
import { failureOf, observe, readAll, test } from './upstream.ts'

const NAME = 'Anaconda3-2024.10-1-Linux-x86_64.sh'

function fileOf({ path, bytes, sha256 }: BuiltInstaller): PlainFile {
  return { path, size: bytes.length, digest: createDigest('sha256', sha256) }
}

async function build(folder: string): Promise<BuiltInstaller> {
  const [built] = await buildInstallers({ archive: [{ name: NAME, size: 1_000_000 }] }, folder)
  if (built === undefined) throw new Error('nothing was built')
  return built
}

/** Over HTTP and on disk. */
async function both(folder: string, use: (client: RepositoryClient) => Promise<void>): Promise<void> {
  await using server = await serveChannel(folder)
  for (const location of [server.url, folder]) {
    await using client = createRepositoryClient({ channel: parseChannelUrl(location, { folder: 'x' }), retry: { tries: 1 } })
    await use(client)
  }
}

describe('fetchPage()', () => {
  test('fetches the page of a folder, and tells that it is the same', async ({ expect, folder }) => {
    await build(folder)
    await both(folder, async (client) => {
      const page = await client.fetchPage('archive')
      if (page.status !== 'fetched') throw new Error(page.status)
      expect(page.bytes.toString()).toContain(`<a href="${NAME}">`)
      expect(await client.fetchPage('archive', { validators: page.validators })).toEqual({ status: 'not-modified' })
      await writeFile(join(folder, 'archive/index.html'), page.bytes)
      expect((await client.fetchPage('archive', { validators: { etag: '"another"' } })).status).toBe('fetched')
      expect(await client.fetchPage('miniconda')).toEqual({ status: 'absent' })
      expect((await failureOf(client.fetchPage('archive', { maximumBytes: 10 }))).code).toBe('BODY_TOO_LARGE')
      for (const path of ['../x', '/etc', 'a//b', '']) expect(await failureOf(client.fetchPage(path))).toBeInstanceOf(RangeError)
    })
  })

  test('throws for an answer that is no page', async ({ expect, folder, upstream, open }) => {
    await build(folder)
    const { client } = open({ retry: { tries: 1 } })
    for (const [status, code] of [[403, 'CHANNEL_FORBIDDEN'], [400, 'ANSWER_REFUSED'], [503, 'CHANNEL_UNREACHABLE'], [304, 'ANSWER_REFUSED']] as const) {
      upstream.reset()
      upstream.misbehave({ fault: faults.status(status) })
      expect((await failureOf(client.fetchPage('archive'))).code).toBe(code)
    }
  })
})

describe('fetchSize()', () => {
  test('asks for the size alone, and for the file where a server knows no HEAD', async ({ expect, folder }) => {
    const built = await build(folder)
    await both(folder, async (client) => {
      expect(await client.fetchSize(built.path)).toBe(1_000_000)
      expect((await failureOf(client.fetchSize('archive/none.sh'))).code).toBe('ARTIFACT_MISSING')
    })
    await using server = await serveChannel(folder)
    const { client } = observe({ channel: parseChannelUrl(server.url, { folder: 'x' }) })
    expect(await client.fetchSize(built.path)).toBe(1_000_000)
    expect(server.requests.map(({ method }) => method)).toEqual(['HEAD'])
    server.misbehave({ method: 'HEAD', fault: faults.status(405) })
    expect(await client.fetchSize(built.path)).toBe(1_000_000)
    await client.close()
  })
})

describe('fetchPlain()', () => {
  test('gives the bytes, also from an offset', async ({ expect, folder }) => {
    const built = await build(folder)
    await both(folder, async (client) => {
      expect(await readAll(await client.fetchPlain(fileOf(built)))).toEqual(built.bytes)
      const rest = await client.fetchPlain(fileOf(built), { offset: 999_000 })
      expect([rest.offset, await readAll(rest)]).toEqual([999_000, built.bytes.subarray(999_000)])
    })
  })

  test('verifies by sha256 and by md5', async ({ expect, folder }) => {
    const built = await build(folder)
    await both(folder, async (client) => {
      expect(await readAll(await client.fetchPlain({ ...fileOf(built), digest: createDigest('md5', built.md5) }))).toEqual(built.bytes)
      const wrong = { ...fileOf(built), digest: createDigest('md5', '0'.repeat(32)) }
      expect((await failureOf((async () => readAll(await client.fetchPlain(wrong)))())).code).toBe('DIGEST_MISMATCH')
      expect((await failureOf(client.fetchPlain({ ...fileOf(built), size: 5 }))).code).toBe('SIZE_MISMATCH')
      expect((await failureOf(client.fetchPlain({ ...fileOf(built), path: 'archive/none.sh' }))).code).toBe('ARTIFACT_MISSING')
    })
  })
})
