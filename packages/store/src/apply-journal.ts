import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { createDigest, isJsonObject } from '@mirror/core'
import type { ChannelState, SubdirState } from '@mirror/delta'
import type { DiskContext } from './disk-context.ts'
import type { DiskIo } from './disk-io.ts'
import { formatSealed, makeFolders, parseJson, readSmallFile, removeIfThere, replaceFile, writeAll, writeNewFile } from './disk-write.ts'
import { documentPath } from './documents.ts'
import type { StoreEvent } from './events.ts'
import { FORMAT, type Manifest, manifestValue, readManifest } from './generation-file.ts'
import { checkFile, readPieces } from './hash-file.ts'
import { linkOrCopy } from './link-or-copy.ts'
import { type Journal, journalPath, type StagedFile, type SwapStep, type SwitchStep } from './journal.ts'
import { writePublished } from './public-state.ts'
import { storeError } from './store-error.ts'
import { decodePieces } from './zstd-files.ts'

/**
 * Carries out a journal, from its beginning or from wherever an earlier run broke off. Any prefix of it leaves indexes that list only what is there:
 * everything was added before, and nothing is deleted by it but stale variants.
 */
export async function applyJournal(context: DiskContext, journal: Journal, observe: (event: StoreEvent) => void): Promise<void> {
  const { generation } = journal.manifest
  for (const step of journal.interim) await switchSubdir(context, step, undefined)
  await swapFiles(context, journal.swaps)
  for (const step of journal.target) {
    await switchSubdir(context, step, journal.manifest)
    observe({ type: 'subdir-switched', subdir: step.subdir })
  }
  await swapFiles(context, journal.files)
  await writeManifest(context, journal.manifest)
  await publishTrash(context, journal)
  await appendLog(context, journal)
  const changed = [...journal.target.flatMap((step) => step.files.map(({ file }) => file.path)), ...journal.files.map((swap) => swap.path)]
  await writePublished(context, generation.state, new Set(changed))
  await writeHead(context, generation.number)
  removeIfThere(context.io, journalPath(context, generation.number))
  await context.io.syncDirectory(context.paths.journal)
}

async function switchSubdir(context: DiskContext, step: SwitchStep, manifest: Manifest | undefined): Promise<void> {
  const { io, paths } = context
  const folder = paths.public(step.subdir)
  if (fs.existsSync(folder)) {
    for (const path of step.remove) removeIfThere(io, paths.public(path))
    for (const file of step.files) await publishFile(context, file, manifest)
    await io.syncDirectory(folder)
  } else if (manifest !== undefined && step.files.length > 0) {
    await makeFolders(io, folder, context.directoryMode)
    await switchSubdir(context, step, manifest)
  }
}

/** Renames a staged file into place; where it is gone, an earlier run did so, or the kept copy serves. */
async function publishFile(context: DiskContext, { file, staged }: StagedFile, manifest: Manifest | undefined): Promise<void> {
  const { paths, io } = context
  const target = paths.public(file.path)
  if (renameIfThere(io, join(paths.staging, staged), target) || manifest === undefined) return
  if (await checkFile(target, { digest: createDigest('sha256', file.sha256), size: file.size }) === 'right') return
  const document = manifest.documents.find(({ sha256 }) => sha256 === file.sha256)
  if (document === undefined || !fs.existsSync(documentPath(context, document))) {
    throw storeError('STORE_DAMAGED', `Cannot complete the last commit: ${file.path} is neither staged nor kept`, { hint: 'Run the sync again with adopt; artifacts that are there are used.' })
  }
  const pieces = document.encoding === 'zstd' ? decodePieces(documentPath(context, document)) : readPieces(documentPath(context, document))
  // Under a name of its own: whatever has the staged one is taken for whole by the next run.
  const draft = join(paths.staging, 'publish-draft')
  await writeNewFile(io, draft, { pieces, mode: context.fileMode })
  io.rename(draft, target)
}

