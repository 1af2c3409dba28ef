import type { ChannelState } from '@mirror/delta'
import type { Generation, StoreReader } from '@mirror/store'
import { type SyncRun, warn } from './run.ts'

/** What a round of a run starts from: of a channel, or of the installers. */
export interface Ground {
  readonly head: Generation | undefined
  /** Reads what is published; undefined when nothing is, or when what is cannot be believed. */
  readonly reader: StoreReader | undefined
  /** Someone changed the public files: the disk is the truth, so everything is verified and adopted (`design.md` §6). */
  readonly isDistrusted: boolean
}

/** What looking needs of a run. */
export interface GroundRun extends Pick<SyncRun, 'warnings' | 'observe'> {
  readonly options: Pick<SyncRun['options'], 'store'>
}

/** Looks at the store, without its lock. `again` says what is verified again where someone changed public files. */
export async function readGround(run: GroundRun, again = 'everything in it is'): Promise<Ground> {
  const { store } = run.options
  const head = await store.head()
  const found = head === undefined ? undefined : await store.publicState?.()
  if (found?.status === 'changed') {
    const [first = '', ...others] = found.paths
    const more = others.length === 0 ? '' : ` and ${others.length} others`
    warn(run, { code: 'PUBLIC_FILES_CHANGED', subdir: undefined, message: `Someone changed ${first}${more} in the mirror; ${again} verified again` })
    return { head, reader: undefined, isDistrusted: true }
  }
  return { head, reader: head === undefined ? undefined : await store.read(head.number), isDistrusted: false }
}

/** The state that subdirs which are not planned keep. */
export function stateOf({ head }: Ground): ChannelState | undefined {
  return head?.state
}
