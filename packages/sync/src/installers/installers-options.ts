import type { SubdirName } from '@mirror/core'
import type { GuardLimits, GuardVerdict, StateId } from '@mirror/delta'
import type { RepositoryClient } from '@mirror/repository-client'
import type { TidyReport } from '@mirror/store'
import type { SyncEvent } from '../events.ts'
import type { SyncStore } from '../options.ts'
import type { SyncWarning } from '../report.ts'
import type { InstallerFolder } from './installer-name.ts'

/** What `syncInstallers` needs to know. */
export interface SyncInstallersOptions {
  /** Upstream's root, below which `archive/` and `miniconda/` are, without secrets: for messages. */
  readonly remote: string
  /** A client of that root. */
  readonly client: Pick<RepositoryClient, 'fetchPage' | 'fetchPlain' | 'fetchSize'>
  /** A store of plain files at the mirror's root, whose folders are `INSTALLER_FOLDERS`. */
  readonly store: SyncStore
  readonly platforms: readonly SubdirName[]
  /** How many releases of each product and platform, the newest ones. */
  readonly latest: number | 'all'
  /** Where installers are put while they are hashed, when upstream tells no sha256 of them; created and removed by the caller. */
  readonly spoolFolder: string
  /** Of the guards' limits, `allowEmpty` and `shrinkRecords` (`Infinity`: accept) count. */
  readonly limits?: Partial<GuardLimits>
  /** Milliseconds that un-referenced installers are kept. Default 24 h. */
  readonly grace?: number
  readonly maximumDeletes?: number
  /** Bytes that must stay free where the store has a file system. */
  readonly reserve?: number
  /** Plan only: nothing is written. Default false. */
  readonly dryRun?: boolean
  /** Take over installers that another tool put there. Default true. */
  readonly adopt?: boolean
  /** Verify all that is there, as if someone had changed it: what is not right is fetched anew. Default false. */
  readonly verify?: boolean
  /** Installers fetched at once. Default 4. */
  readonly concurrency?: number
  readonly now?: () => number
  readonly signal?: AbortSignal
  readonly observe?: (event: SyncEvent) => void
}

/** An installer that comes or goes. */
export interface InstallerChange {
  /** From the mirror's root. */
  readonly path: string
  /** Bytes; undefined where a plan cannot know. */
  readonly size: number | undefined
}

/** An installer that could not be had. */
export interface FailedInstaller {
  readonly path: string
  readonly code: string
  readonly reason: string
}

/** A folder of installers that was left as it was. */
export interface HeldFolder {
  readonly folder: InstallerFolder
  readonly code: string
  readonly reason: string
  readonly hint: string | undefined
}

/** What a run of `syncInstallers` did; plain data that `JSON.stringify` keeps whole. */
export interface InstallersReport {
  readonly remote: string
  readonly status:
    | 'unchanged'
    /** A dry run: what would happen. */
    | 'planned'
    | 'committed'
    /** A guard refused before anything changed. */
    | 'refused'
    /** Nothing could be had; the mirror is as it was. */
    | 'held'
  /** The generation of the store of installers that is published now; undefined for none. */
  readonly generation: number | undefined
  readonly state: StateId | undefined
  /** What the mirror has of them now, or would have after a plan; pages are not counted. */
  readonly installers: number
  readonly bytes: number
  readonly add: readonly InstallerChange[]
  readonly remove: readonly InstallerChange[]
  /** Installers of platforms that are not asked for any more, which stay until they are pruned. */
  readonly unselected: readonly string[]
  /** What came over the network. */
  readonly fetched: { readonly installers: number; readonly bytes: number }
  /** What was there already, verified. */
  readonly present: number
  readonly failed: readonly FailedInstaller[]
  readonly held: readonly HeldFolder[]
  readonly verdicts: readonly GuardVerdict[]
  readonly warnings: readonly SyncWarning[]
  readonly tidy: TidyReport | undefined
  /** Milliseconds. */
  readonly duration: number
}
