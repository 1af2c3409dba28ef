import type { ReusePolicy } from '@mirror/sync'
import type { SelectionValues } from './selection-values.ts'
import type { ServeValues } from './serve-values.ts'

/** A channel as a file writes it: alone, or in the long form with what holds for it alone. */
export interface ChannelEntry extends SelectionValues {
  readonly url: string
  readonly path?: string | undefined
  readonly platforms?: readonly string[] | undefined
  readonly budget?: BudgetValues | false | undefined
}

/** How much of a channel the mirror may hold. */
export interface BudgetValues {
  readonly bytes?: number | undefined
  readonly artifacts?: number | undefined
}

/** Which files that are derived from an index are wanted. */
export interface DerivativeValues {
  readonly current_repodata?: boolean | undefined
  readonly run_exports?: boolean | undefined
  readonly channeldata?: boolean | undefined
  readonly repodata_from_packages?: boolean | undefined
  readonly patch_instructions?: boolean | undefined
}

/** What a configuration file says; a key that it leaves out, or leaves empty, is undefined. */
export interface ConfigValues extends SelectionValues {
  readonly mirror_dir?: string | undefined
  readonly channels?: readonly ChannelEntry[] | undefined
  readonly platforms?: readonly string[] | undefined
  readonly noarch?: boolean | undefined
  readonly remote_url?: string | undefined
  readonly fetch_installers?: boolean | undefined
  readonly installers?: { readonly latest?: number | undefined } | 'all' | undefined
  readonly channel_alias?: string | undefined
  readonly budget?: BudgetValues | false | undefined
  readonly derivatives?: DerivativeValues | undefined
  readonly variants?: { readonly zst?: boolean | undefined; readonly shards?: boolean | undefined; readonly bz2?: boolean | 'upstream' | undefined } | undefined
  readonly reuse?: ReusePolicy | undefined
  /** Milliseconds. */
  readonly grace?: number | undefined
  /** Superseded generations that are kept. */
  readonly retain?: number | undefined
  /** Bits. */
  readonly file_mode?: number | undefined
  readonly directory_mode?: number | undefined
  readonly group?: string | undefined
  readonly metrics_file?: string | undefined
  readonly concurrency?: number | undefined
  /** Bytes a second. */
  readonly bandwidth?: number | undefined
  /** Milliseconds. */
  readonly timeouts?: { readonly connect?: number | undefined; readonly idle?: number | undefined } | undefined
  readonly ssl_verify?: true | string | undefined
  readonly check_md5?: boolean | undefined
  readonly verbose?: number | boolean | undefined
  readonly delta?: boolean | undefined
  readonly delta_dir?: string | undefined
  readonly delta_sign?: string | undefined
  readonly delta_keys?: readonly string[] | undefined
  readonly dest_site?: string | undefined
  readonly dest_channel?: string | undefined
  readonly dest_url?: string | undefined
  readonly dest_labels?: readonly string[] | undefined
  readonly dest_access?: 'public' | 'private' | undefined
  readonly dest_concurrency?: number | undefined
  readonly serve?: ServeValues | undefined
}
