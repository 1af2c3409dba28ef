import { hash } from 'node:crypto'
import { type Artifact, type ArtifactSet, createDigest, type Digest, digestHex, digestKind } from '@mirror/core'
import { type Changeset, isEmptyChangeset, type PublishedFile } from '@mirror/delta'
import { filesOf } from './changeset-files.ts'
import { replacedNames } from './commit-transaction.ts'
import type { Body, CommitResult, PutOptions, Transaction } from './contract.ts'
import type { StoreEvent } from './events.ts'
import { artifactKey, fileKey, listsAfter, type MemoryBlobs, type MemoryGeneration } from './memory-lists.ts'
import { createTurns } from './one-at-a-time.ts'
import { publishedFiles } from './public-state.ts'
import { storeError } from './store-error.ts'
import { isSameArtifact } from './tracked-artifacts.ts'

/** What a transaction in memory is made of. */
export interface MemoryTransactionOptions {
  readonly changeset: Changeset
  readonly head: MemoryGeneration | undefined
  readonly blobs: MemoryBlobs
  readonly staged: MemoryBlobs
  readonly observe: (event: StoreEvent) => void
  readonly commit: (final: Changeset, artifacts: MemoryGeneration['artifacts']) => CommitResult
  readonly ended: () => void
}

interface Wanted {
  readonly key: string
  readonly label: string
  readonly digest: Digest
  readonly size: number
}

/** Opens a transaction; `ended` is called when it is over. */
export function openMemoryTransaction(options: MemoryTransactionOptions): Transaction {
  return new MemoryTransaction(options)
}

/** Its methods are fields, so that they can be passed on alone. */
class MemoryTransaction implements Transaction {
  readonly changeset: Changeset
  readonly #options: MemoryTransactionOptions
  readonly #verified = new Set<string>()
  readonly #alone = createTurns()
  #ended = false

  constructor(options: MemoryTransactionOptions) {
    this.changeset = options.changeset
    this.#options = options
  }

  readonly missing = (signal?: AbortSignal): AsyncIterable<Artifact> => {
    this.#assertOpen()
    return this.#missing(signal)
  }

  readonly stagedBytes = async (item: Artifact | PublishedFile): Promise<number> => {
    this.#assertOpen()
    const length = this.#options.staged.get('path' in item ? fileKey(item) : artifactKey(item))?.length ?? 0
    return length < item.size ? length : 0
  }

  readonly put = async (artifact: Artifact, body: Body, options: PutOptions = {}): Promise<'stored' | 'present'> => {
    this.#assertOpen()
    const label = `${artifact.subdir}/${artifact.name}`
    const isWanted = this.changeset.changes.some(({ add, reused }) => [add, reused.after].some((set) => set.subdir === artifact.subdir && isListed(set, artifact)))
    if (!isWanted) throw new RangeError(`${label} with ${artifact.digest} is not in the changeset`)
    const key = artifactKey(artifact)
    return this.#alone(key, () => this.#store({ key, label, digest: artifact.digest, size: artifact.size }, body, options))
  }

