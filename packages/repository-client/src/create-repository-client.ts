import type { Artifact, ChannelUrl, Secret, SubdirName } from '@mirror/core'
import { createAddressGuard } from './address-guard.ts'
import { createBandwidth } from './bandwidth.ts'
import { type ClientContext, createBodyCounter } from './client-context.ts'
import { trustAuthorities } from './connection-options.ts'
import { createCredentials } from './credentials.ts'
import { type DiskContext, readDiskArtifact, readDiskFile, readDiskIndex, readDiskPage, readDiskPlain, readDiskSize } from './disk-channel.ts'
import type { ClientEvent, Observe } from './events.ts'
import { createExchange } from './exchange.ts'
import { type FetchArtifactOptions, fetchArtifactOverHttp, type FetchedArtifact } from './fetch-artifact.ts'
import { fetchFileOverHttp, type FetchFileOptions } from './fetch-file.ts'
import { fetchIndexOverHttp, type FetchIndexOptions } from './fetch-index.ts'
import { fetchPageOverHttp, type FetchPageOptions, type FetchPageResult } from './fetch-page.ts'
import { fetchPlainOverHttp, type FetchPlainOptions, fetchSizeOverHttp, type FetchSizeOptions, type PlainFile } from './fetch-plain.ts'
import type { FetchIndexResult } from './fetched-index.ts'
import { createGotTransport } from './got-transport.ts'
import { createHostHealth, DEFAULT_FAILING, type FailingPolicy } from './host-health.ts'
import type { NetrcEntry } from './netrc.ts'
import { proxyFor, type ProxySettings } from './proxy.ts'
import { DEFAULT_RETRY, type RetryPolicy } from './retry.ts'
import { createTransferWatch, type TransferLimits } from './transfer-watch.ts'
import type { Transport } from './transport.ts'
import { createUndiciTransport } from './undici-transport.ts'

/** Limits on time, in milliseconds. */
export interface Timeouts {
  /** Until a connection stands, with its tunnel and handshake. Default 10,000. */
  readonly connect?: number
  /** Without a byte. Default 30,000. */
  readonly stall?: number
  /** Bytes a second that a transfer must reach over each `rateWindow`. Default 1,024. */
  readonly minimumRate?: number
  /** Default 30,000. */
  readonly rateWindow?: number
  /** From a request to its last byte. Default: none. */
  readonly total?: number
}

/** Options of `createRepositoryClient`. */
export interface RepositoryClientOptions {
  /** From `parseChannelUrl` of `@mirror/core`. */
  readonly channel: ChannelUrl
  /** Connections for each host. Default 32. */
  readonly concurrency?: number
  /** Bytes a second for all transfers together. Default: no limit. */
  readonly bandwidth?: number
  readonly timeouts?: Timeouts
  readonly retry?: Partial<RetryPolicy>
  /** When a host that fails on and on is left alone. */
  readonly failing?: Partial<FailingPolicy>
  readonly proxy?: ProxySettings
  /** Certificate authorities to trust besides the usual ones: PEM. */
  readonly ca?: string | readonly string[]
  /** From `parseNetrc`. */
  readonly netrc?: readonly NetrcEntry[]
  /** Headers that hold a secret, for the channel's own origin, in place of other credentials. */
  readonly headers?: Readonly<Record<string, Secret>>
  /** Takes certificates that prove nothing: for the index of a target whose site says so. Default false. */
  readonly insecure?: boolean
  readonly userAgent?: string
  /** The only other hosts that redirects and `info.base_url` may lead to, whatever their address. Default: any host with a public address (or of the channel's own kind). */
  readonly redirectHosts?: readonly string[]
  /** Larger indexes, compressed or not, are refused. Default 4 GiB. */
  readonly maximumIndexBytes?: number
  /** Where indexes above 16 MiB are kept while they are used; without it they stay in memory. */
  readonly spoolFolder?: string
  readonly observe?: Observe<ClientEvent>
}

/** Reads one channel. Safe for many calls at once. */
export interface RepositoryClient extends AsyncDisposable {
  /**
   * Fetches the index of a subdir, whole and plausible, or throws: `INDEX_UNREADABLE`, `INDEX_MALFORMED`, `INDEX_IMPLAUSIBLE`, `NAME_UNSAFE`, `BODY_TOO_LARGE`, `ANSWER_REFUSED`,
   * `CHANNEL_FORBIDDEN`, `CHANNEL_UNREACHABLE`, `TRANSFER_STALLED`, `CERTIFICATE_REFUSED`, `PROXY_REFUSED`, `REDIRECT_REFUSED`, `HOST_FAILING`, `FILE_REFUSED`; the signal's reason when aborted.
   */
  readonly fetchIndex: (subdir: SubdirName, options?: FetchIndexOptions) => Promise<FetchIndexResult>
  /**
   * Fetches an artifact as upstream has it: never more bytes than its size, and exactly the bytes that its digest names unless `verify` is false. A connection that breaks is continued
   * within the call where upstream can prove that the bytes are the same. Throws `ARTIFACT_MISSING`, `ARTIFACT_UNREACHABLE`, `DIGEST_MISMATCH`, `SIZE_MISMATCH`, `TRANSFER_BROKEN`,
   * and those of `fetchIndex` that are not about indexes.
   */
  readonly fetchArtifact: (artifact: Artifact, options?: FetchArtifactOptions) => Promise<FetchedArtifact>
  /** Fetches a small file by its path from the channel's root, whole; undefined when upstream does not have it. */
  readonly fetchFile: (path: string, options?: FetchFileOptions) => Promise<Buffer | undefined>
  /** Fetches the page of a folder, by its path from the channel's root; on disk, that is its `index.html`. Throws as `fetchFile`. */
  readonly fetchPage: (folder: string, options?: FetchPageOptions) => Promise<FetchPageResult>
  /** The bytes of a file that a page of upstream lists; undefined when upstream does not tell. Throws `ARTIFACT_MISSING`, and otherwise as `fetchFile`. */
  readonly fetchSize: (path: string, options?: FetchSizeOptions) => Promise<number | undefined>
  /** Fetches a file of known size and digest that is no artifact, in every way as `fetchArtifact` does. */
  readonly fetchPlain: (file: PlainFile, options?: FetchPlainOptions) => Promise<FetchedArtifact>
  /** Closes all connections; transfers that run then fail. */
  readonly close: () => Promise<void>
}

