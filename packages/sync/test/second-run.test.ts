import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createDiskStore } from '@mirror/store'
import { changeChannel } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { watchIo } from './watch-io.ts'
import { test } from './world.ts'

async function stamps(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = ['.', ...await readdir(folder, { recursive: true })]
  const described = names.map(async (name) => {
    const { ino, mtimeNs, ctimeNs, size } = await lstat(join(folder, name), { bigint: true })
    return [name, `${ino} ${mtimeNs} ${ctimeNs} ${size}`] as const
  })
  return new Map(await Promise.all(described))
}

describe('syncChannel() when upstream has not changed', () => {
  test.for([undefined, 0])('asks once a subdir, on condition, and changes nothing on the disk (grace: %s)', async (grace, { expect, world }) => {
    const options = grace === undefined ? {} : { grace }
    await world.sync(options)
    await changeChannel(world.upstream, { remove: { noarch: ['alpha-1.0-0.conda'] } })
    await world.sync(options)
    const before = await stamps(world.mirror)
    world.server.reset()
    let changes = 0
    const store = createDiskStore({ root: world.mirror, io: watchIo(() => { changes += 1 }) })

    const { report } = await world.sync({ ...options, store })

    expect(report).toMatchObject({ status: 'unchanged', fetched: { artifacts: 0 } })
    expect(world.server.requests.map(({ method, status }) => `${method} ${status}`)).toEqual(['GET 304', 'GET 304'])
    expect(world.server.requests.every(({ headers }) => headers['if-none-match'] !== undefined)).toBe(true)
    expect(changes).toBe(0)
    expect(await stamps(world.mirror)).toEqual(before)
  })
})