  readonly putFile = async (file: PublishedFile, body: Body, options: PutOptions = {}): Promise<'stored' | 'present'> => {
    this.#assertOpen()
    const key = fileKey(file)
    const isPlain = this.changeset.filesAdded.some(({ path }) => path === file.path)
    const kept = isPlain ? this.#options.staged.get(key) : undefined
    const isStaged = kept !== undefined && hash('sha256', kept, 'hex') === file.sha256
    if (isStaged || (this.#options.head !== undefined && this.#options.blobs.has(key))) this.#verified.add(key)
    return this.#alone(key, () => this.#store({ key, label: file.path, digest: createDigest('sha256', file.sha256), size: file.size }, body, options))
  }

  readonly commit = async (final: Changeset = this.changeset): Promise<CommitResult> => {
    this.#assertOpen()
    try {
      return this.#commit(final)
    } finally {
      this.#end()
    }
  }

  readonly abandon = async (): Promise<void> => this.#end()

  readonly [Symbol.asyncDispose] = (): Promise<void> => this.abandon()

  #assertOpen(): void {
    if (this.#ended) throw storeError('TRANSACTION_ENDED', 'Cannot use the transaction: it has ended')
  }

  #end(): void {
    if (!this.#ended) this.#options.ended()
    this.#ended = true
  }

  async* #missing(signal: AbortSignal | undefined): AsyncGenerator<Artifact> {
    const { staged, blobs, observe } = this.#options
    for (const artifact of wantedArtifacts(this.changeset)) {
      signal?.throwIfAborted()
      const key = artifactKey(artifact)
      if (this.#verified.has(key)) continue
      const bytes = staged.get(key) ?? blobs.get(key)
      if (bytes !== undefined && hash(digestKind(artifact.digest), bytes, 'hex') === digestHex(artifact.digest)) {
        this.#verified.add(key)
        observe({ type: 'artifact-reused', artifact })
      } else yield artifact
    }
  }

  async #store(wanted: Wanted, body: Body, { offset = 0, signal }: PutOptions): Promise<'stored' | 'present'> {
    this.#assertOpen()
    if (this.#verified.has(wanted.key)) return 'present'
    const { staged } = this.#options
    const before = staged.get(wanted.key) ?? new Uint8Array()
    if (offset > before.length) throw new RangeError(`Only ${before.length} bytes are staged, not ${offset}`)
    const bytes = await this.#collect(wanted.key, body, { first: before.subarray(0, offset), signal })
    staged.delete(wanted.key)
    verify(wanted, bytes)
    staged.set(wanted.key, bytes)
    this.#verified.add(wanted.key)
    return 'stored'
  }

  /** When a body breaks off, what came is kept. */
  async #collect(key: string, body: Body, { first, signal }: { readonly first: Uint8Array; readonly signal: AbortSignal | undefined }): Promise<Uint8Array> {
    const pieces = [first]
    try {
      for await (const piece of body instanceof Uint8Array ? [body] : body) {
        signal?.throwIfAborted()
        this.#assertOpen()
        pieces.push(Uint8Array.from(piece))
      }
      signal?.throwIfAborted()
    } catch (error) {
      if (!this.#ended) this.#options.staged.set(key, Buffer.concat(pieces))
      throw error
    }
    return Buffer.concat(pieces)
  }

  #commit(final: Changeset): CommitResult {
    const { head, staged, observe } = this.#options
    if (!isEmptyChangeset(final)) this.#keepAll(final)
    const result = this.#options.commit(final, listsAfter(head, this.changeset.base, final))
    if (result.status === 'committed' && result.generation.number !== head?.generation.number) {
      for (const { subdir } of final.changes) observe({ type: 'subdir-switched', subdir })
      for (const event of replacedNames(final)) observe(event)
      observe({ type: 'committed', generation: result.generation.number })
    }
    if (final === this.changeset) staged.clear()
    return result
  }

  #keepAll(final: Changeset): void {
    const { staged, blobs } = this.#options
    this.#assertComplete(final)
    for (const key of [...[...wantedArtifacts(final)].map(artifactKey), ...filesOf(final).map(fileKey)]) {
      const bytes = staged.get(key)
      if (bytes !== undefined) blobs.set(key, bytes)
    }
  }

  #assertComplete(final: Changeset): void {
    const { head } = this.#options
    const known = new Set(head === undefined ? [] : publishedFiles(head.generation.state).map(fileKey))
    for (const artifact of wantedArtifacts(final)) if (!this.#verified.has(artifactKey(artifact))) throw incomplete(`${artifact.subdir}/${artifact.name}`)
    for (const file of filesOf(final)) if (!this.#verified.has(fileKey(file)) && !known.has(fileKey(file))) throw incomplete(file.path)
    const bare = final.changes.find((change) => change.reused.after.count > 0 && change.interim === undefined)
    if (bare !== undefined) throw incomplete(`the interim index of ${bare.subdir}`)
  }
}

function incomplete(path: string): Error {
  return storeError('TRANSACTION_INCOMPLETE', `Cannot commit: ${path} was not put`, { details: { path } })
}

function isListed(set: ArtifactSet, artifact: Artifact): boolean {
  const listed = set.find(artifact.name)
  return listed !== undefined && isSameArtifact(listed, artifact)
}

function* wantedArtifacts(changeset: Changeset): Generator<Artifact> {
  for (const { add, reused } of changeset.changes) {
    yield* add
    yield* reused.after
  }
}

function verify({ label, digest, size }: Wanted, bytes: Uint8Array): void {
  if (bytes.length !== size) {
    throw storeError('SIZE_MISMATCH', `Cannot store ${label}: it has ${bytes.length} bytes instead of ${size}`, { details: { expected: size, found: bytes.length } })
  }
  if (hash(digestKind(digest), bytes, 'hex') !== digestHex(digest)) throw storeError('DIGEST_MISMATCH', `Cannot store ${label}: its bytes are not what the index says`)
}
