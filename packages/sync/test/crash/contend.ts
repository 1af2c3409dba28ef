// Takes the lock of a mirror's store as often as it can: node contend.ts <mirror> <attempts>. Prints how often it had it, how often not, and how often it was not alone.
import fs from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createDiskStore } from '@mirror/store'

const [mirror = '', attempts = '0'] = process.argv.slice(2)
const store = createDiskStore({ root: mirror })
const marker = `${mirror}.owner`
const head = await store.head()
if (head === undefined) throw new TypeError('There is no mirror')
const counts = { begun: 0, busy: 0, together: 0 }
for (let count = 0; count < Number(attempts); count += 1) {
  const result = await store.begin({ base: head.id, target: head.state, changes: [], withdrawn: [], filesAdded: [], filesRemoved: [] })
  if (result.status !== 'begun') {
    counts.busy += 1
    await new Promise((resolve) => { setImmediate(resolve) })
    continue
  }
  counts.begun += 1
  try {
    fs.closeSync(fs.openSync(marker, 'wx'))
    fs.readdirSync(join(mirror, '.mirror'))
    fs.unlinkSync(marker)
  } catch {
    counts.together += 1
  }
  await result.transaction.abandon()
}
process.stdout.write(`${JSON.stringify(counts)}\n`)
