import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildChannel, type ChannelDescription, checkMirror, serveChannel } from '@mirror/test-fixtures'
import { test as base } from 'vitest'
import type { SyncOptions } from '../src/index.ts'
import { type Run, runSync } from './run-sync.ts'
import { SMALL } from './small.ts'

type Server = Awaited<ReturnType<typeof serveChannel>>
type Checked = Awaited<ReturnType<typeof checkMirror>>

/** An upstream over HTTP and the mirror of it, in folders that end with the test. */
export interface World {
  readonly upstream: string
  readonly mirror: string
  readonly server: Server
  readonly sync: (options?: Partial<SyncOptions>) => Promise<Run>
  /** Reads the mirror as a client would, with no code of ours. */
  readonly check: () => Promise<Checked>
}

/** Starts a world from a description. */
export async function createWorld(description: ChannelDescription, cleanUp: (step: () => Promise<void>) => void): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'sync-'))
  cleanUp(async () => { await rm(folder, { recursive: true, force: true }) })
  const upstream = join(folder, 'upstream')
  const mirror = join(folder, 'mirror')
  await buildChannel(description, upstream)
  const server = await serveChannel(upstream)
  cleanUp(async () => { await server.close() })
  return { upstream, mirror, server, sync: async (options) => await runSync(server.url, { folder, mirror }, options), check: async () => await checkMirror(mirror) }
}

/** A world of one artifact, which upstream keeps elsewhere, and says where (`info.base_url`). */
export async function createScatteredWorld(createWorldOf: (description: ChannelDescription) => Promise<World>): Promise<World> {
  const subdirs = { 'linux-64': [{ name: 'gamma' }] }
  const elsewhere = await createWorldOf({ subdirs })
  const world = await createWorldOf({ subdirs, subdirIndexes: { 'linux-64': { baseUrl: `${elsewhere.server.url}linux-64/` } } })
  await rm(join(world.upstream, 'linux-64/gamma-1.0-0.conda'))
  return world
}

export { SMALL } from './small.ts'

/** A test with a world of `SMALL`. */
export const test = base.extend<{ world: World; createWorldOf: (description: ChannelDescription) => Promise<World> }>({
  createWorldOf: async ({}, use) => {
    const steps: (() => Promise<void>)[] = []
    await use(async (description) => await createWorld(description, (step) => { steps.unshift(step) }))
    for (const step of steps) await step()
  },
  world: async ({ createWorldOf }, use) => { await use(await createWorldOf(SMALL)) },
})
