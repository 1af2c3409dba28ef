import { redactText } from '@mirror/core'
import { explainArtifact, type Explanation } from '@mirror/sync'
import type { ChannelConfig } from '../config/config.ts'
import { type ErrorFacts, readErrorFacts } from '../errors/error-facts.ts'
import { type ExitCode, worstExit } from '../errors/exit-codes.ts'
import { describeExplanation } from '../render/describe-explanation.ts'
import { formatJsonLine } from '../render/render-json.ts'
import { createRuntime, type Runtime } from '../runtime.ts'
import { createSpoolFolder, type SpoolFolder } from '../spool-folder.ts'
import { printResult, type Session } from './session.ts'

/** What came of one channel. */
type Explained =
  | { readonly channel: string; readonly explanation: Explanation }
  | { readonly channel: string; readonly error: ErrorFacts }

/** Says of an artifact which rule decides about it in each channel. Exit code 1 when no channel lists it. */
export async function runExplain(session: Session): Promise<ExitCode> {
  const { config, flags, stdout, now } = session
  const artifact = flags.words['artifact'] ?? ''
  const runtime = await createRuntime(config, session.env)
  await using spool = await createSpoolFolder(config.mirrorDir, true)
  const explained: Explained[] = []
  for (const channel of config.channels) {
    if (!session.signal.aborted) explained.push(await explainOne(artifact, channel, { session, runtime, spool }))
  }
  const isListed = explained.some((one) => 'explanation' in one && one.explanation.records.length > 0)
  const failed = worstExit(explained.map((one) => ('error' in one ? one.error.exitCode : 0)))
  const exitCode = session.signal.aborted ? 130 : failed === 0 && !isListed ? 1 : failed
  printResult(session, redactText(explained.map((one) => ('error' in one ? `${one.channel}: ${one.error.message} (${one.error.code})\n` : describeExplanation(one.explanation))).join('')))
  if (flags.json) stdout.write(formatJsonLine({ type: 'result', command: 'explain', exitCode, artifact, channels: explained }, now()))
  return exitCode
}

interface ExplainOneOptions {
  readonly session: Session
  readonly runtime: Runtime
  readonly spool: SpoolFolder
}

async function explainOne(artifact: string, { channel, subdirs, selection }: ChannelConfig, { session, runtime, spool }: ExplainOneOptions): Promise<Explained> {
  const { config, renderer, signal } = session
  try {
    await using client = runtime.openClient(channel, { spoolFolder: spool.path, observe: (event) => renderer.render({ type: 'sync', channel: channel.url, event }) })
    return { channel: channel.url, explanation: await explainArtifact(artifact, { channel, client, subdirs, noarch: config.noarch, selection, signal, now: session.now }) }
  } catch (error) {
    return { channel: channel.url, error: readErrorFacts(error, signal) }
  }
}
