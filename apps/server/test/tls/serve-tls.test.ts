import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import https from 'node:https'
import net from 'node:net'
import { join } from 'node:path'
import tls from 'node:tls'
import { type Certificate, createCertificate } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { readCertificate } from '../../src/tls/read-certificate.ts'
import { type ServedFolder, test as base } from '../served-folder.ts'

// Certificates are made with it: Node can read them and not make them. Nothing of ours stands in for it; Debian and every CI image have it.
const hasOpenssl = ((): boolean => {
  try {
    execFileSync('openssl', ['version'])
    return true
  } catch {
    return false
  }
})()

const FILES = { 'mirror/team/noarch/repodata.json': '{"packages":{}}\n' }

interface Pair extends Certificate {
  readonly fingerprint: string
}

async function createPair(folder: string, options: { readonly expired?: boolean } = {}): Promise<Pair> {
  const pair = await createCertificate(folder, options)
  if (pair === undefined) throw new Error('openssl is absent')
  return { ...pair, fingerprint: new X509Certificate(pair.cert).fingerprint256 }
}

/** Two pairs of certificate and key, made once, and a server that has the first. */
const test = base.extend<{
  readonly pairs: readonly [Pair, Pair]
  readonly serveSecure: (pair: Pair) => Promise<ServedFolder>
}>({
  pairs: async ({ folder }, use) => {
    await use([await createPair(join(folder, 'ca-1')), await createPair(join(folder, 'ca-2'))])
  },
  serveSecure: async ({ folder, serve }, use) => {
    await use(async (pair) => await serve({ ...FILES, 'cert.pem': pair.cert, 'key.pem': pair.key }, { tls: { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') } }))
  },
})

/** One request over a connection of its own, or over that of the agent: which certificate it met, and what came. */
async function ask(port: number, ca: string, agent: https.Agent | false = false): Promise<{ readonly fingerprint: string; readonly status: number | undefined; readonly socket: tls.TLSSocket }> {
  return await new Promise((resolve, reject) => {
    const request = https.get({ host: '127.0.0.1', port, path: '/team/noarch/repodata.json', ca, agent }, (response) => {
      const { socket } = response
      response.resume().once('end', () => {
        if (socket instanceof tls.TLSSocket) resolve({ fingerprint: socket.getPeerCertificate().fingerprint256, status: response.statusCode, socket })
      })
    })
    request.once('error', reject)
  })
}

async function readText(port: number, path: string, ca: string): Promise<string> {
  return await new Promise((resolve, reject) => {
    https.get({ host: '127.0.0.1', port, path, ca, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (piece: string) => { text += piece }).once('end', () => resolve(text))
    }).once('error', reject)
  })
}

describe.skipIf(!hasOpenssl)('TLS (skipped where the openssl command is absent)', () => {
  test('serves over TLS, and tells so', async ({ expect, pairs: [first], serveSecure }) => {
    const { server } = await serveSecure(first)
    expect(server.isSecure).toBe(true)
    expect(await ask(server.port, first.cert)).toMatchObject({ fingerprint: first.fingerprint, status: 200 })
    expect(await readText(server.port, '/metrics', first.cert)).toContain(`\nmirror_certificate_expires_timestamp_seconds ${Date.parse('2099-01-01T00:00:00Z') / 1000}\n`)
  })

  test('takes 1.2 and 1.3, and nothing older', async ({ expect, pairs: [first], serveSecure }) => {
    const { server } = await serveSecure(first)
    const connect = async (version: tls.SecureVersion): Promise<string | null> => await new Promise((resolve) => {
      const socket = tls.connect({ host: '127.0.0.1', port: server.port, ca: first.cert, minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' }, () => {
        resolve(socket.getProtocol())
        socket.destroy()
      })
      socket.once('error', () => resolve('refused'))
    })
    expect([await connect('TLSv1.3'), await connect('TLSv1.2'), await connect('TLSv1.1'), await connect('TLSv1')]).toEqual(['TLSv1.3', 'TLSv1.2', 'refused', 'refused'])
  })

  test('plain HTTP at its door, and what is no handshake, is closed, and the next one is answered', async ({ expect, pairs: [first], serveSecure }) => {
    const { server } = await serveSecure(first)
    for (const text of ['GET / HTTP/1.1\r\nhost: x\r\n\r\n', '\x16\x03\x01\xff\xff', '']) {
      const socket = net.connect(server.port, '127.0.0.1')
      const closed = new Promise((resolve) => { socket.once('close', resolve).once('error', () => undefined).resume() })
      socket.end(text)
      await closed
    }
    expect((await ask(server.port, first.cert)).status).toBe(200)
  })

  test('a renewed certificate is taken without being told, and connections that are open stay', async ({ expect, folder, pairs: [first, second], serveSecure }) => {
    const { server, told } = await serveSecure(first)
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 })
    const before = await ask(server.port, first.cert, agent)
    // As certbot and Kubernetes do it: new files take the place of the old ones, one after the other.
    await writeFile(join(folder, 'next-cert.pem'), second.cert)
    await rename(join(folder, 'next-cert.pem'), join(folder, 'cert.pem'))
    await writeFile(join(folder, 'next-key.pem'), second.key)
    await rename(join(folder, 'next-key.pem'), join(folder, 'key.pem'))
    await told(({ type }) => type === 'renewed')
    const after = await ask(server.port, first.cert, agent)
    expect([after.fingerprint, after.status, after.socket === before.socket]).toEqual([first.fingerprint, 200, true])
    expect((await ask(server.port, second.cert)).fingerprint).toBe(second.fingerprint)
    await expect(ask(server.port, first.cert)).rejects.toThrow()
    agent.destroy()
  })

  test('a pair that does not fit is told, and the one from before stays; when it is right, it is taken', async ({ expect, pairs: [first, second], serveSecure }) => {
    const { server, told, write, events } = await serveSecure(first)
    await write('key.pem', second.key)
    expect(await told(({ type }) => type === 'renewal-failed')).toMatchObject({ what: 'certificate', error: { code: 'TLS_INVALID', message: expect.stringMatching(/cert\.pem": the key in ".*key\.pem" is that of another/) as unknown } })
    expect((await ask(server.port, first.cert)).status).toBe(200)
    await write('cert.pem', second.cert)
    await told(({ type }) => type === 'renewed')
    expect((await ask(server.port, second.cert)).fingerprint).toBe(second.fingerprint)
    expect(JSON.stringify(events)).not.toContain('PRIVATE KEY')
  })

  test('renew() takes other files, or leaves all as it was', async ({ expect, folder, pairs: [first, second], serveSecure }) => {
    const { server, write } = await serveSecure(first)
    await write('other-cert.pem', second.cert)
    await write('other-key.pem', second.key)
    await expect(server.renew({ tls: { certificate: join(folder, 'other-cert.pem'), key: join(folder, 'key.pem') } })).rejects.toMatchObject({ code: 'TLS_INVALID' })
    await expect(server.renew({})).rejects.toMatchObject({ code: 'TLS_INVALID', message: 'Cannot leave TLS while the server serves: it has to be started again' })
    expect((await ask(server.port, first.cert)).status).toBe(200)
    await server.renew({ tls: { certificate: join(folder, 'other-cert.pem'), key: join(folder, 'other-key.pem') } })
    expect((await ask(server.port, second.cert)).fingerprint).toBe(second.fingerprint)
  })

  test('one that has ended, or is about to, is told', async ({ expect, folder, serve, pairs: [first] }) => {
    const old = await createPair(join(folder, 'ca-old'), { expired: true })
    const secure = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
    const { events } = await serve({ 'cert.pem': old.cert, 'key.pem': old.key }, { tls: secure })
    expect(events).toEqual([{ type: 'certificate-expires', path: secure.certificate, expires: Date.parse('2020-02-01T00:00:00Z') }])
    const soon = Date.parse('2099-01-01T00:00:00Z')
    for (const [days, count] of [[15, 0], [13, 1]] as const) {
      const served = await serve({ 'cert.pem': first.cert, 'key.pem': first.key }, { tls: secure, clock: () => soon - days * 86_400_000 })
      expect(served.events.length, `${days} days`).toBe(count)
    }
  })
})

describe.skipIf(!hasOpenssl)('readCertificate() (skipped where the openssl command is absent)', () => {
  test('names the file, what is wrong and what to do, and nothing of the key', async ({ expect, folder, pairs: [first, second] }) => {
    const sealed = generateKeyPairSync('ec', { namedCurve: 'P-256', privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }, publicKeyEncoding: { type: 'spki', format: 'pem' } }).privateKey
    for (const [name, text] of [['cert', first.cert], ['key', first.key], ['other', second.key], ['sealed', sealed], ['text', 'hello\n'], ['empty', ''], ['chain', `${first.cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`]] as const) await writeFile(join(folder, name), text)
    const refusal = async (certificate: string, key: string): Promise<string> => {
      try {
        await readCertificate({ certificate: join(folder, certificate), key: join(folder, key) })
        return 'taken'
      } catch (error) {
        const { code, message, hint } = error as { code: string; message: string; hint: string }
        expect(`${message} ${hint} ${JSON.stringify(error)}`).not.toContain(first.key.split('\n')[1])
        expect(hint).not.toBe('')
        return `${code} ${message.replaceAll(`${folder}/`, '')}`
      }
    }
    expect(await refusal('cert', 'key')).toBe('taken')
    expect(await refusal('none', 'key')).toBe('TLS_INVALID Cannot use the certificate "none": ENOENT')
    expect(await refusal('cert', 'none')).toBe('TLS_INVALID Cannot use the key "none": ENOENT')
    expect(await refusal('text', 'key')).toBe('TLS_INVALID Cannot use the certificate "text": this is no certificate in PEM')
    expect(await refusal('empty', 'key')).toContain('"empty": this is no certificate')
    expect(await refusal('key', 'cert')).toContain('"key": this is no certificate')
    expect(await refusal('cert', 'text')).toBe('TLS_INVALID Cannot use the key "text": this is no private key in PEM')
    expect(await refusal('cert', 'sealed')).toBe('TLS_INVALID Cannot use the key "sealed": it is kept under a passphrase')
    expect(await refusal('cert', 'other')).toBe('TLS_INVALID Cannot use the certificate "cert": the key in "other" is that of another')
    expect(await refusal('chain', 'key')).toMatch(/^TLS_INVALID Cannot use the certificate "chain": ERR_/)
  })
})
