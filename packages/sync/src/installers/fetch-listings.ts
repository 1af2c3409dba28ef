import { isMirrorError, MirrorError } from '@mirror/core'
import type { FetchPageResult, PageValidators } from '@mirror/repository-client'
import type { SyncErrorCode } from '../error-codes.ts'
import { warn } from '../run.ts'
import { INSTALLER_FOLDERS, type InstallerFolder } from './installer-name.ts'
import type { InstallersMemo } from './installers-memo.ts'
import type { HeldFolder } from './installers-options.ts'
import type { InstallersRun } from './installers-run.ts'
import { type ListedInstaller, parseInstallerListing } from './parse-listing.ts'

/** What upstream lists in a folder. */
export type FolderListing =
  | { readonly status: 'listed'; readonly installers: readonly ListedInstaller[]; readonly validators: PageValidators }
  /** Upstream has no such folder. */
  | { readonly status: 'absent' }
  | { readonly status: 'held'; readonly held: HeldFolder }

/** The listings of all folders. */
export type Listings = ReadonlyMap<InstallerFolder, FolderListing>

/**
 * Fetches the pages of all folders; `unchanged` when upstream says that they are those of the memo. A page that cannot be had, or makes no sense, holds its folder and
 * not the other. Throws `INSTALLERS_NOT_FOUND` when upstream has none of them, unless some are mirrored.
 */
export async function fetchListings(run: InstallersRun, memo: InstallersMemo | undefined, options: { readonly isMirrored: boolean }): Promise<Listings | 'unchanged'> {
  if (memo !== undefined && await arePagesUnchanged(run, memo)) return 'unchanged'
  const listings = new Map<InstallerFolder, FolderListing>()
  for (const folder of INSTALLER_FOLDERS) listings.set(folder, await fetchListing(run, folder))
  if (options.isMirrored || [...listings.values()].some(({ status }) => status !== 'absent')) return listings
  throw new MirrorError<SyncErrorCode>('INSTALLERS_NOT_FOUND', `Cannot mirror installers: ${run.options.remote} has neither archive/ nor miniconda/`, {
    hint: 'Check "remote_url"; "fetch_installers: false" says that installers are not wanted.',
  })
}

async function arePagesUnchanged(run: InstallersRun, { pages }: InstallersMemo): Promise<boolean> {
  const { client } = run.options
  for (const folder of INSTALLER_FOLDERS) {
    const seen = pages[folder]
    if (seen === undefined) return false
    const answer = await tryPage(() => client.fetchPage(folder, { signal: run.signal, ...(seen === 'absent' ? {} : { validators: seen }) }), run)
    if (answer?.status !== (seen === 'absent' ? 'absent' : 'not-modified')) return false
    run.observe({ type: 'listing-checked', folder, result: answer.status })
  }
  return true
}

/** Undefined for a page that cannot be had: it is asked for again, and then told. */
async function tryPage(fetch: () => Promise<FetchPageResult>, run: InstallersRun): Promise<FetchPageResult | undefined> {
  try {
    return await fetch()
  } catch (error) {
    if (run.signal.aborted || !isMirrorError(error)) throw error
    return undefined
  }
}

async function fetchListing(run: InstallersRun, folder: InstallerFolder): Promise<FolderListing> {
  const { client, remote } = run.options
  const where = `${remote.replace(/\/+$/, '')}/${folder}/`
  try {
    const page = await client.fetchPage(folder, { signal: run.signal })
    run.observe({ type: 'listing-checked', folder, result: page.status })
    if (page.status !== 'fetched') return { status: 'absent' }
    const { installers, warnings } = parseInstallerListing(page.bytes.toString('utf8'), where)
    for (const message of warnings) warn(run, { code: 'INSTALLERS_LEFT_OUT', subdir: undefined, message })
    return { status: 'listed', installers, validators: page.validators }
  } catch (error) {
    if (run.signal.aborted || !isMirrorError(error)) throw error
    const hint = error.code === 'LISTING_UNREADABLE' ? error.hint : 'Run the sync again; "fetch_installers: false" says that installers are not wanted.'
    const held: HeldFolder = { folder, code: error.code, reason: error.message, hint }
    run.observe({ type: 'listing-held', folder, code: held.code, reason: held.reason })
    return { status: 'held', held }
  }
}
