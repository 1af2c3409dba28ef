import { existsSync } from 'node:fs'
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSpoolFolder } from '../src/spool-folder.ts'
import { test } from './support.ts'

test('createSpoolFolder() makes a folder in the mirror and takes it away again', async ({ expect, folder }) => {
  const mirror = join(folder, 'm')
  {
    await using spool = await createSpoolFolder(mirror, false)
    await using other = await createSpoolFolder(mirror, false)
    await writeFile(join(spool.path, 'x.spool'), 'x')
    expect(spool.path.startsWith(join(mirror, '.mirror-spool'))).toBe(true)
    expect(other.path).not.toBe(spool.path)
  }
  expect(await readdir(mirror)).toEqual([])
})

test('createSpoolFolder() writes nothing into the mirror for a dry run', async ({ expect, folder }) => {
  await using spool = await createSpoolFolder(join(folder, 'm'), true)
  expect(existsSync(spool.path)).toBe(true)
  expect(existsSync(join(folder, 'm'))).toBe(false)
})

test('createSpoolFolder() removes what runs that died left more than a day ago, and nothing of a run that lives', async ({ expect, folder }) => {
  const parent = join(folder, '.mirror-spool')
  const [dead, fresh, alive] = ['999999999-dead', '999999999-fresh', `${process.pid}-alive`].map((name) => join(parent, name))
  for (const path of [dead, fresh, alive]) await mkdir(path ?? '', { recursive: true })
  for (const path of [dead, alive]) await utimes(path ?? '', 1, 1)
  await using spool = await createSpoolFolder(folder, false)
  expect(existsSync(spool.path)).toBe(true)
  expect([dead, fresh, alive].map((path) => existsSync(path ?? ''))).toEqual([false, true, true])
})

test('createSpoolFolder() stands many runs that begin and end side by side', async ({ expect, folder }) => {
  await Promise.all(Array.from({ length: 30 }, async () => {
    for (let round = 0; round < 5; round += 1) {
      await using spool = await createSpoolFolder(folder, false)
      await writeFile(join(spool.path, 'x'), 'x')
    }
  }))
  expect(await readdir(folder)).toEqual([])
})
