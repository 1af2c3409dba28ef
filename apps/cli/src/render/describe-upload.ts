import { redactText } from '@mirror/core'
import type { UploadReport, UploadSummary } from '@mirror/sync'
import type { ErrorFacts } from '../errors/error-facts.ts'
import { formatBytes, formatCount, formatDuration, formatNoun, formatTable } from './format.ts'

/** What came of one channel: a report, or why there is none. */
export type UploadChannelOutcome =
  | { readonly channel: string; readonly report: UploadReport }
  | { readonly channel: string; readonly error: ErrorFacts }

const STATUS_WORDS: Readonly<Record<UploadReport['status'], string>> = {
  unchanged: 'nothing was to be done',
  planned: 'planned',
  uploaded: 'uploaded',
  refused: 'refused by a guard: nothing was changed',
  held: 'held: nothing was changed',
  stopped: 'stopped',
}

const SHOWN_NAMES = 20

/** What an upload did or would do, in words: each channel with a row a subdir, then what went wrong. Ends with a line feed. */
export function describeUploads(outcomes: readonly UploadChannelOutcome[]): string {
  return redactText(outcomes.map(describeOutcome).join('\n'))
}

function describeOutcome(outcome: UploadChannelOutcome): string {
  if ('error' in outcome) return `${outcome.channel}: failed (${outcome.error.code})\n`
  const { report } = outcome
  const lines = [
    ...describeSubdirs(report),
    ...report.verdicts.map(({ message, override }) => `${message}${override === undefined ? '' : `; ${override} accepts it once`}`),
    ...report.held.map(({ subdir, reason, hint, code }) => `held: ${subdir}: ${reason} (${code})${hint === undefined ? '' : `\n    hint: ${hint}`}`),
    ...report.subdirs.flatMap(describeLeftOut),
    ...listSome('differs', report.conflicts.map(({ subdir, name, wanted, there }) => `${subdir}/${name}: upstream has ${wanted}, the server ${there ?? 'other bytes'}; --replace replaces it`)),
    ...listSome('failed', report.failed.map(({ subdir, name, reason, code }) => `${subdir}/${name}: ${reason} (${code})`)),
    ...describeDone(report),
    ...report.stopped === undefined ? [] : [`stopped: ${report.stopped.message} (${report.stopped.code})${report.stopped.hint === undefined ? '' : `\n    hint: ${report.stopped.hint}`}`],
  ]
  return [`${report.channel} to ${report.target}: ${STATUS_WORDS[report.status]} (${formatDuration(report.duration)})`, ...lines.map((line) => `  ${line}`), ''].join('\n')
}

/** A row for each subdir: what it needs, or needed, and what the server had. */
function describeSubdirs({ subdirs }: UploadReport): readonly string[] {
  const rows = subdirs.filter(({ status }) => status !== 'absent').map(describeSummary)
  const absent = subdirs.filter(({ status }) => status === 'absent').map(({ subdir }) => `${subdir}  not in this channel`)
  return [...formatTable([['', 'wanted', 'to upload', '', 'there', 'other bytes', 'to remove', ''], ...rows], 2).split('\n'), ...absent]
}

function describeSummary({ subdir, status, wanted, upload, uploadBytes, present, conflicts, remove, removeBytes }: UploadSummary): readonly string[] {
  if (status === 'held') return [`${subdir} (held)`, '', '', '', '', '', '', '']
  const bytes = (count: number, size: number): string => (count === 0 ? '' : `(${formatBytes(size)})`)
  return [subdir, formatCount(wanted), formatCount(upload), bytes(upload, uploadBytes), formatCount(present), formatCount(conflicts), formatCount(remove), bytes(remove, removeBytes)]
}

function describeLeftOut({ subdir, leftOut }: UploadSummary): readonly string[] {
  return leftOut.length === 0 ? [] : [`left out of ${subdir}: ${formatNoun(leftOut.length, 'record')} that cannot be verified or lie elsewhere`]
}

function listSome(word: string, lines: readonly string[]): readonly string[] {
  const shown = lines.slice(0, SHOWN_NAMES).map((line) => `${word}: ${line}`)
  return lines.length > SHOWN_NAMES ? [...shown, `${word}: ${formatCount(lines.length - SHOWN_NAMES)} more`] : shown
}

function describeDone({ status, uploaded, replaced, found, removed, notRemoved, unlisted, copied }: UploadReport): readonly string[] {
  if (status === 'planned' || status === 'refused' || status === 'held') return []
  return [
    `uploaded ${formatNoun(uploaded.artifacts, 'artifact')}, ${formatBytes(uploaded.bytes)}${replaced > 0 ? `, ${formatCount(replaced)} of them in place of other bytes` : ''}${found > 0 ? `; ${formatCount(found)} were there already` : ''}`,
    ...(copied.artifacts > 0 ? [`taken from the mirror: ${formatNoun(copied.artifacts, 'artifact')}, ${formatBytes(copied.bytes)}`] : []),
    ...(removed > 0 ? [`removed ${formatNoun(removed, 'artifact')}`] : []),
    ...(notRemoved > 0 ? [`not removed in this run: ${formatNoun(notRemoved, 'artifact')}; the next one that ends without a failure goes on`] : []),
    ...(unlisted.length > 0 ? [`taken by the server, which does not list them yet: ${formatNoun(unlisted.length, 'artifact')}`] : []),
  ]
}
