import fs from 'node:fs'
import { type Artifact, type ArtifactSet, createArtifactSet } from '@mirror/core'
import type { Changeset, PublishedFile } from '@mirror/delta'
import { applyJournal } from './apply-journal.ts'
import { filesOf } from './changeset-files.ts'
import { collectGarbage, WORTH_COLLECTING } from './collect-garbage.ts'
import type { Generation, StoreReader } from './contract.ts'
import type { DiskContext } from './disk-context.ts'
import { DOT_FOLDER, stagedFileName } from './disk-paths.ts'
import { documentPath } from './documents.ts'
import type { StoreEvent } from './events.ts'
import type { KeptDocument, Manifest } from './generation-file.ts'
import { writeJournal } from './journal.ts'
import type { Lock } from './lock.ts'
import { prepareCommit } from './prepare-commit.ts'
import type { Staging } from './staging.ts'
import { storeError } from './store-error.ts'
import type { TrackedArtifacts, TrackedSet } from './tracked-artifacts.ts'

/** All that a transaction on disk has gathered. */
export interface Gathered {
  readonly context: DiskContext
  readonly lock: Lock
  readonly head: Manifest | undefined
  /** Reads the head; asked only when a tree is adopted over it. */
  readonly reader: StoreReader | undefined
  /** What was found not to be right, public files and copies alike. */
  readonly damaged: ReadonlySet<string>
  readonly staging: Staging
  readonly artifacts: TrackedArtifacts
  /** Index files, shards and plain files that are verified, by their names in `staging/`. */
  readonly files: ReadonlyMap<string, 'staged' | 'in-place'>
  readonly observe: (event: StoreEvent) => void
}

/** Publishes what was gathered. Throws `TRANSACTION_INCOMPLETE` before anything public changes. */
export async function commitGathered(gathered: Gathered, final: Changeset): Promise<Generation> {
  const { context, lock, head, artifacts, files, staging, observe } = gathered
  assertComplete(gathered, final)
  const collect = artifacts.sets.some(({ set }) => set.count >= WORTH_COLLECTING) ? collectGarbage : () => undefined
  collect()
  const journal = await prepareCommit(context, {
    changeset: final,
    head,
    documents: intactDocuments(gathered),
    artifacts,
    alsoRemoved: await removedByAdoption(gathered, final),
    isStaged: (file) => files.get(stagedFileName(file)) === 'staged',
    stagedPath: (file) => (files.has(stagedFileName(file)) ? staging.path(stagedFileName(file)) : undefined),
  })
  collect()
  lock.assertHeld()
  await writeJournal(context, journal)
  await applyJournal(context, journal, observe)
  for (const event of replacedNames(final)) observe(event)
  observe({ type: 'committed', generation: journal.manifest.generation.number })
  return journal.manifest.generation
}

/** True when the head has this very file at this very path, and a copy of it is kept: it need not be put. */
export function isKept({ context, head, damaged }: Pick<Gathered, 'context' | 'head' | 'damaged'>, file: PublishedFile): boolean {
  if (damaged.has(file.path)) return false
  const listed = head?.generation.state.subdirs.some((subdir) => [subdir.document, ...subdir.variants].some(({ path, sha256 }) => path === file.path && sha256 === file.sha256))
  const document = listed === true ? intactDocuments({ head, damaged }).find(({ sha256 }) => sha256 === file.sha256) : undefined
  return document !== undefined && fs.existsSync(documentPath(context, document))
}

/** The copies that the head keeps, but for those that are damaged. */
function intactDocuments({ head, damaged }: Pick<Gathered, 'head' | 'damaged'>): readonly KeptDocument[] {
  return (head?.documents ?? []).filter(({ file }) => !damaged.has(`${DOT_FOLDER}/documents/${file}`))
}

function incomplete(path: string): Error {
  return storeError('TRANSACTION_INCOMPLETE', `Cannot commit: ${path} was not put`, { details: { path } })
}

/** What the changeset lists, though it be narrower than that of `begin`, must be among what was put, and every file with it. */
function assertComplete(gathered: Gathered, final: Changeset): void {
  for (const change of final.changes) {
    for (const set of [change.add, change.reused.after]) assertSetComplete(gathered, set)
    if (change.reused.after.count > 0 && change.interim === undefined) throw incomplete(`the interim index of ${change.subdir}`)
  }
  for (const file of filesOf(final)) if (!gathered.files.has(stagedFileName(file)) && !isKept(gathered, file)) throw incomplete(file.path)
}

function assertSetComplete({ artifacts }: Gathered, set: ArtifactSet): void {
  const own = artifacts.sets.find((tracked) => tracked.set === set)
  if (own !== undefined) return assertTracked(own)
  for (const artifact of set) {
    const place = artifacts.find(artifact)
    if (place === undefined || place.tracked.at(place.position) === 'needed') throw incomplete(`${artifact.subdir}/${artifact.name}`)
  }
}

/** Without an object for each of a million artifacts. */
function assertTracked({ set, at }: TrackedSet): void {
  for (let position = 0; position < set.count; position += 1) if (at(position) === 'needed') throw incomplete(`${set.subdir}/${set.at(position).name}`)
}

/** When a tree is adopted, the changeset starts from nothing, and does not know what the head lists beyond its target. */
async function removedByAdoption({ head, reader }: Gathered, final: Changeset): Promise<readonly ArtifactSet[]> {
  if (head === undefined || reader === undefined || final.base === head.generation.id) return []
  const sets: ArtifactSet[] = []
  for (const { subdir } of head.generation.state.subdirs) {
    const wanted = final.changes.find((change) => change.subdir === subdir)?.add
    sets.push(createArtifactSet(subdir, withoutNames(await reader.readArtifacts(subdir), wanted)))
  }
  return sets
}

function* withoutNames(set: ArtifactSet, names: ArtifactSet | undefined): Generator<Artifact> {
  for (const artifact of set) if (names?.find(artifact.name) === undefined) yield artifact
}

/** One event for each name that has other bytes now. */
export function* replacedNames({ changes }: Changeset): Generator<StoreEvent> {
  for (const { reused } of changes) {
    for (const after of reused.after) {
      const before = reused.before.find(after.name)
      if (before !== undefined) yield { type: 'artifact-replaced', before, after }
    }
  }
}
