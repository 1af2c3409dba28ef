import { isMirrorError } from '@mirror/core'
import type { SubdirState } from '@mirror/delta'
import type { DerivedChange } from '../derive-change.ts'
import type { DerivedFile } from '../derived-file.ts'
import { type Ground, stateOf } from '../ground.ts'
import { skip, type SyncRun } from '../run.ts'
import { CHANNELDATA } from './choice.ts'
import { addKeptNames, type KeptNames, restrictChanneldata } from './derive-channeldata.ts'

/** Upstream's files that speak of the whole channel, as they were fetched. */
export interface ChannelFiles {
  /** Undefined when it is not wanted, not there, or could not be had. */
  readonly channeldata: Uint8Array | undefined
}

/** Fetches what is wanted of them. One that cannot be had is left out, and told; the run goes on. */
export async function fetchChannelFiles(run: SyncRun): Promise<ChannelFiles> {
  const { client } = run.options
  if (!run.derivatives.channeldata) return { channeldata: undefined }
  try {
    return { channeldata: await client.fetchFile(CHANNELDATA, { signal: run.signal }) }
  } catch (error) {
    if (run.signal.aborted || !isMirrorError(error)) throw error
    skip(run, { code: 'DERIVATIVE_SKIPPED', subdir: undefined, message: `Upstream's ${CHANNELDATA} is not mirrored: ${error.message}` })
    return { channeldata: undefined }
  }
}

/** What deriving these files needs. */
export interface DeriveChannelFilesOptions {
  readonly run: SyncRun
  readonly ground: Ground
}

/**
 * The channel's files for the state that has `changes`, and is the base's elsewhere: each restricted to what that state lists. Undefined where those of the base stay: nothing was fetched, or
 * there is nothing of use while the indexes are the same.
 */
export async function deriveChannelFiles(
  upstream: ChannelFiles | undefined, changes: readonly DerivedChange[], options: DeriveChannelFilesOptions,
): Promise<readonly DerivedFile[] | undefined> {
  const { run, ground } = options
  if (upstream === undefined) return undefined
  const file = upstream.channeldata === undefined ? undefined : await deriveChanneldata(upstream.channeldata, changes, options)
  if (file !== undefined) return [file]
  return run.skipped.has(undefined) && !ground.isDistrusted && changes.every(hasSameDocument) ? undefined : []
}

async function deriveChanneldata(upstream: Uint8Array, changes: readonly DerivedChange[], { run, ground }: DeriveChannelFilesOptions): Promise<DerivedFile | undefined> {
  const names: KeptNames = new Map()
  const changed = new Set(changes.map(({ plan }) => plan.subdir))
  for (const { plan, files, change } of changes) {
    const document = files.find(({ file }) => file.path === change.target.document.path && file.sha256 === change.target.document.sha256)
    if (document !== undefined) await addKeptNames(names, plan.subdir, document.chunks())
  }
  const steady = (stateOf(ground)?.subdirs ?? []).filter(({ subdir }) => !changed.has(subdir))
  for (const state of steady) await addPublished(names, state, ground)
  const file = restrictChanneldata(upstream, names, [...changes.map(({ plan }) => plan.subdir), ...steady.map(({ subdir }) => subdir)])
  if (file === undefined) skip(run, { code: 'DERIVATIVE_SKIPPED', subdir: undefined, message: `Upstream's ${CHANNELDATA} is not mirrored: it is not a description of packages` })
  return file
}

function hasSameDocument({ plan, change }: DerivedChange): boolean {
  return plan.base?.document.sha256 === change.target.document.sha256
}

async function addPublished(names: KeptNames, { subdir, document }: SubdirState, { reader }: Ground): Promise<void> {
  const opened = await reader?.openFile(document.path)
  if (opened?.status === 'found') await addKeptNames(names, subdir, opened.body)
}
