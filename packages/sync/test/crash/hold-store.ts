// Holds the lock of a mirror's store until it is ended: node hold-store.ts <mirror>
import process from 'node:process'
import { EMPTY_STATE } from '@mirror/delta'
import { createDiskStore } from '@mirror/store'

const store = createDiskStore({ root: process.argv[2] ?? '' })
const head = await store.head()
if (head === undefined) throw new TypeError('There is no mirror')
const { status } = await store.begin({ base: head.id, target: EMPTY_STATE, changes: [], withdrawn: [], filesAdded: [], filesRemoved: [] })
process.stdout.write(status === 'begun' ? 'holding\n' : 'not holding\n')
setInterval(() => undefined, 1000)
