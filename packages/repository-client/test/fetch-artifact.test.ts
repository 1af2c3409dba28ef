import { faults, serveChannel } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { createDigest, parseChannelUrl } from '@mirror/core'
import { artifactOf, bytesOf, failureOf, LARGE_NAME, readAll, SMALL_NAME, test } from './upstream.ts'

const NAMES = [SMALL_NAME, LARGE_NAME]

describe('fetchArtifact()', () => {
  test('gives a small artifact whole and verified, and its body', async ({ expect, channel, open }) => {
    const artifact = artifactOf(channel, SMALL_NAME)
    const fetched = await open().client.fetchArtifact(artifact)
    const expected = await bytesOf(channel, artifact)
    expect(fetched.bytes).toEqual(expected)
    expect(await readAll(fetched)).toEqual(expected)
    expect(fetched.offset).toBe(0)
  })

  test('streams a large artifact, verified', async ({ expect, channel, open }) => {
    const artifact = artifactOf(channel, LARGE_NAME)
    const { client, events } = open()
    const fetched = await client.fetchArtifact(artifact)
    expect(fetched.bytes).toBeUndefined()
    expect(await readAll(fetched)).toEqual(await bytesOf(channel, artifact))
    expect(events.reduce((sum, event) => sum + (event.type === 'bytes-received' ? event.bytes : 0), 0)).toBe(artifact.size)
  })

  test('reads names with + and ! and asks for no encoding', async ({ expect, channel, upstream, open }) => {
    const artifact = artifactOf(channel, 'plus-1!2.0+local-0.conda')
    expect((await open().client.fetchArtifact(artifact)).bytes).toEqual(await bytesOf(channel, artifact))
    expect(upstream.requests[0]?.headers['accept-encoding']).toBe('identity')
  })

  test('verifies md5 where upstream knows nothing better', async ({ expect, channel, open }) => {
    const artifact = artifactOf(channel, SMALL_NAME)
    const md5 = channel.artifacts.find(({ fileName }) => fileName === SMALL_NAME)?.md5 ?? ''
    const { client } = open()
    expect((await client.fetchArtifact({ ...artifact, digest: createDigest('md5', md5) })).bytes?.length).toBe(artifact.size)
    const wrong = await failureOf(client.fetchArtifact({ ...artifact, digest: createDigest('md5', '0'.repeat(32)) }))
    expect(wrong.code).toBe('DIGEST_MISMATCH')
  })

  test('stops when it is told to, with the reason, and closes the connection', async ({ expect, channel, upstream, open }) => {
    upstream.misbehave({ fault: faults.stall({ bytes: 700_000 }) })
    const controller = new AbortController()
    const fetched = await open().client.fetchArtifact(artifactOf(channel, LARGE_NAME), { signal: controller.signal })
    const reason = new Error('enough')
    const reading = (async () => {
      for await (const chunk of fetched.body) if (chunk.length > 0) controller.abort(reason)
    })()
    await expect(reading).rejects.toBe(reason)
  })
})

describe('fetchArtifact() to a reader who stops', () => {
  test('gives the connection back', async ({ expect, channel, upstream, open }) => {
    upstream.misbehave({ path: LARGE_NAME, fault: faults.stall({ bytes: 700_000 }) })
    const { client } = open({ concurrency: 1 })
    for (let index = 0; index < 3; index += 1) {
      const { body } = await client.fetchArtifact(artifactOf(channel, LARGE_NAME))
      for await (const chunk of body) if (chunk.length > 0) break
    }
    const artifact = artifactOf(channel, SMALL_NAME)
    expect((await client.fetchArtifact(artifact)).bytes).toEqual(await bytesOf(channel, artifact))
  })
})