const SPOOL_ABOVE = 16_777_216
const LARGEST_INDEX = 4_294_967_296
const CONNECTIONS = 32
const CONNECT_TIMEOUT = 10_000
const DEFAULT_LIMITS: TransferLimits = { stall: 30_000, minimumRate: 1024, rateWindow: 30_000, total: Infinity }

/** Creates a client for one channel, over HTTP or on disk. Nothing is opened and no HTTP library is loaded before the first call. */
export function createRepositoryClient(options: RepositoryClientOptions): RepositoryClient {
  const { channel, maximumIndexBytes = LARGEST_INDEX, spoolFolder } = options
  const shared: DiskContext = { channel, maximumIndexBytes, spool: { folder: spoolFolder, memory: SPOOL_ABOVE } }
  return channel.kind === 'file' ? createDiskClient(shared) : createHttpClient(options, shared)
}

function createDiskClient(context: DiskContext): RepositoryClient {
  const close = async (): Promise<void> => undefined
  return {
    fetchIndex: async (subdir, options = {}) => readDiskIndex(context, subdir, options),
    fetchArtifact: async (artifact, options = {}) => readDiskArtifact(context, artifact, options),
    fetchFile: async (path, options = {}) => readDiskFile(context, path, options),
    fetchPage: async (folder, options = {}) => readDiskPage(context, folder, options),
    fetchSize: async (path) => readDiskSize(context, path),
    fetchPlain: async (file, options = {}) => readDiskPlain(context, file, options),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function createHttpClient(options: RepositoryClientOptions, shared: DiskContext): RepositoryClient {
  const { context, close } = createContext(options, shared)
  return {
    fetchIndex: async (subdir, settings = {}) => fetchIndexOverHttp(context, subdir, settings),
    fetchArtifact: async (artifact, settings = {}) => fetchArtifactOverHttp(context, artifact, settings),
    fetchFile: async (path, settings = {}) => fetchFileOverHttp(context, path, settings),
    fetchPage: async (folder, settings = {}) => fetchPageOverHttp(context, folder, settings),
    fetchSize: async (path, settings = {}) => fetchSizeOverHttp(context, path, settings),
    fetchPlain: async (file, settings = {}) => fetchPlainOverHttp(context, file, settings),
    close,
    [Symbol.asyncDispose]: close,
  }
}

interface OpenContext {
  readonly context: ClientContext
  readonly close: () => Promise<void>
}

/** What holds where the options say nothing. */
const STANDARD: Required<Pick<RepositoryClientOptions, 'timeouts' | 'proxy' | 'netrc' | 'observe' | 'userAgent' | 'concurrency' | 'headers' | 'insecure'>> = {
  timeouts: {}, proxy: {}, netrc: [], observe: ignoreEvent, userAgent: 'conda-mirror-tools', concurrency: CONNECTIONS, headers: {}, insecure: false,
}

function createContext(options: RepositoryClientOptions, shared: DiskContext): OpenContext {
  const { channel, timeouts, proxy, netrc, observe, userAgent, concurrency, headers, insecure } = { ...STANDARD, ...options }
  const retry: RetryPolicy = { ...DEFAULT_RETRY, ...options.retry }
  const home = new URL(channel.url)
  const guard = createAddressGuard({ home, proxied: proxyFor(home, proxy) !== undefined })
  const health = createHostHealth({ ...DEFAULT_FAILING, ...options.failing }, retry.now, (host, pause) => observe({ type: 'host-failing', host, pause }))
  const watch = createTransferWatch({ ...DEFAULT_LIMITS, ...timeouts })
  const secureContext = trustAuthorities(options.ca)
  const connection = { concurrency, connectTimeout: timeouts.connect ?? CONNECT_TIMEOUT, proxy, secureContext, insecure, guardedLookup: guard.lookup }
  const closing = { closed: false }
  const metadata = untilClosed(createGotTransport(connection, watch), closing)
  const bulk = untilClosed(createUndiciTransport(connection, watch), closing)
  const bandwidth = options.bandwidth === undefined ? undefined : createBandwidth(options.bandwidth)
  const exchange = createExchange({
    home, credentials: createCredentials(channel, { netrc, headers }), guard, health, userAgent, redirectHosts: options.redirectHosts, now: retry.now, observe,
  })
  return {
    context: { ...shared, concurrency, exchange, metadata, bulk, retry, bandwidth, observe, countBody: createBodyCounter({ bandwidth, observe }) },
    async close() {
      closing.closed = true
      await Promise.all([metadata.close(), bulk.close()])
      watch.close()
    },
  }
}

/** Keeps a retry from opening connections again that were closed. */
function untilClosed(transport: Transport, state: { readonly closed: boolean }): Transport {
  return {
    async send(request) {
      if (state.closed) throw new Error('The client was closed')
      return await transport.send(request)
    },
    close: transport.close,
  }
}

function ignoreEvent(): void {
  // Nobody listens.
}
