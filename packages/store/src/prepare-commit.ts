import fs from 'node:fs'
import { join } from 'node:path'
import { type Artifact, type ArtifactSet, createDigest } from '@mirror/core'
import { type Changeset, changesetTotals, EMPTY_STATE, type PublishedFile, targetId } from '@mirror/delta'
import { createFileAdder, type FileAdder } from './add-files.ts'
import { interimSteps, plainFileSteps, type SizedSwap, targetSteps } from './commit-steps.ts'
import { breathe, type DiskContext } from './disk-context.ts'
import { DESCRIPTIONS, objectName, parentOf, stagedArtifactName } from './disk-paths.ts'
import { writeNewFile } from './disk-write.ts'
import { keepDocuments } from './documents.ts'
import type { KeptDocument, Manifest } from './generation-file.ts'
import type { CommitCounts, Journal } from './journal.ts'
import { linkOrCopy, setAside } from './link-or-copy.ts'
import type { TrackedArtifacts, Whereabouts } from './tracked-artifacts.ts'
import { formatTrash, type TrashEntry } from './trash.ts'

/** What a commit is prepared from. All that the changeset wants is verified and durable. */
export interface PrepareCommitOptions {
  readonly changeset: Changeset
  readonly head: Manifest | undefined
  /** The copies of index files that can be relied on. */
  readonly documents: readonly KeptDocument[]
  readonly artifacts: TrackedArtifacts
  /** True for files whose verified bytes lie in `staging/`. */
  readonly isStaged: (file: PublishedFile) => boolean
  /** The path of such bytes. */
  readonly stagedPath: (file: PublishedFile) => string | undefined
  /** Artifacts that the head lists and the target does not, beside those that the changeset itself removes. */
  readonly alsoRemoved: readonly ArtifactSet[]
}

/** Adds what is new under its public names, keeps copies of the indexes, and answers what is left to do. Until then readers see nothing of it. */
export async function prepareCommit(context: DiskContext, options: PrepareCommitOptions): Promise<Journal> {
  const { changeset, head, isStaged, stagedPath } = options
  const { io, paths } = context
  const number = (head?.generation.number ?? 0) + 1
  const adder = createFileAdder(context)
  await addArtifacts(context, options, adder)
  await addFiles(context, options, adder)
  const aside = [...await setAsidePlain(context, options), ...await adder.finish()]

  const documents = await keepDocuments(context, changeset.target, { known: options.documents, staged: stagedPath })
  const steps = { context, changeset, base: head?.generation.state ?? EMPTY_STATE, isStaged }
  const swaps = await swapSteps(context, options)
  const files = plainFileSteps(steps)
  const created = creationTime(context, head)
  const objects = [...aside, ...swaps.flatMap(objectOf), ...files.flatMap(objectOf)]
  const trash = await writeTrash(context, options, { number, created, objects })
  const journal: Journal = {
    manifest: { generation: { number, created, state: changeset.target, id: targetId(changeset) }, documents },
    interim: interimSteps(steps),
    swaps: swaps.map(({ path, staged, object }) => ({ path, staged, object })),
    target: targetSteps(steps),
    files: files.map(({ path, staged, object }) => ({ path, staged, object })),
    trash,
    counts: countsOf(changeset, options.alsoRemoved),
  }
  await io.syncDirectory(paths.documents)
  await io.syncDirectory(paths.staging)
  return journal
}

/** Shards get their names like artifacts; index files and plain files come later, into folders that are there. */
async function addFiles({ paths }: DiskContext, { changeset, isStaged }: PrepareCommitOptions, adder: FileAdder): Promise<void> {
  for (const file of newShards(changeset)) {
    if (isStaged(file)) await adder.addFile(file)
    else await adder.openFolder(paths.public(parentOf(file.path)))
  }
  for (const { subdir } of changeset.changes) await adder.openFolder(paths.public(subdir))
  for (const file of changeset.filesAdded) await adder.openFolder(join(paths.root, parentOf(file.path)))
}

/** Something that is none of our plain files, and has other bytes, has the path of one. */
async function setAsidePlain(context: DiskContext, { changeset, head, isStaged }: PrepareCommitOptions): Promise<readonly TrashEntry[]> {
  const entries: TrashEntry[] = []
  for (const added of changeset.filesAdded) {
    const { path } = added
    const isOurs = head?.generation.state.files.some((file) => file.path === path) === true
    if (!isOurs && isStaged(added) && fs.existsSync(context.paths.public(path))) entries.push(...await setAside(context, path))
  }
  if (entries.length > 0) await context.io.syncDirectory(context.paths.objects)
  return entries
}

