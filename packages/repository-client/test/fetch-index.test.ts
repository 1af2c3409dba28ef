import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { constants, gzipSync, zstdCompressSync } from 'node:zlib'
import { parseChannelUrl, parseSubdirName } from '@mirror/core'
import { faults, serveChannel } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import type { FetchedIndex, FetchIndexResult, RepositoryClient } from '../src/index.ts'
import { failureOf, observe, SUBDIR, test } from './upstream.ts'

const ZST = 'repodata.json.zst'
const BZ2 = 'repodata.json.bz2'
const JSON_FILE = '/repodata.json'

function fetched(result: FetchIndexResult): FetchedIndex {
  if (result.status !== 'fetched') throw new Error(`it is ${result.status}`)
  return result.index
}

function documentOf({ document }: FetchedIndex): Buffer {
  return Buffer.from(document.read(0, document.length))
}

async function fetchAll(client: RepositoryClient): Promise<FetchedIndex> {
  return fetched(await client.fetchIndex(SUBDIR))
}

/** A channel of nothing but the given files of linux-64, served. */
async function serveFiles(folder: string, files: Readonly<Record<string, string | Uint8Array>>) {
  await mkdir(join(folder, SUBDIR), { recursive: true })
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, SUBDIR, name), bytes)
  return await serveChannel(folder)
}

const DOCUMENT = '{"info":{"subdir":"linux-64"},"packages":{},"packages.conda":{},"repodata_version":1}'

