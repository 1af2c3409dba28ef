import type { ChannelUrl, SubdirName } from '@mirror/core'
import type { Selection } from '@mirror/selection'
import type { DerivativeChoice, ReusePolicy, VariantChoice, WantedSubdir } from '@mirror/sync'
import type { LogLevel } from '../events.ts'
import type { ConfigProblem } from './problems.ts'
import type { ServeConfig } from './resolve-serve.ts'

/** A channel to mirror. Its folder below the mirror's is `channel.folder`. */
export interface ChannelConfig {
  readonly channel: ChannelUrl
  /** In order, each once; `noarch` among them unless it is not wanted. */
  readonly subdirs: readonly WantedSubdir[]
  /**
   * What is wanted of the channel; no keys when everything is. The seeds of its closure are those that the configuration itself names: what stands in `seedFiles` is added by
   * `readSeedFiles`, and without that the closure is smaller than what was asked for.
   */
  readonly selection: Selection
  readonly seedFiles: SeedFiles
  readonly budget: Budget | undefined
}

/** Files that name what a closure starts from, by absolute paths. */
export interface SeedFiles {
  readonly environments: readonly string[]
  readonly locks: readonly string[]
}

/** How long to wait for a server, in milliseconds. */
export interface Timeouts {
  readonly connect: number
  readonly idle: number
}

/** Which installers are mirrored, and from where. */
export interface InstallersConfig {
  /** `remote_url`, below which `archive/` and `miniconda/` are. Its own `folder` means nothing. */
  readonly remote: ChannelUrl
  /** How many versions of each product and platform: the newest ones. */
  readonly latest: number | 'all'
  /** Those of the top, without `noarch`. */
  readonly platforms: readonly SubdirName[]
}

/** How much of a channel the mirror may hold; what is undefined is not limited. */
export interface Budget {
  readonly bytes: number | undefined
  readonly artifacts: number | undefined
}

/** Where a delta is recorded, or read. */
export interface DeltaConfig {
  /** An absolute path. */
  readonly directory: string
  /** Whether a sync records instead of changing the mirror. */
  readonly isRecorded: boolean
  /** The absolute path of the secret key that signs what is recorded or made. */
  readonly secretKey: string | undefined
  /** Public keys, each its text or the absolute path of its file: nothing is applied that none of them signed. Empty: nobody has to have signed. */
  readonly keys: readonly string[]
}

/** Where and how artifacts are uploaded, as the file and the flags say it; what is undefined has its default where it is used. */
export interface UploadConfig {
  readonly site: string | undefined
  readonly channel: string | undefined
  /** `KIND+https://HOST/CHANNEL`. */
  readonly url: string | undefined
  readonly labels: readonly string[] | undefined
  readonly access: 'public' | 'private' | undefined
  readonly concurrency: number | undefined
}

/** The configuration that holds: flags over file over defaults. Secrets are only in `channels` and `installers.remote`, as `Secret`. */
export interface Config {
  /** The file it is from, as it was named; undefined for defaults and flags alone. */
  readonly file: string | undefined
  /** An absolute path. */
  readonly mirrorDir: string
  readonly channels: readonly ChannelConfig[]
  readonly platforms: readonly string[]
  readonly noarch: boolean
  /** What short names of channels are completed with, also in match specs; without secrets and without a slash at the end. */
  readonly channelAlias: string
  /** Undefined: none are wanted. */
  readonly installers: InstallersConfig | undefined
  readonly derivatives: DerivativeChoice
  readonly variants: VariantChoice
  readonly reuse: ReusePolicy
  /** Milliseconds. */
  readonly grace: number
  /** How many superseded generations are kept, for `rollback`. */
  readonly retain: number
  /** Permission bits; undefined: what the store has by default (0644 and 0755). */
  readonly fileMode: number | undefined
  readonly directoryMode: number | undefined
  /** Name or number of the group that files are given to. */
  readonly group: string | undefined
  readonly delta: DeltaConfig
  /** An absolute path. */
  readonly metricsFile: string | undefined
  readonly concurrency: number
  /** Bytes a second. */
  readonly bandwidth: number | undefined
  readonly timeouts: Timeouts
  /** An absolute path of a file with certificates to trust besides those of the system. */
  readonly certificates: string | undefined
  /** What `verbose` says; flags win over it. */
  readonly logLevel: LogLevel | undefined
  readonly upload: UploadConfig
  readonly serve: ServeConfig
  readonly maximumDeletes: number | undefined
  /** Bytes that must stay free. */
  readonly reserve: number | undefined
  readonly warnings: readonly ConfigProblem[]
}
