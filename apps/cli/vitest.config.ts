// Whole commands over real servers and folders, and processes that start cold: seconds on a busy machine.
const config: { test: { name: string; include: string[]; testTimeout: number } } = {
  test: { name: 'cli', include: ['test/**/*.test.ts'], testTimeout: 60_000 },
}

export default config
