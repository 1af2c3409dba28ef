import fs from 'node:fs'
import { join } from 'node:path'
import { describe } from 'vitest'
import { createDiskStore } from '../src/index.ts'
import { formatSealed, parseSealed } from '../src/disk-write.ts'
import { readJournals } from '../src/journal.ts'
import { createDiskPaths } from '../src/disk-paths.ts'
import { begun, publish, putAll, wholeChannel } from './support/carry-out.ts'
import { EMPTY_CHANNEL, makeChangeset, makeChannel } from './support/channel.ts'
import { createFaultyIo } from './support/faulty-io.ts'
import { checkInvariant, readTree } from './support/invariant.ts'
import { test } from './support/root-folder.ts'

const ONE = makeChannel({ noarch: { 'a-1.0-0.conda': 'a one' }, 'linux-64': { 'c-1.0-0.conda': 'c one' } }, { files: { 'channeldata.json': '{"one":1}' } })
const TWO = makeChannel({ noarch: { 'a-1.0-0.conda': 'a TWO', 'b-1.0-0.conda': 'b two' } }, { files: { 'channeldata.json': '{"two":2}' } })
const THREE = makeChannel({ noarch: { 'a-1.0-0.conda': 'a TWO' }, 'linux-64': { 'c-1.0-0.conda': 'c one', 'e-1.0-0.conda': 'e three' } })

/** A commit whose process died after an operation. */
async function breakAfter(root: string, plan: ReturnType<typeof makeChangeset>, isLast: (operation: string) => boolean): Promise<void> {
  const whole = `${root}-whole`
  fs.cpSync(root, whole, { recursive: true })
  const counting = createFaultyIo()
  await using transaction = await begun(createDiskStore({ root: whole, io: counting }), plan.changeset)
  await putAll(transaction, plan)
  await transaction.commit()
  const at = counting.operations.findIndex((operation) => isLast(operation))
  if (at < 0) throw new Error('there is no such operation')
  await using broken = await begun(createDiskStore({ root, io: createFaultyIo({ fault: { type: 'crash', at, when: 'after' } }) }), plan.changeset)
  await putAll(broken, plan)
  await broken.commit().catch(() => undefined)
}

const isJournalled = (operation: string): boolean => operation.startsWith('rename') && operation.includes('/journal/')
const isHeadWritten = (operation: string): boolean => operation.startsWith('rename') && operation.endsWith('/.mirror/head')

describe('a journal that is read', () => {
  test('is none where a value in it is not what it should be, or it is no file', async ({ expect, root }) => {
    await publish(createDiskStore({ root }), EMPTY_CHANNEL, ONE)
    await breakAfter(root, makeChangeset(ONE, TWO), isJournalled)
    const paths = createDiskPaths(root)
    const path = join(paths.journal, '2.json')
    const right = parseSealed(fs.readFileSync(path, 'utf8')) as Record<string, unknown>
    const read = (value: unknown): unknown => {
      fs.writeFileSync(path, formatSealed(value))
      return readJournals({ paths })[0]?.journal
    }
    expect(read(right)).toBeDefined()
    const [step] = right['target'] as [Record<string, unknown>]
    const [swap] = right['files'] as [Record<string, unknown>]
    const damages: readonly Record<string, unknown>[] = [
      { trash: '../x' }, { counts: 'many' }, { counts: { add: 1, remove: -1, reused: 0 } }, { target: [{ ...step, remove: ['../x'] }] }, { target: [{ ...step, files: [{ staged: 'x', file: {} }] }] },
      { target: [{ ...step, files: [{ staged: '../x', file: {} }] }] }, { target: [{ ...step, subdir: '../x' }] }, { target: [7] }, { files: [{ ...swap, path: '../x' }] }, { files: [{ ...swap, path: 7 }] }, { files: [{ ...swap, staged: '../x' }] },
      { files: [{ ...swap, object: '../x' }] }, { files: [7] }, { manifest: 7 }, { interim: 7 }, { swaps: 7 },
    ]
    for (const damage of damages) expect(read({ ...right, ...damage }), JSON.stringify(damage)).toBeUndefined()
    expect(read(7)).toBeUndefined()
    fs.rmSync(path)
    fs.mkdirSync(path)
    expect(readJournals({ paths })).toEqual([{ path, journal: undefined }])
  })
})

describe('a commit that is rolled forward', () => {
  for (const [name, target] of [['of a subdir that goes', TWO], ['of one that stays', THREE]] as const) {
    test(`makes folders again that someone removed meanwhile, where it publishes something there, ${name}`, async ({ expect, root }) => {
      await publish(createDiskStore({ root }), EMPTY_CHANNEL, ONE)
      await breakAfter(root, makeChangeset(ONE, target), isJournalled)
      for (const subdir of ['noarch', 'linux-64']) fs.rmSync(join(root, subdir), { recursive: true })
      await createDiskStore({ root }).tidy({ grace: 0 })
      const tree = readTree(root)
      const indexes = Object.entries(wholeChannel(target)).filter(([path]) => path.includes('/repodata'))
      expect(Object.entries(tree).filter(([path]) => path.includes('/repodata')).toSorted()).toEqual(indexes.toSorted())
    })
  }

  test('ends as it should wherever the recovery is killed as well, at every change', { timeout: 120_000 }, async ({ expect, root }) => {
    await publish(createDiskStore({ root }), EMPTY_CHANNEL, ONE)
    // All indexes are switched, and the recovery begins anew: it takes variants away for the exchange, and brings them back from their copies.
    const plan = makeChangeset(ONE, TWO)
    const changes = plan.changeset.changes.map((change) => ({ ...change, interim: change.interim === undefined ? undefined : { ...change.interim, variants: [] } }))
    await breakAfter(root, { ...plan, changeset: { ...plan.changeset, changes } }, (operation) => operation.startsWith('rename') && operation.includes('/.mirror/generations/'))
    const bad: string[] = []
    for (let at = 0; ; at += 1) {
      const copy = `${root}-again`
      fs.cpSync(root, copy, { recursive: true, preserveTimestamps: true })
      const io = createFaultyIo({ fault: { type: 'crash', at, when: 'after' } })
      const isWhole = await createDiskStore({ root: copy, io }).tidy({ grace: 0 }).then(() => true, () => false)
      await createDiskStore({ root: copy }).tidy({ grace: 0 })
      const [found, wanted] = [readTree(copy), wholeChannel(TWO)]
      bad.push(...Object.keys(wanted).filter((path) => found[path] !== wanted[path]).map((path) => `killed after ${at}, ${io.operations.at(-1)}: ${path} is not as it should be`))
      fs.rmSync(copy, { recursive: true })
      if (isWhole) break
    }
    expect(bad).toEqual([])
  })

  test('is carried out again where its generation is gone, though the head names it', async ({ expect, root }) => {
    await publish(createDiskStore({ root }), EMPTY_CHANNEL, ONE)
    await breakAfter(root, makeChangeset(ONE, TWO), isHeadWritten)
    fs.rmSync(join(root, '.mirror/generations/2.json'), { force: true })
    for (const name of fs.readdirSync(join(root, '.mirror/generations'))) if (name.startsWith('2')) fs.rmSync(join(root, '.mirror/generations', name))
    await createDiskStore({ root }).tidy({ grace: 0 })
    expect((await createDiskStore({ root }).head())?.number).toBe(2)
    expect(fs.readdirSync(join(root, '.mirror/journal'))).toEqual([])
    expect(readTree(root)).toEqual(wholeChannel(TWO))
    expect(checkInvariant(root)).toEqual([])
  })
})
