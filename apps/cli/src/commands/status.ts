import { createDiskStore, type TidyReport } from '@mirror/store'
import { type ErrorFacts, readErrorFacts } from '../errors/error-facts.ts'
import { type ExitCode, worstExit } from '../errors/exit-codes.ts'
import { describeWaiting } from '../render/describe-event.ts'
import { formatBytes, formatDuration, formatNoun, formatTable, formatTime } from '../render/format.ts'
import { formatJsonLine } from '../render/render-json.ts'
import { listChannels, type MirroredChannel } from './find-channels.ts'
import { type LastRun, readLastRun } from './last-run.ts'
import { printResult, type Session } from './session.ts'

/** What a channel's mirror holds. */
interface ChannelStatus extends MirroredChannel {
  readonly generation: number | undefined
  /** ISO 8601. */
  readonly created: string | undefined
  readonly state: string | undefined
  readonly subdirs: readonly { readonly subdir: string; readonly records: number; readonly bytes: number }[]
  readonly waiting: TidyReport['waiting'] | undefined
  readonly lastRun: LastRun | undefined
  readonly error: ErrorFacts | undefined
}

/** Shows what each channel's mirror holds, from what its store notes: nothing is walked, hashed or fetched. Exit code 1 when a store cannot be read. */
export async function runStatus(session: Session): Promise<ExitCode> {
  const { stdout, flags, now, config } = session
  const statuses: ChannelStatus[] = []
  for (const channel of await listChannels(session)) statuses.push(await readStatus(channel, session))
  const exitCode = worstExit(statuses.map(({ error }) => error?.exitCode ?? 0))
  printResult(session, `${statuses.map((status) => describeStatus(status, now())).join('\n')}\nMirror: ${config.mirrorDir}\n`)
  if (flags.json) stdout.write(formatJsonLine({ type: 'result', command: 'status', exitCode, mirror: config.mirrorDir, channels: statuses }, now()))
  return exitCode
}

async function readStatus(channel: MirroredChannel, { config, signal }: Session): Promise<ChannelStatus> {
  const empty = { ...channel, generation: undefined, created: undefined, state: undefined, subdirs: [], waiting: undefined, lastRun: undefined, error: undefined }
  try {
    const store = createDiskStore({ root: channel.root })
    const head = await store.head()
    if (head === undefined) return empty
    const tidy = await store.tidy({ grace: config.grace, dryRun: true, signal })
    return {
      ...empty,
      generation: head.number,
      created: head.created,
      state: head.id,
      subdirs: head.state.subdirs.map(({ subdir, artifacts }) => ({ subdir, records: artifacts.count, bytes: artifacts.bytes })),
      waiting: 'status' in tidy ? undefined : tidy.waiting,
      lastRun: await readLastRun(store),
    }
  } catch (error) {
    return { ...empty, error: readErrorFacts(error, signal) }
  }
}

function describeStatus(status: ChannelStatus, now: number): string {
  const { channel, generation, created = '', state = '', subdirs, waiting, lastRun, error } = status
  if (error !== undefined) return `${channel}: ${error.message} (${error.code})\n`
  if (generation === undefined) return `${channel}: nothing is published yet\n`
  const age = formatDuration(Math.max(0, now - Date.parse(created)))
  const lines = [
    `${channel}: generation ${generation} of ${formatTime(created)}, ${age} ago; state ${state.slice(0, 12)}`,
    ...(subdirs.length === 0 ? [] : formatTable(subdirs.map(({ subdir, records, bytes }) => [subdir, formatNoun(records, 'record'), formatBytes(bytes)])).split('\n').map((line) => `  ${line}`)),
    ...(waiting === undefined || waiting.count === 0 ? [] : [`  ${describeWaiting(waiting.count, waiting.bytes, waiting.next)}`]),
    ...(lastRun === undefined ? [] : [`  last run: ${lastRun.status}, ${formatTime(lastRun.finished)}${lastRun.held > 0 ? `, ${formatNoun(lastRun.held, 'subdir')} held` : ''}`]),
  ]
  return `${lines.join('\n')}\n`
}
