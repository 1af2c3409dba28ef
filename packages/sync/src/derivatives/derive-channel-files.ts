import { isMirrorError } from '@mirror/core'
import type { SubdirState } from '@mirror/delta'
import type { DerivedChange } from '../derive-change.ts'
import type { DerivedFile } from '../derived-file.ts'
import { type Ground, stateOf } from '../ground.ts'
import { type SyncRun, warn } from '../run.ts'
import { CHANNELDATA } from './choice.ts'
import { addKeptNames, type KeptNames, restrictChanneldata } from './derive-channeldata.ts'

/** Upstream's files that speak of the whole channel, as they were fetched; undefined for one that is not wanted, or not there. */
export interface ChannelFiles {
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
    warn(run, { code: 'DERIVATIVE_SKIPPED', subdir: undefined, message: `Upstream's ${CHANNELDATA} is not mirrored: ${error.message}` })
    return { channeldata: undefined }
  }
}

/** The channel's files for the state that has `changes`, and is the base's elsewhere: each restricted to what that state lists. */
export async function deriveChannelFiles(upstream: ChannelFiles, changes: readonly DerivedChange[], { run, ground }: { readonly run: SyncRun; readonly ground: Ground }): Promise<readonly DerivedFile[]> {
  if (upstream.channeldata === undefined) return []
  const names: KeptNames = new Map()
  const changed = new Set(changes.map(({ plan }) => plan.subdir))
  for (const { plan, files, change } of changes) {
    const document = files.find(({ file }) => file.path === change.target.document.path && file.sha256 === change.target.document.sha256)
    if (document !== undefined) await addKeptNames(names, plan.subdir, document.chunks())
  }
  const steady = (stateOf(ground)?.subdirs ?? []).filter(({ subdir }) => !changed.has(subdir))
  for (const state of steady) await addPublished(names, state, ground)
  const subdirs = [...changes.map(({ plan }) => plan.subdir), ...steady.map(({ subdir }) => subdir)]
  const file = restrictChanneldata(upstream.channeldata, names, subdirs)
  if (file === undefined) warn(run, { code: 'DERIVATIVE_SKIPPED', subdir: undefined, message: `Upstream's ${CHANNELDATA} is not mirrored: it is not a description of packages` })
  return file === undefined ? [] : [file]
}

async function addPublished(names: KeptNames, { subdir, document }: SubdirState, { reader }: Ground): Promise<void> {
  const opened = await reader?.openFile(document.path)
  if (opened?.status === 'found') await addKeptNames(names, subdir, opened.body)
}
