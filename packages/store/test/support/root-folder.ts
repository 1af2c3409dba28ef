import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { test as base, type TestAPI } from 'vitest'

/** A test with the root of a store that does not exist yet, alone in a folder that goes afterwards. */
export const test: TestAPI<{ root: string }> = base.extend<{ root: string }>({
  // oxlint-disable-next-line no-empty-pattern
  root: async ({}, use) => {
    const folder = fs.mkdtempSync(join(os.tmpdir(), 'store-'))
    await use(join(folder, 'channel'))
    fs.rmSync(folder, { recursive: true })
  },
})
