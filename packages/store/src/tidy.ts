import fs from 'node:fs'
import { dirname, join } from 'node:path'
import type { TidyOptions, TidyReport } from './contract.ts'
import { breathe, type DiskContext, ignoreEvents } from './disk-context.ts'
import type { DiskIo } from './disk-io.ts'
import { discard, removeIfThere, writeNewFile } from './disk-write.ts'
import { readHead, readNames } from './generation-file.ts'
import { openLock } from './lock.ts'
import { recover } from './recover.ts'
import { judgeTrash, planRetention, type Retention } from './retained.ts'
import { namedGenerations } from './snapshot-file.ts'
import { formatTrash, readTrash, readTrashHeader, type TrashEntry, type TrashHeader, trashLists } from './trash.ts'

/** Deletes what is due, under the lock. */
export async function tidyDisk(context: DiskContext, options: TidyOptions): Promise<TidyReport | { readonly status: 'busy' }> {
  const { io, paths, fileMode } = context
  if (!fs.existsSync(paths.format)) return NOTHING
  if (options.dryRun === true) return tidyLocked(context, options)
  const lock = openLock(io, paths.lock, fileMode)
  if (lock === undefined) return { status: 'busy' }
  try {
    await recover(context, options.observe ?? ignoreEvents)
    lock.assertHeld()
    return await tidyLocked(context, options)
  } finally {
    lock.release()
  }
}

const NOTHING: TidyReport = { deleted: { count: 0, bytes: 0 }, waiting: { count: 0, bytes: 0, next: undefined }, kept: { count: 0, bytes: 0 }, left: 0, dropped: [] }

/** What a broken run left is worth fetching less for at least a day. */
const STAGING_GRACE = 24 * 60 * 60 * 1000

interface Sum {
  count: number
  bytes: number
}

interface Tally {
  readonly deleted: Sum
  readonly waiting: Sum
  readonly kept: Sum
  next: number
  left: number
}

function add(sum: Sum, count: number, bytes: number): void {
  sum.count += count
  sum.bytes += bytes
}

async function tidyLocked(context: DiskContext, options: TidyOptions): Promise<TidyReport> {
  const { paths, clock, keep } = context
  const { grace, dryRun = false, observe = ignoreEvents } = options
  const now = clock().getTime()
  const retention = planRetention(paths, { head: readHead(paths), now, grace, keep, named: namedGenerations(paths, observe) })
  const tally: Tally = { deleted: { count: 0, bytes: 0 }, waiting: { count: 0, bytes: 0 }, kept: { count: 0, bytes: 0 }, next: Number.POSITIVE_INFINITY, left: 0 }
  if (!dryRun) dropGenerations(context, retention)
  for (const path of trashLists(paths)) {
    options.signal?.throwIfAborted()
    await tidyList(context, { path, now, retention, tally, options })
  }
  if (!dryRun) {
    await dropOrphans(context, { now, grace })
    dropDocuments(context, retention)
  }
  return {
    deleted: tally.deleted,
    waiting: { ...tally.waiting, next: Number.isFinite(tally.next) ? new Date(tally.next).toISOString() : undefined },
    kept: tally.kept,
    left: tally.left,
    dropped: retention.dropped,
  }
}

interface ListTask {
  readonly path: string
  readonly now: number
  readonly retention: Retention
  readonly tally: Tally
  readonly options: TidyOptions
}

async function tidyList(context: DiskContext, task: ListTask): Promise<void> {
  const { path, now, tally, options, retention } = task
  const header = readTrashHeader(path) ?? { generation: 0, time: fs.statSync(path).mtime.toISOString(), count: 0, bytes: 0 }
  const due = Date.parse(header.time) + options.grace
  if (now < due) {
    add(tally.waiting, header.count, header.bytes)
    tally.next = Math.min(tally.next, due)
    return
  }
  if (isSettled(header, retention)) {
    add(tally.kept, header.count, header.bytes)
    return
  }
  const outcome = await goThrough(context, task)
  // What a list forgets must be gone for good: nobody would delete it again.
  for (const folder of outcome.folders) await syncNearest(context, folder)
  add(tally.kept, outcome.kept.count, outcome.kept.bytes)
  tally.left += outcome.left.count
  if (options.dryRun !== true) await rewriteList(context, path, { header, outcome })
}

