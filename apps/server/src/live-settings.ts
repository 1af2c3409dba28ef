import type { IncomingMessage } from 'node:http'
import type { SecureContextOptions } from 'node:tls'
import { MirrorError } from '@mirror/core'
import { type Access, createAccess } from './access/access.ts'
import type { AccessOptions } from './access/access-options.ts'
import { type Client, createClientReader } from './access/client-address.ts'
import { listAccessFiles, loadAccess, type LoadedAccess } from './access/load-access.ts'
import { createPasswordChecker } from './access/password-checker.ts'
import type { ServerErrorCode } from './error-codes.ts'
import type { ServerEvent } from './events.ts'
import { createSettingsPart, type SettingsPart } from './settings-part.ts'
import { type Certificate, readCertificate, type TlsFiles } from './tls/read-certificate.ts'

/** What may change while the server serves. */
export interface ServerSettings {
  /** Milliseconds. A mirror that was brought up to date longer ago is not ready. Default: age does not count. */
  readonly maximumAge?: number
  /** Who may read what. Default: everybody everything. */
  readonly access?: AccessOptions
  /** Serves over TLS, 1.2 and later. Default: plain HTTP. That cannot change while it serves, the files can. */
  readonly tls?: TlsFiles
  /** Addresses and networks (`isNetwork`) of proxies in front, of which `X-Forwarded-For` is believed. Default: none. */
  readonly proxies?: readonly string[]
}

/** What holds now. */
export interface LiveSettings extends AsyncDisposable {
  readonly access: Access
  readonly certificate: () => Certificate | undefined
  readonly maximumAge: () => number | undefined
  readonly readClient: (request: IncomingMessage) => Client
  /** Hands certificates that come to whoever uses them, and begins to look for changed files. */
  readonly watch: (use: (certificate: SecureContextOptions) => void) => void
  /** Reads all files again; all of it holds from then on, or nothing of it. Throws `ACCESS_INVALID` and `TLS_INVALID`. */
  readonly renew: (settings: ServerSettings) => Promise<void>
}

/** What `openSettings` needs beside the settings. */
export interface LiveOptions {
  readonly observe: (event: ServerEvent) => void
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Milliseconds between two looks at the files. */
  readonly interval: number
}

/** Reads the files that settings name. Throws `ACCESS_INVALID` and `TLS_INVALID`. */
export async function openSettings(initial: ServerSettings, { observe, now, interval }: LiveOptions): Promise<LiveSettings> {
  const checker = createPasswordChecker()
  const access = createAccess({ loaded: undefined, checker, observe, now })
  const certificates = createCertificatePart({ observe, now, interval })
  const parts = [certificates.part, createSettingsPart({ what: 'access', listFiles: listAccess, read: readAccess, use: access.renew, interval, observe })]
  let settings = initial
  let readClient = createClientReader([])

  async function adopt(next: ServerSettings): Promise<void> {
    // One after the other: when one fails, none is still on its way.
    const ready: (() => void)[] = []
    for (const part of parts) ready.push(await part.load(next))
    for (const use of ready) use()
    readClient = createClientReader(next.proxies ?? [])
    settings = next
  }

  await adopt(initial)
  return {
    access,
    certificate: certificates.current,
    maximumAge: () => settings.maximumAge,
    readClient: (request) => readClient(request),
    watch(use) {
      certificates.hand(use)
      for (const part of parts) part.start()
    },
    async renew(next) {
      checkTransport(settings, next)
      try {
        await adopt(next)
      } catch (error) {
        await Promise.all(parts.map(async (part) => await part.keep()))
        throw error
      }
    },
    async [Symbol.asyncDispose]() {
      for (const part of parts) part[Symbol.dispose]()
      await checker[Symbol.asyncDispose]()
    },
  }
}

const DAY = 86_400_000
const SOON = 14 * DAY

interface Certificates {
  readonly part: SettingsPart<ServerSettings>
  readonly current: () => Certificate | undefined
  /** Those that come from now on, to whoever uses them. */
  readonly hand: (use: (certificate: SecureContextOptions) => void) => void
}

function createCertificatePart({ observe, now, interval }: LiveOptions): Certificates {
  const expiry = createExpiryWarning(observe, now)
  let current: Certificate | undefined
  let handOver: (certificate: SecureContextOptions) => void = () => undefined
  const part = createSettingsPart({
    what: 'certificate', listFiles: listTls, read: readTls, interval, observe,
    onLook: expiry.look,
    use(certificate: Certificate | undefined, settings: ServerSettings) {
      current = certificate
      if (certificate !== undefined) handOver(secure(certificate))
      expiry.use(certificate, settings)
    },
  })
  return {
    part,
    current: () => current,
    hand(use) {
      handOver = use
      expiry.look()
    },
  }
}

/** Tells once a day that a certificate is about to end. */
function createExpiryWarning(observe: LiveOptions['observe'], now: () => number): { readonly use: (certificate: Certificate | undefined, settings: ServerSettings) => void; readonly look: () => void } {
  let watched: { readonly path: string; readonly expires: number } | undefined
  let told = Number.NEGATIVE_INFINITY
  return {
    use(certificate, { tls }) {
      watched = certificate === undefined || tls === undefined ? undefined : { path: tls.certificate, expires: certificate.expires }
      told = Number.NEGATIVE_INFINITY
    },
    look() {
      if (watched === undefined || watched.expires - now() > SOON || now() - told < DAY) return
      told = now()
      observe({ type: 'certificate-expires', ...watched })
    },
  }
}

/** Connections are either secure or not from their first byte. */
function checkTransport(before: ServerSettings, { tls }: ServerSettings): void {
  if ((tls === undefined) === (before.tls === undefined)) return
  throw new MirrorError<ServerErrorCode>('TLS_INVALID', `Cannot ${tls === undefined ? 'leave' : 'begin'} TLS while the server serves: it has to be started again`)
}

async function readTls({ tls }: ServerSettings): Promise<Certificate | undefined> {
  return tls === undefined ? undefined : await readCertificate(tls)
}

async function readAccess({ access }: ServerSettings): Promise<LoadedAccess | undefined> {
  return access === undefined ? undefined : await loadAccess(access)
}

function listTls({ tls }: ServerSettings): readonly string[] {
  return tls === undefined ? [] : [tls.certificate, tls.key]
}

function listAccess({ access }: ServerSettings): readonly string[] {
  return access === undefined ? [] : listAccessFiles(access)
}

/** What a server is told of a certificate. Older versions of TLS are broken (RFC 8996). */
export function secure({ cert, key }: Certificate): SecureContextOptions {
  return { cert, key, minVersion: 'TLSv1.2' }
}
