import { redactText } from '@mirror/core'
import { type ErrorFacts, readErrorFacts } from '../errors/error-facts.ts'
import { type ExitCode, worstExit } from '../errors/exit-codes.ts'
import { formatJsonLine } from '../render/render-json.ts'
import type { MirroredChannel } from './find-channels.ts'
import { printResult, type Session } from './session.ts'

/** What came of one channel: a report, or why there is none. */
export type Outcome<Report> =
  | (MirroredChannel & { readonly report: Report; readonly error: undefined })
  | (MirroredChannel & { readonly report: undefined; readonly error: ErrorFacts })

/** Does something with one channel after another. One that fails does not stop the others; an interrupt does. */
export async function forEachChannel<Report>(session: Session, channels: readonly MirroredChannel[], act: (channel: MirroredChannel) => Promise<Report>): Promise<readonly Outcome<Report>[]> {
  const { renderer, signal } = session
  const outcomes: Outcome<Report>[] = []
  for (const channel of channels) {
    if (signal.aborted) break
    renderer.render({ type: 'channel-started', channel: channel.channel, folder: channel.folder })
    try {
      outcomes.push({ ...channel, report: await act(channel), error: undefined })
    } catch (error) {
      const facts = readErrorFacts(error, signal)
      renderer.render({ type: 'channel-failed', channel: channel.channel, error: facts })
      outcomes.push({ ...channel, report: undefined, error: facts })
    }
  }
  return outcomes
}

/** How a command tells what came of it. */
export interface Finish<Report> {
  readonly describe: (channel: string, report: Report) => string
  readonly exitOf: (report: Report) => ExitCode
  /** What is said of the whole mirror, beside its folder; for `--json` as fields of the last line. */
  readonly more?: { readonly text: string; readonly fields: Readonly<Record<string, unknown>> }
}

/** Prints the results of all channels and answers the worst exit code. */
export function finish<Report>(session: Session, outcomes: readonly Outcome<Report>[], { describe, exitOf, more }: Finish<Report>): ExitCode {
  const { stdout, flags, now, config, command, signal } = session
  const exitCode = signal.aborted ? 130 : worstExit(outcomes.map((outcome) => (outcome.error === undefined ? exitOf(outcome.report) : outcome.error.exitCode)))
  const lines = outcomes.map((outcome) => (outcome.error === undefined ? describe(outcome.channel, outcome.report) : `${outcome.channel}: ${outcome.error.message} (${outcome.error.code})\n`))
  printResult(session, redactText(`${lines.join('')}${more?.text ?? ''}Mirror: ${config.mirrorDir}\n`))
  if (flags.json) stdout.write(formatJsonLine({ type: 'result', command, exitCode, mirror: config.mirrorDir, channels: outcomes, ...more?.fields }, now()))
  return exitCode
}
