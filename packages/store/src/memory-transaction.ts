import { hash } from 'node:crypto'
import { type Artifact, type ArtifactSet, createArtifactSet, createDigest, type Digest, digestHex, digestKind, type SubdirName } from '@mirror/core'
import { type Changeset, isEmptyChangeset, type PublishedFile } from '@mirror/delta'
import { filesOf } from './changeset-files.ts'
import type { Body, CommitResult, PutOptions, Transaction } from './contract.ts'
import type { StoreEvent } from './events.ts'
import { artifactKey, fileKey, type MemoryBlobs, type MemoryGeneration } from './memory-reader.ts'
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
  const { changeset, head, blobs, staged, observe } = options
  const verified = new Set<string>()
  const alone = createTurns()
  let ended = false

  function assertOpen(): void {
    if (ended) throw storeError('TRANSACTION_ENDED', 'Cannot use the transaction: it has ended')
  }

  function end(): void {
    if (!ended) options.ended()
    ended = true
  }

  async function store(wanted: Wanted, body: Body, { offset = 0, signal }: PutOptions): Promise<'stored' | 'present'> {
    assertOpen()
    if (verified.has(wanted.key)) return 'present'
    const before = staged.get(wanted.key) ?? new Uint8Array()
    if (offset > before.length) throw new RangeError(`Only ${before.length} bytes are staged, not ${offset}`)
    const pieces = [before.subarray(0, offset)]
    try {
      for await (const piece of body instanceof Uint8Array ? [body] : body) {
        signal?.throwIfAborted()
        assertOpen()
        pieces.push(Uint8Array.from(piece))
      }
      signal?.throwIfAborted()
    } catch (error) {
      if (!ended) staged.set(wanted.key, Buffer.concat(pieces))
      throw error
    }
    const bytes = Buffer.concat(pieces)
    staged.delete(wanted.key)
    verify(wanted, bytes)
    staged.set(wanted.key, bytes)
    verified.add(wanted.key)
    return 'stored'
  }

  async function* missing(signal?: AbortSignal): AsyncGenerator<Artifact> {
    for (const artifact of wantedArtifacts(changeset)) {
      signal?.throwIfAborted()
      const key = artifactKey(artifact)
      if (verified.has(key)) continue
      const bytes = staged.get(key) ?? blobs.get(key)
      if (bytes !== undefined && hash(digestKind(artifact.digest), bytes, 'hex') === digestHex(artifact.digest)) {
        verified.add(key)
        observe({ type: 'artifact-reused', artifact })
      } else yield artifact
    }
  }

  function commit(final: Changeset): CommitResult {
    if (!isEmptyChangeset(final)) {
      assertComplete(final)
      const keys = [...[...wantedArtifacts(final)].map(artifactKey), ...filesOf(final).map(fileKey)]
      for (const key of keys) {
        const bytes = staged.get(key)
        if (bytes !== undefined) blobs.set(key, bytes)
      }
    }
    const before = head?.generation.number
    const result = options.commit(final, listsAfter(final))
    if (result.status === 'committed' && result.generation.number !== before) report(final, result.generation.number)
    if (final === changeset) staged.clear()
    return result
  }

  function assertComplete(final: Changeset): void {
    const known = new Set(head === undefined ? [] : publishedFiles(head.generation.state).map(fileKey))
    const incomplete = (path: string): Error => storeError('TRANSACTION_INCOMPLETE', `Cannot commit: ${path} was not put`, { details: { path } })
    for (const artifact of wantedArtifacts(final)) if (!verified.has(artifactKey(artifact))) throw incomplete(`${artifact.subdir}/${artifact.name}`)
    for (const file of filesOf(final)) if (!verified.has(fileKey(file)) && !known.has(fileKey(file))) throw incomplete(file.path)
    const bare = final.changes.find((change) => change.reused.after.count > 0 && change.interim === undefined)
    if (bare !== undefined) throw incomplete(`the interim index of ${bare.subdir}`)
  }

  function listsAfter(final: Changeset): MemoryGeneration['artifacts'] {
    const fromNothing = head === undefined || changeset.base !== head.generation.id
    const sets = new Map<SubdirName, ArtifactSet>(fromNothing ? [] : head.artifacts.sets)
    let shards = fromNothing ? [] : head.artifacts.shards
    for (const { state } of final.withdrawn) sets.delete(state.subdir)
    for (const change of final.changes) {
      sets.set(change.subdir, createArtifactSet(change.subdir, changed(sets.get(change.subdir), change)))
      const removed = new Set(change.shardsRemoved.map(fileKey))
      shards = [...shards.filter((file) => !removed.has(fileKey(file))), ...change.shardsAdded]
    }
    const withdrawn = new Set(final.withdrawn.flatMap((gone) => gone.shards.map(fileKey)))
    return { sets, shards: shards.filter((file) => !withdrawn.has(fileKey(file))) }
  }

  function report(final: Changeset, generation: number): void {
    for (const { subdir, reused } of final.changes) {
      observe({ type: 'subdir-switched', subdir })
      for (const after of reused.after) {
        const before = reused.before.find(after.name)
        if (before !== undefined) observe({ type: 'artifact-replaced', before, after })
      }
    }
    observe({ type: 'committed', generation })
  }

  async function abandon(): Promise<void> {
    end()
  }

  return {
    changeset,
    missing(signal) {
      assertOpen()
      return missing(signal)
    },
    async stagedBytes(artifact) {
      assertOpen()
      const length = staged.get(artifactKey(artifact))?.length ?? 0
      return length < artifact.size ? length : 0
    },
    async put(artifact, body, putOptions = {}) {
      assertOpen()
      const wanted = changeset.changes.some(({ add, reused }) => [add, reused.after].some((set) => set.subdir === artifact.subdir && isListed(set, artifact)))
      if (!wanted) throw new RangeError(`${artifact.subdir}/${artifact.name} with ${artifact.digest} is not in the changeset`)
      return alone(artifactKey(artifact), () => store({ key: artifactKey(artifact), label: `${artifact.subdir}/${artifact.name}`, digest: artifact.digest, size: artifact.size }, body, putOptions))
    },
    async putFile(file: PublishedFile, body, putOptions = {}) {
      assertOpen()
      if (head !== undefined && blobs.has(fileKey(file))) verified.add(fileKey(file))
      return alone(fileKey(file), () => store({ key: fileKey(file), label: file.path, digest: createDigest('sha256', file.sha256), size: file.size }, body, putOptions))
    },
    async commit(final = changeset) {
      assertOpen()
      try {
        return commit(final)
      } finally {
        end()
      }
    },
    abandon,
    [Symbol.asyncDispose]: abandon,
  }
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

function* changed(before: ArtifactSet | undefined, { add, remove, reused }: Changeset['changes'][number]): Generator<Artifact> {
  for (const artifact of before ?? []) if (remove.find(artifact.name) === undefined && reused.after.find(artifact.name) === undefined) yield artifact
  yield* add
  yield* reused.after
}

function verify({ label, digest, size }: Wanted, bytes: Uint8Array): void {
  if (bytes.length !== size) {
    throw storeError('SIZE_MISMATCH', `Cannot store ${label}: it has ${bytes.length} bytes instead of ${size}`, { details: { expected: size, found: bytes.length } })
  }
  if (hash(digestKind(digest), bytes, 'hex') !== digestHex(digest)) throw storeError('DIGEST_MISMATCH', `Cannot store ${label}: its bytes are not what the index says`)
}
