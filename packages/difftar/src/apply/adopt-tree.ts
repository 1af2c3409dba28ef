import { join } from 'node:path'
import { type Artifact, createArtifactSet, digestHex } from '@mirror/core'
import { type Changeset, type DeltaChannel, EMPTY_STATE, parseArtifactPath, type PublishedFile, stateId, type SubdirChange } from '@mirror/delta'
import type { DiskStore, Generation } from '@mirror/store'
import { difftarError } from '../difftar-error.ts'
import type { DifftarEvent } from '../events.ts'
import { digestOfFile } from '../files/digest-of-file.ts'
import { asSha256 } from '../tree/read-subdir.ts'
import type { TreeChannel } from '../tree/read-tree.ts'
import { type FileToPut, readPublic } from './files-to-put.ts'
import { locked } from './ground.ts'

/** What `adoptTree` needs to know. */
export interface AdoptTreeOptions {
  readonly tree: TreeChannel
  readonly store: DiskStore
  /** Artifacts and shards that may be left from an earlier state, by path; those that are there go to the trash. */
  readonly remove: DeltaChannel['remove']
  readonly signal: AbortSignal | undefined
  readonly observe: (event: DifftarEvent) => void
}

/**
 * Takes over a tree as it lies: its indexes become the newest generation, byte for byte, when every artifact that they list is there and right. Otherwise it throws `DELTA_INCOMPLETE`, and nothing public changes.
 */
export async function adoptTree({ tree, store, remove, signal, observe }: AdoptTreeOptions): Promise<Generation> {
  const { root, folder } = tree
  observe({ type: 'channel-adopting', folder })
  const changeset = await planAdoption(tree, { head: await store.head(), remove })
  const options = signal === undefined ? {} : { signal }
  const begun = await store.begin(changeset, { adopt: true, observe, ...options })
  if (begun.status !== 'begun') throw locked(root)
  await using transaction = begun.transaction
  const missing: string[] = []
  for await (const { subdir, name } of transaction.missing(signal)) missing.push(`${subdir}/${name}`)
  if (missing.length > 0) throw notWhole(root, missing)
  for (const { file, open } of filesOf(changeset, root)) await transaction.putFile(file, open(), options)
  const result = await transaction.commit()
  if (result.status !== 'committed') throw locked(root)
  return result.generation
}

/** From nothing to what lies there: so all of it is verified. */
async function planAdoption(tree: TreeChannel, { head, remove }: { readonly head: Generation | undefined; readonly remove: readonly string[] }): Promise<Changeset> {
  const { current, indexes, shards } = tree
  const gone = await findLeft(tree, head === undefined ? remove : remove.filter((path) => parseArtifactPath(path) === undefined))
  const changes = current.state.subdirs.flatMap((target) => indexes.filter(({ subdir }) => subdir === target.subdir).map(({ subdir, artifacts }): SubdirChange => {
    const none = createArtifactSet(subdir, [])
    return {
      subdir, target, add: artifacts, remove: createArtifactSet(subdir, gone.artifacts.filter((artifact) => artifact.subdir === subdir)), reused: { before: none, after: none }, relisted: 0,
      interim: undefined, interimShards: [], shardsAdded: [...shards].filter(([owner]) => owner === subdir).flatMap(([, files]) => files), shardsRemoved: gone.shards.filter(({ path }) => path.startsWith(`${subdir}/`)),
    }
  }))
  const withdrawn = (head?.state.subdirs ?? []).filter(({ subdir }) => changes.every((change) => change.subdir !== subdir))
  return {
    base: stateId(EMPTY_STATE), target: current.state, changes, filesAdded: current.state.files,
    withdrawn: withdrawn.map((state) => ({ state, artifacts: createArtifactSet(state.subdir, []), shards: [] })),
    filesRemoved: (head?.state.files ?? []).filter(({ path }) => current.state.files.every((file) => file.path !== path)),
  }
}

function filesOf({ changes, filesAdded }: Changeset, root: string): readonly FileToPut[] {
  const files = [...changes.flatMap(({ target, shardsAdded }) => [...shardsAdded, ...target.variants, target.document]), ...filesAdded]
  return files.map((file) => ({ file, open: () => readPublic(root, file.path) }))
}

/** The error for a mirror that lacks what its own indexes list. */
export function notWhole(root: string, missing: readonly string[]): Error {
  const more = missing.length > 5 ? ` and ${missing.length - 5} more` : ''
  return difftarError('DELTA_INCOMPLETE', `Cannot use the mirror ${root}: ${missing.slice(0, 5).join(', ')}${more} ${missing.length === 1 ? 'is' : 'are'} missing or damaged, and not in the delta`, {
    hint: 'Bring a delta that has them: one from nothing, or one that the request file asks for. What is public was not changed.', details: { missing: missing.slice(0, 1000) },
  })
}

interface Left {
  readonly artifacts: readonly Artifact[]
  readonly shards: readonly PublishedFile[]
}

/** What is left of earlier states and listed by nothing. Of artifacts that a head lists, the store itself knows. */
async function findLeft({ root, indexes, shards }: TreeChannel, remove: readonly string[]): Promise<Left> {
  const artifacts: Artifact[] = []
  const left: PublishedFile[] = []
  const listed = new Set([...shards.values()].flatMap((ofSubdir) => ofSubdir.map(({ path }) => path)))
  for (const path of remove) {
    const artifact = parseArtifactPath(path)
    const index = indexes.find(({ subdir }) => path.startsWith(`${subdir}/`))
    if (index === undefined || listed.has(path) || (artifact !== undefined && index.artifacts.find(artifact.name) !== undefined)) continue
    const file = await digestOfFile(join(root, path))
    if (file === undefined) continue
    if (artifact === undefined) left.push({ path, sha256: asSha256(digestHex(file.digest)), size: file.size })
    else artifacts.push({ ...artifact, ...file })
  }
  return { artifacts, shards: left }
}