describe('fetchArtifact() with reclaim', () => {
  const upstreams = {
    'in one go': undefined,
    'after a reset': { times: 1, fault: faults.reset({ fraction: 0.5 }) },
    'in chunks, then again': { times: 1, fault: faults.truncateChunked({ fraction: 0.5 }) },
    'without a length': { fault: faults.noLength({ fraction: 1 }) },
  }

  for (const [title, fault] of Object.entries(upstreams)) {
    for (const turns of [0, 3]) {
      test(`gives every byte ${title} to a reader who takes ${turns} turns for a piece, and then empties the piece`, async ({ expect, channel, upstream, open }) => {
        if (fault !== undefined) upstream.misbehave(fault)
        const artifact = artifactOf(channel, LARGE_NAME)
        const { body } = await open().client.fetchArtifact(artifact, { reclaim: true })
        const pieces: Uint8Array[] = []
        const copies: Buffer[] = []
        for await (const piece of body) {
          copies.push(Buffer.from(piece))
          pieces.push(piece)
          for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
        }
        expect(Buffer.concat(copies)).toEqual(await bytesOf(channel, artifact))
        expect(pieces.some(({ length }) => length === 0)).toBe(true)
      })
    }
  }
})

describe('fetchArtifact() on broken connections (N03, N04)', () => {
  const places = [{ bytes: 0 }, { bytes: 1 }, { fraction: 0.5 }, { fromEnd: 1 }]

  for (const name of NAMES) {
    for (const place of places) {
      test(`completes ${name} after a reset at ${JSON.stringify(place)}`, async ({ expect, channel, upstream, open }) => {
        upstream.misbehave({ times: 1, fault: faults.reset(place) })
        const artifact = artifactOf(channel, name)
        expect(await readAll(await open().client.fetchArtifact(artifact))).toEqual(await bytesOf(channel, artifact))
      })

      test(`completes ${name} after a clean end at ${JSON.stringify(place)}`, async ({ expect, channel, upstream, open }) => {
        upstream.misbehave({ times: 1, fault: faults.truncate(place) })
        const artifact = artifactOf(channel, name)
        expect(await readAll(await open().client.fetchArtifact(artifact))).toEqual(await bytesOf(channel, artifact))
      })
    }

    test(`completes ${name} after chunks without a last one`, async ({ expect, channel, upstream, open }) => {
      upstream.misbehave({ times: 1, fault: faults.truncateChunked({ fraction: 0.5 }) })
      const artifact = artifactOf(channel, name)
      expect(await readAll(await open().client.fetchArtifact(artifact))).toEqual(await bytesOf(channel, artifact))
    })

    test(`reads ${name} from HTTP/1.0 without a length`, async ({ expect, channel, upstream, open }) => {
      upstream.misbehave({ fault: faults.noLength({ fraction: 1 }) })
      const artifact = artifactOf(channel, name)
      expect(await readAll(await open().client.fetchArtifact(artifact))).toEqual(await bytesOf(channel, artifact))
    })

    test(`gives ${name} up when the connection always breaks`, async ({ expect, channel, upstream, open }) => {
      upstream.misbehave({ fault: faults.resetBeforeHead() })
      const { client, waits } = open()
      const failure = await failureOf(client.fetchArtifact(artifactOf(channel, name)))
      expect(failure.code).toBe('ARTIFACT_UNREACHABLE')
      expect(upstream.requests.length).toBe(5)
      expect(waits).toEqual([500, 1000, 2000, 4000])
    })
  }

  test('resumes with Range and If-Range, and tells it', async ({ expect, channel, upstream, open }) => {
    upstream.misbehave({ times: 1, fault: faults.reset({ fraction: 0.5 }) })
    const artifact = artifactOf(channel, LARGE_NAME)
    const { client, events } = open()
    await readAll(await client.fetchArtifact(artifact))
    const [, second] = upstream.requests
    expect(second).toMatchObject({ status: 206, headers: { range: expect.stringMatching(/^bytes=\d+-$/), 'if-range': expect.stringMatching(/^"/) } })
    expect(events.filter(({ type }) => type === 'resumed')).toHaveLength(1)
  })

  test('throws when it can never be continued to the end, so that the caller starts again', async ({ expect, channel, upstream, open }) => {
    upstream.misbehave({ fault: faults.truncate({ bytes: 100 }) })
    const fetched = await open().client.fetchArtifact(artifactOf(channel, LARGE_NAME))
    const failure = await failureOf(readAll(fetched))
    expect(failure.code).toBe('TRANSFER_BROKEN')
    expect(upstream.requests.length).toBe(5)
  })
})

describe('fetchArtifact() with wrong bytes (N05, N10)', () => {
  const wrong = [
    ['truncated, with the length that fits', faults.truncateMatching(), 'SIZE_MISMATCH'],
    ['one flipped bit', faults.flipByte(), 'DIGEST_MISMATCH'],
    ['other bytes of the same size', faults.sameSize(), 'DIGEST_MISMATCH'],
    ['one byte more', faults.extraBytes(1), 'SIZE_MISMATCH'],
    ['a page', faults.htmlPage(), 'SIZE_MISMATCH'],
    ['a JSON error', faults.jsonError(), 'SIZE_MISMATCH'],
  ] as const

  for (const [what, fault, code] of wrong) {
    test(`fetches once more past caches, then refuses ${what}`, async ({ expect, channel, upstream, open }) => {
      upstream.misbehave({ fault })
      const failure = await failureOf(open().client.fetchArtifact(artifactOf(channel, SMALL_NAME)))
      expect(failure.code).toBe(code)
      expect(upstream.requests.map(({ headers }) => headers['cache-control'])).toEqual([undefined, 'no-cache'])
    })

    test(`takes the good bytes that come after ${what}`, async ({ expect, channel, upstream, open }) => {
      upstream.misbehave({ fault, times: 1 })
      const artifact = artifactOf(channel, SMALL_NAME)
      expect((await open().client.fetchArtifact(artifact)).bytes).toEqual(await bytesOf(channel, artifact))
    })

    test(`never ends a large body well with ${what}`, async ({ expect, channel, upstream, open }) => {
      upstream.misbehave({ fault })
      const failure = await failureOf((async () => readAll(await open().client.fetchArtifact(artifactOf(channel, LARGE_NAME))))())
      expect(failure.code).toBe(code)
    })
  }

  test('sees extra bytes also without a length, and never passes them on', async ({ expect, channel, upstream, open }) => {
    upstream.misbehave({ fault: faults.endless() })
    const { client } = open()
    expect((await failureOf(client.fetchArtifact(artifactOf(channel, SMALL_NAME)))).code).toBe('SIZE_MISMATCH')
    const large = artifactOf(channel, LARGE_NAME)
    const fetched = await client.fetchArtifact(large)
    let received = 0
    const failure = await failureOf((async () => {
      for await (const chunk of fetched.body) received += chunk.length
    })())
    expect(failure.code).toBe('SIZE_MISMATCH')
    expect(received).toBeLessThanOrEqual(large.size)
  })

  test('does not hash for a caller who hashes, but counts', async ({ expect, channel, upstream, open }) => {
    upstream.misbehave({ fault: faults.flipByte() })
    const { client } = open()
    for (const name of NAMES) {
      const artifact = artifactOf(channel, name)
      expect((await readAll(await client.fetchArtifact(artifact, { verify: false }))).length).toBe(artifact.size)
    }
  })

  test('asks past caches from the start when it is told to', async ({ expect, channel, upstream, open }) => {
    const { client } = open()
    for (const name of NAMES) await readAll(await client.fetchArtifact(artifactOf(channel, name), { fresh: true }))
    expect(upstream.requests.map(({ headers }) => headers['cache-control'])).toEqual(['no-cache', 'no-cache'])
  })

  for (const [what, fault] of [['204', faults.noContent()], ['206 unasked', faults.partialUnasked()], ['304 unasked', faults.notModified()]] as const) {
    test(`refuses ${what}`, async ({ expect, channel, upstream, open }) => {
      upstream.misbehave({ fault })
      const { client } = open()
      for (const name of NAMES) expect((await failureOf(client.fetchArtifact(artifactOf(channel, name)))).code).toBe('ANSWER_REFUSED')
      expect(upstream.requests.length).toBe(2)
    })
  }
})

describe('fetchArtifact() from slow servers (N06)', () => {
  const timeouts = { stall: 200, rateWindow: 400, minimumRate: 100_000 }
  const slow = [
    ['a stall after the head', faults.stall()],
    ['a stall in the body', faults.stall({ bytes: 1000 })],
    ['no answer', faults.silence()],
    ['slow headers', faults.slowHeaders(100)],
    ['one byte at a time', faults.slow(20)],
  ] as const

  for (const name of NAMES) {
    for (const [what, fault] of slow) {
      test(`gives ${name} up on ${what}`, async ({ expect, channel, upstream, open }) => {
        upstream.misbehave({ fault })
        const { client } = open({ timeouts, retry: { tries: 2 } })
        const failure = await failureOf((async () => readAll(await client.fetchArtifact(artifactOf(channel, name))))())
        expect(failure.code).toBe('TRANSFER_STALLED')
      })
    }
  }

  test('gets through a flood of interim answers', async ({ expect, channel, upstream, open }) => {
    upstream.misbehave({ fault: faults.interimFlood(1000) })
    const artifact = artifactOf(channel, SMALL_NAME)
    expect((await open().client.fetchArtifact(artifact)).bytes).toEqual(await bytesOf(channel, artifact))
  })

  test('does not let interim answers keep a transfer alive', async ({ expect, channel, upstream, open }) => {
    upstream.misbehave({ fault: faults.interimFlood(1e9) })
    const failure = await failureOf(open({ timeouts, retry: { tries: 1 } }).client.fetchArtifact(artifactOf(channel, SMALL_NAME)))
    expect(failure.code).toBe('TRANSFER_STALLED')
  })
})

describe('fetchArtifact() and statuses (N07, N08, N09)', () => {
  for (const code of [500, 502, 503, 504, 507, 408, 425, 429]) {
    test(`comes over one ${code}`, async ({ expect, channel, upstream, open }) => {
      upstream.misbehave({ times: 1, fault: faults.status(code) })
      const { client, events } = open()
      const artifact = artifactOf(channel, SMALL_NAME)
      expect((await client.fetchArtifact(artifact)).bytes).toEqual(await bytesOf(channel, artifact))
      expect(events.filter(({ type }) => type === 'retry')).toEqual([expect.objectContaining({ attempt: 1, reason: 'status', delay: 500 })])
    })

    test(`gives up on ${code} for ever, after five tries`, async ({ expect, channel, upstream, open }) => {
      upstream.misbehave({ fault: faults.status(code) })
      const failure = await failureOf(open().client.fetchArtifact(artifactOf(channel, SMALL_NAME)))
      expect(failure.code).toBe('ARTIFACT_UNREACHABLE')
      expect(failure.message).toContain(`the server answered ${code}, in 5 tries`)
      expect(upstream.requests.length).toBe(5)
    })
  }

  for (const [status, code] of [[400, 'ANSWER_REFUSED'], [401, 'CHANNEL_FORBIDDEN'], [403, 'CHANNEL_FORBIDDEN'], [404, 'ARTIFACT_MISSING'], [410, 'ARTIFACT_MISSING'], [416, 'ANSWER_REFUSED'], [421, 'ANSWER_REFUSED']] as const) {
    test(`does not repeat ${status} and names it`, async ({ expect, channel, upstream, open }) => {
      upstream.misbehave({ fault: faults.status(status) })
      const { client } = open()
      for (const name of NAMES) {
        const failure = await failureOf(client.fetchArtifact(artifactOf(channel, name)))
        expect(failure.code).toBe(code)
        expect(failure.message).toContain(`${status}`)
      }
      expect(upstream.requests.length).toBe(2)
    })
  }

  for (const [retryAfter, wait] of [['2', 2500], ['1000000000', 600_500], ['-7', 500], ['rubbish', 500]] as const) {
    test(`waits ${wait} ms for Retry-After: ${retryAfter}`, async ({ expect, channel, upstream, open }) => {
      upstream.misbehave({ times: 1, fault: faults.status(429, { retryAfter }) })
      const { client, waits } = open()
      await client.fetchArtifact(artifactOf(channel, SMALL_NAME))
      expect(waits).toEqual([wait])
    })
  }

  test('waits until the date of a Retry-After', async ({ expect, channel, upstream, open }) => {
    upstream.misbehave({ times: 1, fault: faults.status(503, { retryAfter: 'Sat, 21 Nov 2026 12:00:30 GMT' }) })
    const { client, waits } = open({ retry: { now: () => Date.UTC(2026, 10, 21, 12, 0, 0) } })
    await client.fetchArtifact(artifactOf(channel, SMALL_NAME))
    expect(waits).toEqual([30_500])
  })

  test('makes at most 1.2 times the requests when one in ten fails', async ({ expect, channel, upstream, open }) => {
    const artifact = artifactOf(channel, SMALL_NAME)
    const { client } = open()
    const total = 200
    for (let skip = 9; skip < 2 * total; skip += 10) upstream.misbehave({ skip: skip - Math.floor(skip / 10), times: 1, fault: faults.status(503) })
    for (let index = 0; index < total; index += 1) await client.fetchArtifact(artifact)
    const failed = upstream.requests.filter(({ status }) => status === 503).length
    expect(failed).toBeGreaterThanOrEqual(total / 10)
    expect(upstream.requests.length).toBeLessThanOrEqual(total * 1.2)
  })

  test('leaves a host alone that fails on and on, and tries it again later', async ({ expect, channel, upstream, open }) => {
    let time = 1_000_000
    const rule = upstream.misbehave({ fault: faults.status(503) })
    const { client, events } = open({ retry: { now: () => time, sleep: async (milliseconds) => void (time += milliseconds) } })
    const artifact = artifactOf(channel, SMALL_NAME)
    const codes: (string | undefined)[] = []
    for (let index = 0; index < 6; index += 1) codes.push((await failureOf(client.fetchArtifact(artifact))).code)
    expect(codes).toEqual([...Array.from({ length: 4 }, () => 'ARTIFACT_UNREACHABLE'), 'HOST_FAILING', 'HOST_FAILING'])
    expect(events).toContainEqual({ type: 'host-failing', host: `127.0.0.1:${upstream.port}`, pause: 60_000 })
    expect(upstream.requests.length).toBeLessThan(25)
    rule.stop()
    time += 60_001
    expect((await client.fetchArtifact(artifact)).bytes?.length).toBe(artifact.size)
  })
})

describe('fetchArtifact() and ranges (N11)', () => {
  test('continues at the offset', async ({ expect, channel, open, upstream }) => {
    const artifact = artifactOf(channel, LARGE_NAME)
    const fetched = await open().client.fetchArtifact(artifact, { offset: 1_000_000 })
    expect(fetched.offset).toBe(1_000_000)
    expect(await readAll(fetched)).toEqual((await bytesOf(channel, artifact)).subarray(1_000_000))
    expect(upstream.requests.map(({ status }) => status)).toEqual([206])
  })

  test('has nothing to ask for when all bytes are there', async ({ expect, channel, open, upstream }) => {
    const artifact = artifactOf(channel, LARGE_NAME)
    const fetched = await open().client.fetchArtifact(artifact, { offset: artifact.size })
    expect([fetched.offset, (await readAll(fetched)).length, upstream.requests.length]).toEqual([artifact.size, 0, 0])
  })

  for (const [what, fault] of [
    ['the range is ignored', faults.ignoreRange()], ['Content-Range is wrong', faults.wrongContentRange()], ['the range is refused', faults.status(416)],
  ] as const) {
    test(`starts again at 0, and says so, when ${what}`, async ({ expect, channel, open, upstream }) => {
      upstream.misbehave({ times: 1, fault })
      const artifact = artifactOf(channel, LARGE_NAME)
      const fetched = await open().client.fetchArtifact(artifact, { offset: 1000 })
      expect(fetched.offset).toBe(0)
      expect(await readAll(fetched)).toEqual(await bytesOf(channel, artifact))
    })
  }

  for (const etag of ['W/"weak"', '']) {
    test(`does not even ask for the rest by the ETag ${JSON.stringify(etag)}`, async ({ expect, channel, open }) => {
      await using server = await serveChannel(channel.folder, { headers: { etag } })
      server.misbehave({ times: 1, fault: faults.reset({ fraction: 0.5 }) })
      const fetched = await open({ channel: parseChannelUrl(server.url, { folder: 'x' }) }).client.fetchArtifact(artifactOf(channel, LARGE_NAME))
      expect((await failureOf(readAll(fetched))).code).toBe('TRANSFER_BROKEN')
      expect(server.requests.length).toBe(1)
    })
  }

  for (const [what, fault] of [
    ['the range is ignored', faults.ignoreRange()], ['Content-Range is wrong', faults.wrongContentRange()], ['the ETag changed', faults.changeEtag()], ['the ETag became weak', faults.weakEtag()],
  ] as const) {
    test(`does not continue a broken transfer when ${what}`, async ({ expect, channel, open, upstream }) => {
      upstream.misbehave({ times: 1, fault: faults.reset({ fraction: 0.5 }) })
      upstream.misbehave({ fault })
      const fetched = await open().client.fetchArtifact(artifactOf(channel, LARGE_NAME))
      expect((await failureOf(readAll(fetched))).code).toBe('TRANSFER_BROKEN')
      expect(upstream.requests.length).toBe(2)
    })
  }
})

describe('fetchArtifact() and headers that lie (N13, N14)', () => {
  for (const [what, fault, code] of [
    ['a content encoding', faults.claimEncoding('gzip'), 'ANSWER_REFUSED'],
    ['gzip', faults.gzip(), 'ANSWER_REFUSED'],
    ['a gzip bomb', faults.gzipBomb(10_000_000), 'ANSWER_REFUSED'],
    ['two lengths', faults.declareLength(['10', '11']), 'ANSWER_REFUSED'],
    ['a negative length', faults.declareLength(['-1']), 'ANSWER_REFUSED'],
    ['64 KiB of headers', faults.hugeHeader(), 'ANSWER_REFUSED'],
  ] as const) {
    test(`refuses ${what}`, async ({ expect, channel, upstream, open }) => {
      upstream.misbehave({ fault })
      const { client } = open()
      for (const name of NAMES) expect((await failureOf(client.fetchArtifact(artifactOf(channel, name)))).code).toBe(code)
    })
  }

  test('comes over a kept connection that the server closed', async ({ expect, channel, upstream, open }) => {
    upstream.misbehave({ times: 3, fault: faults.closeIdle() })
    const artifact = artifactOf(channel, SMALL_NAME)
    const { client } = open({ concurrency: 1 })
    for (let index = 0; index < 5; index += 1) expect((await client.fetchArtifact(artifact)).bytes).toEqual(await bytesOf(channel, artifact))
  })

  test('keeps connections', async ({ expect, channel, upstream, open }) => {
    const { client } = open({ concurrency: 2 })
    await Promise.all(Array.from({ length: 20 }, async () => client.fetchArtifact(artifactOf(channel, SMALL_NAME))))
    expect(new Set(upstream.requests.map(({ connection }) => connection)).size).toBeLessThanOrEqual(2)
  })
})
