import { resolve } from 'node:path'
import { runExample } from '@mirror/test-fixtures'
import { test } from 'vitest'

test('the example of the README prints what it says', async ({ expect }) => {
  const run = await runExample(resolve(import.meta.dirname, '..'))
  expect(run).toEqual({
    code: 0, stderr: '',
    stdout: "refuse Cannot accept upstream's index of linux-64: it removes 4960 of 5000 records, more than 500 --allow-shrink\n",
  })
})
