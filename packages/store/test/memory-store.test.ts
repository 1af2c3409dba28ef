import { createMemoryStore } from '../src/index.ts'
import { type StoreFixture, testStore } from './conformance.ts'
import { testKeeping } from './conformance-keeping.ts'

async function open(keep = 0): Promise<StoreFixture> {
  let now = Date.UTC(2026, 0, 1)
  return {
    store: createMemoryStore({ keep, clock: () => new Date(now) }),
    pass(milliseconds) {
      now += milliseconds
    },
  }
}

testStore('memory', open)
testKeeping('memory', open)
