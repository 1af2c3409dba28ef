import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { parseChannelUrl, parseSubdirName } from '@mirror/core'
import { createRepositoryClient } from '../src/index.ts'
import { test } from './upstream.ts'

test('README.md: the example does what it says, against a channel of the test', async ({ expect, upstream, channel }) => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const code = /<!-- example -->\n```ts\n(.*?)```/s.exec(readme)?.[1] ?? ''
  const body = stripTypeScriptTypes(code.replaceAll(/^import .*\n/gm, '')).replace("'https://conda.anaconda.org/conda-forge'", 'url').replace("'noarch'", "'linux-64'")
  const lines: unknown[][] = []
  const run: unknown = Object.getPrototypeOf(async () => undefined).constructor('parseChannelUrl', 'parseSubdirName', 'createRepositoryClient', 'url', 'console', body)
  if (typeof run !== 'function') throw new TypeError('no function')
  await run((url: string) => parseChannelUrl(url, { folder: 'x' }), parseSubdirName, createRepositoryClient, upstream.url, { log: (...words: unknown[]) => lines.push(words) })
  expect(lines.map(([first, second]) => [first, second])).toEqual([
    ['zst', 3], ['large-1.0-0.conda', expect.any(Number)], ['plus-1!2.0+local-0.conda', 500], ['small-1.0-0.conda', channel.artifacts.find(({ fileName }) => fileName.startsWith('small'))?.size],
  ])
})
