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
import { formatTrash, readTrash, readTrashHeader, type TrashEntry, type TrashHeader } from './trash.ts'

/** Deletes what is due, under the lock. */
export async function tidyDisk(context: DiskContext, options: TidyOptions): Promise<TidyReport | { readonly status: 'busy' }> {
  const { io, paths, fileMode } = context
  if (!fs.existsSync(paths.format)) return { deleted: { count: 0, bytes: 0 }, waiting: { count: 0, bytes: 0, next: undefined }, left: 0 }
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

/** What a broken run left is worth fetching less for at least a day. */
const STAGING_GRACE = 24 * 60 * 60 * 1000

interface Tally {
  count: number
  bytes: number
  waitingCount: number
  waitingBytes: number
  next: number
  left: number
}

async function tidyLocked(context: DiskContext, options: TidyOptions): Promise<TidyReport> {
  const { paths, clock, keep } = context
  const { grace, dryRun = false } = options
  const now = clock().getTime()
  const retention = planRetention(paths, { head: readHead(paths), now, grace, keep })
  const tally: Tally = { count: 0, bytes: 0, waitingCount: 0, waitingBytes: 0, next: Number.POSITIVE_INFINITY, left: 0 }
  if (!dryRun) dropGenerations(context, retention)
  for (const name of trashNames(paths.trash)) {
    options.signal?.throwIfAborted()
    await tidyList(context, { path: join(paths.trash, name), now, retention, tally, options })
  }
  if (!dryRun) {
    await dropOrphans(context, { now, grace })
    dropDocuments(context, retention)
  }
  return {
    deleted: { count: tally.count, bytes: tally.bytes },
    waiting: { count: tally.waitingCount, bytes: tally.waitingBytes, next: Number.isFinite(tally.next) ? new Date(tally.next).toISOString() : undefined },
    left: tally.left,
  }
}

function trashNames(folder: string): readonly string[] {
  return readNames(folder).filter((name) => /^[0-9]+\.jsonl$/.test(name)).toSorted((left, right) => Number.parseInt(left, 10) - Number.parseInt(right, 10))
}

interface ListTask {
  readonly path: string
  readonly now: number
  readonly retention: Retention
  readonly tally: Tally
  readonly options: TidyOptions
}

async function tidyList(context: DiskContext, task: ListTask): Promise<void> {
  const { path, now, tally, options } = task
  const header = readTrashHeader(path) ?? { generation: 0, time: fs.statSync(path).mtime.toISOString(), count: 0, bytes: 0 }
  const due = Date.parse(header.time) + options.grace
  if (now < due) {
    tally.waitingCount += header.count
    tally.waitingBytes += header.bytes
    tally.next = Math.min(tally.next, due)
    return
  }
  const room = Math.max(0, (options.maximumDeletes ?? 1000) - tally.count)
  const { candidates, rest } = await splitList(path, room)
  const kept = await carryOut(context, candidates, task)
  tally.left += rest.count
  for (const entry of kept) {
    tally.waitingCount += 1
    tally.waitingBytes += entry.size
    tally.next = Math.min(tally.next, due)
  }
  if (options.dryRun !== true) await rewriteList(context, path, { header, kept, skip: candidates.length, rest })
}

interface Rest {
  readonly count: number
  readonly bytes: number
}

async function splitList(path: string, room: number): Promise<{ readonly candidates: readonly TrashEntry[]; readonly rest: Rest }> {
  const candidates: TrashEntry[] = []
  let count = 0
  let bytes = 0
  for await (const entry of readTrash(path)) {
    if (candidates.length < room) candidates.push(entry)
    else {
      count += 1
      bytes += entry.size
    }
  }
  return { candidates, rest: { count, bytes } }
}

/** Deletes what no retained generation references; answers what has to stay. */
async function carryOut(context: DiskContext, candidates: readonly TrashEntry[], { retention, tally, options }: ListTask): Promise<readonly TrashEntry[]> {
  const verdicts = await judgeTrash(context.paths, retention, candidates)
  const kept: TrashEntry[] = []
  for (const [index, entry] of candidates.entries()) {
    if (index % 256 === 255) await breathe()
    if (verdicts[index] === 'keep') kept.push(entry)
    if (verdicts[index] !== 'delete' || !removeEntry(context, entry, options.dryRun === true)) continue
    tally.count += 1
    tally.bytes += entry.size
  }
  return kept
}

/** False when the bytes are gone already, or other bytes than ours have the name: those are not ours to delete. */
function removeEntry(context: DiskContext, entry: TrashEntry, dryRun: boolean): boolean {
  const { io, paths } = context
  const path = 'object' in entry ? join(paths.objects, entry.object) : paths.public(entry.path)
  const stat = fs.lstatSync(path, { throwIfNoEntry: false })
  if (stat?.isFile() !== true || stat.size !== entry.size) return false
  if (dryRun) return true
  io.unlink(path)
  if (!('object' in entry)) removeEmptyFolder(context, dirname(path))
  return true
}

/** A folder that nothing is in any more goes too, but for the root. */
function removeEmptyFolder(context: DiskContext, folder: string): void {
  if (folder === context.paths.root || fs.readdirSync(folder).length > 0) return
  context.io.removeDirectory(folder)
  removeEmptyFolder(context, dirname(folder))
}

async function rewriteList(context: DiskContext, path: string, { header, kept, skip, rest }: { readonly header: TrashHeader; readonly kept: readonly TrashEntry[]; readonly skip: number; readonly rest: Rest }): Promise<void> {
  const { io, paths, fileMode } = context
  const count = kept.length + rest.count
  if (count === 0) {
    removeIfThere(io, path)
    return
  }
  if (kept.length === skip) return
  const bytes = kept.reduce((sum, entry) => sum + entry.size, rest.bytes)
  const draft = join(paths.staging, 'trash-draft')
  await writeNewFile(io, draft, { pieces: formatTrash({ ...header, count, bytes }, remaining(path, kept, skip)), mode: fileMode })
  io.rename(draft, path)
  await io.syncDirectory(paths.trash)
}

async function* remaining(path: string, kept: readonly TrashEntry[], skip: number): AsyncGenerator<TrashEntry> {
  yield* kept
  let position = 0
  for await (const entry of readTrash(path)) {
    if (position >= skip) yield entry
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
  for (const name of trashNames(paths.trash)) {
    for await (const entry of readTrash(join(paths.trash, name))) {
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
