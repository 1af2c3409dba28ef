import { type Artifact, createDigest, isSubdirName } from '@mirror/core'
import { type Changeset, isEmptyChangeset, type PublishedFile, targetId } from '@mirror/delta'
import { describeChanges, noteChanges } from './change-notes.ts'
import { commitGathered, type Gathered, isKept } from './commit-transaction.ts'
import type { Body, CommitResult, Generation, PutOptions, Transaction } from './contract.ts'
import type { DiskContext } from './disk-context.ts'
import { isPublicPath, parseShardPath, stagedArtifactName, stagedFileName } from './disk-paths.ts'
import { discard } from './disk-write.ts'
import { findMissing } from './find-missing.ts'
import { readNames } from './generation-file.ts'
import { checkFile } from './hash-file.ts'
import { writeMemoFile } from './memo.ts'
import { createTurns } from './one-at-a-time.ts'
import { assertRegular } from './safe-root.ts'
import { createStaging, type Staging, type StagingEntry } from './staging.ts'
import { asStoreError, named, storeError } from './store-error.ts'
import { trackArtifacts, type TrackedArtifacts } from './tracked-artifacts.ts'

/** What a transaction on disk is made of. */
export interface DiskTransactionOptions extends Pick<Gathered, 'context' | 'lock' | 'head' | 'reader' | 'damaged' | 'observe'> {
  readonly changeset: Changeset
  readonly signal: AbortSignal | undefined
}

/** Opens the transaction that holds `lock`, and gives the lock back when it ends. */
export function openDiskTransaction(options: DiskTransactionOptions): Transaction {
  return new DiskTransaction(options)
}

/** Its methods are fields, so that they can be passed on alone. */
class DiskTransaction implements Transaction {
  readonly changeset: Changeset
  readonly #options: DiskTransactionOptions
  readonly #context: DiskContext
  readonly #staging: Staging
  readonly #artifacts: TrackedArtifacts
  readonly #files = new Map<string, 'staged' | 'in-place'>()
  readonly #failures: unknown[] = []
  readonly #alone = createTurns()
  #ended = false

  constructor(options: DiskTransactionOptions) {
    this.changeset = options.changeset
    this.#options = options
    this.#context = options.context
    this.#staging = createStaging(options.context)
    this.#artifacts = trackArtifacts(options.changeset)
  }

  readonly missing = (signal?: AbortSignal): AsyncIterable<Artifact> => {
    this.#assertOpen()
    return findMissing({
      context: this.#context, staging: this.#staging, artifacts: this.#artifacts, observe: this.#options.observe, signal: signal ?? this.#options.signal, failed: this.#fail,
    })
  }

  readonly stagedBytes = async (item: Artifact | PublishedFile): Promise<number> => {
    this.#assertOpen()
    const size = this.#staging.size('path' in item ? stagedFileName(item) : stagedArtifactName(item))
    return size < item.size ? size : 0
  }

