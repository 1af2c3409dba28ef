import { MirrorError, NOARCH, type SubdirName } from '@mirror/core'
import { type SelectedSubdir, type Selection, selectRecords } from '@mirror/selection'
import { closeLook, lookAtSubdir, type PlanSubdirOptions, type SeenSubdir, type SubdirLook } from './look-at-subdir.ts'
import type { HeldSubdir } from './report.ts'
import type { WantedSubdir } from './options.ts'
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

/**
 * Makes sure that what depends on several subdirs is decided with all of them in sight: when one changed, those that did not are read too, and when one cannot be read, all that
 * changed are held. The given looks are closed where others take their place.
 */
export async function completeLooks(looks: readonly SubdirLook[], wanted: readonly WantedSubdir[], options: PlanSubdirOptions): Promise<readonly SubdirLook[]> {
  if (looks.every(({ status }) => status !== 'seen')) return looks
  const complete: SubdirLook[] = []
  for (const [position, look] of looks.entries()) {
    const again = wanted[position]
    complete.push(look.status === 'unchanged' && again !== undefined && look.memo !== undefined ? await lookAtSubdir(again, { ...options, always: true }) : look)
  }
  const blind = complete.find(({ status }) => status === 'failed')
  if (blind === undefined) return complete
  const held: SubdirLook[] = []
  for (const look of complete) {
    await closeLook(look)
    held.push(look.status === 'seen' ? { status: 'failed', subdir: look.subdir, base: look.base, held: heldWithout(look, blind) } : look)
  }
  return held
}

function heldWithout({ subdir }: SeenSubdir, blind: Pick<SubdirLook, 'subdir'>): HeldSubdir {
  return {
    subdir,
    code: 'SELECTION_INCOMPLETE',
    reason: `Cannot tell what of ${subdir} is needed: ${blind.subdir} cannot be read`,
    hint: 'Run the sync again once it can be; until then everything stays as it is.',
  }
}

/** Applies the selection to everything that was seen. Throws what `selectRecords` throws (`CLOSURE_UNSOLVABLE`). */
export function selectSubdirs(looks: readonly SubdirLook[], run: SyncRun): ReadonlyMap<SubdirName, SubdirSelection> {
  const { selection } = run.options
  const seen = looks.filter((look) => look.status === 'seen')
  if (selection === undefined || seen.length === 0) return new Map()
  const indexes = seen.map(({ subdir, original }) => ({ subdir, source: original.source, layout: original.table }))
  const { subdirs, changesAt, notes } = selectRecords(indexes, selection, { now: run.started, channel: run.channelName })
  for (const message of notes) warn(run, { code: 'SELECTION', subdir: undefined, message })
  assertSomething(seen, subdirs, run)
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
