import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { tmpdir } from 'node:os'
import { type AppliedChannel, applyDelta, type ApplyReport } from '../apply/apply-delta.ts'
import { createDraft, type DraftFile } from '../files/write-file.ts'
import type { DifftarEvent } from '../events.ts'
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
  const spool = given.includes('-') ? await spoolInput(run) : undefined
  const request = pathOf(flags.request ?? REQUEST)
  try {
    const report = await applyDelta({
      from: spool === undefined ? findDelta(given, pathOf) : [spool.path], mirror: repository, request, signal: program.signal, observe: (event) => tell(run, event),
      keys: flags.key?.map((key) => readKey(run, key)), deep: flags.deep, dryRun: flags['dry-run'], allowOlder: flags['allow-older'],
      grace: flags.grace === undefined ? undefined : parseDuration(flags.grace),
    })
    await tellReport(run, report)
    return 0
  } finally {
    spool?.draft.discard()
  }
}

/** A tarball that was split lies there as its volumes. */
function findDelta(given: readonly string[], pathOf: (path: string) => string): readonly string[] {
  return given.flatMap((path) => {
    const whole = pathOf(path)
    if (existsSync(whole) || !whole.endsWith('.tar')) return [whole]
    const stem = `${basename(whole, '.tar')}.vol`
    const volumes = existsSync(dirname(whole)) ? readdirSync(dirname(whole)).filter((name) => name.startsWith(stem) && name.endsWith('.tar')).toSorted() : []
    return volumes.length === 0 ? [whole] : volumes.map((name) => join(dirname(whole), name))
  })
}

/** What comes through a pipe is kept beside the mirror until it is applied: all of it has to be seen before anything of it is used. */
async function spoolInput({ program, repository }: ModeRun): Promise<{ readonly path: string; readonly draft: DraftFile }> {
  const name = `conda-diff-tar-${randomBytes(6).toString('hex')}.tar`
  const { draft, path } = openSpool([dirname(repository), tmpdir()], name)
  try {
    for await (const piece of program.stdin) {
      program.signal.throwIfAborted()
      draft.write(Buffer.from(piece))
    }
    return { path, draft }
  } catch (error) {
    draft.discard()
    throw error
  }
}

function openSpool([folder = '', ...others]: readonly string[], name: string): { readonly path: string; readonly draft: DraftFile } {
  try {
    const draft = createDraft(join(folder, name))
    return { draft, path: draft.draft }
  } catch (error) {
    if (others.length === 0) throw error
    return openSpool(others, name)
  }
}

function readKey({ pathOf }: ModeRun, key: string): PublicKey {
  return parsePublicKey(existsSync(pathOf(key)) ? readFileSync(pathOf(key), 'utf8') : key)
}

function tell({ program, flags, warn }: ModeRun, event: DifftarEvent): void {
  if (event.type === 'tree-warning') warn(event)
  else if (event.type === 'channel-adopting') program.stderr(`Verifying what is there: ${nameOf(event.folder)}\n`)
  else if (event.type === 'channel-applying' && flags.verbose === true) program.stderr(`Applying: ${nameOf(event.folder)}: ${event.add} to add (${event.bytes} bytes), ${event.remove} to remove\n`)
}

function nameOf(folder: string): string {
  return folder === '' ? 'the channel' : folder
}

async function tellReport({ program, flags }: ModeRun, report: ApplyReport): Promise<void> {
  if (flags.json === true) return program.stdout(`${JSON.stringify(report)}\n`)
  if (report.status === 'unchanged') return program.stdout('Nothing to do.\n')
  for (const channel of report.channels) await program.stdout(describe(channel))
  if (report.delta !== undefined && report.delta.signedBy === undefined && flags.verbose === true) program.stderr('It was not verified who made it: no key was given.\n')
}

const DONE = { applied: 'Applied', adopted: 'Verified and taken over', unchanged: 'Nothing to do', planned: 'Would apply' } as const

function describe({ folder, status, totals, tidy }: AppliedChannel): string {
  const counts = totals === undefined ? '' : `: ${totals.add + totals.reused} added, ${totals.remove} removed, ${totals.relisted} corrected`
  const waiting = tidy === undefined || tidy.waiting.count === 0 ? '' : `Waiting: ${tidy.waiting.count} files (${tidy.waiting.bytes} bytes) will be removed with the first run after ${tidy.waiting.next ?? ''}\n`
  return `${DONE[status]}: ${nameOf(folder)}${counts}\n${waiting}`
}
