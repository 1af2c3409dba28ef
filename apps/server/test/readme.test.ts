import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runExample } from '@mirror/test-fixtures'
import { test } from './world.ts'

test('the example of the README serves a mirror', async ({ expect, createWorldOf }) => {
  const world = await createWorldOf({ subdirs: { noarch: [{ name: 'alpha' }] } })
  expect(readFileSync(join(world.mirror, 'team/noarch/repodata.json'), 'utf8')).toContain('alpha')
  const { stdout } = await runExample(fileURLToPath(new URL('..', import.meta.url)), { '/srv/mirror': world.mirror })
  expect(stdout).toBe('200 public, max-age=60\n')
})
