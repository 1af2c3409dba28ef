import fs from 'node:fs'
import { resolve } from 'node:path'
import { type ArtifactSet, createDigest, isMirrorError, type Sha256, type SubdirName } from '@mirror/core'
import type { PublishedFile, SubdirState } from '@mirror/delta'
import type { StoreReader } from './contract.ts'
import { createDiskIo } from './disk-io.ts'
import { createDiskPaths } from './disk-paths.ts'
import { createDiskReader } from './disk-reader.ts'
import { documentPath } from './documents.ts'
import { findForeign } from './find-foreign.ts'
import { assertReadable } from './format-file.ts'
import { type KeptDocument, type Manifest, readHead } from './generation-file.ts'
import { type HashOutcome, OUTCOMES } from './hash-batch.ts'
import { createHashPool, defaultThreads } from './hash-pool.ts'
import { publishedFiles, unpublishedVariants } from './public-state.ts'
import { readShardDigests, SHARD_INDEX } from './published-shards.ts'
import { readVerifiedFiles } from './verified-files.ts'
import { type ArtifactVerification, verifyArtifacts, type VerifyFault } from './verify-artifacts.ts'
import { isOneFrame } from './zstd-frame.ts'
import { decodesTo } from './zstd-files.ts'

export type { VerifyFault } from './verify-artifacts.ts'

/** What `verifyStore` tells while it works. */
export type VerifyEvent =
  | { readonly type: 'verify-started'; readonly artifacts: number; readonly bytes: number }
  /** Sums so far; about ten a second at most, and once at the end. */
  | { readonly type: 'verify-progress'; readonly artifacts: number; readonly bytes: number }
  | ({ readonly type: 'fault' } & VerifyFault)

/** What `verifyStore` found. */
export interface VerifyReport {
  readonly generation: number
  /** Artifacts that were compared, and their bytes. */
  readonly artifacts: number
  readonly bytes: number
  /** How many of them had to be read; the others have not changed since they were. */
  readonly read: { readonly artifacts: number; readonly bytes: number }
  readonly faults: readonly VerifyFault[]
  /** Files and folders that neither the head nor the trash knows, by their paths; folders end in `/`. Dot-folders and other stores are left out. */
  readonly foreign: readonly string[]
}

/** Options of `verifyStore`. */
export interface VerifyStoreOptions {
  readonly root: string
  /** Threads that hash, this one among them; 0 and 1: this one alone. Default: the processors, from 2 to 4. */
  readonly threads?: number
  /**
   * Whether artifacts and shards that have not changed since an earlier verification (by size, inode and both times of the file) need not be read again: `use` what was noted, `renew` it, or neither,
   * the default. What is noted may be lost; it is written in the end, and only then anything is.
   */
  readonly cache?: 'use' | 'renew' | 'none'
  /** What time it is, in milliseconds. Default: the system's. */
  readonly now?: () => number
  readonly signal?: AbortSignal
  readonly observe?: (event: VerifyEvent) => void
}

const BATCH_FILES = 128

/** What the parts of a verification share. */
interface Verification extends ArtifactVerification {
  readonly manifest: Manifest
  readonly reader: StoreReader
  /** Folders of which nobody knows what belongs there. */
  readonly unread: Set<string>
  readonly report: (path: string, outcome: HashOutcome | 'stale-variant') => void
}

/**
 * Compares all that the newest generation of a store on disk lists with what is there, byte for byte: artifacts, index files, shards, plain files, and the
 * store's own copies of the indexes. Takes no lock, and writes nothing but the note of what it read, if it is to. Undefined for a store without a generation.
 */
export async function verifyStore({ root, threads = defaultThreads(), cache = 'none', now = Date.now, signal, observe = () => undefined }: VerifyStoreOptions): Promise<VerifyReport | undefined> {
  const paths = createDiskPaths(resolve(root))
  assertReadable({ paths })
  const manifest = readHead(paths)
  if (manifest === undefined) return undefined
  const { number, state } = manifest.generation
  const total = { artifacts: state.subdirs.reduce((sum, subdir) => sum + subdir.artifacts.count, 0), bytes: state.subdirs.reduce((sum, subdir) => sum + subdir.artifacts.bytes, 0) }
  observe({ type: 'verify-started', ...total })
  await using pool = createHashPool(threads)
  const faults: VerifyFault[] = []
  const progress = createProgress(observe)
  const known = cache === 'none' ? undefined : readVerifiedFiles(paths, { fresh: cache === 'renew', now })
  const verification: Verification = {
    paths, manifest, pool, known, signal, read: { artifacts: 0, bytes: 0 }, unread: new Set(), reader: createDiskReader(paths, manifest), advance: progress.advance,
    report(path, fault) {
      if (fault === 'right') return
      faults.push({ path, fault })
      observe({ type: 'fault', path, fault })
    },
  }
  const shards = await shardsOf(verification)
  const sets = await verifyAll(verification, shards)
  const foreign = await findForeign(paths, { state, sets, shards, unread: verification.unread })
  await known?.write(createDiskIo(), FILE_MODE)
  progress.end()
  return { generation: number, ...progress.sums(), read: verification.read, faults: faults.toSorted((left, right) => (left.path < right.path ? -1 : 1)), foreign }
}

const FILE_MODE = 0o644

async function verifyAll(verification: Verification, shards: readonly PublishedFile[]): Promise<readonly ArtifactSet[]> {
  const { manifest } = verification
  const sets: ArtifactSet[] = []
  for (const { subdir } of manifest.generation.state.subdirs) sets.push(...await readSet(verification, subdir))
  // The threads have something to do while this one decodes.
  await Promise.all([verifyArtifacts(verification, sets), verifyIndexes(verification, shards)])
  return sets
}

