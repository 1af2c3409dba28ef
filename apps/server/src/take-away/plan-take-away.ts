import { isMirrorError } from '@mirror/core'
import { describeGeneration, type GenerationDelta, planGeneration, readReference, type ReferenceChannel } from '@mirror/difftar'
import { createDiskStore, type DiskStore, type StoreReader } from '@mirror/store'

/** What is to be planned. */
export interface TakeAwayJob {
  /** Where the channel's store lies. */
  readonly root: string
  /** Where the channel lies in the mirror. */
  readonly folder: string
  readonly target: number
  readonly base: { readonly kind: 'nothing' } | { readonly kind: 'generation'; readonly number: number } | { readonly kind: 'reference'; readonly path: string }
}

/** What came of it. */
export type TakeAwayPlan =
  /** `isKnown`: the other side has some of the channel. */
  | { readonly status: 'planned'; readonly delta: GenerationDelta; readonly isKnown: boolean }
  | { readonly status: 'too-many'; readonly entries: number }
  /** A generation is not kept any more. */
  | { readonly status: 'gone' }
  /** The reference cannot be read, or the mirror is damaged; `message` may be shown. */
  | { readonly status: 'refused'; readonly message: string }

/** The manifest of more would be larger than a reader takes. */
const MOST_ENTRIES = 250_000

/** Plans a delta to take away. */
export async function planTakeAway(job: TakeAwayJob): Promise<TakeAwayPlan> {
  const store = createDiskStore({ root: job.root })
  try {
    const reader = await store.read(job.target)
    const base = reader === undefined ? 'gone' : await describeBase(job, store, reader)
    if (reader === undefined || base === 'gone') return { status: 'gone' }
    const planned = await planGeneration(reader, { folder: base?.folder ?? job.folder, base, maximum: MOST_ENTRIES })
    return planned.status === 'planned' ? { ...planned, isKnown: base !== undefined } : planned
  } catch (error) {
    if (!isMirrorError(error)) throw error
    return { status: 'refused', message: TOLD.get(error.code) ?? 'The mirror is damaged: verify it.' }
  }
}

async function describeBase({ base, folder, root }: TakeAwayJob, store: DiskStore, reader: StoreReader): Promise<ReferenceChannel | 'gone' | undefined> {
  switch (base.kind) {
    case 'nothing':
      return undefined
    case 'generation':
      return await describeKept(store, folder, base.number)
    case 'reference':
      return readUploaded(base.path, { root, folder, subdirs: reader.generation.state.subdirs.map(({ subdir }) => subdir) })
  }
}

/** Messages of errors name files of this machine: these do not. */
const TOLD: ReadonlyMap<string, string> = new Map([
  ['REFERENCE_INVALID', 'This is no reference that can be read, or it is damaged. Make a new one with conda-diff-tar --reference.'],
  ['REFERENCE_NOT_FOUND', 'The reference is not here any more: upload it again.'],
])

async function describeKept(store: DiskStore, folder: string, number: number): Promise<ReferenceChannel | 'gone'> {
  const reader = await store.read(number)
  return reader === undefined ? 'gone' : await describeGeneration(folder, reader)
}

/** The part of the reference that is about the channel; a reference of one channel alone, which lies in no folder, is about it, too. */
function readUploaded(path: string, channel: Parameters<typeof readReference>[1][number]): ReferenceChannel | undefined {
  const { channels } = readReference(path, [channel])
  const [only] = channels
  return channels.find(({ folder }) => folder === channel.folder) ?? (channels.length === 1 && only?.folder === '' ? only : undefined)
}
