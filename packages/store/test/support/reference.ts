import { EMPTY_STATE, stateId } from '@mirror/delta'
import { createDiskStore, type DiskIo, type DiskStore } from '../../src/index.ts'
import { publish, putAll } from './carry-out.ts'
import { type ChannelFixture, EMPTY_CHANNEL, makeChangeset, makeChannel } from './channel.ts'

/** The reference transaction: two subdirs, four variants, shards, plain files; artifacts kept, added, removed, and one name re-used. */
export const BEFORE: ChannelFixture = makeChannel({
  noarch: { 'kept-1.0-0.conda': 'kept', 'gone-1.0-0.tar.bz2': 'gone' },
  'linux-64': { 'same-1.0-0.conda': 'same', 'again-1.0-0.conda': 'first bytes', 'leaves-1.0-0.conda': 'leaves' },
}, { shards: true, bz2: true, runExports: true, files: { 'tools/latest.sh': 'old tool', 'tools/tool-1.sh': 'tool 1' } })

export const AFTER: ChannelFixture = makeChannel({
  noarch: { 'kept-1.0-0.conda': 'kept', 'new-1.0-0.tar.bz2': 'new' },
  'linux-64': { 'same-1.0-0.conda': 'same', 'again-1.0-0.conda': 'SECOND BYTES', 'comes-1.0-0.conda': 'comes' },
}, { shards: true, runExports: true, files: { 'tools/latest.sh': 'new tool' } })

export const CLOCK = (): Date => new Date(Date.UTC(2026, 0, 1))

export function openReference(root: string, io?: DiskIo): DiskStore {
  return createDiskStore({ root, clock: CLOCK, ...(io === undefined ? {} : { io }) })
}

/** A mirror that has `BEFORE`. */
export async function prepareReference(root: string): Promise<void> {
  await publish(openReference(root), EMPTY_CHANNEL, BEFORE)
}

/** Runs the reference transaction as a sync would, from whatever a broken run left. */
export async function runReference(store: DiskStore): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const head = await store.head()
    if (head?.id === stateId(AFTER.state) && head.state.subdirs.every(({ variants }) => variants.length === 3)) return
    const base = head === undefined || head.id === stateId(EMPTY_STATE) ? EMPTY_CHANNEL : BEFORE
    const plan = makeChangeset(base, AFTER)
    const result = await store.begin(plan.changeset)
    if (result.status === 'stale') continue
    if (result.status === 'busy') throw new Error('busy')
    await using transaction = result.transaction
    await putAll(transaction, plan)
    await transaction.commit()
  }
}

