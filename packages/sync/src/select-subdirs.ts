import { MirrorError, NOARCH, type SubdirName } from '@mirror/core'
import { type SelectedSubdir, type Selection, selectRecords } from '@mirror/selection'
import type { AlongsideLook } from './alongside.ts'
import { closeLook, lookAtSubdir, type PlanSubdirOptions, type SeenSubdir, type SubdirLook } from './look-at-subdir.ts'
import type { WantedSubdir } from './options.ts'
import type { HeldSubdir } from './report.ts'
import { type SyncRun, warn } from './run.ts'

/** What is wanted of a subdir, and until when that holds. */
export interface SubdirSelection extends SelectedSubdir {
  /** When the same indexes will be selected otherwise, milliseconds since the epoch; undefined for never. */
  readonly changesAt: number | undefined
}

/** Whether what is wanted of one subdir depends on what others list. */
export function crossesSubdirs(selection: Selection): boolean {
  return selection.closure !== undefined
}

/** What completing the looks needs. */
export interface CompleteLooksOptions {
  readonly run: SyncRun
  readonly planning: PlanSubdirOptions
  readonly alongside: AlongsideLook
}

/**
 * Makes sure that what depends on several subdirs, and on the channels alongside, is decided with all of them in sight: when one changed, those that did not are read too, and when one cannot
 * be read, all that changed are held. The given looks are closed where others take their place.
 */
export async function completeLooks(looks: readonly SubdirLook[], { run, planning, alongside }: CompleteLooksOptions): Promise<readonly SubdirLook[]> {
  if (isSteady(looks, alongside)) return looks
  const complete: SubdirLook[] = []
  for (const [position, look] of looks.entries()) complete.push(await readUnchanged(look, run.wanted[position], planning))
  const blind = alongside.fault ?? complete.find(({ status }) => status === 'failed')?.subdir
  if (blind === undefined) return complete
  const held: SubdirLook[] = []
  for (const look of complete) {
    await closeLook(look)
    held.push(look.status === 'seen' ? { status: 'failed', subdir: look.subdir, base: look.base, held: heldWithout(look, blind) } : look)
  }
  return held
}

/** Reads the index of a subdir that did not change; what was made up here, and what was read, stays as it is. */
async function readUnchanged(look: SubdirLook, wanted: WantedSubdir | undefined, planning: PlanSubdirOptions): Promise<SubdirLook> {
  const isSkipped = look.status === 'unchanged' && look.memo !== undefined
  return isSkipped && wanted !== undefined ? await lookAtSubdir(wanted, { ...planning, always: true }) : look
}

/** Nothing changed, here or alongside; or it cannot be told whether anything did alongside, so that nothing is done. */
function isSteady(looks: readonly SubdirLook[], { fault, fingerprint }: AlongsideLook): boolean {
  if (looks.some(({ status }) => status === 'seen')) return false
  return fault !== undefined || looks.every((look) => look.status !== 'unchanged' || (look.memo?.alongside ?? '') === fingerprint)
}

function heldWithout({ subdir }: SeenSubdir, blind: string): HeldSubdir {
  return {
    subdir,
    code: 'SELECTION_INCOMPLETE',
    reason: `Cannot tell what of ${subdir} is needed: ${blind} cannot be read`,
    hint: 'Run the sync again once it can be; until then everything stays as it is.',
  }
}

/** Applies the selection to everything that was seen. Throws what `selectRecords` throws (`CLOSURE_UNSOLVABLE`). */
export async function selectSubdirs(looks: readonly SubdirLook[], run: SyncRun, alongside: AlongsideLook): Promise<ReadonlyMap<SubdirName, SubdirSelection>> {
  const { selection, alongside: channels = [] } = run.options
  const seen = looks.filter((look) => look.status === 'seen')
  if (selection === undefined || seen.length === 0) return new Map()
  const indexes = seen.map(({ subdir, original }) => ({ subdir, source: original.source, layout: original.table }))
  const { subdirs, changesAt, notes } = selectRecords(indexes, selection, {
    now: run.started, channel: run.channelName, ...(crossesSubdirs(selection) && channels.length > 0 ? { alongside: await alongside.read() } : {}),
  })
  for (const message of notes) warn(run, { code: 'SELECTION', subdir: undefined, message })
  if (channels.length === 0) assertSomething(seen, subdirs, run)
  return new Map([...subdirs].map(([subdir, selected]) => [subdir, { ...selected, changesAt }]))
}

/** A selection that wants nothing at all of a channel that has something is a mistake, and would pass for a mirror. */
function assertSomething(seen: readonly SeenSubdir[], subdirs: ReadonlyMap<SubdirName, SelectedSubdir>, run: SyncRun): void {
  const listed = seen.some(({ original }) => original.table.rows > 0)
  const wanted = seen.some(({ subdir, original }) => {
    const keep = subdirs.get(subdir)?.keep
    return keep === undefined ? original.table.rows > 0 : keep.includes(1)
  })
  const isWhole = run.wanted.every(({ subdir }) => subdir === NOARCH || seen.some((look) => look.subdir === subdir))
  if (!listed || wanted || !isWhole) return
  throw new MirrorError('SELECTION_EMPTY', `Cannot mirror ${run.channelName}: the configuration leaves nothing of it`, {
    hint: 'Look at the counts of `mirror plan --json`, or ask `mirror explain <artifact>` which rule decided.',
  })
}