describe('fetchIndex()', () => {
  test('takes the zst, decodes it and keeps the bytes that came', async ({ expect, channel, upstream, open }) => {
    const index = await fetchAll(open().client)
    const expected = await readFile(join(channel.folder, SUBDIR, 'repodata.json'))
    expect(documentOf(index)).toEqual(expected)
    expect(index.sha256).toBe(createHash('sha256').update(expected).digest('hex'))
    expect(index.encoded?.read(0, index.encoded.length)).toEqual(await readFile(join(channel.folder, SUBDIR, ZST)))
    expect([index.variant, index.table.rows, index.table.artifacts().count]).toEqual(['zst', 3, 3])
    expect(index.validators).toEqual({ variant: 'zst', etag: expect.stringMatching(/^".+"$/), lastModified: expect.stringMatching(/GMT$/) })
    expect(index.modified).toBe(Date.parse(index.validators.lastModified ?? ''))
    expect(upstream.requests.map(({ method, path, headers }) => [method, path, headers['accept-encoding']]))
      .toEqual([['GET', `/${SUBDIR}/${ZST}`, 'identity'], ['HEAD', `/${SUBDIR}/repodata.json`, 'identity']])
    await index.close()
    expect(() => index.document.read(0, 1)).toThrow('closed')
  })

  for (const [variant, missing] of [['bz2', [ZST]], ['json', [ZST, BZ2]]] as const) {
    test(`takes ${variant} where ${missing.join(' and ')} is missing`, async ({ expect, channel, upstream, open }) => {
      for (const path of missing) upstream.misbehave({ path, fault: faults.status(404) })
      const index = await fetchAll(open().client)
      expect(index.variant).toBe(variant)
      expect(documentOf(index)).toEqual(await readFile(join(channel.folder, SUBDIR, 'repodata.json')))
      expect(index.encoded === undefined).toBe(variant === 'json')
    })
  }

  test('lets a server compress plain JSON on the way', async ({ expect, channel, upstream, open }) => {
    for (const path of [ZST, BZ2]) upstream.misbehave({ path, fault: faults.status(404) })
    upstream.misbehave({ path: JSON_FILE, fault: faults.gzip() })
    const index = await fetchAll(open().client)
    expect(documentOf(index)).toEqual(await readFile(join(channel.folder, SUBDIR, 'repodata.json')))
    expect(upstream.requests.at(-1)?.headers['accept-encoding']).toBe('gzip')
  })

  test('answers absent for a subdir that is not there', async ({ expect, upstream, open }) => {
    const { client } = open()
    expect(await client.fetchIndex(parseSubdirName('osx-64'))).toEqual({ status: 'absent' })
    upstream.misbehave({ fault: faults.status(410) })
    expect(await client.fetchIndex(SUBDIR)).toEqual({ status: 'absent' })
  })

  test('asks on condition for the variant that it had, and nothing else when nothing changed', async ({ expect, upstream, open }) => {
    const { client } = open()
    for (const path of [ZST]) upstream.misbehave({ path, fault: faults.status(404) })
    const { validators } = await fetchAll(client)
    expect(validators.variant).toBe('bz2')
    upstream.reset()
    expect(await client.fetchIndex(SUBDIR, { validators })).toEqual({ status: 'not-modified' })
    expect(upstream.requests.map(({ path, status, headers }) => [path, status, headers['if-none-match']])).toEqual([[`/${SUBDIR}/${BZ2}`, 304, validators.etag]])
  })

  test('fetches again when the variant of the validators is gone, without conditions', async ({ expect, upstream, open }) => {
    const { client } = open()
    const { validators } = await fetchAll(client)
    upstream.reset()
    upstream.misbehave({ path: ZST, fault: faults.status(404) })
    expect(fetched(await client.fetchIndex(SUBDIR, { validators })).variant).toBe('bz2')
    expect(upstream.requests.map(({ method, headers }) => [method, headers['if-none-match']])).toEqual([['GET', validators.etag], ['GET', undefined], ['HEAD', undefined]])
  })

  test('has the plain document decide when a compressed one is forbidden, as object stores answer for missing files', async ({ expect, upstream, open }) => {
    for (const path of [ZST, BZ2]) upstream.misbehave({ path, fault: faults.status(403) })
    expect((await fetchAll(open().client)).variant).toBe('json')
    upstream.misbehave({ path: JSON_FILE, fault: faults.status(403) })
    expect((await failureOf(open().client.fetchIndex(SUBDIR))).code).toBe('CHANNEL_FORBIDDEN')
  })

  test('keeps large documents in a file that has no name', async ({ expect, folder, open }) => {
    const padding = 'x'.repeat(17_000_000)
    const document = `{"info":{"subdir":"linux-64"},"packages":{},"padding":"${padding}"}`
    await using server = await serveFiles(join(folder, 'channel'), { 'repodata.json.zst': zstdCompressSync(document) })
    const spoolFolder = join(folder, 'spool')
    await mkdir(spoolFolder)
    const { client } = open({ channel: parseChannelUrl(server.url, { folder: 'x' }), spoolFolder })
    await using index = await fetchAll(client)
    expect(Buffer.compare(documentOf(index), Buffer.from(document))).toBe(0)
    expect(Buffer.from(index.document.read(document.length - 5, 5)).toString()).toBe('xxx"}')
    expect(() => index.document.read(document.length - 5, 6)).toThrow(RangeError)
    expect(await readdir(spoolFolder)).toEqual([])
  })
})

