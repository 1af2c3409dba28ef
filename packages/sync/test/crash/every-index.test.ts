import { readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe } from 'vitest'
import { test } from '../world.ts'
import { checkEveryIndex } from './every-index.ts'

describe('checkEveryIndex()', () => {
  test('reads all forms of all subdirs, and names what each promises in vain', async ({ expect, world }) => {
    await world.sync({ variants: { zst: true, shards: true, bz2: true } })
    expect(await checkEveryIndex(world.mirror)).toEqual({ indexes: 8, problems: [] })

    await rm(join(world.mirror, 'linux-64/gamma-1.0-0.conda'))
    const missing = await checkEveryIndex(world.mirror)
    expect(missing.problems.map((problem) => problem.replace(/^.*repodata/, 'repodata')).toSorted()).toEqual([
      'repodata.json lists gamma-1.0-0.conda: missing', 'repodata.json.bz2 lists gamma-1.0-0.conda: missing', 'repodata.json.zst lists gamma-1.0-0.conda: missing',
      'repodata_shards.msgpack.zst lists gamma-1.0-0.conda: missing',
    ])
  })

  test('sees other bytes of the same size, and shards that are gone', async ({ expect, world }) => {
    await world.sync()
    const { size } = await stat(join(world.mirror, 'noarch/alpha-1.0-0.conda'))
    await writeFile(join(world.mirror, 'noarch/alpha-1.0-0.conda'), Buffer.alloc(size, 1))
    expect((await checkEveryIndex(world.mirror)).problems).toHaveLength(3)
    for (const file of await readdir(join(world.mirror, 'linux-64/shards'))) await rm(join(world.mirror, 'linux-64/shards', file))
    expect((await checkEveryIndex(world.mirror)).problems).toHaveLength(4)
  })
})
