import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { type Artifact, type ArtifactSet, createArtifactSet } from '@mirror/core'
import type { SubdirChange } from '@mirror/delta'
import { compareArtifacts, type StoreReader } from '@mirror/store'
import { notWhole } from './adopt-tree.ts'
import type { ApplyPlan } from './plan-apply.ts'

/** What `checkBase` needs to know. */
export interface CheckBaseOptions {
  readonly plan: ApplyPlan
  readonly root: string
  readonly reader: StoreReader | undefined
  /** Compare bytes, not only sizes. */
  readonly deep: boolean
  readonly signal: AbortSignal | undefined
}

/**
 * Makes sure that the target will be whole: what stays is there, by size or by its bytes, and what is new is in the delta or there already, by its bytes. Writes nothing. Throws `DELTA_INCOMPLETE` and names what is not.
 */
export async function checkBase({ plan, root, reader, deep, signal }: CheckBaseOptions): Promise<void> {
  const { changeset, artifacts } = plan
  const absent = changeset.changes.flatMap(({ subdir, add, reused }) => [add, reused.after].map((set) => createArtifactSet(subdir, notIn(set, artifacts))))
  const staying = await stayingSets(plan, reader)
  const faults = await compareArtifacts({ root, sets: deep ? [...absent, ...staying] : absent, threads: 1, ...(signal === undefined ? {} : { signal }) })
  const missing = faults.map(({ path }) => path)
  if (!deep) missing.push(...staying.flatMap((set) => [...otherSizes(root, set)]))
  if (missing.length > 0) throw notWhole(root, missing)
}

function* otherSizes(root: string, set: ArtifactSet): Generator<string> {
  for (const { subdir, name, size } of set) if (lstatSync(join(root, subdir, name), { throwIfNoEntry: false })?.size !== size) yield `${subdir}/${name}`
}

function* notIn(set: ArtifactSet, entries: ApplyPlan['artifacts']): Generator<Artifact> {
  for (const artifact of set) if (!entries.has(`${artifact.subdir}/${artifact.name}`)) yield artifact
}

/** What the base lists and the target still does. */
async function stayingSets({ changeset }: ApplyPlan, reader: StoreReader | undefined): Promise<readonly ArtifactSet[]> {
  const sets: ArtifactSet[] = []
  if (reader === undefined) return sets
  for (const { subdir } of reader.generation.state.subdirs) {
    if (changeset.withdrawn.some(({ state }) => state.subdir === subdir)) continue
    sets.push(createArtifactSet(subdir, withoutChanged(await reader.readArtifacts(subdir), changeset.changes.find((change) => change.subdir === subdir))))
  }
  return sets
}

function* withoutChanged(set: ArtifactSet, change: SubdirChange | undefined): Generator<Artifact> {
  for (const artifact of set) if (change === undefined || (change.remove.find(artifact.name) ?? change.reused.before.find(artifact.name)) === undefined) yield artifact
}
