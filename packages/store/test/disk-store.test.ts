import fs from 'node:fs/promises'
import os from 'node:os'
import { join } from 'node:path'
import { createDiskStore } from '../src/index.ts'
import { testStore } from './conformance.ts'

testStore('disk', async () => {
  let now = Date.UTC(2026, 0, 1)
  const folder = await fs.mkdtemp(join(os.tmpdir(), 'store-'))
  return {
    store: createDiskStore({ root: join(folder, 'channel'), clock: () => new Date(now) }),
    pass(milliseconds) {
      now += milliseconds
    },
    dispose: () => fs.rm(folder, { recursive: true }),
  }
})
