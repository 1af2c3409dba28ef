import type { InstallerChange, InstallersReport } from '@mirror/sync'
import type { InstallersOutcome } from '../commands/sync-installers.ts'
import { describeWaiting } from './describe-event.ts'
import { formatBytes, formatCount, formatDuration, formatNoun } from './format.ts'

const STATUS_WORDS: Readonly<Record<InstallersReport['status'], string>> = {
  unchanged: 'up to date',
  planned: 'planned',
  committed: 'updated',
  refused: 'refused by a guard: nothing was changed',
  held: 'held: nothing was changed',
}

const SHOWN = 20

/** What came of the installers, in words, as lines; of a plan, what would be done. */
export function describeInstallers(outcome: InstallersOutcome): readonly string[] {
  if (typeof outcome === 'string') return []
  const name = `installers of ${outcome.remote}`
  if ('error' in outcome) return [`${name}: failed (${outcome.error.code})`]
  const { report } = outcome
  const generation = report.generation === undefined ? '' : `, generation ${report.generation}`
  const lines = [
    ...describeChanges(report),
    ...report.verdicts.map(({ message, override }) => `${message}${override === undefined ? '' : `; ${override} accepts it once`}`),
    ...report.held.flatMap(({ folder, reason, code, hint }) => [`held: ${folder}: ${reason} (${code})`, ...(hint === undefined ? [] : [`  hint: ${hint}`])]),
    ...report.failed.slice(0, SHOWN).map(({ path, reason, code }) => `failed: ${path}: ${reason} (${code})`),
    ...(report.unselected.length === 0 ? [] : [`of platforms that are not asked for any more, kept: ${formatNoun(report.unselected.length, 'installer')}`]),
    ...describeFetched(report),
    ...describeTrash(report),
  ]
  return [`${name}: ${STATUS_WORDS[report.status]}${generation} (${formatDuration(report.duration)})`, ...lines.map((line) => `  ${line}`)]
}

function describeChanges({ status, add, remove, installers, bytes }: InstallersReport): readonly string[] {
  const verbs = status === 'planned' ? { add: 'to add', remove: 'to remove' } : { add: 'added', remove: 'removed' }
  const counts = [
    ...(add.length === 0 ? [] : [`${formatCount(add.length)} ${verbs.add} (${formatBytes(add.reduce((sum, { size = 0 }) => sum + size, 0))})`]),
    ...(remove.length === 0 ? [] : [`${formatCount(remove.length)} ${verbs.remove}`]),
  ]
  const total = `${formatNoun(installers, 'installer')}, ${formatBytes(bytes)}`
  return [counts.length === 0 ? total : `${counts.join(', ')}; ${total}`, ...describeNames('+', add), ...describeNames('-', remove)]
}

function describeNames(sign: string, changes: readonly InstallerChange[]): readonly string[] {
  const lines = changes.slice(0, SHOWN).map(({ path, size }) => `${sign} ${path}${size === undefined ? '' : ` (${formatBytes(size)})`}`)
  return changes.length > SHOWN ? [...lines, `${sign} ${formatCount(changes.length - SHOWN)} more`] : lines
}

function describeFetched({ fetched, present }: InstallersReport): readonly string[] {
  if (fetched.installers === 0 && present === 0) return []
  return [`fetched ${formatNoun(fetched.installers, 'installer')}, ${formatBytes(fetched.bytes)}${present > 0 ? `; ${formatCount(present)} there already` : ''}`]
}

function describeTrash({ tidy }: InstallersReport): readonly string[] {
  if (tidy === undefined) return []
  const { deleted, waiting } = tidy
  return [
    ...(deleted.count > 0 ? [`deleted from the trash: ${formatNoun(deleted.count, 'file')}, ${formatBytes(deleted.bytes)}`] : []),
    ...(waiting.count > 0 ? [describeWaiting(waiting.count, waiting.bytes, waiting.next)] : []),
  ]
}
