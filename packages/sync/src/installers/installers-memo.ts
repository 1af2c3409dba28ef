import { type Digest, isDigest, isJsonObject, isSha256 } from '@mirror/core'
import type { PublishedFile, StateId } from '@mirror/delta'
import type { PageValidators } from '@mirror/repository-client'
import type { Store } from '@mirror/store'
import { INSTALLER_FOLDERS, type InstallerFolder } from './installer-name.ts'

/** What the last run saw of a page; `absent`: there was none. */
export type SeenPage = PageValidators | 'absent'

/** An installer that was had, and the checksum that upstream listed then. */
export interface KnownInstaller extends PublishedFile {
  readonly listed: Digest
}

/** What a run remembers, so that the next one need not ask and hash again. Losing it costs requests, and for installers with md5 alone their bytes. */
export interface InstallersMemo {
  readonly version: 1
  /** Everything but upstream that decided what is wanted. */
  readonly choice: string
  /** What was published when the pages were seen. */
  readonly state: StateId | null
  /** Pages of which everything wanted was had; others are left out. */
  readonly pages: Partial<Record<InstallerFolder, SeenPage>>
  readonly known: readonly KnownInstaller[]
}

const NAME = 'installers'

/** Reads what is remembered; undefined when nothing is, or when it makes no sense. */
export async function readInstallersMemo(store: Store): Promise<InstallersMemo | undefined> {
  const value = await store.readMemo(NAME)
  if (!isJsonObject(value) || value['version'] !== 1 || typeof value['choice'] !== 'string') return undefined
  const { choice, known, pages } = value
  const state = typeof value['state'] === 'string' && isSha256(value['state']) ? value['state'] : null
  return { version: 1, choice, state, pages: readPages(pages), known: Array.isArray(known) ? known.map(readKnown).filter((one) => one !== undefined) : [] }
}

/** Remembers. Writes nothing when it is remembered so already. */
export async function writeInstallersMemo(store: Store, memo: InstallersMemo): Promise<void> {
  await store.writeMemo(NAME, memo)
}

function readPages(value: unknown): InstallersMemo['pages'] {
  const pages: Partial<Record<InstallerFolder, SeenPage>> = {}
  for (const folder of INSTALLER_FOLDERS) {
    const page = isJsonObject(value) ? value[folder] : undefined
    if (page === 'absent') pages[folder] = page
    if (isJsonObject(page)) pages[folder] = { ...readText('etag', page), ...readText('lastModified', page) }
  }
  return pages
}

function readText<Key extends string>(key: Key, value: Readonly<Record<string, unknown>>): Partial<Record<Key, string>> {
  const text = value[key]
  const found: Partial<Record<Key, string>> = {}
  if (typeof text === 'string') found[key] = text
  return found
}

function readKnown(value: unknown): KnownInstaller | undefined {
  if (!isJsonObject(value)) return undefined
  const { path, sha256, size, listed } = value
  if (typeof path !== 'string' || typeof sha256 !== 'string' || !isSha256(sha256) || typeof size !== 'number' || typeof listed !== 'string' || !isDigest(listed)) return undefined
  return { path, sha256, size, listed }
}
