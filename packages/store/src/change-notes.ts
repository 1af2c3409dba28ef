import { type ArtifactSet, isArtifactName, isJsonObject, isMirrorError, isSubdirName } from '@mirror/core'
import type { Changeset } from '@mirror/delta'
import type { Store } from './contract.ts'

/** What can become of an artifact between two generations: `replaced` has other bytes under its name, `relisted` another record with the same bytes. */
export const CHANGE_KINDS = ['added', 'removed', 'replaced', 'relisted'] as const

/** One of `CHANGE_KINDS`. */
export type ChangeKind = (typeof CHANGE_KINDS)[number]

/** Artifacts of one kind. */
export interface NotedArtifacts {
  /** How many there are. */
  readonly count: number
  /** `<subdir>/<artifact name>`, by subdir and name: all of them, or the first 5,000. */
  readonly paths: readonly string[]
}

/** What a generation changed over the one before it. */
export interface ChangeNote {
  readonly generation: number
  readonly changes: Readonly<Record<ChangeKind, NotedArtifacts>>
}

const NAMED = 5000
/** As many as there are notes of runs. */
const KEPT = 500

/** The name of the note. The note of a generation takes the place of that of the one 500 before it, so that none has to be removed. */
export function changeMemo(generation: number): string {
  return `changes-${generation % KEPT}`
}

/** Describes what a changeset changes over the generation that it starts from. Takes no more memory for a million names than for 5,000. */
export function describeChanges({ changes, withdrawn }: Changeset, generation: number): ChangeNote {
  return {
    generation,
    changes: {
      added: nameSome(changes.map(({ add }) => add)),
      removed: nameSome([...changes.map(({ remove }) => remove), ...withdrawn.map(({ artifacts }) => artifacts)]),
      replaced: nameSome(changes.map(({ reused }) => reused.after)),
      relisted: { ...nameSome(changes.flatMap(({ relistedSome }) => relistedSome ?? [])), count: changes.reduce((sum, { relisted }) => sum + relisted, 0) },
    },
  }
}

function nameSome(sets: readonly ArtifactSet[]): NotedArtifacts {
  const count = sets.reduce((sum, set) => sum + set.count, 0)
  const paths: string[] = []
  for (const set of sets) {
    for (const { subdir, name } of set) {
      if (paths.length === NAMED) return { count, paths }
      paths.push(`${subdir}/${name}`)
    }
  }
  return { count, paths }
}

/** Notes what a commit changed. That the note cannot be kept is no matter: what was published is published. */
export async function noteChanges(store: Pick<Store, 'writeMemo'>, note: ChangeNote): Promise<void> {
  try {
    await store.writeMemo(changeMemo(note.generation), note)
  } catch (error) {
    if (!isMirrorError(error)) throw error
  }
}

/** Reads what a generation changed. Undefined where nobody noted it: of the first one, of a tree that was taken over, and of those long ago. */
export async function readChanges(store: Pick<Store, 'readMemo'>, generation: number): Promise<ChangeNote | undefined> {
  const memo = await store.readMemo(changeMemo(generation))
  if (!isJsonObject(memo) || memo['generation'] !== generation) return undefined
  const { changes } = memo
  const [added, removed, replaced, relisted] = CHANGE_KINDS.map((kind) => readNoted(isJsonObject(changes) ? changes[kind] : undefined))
  return added === undefined || removed === undefined || replaced === undefined || relisted === undefined ? undefined : { generation, changes: { added, removed, replaced, relisted } }
}

function readNoted(value: unknown): NotedArtifacts | undefined {
  const { count, paths } = isJsonObject(value) ? value : {}
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || !Array.isArray(paths) || paths.length > Math.min(count, NAMED)) return undefined
  const named = paths.filter((path: unknown) => typeof path === 'string' && isArtifactPath(path))
  return named.length === paths.length ? { count, paths: named } : undefined
}

function isArtifactPath(path: string): boolean {
  const slash = path.indexOf('/')
  return isSubdirName(path.slice(0, slash)) && isArtifactName(path.slice(slash + 1))
}
