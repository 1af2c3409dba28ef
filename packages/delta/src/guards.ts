/** What one subdir's change looks like to the guards. Counts of records. */
export interface SubdirFacts {
  readonly subdir: string
  /** What the base lists; 0 for a subdir that is new. */
  readonly base: number
  /** What the target lists. */
  readonly target: number
  /** What upstream listed then and does not list now, under the same selection. */
  readonly removedByUpstream: number
  /** What goes because the configuration changed. */
  readonly removedBySelection: number
  /** True when upstream has no such subdir any more. */
  readonly vanished: boolean
  /** Upstream's own dates of the index then and now, in milliseconds, where it gives them. */
  readonly modified: { readonly base: number | undefined; readonly target: number | undefined }
  /** The newest timestamp of a record then and now, in milliseconds; absurd ones (in the future) left out. */
  readonly newest: { readonly base: number | undefined; readonly target: number | undefined }
}

/** Thresholds of the guards; each can be overridden, and `Infinity` or `true` switches it off. */
export interface GuardLimits {
  /** Accept an index that lists nothing, or is gone, where ours lists something. Default false. */
  readonly allowEmpty: boolean
  /** Refuse when upstream removed more than this share of a subdir … Default 0.1. */
  readonly shrinkShare: number
  /** … and more than so many records. Default 100. */
  readonly shrinkRecords: number
  /** Refuse when a changed configuration removes more than this share of a subdir. Default 0.5. */
  readonly selectionShare: number
  /** Accept an index that is older than the one seen last. Default false. */
  readonly allowRollback: boolean
  /** Warn when upstream's index has not changed for so many milliseconds. Default 30 days. */
  readonly freeze: number
}

/** `design.md` §12. */
export const DEFAULT_LIMITS: GuardLimits = {
  allowEmpty: false,
  shrinkShare: 0.1,
  shrinkRecords: 100,
  selectionShare: 0.5,
  allowRollback: false,
  freeze: 30 * 24 * 3_600_000,
}

/** What a mirror may hold at most; left out: no limit. */
export interface SizeBudget {
  readonly artifacts?: number | undefined
  readonly bytes?: number | undefined
}

/** Why a guard refuses a change, or warns of it. */
export interface GuardVerdict {
  readonly guard: 'empty' | 'vanished' | 'shrink' | 'selection' | 'rollback' | 'freeze' | 'budget'
  /** `refuse` stops the channel before anything changes; `warn` is only told. */
  readonly severity: 'refuse' | 'warn'
  /** Undefined when it is the whole channel that is judged. */
  readonly subdir: string | undefined
  /** The command-line flag that accepts it once; undefined for a warning, and for what the configuration itself forbids. */
  readonly override: string | undefined
  readonly message: string
}

/** Judges a change. Pure: `now` is given, in milliseconds. An empty answer means that nothing speaks against it. */
export function checkGuards(facts: readonly SubdirFacts[], limits: GuardLimits, now: number): readonly GuardVerdict[] {
  return facts.flatMap((subdir) => [judgeEmpty, judgeShrink, judgeSelection, judgeRollback].flatMap((judge) => judge(subdir, limits)).concat(judgeFreeze(subdir, limits, now)))
}

/** Judges what would be held against what may be. `name` is for the message: a channel, or `the mirror`. Never truncates: more than the budget is refused. */
export function checkBudget(name: string, held: { readonly artifacts: number; readonly bytes: number }, budget: SizeBudget): readonly GuardVerdict[] {
  return (['artifacts', 'bytes'] as const).flatMap((kind): GuardVerdict[] => {
    const most = budget[kind]
    if (most === undefined || held[kind] <= most) return []
    const message = `Cannot keep within the budget: ${name} would hold ${held[kind]} ${kind}, ${held[kind] - most} more than the ${most} of "budget.${kind}"`
    return [{ guard: 'budget', severity: 'refuse', subdir: undefined, override: undefined, message }]
  })
}

function refuse(guard: GuardVerdict['guard'], subdir: string, told: { readonly override: string; readonly message: string }): GuardVerdict {
  return { guard, severity: 'refuse', subdir, ...told }
}

function judgeEmpty(facts: SubdirFacts, limits: GuardLimits): readonly GuardVerdict[] {
  if (limits.allowEmpty || facts.base === 0) return []
  if (facts.vanished) {
    return [refuse('vanished', facts.subdir, {
      override: '--allow-empty',
      message: `Cannot accept upstream's ${facts.subdir}: it is gone, while the mirror has ${facts.base} records of it`,
    })]
  }
  if (facts.target > 0 || facts.removedByUpstream < facts.base) return []
  return [refuse('empty', facts.subdir, {
    override: '--allow-empty',
    message: `Cannot accept upstream's index of ${facts.subdir}: it lists nothing, while the mirror has ${facts.base} records`,
  })]
}

function judgeShrink(facts: SubdirFacts, limits: GuardLimits): readonly GuardVerdict[] {
  if (facts.base === 0) return []
  const allowed = Math.max(limits.shrinkShare * facts.base, limits.shrinkRecords)
  if (facts.vanished || facts.removedByUpstream <= allowed || facts.target === 0) return []
  return [refuse('shrink', facts.subdir, {
    override: '--allow-shrink',
    message: `Cannot accept upstream's index of ${facts.subdir}: it removes ${facts.removedByUpstream} of ${facts.base} records, more than ${Math.floor(allowed)}`,
  })]
}

function judgeSelection(facts: SubdirFacts, limits: GuardLimits): readonly GuardVerdict[] {
  if (facts.base === 0 || facts.removedBySelection <= limits.selectionShare * facts.base) return []
  return [refuse('selection', facts.subdir, {
    override: '--allow-selection',
    message: `Cannot apply the changed configuration to ${facts.subdir}: it removes ${facts.removedBySelection} of ${facts.base} records`,
  })]
}

/** Older by upstream's own date, and nothing in it is newer than what was seen: another node of a CDN, a restored backup, or a replay. */
function judgeRollback(facts: SubdirFacts, limits: GuardLimits): readonly GuardVerdict[] {
  const { modified, newest } = facts
  if (limits.allowRollback || modified.base === undefined || modified.target === undefined || modified.target >= modified.base) return []
  if (newest.base !== undefined && newest.target !== undefined && newest.target > newest.base) return []
  return [refuse('rollback', facts.subdir, {
    override: '--allow-rollback',
    message: `Cannot accept upstream's index of ${facts.subdir}: it is of ${formatTime(modified.target)}, older than the one seen last, of ${formatTime(modified.base)}`,
  })]
}

function judgeFreeze(facts: SubdirFacts, limits: GuardLimits, now: number): readonly GuardVerdict[] {
  const { target } = facts.modified
  if (target === undefined || now - target <= limits.freeze) return []
  return [{
    guard: 'freeze',
    severity: 'warn',
    subdir: facts.subdir,
    override: undefined,
    message: `Upstream's index of ${facts.subdir} has not changed since ${formatTime(target)}`,
  }]
}

function formatTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
