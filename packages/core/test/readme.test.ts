import { resolve } from 'node:path'
import { runExample } from '@mirror/test-fixtures'
import { test } from 'vitest'

test('the example of the README does what it says', async ({ expect }) => {
  const run = await runExample(resolve(import.meta.dirname, '..'))
  expect(run).toEqual({
    code: 0,
    stderr: '',
    stdout: '1 unchanged, added: hello-2.0rc1-0.conda sha256:bbbbb…\ntrue as every conda client would\ntrue\n',
  })
})
