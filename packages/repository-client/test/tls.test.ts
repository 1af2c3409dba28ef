import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseChannelUrl } from '@mirror/core'
import { type ChannelServer, createCertificate, faults, serveChannel, startBlackHole, startProxy } from '@mirror/test-fixtures'
import { beforeAll, describe } from 'vitest'
import { artifactOf, bytesOf, failureOf, LARGE_NAME, observe, readAll, SMALL_NAME, SUBDIR, test } from './upstream.ts'

const work = await mkdtemp(join(tmpdir(), 'client-tls-'))
const good = await createCertificate(join(work, 'good'))
const certificates = good === undefined ? undefined : {
  good,
  expired: await createCertificate(join(work, 'expired'), { expired: true }),
  otherHost: await createCertificate(join(work, 'other'), { names: ['DNS:other.example.org'] }),
}
const suffix = certificates === undefined ? ' (skipped: no openssl)' : ''

beforeAll(() => async () => rm(work, { recursive: true }))

function channelOf(server: ChannelServer) {
  return parseChannelUrl(server.url, { folder: 'x' })
}

describe.skipIf(certificates === undefined)(`TLS (N02)${suffix}`, () => {
  const { good: trusted, expired, otherHost } = certificates ?? {}
  if (trusted === undefined || expired === undefined || otherHost === undefined) return

  test('reads with a certificate authority of the organisation', async ({ expect, channel }) => {
    await using server = await serveChannel(channel.folder, { tls: trusted })
    const { client } = observe({ channel: channelOf(server), ca: trusted.cert })
    expect((await client.fetchIndex(SUBDIR)).status).toBe('fetched')
    for (const name of [SMALL_NAME, LARGE_NAME]) {
      const artifact = artifactOf(channel, name)
      expect(await readAll(await client.fetchArtifact(artifact))).toEqual(await bytesOf(channel, artifact))
    }
    await client.close()
  })

  for (const [what, tls, ca, reason] of [
    ['self-signed', trusted, undefined, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['expired', expired, expired.cert, 'CERT_HAS_EXPIRED'],
    ['for another host', otherHost, otherHost.cert, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ] as const) {
    test(`refuses a certificate that is ${what}, at once`, async ({ expect, channel }) => {
      await using server = await serveChannel(channel.folder, { tls })
      const { client, waits } = observe({ channel: channelOf(server), ...(ca === undefined ? {} : { ca: [ca] }) })
      for (const failure of await Promise.all([failureOf(client.fetchIndex(SUBDIR)), failureOf(client.fetchArtifact(artifactOf(channel, SMALL_NAME)))])) {
        expect(failure).toMatchObject({ code: 'CERTIFICATE_REFUSED', details: { reason }, hint: expect.stringContaining('never ignored') })
      }
      expect([waits, server.requests]).toEqual([[], []])
      await client.close()
    })
  }

  test('never follows from https to http', async ({ expect, channel, upstream }) => {
    await using server = await serveChannel(channel.folder, { tls: trusted })
    server.misbehave({ fault: faults.redirect(`${upstream.origin}{path}`) })
    const { client } = observe({ channel: channelOf(server), ca: trusted.cert })
    for (const failure of await Promise.all([failureOf(client.fetchIndex(SUBDIR)), failureOf(client.fetchArtifact(artifactOf(channel, SMALL_NAME)))])) {
      expect(failure).toMatchObject({ code: 'REDIRECT_REFUSED', message: expect.stringContaining('from https to http') })
    }
    expect((await failureOf(client.fetchArtifact(artifactOf(channel, SMALL_NAME), { baseUrl: `${upstream.url}${SUBDIR}/` }))).code).toBe('REDIRECT_REFUSED')
    expect(upstream.requests).toEqual([])
    await client.close()
  })

  test('follows from http to https', async ({ expect, channel, upstream, open }) => {
    await using server = await serveChannel(channel.folder, { tls: trusted })
    upstream.misbehave({ fault: faults.redirect(`${server.origin}{path}`) })
    const { client } = open({ ca: trusted.cert })
    expect((await client.fetchIndex(SUBDIR)).status).toBe('fetched')
    expect((await client.fetchArtifact(artifactOf(channel, SMALL_NAME))).bytes).toBeDefined()
  })

  test('goes through a tunnel of a proxy', async ({ expect, channel }) => {
    await using server = await serveChannel(channel.folder, { tls: trusted })
    await using proxy = await startProxy({ auth: { user: 'me', password: 'p@ss' } })
    const { client } = observe({ channel: channelOf(server), ca: trusted.cert, proxy: { httpsProxy: proxy.url.replace('http://', 'http://me:p%40ss@') } })
    expect((await client.fetchIndex(SUBDIR)).status).toBe('fetched')
    for (const name of [SMALL_NAME, LARGE_NAME]) {
      const artifact = artifactOf(channel, name)
      expect(await readAll(await client.fetchArtifact(artifact))).toEqual(await bytesOf(channel, artifact))
    }
    expect(new Set(proxy.requests.map(({ method, target }) => `${method} ${target}`))).toEqual(new Set([`CONNECT 127.0.0.1:${server.port}`]))
    await client.close()
  })

  test('refuses a bad certificate also behind a tunnel', async ({ expect, channel }) => {
    await using server = await serveChannel(channel.folder, { tls: otherHost })
    await using proxy = await startProxy()
    const { client } = observe({ channel: channelOf(server), ca: otherHost.cert, proxy: { httpsProxy: proxy.url } })
    for (const failure of await Promise.all([failureOf(client.fetchIndex(SUBDIR)), failureOf(client.fetchArtifact(artifactOf(channel, SMALL_NAME)))])) expect(failure.code).toBe('CERTIFICATE_REFUSED')
    await client.close()
  })

  test('says that a proxy wants a password', async ({ expect, channel }) => {
    await using server = await serveChannel(channel.folder, { tls: trusted })
    await using proxy = await startProxy({ auth: { user: 'me', password: 'secret' } })
    const { client, waits } = observe({ channel: channelOf(server), ca: trusted.cert, proxy: { httpsProxy: proxy.url } })
    for (const failure of await Promise.all([failureOf(client.fetchIndex(SUBDIR)), failureOf(client.fetchArtifact(artifactOf(channel, SMALL_NAME)))])) {
      expect(failure).toMatchObject({ code: 'PROXY_REFUSED', details: { status: 407 } })
    }
    expect(waits).toEqual([])
    await client.close()
  })
})

describe('connections that never stand (N01)', () => {
  test('are given up when the handshake does not come', async ({ expect, channel }) => {
    await using hole = await startBlackHole()
    const { client, events } = observe({ channel: parseChannelUrl(hole.url.replace('http:', 'https:'), { folder: 'x' }), timeouts: { connect: 100 }, retry: { tries: 2 } })
    expect((await failureOf(client.fetchIndex(SUBDIR))).code).toBe('CHANNEL_UNREACHABLE')
    expect((await failureOf(client.fetchArtifact(artifactOf(channel, SMALL_NAME)))).code).toBe('ARTIFACT_UNREACHABLE')
    expect(events).toEqual([expect.objectContaining({ reason: 'timeout' }), expect.objectContaining({ reason: 'timeout' })])
    await client.close()
  })

  test('are given up when nothing answers', async ({ expect, channel }) => {
    await using hole = await startBlackHole()
    const { client } = observe({ channel: parseChannelUrl(hole.url, { folder: 'x' }), timeouts: { stall: 100 }, retry: { tries: 2 } })
    expect((await failureOf(client.fetchIndex(SUBDIR))).code).toBe('TRANSFER_STALLED')
    expect((await failureOf(client.fetchArtifact(artifactOf(channel, SMALL_NAME)))).code).toBe('TRANSFER_STALLED')
    await client.close()
  })

  test('are given up when a proxy does not answer', async ({ expect, channel }) => {
    await using hole = await startBlackHole()
    const proxy = { httpProxy: hole.url, httpsProxy: hole.url }
    const { client } = observe({ channel: parseChannelUrl('https://203.0.113.1/x'), proxy, timeouts: { connect: 100, stall: 200 }, retry: { tries: 2 } })
    expect((await failureOf(client.fetchIndex(SUBDIR))).code).toBe('CHANNEL_UNREACHABLE')
    expect((await failureOf(client.fetchArtifact(artifactOf(channel, SMALL_NAME)))).code).toBe('ARTIFACT_UNREACHABLE')
    await client.close()
  })
})

describe('proxies for http (N14)', () => {
  test('carry everything by absolute URL', async ({ expect, channel, upstream, open }) => {
    await using proxy = await startProxy({ auth: { user: 'me', password: 'p@ss' } })
    const { client } = open({ proxy: { httpProxy: proxy.url.replace('http://', 'http://me:p%40ss@') } })
    expect((await client.fetchIndex(SUBDIR)).status).toBe('fetched')
    for (const name of [SMALL_NAME, LARGE_NAME]) {
      const artifact = artifactOf(channel, name)
      expect(await readAll(await client.fetchArtifact(artifact))).toEqual(await bytesOf(channel, artifact))
    }
    expect(proxy.requests.map(({ target, refused }) => [target.startsWith(`${upstream.url}${SUBDIR}/`), refused])).toEqual(Array.from({ length: 4 }, () => [true, false]))
  })

  test('want a password: named, not repeated', async ({ expect, channel, open }) => {
    await using proxy = await startProxy({ auth: { user: 'me', password: 'secret' } })
    const { client, waits } = open({ proxy: { httpProxy: proxy.url } })
    for (const failure of await Promise.all([failureOf(client.fetchIndex(SUBDIR)), failureOf(client.fetchArtifact(artifactOf(channel, SMALL_NAME)))])) {
      expect(failure).toMatchObject({ code: 'PROXY_REFUSED', hint: expect.stringContaining('user name and password of the proxy') })
    }
    expect(waits).toEqual([])
  })

  test('that are gone make the channel unreachable', async ({ expect, channel, open }) => {
    const proxy = await startProxy()
    await proxy.close()
    const { client } = open({ proxy: { httpProxy: proxy.url } })
    expect((await failureOf(client.fetchIndex(SUBDIR))).code).toBe('CHANNEL_UNREACHABLE')
    expect((await failureOf(client.fetchArtifact(artifactOf(channel, SMALL_NAME)))).code).toBe('ARTIFACT_UNREACHABLE')
  })

  test('are left out for the hosts of NO_PROXY', async ({ expect, open }) => {
    await using proxy = await startProxy()
    expect((await open({ proxy: { httpProxy: proxy.url, noProxy: 'localhost,127.0.0.1' } }).client.fetchIndex(SUBDIR)).status).toBe('fetched')
    expect(proxy.requests).toEqual([])
  })

  test('that die in the middle are survived', async ({ expect, channel, upstream, open }) => {
    await using proxy = await startProxy()
    upstream.misbehave({ times: 1, fault: faults.reset({ fraction: 0.5 }) })
    const artifact = artifactOf(channel, LARGE_NAME)
    const { client } = open({ proxy: { httpProxy: proxy.url } })
    expect(await readAll(await client.fetchArtifact(artifact))).toEqual(await bytesOf(channel, artifact))
  })
})
