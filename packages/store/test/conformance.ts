import { describe, test as base } from 'vitest'
import { isMirrorError } from '@mirror/core'
import { stateId } from '@mirror/delta'
import type { Store, StoreEvent } from '../src/index.ts'
import { begun, bytesOf, carryOut, filesToPut, publish, putAll, readArtifact, readWhole, wholeChannel } from './support/carry-out.ts'
import { EMPTY_CHANNEL, makeArtifact, makeChangeset, makeChannel } from './support/channel.ts'

/** A store under test, with a clock that stands still until it is moved. */
export interface StoreFixture {
  readonly store: Store
  /** Moves the clock forward. */
  readonly pass: (milliseconds: number) => void
  readonly dispose?: () => Promise<void>
}

const HOUR = 3_600_000
const DAY = 24 * HOUR

const ONE = makeChannel({ noarch: { 'a-1.0-0.conda': 'a one', 'b-1.0-0.tar.bz2': 'b one' }, 'linux-64': { 'c-1.0-0.conda': 'c one', 'd-1.0-0.conda': 'd one' } }, { shards: true, runExports: true })
const TWO = makeChannel({ noarch: { 'a-1.0-0.conda': 'a one', 'b-2.0-0.tar.bz2': 'b two' }, 'linux-64': { 'c-1.0-0.conda': 'c one', 'e-1.0-0.conda': 'e one' } }, { shards: true, runExports: true })
/** `c` and `d` have other bytes under the same names. */
const REUSED = makeChannel({ noarch: { 'a-1.0-0.conda': 'a one', 'b-1.0-0.tar.bz2': 'b one' }, 'linux-64': { 'c-1.0-0.conda': 'c one again', 'd-1.0-0.conda': 'D ONE' } }, { shards: true, runExports: true })
const BIG = 'x'.repeat(700_000)

