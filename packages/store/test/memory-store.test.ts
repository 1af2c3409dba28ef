import { createMemoryStore } from '../src/index.ts'
import { testStore } from './conformance.ts'

testStore('memory', async () => {
  let now = Date.UTC(2026, 0, 1)
  return {
    store: createMemoryStore({ clock: () => new Date(now) }),
    pass(milliseconds) {
      now += milliseconds
    },
  }
})
