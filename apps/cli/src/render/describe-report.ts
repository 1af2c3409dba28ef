import type { HeldSubdir, LeftOut, SubdirSummary, SyncReport } from '@mirror/sync'
import { KNOWN_SUBDIRS, redactText } from '@mirror/core'
import { findNearest } from '../config/nearest.ts'
import type { ErrorFacts } from '../errors/error-facts.ts'
import { describeWaiting } from './describe-event.ts'
import { formatBytes, formatCount, formatDuration, formatNoun, formatTable } from './format.ts'

/** What came of one channel: a report, or why there is none. */
export type ChannelOutcome =
  | { readonly channel: string; readonly folder: string; readonly report: SyncReport }
  | { readonly channel: string; readonly folder: string; readonly error: ErrorFacts }

const STATUS_WORDS: Readonly<Record<SyncReport['status'], string>> = {
  unchanged: 'up to date',
  planned: 'planned',
  committed: 'updated',
  refused: 'refused by a guard: nothing was changed',
  held: 'held: nothing was changed',
}

const LEFT_OUT_WORDS: Readonly<Record<LeftOut['reason'], string>> = {
  'no-digest': 'without a digest',
  'bad-digest': 'with a digest that is none',
  'bad-size': 'with a size that is none',
  elsewhere: 'that lie elsewhere',
  failed: 'that could not be had',
  reused: 'whose name was used again',
}

/** What a sync did, in words: each channel, the lines of the installers, then where the mirror is. Ends with a line feed. */
export function describeRun(outcomes: readonly ChannelOutcome[], mirrorDir: string, installers: readonly string[] = []): string {
  const others = installers.length === 0 ? '' : `\n${installers.join('\n')}\n`
  return redactText(`${outcomes.map(describeOutcome).join('\n')}${others}\nMirror: ${mirrorDir}\n`)
}

function describeOutcome(outcome: ChannelOutcome): string {
  if ('error' in outcome) return `${outcome.channel}: failed (${outcome.error.code})\n`
  const { report } = outcome
  const generation = report.generation === undefined ? '' : `, generation ${report.generation}`
  const heading = `${report.channel}: ${STATUS_WORDS[report.status]}${generation} (${formatDuration(report.duration)})`
  const lines = [
    ...report.verdicts.map(({ message, override }) => `${message}${override === undefined ? '' : `; ${override} accepts it once`}`),
    ...report.held.map(describeHeld),
    ...describeFailed(report),
    ...report.subdirs.flatMap(describeLeftOut),
    ...describeFetched(report),
    ...describeTidy(report),
  ]
  return [heading, indent(describeSubdirs(report)), ...lines.map((line) => `  ${line}`), ''].filter((line, index, all) => line !== '' || index === all.length - 1).join('\n')
}

function describeHeld({ subdir, reason, hint, code }: HeldSubdir): string {
  const nearest = code === 'SUBDIR_MISSING' ? findNearest(subdir, KNOWN_SUBDIRS) : undefined
  const hints = [...(hint === undefined ? [] : [hint]), ...(nearest === undefined ? [] : [`The nearest known platform is ${nearest}.`])]
  return [`held: ${subdir}: ${reason} (${code})`, ...hints.map((line) => `    hint: ${line}`)].join('\n')
}

function indent(text: string): string {
  return text.split('\n').map((line) => (line === '' ? '' : `  ${line}`)).join('\n')
}

/** A row for each subdir: what was done, then what it lists. */
function describeSubdirs(report: SyncReport): string {
  const verbs = report.status === 'planned' || report.status === 'refused' ? { add: 'to add', remove: 'to remove' } : { add: 'added', remove: 'removed' }
  return formatTable(report.subdirs.filter(({ status }) => status !== 'absent').map((summary) => [
    summary.subdir,
    describeChange(summary, verbs),
    formatNoun(summary.records, 'record'),
    formatBytes(summary.bytes),
  ]), 2) + report.subdirs.filter(({ status }) => status === 'absent').map(({ subdir }) => `\n${subdir}  not in this channel`).join('')
}

interface Verbs {
  readonly add: string
  readonly remove: string
}

function describeChange(summary: SubdirSummary, verbs: Verbs): string {
  if (summary.status === 'held') return 'held as it was'
  if (summary.status === 'unselected') return 'not asked for any more, kept'
  if (summary.status === 'unchanged') return 'unchanged'
  const { add, addBytes, remove, reused, relisted } = summary
  const parts = [
    ...(add > 0 ? [`${formatCount(add)} ${verbs.add} (${formatBytes(addBytes)})`] : []),
    ...(remove > 0 ? [`${formatCount(remove)} ${verbs.remove}`] : []),
    ...(reused > 0 ? [`${formatCount(reused)} re-used`] : []),
    ...(relisted > 0 ? [`${formatCount(relisted)} re-listed`] : []),
  ]
  return parts.length === 0 ? 'new index, same artifacts' : parts.join(', ')
}

const SHOWN_NAMES = 20

function describeFailed({ failed }: SyncReport): readonly string[] {
  const lines = failed.slice(0, SHOWN_NAMES).map(({ subdir, name, reason, code }) => `failed: ${subdir}/${name}: ${reason} (${code})`)
  return failed.length > SHOWN_NAMES ? [...lines, `failed: ${formatCount(failed.length - SHOWN_NAMES)} more`] : lines
}

