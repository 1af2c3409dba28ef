import { redactText } from '@mirror/core'
import { type ChannelDifference, compareStates, type ComparedState, type FoundChannel } from '@mirror/difftar'
import type { ExitCode } from '../../errors/exit-codes.ts'
import { describeDifferences, summarizeDifference } from '../../render/describe-difference.ts'
import { formatJsonLine } from '../../render/render-json.ts'
import { createRuntime } from '../../runtime.ts'
import { createSpoolFolder } from '../../spool-folder.ts'
import { printResult, type Session } from '../session.ts'
import { assertSeen, type Upstream } from './describe-upstream.ts'
import { channelsIn, createOpenStates, labelOf, type NamedOperand, type OpenStates, readOperand } from './read-state.ts'

/** Shows what differs between two states. Exit code 0, whatever it finds; with `--exit-code` 1 where something differs. */
export async function runDiff(session: Session): Promise<ExitCode> {
  const { config, env, flags, renderer, signal, stdout, now, command } = session
  const { before = '', after } = flags.words
  const operands = { before: readOperand(session, before), after: after === undefined ? { kind: 'folder', path: config.mirrorDir } as const : readOperand(session, after) }
  const runtime = await createRuntime(config, env)
  await using spool = await createSpoolFolder(config.mirrorDir, true)
  const upstream: Upstream = { session, runtime, spoolFolder: spool.path, seen: new Map() }
  await using states = createOpenStates(session, upstream)
  const sides = await openBoth(session, states, operands)
  const found: ChannelDifference[] = []
  for await (const channel of compareStates({ ...sides, names: flags.list, signal })) found.push(channel)
  renderer.close()
  assertSeen(upstream)
  const differs = found.some(({ status }) => status !== 'same')
  const exitCode = differs && flags.exitCode ? 1 : 0
  const labels = { before: labelOf(operands.before), after: labelOf(operands.after) }
  printResult(session, redactText(describeDifferences(found, { ...labels, list: flags.list })))
  if (flags.json) {
    stdout.write(formatJsonLine({
      type: 'result', command, exitCode, differs,
      before: { kind: sides.before.kind, name: labels.before }, after: { kind: sides.after.kind, name: labels.after }, channels: found.map((channel) => summarizeDifference(channel, flags.list)),
    }, now()))
  }
  return exitCode
}

interface Operands {
  readonly before: NamedOperand
  readonly after: NamedOperand
}

/** Upstream is opened last: what it is asked for depends on the other side. */
async function openBoth(session: Session, states: OpenStates, { before, after }: Operands): Promise<{ readonly before: ComparedState; readonly after: ComparedState }> {
  const found = [before, after].flatMap((operand) => foundIn(session, operand))
  const open = (operand: NamedOperand, state?: ComparedState): Promise<ComparedState> => states.open(operand, { found: found.length > 0 ? found : foundIn(session, { kind: 'folder', path: session.config.mirrorDir }), state })
  if (before.kind !== 'channel') {
    const old = await open(before)
    return { before: old, after: await open(after, old) }
  }
  const young = await open(after)
  return { before: await open(before, young), after: young }
}

function foundIn(session: Session, operand: NamedOperand): readonly FoundChannel[] {
  if (operand.kind !== 'folder') return []
  try {
    return channelsIn(session, operand.path)
  } catch {
    // What cannot be read is told when it is opened.
    return []
  }
}
