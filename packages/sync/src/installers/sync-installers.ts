import { createDigest, MirrorError } from '@mirror/core'
import { type Changeset, isEmptyChangeset, type PublishedFile } from '@mirror/delta'
import type { Transaction } from '@mirror/store'
import { buildChangeset } from '../build-changeset.ts'
import type { SyncErrorCode } from '../error-codes.ts'
import type { Ground } from '../ground.ts'
import { warn } from '../run.ts'
import { createSpoolSpace, type SpoolSpace } from '../spool-space.ts'
import { tidyUp } from '../tidy-up.ts'
import { changesOf, createInstallersReport, listHeld, plannedChanges, type Settled } from './create-installers-report.ts'
import { fetchListings, type Listings } from './fetch-listings.ts'
import { formatInstallerPages, type InstallerPage } from './format-listing.ts'
import { type InstallersMemo, type KnownInstaller, readInstallersMemo, type SeenPage, writeInstallersMemo } from './installers-memo.ts'
import type { FailedInstaller, InstallersReport, SyncInstallersOptions } from './installers-options.ts'
import { createInstallersRun, type InstallersRun, readInstallersGround } from './installers-run.ts'
import { type InstallersPlan, listMirrored, planInstallers } from './plan-installers.ts'
import { putInstallers } from './put-installers.ts'
import { type ResolvedInstallers, resolveInstallers, type SpooledInstallers, spoolInstallers } from './resolve-installers.ts'

/** How often a run plans again because the store moved on under it. */
const ROUNDS = 3

/**
 * Brings the installers of a mirror up to date: reads upstream's pages of `archive/` and `miniconda/`, chooses the newest releases of each product for the platforms,
 * fetches what is missing, verifies it by the checksums of the pages, and publishes all at once; what is superseded goes to the trash, for the grace. A page that cannot
 * be had holds its folder, and an installer that cannot be had leaves those of its product and platform as they are. The mirror gets pages of its own, in the layout of
 * upstream. A run that finds nothing new writes nothing. Throws `INSTALLERS_NOT_FOUND`, `STORE_LOCKED`, `STORE_CONTENDED`, and what the store throws.
 */
export async function syncInstallers(options: SyncInstallersOptions): Promise<InstallersReport> {
  const run = createInstallersRun(options)
  for (let round = 1; round <= ROUNDS; round += 1) {
    using spool = createSpoolSpace(options.spoolFolder)
    const report = await attemptInstallers(run, spool)
    if (report !== undefined) return report
    run.observe({ type: 'upstream-moved', round })
  }
  throw new MirrorError<SyncErrorCode>('STORE_CONTENDED', `Cannot bring the installers up to date: the mirror changed under the run ${ROUNDS} times`, {
    hint: 'See what else writes to this mirror, then run the sync again.',
  })
}

/** One round of a run. */
interface Attempt {
  readonly run: InstallersRun
  readonly spool: SpoolSpace
  readonly ground: Ground
  readonly memo: InstallersMemo | undefined
  readonly listings: Listings
  readonly plan: InstallersPlan
}

/** Undefined when the ground moved and another round should plan anew. */
async function attemptInstallers(run: InstallersRun, spool: SpoolSpace): Promise<InstallersReport | undefined> {
  const ground = await readInstallersGround(run)
  const memo = await readInstallersMemo(run.options.store)
  const mirrored = listMirrored(filesOf(ground))
  const listings = await fetchListings(run, speaksFor(run, memo, ground) ? memo : undefined, { isMirrored: mirrored.length > 0 })
  const isDry = run.options.dryRun === true
  if (listings === 'unchanged') return createInstallersReport(run, 'unchanged', { ground, tidy: isDry ? undefined : await tidyUp(run) })
  const plan = planInstallers(run, listings, mirrored)
  for (const message of plan.warnings) warn(run, { code: 'INSTALLERS_GONE', subdir: undefined, message })
  for (const verdict of plan.verdicts) run.observe({ type: 'guard', verdict })
  if (plan.verdicts.length > 0) return createInstallersReport(run, 'refused', { ground, listings, plan })
  const attempt = { run, spool, ground, memo, listings, plan }
  const found = await resolveInstallers(run, plan.wanted, listKnown(memo, mirrored))
  const changes = plannedChanges(found, plan, mirrored)
  run.observe({ type: 'installers-planned', add: changes.add.length, addBytes: changes.add.reduce((sum, { size = 0 }) => sum + size, 0), remove: changes.remove.length })
  if (!isDry) return publish(attempt, found)
  return createInstallersReport(run, 'planned', { ground, listings, plan, changes, after: [...found.resolved, ...plan.kept], failed: found.failed })
}