/** The contract of `Store` as tests. */
export function testStore(name: string, open: () => Promise<StoreFixture>): void {
  const test = base.extend<{ fixture: StoreFixture }>({
    // oxlint-disable-next-line no-empty-pattern
    fixture: async ({}, use) => {
      const fixture = await open()
      await use(fixture)
      await fixture.dispose?.()
    },
  })

  describe(`${name}: publishing`, () => {
    test('a store that has nothing has no head and no reader', async ({ expect, fixture: { store } }) => {
      expect(await store.head()).toBeUndefined()
      expect(await store.read()).toBeUndefined()
      expect(await store.read(1)).toBeUndefined()
    })

    test('commit() publishes all subdirs, variants and artifacts as they were put', async ({ expect, fixture: { store } }) => {
      const generation = await publish(store, EMPTY_CHANNEL, ONE)
      expect(generation.number).toBe(1)
      expect(generation.id).toBe(stateId(ONE.state))
      expect(await store.head()).toEqual(generation)
      expect(await readWhole(await store.read(), ONE.subdirs.keys())).toEqual(wholeChannel(ONE))
    })

    test('commit() publishes plain files, and the next one replaces and removes them', async ({ expect, fixture: { store } }) => {
      const before = makeChannel({}, { files: { 'miniconda/latest.sh': 'old', 'archive/tool-1.sh': 'tool' } })
      const after = makeChannel({}, { files: { 'miniconda/latest.sh': 'newer' } })
      await publish(store, EMPTY_CHANNEL, before)
      const old = await store.read()
      await publish(store, before, after)
      const reader = await store.read()
      expect(await readWhole(reader, [])).toEqual({ 'miniconda/latest.sh': 'newer' })
      expect(await readWhole(old, [])).toEqual({ 'miniconda/latest.sh': 'old', 'archive/tool-1.sh': 'tool' })
    })

    test('generations are numbered from 1 and their dates never go back', async ({ expect, fixture: { store, pass } }) => {
      const first = await publish(store, EMPTY_CHANNEL, ONE)
      pass(-DAY)
      const second = await publish(store, ONE, TWO)
      expect([first.number, second.number]).toEqual([1, 2])
      expect(second.created >= first.created).toBe(true)
    })

    test('shards are read by their names, in the generation that lists them', async ({ expect, fixture: { store } }) => {
      await publish(store, EMPTY_CHANNEL, ONE)
      const reader = await store.read()
      for (const [path, bytes] of [...ONE.files].filter(([file]) => file.includes('/shards/'))) {
        expect(reader === undefined ? '' : await bytesOf(await reader.openFile(path))).toBe(Buffer.from(bytes).toString('latin1'))
      }
    })

    test('an artifact that only has an md5 is verified by it', async ({ expect, fixture: { store } }) => {
      const old = makeChannel({ noarch: { 'old-1.0-0.tar.bz2': 'long ago' } }, { md5: true })
      const { changeset } = makeChangeset(EMPTY_CHANNEL, old)
      const transaction = await begun(store, changeset)
      const [artifact] = changeset.changes[0]?.add ?? []
      if (artifact === undefined) throw new Error('no artifact')
      await expect(transaction.put(artifact, Buffer.from('LONG AGO'))).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
      await transaction.abandon()
      await publish(store, EMPTY_CHANNEL, old)
      expect(await readArtifact(await store.read(), artifact)).toBe('long ago')
    })

    test('a changed set of variants is a new generation of the same state, and the old variants are gone from it', async ({ expect, fixture: { store } }) => {
      const bare = makeChannel(ONE.content, { zst: false })
      await publish(store, EMPTY_CHANNEL, ONE)
      const generation = await publish(store, ONE, bare)
      expect(generation).toMatchObject({ number: 2, id: stateId(ONE.state) })
      const reader = await store.read()
      expect(await reader?.openFile('noarch/repodata.json.zst')).toEqual({ status: 'absent' })
      expect(await readWhole(reader, bare.subdirs.keys())).toEqual(wholeChannel(bare))
    })

    test('a withdrawn subdir is not in the next generation', async ({ expect, fixture: { store } }) => {
      const less = makeChannel({ noarch: ONE.content['noarch'] ?? {} }, ONE.options)
      await publish(store, EMPTY_CHANNEL, ONE)
      const old = await store.read()
      await publish(store, ONE, less)
      const reader = await store.read()
      expect(await readWhole(reader, ONE.subdirs.keys())).toEqual(wholeChannel(less))
      expect(await readWhole(old, ONE.subdirs.keys())).toEqual(wholeChannel(ONE))
    })

    test('an empty changeset makes no generation', async ({ expect, fixture: { store } }) => {
      const first = await publish(store, EMPTY_CHANNEL, ONE)
      expect(await carryOut(store, makeChangeset(ONE, ONE))).toEqual({ status: 'committed', generation: first })
      expect(await store.head()).toEqual(first)
    })
  })

  describe(`${name}: putting`, () => {
    const plan = makeChangeset(EMPTY_CHANNEL, makeChannel({ noarch: { 'big-1.0-0.conda': BIG, 'small-1.0-0.conda': 'small' } }))
    const big = makeArtifact('noarch', 'big-1.0-0.conda', BIG)
    const small = makeArtifact('noarch', 'small-1.0-0.conda', 'small')

    async function* inPieces(text: string, pieces = 7): AsyncGenerator<Uint8Array> {
      const bytes = Buffer.from(text)
      const step = Math.ceil(bytes.length / pieces)
      for (let start = 0; start < bytes.length; start += step) yield bytes.subarray(start, start + step)
    }

    async function* breaking(text: string): AsyncGenerator<Uint8Array> {
      yield Buffer.from(text)
      throw new Error('upstream hung up')
    }

    for (const [label, artifact, text] of [['large', big, BIG], ['small', small, 'small']] as const) {
      test(`put() takes a ${label} body in pieces or at once, and twice is harmless`, async ({ expect, fixture: { store } }) => {
        const transaction = await begun(store, plan.changeset)
        expect(await transaction.put(artifact, inPieces(text))).toBe('stored')
        expect(await transaction.put(artifact, Buffer.from(text))).toBe('present')
        await putAll(transaction, plan)
        await transaction.commit()
        expect(await readArtifact(await store.read(), artifact)).toBe(text)
      })

      test(`put() of one ${label} artifact several times at once stores it once`, async ({ expect, fixture: { store } }) => {
        const transaction = await begun(store, plan.changeset)
        const answers = await Promise.all([transaction.put(artifact, inPieces(text)), transaction.put(artifact, inPieces(text, 3)), transaction.put(artifact, Buffer.from(text))])
        expect(answers.toSorted()).toEqual(['present', 'present', 'stored'])
        await putAll(transaction, plan)
        await transaction.commit()
        expect(await readArtifact(await store.read(), artifact)).toBe(text)
      })

      test(`put() refuses wrong bytes for a ${label} artifact, and nothing of them stays`, async ({ expect, fixture: { store } }) => {
        const transaction = await begun(store, plan.changeset)
        const flipped = `${text.slice(0, -1)}!`
        await expect(transaction.put(artifact, inPieces(flipped))).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
        expect(await transaction.stagedBytes(artifact)).toBe(0)
        await expect(transaction.put(artifact, inPieces(`${text}more`))).rejects.toMatchObject({ code: 'SIZE_MISMATCH' })
        expect(await transaction.stagedBytes(artifact)).toBe(0)
        await expect(transaction.put(artifact, inPieces(text.slice(0, -1)))).rejects.toMatchObject({ code: 'SIZE_MISMATCH' })
        expect(await transaction.stagedBytes(artifact)).toBe(0)
        expect(await transaction.put(artifact, Buffer.from(text))).toBe('stored')
        await transaction.abandon()
      })

      test(`a broken put() of a ${label} artifact goes on where stagedBytes() says, also in a later transaction`, async ({ expect, fixture: { store } }) => {
        const half = text.slice(0, text.length >> 1)
        const transaction = await begun(store, plan.changeset)
        await expect(transaction.put(artifact, breaking(half))).rejects.toThrow('upstream hung up')
        expect(await transaction.stagedBytes(artifact)).toBe(half.length)
        await transaction.abandon()

        const next = await begun(store, plan.changeset)
        const offset = await next.stagedBytes(artifact)
        expect(offset).toBe(half.length)
        expect(await next.put(artifact, inPieces(text.slice(offset)), { offset })).toBe('stored')
        await putAll(next, plan)
        await next.commit()
        expect(await readArtifact(await store.read(), artifact)).toBe(text)
      })

      test(`a ${label} artifact that goes on from wrong bytes is refused whole`, async ({ expect, fixture: { store } }) => {
        const transaction = await begun(store, plan.changeset)
        await expect(transaction.put(artifact, breaking('wr'))).rejects.toThrow('upstream hung up')
        await expect(transaction.put(artifact, inPieces(text.slice(2)), { offset: 2 })).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
        expect(await transaction.stagedBytes(artifact)).toBe(0)
        await transaction.abandon()
      })
    }

    test('put() stops when it is aborted, and keeps what came', async ({ expect, fixture: { store } }) => {
      const transaction = await begun(store, plan.changeset)
      const controller = new AbortController()
      const body = async function* (): AsyncGenerator<Uint8Array> {
        yield Buffer.from(BIG.slice(0, 300_000))
        controller.abort()
        yield Buffer.from(BIG.slice(300_000))
      }
      await expect(transaction.put(big, body(), { signal: controller.signal })).rejects.toMatchObject({ name: 'AbortError' })
      expect(await transaction.stagedBytes(big)).toBe(300_000)
      await transaction.abandon()
    })

    test('put() refuses an offset beyond what is staged, and an artifact that the changeset does not want', async ({ expect, fixture: { store } }) => {
      const transaction = await begun(store, plan.changeset)
      await expect(transaction.put(big, Buffer.from('x'), { offset: 1 })).rejects.toBeInstanceOf(RangeError)
      await expect(transaction.put(makeArtifact('noarch', 'other-1.0-0.conda', 'x'), Buffer.from('x'))).rejects.toBeInstanceOf(RangeError)
      await transaction.abandon()
    })

    test('putFile() refuses wrong bytes', async ({ expect, fixture: { store } }) => {
      const transaction = await begun(store, plan.changeset)
      const [[file] = []] = filesToPut(plan)
      if (file === undefined) throw new Error('no file')
      await expect(transaction.putFile(file, Buffer.alloc(file.size))).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' })
      await expect(transaction.putFile(file, Buffer.alloc(file.size + 1))).rejects.toMatchObject({ code: 'SIZE_MISMATCH' })
      await transaction.abandon()
    })

    test('a broken putFile() of a plain file goes on where stagedBytes() says, and what was put whole is not asked for again', async ({ expect, fixture: { store } }) => {
      const target = makeChannel({}, { files: { 'archive/big.sh': BIG, 'archive/small.sh': 'small' } })
      const { changeset } = makeChangeset(EMPTY_CHANNEL, target)
      const [large, little] = changeset.filesAdded
      if (large === undefined || little === undefined) throw new Error('no files')
      const transaction = await begun(store, changeset)
      await expect(transaction.putFile(large, breaking(BIG.slice(0, 400_000)))).rejects.toThrow('upstream hung up')
      expect(await transaction.putFile(little, Buffer.from('small'))).toBe('stored')
      await transaction.abandon()

      const next = await begun(store, changeset)
      expect(await next.stagedBytes(large)).toBe(400_000)
      expect(await next.putFile(large, inPieces(BIG.slice(400_000)), { offset: 400_000 })).toBe('stored')
      expect(await next.putFile(little, breaking(''))).toBe('present')
      await next.commit()
      expect(await readWhole(await store.read(), [])).toEqual({ 'archive/big.sh': BIG, 'archive/small.sh': 'small' })
    })

    test('missing() names what is not there, verifies what an earlier transaction left, and says so', async ({ expect, fixture: { store } }) => {
      const transaction = await begun(store, plan.changeset)
      await transaction.put(small, Buffer.from('small'))
      await transaction.abandon()

      const events: StoreEvent[] = []
      const next = await begun(store, plan.changeset, { observe: (event) => events.push(event) })
      const names: string[] = []
      for await (const artifact of next.missing()) names.push(artifact.name)
      expect(names).toEqual(['big-1.0-0.conda'])
      expect(events.filter((event) => event.type === 'artifact-reused')).toEqual([{ type: 'artifact-reused', artifact: small }])
      await next.abandon()
    })
  })

  describe(`${name}: committing`, () => {
    test('commit() refuses when an artifact or a file was not put, and changes nothing', async ({ expect, fixture: { store } }) => {
      const first = await publish(store, EMPTY_CHANNEL, ONE)
      const plan = makeChangeset(ONE, TWO)
      const withoutArtifacts = await begun(store, plan.changeset)
      for (const [file, bytes] of filesToPut(plan)) await withoutArtifacts.putFile(file, bytes)
      await expect(withoutArtifacts.commit()).rejects.toMatchObject({ code: 'TRANSACTION_INCOMPLETE' })

      const withoutFiles = await begun(store, plan.changeset)
      for await (const artifact of withoutFiles.missing()) await withoutFiles.put(artifact, TWO.bytesOf(artifact))
      await expect(withoutFiles.commit()).rejects.toMatchObject({ code: 'TRANSACTION_INCOMPLETE' })

      expect(await store.head()).toEqual(first)
      expect(await readWhole(await store.read(), ONE.subdirs.keys())).toEqual(wholeChannel(ONE))
      expect(await carryOut(store, plan)).toMatchObject({ status: 'committed' })
    })

    test('begin() answers stale with the head when the changeset starts elsewhere', async ({ expect, fixture: { store } }) => {
      const head = await publish(store, EMPTY_CHANNEL, ONE)
      expect(await store.begin(makeChangeset(TWO, ONE).changeset)).toEqual({ status: 'stale', head })
      expect(await store.begin(makeChangeset(EMPTY_CHANNEL, TWO).changeset)).toEqual({ status: 'stale', head })
    })

    test('begin() answers busy while another transaction is open, and begins when it has ended', async ({ expect, fixture: { store } }) => {
      const plan = makeChangeset(EMPTY_CHANNEL, ONE)
      const transaction = await begun(store, plan.changeset)
      expect(await store.begin(plan.changeset)).toEqual({ status: 'busy' })
      expect(await store.tidy({ grace: 0 })).toEqual({ status: 'busy' })
      await transaction.abandon()
      await transaction.abandon()
      expect(await carryOut(store, plan)).toMatchObject({ status: 'committed' })
    })

    test('a transaction that has ended refuses everything', async ({ expect, fixture: { store } }) => {
      const plan = makeChangeset(EMPTY_CHANNEL, ONE)
      const transaction = await begun(store, plan.changeset)
      await transaction.abandon()
      const [artifact] = plan.changeset.changes[0]?.add ?? []
      if (artifact === undefined) throw new Error('no artifact')
      const outcomes = [() => transaction.put(artifact, ONE.bytesOf(artifact)), () => transaction.commit(), () => transaction.stagedBytes(artifact), async () => { transaction.missing() }]
      for (const outcome of outcomes) expect(await outcome().catch((error: unknown) => isMirrorError(error, 'TRANSACTION_ENDED'))).toBe(true)
    })

    test('a transaction is abandoned when its scope ends, without a trace for readers', async ({ expect, fixture: { store } }) => {
      const plan = makeChangeset(EMPTY_CHANNEL, ONE)
      {
        await using transaction = await begun(store, plan.changeset)
        await putAll(transaction, plan)
      }
      expect(await store.head()).toBeUndefined()
      const transaction = await begun(store, plan.changeset)
      expect(await Array.fromAsync(transaction.missing())).toEqual([])
      await transaction.abandon()
    })

    test('a held subdir stays as it was while the others are published', async ({ expect, fixture: { store } }) => {
      await publish(store, EMPTY_CHANNEL, ONE)
      const plan = makeChangeset(ONE, TWO)
      const mixed = makeChannel({ noarch: TWO.content['noarch'] ?? {}, 'linux-64': ONE.content['linux-64'] ?? {} }, ONE.options)
      const transaction = await begun(store, plan.changeset)
      await putAll(transaction, plan)
      expect(await transaction.commit(makeChangeset(ONE, mixed).changeset)).toMatchObject({ status: 'committed' })
      expect(await readWhole(await store.read(), ONE.subdirs.keys())).toEqual(wholeChannel(mixed))
      expect(await carryOut(store, makeChangeset(mixed, TWO))).toMatchObject({ status: 'committed' })
      expect(await readWhole(await store.read(), TWO.subdirs.keys())).toEqual(wholeChannel(TWO))
    })

    test('a narrower commit publishes re-derived indexes without an artifact that failed', async ({ expect, fixture: { store } }) => {
      const plan = makeChangeset(EMPTY_CHANNEL, ONE)
      const narrow = makeChannel({ noarch: { 'a-1.0-0.conda': 'a one' }, 'linux-64': ONE.content['linux-64'] ?? {} }, ONE.options)
      const narrowPlan = makeChangeset(EMPTY_CHANNEL, narrow)
      const transaction = await begun(store, plan.changeset)
      for await (const artifact of transaction.missing()) if (artifact.name !== 'b-1.0-0.tar.bz2') await transaction.put(artifact, ONE.bytesOf(artifact))
      for (const [file, bytes] of filesToPut(narrowPlan)) await transaction.putFile(file, bytes)
      expect(await transaction.commit(narrowPlan.changeset)).toMatchObject({ status: 'committed' })
      expect(await readWhole(await store.read(), narrow.subdirs.keys())).toEqual(wholeChannel(narrow))
    })

    test('a commit that is wider than its transaction is refused', async ({ expect, fixture: { store } }) => {
      const narrow = makeChangeset(EMPTY_CHANNEL, makeChannel({ noarch: { 'a-1.0-0.conda': 'a one' } }))
      const transaction = await begun(store, narrow.changeset)
      await putAll(transaction, narrow)
      await expect(transaction.commit(makeChangeset(EMPTY_CHANNEL, ONE).changeset)).rejects.toMatchObject({ code: 'TRANSACTION_INCOMPLETE' })
      expect(await store.head()).toBeUndefined()
    })

    test('commit() tells what it did', async ({ expect, fixture: { store } }) => {
      const events: StoreEvent[] = []
      await carryOut(store, makeChangeset(EMPTY_CHANNEL, ONE), { observe: (event) => events.push(event) })
      expect(events.filter((event) => event.type === 'subdir-switched').map((event) => event.subdir).toSorted()).toEqual(['linux-64', 'noarch'])
      expect(events.filter((event) => event.type === 'committed')).toEqual([{ type: 'committed', generation: 1 }])
    })
  })

  describe(`${name}: reading`, () => {
    test('a reader shows its generation and nothing of later ones', async ({ expect, fixture: { store } }) => {
      await publish(store, EMPTY_CHANNEL, ONE)
      const old = await store.read()
      await publish(store, ONE, TWO)
      await publish(store, TWO, REUSED)
      expect(await readWhole(old, ONE.subdirs.keys())).toEqual(wholeChannel(ONE))
      expect(await readWhole(await store.read(2), TWO.subdirs.keys())).toEqual(wholeChannel(TWO))
      expect(await readWhole(await store.read(), REUSED.subdirs.keys())).toEqual(wholeChannel(REUSED))
    })

    test('what a reader opened before a commit, it reads after it as it was', async ({ expect, fixture: { store } }) => {
      await publish(store, EMPTY_CHANNEL, ONE)
      const old = await store.read()
      if (old === undefined) throw new Error('no reader')
      const index = await old.openFile('linux-64/repodata.json')
      const artifact = await old.openArtifact(makeArtifact('linux-64', 'd-1.0-0.conda', 'd one'))
      await publish(store, ONE, REUSED)
      expect(await bytesOf(index)).toBe(wholeChannel(ONE)['linux-64/repodata.json'])
      expect(await bytesOf(artifact)).toBe('d one')
    })

    test('a re-used name has its old bytes in the old generation and the new ones in the new', async ({ expect, fixture: { store } }) => {
      const events: StoreEvent[] = []
      await publish(store, EMPTY_CHANNEL, ONE)
      const old = await store.read()
      await carryOut(store, makeChangeset(ONE, REUSED), { observe: (event) => events.push(event) })
      const before = makeArtifact('linux-64', 'd-1.0-0.conda', 'd one')
      const after = makeArtifact('linux-64', 'd-1.0-0.conda', 'D ONE')
      expect(await readArtifact(old, before)).toBe('d one')
      expect(await readArtifact(await store.read(), after)).toBe('D ONE')
      expect(events.filter((event) => event.type === 'artifact-replaced')).toContainEqual({ type: 'artifact-replaced', before, after })
    })

    test('re-used names can be taken back, without fetching, while the old generation is retained', async ({ expect, fixture: { store } }) => {
      await publish(store, EMPTY_CHANNEL, ONE)
      await publish(store, ONE, REUSED)
      const plan = makeChangeset(REUSED, ONE)
      const transaction = await begun(store, plan.changeset)
      expect(await putAll(transaction, plan)).toEqual([])
      await transaction.commit()
      expect(await readWhole(await store.read(), ONE.subdirs.keys())).toEqual(wholeChannel(ONE))
      expect(await readWhole(await store.read(2), REUSED.subdirs.keys())).toEqual(wholeChannel(REUSED))
      expect(await readWhole(await store.read(1), ONE.subdirs.keys())).toEqual(wholeChannel(ONE))
    })

    test('a rollback within the grace fetches nothing', async ({ expect, fixture: { store } }) => {
      await publish(store, EMPTY_CHANNEL, ONE)
      await publish(store, ONE, TWO)
      const plan = makeChangeset(TWO, ONE)
      const transaction = await begun(store, plan.changeset)
      expect(await putAll(transaction, plan)).toEqual([])
      expect(await transaction.commit()).toMatchObject({ status: 'committed', generation: { number: 3, id: stateId(ONE.state) } })
    })

    test('openFile() and openArtifact() give ranges, cut to what is there', async ({ expect, fixture: { store } }) => {
      const channel = makeChannel({ noarch: { 'big-1.0-0.conda': '0123456789' } })
      await publish(store, EMPTY_CHANNEL, channel)
      const reader = await store.read()
      const artifact = makeArtifact('noarch', 'big-1.0-0.conda', '0123456789')
      const json = wholeChannel(channel)['noarch/repodata.json'] ?? ''
      for (const [start, end, length] of [[0, 1, 1], [3, 7, 4], [8, 99, 2], [10, 12, 0]] as const) {
        const opened = await reader?.openArtifact(artifact, { start, end })
        expect(opened).toMatchObject({ status: 'found', size: 10 })
        expect(opened === undefined ? '' : await bytesOf(opened)).toBe('0123456789'.slice(start, end))
        expect(opened === undefined ? 0 : length).toBe('0123456789'.slice(start, end).length)
        const index = await reader?.openFile('noarch/repodata.json', { start, end })
        expect(index === undefined ? '' : await bytesOf(index)).toBe(json.slice(start, end))
      }
    })

    test('what a generation does not have is absent', async ({ expect, fixture: { store } }) => {
      await publish(store, EMPTY_CHANNEL, ONE)
      const reader = await store.read()
      for (const path of ['noarch/other.json', 'other', '../../etc/passwd', '.mirror/head', 'noarch/../noarch/repodata.json', `noarch/shards/${'0'.repeat(64)}.msgpack.zst`]) {
        expect(await reader?.openFile(path)).toEqual({ status: 'absent' })
      }
      expect(await reader?.openArtifact(makeArtifact('noarch', 'other-1.0-0.conda', 'x'))).toEqual({ status: 'absent' })
      expect((await reader?.readArtifacts(makeArtifact('win-64', 'x-1-0.conda', 'x').subdir))?.count).toBe(0)
    })

    test('readers see one whole generation at any moment of many commits', async ({ expect, fixture: { store } }) => {
      await publish(store, EMPTY_CHANNEL, ONE)
      const known = new Map([ONE, TWO, REUSED].map((channel) => [stateId(channel.state), wholeChannel(channel)]))
      let reads = 0
      const stop = new AbortController()
      const reading = (async () => {
        while (!stop.signal.aborted) {
          const reader = await store.read()
          const whole = await readWhole(reader, ONE.subdirs.keys())
          expect(whole).toEqual(known.get(reader?.generation.id ?? stateId(ONE.state)))
          reads += 1
          await new Promise((resolve) => setImmediate(resolve))
        }
      })()
      let current = ONE
      for (let round = 0; round < 12; round += 1) {
        const next = [TWO, REUSED, ONE][round % 3] ?? ONE
        await publish(store, current, next)
        current = next
      }
      stop.abort()
      await reading
      expect(reads).toBeGreaterThan(0)
    })
  })

  describe(`${name}: tidying`, () => {
    const removed = makeArtifact('linux-64', 'd-1.0-0.conda', 'd one')

    test('tidy() removes what no generation references a grace after it was un-referenced, not a second earlier', async ({ expect, fixture: { store, pass } }) => {
      await publish(store, EMPTY_CHANNEL, ONE)
      pass(HOUR)
      await publish(store, ONE, TWO)
      const old = await store.read(1)
      pass(DAY - 1000)
      const early = await store.tidy({ grace: DAY })
      expect(early).toMatchObject({ deleted: { count: 0, bytes: 0 }, left: 0 })
      expect('waiting' in early ? early.waiting.count : 0).toBeGreaterThanOrEqual(2)
      expect('waiting' in early ? early.waiting.next : '').toBe(new Date(Date.parse((await store.head())?.created ?? '') + DAY).toISOString())
      expect(await readWhole(old, ONE.subdirs.keys())).toEqual(wholeChannel(ONE))
      pass(1000)
      const due = await store.tidy({ grace: DAY })
      expect('deleted' in due ? due.deleted.count : 0).toBeGreaterThanOrEqual(2)
      expect(due).toMatchObject({ waiting: { count: 0, bytes: 0, next: undefined }, left: 0 })
      expect(await old?.openArtifact(removed)).toEqual({ status: 'gone' })
      expect(await store.read(1)).toBeUndefined()
      expect(await readWhole(await store.read(), TWO.subdirs.keys())).toEqual(wholeChannel(TWO))
      pass(1000)
      expect(await store.tidy({ grace: DAY })).toMatchObject({ deleted: { count: 0, bytes: 0 }, waiting: { count: 0 } })
    })

    test('tidy() with no grace removes in the same run', async ({ expect, fixture: { store } }) => {
      await publish(store, EMPTY_CHANNEL, ONE)
      const old = await store.read()
      await publish(store, ONE, REUSED)
      await publish(store, REUSED, TWO)
      await store.tidy({ grace: 0 })
      expect(await old?.openArtifact(removed)).toEqual({ status: 'gone' })
      expect(await readWhole(await store.read(), TWO.subdirs.keys())).toEqual(wholeChannel(TWO))
      const reader = await store.read()
      for (const path of [...TWO.files.keys()].filter((file) => file.includes('/shards/'))) expect(await reader?.openFile(path)).toMatchObject({ status: 'found' })
    })

    test('tidy() keeps what a later generation listed again', async ({ expect, fixture: { store, pass } }) => {
      await publish(store, EMPTY_CHANNEL, ONE)
      await publish(store, ONE, TWO)
      pass(HOUR)
      await publish(store, TWO, ONE)
      pass(DAY)
      await store.tidy({ grace: DAY })
      expect(await readWhole(await store.read(), ONE.subdirs.keys())).toEqual(wholeChannel(ONE))
      const reader = await store.read()
      for (const path of [...ONE.files.keys()].filter((file) => file.includes('/shards/'))) expect(await reader?.openFile(path)).toMatchObject({ status: 'found' })
      pass(DAY)
      await store.tidy({ grace: DAY })
      expect(await readWhole(await store.read(), ONE.subdirs.keys())).toEqual(wholeChannel(ONE))
    })

    test('tidy() keeps what a superseded generation still needs, though it was un-referenced once long ago', async ({ expect, fixture: { store, pass } }) => {
      await publish(store, EMPTY_CHANNEL, ONE)
      await publish(store, ONE, TWO)
      await publish(store, TWO, ONE)
      pass(DAY)
      await publish(store, ONE, TWO)
      pass(HOUR)
      await store.tidy({ grace: DAY })
      expect(await readWhole(await store.read(3), ONE.subdirs.keys())).toEqual(wholeChannel(ONE))
    })

    test('tidy() deletes no more than it may, and says what it left', async ({ expect, fixture: { store } }) => {
      const many = makeChannel({ noarch: Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`p${index}-1.0-0.conda`, `bytes ${index}`])) })
      const none = makeChannel({ noarch: {} })
      await publish(store, EMPTY_CHANNEL, many)
      await publish(store, many, none)
      expect(await store.tidy({ grace: 0, maximumDeletes: 4 })).toMatchObject({ deleted: { count: 4, bytes: 28 }, left: 5 })
      expect(await store.tidy({ grace: 0, maximumDeletes: 4 })).toMatchObject({ deleted: { count: 4 }, left: 1 })
      expect(await store.tidy({ grace: 0, maximumDeletes: 4 })).toMatchObject({ deleted: { count: 1 }, left: 0 })
      expect(await store.tidy({ grace: 0, maximumDeletes: 4 })).toMatchObject({ deleted: { count: 0 }, left: 0 })
    })

    test('tidy() that only reports deletes nothing', async ({ expect, fixture: { store } }) => {
      await publish(store, EMPTY_CHANNEL, ONE)
      await publish(store, ONE, TWO)
      const report = await store.tidy({ grace: 0, dryRun: true })
      expect('deleted' in report ? report.deleted.count : 0).toBeGreaterThanOrEqual(2)
      expect(await readWhole(await store.read(1), ONE.subdirs.keys())).toEqual(wholeChannel(ONE))
    })

    test('tidy() of a store that has nothing has nothing to do', async ({ expect, fixture: { store } }) => {
      expect(await store.tidy({ grace: 0 })).toEqual({ deleted: { count: 0, bytes: 0 }, waiting: { count: 0, bytes: 0, next: undefined }, kept: { count: 0, bytes: 0 }, left: 0, dropped: [] })
    })
  })

  describe(`${name}: notes`, () => {
    test('readMemo() gives back what writeMemo() was given', async ({ expect, fixture: { store } }) => {
      expect(await store.readMemo('upstream')).toBeUndefined()
      await store.writeMemo('upstream', { etag: '"x"', size: 3 })
      expect(await store.readMemo('upstream')).toEqual({ etag: '"x"', size: 3 })
      await store.writeMemo('upstream', [1])
      expect(await store.readMemo('upstream')).toEqual([1])
      await expect(store.writeMemo('../head', 1)).rejects.toBeInstanceOf(RangeError)
      await expect(store.readMemo('a/b')).rejects.toBeInstanceOf(RangeError)
    })
  })
}
