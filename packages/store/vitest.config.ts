import { defineConfig } from 'vitest/config'

// Tests of a disk wait for the disk: on a busy one, a commit that is durable takes seconds.
export default defineConfig({ test: { name: 'store', include: ['test/**/*.test.ts'], testTimeout: 120_000 } })
