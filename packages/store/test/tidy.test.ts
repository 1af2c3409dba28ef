import fs from 'node:fs'
import { join } from 'node:path'
import { describe } from 'vitest'
import { createDiskStore } from '../src/index.ts'
import { publish } from './support/carry-out.ts'
import { type ChannelFixture, EMPTY_CHANNEL, makeChannel } from './support/channel.ts'
import { test } from './support/root-folder.ts'

const ONE = makeChannel({ noarch: { 'a-1.0-0.conda': 'a one', 'b-1.0-0.conda': 'b one', 'c-1.0-0.conda': 'c one' } }, { files: { 'tools/x.sh': 'x' } })
const TWO = makeChannel({ noarch: { 'a-1.0-0.conda': 'a one' } })
const DAY = 86_400_000

async function prepare(root: string, before: ChannelFixture = ONE, after: ChannelFixture = TWO): Promise<void> {
  await publish(createDiskStore({ root }), EMPTY_CHANNEL, before)
  await publish(createDiskStore({ root }), before, after)
}

const listOf = (root: string): string => join(root, '.mirror/trash/2.jsonl')

describe('tidy()', () => {
  test('deletes nothing where it may delete nothing, and leaves the list as it is', async ({ expect, root }) => {
    await prepare(root)
    const list = fs.readFileSync(listOf(root), 'utf8')
    const { ino } = fs.statSync(listOf(root))
    expect(await createDiskStore({ root }).tidy({ grace: 0, maximumDeletes: 0 })).toMatchObject({ deleted: { count: 0 }, left: 3 })
    expect(fs.readFileSync(listOf(root), 'utf8')).toBe(list)
    expect(fs.statSync(listOf(root)).ino).toBe(ino)
    expect(fs.existsSync(join(root, 'noarch/b-1.0-0.conda'))).toBe(true)
  })

  test('leaves other bytes alone that have the name now, and forgets what is gone already', async ({ expect, root }) => {
    await prepare(root)
    fs.rmSync(join(root, 'noarch/b-1.0-0.conda'))
    fs.writeFileSync(join(root, 'noarch/c-1.0-0.conda'), 'of someone else')
    fs.rmSync(join(root, 'tools'), { recursive: true })
    expect(await createDiskStore({ root }).tidy({ grace: 0 })).toMatchObject({ deleted: { count: 0 }, left: 0 })
    expect(fs.readFileSync(join(root, 'noarch/c-1.0-0.conda'), 'utf8')).toBe('of someone else')
    expect(fs.existsSync(listOf(root))).toBe(false)
  })

  test('takes the age of a list whose first line is damaged from the file, and goes through it all the same', async ({ expect, root }) => {
    await prepare(root)
    const [, ...lines] = fs.readFileSync(listOf(root), 'utf8').split('\n')
    fs.writeFileSync(listOf(root), ['{"generation":', ...lines].join('\n'))
    const store = createDiskStore({ root })
    expect(await store.tidy({ grace: DAY })).toMatchObject({ deleted: { count: 0 }, waiting: { count: 0 } })
    expect(fs.existsSync(join(root, 'noarch/b-1.0-0.conda'))).toBe(true)
    expect(await store.tidy({ grace: 0 })).toMatchObject({ deleted: { count: 3 } })
    expect(fs.existsSync(join(root, 'noarch/b-1.0-0.conda'))).toBe(false)
  })

  test('removes bytes that no list names when they are older than the grace, and not before', async ({ expect, root }) => {
    await prepare(root)
    const orphans = [join(root, '.mirror/objects/orphan'), join(root, '.mirror/staging/orphan')]
    for (const path of orphans) fs.writeFileSync(path, 'orphan')
    await createDiskStore({ root }).tidy({ grace: DAY })
    expect(orphans.filter((path) => fs.existsSync(path))).toEqual(orphans)
    await createDiskStore({ root, clock: () => new Date(Date.now() + 90 * DAY) }).tidy({ grace: DAY })
    expect(orphans.filter((path) => fs.existsSync(path))).toEqual([])
  })

  test('goes on over many of them', async ({ expect, root }) => {
    const many = Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`m${index}-1.0-0.conda`, `bytes of ${index}`]))
    await prepare(root, makeChannel({ noarch: { ...many, 'a-1.0-0.conda': 'a one' } }), TWO)
    expect(await createDiskStore({ root }).tidy({ grace: 0, maximumDeletes: 250 })).toMatchObject({ deleted: { count: 250 }, left: 350 })
    expect(await createDiskStore({ root }).tidy({ grace: 0 })).toMatchObject({ deleted: { count: 350 }, left: 0 })
    expect(fs.readdirSync(join(root, 'noarch')).filter((name) => name.endsWith('.conda'))).toEqual(['a-1.0-0.conda'])
  })

  test('judges a list in parts that is longer than what fits into memory at once', async ({ expect, root }) => {
    await prepare(root)
    const lines = fs.readFileSync(listOf(root), 'utf8')
    const gone = `${JSON.stringify({ path: 'noarch/gone-1.0-0.conda', digest: `sha256:${'0'.repeat(64)}`, size: 1 })}\n`
    fs.writeFileSync(listOf(root), lines + gone.repeat(66_000))
    fs.writeFileSync(join(root, 'noarch/last-1.0-0.conda'), 'l')
    fs.appendFileSync(listOf(root), gone.replace('gone', 'last'))
    expect(await createDiskStore({ root }).tidy({ grace: 0, maximumDeletes: 100_000 })).toMatchObject({ deleted: { count: 4 }, left: 0 })
    expect(fs.existsSync(join(root, 'noarch/last-1.0-0.conda'))).toBe(false)
  })
})
