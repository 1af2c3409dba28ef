import { createDiskStore } from '@mirror/store'
import { type ErrorFacts, readErrorFacts } from '../errors/error-facts.ts'
import { type ExitCode, worstExit } from '../errors/exit-codes.ts'
import { formatBytes, formatNoun } from '../render/format.ts'
import { formatJsonLine } from '../render/render-json.ts'
import { listChannels, type MirroredChannel } from './find-channels.ts'
import { printResult, type Session } from './session.ts'
import { verifyChannel, type VerifyFault, type VerifyReport } from './verify-channel.ts'

interface ChannelVerdict extends MirroredChannel {
  /** Undefined for a channel of which nothing is published. */
  readonly report: VerifyReport | undefined
  readonly error: ErrorFacts | undefined
}

const FAULT_WORDS: Readonly<Record<VerifyFault['fault'], string>> = {
  missing: 'is missing',
  'not-a-file': 'is not a plain file',
  size: 'has another size',
  digest: 'has other bytes',
  unreadable: 'cannot be read',
}

/** Verifies every channel's mirror. Exit code 1 when something is not as listed, or when a channel has no mirror. */
export async function runVerify(session: Session): Promise<ExitCode> {
  const { stdout, flags, now, config, renderer, signal } = session
  const channels = await listChannels(session)
  renderer.render({ type: 'run-started', command: 'verify', mirror: config.mirrorDir, config: config.file, channels: channels.length })
  const verdicts: ChannelVerdict[] = []
  for (const channel of channels) {
    if (!signal.aborted) verdicts.push(await verifyOne(channel, session))
  }
  const exitCode = signal.aborted ? 130 : worstExit(verdicts.map(exitOf))
  printResult(session, `${verdicts.map(describeVerdict).join('')}Mirror: ${config.mirrorDir}\n`)
  if (flags.json) stdout.write(formatJsonLine({ type: 'result', command: 'verify', exitCode, mirror: config.mirrorDir, channels: verdicts }, now()))
  return exitCode
}

async function verifyOne(channel: MirroredChannel, { renderer, signal }: Session): Promise<ChannelVerdict> {
  const { root } = channel
  renderer.render({ type: 'channel-started', channel: channel.channel, folder: channel.folder })
  try {
    const report = await verifyChannel({
      store: createDiskStore({ root }),
      root,
      signal,
      observe: (fault) => renderer.render({ type: 'fault', channel: channel.channel, path: fault.path, fault: fault.fault }),
    })
    return { ...channel, report, error: undefined }
  } catch (error) {
    const facts = readErrorFacts(error, signal)
    renderer.render({ type: 'channel-failed', channel: channel.channel, error: facts })
    return { ...channel, report: undefined, error: facts }
  }
}

function exitOf({ report, error }: ChannelVerdict): ExitCode {
  if (error !== undefined) return error.exitCode
  return report === undefined || report.faults.length > 0 ? 1 : 0
}

function describeVerdict({ channel, report, error }: ChannelVerdict): string {
  if (error !== undefined) return `${channel}: cannot be verified (${error.code})\n`
  if (report === undefined) return `${channel}: nothing is published\n`
  const { generation, files, bytes, faults } = report
  const lines = faults.map(({ path, fault }) => `  ${path} ${FAULT_WORDS[fault]}`)
  const hint = faults.length === 0 ? [] : ['  hint: Move the channel\'s folder .mirror away and run `mirror sync`: it looks at every file, and fetches anew what is not right.']
  return `${[`${channel}: generation ${generation}, ${formatNoun(files, 'file')}, ${formatBytes(bytes)}: ${faults.length === 0 ? 'whole' : formatNoun(faults.length, 'fault')}`, ...lines, ...hint].join('\n')}\n`
}
