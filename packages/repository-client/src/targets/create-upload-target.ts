import { type ArtifactSet, createArtifactSetBuilder, parseChannelUrl, redactUrl, Secret, type SubdirName } from '@mirror/core'
import { createBandwidth } from '../bandwidth.ts'
import { trustAuthorities } from '../connection-options.ts'
import { createRepositoryClient, type RepositoryClient, type RepositoryClientOptions, type Timeouts } from '../create-repository-client.ts'
import type { Observe, TargetEvent } from '../events.ts'
import { readError } from '../failure.ts'
import { createGotTransport } from '../got-transport.ts'
import { createHostHealth, DEFAULT_FAILING } from '../host-health.ts'
import { DEFAULT_RETRY, type RetryPolicy } from '../retry.ts'
import { createTransferWatch } from '../transfer-watch.ts'
import { ANACONDA } from './anaconda/anaconda.ts'
import { ANACONDA6 } from './anaconda6.ts'
import { createTargetApi } from './api.ts'
import { ARTIFACTORY } from './artifactory.ts'
import { type ChannelReader, createChannelReader } from './channel-reader.ts'
import { PREFIX } from './prefix.ts'
import { QUETZ } from './quetz.ts'
import { USER_AGENT } from './user-agent.ts'
import type { Listing, TargetAuthorization, TargetProtocol } from './target-context.ts'
import type { TargetCredential, TargetKind, UploadTarget } from './target.ts'

/** Options of `createUploadTarget`. */
export interface UploadTargetOptions extends Pick<RepositoryClientOptions, 'proxy' | 'ca' | 'insecure' | 'spoolFolder' | 'failing' | 'bandwidth'> {
  readonly kind: TargetKind
  /** Root of the API, `http:` or `https:`, without secrets. */
  readonly url: string
  /** The channel there; of an `anaconda` target the owner. */
  readonly channel: string
  readonly credential?: TargetCredential | undefined
  /** How to become somebody whom the target takes: the hint of errors about that. */
  readonly loginHint: string
  /** Labels that an uploaded artifact gets, where the API knows labels. Default `main`. */
  readonly labels?: readonly string[]
  /** Whether what has to be created for an artifact is for everybody, where the API knows of it. Default true. */
  readonly isPublic?: boolean
  /** Connections at once. Default 4. */
  readonly concurrency?: number
  /** `stall` is also how long a server may think about what it got: default 120,000. */
  readonly timeouts?: Pick<Timeouts, 'connect' | 'stall'>
  readonly retry?: Partial<RetryPolicy>
  readonly observe?: Observe<TargetEvent>
}

const PROTOCOLS: Readonly<Record<TargetKind, TargetProtocol>> = { anaconda: ANACONDA, anaconda6: ANACONDA6, artifactory: ARTIFACTORY, prefix: PREFIX, quetz: QUETZ }

const CONNECTIONS = 4
const CONNECT_TIMEOUT = 10_000
const THINKING_TIME = 120_000

