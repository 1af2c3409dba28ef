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
import { type Certificate, readCertificate, type TlsFiles } from './tls/read-certificate.ts'
import { watchFiles } from './watch-files.ts'

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
  readonly certificate: Certificate | undefined
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

interface Loaded {
  readonly settings: ServerSettings
  readonly certificate: Certificate | undefined
}

/** Reads the files that settings name. Throws `ACCESS_INVALID` and `TLS_INVALID`. */
export async function openSettings(initial: ServerSettings, { observe, now, interval }: LiveOptions): Promise<LiveSettings> {
  const attempt = async (what: 'certificate' | 'access', renew: () => Promise<void>): Promise<void> => {
    try {
      await renew()
      observe({ type: 'renewed', what })
    } catch (error) {
      observe({ type: 'renewal-failed', what, error })
    }
  }
  const expiry = createExpiryWarning(observe, now)
  const watches = {
    tls: watchFiles({ interval, onLook: () => expiry(current), onChange: () => attempt('certificate', async () => take(await readTls(current.settings))) }),
    access: watchFiles({ interval, onChange: () => attempt('access', async () => access.renew(await readAccess(current.settings))) }),
  }

  /** Noted before they are read, so that no change is missed between. */
  async function load(settings: ServerSettings): Promise<{ readonly certificate: Certificate | undefined; readonly loaded: LoadedAccess | undefined }> {
    await Promise.all([watches.tls.note(listTls(settings)), watches.access.note(listAccess(settings))])
    return { certificate: await readTls(settings), loaded: await readAccess(settings) }
  }

  const first = await load(initial)
  let current: Loaded = { settings: initial, certificate: first.certificate }
  let readClient = createClientReader(initial.proxies ?? [])
  let useCertificate: (certificate: SecureContextOptions) => void = () => undefined
  const checker = createPasswordChecker()
  const access = createAccess({ loaded: first.loaded, checker, observe, now })

  function take(certificate: Certificate | undefined, settings: ServerSettings = current.settings): void {
    if (certificate !== undefined) useCertificate(secure(certificate))
    current = { settings, certificate }
    expiry(current)
  }

  async function renew(settings: ServerSettings): Promise<void> {
    checkTransport(current.settings, settings)
    try {
      const { certificate, loaded } = await load(settings)
      take(certificate, settings)
      readClient = createClientReader(settings.proxies ?? [])
      access.renew(loaded)
    } catch (error) {
      await Promise.all([watches.tls.note(listTls(current.settings)), watches.access.note(listAccess(current.settings))])
      throw error
    }
  }

  return {
    access,
    certificate: first.certificate,
    maximumAge: () => current.settings.maximumAge,
    readClient: (request) => readClient(request),
    watch(use) {
      useCertificate = use
      expiry(current)
      for (const watch of Object.values(watches)) watch.start()
    },
    renew,
    async [Symbol.asyncDispose]() {
      for (const watch of Object.values(watches)) watch[Symbol.dispose]()
      await checker[Symbol.asyncDispose]()
    },
  }
}

const DAY = 86_400_000
const SOON = 14 * DAY

/** Tells once a day that a certificate is about to end. */
function createExpiryWarning(observe: LiveOptions['observe'], now: () => number): (loaded: Loaded) => void {
  let told: { readonly certificate: Certificate; readonly at: number } | undefined
  return ({ settings: { tls }, certificate }) => {
    if (tls === undefined || certificate === undefined || certificate.expires - now() > SOON) return
    if (told?.certificate === certificate && now() - told.at < DAY) return
    told = { certificate, at: now() }
    observe({ type: 'certificate-expires', path: tls.certificate, expires: certificate.expires })
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
