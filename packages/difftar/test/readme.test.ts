import { join, resolve } from 'node:path'
import { runExample } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { test } from './test.ts'
import { readTree } from './world.ts'

describe('README', () => {
  test('the example seeds a mirror', async ({ world, expect }) => {
    const run = await runExample(resolve(import.meta.dirname, '..'), { './near': world.near, './full.tar': join(world.folder, 'full.tar'), './far': world.far })
    expect(run).toMatchObject({ code: 0, stdout: "true\napplied [ [ '', 'applied', 1 ] ]\n[ '', 'same' ]\n", stderr: '' })
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })
})
