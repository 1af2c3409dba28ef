import fs from 'node:fs'
import { join } from 'node:path'
import { describe } from 'vitest'
import { createDiskStore, type DiskStore } from '../src/index.ts'
import { begun, bytesOf, publish, putAll } from './support/carry-out.ts'
import { EMPTY_CHANNEL, makeChangeset, makeChannel } from './support/channel.ts'
import { createFaultyIo } from './support/faulty-io.ts'
import { test } from './support/root-folder.ts'

const CONTENT = { noarch: { 'a-1.0-0.conda': 'a one' } }
const DESCRIBED = makeChannel(CONTENT, { files: { 'channeldata.json': '{"packages":{"a":{}}}', 'tools/x.sh': 'x' } })
const PLAIN = makeChannel(CONTENT, { files: {} })
const DAY = 86_400_000

const PATH = 'channeldata.json'

async function readOf(store: DiskStore, generation: number): Promise<string> {
  const reader = await store.read(generation)
  return reader === undefined ? 'no reader' : bytesOf(await reader.openFile(PATH))
}

describe('a description of the channel that upstream does not have any more', () => {
  test('goes at the switch, where other plain files wait for the grace, and stays for those who read an older generation', async ({ expect, root }) => {
    const store = createDiskStore({ root, keep: 1 })
    await publish(store, EMPTY_CHANNEL, DESCRIBED)
    await publish(store, DESCRIBED, PLAIN)
    expect(fs.existsSync(join(root, PATH))).toBe(false)
    expect(fs.existsSync(join(root, 'tools/x.sh'))).toBe(true)
    expect(await readOf(store, 1)).toBe('{"packages":{"a":{}}}')
    expect(await readOf(store, 2)).toBe('absent')

    await store.tidy({ grace: DAY })
    expect(await readOf(store, 1)).toBe('{"packages":{"a":{}}}')
    await store.tidy({ grace: 0 })
    expect(await readOf(store, 1), 'a generation that is kept').toBe('{"packages":{"a":{}}}')
    await createDiskStore({ root, keep: 0 }).tidy({ grace: 0 })
    expect(await store.read(1)).toBeUndefined()
    expect(fs.readdirSync(join(root, '.mirror/objects'))).toEqual([])
    expect(fs.existsSync(join(root, 'tools'))).toBe(false)
  })

  test('goes at the switch wherever the commit is killed, and never before', async ({ expect, root }) => {
    await publish(createDiskStore({ root }), EMPTY_CHANNEL, DESCRIBED)
    const plan = makeChangeset(DESCRIBED, PLAIN)
    const seen = new Set<string>()
    for (let at = 0; ; at += 1) {
      const copy = `${root}-${at}`
      fs.cpSync(root, copy, { recursive: true })
      const store = createDiskStore({ root: copy, keep: 1, io: createFaultyIo({ fault: { type: 'crash', at, when: 'after' } }) })
      const isWhole = await begun(store, plan.changeset).then(async (transaction) => {
        await using open = transaction
        await putAll(open, plan)
        await open.commit()
        return true
      }).catch(() => false)
      const hasJournal = fs.readdirSync(join(copy, '.mirror/journal')).length > 0
      const wasPublic = fs.existsSync(join(copy, PATH))
      const recovered = createDiskStore({ root: copy, keep: 1 })
      await recovered.tidy({ grace: DAY })
      const number = (await recovered.head())?.number
      seen.add(`${hasJournal ? 'journal' : 'none'} ${wasPublic ? 'public' : 'gone'} ${number}`)
      expect(fs.existsSync(join(copy, PATH)), `killed after ${at}`).toBe(number === 1)
      if (number === 1) expect(wasPublic).toBe(true)
      expect(await readOf(recovered, 1)).toBe('{"packages":{"a":{}}}')
      fs.rmSync(copy, { recursive: true })
      if (isWhole) break
    }
    expect([...seen].toSorted()).toEqual(['journal gone 2', 'journal public 2', 'none gone 2', 'none public 1'])
  })
})
