import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from 'vitest'
import { applyDelta } from '../src/index.ts'
import { test } from './test.ts'
import { FIRST, problemsOf, readTree } from './world.ts'

/** Variants that cannot be compared with the document here: bz2, and the shard index. */
const GIVEN_UP = ['repodata.json.bz2', 'repodata_shards.msgpack.zst'] as const

describe('applyDelta() where a delta was unpacked', () => {
  test.for(GIVEN_UP)('takes %s away that the other side has given up: unpacking removes nothing, and it says what was', async (name, { world, expect }) => {
    const [full, update] = [join(world.folder, 'full.tar'), join(world.folder, 'update.tar')]
    await world.create([], { tarball: full })
    const reference = await world.refer('reference.json')
    await world.change(FIRST)
    rmSync(join(world.near, 'linux-64', name))
    if (name.includes('shards')) rmSync(join(world.near, 'linux-64/shards'), { recursive: true })
    await world.create([reference], { tarball: update })
    mkdirSync(world.far)
    for (const tar of [full, update]) execFileSync('tar', ['xf', tar, '-C', world.far])
    expect(existsSync(join(world.far, 'linux-64', name))).toBe(true)
    const report = await applyDelta({ from: update, mirror: world.far, grace: 0 })
    expect(report.channels).toMatchObject([{ status: 'adopted' }])
    expect(existsSync(join(world.far, 'linux-64', name))).toBe(false)
    expect(await problemsOf(world.far)).toEqual([])
    expect([...readTree(world.far).keys()].filter((path) => !path.includes('/shards/'))).toEqual([...readTree(world.near).keys()].filter((path) => !path.includes('/shards/')))
    expect(await applyDelta({ from: update, mirror: world.far })).toMatchObject({ status: 'unchanged' })
  })

  test('keeps those that both sides have', async ({ world, expect }) => {
    const full = join(world.folder, 'full.tar')
    await world.create([], { tarball: full })
    mkdirSync(world.far)
    execFileSync('tar', ['xf', full, '-C', world.far])
    expect((await applyDelta({ from: full, mirror: world.far })).channels).toMatchObject([{ status: 'adopted' }])
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })
})
