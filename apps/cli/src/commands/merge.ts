import { resolve } from 'node:path'
import { type AppliedChannel, applyDelta, type ApplyReport } from '@mirror/difftar'
import type { ExitCode } from '../errors/exit-codes.ts'
import { createStoreOpener } from '../open-store.ts'
import { describeWaiting } from '../render/describe-event.ts'
import { formatBytes, formatCount, formatNoun } from '../render/format.ts'
import { formatJsonLine } from '../render/render-json.ts'
import { openGivenDelta } from './delta/given-delta.ts'
import { readPublicKeys } from './delta/read-keys.ts'
import { observeDelta } from './delta/observe-delta.ts'
import { printResult, type Session } from './session.ts'

const REQUEST = 'request.jsonl'

/** Applies a delta to the mirror: verified whole before anything changes, each channel in one transaction. What does not fit ends with an error that says what differs. Exit code 6 while volumes are missing. */
export async function runMerge(session: Session): Promise<ExitCode> {
  const { config, flags, renderer, signal, cwd, stdout, now, command } = session
  const openStore = await createStoreOpener(config)
  renderer.render({ type: 'run-started', command, mirror: config.mirrorDir, config: config.file, channels: 0 })
  await using given = await openGivenDelta(session)
  const report = await applyDelta({
    from: given.paths,
    mirror: config.mirrorDir,
    incomplete: 'keep',
    command: 'merge',
    keys: readPublicKeys(session),
    deep: flags.deep,
    allowOlder: flags.allowOlder,
    grace: config.grace,
    request: resolve(cwd, flags.request ?? REQUEST),
    dryRun: flags.dryRun,
    openStore: (root) => openStore(root),
    signal,
    observe: observeDelta(session, given.label),
  })
  const exitCode = report.status === 'waiting' ? 6 : 0
  printResult(session, `${describeMerge(report)}Mirror: ${config.mirrorDir}\n`)
  if (flags.json) stdout.write(formatJsonLine({ type: 'result', command, exitCode, status: report.status, mirror: config.mirrorDir, delta: report.delta, volumes: report.volumes, channels: report.channels }, now()))
  return exitCode
}

function nameOf(folder: string): string {
  return folder === '' ? 'the root of the mirror' : folder
}

function describeMerge({ delta, channels, status, volumes }: ApplyReport): string {
  if (delta === undefined) return 'The delta is empty: nothing changed on the other side.\n'
  const heading = `Delta ${delta.sequence}, ${formatNoun(delta.totals.entries, 'file')}, ${formatBytes(delta.totals.bytes)}${delta.signedBy === undefined ? '' : `, signed with the key ${delta.signedBy}`}`
  if (status === 'waiting' && volumes !== undefined) return `${heading}\n  kept: volumes ${volumes.here.join(', ')} of ${volumes.of}, verified\n  missing: volumes ${volumes.missing.join(', ')}\n  Nothing was applied yet: run this again with what is missing.\n`
  return `${[heading, ...status === 'unchanged' ? ['  it is here already: nothing to do'] : channels.flatMap(describeChannel)].join('\n')}\n`
}

const DONE: Readonly<Record<AppliedChannel['status'], string>> = { applied: 'updated', adopted: 'verified and taken over', unchanged: 'is up to date', planned: 'would be updated' }

function describeChannel({ folder, status, generation, totals, tidy }: AppliedChannel): readonly string[] {
  const counts = totals === undefined ? '' : `: ${formatCount(totals.add)} added, ${formatCount(totals.remove)} removed, ${formatCount(totals.reused)} re-used, ${formatCount(totals.relisted)} re-listed`
  const waiting = tidy === undefined || tidy.waiting.count === 0 ? [] : [`    ${describeWaiting(tidy.waiting.count, tidy.waiting.bytes, tidy.waiting.next)}`]
  return [`  ${nameOf(folder)} ${DONE[status]}${generation === undefined ? '' : `, generation ${generation}`}${counts}`, ...waiting]
}