describe('fetchIndex() on bad connections (N01-N08)', () => {
  for (const [what, fault] of [
    ['a reset', faults.reset()], ['a reset at the last byte', faults.reset({ fromEnd: 1 })], ['a clean early end', faults.truncate()],
    ['chunks without a last one', faults.truncateChunked()], ['an early end without a length', faults.noLength({ fraction: 0.5 })], ['a reset before the head', faults.resetBeforeHead()],
    ['503', faults.status(503)], ['a stall', faults.stall({ bytes: 10 })], ['no answer', faults.silence()],
  ] as const) {
    for (const [file, missing] of [[ZST, []], [BZ2, [ZST]], [JSON_FILE, [ZST, BZ2]]] as const) {
      test(`comes over ${what} of ${file}`, async ({ expect, channel, upstream, open }) => {
        for (const path of missing) upstream.misbehave({ path, fault: faults.status(404) })
        upstream.misbehave({ path: file, times: 1, fault })
        const index = await fetchAll(open({ timeouts: { stall: 200, rateWindow: 200 } }).client)
        expect(documentOf(index)).toEqual(await readFile(join(channel.folder, SUBDIR, 'repodata.json')))
      })
    }
  }

  test('is unreachable after five tries', async ({ expect, upstream, open }) => {
    upstream.misbehave({ fault: faults.status(502) })
    const { client, waits } = open()
    const failure = await failureOf(client.fetchIndex(SUBDIR))
    expect([failure.code, upstream.requests.length, waits]).toEqual(['CHANNEL_UNREACHABLE', 5, [500, 1000, 2000, 4000]])
  })

  test('is unreachable where nobody listens', async ({ expect, upstream, open }) => {
    const { client, events } = open()
    await upstream.close()
    expect((await failureOf(client.fetchIndex(SUBDIR))).code).toBe('CHANNEL_UNREACHABLE')
    expect(events.map((event) => (event.type === 'retry' ? event.reason : event.type))).toEqual(['refused', 'refused', 'refused', 'refused'])
  })

  test('is unreachable where the name does not exist', async ({ expect }) => {
    const { client, events } = observe({ channel: parseChannelUrl('http://does-not-exist.invalid/channel') })
    expect((await failureOf(client.fetchIndex(SUBDIR))).code).toBe('CHANNEL_UNREACHABLE')
    expect(events[0]).toMatchObject({ type: 'retry', reason: 'dns' })
    await client.close()
  })

  test('stops an endless body where the document ends', async ({ expect, upstream, open }) => {
    for (const path of [ZST, BZ2]) upstream.misbehave({ path, fault: faults.status(404) })
    upstream.misbehave({ path: JSON_FILE, fault: faults.endless() })
    expect((await failureOf(open().client.fetchIndex(SUBDIR))).code).toBe('INDEX_MALFORMED')
  })

  test('stops with the reason of the signal', async ({ expect, upstream, open }) => {
    upstream.misbehave({ fault: faults.silence() })
    const reason = new Error('enough')
    const controller = new AbortController()
    const outcome = open().client.fetchIndex(SUBDIR, { signal: controller.signal })
    controller.abort(reason)
    await expect(outcome).rejects.toBe(reason)
  })

  for (const [status, code] of [[400, 'ANSWER_REFUSED'], [401, 'CHANNEL_FORBIDDEN'], [416, 'ANSWER_REFUSED'], [421, 'ANSWER_REFUSED']] as const) {
    test(`does not repeat ${status} and names it (N09)`, async ({ expect, upstream, open }) => {
      upstream.misbehave({ fault: faults.status(status) })
      const failure = await failureOf(open().client.fetchIndex(SUBDIR))
      expect([failure.code, upstream.requests.length]).toEqual([code, 1])
      expect(failure.message).toContain(`${status}`)
    })
  }
})

