import { createDiskStore, type VerifyFault, type VerifyReport, verifyStore } from '@mirror/store'
import { type ErrorFacts, readErrorFacts } from '../errors/error-facts.ts'
import { type ExitCode, worstExit } from '../errors/exit-codes.ts'
import { formatBytes, formatCount, formatNoun } from '../render/format.ts'
import { formatJsonLine } from '../render/render-json.ts'
import { listChannels, type MirroredChannel } from './find-channels.ts'
import { printResult, type Session } from './session.ts'

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
  'stale-variant': 'does not say what repodata.json says',
}

const HINT = '  hint: Move the channel\'s folder .mirror away and run `mirror sync`: it looks at every file, and fetches anew what is not right.'

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

async function verifyOne(channel: MirroredChannel, session: Session): Promise<ChannelVerdict> {
  const { renderer, signal } = session
  renderer.render({ type: 'channel-started', channel: channel.channel, folder: channel.folder })
  try {
    return { ...channel, report: await verifySteady(channel, session), error: undefined }
  } catch (error) {
    const facts = readErrorFacts(error, signal)
    renderer.render({ type: 'channel-failed', channel: channel.channel, error: facts })
    return { ...channel, report: undefined, error: facts }
  }
}

/** Begins anew when a run published something meanwhile: what was verified is then no longer what is there. */
async function verifySteady({ channel, root }: MirroredChannel, { renderer, signal }: Session): Promise<VerifyReport | undefined> {
  const store = createDiskStore({ root })
  for (;;) {
    const report = await verifyStore({ root, signal, observe: (event) => renderer.render({ type: 'verify', channel, event }) })
    if (report === undefined || (await store.head())?.number === report.generation) return report
  }
}

function exitOf({ report, error }: ChannelVerdict): ExitCode {
  if (error !== undefined) return error.exitCode
  return report === undefined || report.faults.length > 0 ? 1 : 0
}

function describeVerdict({ channel, report, error }: ChannelVerdict): string {
  if (error !== undefined) return `${channel}: cannot be verified (${error.code})\n`
  if (report === undefined) return `${channel}: nothing is published\n`
  const { generation, artifacts, bytes, faults, foreign } = report
  const result = faults.length === 0 ? 'whole' : formatNoun(faults.length, 'fault')
  const lines = faults.map(({ path, fault }) => `  ${path} ${FAULT_WORDS[fault]}`)
  return `${[
    `${channel}: generation ${generation}, ${formatNoun(artifacts, 'artifact')}, ${formatBytes(bytes)}: ${result}`,
    ...lines,
    ...(faults.length === 0 ? [] : [HINT]),
    ...(foreign.length === 0 ? [] : [`  not of the mirror, and left alone: ${foreign.slice(0, 3).join(', ')}${foreign.length > 3 ? `, ${formatCount(foreign.length - 3)} more` : ''}`]),
  ].join('\n')}\n`
}
