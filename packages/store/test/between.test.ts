import fs from 'node:fs'
import { join } from 'node:path'
import { createArtifactSet, parseSubdirName } from '@mirror/core'
import { describe } from 'vitest'
import { createDiskIo, createDiskStore, type DiskIo, type StoreEvent } from '../src/index.ts'
import { begun, publish, putAll, wholeChannel } from './support/carry-out.ts'
import { EMPTY_CHANNEL, makeChangeset, makeChannel } from './support/channel.ts'
import { checkInvariant, readTree } from './support/invariant.ts'
import { test } from './support/root-folder.ts'

const ONE = makeChannel({ noarch: { 'a-1.0-0.conda': 'a one' }, 'linux-64': { 'c-1.0-0.conda': 'c one' } })
const TWO = makeChannel({ noarch: { 'a-1.0-0.conda': 'a one', 'd-1.0-0.conda': 'd two' }, 'linux-64': { 'c-1.0-0.conda': 'c one' } })
const AGAIN = makeChannel({ noarch: { 'a-1.0-0.conda': 'OTHER' }, 'linux-64': { 'c-1.0-0.conda': 'c one' } })
const NOARCH = parseSubdirName('noarch')

const noLinks = (): DiskIo => ({ ...createDiskIo(), link: (_, to) => { throw Object.assign(new Error(`EPERM: injected, link ${to}`), { code: 'EPERM', syscall: 'link' }) } })

describe('what someone else does between put and commit', () => {
  for (const [name, io] of [['with hard links', createDiskIo], ['without hard links', noLinks]] as const) {
    const commitBeside = async (root: string, bytes: string): Promise<unknown> => {
      await publish(createDiskStore({ root }), EMPTY_CHANNEL, ONE)
      const plan = makeChangeset(ONE, TWO)
      await using transaction = await begun(createDiskStore({ root, io: io() }), plan.changeset)
      await putAll(transaction, plan)
      fs.writeFileSync(join(root, 'noarch/d-1.0-0.conda'), bytes)
      return await transaction.commit()
    }

    test(`the right bytes come to a name that is to be added, ${name}: they are used`, async ({ expect, root }) => {
      expect(await commitBeside(root, 'd two')).toMatchObject({ status: 'committed' })
      expect(readTree(root)).toEqual(wholeChannel(TWO))
      expect(fs.readdirSync(join(root, '.mirror/objects'))).toEqual([])
      expect(fs.readdirSync(join(root, '.mirror/staging'))).toEqual([])
    })

    test(`other bytes come to it, ${name}: they are set aside until the grace is over`, async ({ expect, root }) => {
      expect(await commitBeside(root, 'of someone else')).toMatchObject({ status: 'committed' })
      expect(readTree(root)).toEqual(wholeChannel(TWO))
      // Under either digest by which an older generation may know them.
      expect(fs.readdirSync(join(root, '.mirror/objects')).map((object) => fs.readFileSync(join(root, '.mirror/objects', object), 'utf8'))).toEqual(['of someone else', 'of someone else'])
    })
  }
})

describe('a name that is used again', () => {
  test('needs no exchange where its new bytes are there already', async ({ expect, root }) => {
    await publish(createDiskStore({ root }), EMPTY_CHANNEL, ONE)
    fs.writeFileSync(join(root, 'noarch/a-1.0-0.conda'), 'OTHER')
    const plan = makeChangeset(ONE, AGAIN)
    await using transaction = await begun(createDiskStore({ root }), plan.changeset)
    expect(await putAll(transaction, plan)).toEqual([])
    expect(await transaction.commit()).toMatchObject({ status: 'committed' })
    expect(readTree(root)).toEqual(wholeChannel(AGAIN))
    expect(fs.readdirSync(join(root, '.mirror/objects'))).toEqual([])
  })

  test('is exchanged though the changeset does not say which bytes it had', async ({ expect, root }) => {
    await publish(createDiskStore({ root }), EMPTY_CHANNEL, ONE)
    const plan = makeChangeset(ONE, AGAIN)
    const changes = plan.changeset.changes.map((change) => ({ ...change, reused: { before: createArtifactSet(NOARCH, []), after: change.reused.after } }))
    const events: StoreEvent[] = []
    const unknown = { ...plan, changeset: { ...plan.changeset, changes } }
    await using transaction = await begun(createDiskStore({ root }), unknown.changeset, { observe: (event) => events.push(event) })
    await putAll(transaction, unknown)
    expect(await transaction.commit()).toMatchObject({ status: 'committed' })
    expect(events.map(({ type }) => type)).not.toContain('artifact-replaced')
    expect(readTree(root)).toEqual(wholeChannel(AGAIN))
    expect(checkInvariant(root)).toEqual([])
  })

  test('is refused without the index that is public while it is exchanged', async ({ expect, root }) => {
    await publish(createDiskStore({ root }), EMPTY_CHANNEL, ONE)
    const plan = makeChangeset(ONE, AGAIN)
    const changes = plan.changeset.changes.map((change) => ({ ...change, interim: undefined, interimShards: [] }))
    const without = { ...plan, changeset: { ...plan.changeset, changes } }
    await using transaction = await begun(createDiskStore({ root }), without.changeset)
    await putAll(transaction, without)
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'TRANSACTION_INCOMPLETE', message: 'Cannot commit: the interim index of noarch was not put' })
    expect(readTree(root)).toEqual(wholeChannel(ONE))
  })
})

describe('a commit', () => {
  test('is refused where the kept copy of an index that stays is gone, and nothing public changes', async ({ expect, root }) => {
    await publish(createDiskStore({ root }), EMPTY_CHANNEL, ONE)
    fs.rmSync(join(root, '.mirror/documents'), { recursive: true })
    fs.mkdirSync(join(root, '.mirror/documents'))
    const plan = makeChangeset(ONE, TWO)
    await using transaction = await begun(createDiskStore({ root }), plan.changeset)
    await putAll(transaction, plan)
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'TRANSACTION_INCOMPLETE', message: expect.stringMatching(/^Cannot commit: linux-64\/repodata\.json\S* was not put$/) })
    expect(checkInvariant(root)).toEqual([])
  })

  test('of many artifacts lets others work in between', async ({ expect, root }) => {
    const many = makeChannel({ noarch: Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`m${index}-1.0-0.conda`, `bytes of ${index}`])) })
    let ticks = 0
    const plan = makeChangeset(EMPTY_CHANNEL, many)
    await using transaction = await begun(createDiskStore({ root }), plan.changeset)
    await putAll(transaction, plan)
    const timer = setInterval(() => { ticks += 1 })
    await transaction.commit()
    clearInterval(timer)
    expect(ticks).toBeGreaterThan(0)
    expect(checkInvariant(root)).toEqual([])
  })
})
