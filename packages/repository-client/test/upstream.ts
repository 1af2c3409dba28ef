import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Artifact, createDigest, isMirrorError, parseArtifactName, parseChannelUrl, parseSubdirName } from '@mirror/core'
import { buildChannel, type BuiltChannel, type ChannelServer, serveChannel } from '@mirror/test-fixtures'
import { test as base } from 'vitest'
import { type ClientEvent, createRepositoryClient, type FetchedArtifact, type RepositoryClient, type RepositoryClientOptions } from '../src/index.ts'

/** A client with everything that it said and did. */
export interface Observed {
  readonly client: RepositoryClient
  readonly events: ClientEvent[]
  /** The waits between tries, which did not happen. */
  readonly waits: number[]
}

/** What every test of the network gets. */
export interface Upstream {
  readonly channel: BuiltChannel
  readonly upstream: ChannelServer
  readonly folder: string
  /** A client of the served channel; closed with the test. */
  readonly open: (options?: Partial<RepositoryClientOptions>) => Observed
}

/** The subdir that has artifacts. */
export const SUBDIR = parseSubdirName('linux-64')
export const SMALL_NAME = 'small-1.0-0.conda'
export const LARGE_NAME = 'large-1.0-0.conda'

export const test = base.extend<Upstream>({
  channel: [async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'client-channel-'))
    const packages = [
      { name: 'small', size: 3000, content: 'raw' }, { name: 'large', size: 1_500_000, content: 'raw' }, { name: 'plus', version: '1!2.0+local', size: 500, content: 'raw' },
    ] as const
    await use(await buildChannel({ subdirs: { 'linux-64': packages }, index: { variants: ['zst', 'bz2'] } }, folder))
    await rm(folder, { recursive: true })
  }, { scope: 'file' }],
  upstream: async ({ channel }, use) => {
    await using server = await serveChannel(channel.folder)
    await use(server)
  },
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'client-test-'))
    await use(folder)
    await rm(folder, { recursive: true })
  },
  open: async ({ upstream }, use) => {
    const clients: RepositoryClient[] = []
    await use((options = {}) => {
      const observed = observe({ channel: parseChannelUrl(upstream.url, { folder: 'x' }), ...options })
      clients.push(observed.client)
      return observed
    })
    for (const client of clients) await client.close()
  },
})

/** A client whose waits take no time. */
export function observe(options: RepositoryClientOptions): Observed {
  const events: ClientEvent[] = []
  const waits: number[] = []
  const client = createRepositoryClient({
    ...options,
    retry: { random: () => 1, sleep: async (milliseconds) => void waits.push(milliseconds), ...options.retry },
    observe: (event) => {
      events.push(event)
      options.observe?.(event)
    },
  })
  return { client, events, waits }
}

/** An artifact of the built channel, by its file name. */
export function artifactOf(channel: BuiltChannel, fileName: string): Artifact {
  const found = channel.artifacts.find((artifact) => artifact.fileName === fileName)
  if (found === undefined) throw new Error(`no ${fileName}`)
  return { subdir: parseSubdirName(found.subdir), name: parseArtifactName(found.fileName), size: found.size, digest: createDigest('sha256', found.sha256) }
}

/** The true bytes of an artifact. */
export async function bytesOf(channel: BuiltChannel, artifact: Artifact): Promise<Buffer> {
  return await readFile(join(channel.folder, artifact.subdir, artifact.name))
}

/** All of a body. */
export async function readAll(fetched: Pick<FetchedArtifact, 'body'>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of fetched.body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The error that a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error & { readonly code: string | undefined }> {
  const error: unknown = await promise.then((value) => new Error(`It did not fail: ${JSON.stringify(value)}`), (reason: unknown) => reason)
  if (!(error instanceof Error)) throw new TypeError('not an error')
  return Object.assign(error, { code: isMirrorError(error) ? error.code : undefined })
}
