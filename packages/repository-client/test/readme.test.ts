import { resolve } from 'node:path'
import { runExample } from '@mirror/test-fixtures'
import { artifactOf, LARGE_NAME, SMALL_NAME, test } from './upstream.ts'

test('README.md: the example reads a channel', async ({ expect, channel, upstream }) => {
  const run = await runExample(resolve(import.meta.dirname, '..'), {
    "'https://conda.anaconda.org/conda-forge'": `'${upstream.url}', { folder: 'x' }`,
    "'noarch'": "'linux-64'",
  })
  const [first, ...rest] = run.stdout.trim().split('\n')
  expect([run.code, run.stderr, first]).toEqual([0, '', expect.stringMatching(/^zst 3 [0-9a-f]{64}$/)])
  expect(rest).toEqual([LARGE_NAME, 'plus-1!2.0+local-0.conda', SMALL_NAME].map((name) => `${name} ${artifactOf(channel, name).size}`))
})
