import { execFileSync } from 'node:child_process'
import { connect } from 'node:net'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { describe } from 'vitest'

import { buildChannel, type Certificate, createCertificate, type ProxyOptions, serveChannel, startBlackHole, startProxy } from '../src/index.ts'
import { requestRaw, test } from './raw-client.ts'

const hasOpenssl = (() => {
  try {
    return execFileSync('openssl', ['version']).length > 0
  } catch {
    return false
  }
})()

function isCertificate(value: Certificate | undefined): value is Certificate {
  return value !== undefined
}

async function makeCertificate(folder: string, options: Parameters<typeof createCertificate>[1] = {}): Promise<Certificate> {
  const certificate = await createCertificate(folder, options)
  if (!isCertificate(certificate)) throw new Error('there is no openssl')
  return certificate
}

async function fetchTls(url: string, options: RequestOptions): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  httpsRequest(url, { agent: false, ...options }, (response) => { resolve(text(response)) }).on('error', reject).end()
  return await promise
}

// openssl makes the certificates: skipped where there is none.
describe.skipIf(!hasOpenssl)('createCertificate() and a TLS server', () => {
  test('is trusted by who trusts it, and by nobody else', async ({ folder, expect }) => {
    await buildChannel({ subdirs: {} }, join(folder, 'channel'))
    const tls = await makeCertificate(join(folder, 'certificate'))
    await using server = await serveChannel(join(folder, 'channel'), { tls })
    const url = `${server.url}noarch/repodata.json`
    expect(await fetchTls(url, { ca: tls.cert })).toContain('"noarch"')
    await expect(fetchTls(url, {})).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  })

  test('can be out of date, or of another host', async ({ folder, expect }) => {
    await buildChannel({ subdirs: {} }, join(folder, 'channel'))
    const expired = await makeCertificate(join(folder, 'expired'), { expired: true })
    const foreign = await makeCertificate(join(folder, 'foreign'), { names: ['DNS:upstream.invalid'] })
    await using first = await serveChannel(join(folder, 'channel'), { tls: expired })
    await using second = await serveChannel(join(folder, 'channel'), { tls: foreign })
    await expect(fetchTls(first.url, { ca: expired.cert })).rejects.toMatchObject({ code: 'CERT_HAS_EXPIRED' })
    await expect(fetchTls(second.url, { ca: foreign.cert })).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  })
})

test('createCertificate() says by undefined that there is no openssl', async ({ folder, expect }) => {
  const path = process.env['PATH']
  process.env['PATH'] = folder
  try {
    expect(await createCertificate(folder)).toBe(undefined)
  } finally {
    process.env['PATH'] = path
  }
})

async function viaProxy(port: number, target: string, headers: OutgoingHttpHeaders = {}): Promise<{ status: number | undefined; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  httpRequest({ host: '127.0.0.1', port, path: target, headers: { host: 'unused', ...headers }, agent: false }, resolve).on('error', reject).end()
  const response = await promise
  return { status: response.statusCode, body: await text(response) }
}

/** Asks for a tunnel, sends one plain request through it, and gives everything that came back. */
async function viaTunnel(port: number, target: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n\r\n`)
  socket.once('data', () => { socket.write('GET /noarch/repodata.json HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n') })
  return await text(socket)
}

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`

describe('startProxy()', () => {
  const testProxy = test.extend<{ channel: string }>({
    channel: async ({ folder }, use) => {
      await buildChannel({ subdirs: {} }, folder)
      await using server = await serveChannel(folder)
      await use(server.url)
    },
  })

  testProxy('forwards absolute URLs and writes them down', async ({ channel, expect }) => {
    await using proxy = await startProxy()
    const answer = await viaProxy(proxy.port, `${channel}noarch/repodata.json`)
    expect(answer).toMatchObject({ status: 200, body: expect.stringContaining('"noarch"') })
    expect(proxy.requests).toEqual([{ method: 'GET', target: `${channel}noarch/repodata.json`, refused: false }])
  })

  testProxy('makes tunnels', async ({ channel, expect }) => {
    await using proxy = await startProxy()
    const { host } = new URL(channel)
    expect(await viaTunnel(proxy.port, host)).toMatch(/^HTTP\/1\.1 200 [^]*HTTP\/1\.1 200 OK[^]*"noarch"/)
    expect(proxy.requests).toEqual([{ method: 'CONNECT', target: host, refused: false }])
  })

  testProxy('answers 407 to who has not the password, also to tunnels', async ({ channel, expect }) => {
    const options: ProxyOptions = { auth: { user: 'ann', password: 'secret' } }
    await using proxy = await startProxy(options)
    expect((await viaProxy(proxy.port, channel)).status).toBe(407)
    expect(await viaTunnel(proxy.port, new URL(channel).host)).toMatch(/^HTTP\/1\.1 407 /)
    expect((await viaProxy(proxy.port, `${channel}noarch/repodata.json`, { 'proxy-authorization': basic('ann:secret') })).status).toBe(200)
    expect(proxy.requests.map(({ refused }) => refused)).toEqual([true, true, false])
  })

  testProxy('answers 502 when there is no upstream', async ({ channel: _, expect }) => {
    await using proxy = await startProxy()
    const hole = await startBlackHole()
    await hole.close()
    expect((await viaProxy(proxy.port, hole.url)).status).toBe(502)
  })
})

describe('startBlackHole()', () => {
  test('resets connections when told to', async ({ expect }) => {
    await using hole = await startBlackHole({ reset: true })
    expect(await requestRaw(hole.url)).toMatchObject({ end: 'rst', status: 0 })
  })

  test('accepts, and says nothing until it is closed', async ({ expect }) => {
    const hole = await startBlackHole()
    const answering = requestRaw(hole.url)
    await hole.reached
    expect(hole.connections).toBe(1)
    await hole.close()
    expect((await answering).bytes.length).toBe(0)
  })
})
