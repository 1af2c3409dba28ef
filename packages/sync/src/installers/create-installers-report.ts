import type { Changeset, PublishedFile } from '@mirror/delta'
import type { Generation, TidyReport } from '@mirror/store'
import type { Ground } from '../ground.ts'
import type { Listings } from './fetch-listings.ts'
import type { FailedInstaller, HeldFolder, InstallerChange, InstallersReport } from './installers-options.ts'
import type { InstallersRun } from './installers-run.ts'
import { type InstallersPlan, listMirrored } from './plan-installers.ts'
import type { ResolvedInstallers } from './resolve-installers.ts'

/** How far a run came. */
export interface Settled {
  readonly ground: Ground
  readonly listings?: Listings
  readonly plan?: InstallersPlan
  /** What comes and goes; left out where nothing does. */
  readonly changes?: InstallerChanges
  /** What there is afterwards; left out: the installers of the generation. */
  readonly after?: readonly InstallerChange[]
  /** Undefined: that of the ground. */
  readonly generation?: Generation | undefined
  readonly failed?: readonly FailedInstaller[]
  readonly fetched?: InstallersReport['fetched']
  readonly present?: number
  readonly tidy?: TidyReport | undefined
}

type InstallerChanges = Pick<InstallersReport, 'add' | 'remove'>

/** The report of a run. */
export function createInstallersReport(run: InstallersRun, status: InstallersReport['status'], settled: Settled): InstallersReport {
  const { ground, listings = new Map(), changes = { add: [], remove: [] }, failed = [], fetched = { installers: 0, bytes: 0 }, present = 0, tidy } = settled
  const generation = settled.generation ?? ground.head
  const after = settled.after ?? listMirrored(stateFiles(generation))
  return {
    remote: run.options.remote,
    status,
    generation: generation?.number,
    state: generation?.id,
    installers: after.length,
    bytes: after.reduce((sum, { size = 0 }) => sum + size, 0),
    ...changes,
    ...planned(settled.plan),
    fetched,
    present,
    failed,
    held: listHeld(listings),
    warnings: run.warnings,
    tidy,
    duration: run.now() - run.started,
  }
}

function stateFiles(generation: Generation | undefined): readonly PublishedFile[] {
  return generation === undefined ? [] : generation.state.files
}

function planned(plan: InstallersPlan | undefined): Pick<InstallersReport, 'unselected' | 'verdicts'> {
  return plan === undefined ? { unselected: [], verdicts: [] } : { unselected: plan.unselected, verdicts: plan.verdicts }
}

/** The folders that stayed as they were. */
export function listHeld(listings: Listings): readonly HeldFolder[] {
  return [...listings.values()].flatMap((listing) => (listing.status === 'held' ? [listing.held] : []))
}

/** What was published. */
export function changesOf({ filesAdded, filesRemoved }: Changeset): InstallerChanges {
  return { add: listMirrored(filesAdded).map(toChange), remove: listMirrored(filesRemoved).map(toChange) }
}

/** What would be. */
export function plannedChanges({ resolved }: ResolvedInstallers, plan: InstallersPlan, mirrored: readonly PublishedFile[]): InstallerChanges {
  const before = new Map<string, string>(mirrored.map(({ path, sha256 }) => [path, sha256]))
  return { add: resolved.filter(({ path, sha256 }) => sha256 === undefined || before.get(path) !== sha256).map(toChange), remove: plan.removed.map(toChange) }
}

function toChange({ path, size }: InstallerChange): InstallerChange {
  return { path, size }
}
