import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type AppliedChannel, applyDelta, type ApplyReport, parsePublicKey, type PublicKey } from '@mirror/difftar'
import type { ExitCode } from '../errors/exit-codes.ts'
import { createStoreOpener } from '../open-store.ts'
import { describeWaiting } from '../render/describe-event.ts'
import { formatBytes, formatCount, formatNoun } from '../render/format.ts'
import { formatJsonLine } from '../render/render-json.ts'
import { printResult, type Session } from './session.ts'

const REQUEST = 'request.jsonl'

/** Applies a delta to the mirror: verified whole before anything changes, each channel in one transaction. What does not fit ends with an error that says what differs. */
export async function runMerge(session: Session): Promise<ExitCode> {
  const { config, flags, renderer, signal, cwd, stdout, now } = session
  const openStore = await createStoreOpener(config)
  renderer.render({ type: 'run-started', command: 'merge', mirror: config.mirrorDir, config: config.file, channels: 0 })
  const report = await applyDelta({
    from: config.delta.directory,
    mirror: config.mirrorDir,
    incomplete: 'keep',
    keys: flags.keys.map((key) => readKey(key, cwd)),
    deep: flags.deep,
    allowOlder: flags.allowOlder,
    grace: config.grace,
    request: resolve(cwd, flags.request ?? REQUEST),
    dryRun: flags.dryRun,
    openStore: (root) => openStore(root),
    signal,
    observe: (event) => {
      if (event.type === 'volumes-left') renderer.render({ type: 'notice', code: 'VOLUMES_LEFT', message: `volumes of another delta are still kept in ${event.folder}: remove it if they are not needed` })
      if (event.type === 'channel-adopting') renderer.render({ type: 'notice', code: 'ADOPTING', message: `${nameOf(event.folder)} was changed by something else: what is there is verified and taken over` })
    },
  })
  printResult(session, `${describeMerge(report)}Mirror: ${config.mirrorDir}\n`)
  const exitCode = report.status === 'waiting' ? 6 : 0
  if (flags.json) stdout.write(formatJsonLine({ type: 'result', command: 'merge', exitCode, mirror: config.mirrorDir, delta: report.delta, volumes: report.volumes, channels: report.channels }, now()))
  return exitCode
}

function readKey(key: string, cwd: string): PublicKey {
  const path = join(cwd, key)
  return parsePublicKey(existsSync(path) ? readFileSync(path, 'utf8') : existsSync(key) ? readFileSync(key, 'utf8') : key)
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
