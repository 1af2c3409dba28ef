import { MirrorError, type SubdirName } from '@mirror/core'
import type { ChannelState, PublishedFile } from '@mirror/delta'
import type { Generation, StoreEvent, TidyReport } from '@mirror/store'
import { buildChangeset } from '../build-changeset.ts'
import type { SyncErrorCode } from '../error-codes.ts'
import type { SyncStore } from '../options.ts'
import { tidyOrThrow } from '../tidy-up.ts'
import { formatInstallerPages } from './format-listing.ts'
import { listMirrored, type MirroredInstaller } from './plan-installers.ts'

/** What `pruneInstallers` needs to know. */
export interface PruneInstallersOptions {
  /** The store of installers. */
  readonly store: SyncStore
  /** The platforms whose installers stay; `all` to remove none. */
  readonly platforms: readonly SubdirName[] | 'all'
  /** Milliseconds that un-referenced installers are kept. */
  readonly grace: number
  readonly maximumDeletes?: number
  /** Look only: nothing is written. Default false. */
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
  readonly observe?: (event: StoreEvent) => void
}

/** Installers of one platform, or of one folder. */
export interface InstallerSum {
  readonly name: string
  readonly installers: number
  /** Bytes. */
  readonly bytes: number
}

/** What pruning did, or would do. */
export interface PruneInstallersReport {
  readonly status: 'unchanged' | 'planned' | 'committed'
  /** The generation that is newest afterwards; undefined for a store that has none. */
  readonly generation: number | undefined
  /** Platforms that are not asked for any more, with what was there for them. */
  readonly withdrawn: readonly InstallerSum[]
  readonly tidy: TidyReport
}

/** Removes the installers of platforms that are not to stay, and then what is due. Asks no upstream. Throws `STORE_LOCKED`, and what the store throws. */
export async function pruneInstallers(options: PruneInstallersOptions): Promise<PruneInstallersReport> {
  const head = await options.store.head()
  const gone = head === undefined ? [] : listMirrored(head.state.files).filter(({ parsed }) => options.platforms !== 'all' && !options.platforms.includes(parsed.platform))
  const withdrawn = sumBy(gone, ({ parsed }) => parsed.platform)
  if (head === undefined || gone.length === 0) return { status: 'unchanged', generation: head?.number, withdrawn, tidy: await tidyOrThrow(options, locked) }
  if (options.dryRun === true) return { status: 'planned', generation: head.number, withdrawn, tidy: await tidyOrThrow(options, locked) }
  const generation = await publishWithout(head, gone, options)
  return { status: 'committed', generation: generation.number, withdrawn, tidy: await tidyOrThrow(options, locked) }
}

async function publishWithout({ state }: Generation, gone: readonly MirroredInstaller[], { store, signal, observe }: PruneInstallersOptions): Promise<Generation> {
  const paths = new Set(gone.map(({ path }) => path))
  const installers = listMirrored(state.files).filter(({ path }) => !paths.has(path)).map(({ path, sha256, size }): PublishedFile => ({ path, sha256, size }))
  const pages = formatInstallerPages(installers)
  const files = [...installers, ...pages.map(({ file }) => file)].toSorted((left, right) => (left.path < right.path ? -1 : 1))
  const changeset = buildChangeset(state, { changes: [], files })
  const begun = await store.begin(changeset, { ...(signal === undefined ? {} : { signal }), ...(observe === undefined ? {} : { observe }) })
  if (begun.status !== 'begun') throw locked()
  await using transaction = begun.transaction
  const added = new Set(changeset.filesAdded.map(({ path }) => path))
  for (const { file, bytes } of pages) if (added.has(file.path)) await transaction.putFile(file, bytes)
  const result = await transaction.commit()
  if (result.status !== 'committed') throw locked()
  return result.generation
}

function locked(): MirrorError {
  return new MirrorError<SyncErrorCode>('STORE_LOCKED', 'Cannot prune the installers of the mirror: another run works on them', { hint: 'Wait until it has ended; it needs no help and leaves no lock behind.' })
}

/** How many installers a state has in each folder. */
export function sumInstallers({ files }: ChannelState): readonly InstallerSum[] {
  return sumBy(listMirrored(files), ({ folder }) => folder)
}

function sumBy(installers: readonly MirroredInstaller[], nameOf: (installer: MirroredInstaller) => string): readonly InstallerSum[] {
  return [...Map.groupBy(installers, nameOf)].map(([name, own]) => ({ name, installers: own.length, bytes: own.reduce((sum, { size }) => sum + size, 0) }))
}
