import { resolve } from 'node:path'
import type { Artifact, ArtifactSet } from '@mirror/core'
import { breathe } from './disk-context.ts'
import { createDiskPaths, type DiskPaths } from './disk-paths.ts'
import { type HashOutcome, OUTCOMES } from './hash-batch.ts'
import { createHashPool, defaultThreads, type HashPool } from './hash-pool.ts'
import type { VerifiedFiles } from './verified-files.ts'

/** A file that is not what it should be, by its path from the channel's root. */
export interface VerifyFault {
  readonly path: string
  /** `stale-variant`: a variant of an index that does not say what the document says, or that should not be there. */
  readonly fault: Exclude<HashOutcome, 'right'> | 'stale-variant'
}

const BATCH_FILES = 128
const LARGEST_BATCH = 32 * 1024 * 1024
const SMALLEST_BATCH = 1024 * 1024

/** What comparing artifacts needs. */
export interface ArtifactVerification {
  readonly paths: DiskPaths
  readonly pool: HashPool
  /** What need not be read again; undefined when everything is. */
  readonly known: VerifiedFiles | undefined
  readonly signal: AbortSignal | undefined
  readonly report: (path: string, outcome: HashOutcome) => void
  readonly advance: (artifacts: number, bytes: number) => void
  /** Counts what was read. */
  readonly read: { artifacts: number; bytes: number }
}

/** Hands out batches to the threads, the large artifacts first and ever smaller batches at the end, so that all threads end together. */
export async function verifyArtifacts(verification: ArtifactVerification, sets: readonly ArtifactSet[]): Promise<void> {
  const { paths, known, signal, advance } = verification
  const batches = createBatches(sets)
  async function work(): Promise<void> {
    for (const { artifacts, bytes } of batches) {
      signal?.throwIfAborted()
      const unknown = known === undefined ? artifacts : artifacts.filter((artifact) => !known.isKnown(paths.artifact(artifact), artifact.digest, artifact.size))
      if (unknown.length > 0) await readArtifacts(verification, unknown)
      else await breathe()
      advance(artifacts.length, bytes)
    }
  }
  await Promise.all(Array.from({ length: verification.pool.width }, work))
}

async function readArtifacts({ paths, pool, known, report, read }: ArtifactVerification, artifacts: readonly Artifact[]): Promise<void> {
  const files = artifacts.map((artifact) => paths.artifact(artifact))
  const looks = files.map((file) => known?.look(file))
  const answers = await pool.check({ paths: files, digests: artifacts.map(({ digest }) => digest), sizes: artifacts.map(({ size }) => size) })
  for (const [index, { subdir, name, digest, size }] of artifacts.entries()) {
    const outcome = OUTCOMES[answers[index] ?? 0] ?? 'digest'
    report(`${subdir}/${name}`, outcome)
    if (outcome === 'right') known?.note(files[index] ?? '', digest, looks[index])
    read.artifacts += 1
    read.bytes += size
  }
}

/** Options of `compareArtifacts`. */
export interface CompareArtifactsOptions {
  readonly root: string
  /** Threads that hash; 0 for none. Default: the processors, from 2 to 4. */
  readonly threads?: number
  readonly signal?: AbortSignal
  readonly sets: readonly ArtifactSet[]
}

/** Compares artifacts with what lies under their names in a folder that need not be a store, byte for byte. Writes nothing. */
export async function compareArtifacts({ root, threads = defaultThreads(), signal, sets }: CompareArtifactsOptions): Promise<readonly VerifyFault[]> {
  await using pool = createHashPool(threads)
  const faults: VerifyFault[] = []
  await verifyArtifacts({
    paths: createDiskPaths(resolve(root)), pool, known: undefined, signal, advance: () => undefined, read: { artifacts: 0, bytes: 0 },
    report: (path, fault) => {
      if (fault !== 'right') faults.push({ path, fault })
    },
  }, sets)
  return faults.toSorted((left, right) => (left.path < right.path ? -1 : 1))
}

interface Batch {
  readonly artifacts: readonly Artifact[]
  readonly bytes: number
}

/** Only what is handed out is in memory, and the large artifacts. */
function* createBatches(sets: readonly ArtifactSet[]): Generator<Batch> {
  let left = sets.reduce((sum, { bytes }) => sum + bytes, 0)
  const limit = (): number => Math.min(LARGEST_BATCH, Math.max(SMALLEST_BATCH, left / 16))
  let artifacts: Artifact[] = []
  let bytes = 0
  for (const artifact of inOrderOfWork(sets)) {
    artifacts.push(artifact)
    bytes += artifact.size
    if (artifacts.length < BATCH_FILES && bytes < limit()) continue
    yield { artifacts, bytes }
    left -= bytes
    artifacts = []
    bytes = 0
  }
  if (artifacts.length > 0) yield { artifacts, bytes }
}

const LARGE_BYTES = 8 * 1024 * 1024

function* inOrderOfWork(sets: readonly ArtifactSet[]): Generator<Artifact> {
  yield* sets.flatMap((set) => [...set].filter(({ size }) => size >= LARGE_BYTES)).sort((left, right) => right.size - left.size)
  for (const set of sets) for (const artifact of set) if (artifact.size < LARGE_BYTES) yield artifact
}
