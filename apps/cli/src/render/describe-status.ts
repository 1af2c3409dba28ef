import { redactText } from '@mirror/core'
import { isInstallers } from '../commands/find-channels.ts'
import type { ChannelStatus } from '../commands/status.ts'
import type { PastRun } from '@mirror/store'
import { describeWaiting } from './describe-event.ts'
import { formatBytes, formatDuration, formatNoun, formatTable, formatTime } from './format.ts'

const SHOWN_RUNS = 5

/** What a channel's mirror holds, for people. */
export function describeStatus(status: ChannelStatus, now: number): string {
  const { channel, generation, created = '', state = '', subdirs, runs, error } = status
  if (error !== undefined) return `${channel}: ${redactText(error.message)} (${error.code})\n`
  if (generation === undefined) return `${channel}: nothing is published yet\n`
  const age = formatDuration(Math.max(0, now - Date.parse(created)))
  const bytes = subdirs.reduce((sum, subdir) => sum + subdir.bytes, 0)
  const lines = [
    `${channel}: generation ${generation} of ${formatTime(created)}, ${age} ago; state ${state.slice(0, 12)}; ${formatBytes(bytes)}`,
    ...(subdirs.length === 0 ? [] : indent(formatTable(subdirs.map((subdir) => [subdir.subdir, formatNoun(subdir.records, isInstallers(status) ? 'installer' : 'record'), formatBytes(subdir.bytes)])))),
    ...describeTrash(status),
    ...describeOlder(status),
    ...(runs.length === 0 ? [] : [`  last ${runs.length === 1 ? 'run' : 'runs'}:`, ...runs.slice(0, SHOWN_RUNS).flatMap(describeRun)]),
  ]
  return `${lines.join('\n')}\n`
}

function indent(text: string): readonly string[] {
  return text.split('\n').map((line) => `  ${line}`)
}

function describeTrash({ waiting, due, kept }: ChannelStatus): readonly string[] {
  return [
    ...(waiting.count === 0 ? [] : [`  ${describeWaiting(waiting.count, waiting.bytes, waiting.next)}`]),
    ...(due.count === 0 ? [] : [`  in the trash and due: ${formatNoun(due.count, 'file')}, ${formatBytes(due.bytes)}`]),
    ...(kept.count === 0 ? [] : [`  kept for older generations: ${formatNoun(kept.count, 'file')}, ${formatBytes(kept.bytes)}`]),
  ]
}

function describeOlder({ older, damagedSnapshots }: ChannelStatus): readonly string[] {
  const rows = older.map(({ number, created, snapshots }) => [`  ${number}`, formatTime(created), snapshots.join(', ')])
  return [
    ...(rows.length === 0 ? [] : ['  can be rolled back to:', ...indent(formatTable(rows, 3))]),
    ...damagedSnapshots.map((name) => `  snapshot ${name} is damaged, so every generation is kept; \`mirror snapshot delete ${name}\` removes it`),
  ]
}

function describeRun({ finished, command, status, added, removed, fetchedBytes, failed, held, error }: PastRun): readonly string[] {
  const parts = [
    ...(error === undefined ? [`${added} added`, `${removed} removed`, `${formatBytes(fetchedBytes)} fetched`] : [`${redactText(error.message)} (${error.code})`]),
    ...(failed > 0 ? [`${formatNoun(failed, 'artifact')} failed`] : []),
  ]
  return [
    `    ${formatTime(finished)} ${command}: ${status}, ${parts.join(', ')}`,
    ...held.map(({ subdir, code, reason }) => `      ${subdir} held: ${redactText(reason)} (${code})`),
  ]
}