function renameIfThere(io: DiskIo, from: string, to: string): boolean {
  if (fs.lstatSync(from, { throwIfNoEntry: false }) === undefined) return false
  io.rename(from, to)
  return true
}

/** The old bytes get a second name before the new ones take the first: a reader of an older generation finds them. */
async function swapFiles(context: DiskContext, swaps: readonly SwapStep[]): Promise<void> {
  if (swaps.length === 0) return
  const { io, paths } = context
  for (const { path, staged, object } of swaps) {
    const isToDo = staged === undefined || fs.existsSync(join(paths.staging, staged))
    if (object !== undefined && isToDo) await linkOrCopy(context, paths.public(path), join(paths.objects, object))
  }
  await io.syncDirectory(paths.objects)
  const folders = new Set<string>()
  for (const { path, staged } of swaps) {
    const folder = dirname(paths.public(path))
    await makeFolders(io, folder, context.directoryMode)
    if (staged === undefined) removeIfThere(io, paths.public(path))
    else renameIfThere(io, join(paths.staging, staged), paths.public(path))
    folders.add(folder)
  }
  for (const folder of folders) await io.syncDirectory(folder)
}

async function writeManifest({ io, paths, fileMode }: DiskContext, manifest: Manifest): Promise<void> {
  const { number } = manifest.generation
  if (readManifest(paths, number) !== undefined) return
  await replaceFile(io, paths.generation(number), { temporary: join(paths.staging, 'head-draft'), text: formatSealed(manifestValue(manifest)), mode: fileMode })
}

/** The last step: what `head` names is done altogether. */
async function writeHead({ io, paths, fileMode }: DiskContext, number: number): Promise<void> {
  const text = formatSealed({ format: FORMAT, generation: number })
  if (readSmallFile(paths.head) !== text) await replaceFile(io, paths.head, { temporary: join(paths.staging, 'head-draft'), text, mode: fileMode })
}

async function publishTrash({ io, paths }: DiskContext, { trash, manifest }: Journal): Promise<void> {
  if (trash === undefined) return
  renameIfThere(io, join(paths.staging, trash), join(paths.trash, `${manifest.generation.number}.jsonl`))
  await io.syncDirectory(paths.trash)
}

/** One line for each commit, once. A line that a crash tore is ended, so that the next one stands alone. */
async function appendLog({ io, paths, fileMode }: DiskContext, { manifest, counts }: Journal): Promise<void> {
  const { number, created, id, state } = manifest.generation
  const end = readEnd(paths.log)
  const last = parseJson(end.slice(end.trimEnd().lastIndexOf('\n') + 1))
  if (isJsonObject(last) && last['generation'] === number) return
  const line = JSON.stringify({ time: created, generation: number, id, ...counts, ...sumArtifacts(state) })
  const fd = fs.existsSync(paths.log) ? io.append(paths.log) : io.create(paths.log, fileMode)
  try {
    writeAll(io, fd, Buffer.from(`${end === '' || end.endsWith('\n') ? '' : '\n'}${line}\n`))
    await io.sync(fd)
  } finally {
    io.close(fd)
  }
}

/** What is listed afterwards. */
function sumArtifacts({ subdirs }: ChannelState): { readonly artifacts: number; readonly bytes: number } {
  const sum = (of: (subdir: SubdirState) => number): number => subdirs.reduce((total, subdir) => total + of(subdir), 0)
  return { artifacts: sum(({ artifacts }) => artifacts.count), bytes: sum(({ artifacts }) => artifacts.bytes) }
}

const LOG_END = 4096

function readEnd(path: string): string {
  const size = fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size === 0) return ''
  const fd = fs.openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(Math.min(size, LOG_END))
    return buffer.toString('utf8', 0, fs.readSync(fd, buffer, 0, buffer.length, size - buffer.length))
  } finally {
    fs.closeSync(fd)
  }
}
