import type { Digest } from '@mirror/core'
import type { GuardVerdict, PublishedFile } from '@mirror/delta'
import { chooseInstallers, kindOf } from './choose-installers.ts'
import type { FolderListing, Listings } from './fetch-listings.ts'
import { INSTALLER_FOLDERS, type InstallerFolder, type InstallerName, parseInstallerName } from './installer-name.ts'
import type { SyncInstallersOptions } from './installers-options.ts'
import type { InstallersRun } from './installers-run.ts'

/** An installer that is wanted. */
export interface WantedInstaller {
  readonly path: string
  readonly kind: string
  /** As upstream lists it. */
  readonly listed: Digest
}

/** An installer that is mirrored. */
export interface MirroredInstaller extends PublishedFile {
  readonly kind: string
  readonly folder: InstallerFolder
  readonly parsed: InstallerName
}

/** What is decided, before any size is known. */
export interface InstallersPlan {
  readonly wanted: readonly WantedInstaller[]
  /** Mirrored ones that stay though upstream's pages do not ask for them. */
  readonly kept: readonly MirroredInstaller[]
  readonly removed: readonly MirroredInstaller[]
  readonly unselected: readonly string[]
  readonly verdicts: readonly GuardVerdict[]
  readonly warnings: readonly string[]
}

/** So many installers may go from a page at once, or half of them, whichever is more. */
const MOST_GONE = 3

/** The installers among the files of a state. */
export function listMirrored(files: readonly PublishedFile[]): readonly MirroredInstaller[] {
  return files.flatMap((file) => {
    const folder = INSTALLER_FOLDERS.find((name) => file.path.startsWith(`${name}/`))
    const parsed = folder === undefined ? undefined : parseInstallerName(file.path.slice(folder.length + 1))
    return folder === undefined || parsed === undefined ? [] : [{ ...file, folder, parsed, kind: kindOf(parsed) }]
  })
}

/**
 * Decides what is wanted, what goes and what stays. An installer goes only where another of its product and platform is wanted; those of a folder that is held, and of
 * platforms that are not asked for any more, stay. Pure.
 */
export function planInstallers({ options, limits }: Pick<InstallersRun, 'options' | 'limits'>, listings: Listings, mirrored: readonly MirroredInstaller[]): InstallersPlan {
  const plans = INSTALLER_FOLDERS.map((folder) => {
    const own = mirrored.filter((installer) => installer.folder === folder)
    return planFolder({ options, limits, folder, listing: listings.get(folder) ?? { status: 'absent' }, mirrored: own })
  })
  return {
    wanted: plans.flatMap((plan) => plan.wanted),
    kept: plans.flatMap((plan) => plan.kept),
    removed: plans.flatMap((plan) => plan.removed),
    unselected: plans.flatMap((plan) => plan.unselected),
    verdicts: plans.flatMap((plan) => plan.verdicts),
    warnings: plans.flatMap((plan) => plan.warnings),
  }
}

interface FolderPlanning extends Pick<InstallersRun, 'limits'> {
  readonly options: Pick<SyncInstallersOptions, 'platforms' | 'latest'>
  readonly folder: InstallerFolder
  readonly listing: FolderListing
  readonly mirrored: readonly MirroredInstaller[]
}

function planFolder(planning: FolderPlanning): InstallersPlan {
  const { options, limits, folder, listing, mirrored } = planning
  if (listing.status === 'held') return { wanted: [], kept: mirrored, removed: [], unselected: [], verdicts: [], warnings: [] }
  const listed = listing.status === 'listed' ? listing.installers : []
  const wanted = chooseInstallers(listed, options).map((installer): WantedInstaller => ({ path: `${folder}/${installer.name}`, kind: kindOf(installer), listed: installer.digest }))
  const paths = new Set(wanted.map(({ path }) => path))
  const others = mirrored.filter(({ path }) => !paths.has(path))
  const unselected = others.filter(({ parsed }) => !options.platforms.includes(parsed.platform))
  const superseded = others.filter(({ parsed }) => options.platforms.includes(parsed.platform))
  const kinds = new Set(wanted.map(({ kind }) => kind))
  const orphans = limits.allowEmpty ? [] : superseded.filter(({ kind }) => !kinds.has(kind))
  return {
    wanted,
    kept: [...orphans, ...unselected],
    removed: superseded.filter((installer) => !orphans.includes(installer)),
    unselected: unselected.map(({ path }) => path),
    verdicts: judgeFolder(planning, { wanted, superseded }),
    warnings: [...new Set(orphans.map(({ kind }) => kind))].map((kind) => `Upstream lists no installer of ${kind} any more; those of the mirror stay`),
  }
}

interface Decided {
  readonly wanted: readonly WantedInstaller[]
  /** Of the platforms that are asked for. */
  readonly superseded: readonly MirroredInstaller[]
}

function judgeFolder({ folder, listing, limits, mirrored, options }: FolderPlanning, { wanted, superseded }: Decided): readonly GuardVerdict[] {
  const base = mirrored.filter(({ parsed }) => options.platforms.includes(parsed.platform)).length
  if (base === 0) return []
  if (wanted.length === 0) {
    if (limits.allowEmpty) return []
    const what = listing.status === 'absent' ? 'it is gone' : 'it lists none of the platforms'
    const message = `Cannot accept upstream's ${folder}/: ${what}, while the mirror has ${base} installers of it`
    return [{ guard: listing.status === 'absent' ? 'vanished' : 'empty', severity: 'refuse', subdir: folder, override: '--allow-empty', message }]
  }
  const names = new Set(listing.status === 'listed' ? listing.installers.map(({ name }) => name) : [])
  const gone = superseded.filter(({ parsed }) => !names.has(parsed.name)).length
  const allowed = limits.shrinkRecords === Infinity ? Infinity : Math.max(MOST_GONE, base / 2)
  if (gone <= allowed) return []
  const message = `Cannot accept upstream's ${folder}/: ${gone} of the ${base} installers of the mirror are not listed any more, more than ${Math.floor(allowed)}`
  return [{ guard: 'shrink', severity: 'refuse', subdir: folder, override: '--allow-shrink', message }]
}