describe('fetchIndex() and answers that are no index (N10, N13)', () => {
  for (const [what, fault, zst, json] of [
    ['a page', faults.htmlPage(), 'INDEX_UNREADABLE', 'INDEX_MALFORMED'],
    ['a JSON error', faults.jsonError(), 'INDEX_UNREADABLE', 'INDEX_IMPLAUSIBLE'],
    ['204', faults.noContent(), 'ANSWER_REFUSED', 'ANSWER_REFUSED'],
    ['206 unasked', faults.partialUnasked(), 'ANSWER_REFUSED', 'ANSWER_REFUSED'],
    ['304 unasked', faults.notModified(), 'ANSWER_REFUSED', 'ANSWER_REFUSED'],
    ['a content encoding that was not asked for', faults.claimEncoding('br'), 'INDEX_UNREADABLE', 'INDEX_UNREADABLE'],
    ['gzip twice', faults.gzip(2), 'INDEX_UNREADABLE', 'INDEX_UNREADABLE'],
    ['a length that is negative', faults.declareLength(['-1']), 'ANSWER_REFUSED', 'ANSWER_REFUSED'],
    ['two lengths', faults.declareLength(['10', '11']), 'ANSWER_REFUSED', 'ANSWER_REFUSED'],
    ['64 KiB of headers', faults.hugeHeader(), 'ANSWER_REFUSED', 'ANSWER_REFUSED'],
  ] as const) {
    test(`refuses ${what} as zst`, async ({ expect, upstream, open }) => {
      upstream.misbehave({ path: ZST, fault })
      const failure = await failureOf(open().client.fetchIndex(SUBDIR))
      expect(failure.code).toBe(zst)
      expect(upstream.requests.every(({ path }) => path.endsWith(ZST))).toBe(true)
    })

    test(`refuses ${what} as json`, async ({ expect, upstream, open }) => {
      for (const path of [ZST, BZ2]) upstream.misbehave({ path, fault: faults.status(404) })
      upstream.misbehave({ path: JSON_FILE, fault })
      expect((await failureOf(open().client.fetchIndex(SUBDIR))).code).toBe(json)
    })
  }

  test('refuses gzip that is none', async ({ expect, upstream, open }) => {
    for (const path of [ZST, BZ2]) upstream.misbehave({ path, fault: faults.status(404) })
    upstream.misbehave({ path: JSON_FILE, fault: faults.claimEncoding('gzip') })
    expect((await failureOf(open().client.fetchIndex(SUBDIR))).code).toBe('INDEX_UNREADABLE')
  })

  test('does not begin to read what says that it is too large', async ({ expect, upstream, open }) => {
    const { client, events } = open({ maximumIndexBytes: 100 })
    expect((await failureOf(client.fetchIndex(SUBDIR))).code).toBe('BODY_TOO_LARGE')
    expect(events.filter(({ type }) => type === 'bytes-received')).toEqual([])
    expect(upstream.requests.length).toBe(2)
  })

  test('stops a gzip bomb at the limit', async ({ expect, upstream, open }) => {
    for (const path of [ZST, BZ2]) upstream.misbehave({ path, fault: faults.status(404) })
    const bomb = gzipSync(Buffer.alloc(50_000_000, ' '))
    upstream.misbehave({ path: JSON_FILE, fault: faults.content(bomb, { 'content-encoding': 'gzip' }) })
    expect((await failureOf(open({ maximumIndexBytes: 1_000_000 }).client.fetchIndex(SUBDIR))).code).toBe('BODY_TOO_LARGE')
  })
})