function describeLeftOut({ subdir, leftOut }: SubdirSummary): readonly string[] {
  const byReason = Map.groupBy(leftOut, ({ reason }) => reason)
  return [...byReason].map(([reason, items]) => {
    const names = items.slice(0, 3).map(({ name }) => name).join(', ')
    return `left out of ${subdir}: ${formatNoun(items.length, 'record')} ${LEFT_OUT_WORDS[reason]} (${names}${items.length > 3 ? ', …' : ''})`
  })
}

function describeFetched({ status, fetched, copied, present }: SyncReport): readonly string[] {
  if (status !== 'committed' && fetched.artifacts === 0) return []
  const copies = copied.artifacts > 0 ? [`copied ${formatNoun(copied.artifacts, 'artifact')}, ${formatBytes(copied.bytes)}, from the older layout`] : []
  return [...copies, `fetched ${formatNoun(fetched.artifacts, 'artifact')}, ${formatBytes(fetched.bytes)}${present > 0 ? `; ${formatCount(present)} there already` : ''}`]
}

function describeTidy({ tidy }: SyncReport): readonly string[] {
  if (tidy === undefined) return []
  const { deleted, waiting, left } = tidy
  return [
    ...(deleted.count > 0 ? [`deleted from the trash: ${formatNoun(deleted.count, 'artifact')}, ${formatBytes(deleted.bytes)}`] : []),
    ...(waiting.count > 0 ? [describeWaiting(waiting.count, waiting.bytes, waiting.next)] : []),
    ...(left > 0 ? [`due, but left for the next run by --max-delete: ${formatNoun(left, 'artifact')}`] : []),
  ]
}

/** What a plan is told with. */
export interface DescribePlanOptions {
  /** Bytes a second; undefined for no limit. */
  readonly bandwidth: number | undefined
}

/** What a sync would do, as tables: a row for each channel and subdir, one with the totals, and what each rule of the selection did. Ends with a line feed. */
export function describePlan(outcomes: readonly ChannelOutcome[], { bandwidth }: DescribePlanOptions): string {
  const reports = outcomes.flatMap((outcome) => ('report' in outcome ? [outcome.report] : []))
  const subdirs = reports.flatMap(({ channel, subdirs: own }) => own.filter(({ status }) => status !== 'absent').map((summary) => ({ channel, summary })))
  const sum = (read: (summary: SubdirSummary) => number): number => subdirs.reduce((total, { summary }) => total + read(summary), 0)
  const row = (channel: string, subdir: string, read: (field: (summary: SubdirSummary) => number) => number): readonly string[] => [
    channel,
    subdir,
    formatCount(read(({ records }) => records)),
    formatBytes(read(({ bytes }) => bytes)),
    formatCount(read(({ add, reused }) => add + reused)),
    formatBytes(read(({ addBytes }) => addBytes)),
    formatCount(read(({ remove }) => remove)),
    formatCount(read(({ relisted }) => relisted)),
  ]
  const table = formatTable([
    ['channel', 'subdir', 'records', 'size', 'add', 'to fetch', 'remove', 're-listed'],
    ...subdirs.map(({ channel, summary }) => row(channel, summary.status === 'changed' ? summary.subdir : `${summary.subdir} (${summary.status})`, (read) => read(summary))),
    row('total', '', sum),
  ], 2)
  const notes = outcomes.flatMap((outcome) => {
    if ('error' in outcome) return [`${outcome.channel}: failed (${outcome.error.code})`]
    const { report } = outcome
    return [
      ...report.verdicts.map(({ message, override }) => `${report.channel}: ${message}${override === undefined ? '' : `; ${override} accepts it once`}`),
      ...report.held.map(({ subdir, reason, code }) => `${report.channel}: ${subdir} would be held: ${reason} (${code})`),
      ...report.subdirs.flatMap(describeLeftOut).map((line) => `${report.channel}: ${line}`),
      ...report.subdirs.filter(({ status }) => status === 'absent').map(({ subdir }) => `${report.channel}: ${subdir} is not in this channel`),
    ]
  })
  return redactText(`${[table, ...describeRules(subdirs), ...describeTime(sum(({ addBytes }) => addBytes), bandwidth), ...notes].join('\n')}\n`)
}

/** Rules that add back what others left out: `include` does so beside `exclude` alone. */
function describeEffect(rule: string, rules: SubdirSummary['rules']): string {
  return rule === 'whitelist' || (rule === 'include' && rules.some((other) => other.rule === 'exclude')) ? 'added back' : 'left out'
}

function describeRules(subdirs: readonly { readonly channel: string; readonly summary: SubdirSummary }[]): readonly string[] {
  const rows = subdirs.flatMap(({ channel, summary: { subdir, rules } }) =>
    rules.map((effect) => [channel, subdir, effect.rule, describeEffect(effect.rule, rules), formatCount(effect.records), formatBytes(effect.bytes)]))
  return rows.length === 0 ? [] : ['', formatTable([['channel', 'subdir', 'rule', 'did', 'records', 'size'], ...rows], 4), '']
}

function describeTime(bytes: number, bandwidth: number | undefined): readonly string[] {
  return bandwidth === undefined || bytes === 0 ? [] : [`${formatBytes(bytes)} at ${formatBytes(bandwidth)}/s take ${formatDuration((bytes / bandwidth) * 1000)}`]
}