function filesOf({ head }: Ground): readonly PublishedFile[] {
  return head?.state.files ?? []
}

/** True while the same is wanted, and what was published then is what is there. */
function speaksFor(run: InstallersRun, memo: InstallersMemo | undefined, { head, isDistrusted }: Ground): boolean {
  return memo !== undefined && !isDistrusted && memo.choice === describeChoice(run) && memo.state === (head?.id ?? null)
}

function listKnown(memo: InstallersMemo | undefined, mirrored: readonly PublishedFile[]): readonly KnownInstaller[] {
  const own = mirrored.map(({ path, sha256, size }): KnownInstaller => ({ path, sha256, size, listed: createDigest('sha256', sha256) }))
  return [...(memo?.known ?? []), ...own]
}

/** Everything but upstream that decides what is wanted. */
function describeChoice({ options: { remote, platforms, latest } }: InstallersRun): string {
  return JSON.stringify({ remote, platforms: platforms.toSorted(), latest })
}

async function publish(attempt: Attempt, found: ResolvedInstallers): Promise<InstallersReport | undefined> {
  const { run, ground, listings, plan, spool } = attempt
  const spooled = await spoolInstallers(run, found.resolved, spool)
  const failed = [...found.failed, ...spooled.failed]
  const first = buildTarget(attempt, spooled.files, failed)
  if (isEmptyChangeset(first.changeset)) {
    await remember(attempt, { files: spooled.files, isWhole: failed.length === 0, state: ground.head?.id ?? null })
    const isHeld = listHeld(listings).length > 0 || failed.length > 0
    return createInstallersReport(run, isHeld ? 'held' : 'unchanged', { ground, listings, plan, failed, tidy: await tidyUp(run) })
  }
  const done = await carryOut(attempt, { spooled, failed, first })
  if (done === undefined) return undefined
  await remember(attempt, { files: spooled.files, isWhole: done.failed.length === 0, state: done.generation?.id ?? null })
  const tidy = await tidyUp(run)
  return createInstallersReport(run, done.generation === ground.head ? 'held' : 'committed', { ground, listings, plan, ...done, tidy })
}

/** A target, and the pages that list it. */
interface Target {
  readonly changeset: Changeset
  readonly pages: readonly InstallerPage[]
}

/** What is published: what is wanted and can be had, and what stays; where an installer failed, those that it would have taken the place of stay. */
function buildTarget({ ground, plan }: Attempt, files: readonly PublishedFile[], failed: readonly FailedInstaller[]): Target {
  const lost = new Set(failed.map(({ path }) => path))
  const kinds = new Set(plan.wanted.filter(({ path }) => lost.has(path)).map(({ kind }) => kind))
  const mirrored = listMirrored(filesOf(ground))
  const spared = mirrored.filter(({ path, kind }) => lost.has(path) || (kinds.has(kind) && plan.removed.some((removed) => removed.path === path)))
  const had = files.filter(({ path }) => !lost.has(path))
  const stays = [...plan.kept, ...spared].map(({ path, sha256, size }): PublishedFile => ({ path, sha256, size }))
  const installers = [...had, ...stays.filter(({ path }) => had.every((file) => file.path !== path))]
  const pages = formatInstallerPages(installers)
  const all = [...installers, ...pages.map(({ file }) => file)].toSorted((left, right) => (left.path < right.path ? -1 : 1))
  return { changeset: buildChangeset(ground.head?.state, { changes: [], files: all, isDistrusted: ground.isDistrusted }), pages }
}