describe('fetchIndex() and content (U01, U10, U13)', () => {
  test('fetches once more past caches, and takes what is good then', async ({ expect, upstream, open }) => {
    upstream.misbehave({ path: ZST, times: 1, fault: faults.flipByte() })
    const { client, events } = open()
    expect((await fetchAll(client)).variant).toBe('zst')
    expect(upstream.requests.filter(({ method }) => method === 'GET').map(({ headers }) => headers['cache-control'])).toEqual([undefined, 'no-cache'])
    expect(events).toContainEqual(expect.objectContaining({ type: 'retry', reason: 'wrong-bytes' }))
  })

  test('does not fall back to a variant of another moment when one is broken', async ({ expect, upstream, open }) => {
    upstream.misbehave({ path: ZST, fault: faults.truncateMatching() })
    expect((await failureOf(open().client.fetchIndex(SUBDIR))).code).toBe('INDEX_UNREADABLE')
    expect(upstream.requests.map(({ path }) => path)).toEqual([`/${SUBDIR}/${ZST}`, `/${SUBDIR}/${ZST}`])
  })

  const good = zstdCompressSync(DOCUMENT)
  const half = DOCUMENT.length / 2
  const zst: readonly (readonly [string, Uint8Array, string | undefined])[] = [
    ['two frames', Buffer.concat([zstdCompressSync(DOCUMENT.slice(0, half)), zstdCompressSync(DOCUMENT.slice(half))]), undefined],
    ['a skippable frame before and behind', Buffer.concat([skippable(5), good, skippable(0)]), undefined],
    ['a checksum', zstdCompressSync(DOCUMENT, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }), undefined],
    ['one byte behind', Buffer.concat([good, Buffer.from('x')]), 'INDEX_UNREADABLE'],
    ['many bytes behind', Buffer.concat([good, Buffer.alloc(100)]), 'INDEX_UNREADABLE'],
    ['a second document behind', Buffer.concat([good, good]), 'INDEX_MALFORMED'],
    ['a frame cut short', good.subarray(0, -1), 'INDEX_UNREADABLE'],
    ['half a magic number', good.subarray(0, 2), 'INDEX_UNREADABLE'],
    ['no bytes', Buffer.alloc(0), 'INDEX_UNREADABLE'],
    ['a window of 2 GiB', Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00]), 'INDEX_UNREADABLE'],
    ['a bomb', zstdCompressSync(Buffer.alloc(20_000_000, ' ')), 'BODY_TOO_LARGE'],
  ]
  for (const [what, bytes, code] of zst) {
    test(`${code === undefined ? 'reads' : 'refuses'} zst with ${what}`, async ({ expect, folder, open }) => {
      await using server = await serveFiles(folder, { [ZST]: bytes, 'repodata.json': DOCUMENT })
      const { client } = open({ channel: parseChannelUrl(server.url, { folder: 'x' }), maximumIndexBytes: 10_000_000 })
      if (code === undefined) expect(documentOf(await fetchAll(client)).toString()).toBe(DOCUMENT)
      else expect((await failureOf(client.fetchIndex(SUBDIR))).code).toBe(code)
    })
  }

  test('does not pass on several frames as they came: not every client reads them to the end', async ({ expect, folder, open }) => {
    const middle = DOCUMENT.length >> 1
    await using server = await serveFiles(folder, { [ZST]: Buffer.concat([zstdCompressSync(DOCUMENT.slice(0, middle)), zstdCompressSync(DOCUMENT.slice(middle))]), 'repodata.json': DOCUMENT })
    const { client } = open({ channel: parseChannelUrl(server.url, { folder: 'x' }) })
    const index = await fetchAll(client)
    expect(documentOf(index).toString()).toBe(DOCUMENT)
    expect(index.encoded).toBeUndefined()
  })

  test('reads bz2 of several streams and refuses what is damaged, cut or followed', async ({ expect, channel, folder, open }) => {
    const bytes = await readFile(join(channel.folder, SUBDIR, BZ2))
    const document = await readFile(join(channel.folder, SUBDIR, 'repodata.json'), 'utf8')
    const damaged = Buffer.from(bytes)
    damaged[60] = (damaged[60] ?? 0) ^ 1
    const cases = [
      [Buffer.concat([bytes, bytes]), 'INDEX_MALFORMED'], [damaged, 'INDEX_UNREADABLE'], [bytes.subarray(0, -1), 'INDEX_UNREADABLE'], [bytes.subarray(0, 30), 'INDEX_UNREADABLE'],
      [Buffer.concat([bytes, Buffer.from('x')]), 'INDEX_UNREADABLE'], [Buffer.concat([bytes, Buffer.alloc(1000, 'x')]), 'INDEX_UNREADABLE'], [Buffer.alloc(0), 'INDEX_UNREADABLE'],
    ] as const
    for (const [content, code] of cases) {
      await using server = await serveFiles(folder, { [BZ2]: content, 'repodata.json': document })
      const { client } = open({ channel: parseChannelUrl(server.url, { folder: 'x' }) })
      expect((await failureOf(client.fetchIndex(SUBDIR))).code).toBe(code)
    }
  })

  const documents: readonly (readonly [string, string | Uint8Array, string | undefined])[] = [
    ['nothing', '', undefined],
    ['no sections', '{}', 'INDEX_IMPLAUSIBLE'],
    ['empty sections', DOCUMENT, undefined],
    ['null', 'null', 'INDEX_IMPLAUSIBLE'],
    ['an array', '[]', 'INDEX_IMPLAUSIBLE'],
    ['a number', '1', 'INDEX_IMPLAUSIBLE'],
    ['packages that are no object', '{"packages":[]}', 'INDEX_IMPLAUSIBLE'],
    ['a byte order mark', `\ufeff${DOCUMENT}`, 'INDEX_MALFORMED'],
    ['NaN', '{"packages":{},"x":NaN}', 'INDEX_MALFORMED'],
    ['bytes that are no UTF-8', Buffer.from('{"packages":{},"x":"\xff"}', 'latin1'), 'INDEX_MALFORMED'],
    ['half a surrogate pair', '{"packages":{},"x":"\\ud800"}', 'INDEX_MALFORMED'],
    ['bytes behind it', `${DOCUMENT}x`, 'INDEX_MALFORMED'],
    ['another subdir', DOCUMENT.replace('linux-64', 'osx-64'), 'INDEX_IMPLAUSIBLE'],
    ['repodata version 4', DOCUMENT.replace('"repodata_version":1', '"repodata_version":4'), 'INDEX_IMPLAUSIBLE'],
    ...Array.from({ length: 10 }, (_, index) => [`a cut after ${index * 8 + 1} bytes`, DOCUMENT.slice(0, index * 8 + 1), 'INDEX_MALFORMED'] as const),
  ]
  for (const [what, document, code] of documents) {
    test(`${code === undefined ? 'reads' : 'refuses'} a document with ${what}`, async ({ expect, folder, open }) => {
      await using server = await serveFiles(folder, { 'repodata.json': document })
      const { client } = open({ channel: parseChannelUrl(server.url, { folder: 'x' }) })
      if (code === undefined) expect((await fetchAll(client)).table.rows).toBe(0)
      else expect((await failureOf(client.fetchIndex(SUBDIR))).code).toBe(code)
    })
  }

  test('names the place of what is wrong', async ({ expect, folder, open }) => {
    await using server = await serveFiles(folder, { 'repodata.json': '[]' })
    const failure = await failureOf(open({ channel: parseChannelUrl(server.url, { folder: 'x' }) }).client.fetchIndex(SUBDIR))
    expect(failure.message).toMatch(/^Cannot use the index: .* \(http:\/\/127\.0\.0\.1:\d+\/linux-64\/repodata\.json\)$/)
  })
})