/**
 * True when nothing on a list can have become rubbish: the generations are retained that it was kept for when it was looked at, or the one before it was written, which lists all that is on it.
 * So a list is looked at once, when the last generation that needs the whole of it is given up, however many generations are kept.
 */
function isSettled({ generation, keptBy = [generation - 1] }: TrashHeader, { retained }: Retention): boolean {
  const numbers = new Set(retained.map((manifest) => manifest.generation.number))
  return keptBy.every((number) => numbers.has(number))
}

/** So many entries are judged together: each time, the indexes of the retained generations are read. */
const JUDGED_AT_ONCE = 65_536

/** What became of each entry of a list, by its position. */
interface ListOutcome {
  /** True for those that stay on the list. */
  readonly stays: boolean[]
  readonly kept: Sum
  readonly left: Sum
  readonly keptBy: Set<number>
  /** Where something was deleted, or is gone already. */
  readonly folders: Set<string>
}

/** Deletes what no retained generation references, until as many are deleted as may be. */
async function goThrough(context: DiskContext, task: ListTask): Promise<ListOutcome> {
  const outcome: ListOutcome = { stays: [], kept: { count: 0, bytes: 0 }, left: { count: 0, bytes: 0 }, keptBy: new Set(), folders: new Set() }
  let some: TrashEntry[] = []
  for await (const entry of readTrash(task.path)) {
    some.push(entry)
    if (some.length < JUDGED_AT_ONCE) continue
    await carryOut(context, some, { task, outcome })
    some = []
  }
  await carryOut(context, some, { task, outcome })
  return outcome
}

interface Carrying {
  readonly task: ListTask
  readonly outcome: ListOutcome
}

async function carryOut(context: DiskContext, entries: readonly TrashEntry[], { task, outcome }: Carrying): Promise<void> {
  const { tally, retention, options } = task
  const isFull = (): boolean => tally.deleted.count >= (options.maximumDeletes ?? 1000)
  if (isFull()) {
    for (const entry of entries) leave(outcome, entry)
    return
  }
  const { verdicts, keptBy } = await judgeTrash(context.paths, retention, entries)
  for (const number of keptBy) outcome.keptBy.add(number)
  for (const [index, entry] of entries.entries()) {
    if (index % 256 === 255) await breathe()
    const verdict = verdicts[index]
    if (verdict === 'keep') keepOn(outcome, entry)
    else if (verdict === 'forget') outcome.stays.push(false)
    else if (isFull()) leave(outcome, entry)
    else removeAndCount(context, entry, { task, outcome })
  }
}

function removeAndCount(context: DiskContext, entry: TrashEntry, { task: { tally, options }, outcome }: Carrying): void {
  outcome.stays.push(false)
  if (options.dryRun !== true) outcome.folders.add(dirname(pathOf(context, entry)))
  if (removeEntry(context, entry, options.dryRun)) add(tally.deleted, 1, entry.size)
}

function keepOn({ stays, kept }: ListOutcome, entry: TrashEntry): void {
  stays.push(true)
  add(kept, 1, entry.size)
}

function leave({ stays, left }: ListOutcome, entry: TrashEntry): void {
  stays.push(true)
  add(left, 1, entry.size)
}