interface CarryOutOptions {
  readonly spooled: SpooledInstallers
  readonly failed: readonly FailedInstaller[]
  readonly first: Target
}

type CarriedOut = Required<Pick<Settled, 'failed' | 'fetched' | 'present'>> & Pick<Settled, 'generation' | 'changes'>

/** Fetches and publishes. Undefined when the store moved on meanwhile; what was fetched is kept. */
async function carryOut(attempt: Attempt, { spooled, failed, first }: CarryOutOptions): Promise<CarriedOut | undefined> {
  const { run, ground, spool } = attempt
  await using transaction = await beginInstallers(run, first.changeset)
  if (transaction === undefined) return undefined
  const pages = new Set(first.pages.map(({ file }) => file.path))
  const missing = first.changeset.filesAdded.filter(({ path }) => !pages.has(path))
  const bytes = missing.reduce((sum, { size }) => sum + size, 0)
  await run.options.store.checkSpace?.({ bytes, files: missing.length, ...(run.options.reserve === undefined ? {} : { reserve: run.options.reserve }) })
  run.observe({ type: 'fetch-planned', artifacts: missing.length, bytes, present: 0 })
  const put = await putInstallers(run, missing, { ground, transaction, spool, spooled: spooled.spooled })
  const lost = [...failed, ...put.failed]
  const final = put.failed.length === 0 ? first : buildTarget(attempt, spooled.files, lost)
  const settled = { failed: lost, fetched: put.fetched, present: put.present }
  if (isEmptyChangeset(final.changeset)) return { ...settled, generation: ground.head }
  const added = new Set(final.changeset.filesAdded.map(({ path }) => path))
  for (const { file, bytes: page } of final.pages) if (added.has(file.path)) await transaction.putFile(file, page, { signal: run.signal })
  const result = await transaction.commit(final === first ? first.changeset : final.changeset)
  return result.status === 'committed' ? { ...settled, generation: result.generation, changes: changesOf(final.changeset) } : undefined
}

async function beginInstallers({ options: { store, adopt = true }, signal, observe }: InstallersRun, changeset: Changeset): Promise<Transaction | undefined> {
  const begun = await store.begin(changeset, { signal, observe, adopt })
  if (begun.status === 'begun') return begun.transaction
  if (begun.status === 'stale') return undefined
  throw new MirrorError<SyncErrorCode>('STORE_LOCKED', 'Cannot change the installers of the mirror: another run works on them', {
    hint: 'Wait until it has ended; it needs no help and leaves no lock behind.',
  })
}

interface RememberOptions {
  readonly files: readonly PublishedFile[]
  /** True when everything that is wanted was had. */
  readonly isWhole: boolean
  readonly state: InstallersMemo['state']
}

/** Notes what upstream had, so that the next run can ask whether that changed, and need not fetch an installer to know it. */
async function remember({ run, listings, plan }: Attempt, { files, isWhole, state }: RememberOptions): Promise<void> {
  const listedOf = new Map(plan.wanted.map(({ path, listed }) => [path, listed]))
  const known = files.flatMap((file): readonly KnownInstaller[] => {
    const listed = listedOf.get(file.path)
    return listed === undefined ? [] : [{ ...file, listed }]
  })
  const pages = Object.fromEntries([...listings].flatMap(([folder, listing]): readonly (readonly [string, SeenPage])[] => {
    if (listing.status === 'absent') return [[folder, 'absent']]
    return listing.status === 'listed' && isWhole && Object.keys(listing.validators).length > 0 ? [[folder, listing.validators]] : []
  }))
  // A mirror without installers gets no dot-folder for the note that there are none.
  if (state === null && known.length === 0 && Object.keys(pages).length === 0) return
  await writeInstallersMemo(run.options.store, { version: 1, choice: describeChoice(run), state, pages, known })
}