async function addArtifacts(context: DiskContext, { changeset, artifacts }: PrepareCommitOptions, adder: FileAdder): Promise<void> {
  for (const { add } of changeset.changes) {
    const own = artifacts.sets.find(({ set }) => set === add)
    for (let position = 0; position < add.count; position += 1) {
      if (position % 512 === 511) await breathe()
      // No object is made for what is in place: of a tree that is taken over, that may be a million.
      const where = own === undefined ? whereabouts(artifacts, add.at(position)) : own.at(position)
      if (where === 'in-place') continue
      const artifact = add.at(position)
      if (where === 'set-aside') await takeBack(context, artifact)
      await adder.addArtifact(artifact)
    }
  }
}

function whereabouts(artifacts: TrackedArtifacts, artifact: Artifact): Whereabouts | undefined {
  const place = artifacts.find(artifact)
  return place?.tracked.at(place.position)
}

/** Bytes in `objects/` stay there for the generations that need them, and get a name in `staging/` as if they had been put. */
async function takeBack(context: DiskContext, artifact: Artifact): Promise<void> {
  await linkOrCopy(context, join(context.paths.objects, objectName(artifact.digest)), join(context.paths.staging, stagedArtifactName(artifact)))
}

/** How the bytes under re-used names are exchanged. */
async function swapSteps(context: DiskContext, { changeset, artifacts }: PrepareCommitOptions): Promise<readonly SizedSwap[]> {
  const swaps: SizedSwap[] = []
  for (const { reused } of changeset.changes) {
    for (const after of reused.after) {
      const before = reused.before.find(after.name)
      const where = whereabouts(artifacts, after)
      if (where === 'in-place') continue
      if (where === 'set-aside') await takeBack(context, after)
      const object = before === undefined ? undefined : objectName(before.digest)
      swaps.push({ path: `${after.subdir}/${after.name}`, staged: stagedArtifactName(after), object, size: before?.size ?? 0 })
    }
  }
  return swaps
}

function objectOf({ object, path, size }: SizedSwap): readonly TrashEntry[] {
  return object === undefined ? [] : [{ object, path, size }]
}

/** Shards of the target and of the interim indexes. */
function newShards(changeset: Changeset): readonly PublishedFile[] {
  return changeset.changes.flatMap((change) => [...change.shardsAdded, ...change.interimShards])
}

/** Never before the last generation, whatever the clock says. */
function creationTime({ clock }: DiskContext, head: Manifest | undefined): string {
  const now = clock().toISOString()
  return head !== undefined && head.generation.created > now ? head.generation.created : now
}

interface TrashOptions {
  readonly number: number
  readonly created: string
  readonly objects: readonly TrashEntry[]
}

/** Lists what the new generation stops referencing, in `staging/` until it is published; undefined when there is nothing. */
async function writeTrash(context: DiskContext, { changeset, alsoRemoved }: PrepareCommitOptions, { number, created, objects }: TrashOptions): Promise<string | undefined> {
  const sets = [...removedSets(changeset), ...alsoRemoved]
  const target = new Set(changeset.changes.flatMap((change) => change.shardsAdded.map((file) => file.path)))
  const shards = [...changeset.changes.flatMap((change) => [...change.shardsRemoved, ...change.interimShards]), ...changeset.withdrawn.flatMap((gone) => gone.shards)]
  const files = [...shards.filter((file) => !target.has(file.path)), ...changeset.filesRemoved.filter(({ path }) => !DESCRIPTIONS.has(path))]
  const count = objects.length + files.length + sets.reduce((sum, set) => sum + set.count, 0)
  if (count === 0) return undefined
  const bytes = [...objects, ...files].reduce((sum, { size }) => sum + size, 0) + sets.reduce((sum, set) => sum + set.bytes, 0)
  const name = `trash-${number}`
  const pieces = formatTrash({ generation: number, time: created, count, bytes }, trashEntries({ objects, files, sets }))
  await writeNewFile(context.io, join(context.paths.staging, name), { pieces, mode: context.fileMode })
  return name
}

function removedSets(changeset: Changeset): readonly ArtifactSet[] {
  return [...changeset.changes.map((change) => change.remove), ...changeset.withdrawn.map((gone) => gone.artifacts)]
}

function* trashEntries({ objects, files, sets }: { readonly objects: readonly TrashEntry[]; readonly files: readonly PublishedFile[]; readonly sets: readonly ArtifactSet[] }): Generator<TrashEntry> {
  yield* objects
  for (const { path, sha256, size } of files) yield { path, digest: createDigest('sha256', sha256), size }
  for (const set of sets) for (const { subdir, name, digest, size } of set) yield { path: `${subdir}/${name}`, digest, size }
}

function countsOf(changeset: Changeset, alsoRemoved: readonly ArtifactSet[]): CommitCounts {
  const { add, remove, reused } = changesetTotals(changeset)
  return { add, remove: remove + alsoRemoved.reduce((sum, set) => sum + set.count, 0), reused }
}
