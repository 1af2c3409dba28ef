const config: { test: { include: string[] } } = { test: { include: ['*.slow.ts'] } }

export default config