describe('fetchIndex() and variants that disagree (U06)', () => {
  const OTHER = DOCUMENT.replace('linux-64"}', 'linux-64","x":1}')

  test('mirrors the plain document when a compressed one is stale, and says so', async ({ expect, folder, open }) => {
    await using server = await serveFiles(folder, { 'repodata.json': OTHER, 'repodata.json.zst': zstdCompressSync(DOCUMENT) })
    const index = await fetchAll(open({ channel: parseChannelUrl(server.url, { folder: 'x' }) }).client)
    expect([index.variant, documentOf(index).toString()]).toEqual(['json', OTHER])
    expect(index.warnings).toEqual(["Upstream's repodata.json.zst of linux-64 is not its repodata.json; the latter is mirrored"])
    expect(server.requests.filter(({ path }) => path.endsWith('.zst')).map(({ headers }) => headers['cache-control'])).toEqual([undefined, 'no-cache'])
  })

  test('takes the compressed one when upstream published between the two looks', async ({ expect, folder, open }) => {
    await using server = await serveFiles(folder, { 'repodata.json': DOCUMENT, 'repodata.json.zst': zstdCompressSync(DOCUMENT) })
    const publish = async (): Promise<void> => {
      await writeFile(join(folder, SUBDIR, 'repodata.json.zst'), zstdCompressSync(OTHER))
      await writeFile(join(folder, SUBDIR, 'repodata.json'), OTHER)
    }
    server.misbehave({ path: JSON_FILE, method: 'HEAD', times: 1, fault: faults.call(publish) })
    const index = await fetchAll(open({ channel: parseChannelUrl(server.url, { folder: 'x' }) }).client)
    expect([index.variant, documentOf(index).toString(), index.warnings]).toEqual(['zst', OTHER, []])
  })

  for (const status of [403, 404, 405, 503]) {
    test(`takes the compressed one when a HEAD of the plain document is answered ${status}`, async ({ expect, folder, open }) => {
      await using server = await serveFiles(folder, { 'repodata.json': OTHER, 'repodata.json.zst': zstdCompressSync(DOCUMENT) })
      server.misbehave({ path: JSON_FILE, method: 'HEAD', fault: faults.status(status) })
      expect((await fetchAll(open({ channel: parseChannelUrl(server.url, { folder: 'x' }) }).client)).variant).toBe('zst')
    })
  }
})

