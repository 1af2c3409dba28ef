import { isMirrorError } from '@mirror/core'
import { type ChangeNote, CHANGE_KINDS, createDiskStore, type DiskStore, readChanges } from '@mirror/store'
import { compareGenerations } from './compare-generations.ts'

/** What a generation changed, as far as it is known. */
export interface GenerationChanges {
  readonly generation: number
  /** ISO 8601, of the commit; undefined where neither the log nor the store tells. */
  readonly time: string | undefined
  /** Undefined where nobody noted it, and it cannot be found any more. */
  readonly changes: ChangeNote['changes'] | undefined
  /** The nearest ones that the log has. */
  readonly previous: number | undefined
  readonly next: number | undefined
}

const LOG = 500
const REMEMBERED = 8

/** Reads what generations changed: what the store noted, or, where that is not all of it and both generations are kept, by comparing them. */
export interface ChangesReader {
  /** Undefined where there never was such a generation. */
  readonly read: (root: string, generation: number) => Promise<GenerationChanges | undefined>
}

/** Creates a reader that compares one pair at a time and remembers the last few: what a generation changed never changes. */
export function createChangesReader(): ChangesReader {
  const known = new Map<string, ChangeNote>()
  let last: Promise<unknown> = Promise.resolve()

  async function compareOnce(store: DiskStore, { root, generation, id }: { readonly root: string; readonly generation: number; readonly id: string }): Promise<ChangeNote | undefined> {
    const key = `${root}\0${generation}\0${id}`
    const turn = last.then(async () => known.get(key) ?? await compareGenerations(store, generation))
    last = turn.catch(() => undefined)
    const found = await turn
    if (found !== undefined) known.set(key, found)
    const [oldest] = known.keys()
    if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest)
    return found
  }

  async function readNames(store: DiskStore, root: string, generation: number): Promise<ChangeNote | undefined> {
    const noted = await readChanges(store, generation)
    if (noted !== undefined && isWhole(noted)) return noted
    const kept = (await store.read(generation))?.generation
    const compared = kept === undefined ? undefined : await compareOnce(store, { root, generation, id: kept.id })
    return compared ?? noted
  }

  return {
    async read(root, generation) {
      const store = createDiskStore({ root })
      try {
        const log = await store.audit(LOG)
        const line = log.find((one) => one.generation === generation)
        const kept = (await store.read(generation))?.generation
        if (line === undefined && kept === undefined) return undefined
        const numbers = log.map((one) => one.generation)
        return {
          generation, time: line?.time ?? kept?.created,
          changes: (await readNames(store, root, generation))?.changes,
          previous: numbers.findLast((number) => number < generation), next: numbers.find((number) => number > generation),
        }
      } catch (error) {
        if (isMirrorError(error)) return undefined
        throw error
      }
    },
  }
}

function isWhole({ changes }: ChangeNote): boolean {
  return CHANGE_KINDS.every((kind) => changes[kind].count === changes[kind].paths.length)
}
