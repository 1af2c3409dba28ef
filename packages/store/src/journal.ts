import fs from 'node:fs'
import { join } from 'node:path'
import { isJsonObject, isSubdirName, type SubdirName } from '@mirror/core'
import type { PublishedFile } from '@mirror/delta'
import type { DiskContext } from './disk-context.ts'
import { isPublicPath } from './disk-paths.ts'
import { formatSealed, isCount, parseSealed, readSmallFile, replaceFile } from './disk-write.ts'
import { FORMAT, isOwnName, type Manifest, manifestValue, parseFile, parseList, parseManifest, readNames } from './generation-file.ts'

/** A file that a rename publishes. */
export interface StagedFile {
  readonly file: PublishedFile
  /** Its name in `staging/`. */
  readonly staged: string
}

/** How the index of one subdir is switched: first what is taken away, then what is put in place, in order. */
export interface SwitchStep {
  readonly subdir: SubdirName
  readonly remove: readonly string[]
  readonly files: readonly StagedFile[]
}

/** Bytes that change under a public name which no index names meanwhile. */
export interface SwapStep {
  readonly path: string
  /** The new bytes' name in `staging/`; undefined when the path goes. */
  readonly staged: string | undefined
  /** The name in `objects/` that keeps the old bytes; undefined when nothing had the name. */
  readonly object: string | undefined
}

/** Counts for the audit line. */
export interface CommitCounts {
  readonly add: number
  readonly remove: number
  readonly reused: number
}

/** All that is left to do once a commit cannot be undone any more. Carrying it out twice is carrying it out once. */
export interface Journal {
  readonly manifest: Manifest
  readonly interim: readonly SwitchStep[]
  readonly swaps: readonly SwapStep[]
  readonly target: readonly SwitchStep[]
  readonly files: readonly SwapStep[]
  /** The name in `staging/` of the list of what this generation stops referencing. */
  readonly trash: string | undefined
  readonly counts: CommitCounts
}

/** Writes the journal: its rename is the point of no return. */
export async function writeJournal({ io, paths, fileMode }: DiskContext, journal: Journal): Promise<void> {
  const { manifest, ...rest } = journal
  const text = formatSealed({ format: FORMAT, manifest: manifestValue(manifest), ...rest })
  await replaceFile(io, journalPath({ paths }, manifest.generation.number), { temporary: join(paths.staging, JOURNAL_DRAFT), text, mode: fileMode })
}

/** The journal before its rename. */
export const JOURNAL_DRAFT = 'journal-draft'

/** Where the journal of a generation lies. */
export function journalPath({ paths }: Pick<DiskContext, 'paths'>, number: number): string {
  return join(paths.journal, `${number}.json`)
}

/** True when a commit is under way, or broke off after its point of no return: there is a journal of a later generation than the head. */
export function hasUnfinished({ paths }: Pick<DiskContext, 'paths'>, head: number): boolean {
  return readNames(paths.journal).some((name) => Number.parseInt(name, 10) > head)
}

/** What lies in `journal/`: `undefined` for a file that is not whole. */
export function readJournals({ paths }: Pick<DiskContext, 'paths'>): readonly { readonly path: string; readonly journal: Journal | undefined }[] {
  return readNames(paths.journal).map((name) => {
    const path = join(paths.journal, name)
    const text = fs.lstatSync(path).isFile() ? readSmallFile(path) : undefined
    return { path, journal: text === undefined ? undefined : parseJournal(parseSealed(text)) }
  })
}

function parseJournal(value: unknown): Journal | undefined {
  if (!isJsonObject(value)) return undefined
  const manifest = parseManifest(value['manifest'])
  const interim = parseList(value['interim'], parseSwitch)
  const swaps = parseList(value['swaps'], parseSwap)
  const target = parseList(value['target'], parseSwitch)
  const files = parseList(value['files'], parseSwap)
  const counts = parseCounts(value['counts'])
  const { trash } = value
  if (manifest === undefined || interim === undefined || swaps === undefined || target === undefined || files === undefined || counts === undefined) return undefined
  return trash === undefined || isOwnName(trash) ? { manifest, interim, swaps, target, files, trash, counts } : undefined
}

function parseSwitch(value: unknown): SwitchStep | undefined {
  if (!isJsonObject(value) || typeof value['subdir'] !== 'string' || !isSubdirName(value['subdir'])) return undefined
  const remove = parseList(value['remove'], (path) => (typeof path === 'string' && isPublicPath(path) ? path : undefined))
  const files = parseList(value['files'], parseStaged)
  return remove === undefined || files === undefined ? undefined : { subdir: value['subdir'], remove, files }
}

function parseStaged(value: unknown): StagedFile | undefined {
  if (!isJsonObject(value) || !isOwnName(value['staged'])) return undefined
  const file = parseFile(value['file'])
  return file === undefined ? undefined : { file, staged: value['staged'] }
}

function parseSwap(value: unknown): SwapStep | undefined {
  if (!isJsonObject(value)) return undefined
  const { path, staged, object } = value
  if (typeof path !== 'string' || !isPublicPath(path) || (staged !== undefined && !isOwnName(staged))) return undefined
  return object === undefined || isOwnName(object) ? { path, staged, object } : undefined
}

function parseCounts(value: unknown): CommitCounts | undefined {
  if (!isJsonObject(value)) return undefined
  const { add, remove, reused } = value
  return isCount(add) && isCount(remove) && isCount(reused) ? { add, remove, reused } : undefined
}