describe('fetchIndex() from disk', () => {
  test('gives the same as over HTTP', async ({ expect, channel, open }) => {
    const overHttp = await fetchAll(open().client)
    const fromDisk = await fetchAll(observe({ channel: parseChannelUrl(channel.folder, { folder: 'x' }) }).client)
    expect(documentOf(fromDisk)).toEqual(documentOf(overHttp))
    expect([fromDisk.variant, overHttp.variant]).toEqual(['json', 'zst'])
    expect(fromDisk.sha256).toBe(overHttp.sha256)
  })

  test('notices an unchanged and a changed file by size, time and inode', async ({ expect, folder }) => {
    const path = join(folder, SUBDIR, 'repodata.json')
    await mkdir(join(folder, SUBDIR))
    await writeFile(path, DOCUMENT)
    const { client } = observe({ channel: parseChannelUrl(folder, { folder: 'x' }) })
    const { validators } = await fetchAll(client)
    expect(await client.fetchIndex(SUBDIR, { validators })).toEqual({ status: 'not-modified' })
    await utimes(path, 1, 1)
    expect((await client.fetchIndex(SUBDIR, { validators })).status).toBe('fetched')
  })

  test('answers absent for a subdir that is not there', async ({ expect, folder }) => {
    expect(await observe({ channel: parseChannelUrl(folder, { folder: 'x' }) }).client.fetchIndex(SUBDIR)).toEqual({ status: 'absent' })
  })

  test('refuses links that lead out, folders and pipes', async ({ expect, folder }) => {
    const channel = join(folder, 'channel')
    await mkdir(join(channel, SUBDIR), { recursive: true })
    await writeFile(join(folder, 'secret'), DOCUMENT)
    const { client } = observe({ channel: parseChannelUrl(channel, { folder: 'x' }) })
    const path = join(channel, SUBDIR, 'repodata.json')
    await symlink(join(folder, 'secret'), path)
    expect((await failureOf(client.fetchIndex(SUBDIR))).code).toBe('FILE_REFUSED')
    await mkdir(join(channel, SUBDIR, 'repodata.json.zst'))
    expect((await failureOf(client.fetchIndex(SUBDIR))).code).toBe('FILE_REFUSED')
    await rm(join(channel, SUBDIR, 'repodata.json.zst'), { recursive: true })
    execFileSync('mkfifo', [join(channel, SUBDIR, 'repodata.json.zst')])
    expect((await failureOf(client.fetchIndex(SUBDIR))).code).toBe('FILE_REFUSED')
  })

  test('follows links that stay inside', async ({ expect, folder }) => {
    await mkdir(join(folder, 'real'))
    await writeFile(join(folder, 'real', 'repodata.json'), DOCUMENT)
    await symlink('real', join(folder, SUBDIR))
    expect((await fetchAll(observe({ channel: parseChannelUrl(folder, { folder: 'x' }) }).client)).table.rows).toBe(0)
  })
})

function skippable(length: number): Buffer {
  const frame = Buffer.alloc(8 + length)
  frame.writeUInt32LE(0x184d2a53, 0)
  frame.writeUInt32LE(length, 4)
  return frame
}