/** Creates a target. Opens no connection before the first call. */
export function createUploadTarget(options: UploadTargetOptions): UploadTarget {
  const { kind, channel, labels = ['main'], isPublic = true, observe = ignoreEvent } = options
  const protocol = PROTOCOLS[kind]
  const url = options.url.replace(/\/+$/, '')
  const credential = reveal(options.credential)
  const retry: RetryPolicy = { ...DEFAULT_RETRY, ...options.retry }
  const { transport, close } = openTransport(options)
  const health = createHostHealth({ ...DEFAULT_FAILING, ...options.failing }, retry.now, (host, pause) => observe({ type: 'host-failing', host, pause }))
  const headers = { 'user-agent': USER_AGENT, 'accept-encoding': 'identity', ...protocol.headers(credential, url) }
  const api = createTargetApi({
    transport, headers, secrets: secretsOf(credential), notices: protocol.notices ?? noNotices, health, retry, observe, loginHint: options.loginHint, bandwidth: options.bandwidth === undefined ? undefined : createBandwidth(options.bandwidth),
  })
  const place = protocol.listing({ url, channel, labels, credential })
  const listing = place === undefined ? undefined : openListing(options, place)
  const readers: RepositoryClient[] = []
  const closeAll = async (): Promise<void> => {
    await Promise.all([close(), listing?.close(), ...readers.map(async (reader) => await reader.close())])
  }
  const openReader = (): ChannelReader => {
    if (place === undefined) throw new Error(`A channel of ${kind} is read nowhere`)
    const client = openListing({ ...options, retry: { ...options.retry, tries: 1 } }, place)
    readers.push(client)
    return createChannelReader({ client, loginHint: options.loginHint })
  }
  return {
    kind,
    name: `${redactUrl(url)}/${channel}`,
    ...protocol.createCalls({ api, url, channel, labels, isPublic, openReader, requireLogin: createLogin(options) }),
    list: async (subdir, { signal } = {}) => {
      const result = await listing?.fetchIndex(subdir, signal === undefined ? {} : { signal })
      if (result?.status !== 'fetched') return emptySet(subdir)
      await using index = result.index
      return index.table.artifacts()
    },
    close: closeAll,
    [Symbol.asyncDispose]: closeAll,
  }
}

function createLogin({ credential, loginHint, url }: UploadTargetOptions): (doing: string) => void {
  return (doing) => {
    if (credential === undefined) throw readError('TARGET_FORBIDDEN', `Cannot ${doing}: ${redactUrl(url)} takes nothing from somebody who is not logged in`, { hint: loginHint })
  }
}

function openTransport({ proxy = {}, ca, insecure = false, concurrency = CONNECTIONS, timeouts = {} }: UploadTargetOptions) {
  const watch = createTransferWatch({ stall: timeouts.stall ?? THINKING_TIME, minimumRate: 0, rateWindow: Infinity, total: Infinity })
  const transport = createGotTransport({
    concurrency, connectTimeout: timeouts.connect ?? CONNECT_TIMEOUT, proxy, insecure, secureContext: trustAuthorities(ca),
    // Used only for hosts that upstream chose: a target has none.
    guardedLookup: () => undefined,
  }, watch)
  const close = async (): Promise<void> => {
    await transport.close()
    watch.close()
  }
  return { transport, close }
}

/** What a target lists is read as any channel is. */
function openListing({ proxy, ca, insecure, spoolFolder, retry, failing }: UploadTargetOptions, place: Listing) {
  return createRepositoryClient({
    channel: parseChannelUrl(place.url, { folder: 'target' }),
    headers: Object.fromEntries(Object.entries(place.headers).map(([name, value]) => [name, new Secret(value)])),
    ...(proxy === undefined ? {} : { proxy }),
    ...(ca === undefined ? {} : { ca }),
    ...(insecure === undefined ? {} : { insecure }),
    ...(spoolFolder === undefined ? {} : { spoolFolder }),
    ...(retry === undefined ? {} : { retry }),
    ...(failing === undefined ? {} : { failing }),
  })
}

function emptySet(subdir: SubdirName): ArtifactSet {
  return createArtifactSetBuilder(subdir).build()
}

/** What a credential is on the wire, in every form that a server could repeat. */
function secretsOf(credential: TargetAuthorization): readonly string[] {
  if (credential === undefined) return []
  const secrets = credential.type === 'token' ? [credential.token] : [credential.password, Buffer.from(`${credential.user}:${credential.password}`).toString('base64')]
  return secrets.filter((secret) => secret !== '')
}

function reveal(credential: TargetCredential | undefined): TargetAuthorization {
  if (credential === undefined) return undefined
  return credential.type === 'token'
    ? { type: 'token', token: credential.token.reveal() }
    : { type: 'basic', user: credential.user, password: credential.password.reveal() }
}

function noNotices(): readonly string[] {
  return []
}

function ignoreEvent(): void {
  // Nobody listens.
}