/** None for a document of which no bytes are left: that is a fault of the document, which is told as such. */
async function readSet({ reader, unread }: Verification, subdir: SubdirName): Promise<readonly ArtifactSet[]> {
  try {
    return [await reader.readArtifacts(subdir)]
  } catch (error) {
    if (!isMirrorError(error, 'STORE_DAMAGED')) throw error
    unread.add(subdir)
    return []
  }
}

/** Compares everything but artifacts. */
async function verifyIndexes(verification: Verification, shards: readonly PublishedFile[]): Promise<void> {
  const { manifest, paths, report } = verification
  const { state } = manifest.generation
  await verifyFiles(verification, publishedFiles(state))
  for (const document of manifest.documents) await verifyDocument(verification, document)
  for (const path of unpublishedVariants(state)) if (fs.existsSync(paths.public(path))) report(path, 'stale-variant')
  for (const subdir of state.subdirs) await verifyVariants(verification, subdir)
  await verifyFiles(verification, shards)
}

/** Compares index files, shards and plain files. Only shards may have been read before: they are as many as there are names of packages. */
async function verifyFiles(verification: Verification, files: readonly PublishedFile[]): Promise<void> {
  const { paths, known, signal } = verification
  for (let start = 0; start < files.length; start += BATCH_FILES) {
    signal?.throwIfAborted()
    const some = files.slice(start, start + BATCH_FILES)
    const unknown = some.filter(({ path, sha256, size }) => size >= 0 || known?.isKnown(paths.public(path), createDigest('sha256', sha256), undefined) !== true)
    if (unknown.length > 0) await readFiles(verification, unknown)
  }
}

async function readFiles({ paths, pool, known, report }: Verification, files: readonly PublishedFile[]): Promise<void> {
  const places = files.map(({ path }) => paths.public(path))
  const looks = files.map(({ size }, index) => (size >= 0 ? undefined : known?.look(places[index] ?? '')))
  const sizes = files.map(({ size }, index) => (size >= 0 ? size : (fs.lstatSync(places[index] ?? '', { throwIfNoEntry: false })?.size ?? 0)))
  const answers = await pool.check({ paths: places, digests: files.map((file) => `sha256:${file.sha256}`), sizes })
  for (const [index, file] of files.entries()) {
    const outcome = OUTCOMES[answers[index] ?? 0] ?? 'digest'
    report(file.path, outcome)
    if (outcome === 'right') known?.note(places[index] ?? '', createDigest('sha256', file.sha256), looks[index])
  }
}

/** The kept copy of an index: without it, rolling back and serving a generation whole is not possible. */
async function verifyDocument({ paths, manifest, pool, report }: Verification, document: KeptDocument): Promise<void> {
  const path = documentPath({ paths }, document)
  const label = `.mirror/documents/${document.file}`
  const file = publishedFiles(manifest.generation.state).find(({ sha256 }) => sha256 === document.sha256)
  if (!fs.existsSync(path)) report(label, 'missing')
  else if (document.encoding === 'identity') {
    const [answer = 0] = await pool.check({ paths: [path], digests: [createDigest('sha256', document.sha256)], sizes: [fs.statSync(path).size] })
    report(label, OUTCOMES[answer] ?? 'digest')
  } else if (file !== undefined && !await decodesTo(path, file)) report(label, 'digest')
}

/** A `.zst` variant must be one frame around the document: another reader of the same bytes must not see more, or less. */
async function verifyVariants({ paths, report }: Verification, { document, variants }: SubdirState): Promise<void> {
  const compressed = variants.find(({ path }) => path === `${document.path}.zst`)
  if (compressed === undefined || !fs.existsSync(paths.public(compressed.path))) return
  const path = paths.public(compressed.path)
  if (!isOneFrame(path) || !await decodesTo(path, document)) report(compressed.path, 'stale-variant')
}

/** The shards that the kept shard indexes name; their sizes are not known. */
async function shardsOf(verification: Verification): Promise<readonly PublishedFile[]> {
  const shards: PublishedFile[] = []
  for (const { subdir } of verification.manifest.generation.state.subdirs) {
    for (const sha256 of await readDigests(subdir, verification)) shards.push({ path: `${subdir}/shards/${sha256}.msgpack.zst`, sha256, size: -1 })
  }
  return shards
}

/** None where the bytes are no index, which is a fault, or are gone, which is told where files are compared. */
async function readDigests(subdir: SubdirName, { reader, unread, report }: Verification): Promise<ReadonlySet<Sha256>> {
  try {
    return await readShardDigests(reader, subdir)
  } catch (error) {
    if (isMirrorError(error, 'SHARD_MALFORMED')) report(`${subdir}/${SHARD_INDEX}`, 'stale-variant')
    else if (!isMirrorError(error, 'STORE_DAMAGED')) throw error
    unread.add(`${subdir}/shards`)
    return new Set()
  }
}

const PROGRESS_MILLISECONDS = 100

function createProgress(observe: (event: VerifyEvent) => void): { readonly advance: (artifacts: number, bytes: number) => void; readonly sums: () => { readonly artifacts: number; readonly bytes: number }; readonly end: () => void } {
  let artifacts = 0
  let bytes = 0
  let told = performance.now()
  const tell = (): void => observe({ type: 'verify-progress', artifacts, bytes })
  return {
    advance(moreArtifacts, moreBytes) {
      artifacts += moreArtifacts
      bytes += moreBytes
      if (performance.now() - told < PROGRESS_MILLISECONDS) return
      told = performance.now()
      tell()
    },
    sums: () => ({ artifacts, bytes }),
    end: tell,
  }
}
