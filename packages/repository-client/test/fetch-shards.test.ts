import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseChannelUrl } from '@mirror/core'
import { buildChannel, faults, serveChannel } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { failureOf, observe, SUBDIR, test } from './upstream.ts'

const PACKAGES = [{ name: 'a', size: 10 }, { name: 'b', size: 10, format: 'both' }, { name: 'c', size: 10 }] as const

/** A channel with shards and nothing else, and the names that it listed. */
async function buildSharded(folder: string, shardsFolder: '' | './shards/') {
  const built = await buildChannel({ subdirs: { [SUBDIR]: PACKAGES }, index: { variants: ['shards'], shardsFolder } }, folder)
  await rm(join(folder, SUBDIR, 'repodata.json'))
  return built.artifacts.map(({ fileName, sha256 }) => `${fileName} sha256:${sha256}`).toSorted()
}

describe('fetchIndex() of a channel with nothing but shards', () => {
  for (const shardsFolder of ['', './shards/'] as const) {
    test(`reads all shards in "${shardsFolder}", over HTTP and from disk`, async ({ expect, folder, open }) => {
      const expected = await buildSharded(folder, shardsFolder)
      await using server = await serveChannel(folder)
      const { client } = open({ channel: parseChannelUrl(server.url, { folder: 'x' }) })
      const disk = observe({ channel: parseChannelUrl(folder, { folder: 'x' }) })
      for (const reader of [client, disk.client]) {
        const result = await reader.fetchIndex(SUBDIR)
        if (result.status !== 'fetched') throw new Error(result.status)
        const { index } = result
        expect([index.variant, index.encoded]).toEqual(['shards', undefined])
        expect([...index.table.artifacts()].map(({ name, digest }) => `${name} ${digest}`)).toEqual(expected)
        expect(JSON.parse(Buffer.from(index.document.read(0, index.document.length)).toString())).toMatchObject({ info: { subdir: SUBDIR } })
        expect(await reader.fetchIndex(SUBDIR, { validators: index.validators })).toEqual({ status: 'not-modified' })
      }
    })
  }

  test('does not look at shards where there is a whole index', async ({ expect, folder, open }) => {
    await buildChannel({ subdirs: { [SUBDIR]: PACKAGES }, index: { variants: ['shards'] } }, folder)
    await using server = await serveChannel(folder)
    const result = await open({ channel: parseChannelUrl(server.url, { folder: 'x' }) }).client.fetchIndex(SUBDIR)
    expect(result).toMatchObject({ status: 'fetched', index: { variant: 'json' } })
    expect(server.requests.filter(({ path }) => path.includes('msgpack'))).toEqual([])
  })
})

describe('fetchIndex() and bad shards (U15)', () => {
  for (const [what, fault, code] of [
    ['a shard that is missing', faults.status(404), 'INDEX_UNREADABLE'],
    ['a shard with other bytes', faults.flipByte(), 'INDEX_UNREADABLE'],
    ['a shard that is cut short', faults.truncateMatching(), 'INDEX_UNREADABLE'],
    ['a shard that fails for ever', faults.status(503), 'CHANNEL_UNREACHABLE'],
  ] as const) {
    test(`refuses ${what}`, async ({ expect, folder, open }) => {
      await buildSharded(folder, '')
      const [shard = ''] = (await readdir(join(folder, SUBDIR))).filter((name) => /^[0-9a-f]{64}\.msgpack\.zst$/.test(name))
      await using server = await serveChannel(folder)
      server.misbehave({ path: shard, fault })
      expect((await failureOf(open({ channel: parseChannelUrl(server.url, { folder: 'x' }) }).client.fetchIndex(SUBDIR))).code).toBe(code)
    })
  }

  test('takes the good bytes that come past caches', async ({ expect, folder, open }) => {
    await buildSharded(folder, '')
    await using server = await serveChannel(folder)
    server.misbehave({ path: /[0-9a-f]{64}\.msgpack\.zst$/, times: 1, fault: faults.sameSize() })
    expect((await open({ channel: parseChannelUrl(server.url, { folder: 'x' }) }).client.fetchIndex(SUBDIR)).status).toBe('fetched')
  })

  test('refuses a damaged shard index, and one that is a page', async ({ expect, folder, open }) => {
    await buildSharded(folder, '')
    await using server = await serveChannel(folder)
    const { client } = open({ channel: parseChannelUrl(server.url, { folder: 'x' }) })
    for (const fault of [faults.truncateMatching(), faults.htmlPage()]) {
      const rule = server.misbehave({ path: 'repodata_shards.msgpack.zst', fault })
      expect((await failureOf(client.fetchIndex(SUBDIR))).code).toBe('SHARD_MALFORMED')
      rule.stop()
    }
  })

  test('stops when the document becomes too large', async ({ expect, folder, open }) => {
    await buildSharded(folder, '')
    await using server = await serveChannel(folder)
    const { client } = open({ channel: parseChannelUrl(server.url, { folder: 'x' }), maximumIndexBytes: 1000 })
    expect((await failureOf(client.fetchIndex(SUBDIR))).code).toBe('BODY_TOO_LARGE')
  })
})
