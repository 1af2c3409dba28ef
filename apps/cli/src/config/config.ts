import type { ChannelUrl } from '@mirror/core'
import type { ReusePolicy, VariantChoice, WantedSubdir } from '@mirror/sync'
import type { ConfigProblem } from './problems.ts'

/** A channel to mirror. Its folder below the mirror's is `channel.folder`. */
export interface ChannelConfig {
  readonly channel: ChannelUrl
  /** In order, each once; `noarch` among them unless it is not wanted. */
  readonly subdirs: readonly WantedSubdir[]
}

/** How long to wait for a server, in milliseconds. */
export interface Timeouts {
  readonly connect: number
  readonly idle: number
}

/** The configuration that holds: flags over file over defaults. Secrets are only in `channels`, as `Secret`. */
export interface Config {
  /** The file it is from, as it was named; undefined for defaults and flags alone. */
  readonly file: string | undefined
  /** An absolute path. */
  readonly mirrorDir: string
  readonly channels: readonly ChannelConfig[]
  readonly platforms: readonly string[]
  readonly noarch: boolean
  readonly variants: VariantChoice
  readonly reuse: ReusePolicy
  /** Milliseconds. */
  readonly grace: number
  readonly concurrency: number
  /** Bytes a second. */
  readonly bandwidth: number | undefined
  readonly timeouts: Timeouts
  /** An absolute path of a file with certificates to trust besides those of the system. */
  readonly certificates: string | undefined
  readonly installers: boolean
  readonly maximumDeletes: number | undefined
  /** Bytes that must stay free. */
  readonly reserve: number | undefined
  readonly warnings: readonly ConfigProblem[]
}
