import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base } from 'vitest'
import { createWorld, type World } from './world.ts'

/** A test with a folder of its own. */
export const test = base.extend<{ folder: string; world: World }>({
  folder: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'difftar-'))
    await use(folder)
    rmSync(folder, { recursive: true, force: true })
  },
  world: async ({ folder }, use) => use(await createWorld(folder)),
})
