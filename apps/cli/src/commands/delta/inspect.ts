import { deltaTotals } from '@mirror/delta'
import { openDelta, type OpenedDelta } from '@mirror/difftar'
import type { ExitCode } from '../../errors/exit-codes.ts'
import { describeDeltaParts, listDelta, summarizeDelta } from '../../render/describe-delta.ts'
import { formatBytes, formatCount, formatNoun, formatTime } from '../../render/format.ts'
import { formatJsonLine } from '../../render/render-json.ts'
import { printResult, type Session } from '../session.ts'
import { openGivenDelta } from './given-delta.ts'
import { observeDelta } from './observe-delta.ts'
import { readPublicKeys } from './read-keys.ts'

/** Shows what a delta says of itself; with `--verify` after all of it was compared. Changes nothing. */
export async function runDeltaInspect(session: Session): Promise<ExitCode> {
  const { flags, stdout, now, command } = session
  await using given = await openGivenDelta(session)
  await using delta = await openDelta(given.paths, { keys: readPublicKeys(session) })
  if (delta === undefined) {
    printResult(session, 'The delta is empty: nothing changed on the side that made it.\n')
    if (flags.json) stdout.write(formatJsonLine({ type: 'result', command, exitCode: 0, status: 'unchanged', delta: undefined, channels: [] }, now()))
    return 0
  }
  if (flags.verify) await verify(session, delta, given.label)
  const { manifest, seal } = delta
  printResult(session, `${describeHead(delta, flags.verify)}${describeDeltaParts(manifest)}${flags.list ? listDelta(manifest) : ''}`)
  if (flags.json) {
    const { reader, sequence, created, guards, volumes } = manifest
    stdout.write(formatJsonLine({
      type: 'result', command, exitCode: 0, status: flags.verify ? 'verified' : 'read',
      delta: { seal, reader, sequence, created, guards, totals: deltaTotals(manifest), volumes, isSigned: delta.isSigned, signedBy: delta.signedBy?.id },
      channels: summarizeDelta(manifest, flags.list),
    }, now()))
  }
  return 0
}

async function verify(session: Session, delta: OpenedDelta, label: string): Promise<void> {
  const { entries, bytes } = deltaTotals(delta.manifest)
  const observe = observeDelta(session, label)
  observe({ type: 'delta-opened', entries, bytes })
  await delta.verify({ signal: session.signal, observe })
}

const GUARDS = { satisfied: 'its guards were satisfied', overridden: 'somebody overrode its guards', none: 'made without guards' } as const

function describeHead({ manifest, seal, isSigned, signedBy }: OpenedDelta, isVerified: boolean): string {
  const { sequence, created, guards, volumes } = manifest
  const totals = deltaTotals(manifest)
  const lines = [
    `Delta ${sequence}${created === undefined ? '' : ` of ${formatTime(created)}`}: ${formatNoun(totals.entries, 'file')}, ${formatBytes(totals.bytes)}, ${formatNoun(totals.remove, 'removal')}`,
    `  seal: ${seal}`,
    `  signature: ${signedBy !== undefined ? `by the key ${signedBy.id}, verified` : isSigned ? 'there is one; name the key with --key to verify it' : 'none'}`,
    `  guards: ${GUARDS[guards]}`,
    ...(volumes.length === 0 ? [] : [`  volumes: ${formatCount(volumes.length)}`]),
    `  checksums: ${isVerified ? 'all files are right' : 'not compared; --verify does'}`,
  ]
  return `${lines.join('\n')}\n`
}
