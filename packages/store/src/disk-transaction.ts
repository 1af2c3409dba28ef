import { type Artifact, type ArtifactSet, createArtifactSet, createDigest, isSubdirName } from '@mirror/core'
import { type Changeset, isEmptyChangeset, type PublishedFile } from '@mirror/delta'
import { applyJournal } from './apply-journal.ts'
import { filesOf } from './changeset-files.ts'
import type { Body, CommitResult, PutOptions, StoreReader, Transaction } from './contract.ts'
import type { DiskContext } from './disk-context.ts'
import { isPublicPath, parseShardPath, stagedArtifactName, stagedFileName } from './disk-paths.ts'
import { discard } from './disk-write.ts'
import type { StoreEvent } from './events.ts'
import { findMissing } from './find-missing.ts'
import { type Manifest, readNames } from './generation-file.ts'
import { checkFile } from './hash-file.ts'
import { writeJournal } from './journal.ts'
import type { Lock } from './lock.ts'
import { createTurns } from './one-at-a-time.ts'
import { prepareCommit } from './prepare-commit.ts'
import { assertRegular } from './safe-root.ts'
import { createStaging, type StagingEntry } from './staging.ts'
import { asStoreError, named, storeError } from './store-error.ts'
import { trackArtifacts } from './tracked-artifacts.ts'

/** What a transaction on disk is made of. */
export interface DiskTransactionOptions {
  readonly context: DiskContext
  readonly changeset: Changeset
  readonly lock: Lock
  readonly head: Manifest | undefined
  /** Reads the head; asked only when a tree is adopted over it. */
  readonly reader: StoreReader | undefined
  readonly observe: (event: StoreEvent) => void
  readonly signal: AbortSignal | undefined
}

