import fs from 'node:fs/promises'
import os from 'node:os'
import { join } from 'node:path'
import { createDiskStore } from '../src/index.ts'
import { type StoreFixture, testStore } from './conformance.ts'
import { testKeeping } from './conformance-keeping.ts'

async function open(keep = 0): Promise<StoreFixture> {
  let now = Date.UTC(2026, 0, 1)
  const folder = await fs.mkdtemp(join(os.tmpdir(), 'store-'))
  return {
    store: createDiskStore({ root: join(folder, 'channel'), keep, clock: () => new Date(now) }),
    pass(milliseconds) {
      now += milliseconds
    },
    dispose: () => fs.rm(folder, { recursive: true }),
  }
}

testStore('disk', open)
testKeeping('disk', open)