/** False when the bytes are gone already, or other bytes than ours have the name: those are not ours to delete. */
function removeEntry(context: DiskContext, entry: TrashEntry, dryRun = false): boolean {
  const { io } = context
  const path = pathOf(context, entry)
  const stat = fs.lstatSync(path, { throwIfNoEntry: false })
  const isOurs = stat?.isFile() === true && stat.size === entry.size
  if (dryRun) return isOurs
  if (isOurs) io.unlink(path)
  // Also when the file is gone already: a run may have ended in between.
  if (!('object' in entry) && (isOurs || stat === undefined)) removeEmptyFolder(context, dirname(path))
  return isOurs
}

function pathOf({ paths }: DiskContext, entry: TrashEntry): string {
  return 'object' in entry ? join(paths.objects, entry.object) : paths.public(entry.path)
}

/** Makes durable what is gone from a folder, or that the folder is. The root is there: our lock lies in it. */
async function syncNearest({ io }: DiskContext, folder: string): Promise<void> {
  let nearest = folder
  while (!fs.existsSync(nearest)) nearest = dirname(nearest)
  await io.syncDirectory(nearest)
}

/** A folder that nothing is in any more goes too, but for the root. */
function removeEmptyFolder(context: DiskContext, folder: string): void {
  const isFolder = fs.lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === true
  if (folder === context.paths.root || !isFolder || fs.readdirSync(folder).length > 0) return
  context.io.removeDirectory(folder)
  removeEmptyFolder(context, dirname(folder))
}

async function rewriteList(context: DiskContext, path: string, { header, outcome }: { readonly header: TrashHeader; readonly outcome: ListOutcome }): Promise<void> {
  const { io, paths, fileMode } = context
  const { kept, left, stays } = outcome
  const count = kept.count + left.count
  if (count === 0) {
    removeIfThere(io, path)
    return
  }
  const keptBy = left.count === 0 ? [...outcome.keptBy] : undefined
  if (count === stays.length && keptBy?.join() === header.keptBy?.join()) return
  const { generation, time } = header
  const next: TrashHeader = { generation, time, count, bytes: kept.bytes + left.bytes, ...(keptBy === undefined ? {} : { keptBy }) }
  const draft = join(paths.staging, 'trash-draft')
  await writeNewFile(io, draft, { pieces: formatTrash(next, remaining(path, stays)), mode: fileMode })
  io.rename(draft, path)
  await io.syncDirectory(paths.trash)
}

async function* remaining(path: string, stays: readonly boolean[]): AsyncGenerator<TrashEntry> {
  let position = 0
  for await (const entry of readTrash(path)) {
    if (stays[position] === true) yield entry
    position += 1
  }
}

function dropGenerations({ io, paths }: DiskContext, { dropped }: Retention): void {
  for (const number of dropped) removeIfThere(io, paths.generation(number))
}

function dropDocuments({ io, paths }: DiskContext, { retained }: Retention): void {
  const needed = new Set(retained.flatMap((manifest) => manifest.documents.map((document) => document.file)))
  for (const name of readNames(paths.documents)) if (!needed.has(name)) discard(io, join(paths.documents, name))
}

/** Set-aside bytes without a list (a crash came between), and staged bytes that nobody came back for. */
async function dropOrphans({ io, paths }: DiskContext, { now, grace }: { readonly now: number; readonly grace: number }): Promise<void> {
  const listed = new Set<string>()
  for (const path of trashLists(paths)) {
    for await (const entry of readTrash(path)) {
      if (!('object' in entry)) break
      listed.add(entry.object)
    }
  }
  dropOld(io, readNames(paths.objects).filter((name) => !listed.has(name)).map((name) => join(paths.objects, name)), now - grace)
  dropOld(io, readNames(paths.staging).map((name) => join(paths.staging, name)), now - Math.max(grace, STAGING_GRACE))
}

function dropOld(io: DiskIo, files: readonly string[], before: number): void {
  for (const path of files) {
    const stat = fs.lstatSync(path, { throwIfNoEntry: false })
    if (stat !== undefined && stat.ctimeMs <= before) discard(io, path)
  }
}
