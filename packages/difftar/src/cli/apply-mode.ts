import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type AppliedChannel, applyDelta, type ApplyReport, type ArrivedVolumes } from '../apply/apply-delta.ts'
import type { DifftarEvent } from '../events.ts'
import { spoolDelta } from '../medium/spool-delta.ts'
import { parsePublicKey, type PublicKey } from '../minisign/minisign.ts'
import { parseDuration, UsageError } from './parse-arguments.ts'
import type { ModeRun } from './run-diff-tar.ts'

const TARBALL = './update.tar'
const REQUEST = './request.jsonl'

/** Applies a delta. */
export async function applyMode(run: ModeRun): Promise<number> {
  const { program, flags, repository, pathOf } = run
  if (flags.outfile !== undefined) throw new UsageError('--outfile not allowed with --apply')
  const given = flags.infile ?? [TARBALL]
  using spool = given.includes('-') ? await spoolDelta(program.stdin, { beside: dirname(repository), signal: program.signal }) : undefined
  const request = pathOf(flags.request ?? REQUEST)
  const report = await applyDelta({
    from: spool === undefined ? given.map(pathOf) : [spool.path], mirror: repository, incomplete: 'keep', request, signal: program.signal, observe: (event) => tell(run, event),
    keys: flags.key?.map((key) => readKey(run, key)), deep: flags.deep, dryRun: flags['dry-run'], allowOlder: flags['allow-older'],
    grace: flags.grace === undefined ? undefined : parseDuration(flags.grace),
  })
  await tellReport(run, report)
  return report.status === 'waiting' ? 1 : 0
}

function readKey({ pathOf }: ModeRun, key: string): PublicKey {
  return parsePublicKey(existsSync(pathOf(key)) ? readFileSync(pathOf(key), 'utf8') : key)
}

function tell({ program, flags, warn }: ModeRun, event: DifftarEvent): void {
  if (event.type === 'tree-warning') warn(event)
  else if (event.type === 'channel-adopting') program.stderr(`Verifying what is there: ${nameOf(event.folder)}\n`)
  else if (event.type === 'volumes-left') program.stderr(`Volumes of another delta are still kept in ${event.folder}: remove it if they are not needed\n`)
  else if (event.type === 'channel-applying' && flags.verbose === true) program.stderr(`Applying: ${nameOf(event.folder)}: ${event.add} to add (${event.bytes} bytes), ${event.remove} to remove\n`)
}

function nameOf(folder: string): string {
  return folder === '' ? 'the channel' : folder
}

async function tellReport({ program, flags }: ModeRun, report: ApplyReport): Promise<void> {
  if (flags.json === true) return program.stdout(`${JSON.stringify(report)}\n`)
  if (report.status === 'unchanged') return program.stdout('Nothing to do.\n')
  if (report.status === 'waiting' && report.volumes !== undefined) return program.stdout(describeWaiting(report.volumes))
  for (const channel of report.channels) await program.stdout(describe(channel))
  if (report.delta !== undefined && report.delta.signedBy === undefined && flags.verbose === true) program.stderr('It was not verified who made it: no key was given.\n')
}

function describeWaiting({ of, here, missing }: ArrivedVolumes): string {
  const list = (numbers: readonly number[]): string => `${numbers.length === 1 ? 'volume' : 'volumes'} ${numbers.slice(0, 20).join(', ')}${numbers.length > 20 ? ` and ${numbers.length - 20} more` : ''}`
  return `Kept: ${list(here)} of ${of}, verified\nMissing: ${list(missing)}\nRun this again with what is missing. Nothing was applied yet.\n`
}

const DONE = { applied: 'Applied', adopted: 'Verified and taken over', unchanged: 'Nothing to do', planned: 'Would apply' } as const

function describe({ folder, status, totals, tidy }: AppliedChannel): string {
  const counts = totals === undefined ? '' : `: ${totals.add + totals.reused} added, ${totals.remove} removed, ${totals.relisted} corrected`
  const waiting = tidy === undefined || tidy.waiting.count === 0 ? '' : `Waiting: ${tidy.waiting.count} files (${tidy.waiting.bytes} bytes) will be removed with the first run after ${tidy.waiting.next ?? ''}\n`
  return `${DONE[status]}: ${nameOf(folder)}${counts}\n${waiting}`
}
