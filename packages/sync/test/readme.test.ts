import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { buildChannel, checkMirror, runExample, serveChannel } from '@mirror/test-fixtures'
import { test } from 'vitest'
import { SMALL } from './world.ts'

test('the example of the README mirrors a channel', async ({ expect, onTestFinished }) => {
  const folder = await mkdtemp(join(tmpdir(), 'sync-readme-'))
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }))
  await buildChannel(SMALL, join(folder, 'upstream'))
  await using server = await serveChannel(join(folder, 'upstream'), { mount: '/conda-forge' })
  const run = await runExample(resolve(import.meta.dirname, '..'), {
    'https://conda.anaconda.org/conda-forge': server.url, '/srv/mirror': folder,
  })
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(run.stdout).toContain('committed')
  expect(await checkMirror(join(folder, 'conda-forge'))).toMatchObject({ artifacts: 6, problems: [] })
})