  readonly put = (artifact: Artifact, body: Body, options: PutOptions = {}): Promise<'stored' | 'present'> => {
    const name = stagedArtifactName(artifact)
    return this.#alone(name, async () => {
      this.#assertOpen()
      const place = this.#artifacts.find(artifact)
      if (place === undefined) throw new RangeError(`${artifact.subdir}/${artifact.name} with ${artifact.digest} is not in the changeset`)
      const { tracked, position } = place
      if (tracked.at(position) !== 'needed') return 'present'
      const forget = (): void => tracked.mark(position, 'needed')
      tracked.mark(position, 'staged')
      await this.#write({ name, label: `${artifact.subdir}/${artifact.name}`, digest: artifact.digest, size: artifact.size, forget }, body, options)
      return 'stored'
    })
  }

  readonly putFile = (file: PublishedFile, body: Body, options: PutOptions = {}): Promise<'stored' | 'present'> => {
    const name = stagedFileName(file)
    return this.#alone(name, async () => {
      this.#assertOpen()
      this.#assertOurs(file)
      if (this.#files.has(name) || isKept(this.#options, file) || await this.#useInPlace(file)) return 'present'
      const forget = (): void => {
        this.#files.delete(name)
      }
      this.#files.set(name, 'staged')
      await this.#write({ name, label: file.path, digest: createDigest('sha256', file.sha256), size: file.size, forget }, body, options)
      return 'stored'
    })
  }

  readonly commit = async (final: Changeset = this.changeset): Promise<CommitResult> => {
    this.#assertOpen()
    this.#ended = true
    try {
      return await named('commit', () => this.#commit(final))
    } finally {
      this.#options.lock.release()
    }
  }

  readonly abandon = async (): Promise<void> => {
    if (this.#ended) return
    this.#ended = true
    await this.#staging.drain()
    this.#options.lock.release()
  }

  readonly [Symbol.asyncDispose] = (): Promise<void> => this.abandon()

  readonly #fail = (error: unknown): void => {
    this.#failures.push(error)
  }

  readonly #assertOpen = (): void => {
    if (this.#ended) throw storeError('TRANSACTION_ENDED', 'Cannot use the transaction: it has ended')
  }

  /** `forget` is called when the bytes are not there after all, at once or later. */
  async #write(entry: StagingEntry & { readonly forget: () => void }, body: Body, { offset = 0, signal = this.#options.signal }: PutOptions): Promise<void> {
    const failed = (error: unknown): void => {
      entry.forget()
      this.#fail(error)
    }
    try {
      await this.#staging.write(entry, body, { offset, signal, failed, assertOpen: this.#assertOpen })
    } catch (error) {
      entry.forget()
      throw asStoreError(error, `store ${entry.label}`)
    }
  }

  /** What lies there already, or is staged since a run that broke off, and is right, need not be put: a shard is named by its bytes, and a plain file may be large. */
  async #useInPlace(file: PublishedFile): Promise<boolean> {
    const isPlain = this.changeset.filesAdded.some(({ path }) => path === file.path)
    if (!isPlain && parseShardPath(file.path) === undefined) return false
    const name = stagedFileName(file)
    return await this.#useBytes(file, this.#context.paths.public(file.path), 'in-place') || (isPlain && await this.#useBytes(file, this.#staging.path(name), 'staged'))
  }

  async #useBytes(file: PublishedFile, path: string, where: 'in-place' | 'staged'): Promise<boolean> {
    if (await checkFile(path, { digest: createDigest('sha256', file.sha256), size: file.size }) !== 'right') return false
    await this.#staging.adopt(path, this.#fail)
    this.#files.set(stagedFileName(file), where)
    return true
  }

  #assertOurs({ path }: PublishedFile): void {
    const [first = ''] = path.split('/')
    const isOfSubdir = isSubdirName(first) && this.changeset.changes.some(({ subdir }) => subdir === first)
    if (!isPublicPath(path) || !(isOfSubdir || this.changeset.filesAdded.some((file) => file.path === path))) throw new RangeError(`${JSON.stringify(path)} is not a file of the changeset`)
    assertRegular(this.#context.paths.public(path))
  }

  async #commit(final: Changeset): Promise<CommitResult> {
    const { lock, head } = this.#options
    lock.assertHeld()
    await this.#staging.drain()
    if (this.#failures.length > 0) throw asStoreError(this.#failures[0], 'make what was put durable')
    if (head !== undefined && isEmptyChangeset(final)) return { status: 'committed', generation: head.generation }
    const generation = await commitGathered({ ...this.#options, staging: this.#staging, artifacts: this.#artifacts, files: this.#files }, final)
    if (final === this.changeset) this.#clearStaging()
    await this.#noteChanges(final, generation)
    return { status: 'committed', generation }
  }

  /** Of the first generation, and of a tree that is adopted over another state, nobody knows what is new. */
  async #noteChanges(final: Changeset, { number }: Generation): Promise<void> {
    if (this.#options.head?.generation.id !== final.base) return
    // A repair puts what is damaged, and publishes the same state again.
    const isSame = targetId(final) === final.base
    const writeMemo = (name: string, value: unknown): Promise<void> => named('keep a note', () => writeMemoFile(this.#context, name, value))
    await noteChanges({ writeMemo }, describeChanges(isSame ? { ...final, changes: [], withdrawn: [] } : final, number))
  }

  /** What is left was put for nothing, or by an earlier run. */
  #clearStaging(): void {
    for (const name of readNames(this.#context.paths.staging)) discard(this.#context.io, this.#staging.path(name))
  }
}