/** Opens the transaction that holds `lock`, and gives the lock back when it ends. */
export function openDiskTransaction(options: DiskTransactionOptions): Transaction {
  const { context, changeset, lock, head, observe } = options
  const staging = createStaging(context)
  const artifacts = trackArtifacts(changeset)
  const files = new Map<string, 'staged' | 'in-place'>()
  const alone = createTurns()
  const failures: unknown[] = []
  let ended = false

  function assertOpen(): void {
    if (ended) throw storeError('TRANSACTION_ENDED', 'Cannot use the transaction: it has ended')
  }

  function end(): void {
    ended = true
    lock.release()
  }

  async function write(entry: StagingEntry, body: Body, { offset = 0, signal, failed }: PutOptions & { readonly failed: () => void }): Promise<void> {
    const onFailure = (error: unknown): void => {
      failed()
      failures.push(error)
    }
    try {
      await staging.write(entry, body, { offset, signal: signal ?? options.signal, failed: onFailure, assertOpen })
    } catch (error) {
      throw asStoreError(error, `store ${entry.label}`)
    }
  }

  function put(artifact: Artifact, body: Body, putOptions: PutOptions = {}): Promise<'stored' | 'present'> {
    const name = stagedArtifactName(artifact)
    return alone(name, async () => {
      assertOpen()
      const place = artifacts.find(artifact)
      if (place === undefined) throw new RangeError(`${artifact.subdir}/${artifact.name} with ${artifact.digest} is not in the changeset`)
      const { tracked, position } = place
      if (tracked.at(position) !== 'needed') return 'present'
      const entry = { name, label: `${artifact.subdir}/${artifact.name}`, digest: artifact.digest, size: artifact.size }
      tracked.mark(position, 'staged')
      try {
        await write(entry, body, { ...putOptions, failed: () => tracked.mark(position, 'needed') })
      } catch (error) {
        tracked.mark(position, 'needed')
        throw error
      }
      return 'stored'
    })
  }

  function putFile(file: PublishedFile, body: Body, putOptions: PutOptions = {}): Promise<'stored' | 'present'> {
    const name = stagedFileName(file)
    return alone(name, async () => {
      assertOpen()
      assertOurs(file)
      if (files.has(name) || isKept(file)) return 'present'
      const digest = createDigest('sha256', file.sha256)
      if (parseShardPath(file.path) !== undefined && await useInPlace(file)) return 'present'
      await write({ name, label: file.path, digest, size: file.size }, body, { ...putOptions, failed: () => files.delete(name) })
      files.set(name, 'staged')
      return 'stored'
    })
  }

  /** The head already has this very file at this very path, and a copy of it is kept. */
  function isKept(file: PublishedFile): boolean {
    const state = head?.generation.state
    return state?.subdirs.some((subdir) => [subdir.document, ...subdir.variants].some((known) => known.path === file.path && known.sha256 === file.sha256)) === true
  }

  async function useInPlace(file: PublishedFile): Promise<boolean> {
    const path = context.paths.public(file.path)
    if (await checkFile(path, { digest: createDigest('sha256', file.sha256), size: file.size }) !== 'right') return false
    await staging.adopt(path, (error) => failures.push(error))
    files.set(stagedFileName(file), 'in-place')
    return true
  }

  function assertOurs({ path }: PublishedFile): void {
    const [first = ''] = path.split('/')
    const isOurs = isPublicPath(path) && (changeset.filesAdded.some((file) => file.path === path) || (isSubdirName(first) && changeset.changes.some(({ subdir }) => subdir === first)))
    if (!isOurs) throw new RangeError(`${JSON.stringify(path)} is not a file of the changeset`)
    assertRegular(context.paths.public(path))
  }

  /** What a narrower changeset lists must be among what was put, and every file with it. */
  function assertComplete(final: Changeset): void {
    const incomplete = (path: string): Error => storeError('TRANSACTION_INCOMPLETE', `Cannot commit: ${path} was not put`, { details: { path } })
    for (const change of final.changes) {
      for (const set of [change.add, change.reused.after]) assertSetComplete(set, incomplete)
      if (change.reused.after.count > 0 && change.interim === undefined) throw incomplete(`the interim index of ${change.subdir}`)
    }
    for (const file of filesOf(final)) if (!files.has(stagedFileName(file)) && !isKept(file)) throw incomplete(file.path)
  }

  function assertSetComplete(set: ArtifactSet, incomplete: (path: string) => Error): void {
    for (const artifact of set) {
      const place = artifacts.find(artifact)
      if (place === undefined || place.tracked.at(place.position) === 'needed') throw incomplete(`${artifact.subdir}/${artifact.name}`)
    }
  }

  async function commit(final: Changeset): Promise<CommitResult> {
    lock.assertHeld()
    if (head !== undefined && isEmptyChangeset(final)) return { status: 'committed', generation: head.generation }
    await staging.drain()
    if (failures.length > 0) throw asStoreError(failures[0], 'make what was put durable')
    assertComplete(final)
    const journal = await prepareCommit(context, {
      changeset: final, head, artifacts, alsoRemoved: await removedByAdoption(final),
      isStaged: (file) => files.get(stagedFileName(file)) === 'staged',
      stagedPath: (file) => (files.has(stagedFileName(file)) ? staging.path(stagedFileName(file)) : undefined),
    })
    lock.assertHeld()
    await writeJournal(context, journal)
    await applyJournal(context, journal, observe)
    reportReplaced(final)
    const { generation } = journal.manifest
    observe({ type: 'committed', generation: generation.number })
    if (final === changeset) clearStaging()
    return { status: 'committed', generation }
  }

  /** When a tree is adopted, the changeset starts from nothing, and does not know what the head lists beyond its target. */
  async function removedByAdoption(final: Changeset): Promise<readonly ArtifactSet[]> {
    if (head === undefined || options.reader === undefined || changeset.base === head.generation.id) return []
    const sets: ArtifactSet[] = []
    for (const { subdir } of head.generation.state.subdirs) {
      const wanted = final.changes.find((change) => change.subdir === subdir)?.add
      const listed = await options.reader.readArtifacts(subdir)
      sets.push(createArtifactSet(subdir, withoutNames(listed, wanted)))
    }
    return sets
  }

  function reportReplaced(final: Changeset): void {
    for (const { reused } of final.changes) {
      for (const after of reused.after) {
        const before = reused.before.find(after.name)
        if (before !== undefined) observe({ type: 'artifact-replaced', before, after })
      }
    }
  }

  /** What is left was put for nothing, or by an earlier run. */
  function clearStaging(): void {
    for (const name of readNames(context.paths.staging)) discard(context.io, staging.path(name))
  }

  async function abandon(): Promise<void> {
    if (ended) return
    ended = true
    await staging.drain()
    lock.release()
  }

  return {
    changeset,
    missing(signal) {
      assertOpen()
      return findMissing({ context, staging, artifacts, observe, signal: signal ?? options.signal, failed: (error) => failures.push(error) })
    },
    async stagedBytes(artifact) {
      assertOpen()
      const size = staging.size(stagedArtifactName(artifact))
      return size < artifact.size ? size : 0
    },
    put,
    putFile,
    async commit(final = changeset) {
      assertOpen()
      ended = true
      try {
        return await named('commit', () => commit(final))
      } finally {
        end()
      }
    },
    abandon,
    [Symbol.asyncDispose]: abandon,
  }
}

function* withoutNames(set: ArtifactSet, names: ArtifactSet | undefined): Generator<Artifact> {
  for (const artifact of set) if (names?.find(artifact.name) === undefined) yield artifact
}
