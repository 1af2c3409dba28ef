// Holds a store's lock until it is killed: node hold-lock.ts <root>
import process from 'node:process'
import { createDiskStore } from '../../src/index.ts'

const store = createDiskStore({ root: process.argv[2] ?? '' })
const head = await store.head()
if (head === undefined) throw new Error('no head')
const result = await store.begin({ base: head.id, target: head.state, changes: [], withdrawn: [], filesAdded: [], filesRemoved: [] })
process.stdout.write(result.status === 'begun' ? 'busy here\n' : 'not begun\n')
setInterval(() => undefined, 1000)
