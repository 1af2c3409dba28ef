import { describe, test as base } from 'vitest'
import { CHANGE_KINDS, readChanges } from '../src/index.ts'
import type { StoreFixture } from './conformance.ts'
import { begun, carryOut, publish, readWhole, wholeChannel } from './support/carry-out.ts'
import { EMPTY_CHANNEL, makeChangeset, makeChannel } from './support/channel.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

const ONE = makeChannel({ noarch: { 'a-1.0-0.conda': 'a one', 'b-1.0-0.tar.bz2': 'b one' }, 'linux-64': { 'c-1.0-0.conda': 'c one' } }, { shards: true })
const TWO = makeChannel({ noarch: { 'a-1.0-0.conda': 'a one', 'b-2.0-0.tar.bz2': 'b two' }, 'linux-64': { 'c-1.0-0.conda': 'C AGAIN' } }, { shards: true })
const THREE = makeChannel({ noarch: { 'a-2.0-0.conda': 'a two' }, 'linux-64': { 'c-1.0-0.conda': 'C AGAIN' } }, { shards: true })
const SUBDIRS = [...ONE.subdirs.keys()]

/** What of the contract of `Store` is about keeping older generations. */
export function testKeeping(name: string, open: (keep: number) => Promise<StoreFixture>): void {
  const test = base.extend<{ keep: number; fixture: StoreFixture }>({
    keep: 0,
    // oxlint-disable-next-line no-empty-pattern
    fixture: async ({ keep }, use) => {
      const fixture = await open(keep)
      await use(fixture)
      await fixture.dispose?.()
    },
  })

  describe(`${name}: what each generation changed`, () => {
    test('is noted by name, but for the first, and may be lost', async ({ expect, fixture: { store } }) => {
      await publish(store, EMPTY_CHANNEL, ONE)
      await publish(store, ONE, TWO)
      await publish(store, TWO, THREE)
      expect(await readChanges(store, 1)).toBeUndefined()
      const none = { count: 0, paths: [] }
      expect(await readChanges(store, 2)).toEqual({
        generation: 2,
        changes: {
          added: { count: 1, paths: ['noarch/b-2.0-0.tar.bz2'] }, removed: { count: 1, paths: ['noarch/b-1.0-0.tar.bz2'] },
          replaced: { count: 1, paths: ['linux-64/c-1.0-0.conda'] }, relisted: none,
        },
      })
      expect((await readChanges(store, 3))?.changes).toMatchObject({ added: { paths: ['noarch/a-2.0-0.conda'] }, removed: { paths: ['noarch/a-1.0-0.conda', 'noarch/b-2.0-0.tar.bz2'] } })
      // The note of a generation takes the place of an older one, and is not taken for it.
      expect(await readChanges(store, 502)).toBeUndefined()
      for (const damaged of [null, [], { generation: 2 }, { generation: 2, changes: Object.fromEntries(CHANGE_KINDS.map((kind) => [kind, { count: 1, paths: ['../../x'] }])) }]) {
        await store.writeMemo('changes-2', damaged)
        expect(await readChanges(store, 2)).toBeUndefined()
      }
    })

    test('names the first 5,000 of what is added, and counts the rest; of a state that is adopted anew nobody knows', async ({ expect, fixture: { store } }) => {
      await publish(store, EMPTY_CHANNEL, ONE)
      const many = makeChannel({ noarch: Object.fromEntries(Array.from({ length: 5001 }, (_, at) => [`m${String(at).padStart(4, '0')}-1.0-0.conda`, `${at}`])), 'linux-64': ONE.content['linux-64'] ?? {} }, { shards: true })
      await publish(store, ONE, many)
      const { added, removed } = (await readChanges(store, 2))?.changes ?? {}
      expect([added?.count, added?.paths.length, added?.paths[0], added?.paths.at(-1), removed?.count]).toEqual([5001, 5000, 'noarch/m0000-1.0-0.conda', 'noarch/m4999-1.0-0.conda', 2])
      expect(await carryOut(store, makeChangeset(EMPTY_CHANNEL, THREE), { adopt: true })).toMatchObject({ status: 'committed', generation: { number: 3 } })
      expect(await readChanges(store, 3)).toBeUndefined()
    })
  })

  describe(`${name}: snapshots`, () => {
    test('generations() tells what can be read, newest first, until it is given up', async ({ expect, fixture: { store, pass } }) => {
      expect(await store.generations()).toEqual([])
      const first = await publish(store, EMPTY_CHANNEL, ONE)
      pass(HOUR)
      const second = await publish(store, ONE, TWO)
      expect(await store.generations()).toEqual([second, first])
      pass(DAY)
      expect(await store.tidy({ grace: DAY })).toMatchObject({ dropped: [1] })
      expect(await store.generations()).toEqual([second])
    })

    test('a named generation is read as it was, whatever the grace; without the name it goes', async ({ expect, fixture: { store, pass } }) => {
      await publish(store, EMPTY_CHANNEL, ONE)
      expect(await store.createSnapshot('before-two')).toMatchObject({ status: 'created', snapshot: { name: 'before-two', generation: 1 } })
      await publish(store, ONE, TWO)
      await publish(store, TWO, THREE)
      pass(400 * DAY)
      const tidied = await store.tidy({ grace: DAY })
      expect(tidied).toMatchObject({ deleted: { count: expect.any(Number) as number }, waiting: { count: 0, next: undefined }, left: 0, dropped: [2] })
      expect('kept' in tidied ? tidied.kept.count : 0).toBeGreaterThan(0)
      expect(await readWhole(await store.read(1), SUBDIRS)).toEqual(wholeChannel(ONE))
      expect(await store.read(2)).toBeUndefined()
      // Nothing new to look at: the second time nothing is done, and the same is told.
      expect(await store.tidy({ grace: DAY })).toMatchObject({ deleted: { count: 0 }, kept: 'kept' in tidied ? tidied.kept : {}, dropped: [] })

      expect(await store.removeSnapshot('before-two')).toBe('removed')
      expect(await readWhole(await store.read(1), SUBDIRS)).toEqual(wholeChannel(ONE))
      expect(await store.tidy({ grace: DAY })).toMatchObject({ kept: { count: 0, bytes: 0 }, left: 0, dropped: [1] })
      expect(await store.read(1)).toBeUndefined()
      expect(await readWhole(await store.read(), SUBDIRS)).toEqual(wholeChannel(THREE))
    })

    test('one generation may have several names; what it lists stays until the last is removed', async ({ expect, fixture: { store } }) => {
      await publish(store, EMPTY_CHANNEL, ONE)
      await store.createSnapshot('one')
      await store.createSnapshot('2026-01')
      await publish(store, ONE, TWO)
      await store.createSnapshot('two', 2)
      expect((await store.snapshots()).map((snapshot) => [snapshot.name, snapshot.generation])).toEqual([['2026-01', 1], ['one', 1], ['two', 2]])
      await store.removeSnapshot('one')
      await store.tidy({ grace: 0 })
      expect(await readWhole(await store.read(1), SUBDIRS)).toEqual(wholeChannel(ONE))
    })

    test('a name is taken once; a generation that is not there has none', async ({ expect, fixture: { store } }) => {
      expect(await store.createSnapshot('early')).toEqual({ status: 'absent' })
      expect(await store.removeSnapshot('early')).toBe('absent')
      await publish(store, EMPTY_CHANNEL, ONE)
      await publish(store, ONE, TWO)
      const first = await store.createSnapshot('q1', 1)
      expect(first).toMatchObject({ status: 'created' })
      expect(await store.createSnapshot('q1', 2)).toEqual({ ...first, status: 'taken' })
      expect(await store.createSnapshot('q1', 1)).toEqual({ ...first, status: 'taken' })
      expect(await store.createSnapshot('q2', 3)).toEqual({ status: 'absent' })
      expect(await store.snapshots()).toHaveLength(1)
    })

    for (const bad of ['', '.', '..', '../x', 'a/b', '12', 'A', 'a b', '-a', 'ä', 'x'.repeat(65), 'a\u0000']) {
      test(`${JSON.stringify(bad)} is no name of a snapshot`, async ({ expect, fixture: { store } }) => {
        await publish(store, EMPTY_CHANNEL, ONE)
        await expect(store.createSnapshot(bad)).rejects.toMatchObject({ code: 'SNAPSHOT_NAME_INVALID' })
        await expect(store.removeSnapshot(bad)).rejects.toMatchObject({ code: 'SNAPSHOT_NAME_INVALID' })
      })
    }

    test('names wait for nobody: while a transaction is open they are busy', async ({ expect, fixture: { store } }) => {
      await publish(store, EMPTY_CHANNEL, ONE)
      await store.createSnapshot('one')
      const transaction = await begun(store, makeChangeset(ONE, TWO).changeset)
      expect(await store.createSnapshot('again')).toEqual({ status: 'busy' })
      expect(await store.removeSnapshot('one')).toBe('busy')
      await transaction.abandon()
      expect(await store.snapshots()).toHaveLength(1)
    })
  })

  describe(`${name}: retained generations`, () => {
    test.override({ keep: 1 })

    test('tidy() keeps the number of superseded generations that it is told to, and says what stays for them', async ({ expect, fixture: { store } }) => {
      await publish(store, EMPTY_CHANNEL, ONE)
      await publish(store, ONE, TWO)
      expect(await store.tidy({ grace: 0 })).toMatchObject({ deleted: { count: 0 }, dropped: [], kept: { count: expect.any(Number) as number } })
      expect(await readWhole(await store.read(1), SUBDIRS)).toEqual(wholeChannel(ONE))
      await publish(store, TWO, THREE)
      expect(await store.tidy({ grace: 0 })).toMatchObject({ dropped: [1] })
      expect(await store.read(1)).toBeUndefined()
      expect(await readWhole(await store.read(2), SUBDIRS)).toEqual(wholeChannel(TWO))
    })

    test('what is kept does not use up what may be deleted', async ({ expect, fixture: { store } }) => {
      const many = makeChannel({ noarch: Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`p${index}-1.0-0.conda`, `${index}`])) })
      const more = makeChannel({ noarch: { ...many.content['noarch'], 'x-1.0-0.conda': 'x', 'y-1.0-0.conda': 'y', 'z-1.0-0.conda': 'z' } })
      const none = makeChannel({ noarch: {} })
      const last = makeChannel({ noarch: { 'last-1.0-0.conda': 'last' } })
      await publish(store, EMPTY_CHANNEL, many)
      await store.createSnapshot('many')
      await publish(store, many, more)
      await publish(store, more, none)
      await publish(store, none, last)
      // One list: twenty that the name keeps, then three that nothing keeps.
      expect(await store.tidy({ grace: 0, maximumDeletes: 2 })).toMatchObject({ deleted: { count: 2 }, kept: { count: 20 }, left: 1 })
      expect(await store.tidy({ grace: 0, maximumDeletes: 2 })).toMatchObject({ deleted: { count: 1 }, kept: { count: 20 }, left: 0 })
      expect(await readWhole(await store.read(1), many.subdirs.keys())).toEqual(wholeChannel(many))
    })
  })
}
