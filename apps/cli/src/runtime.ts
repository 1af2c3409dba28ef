import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ChannelUrl, MirrorError } from '@mirror/core'
import { createRepositoryClient, type NetrcEntry, parseNetrc, type RepositoryClient } from '@mirror/repository-client'
import type { DiskStore } from '@mirror/store'
import { INSTALLER_FOLDERS, type SyncEvent } from '@mirror/sync'
import type { Config } from './config/config.ts'
import type { EnvironmentValues } from './config/environment.ts'
import type { CliErrorCode } from './error-codes.ts'
import { createStoreOpener } from './open-store.ts'

/** What commands work with, made of a configuration. */
export interface Runtime {
  readonly openClient: (channel: ChannelUrl, options: OpenClientOptions) => RepositoryClient
  readonly openStore: (channel: ChannelUrl) => DiskStore
  /** The store of installers, at the root of the mirror. */
  readonly openInstallers: () => DiskStore
  /** The folder of a channel. */
  readonly rootOf: (channel: ChannelUrl) => string
}

/** Options of `openClient`. */
export interface OpenClientOptions {
  readonly spoolFolder: string
  readonly observe: (event: SyncEvent) => void
}

/**
 * Reads the files that the configuration and the environment name (certificates, netrc) and puts everything together. Opens no connection. Throws
 * `CONFIG_UNREADABLE` and `NETRC_INVALID`.
 */
export async function createRuntime(config: Config, env: EnvironmentValues): Promise<Runtime> {
  const ca = config.certificates === undefined ? undefined : await readNamed(config.certificates, 'the certificates')
  const netrc = await readNetrc(env)
  const openStore = await createStoreOpener(config)
  const rootOf = (channel: ChannelUrl): string => join(config.mirrorDir, ...channel.folder.split('/'))
  const { concurrency, bandwidth, timeouts } = config
  return {
    rootOf,
    openStore: (channel) => openStore(rootOf(channel)),
    openInstallers: () => openStore(config.mirrorDir, INSTALLER_FOLDERS),
    openClient: (channel, { spoolFolder, observe }) => createRepositoryClient({
      channel,
      concurrency,
      spoolFolder,
      observe,
      netrc,
      timeouts: { connect: timeouts.connect, stall: timeouts.idle, ...(bandwidth === undefined ? {} : { minimumRate: slowest(bandwidth, concurrency) }) },
      proxy: { httpProxy: env.proxies.http, httpsProxy: env.proxies.https, noProxy: env.proxies.none },
      ...(bandwidth === undefined ? {} : { bandwidth }),
      ...(ca === undefined ? {} : { ca }),
    }),
  }
}

/** A transfer is not too slow because we hold it back: each of them has its share of the bandwidth. */
function slowest(bandwidth: number, concurrency: number): number {
  return Math.max(1, Math.min(1024, Math.floor(bandwidth / concurrency / 4)))
}

async function readNetrc({ netrc }: EnvironmentValues): Promise<readonly NetrcEntry[]> {
  if (netrc === undefined) return []
  const text = await readNamed(netrc.path, 'the netrc file', !netrc.required)
  return text === undefined ? [] : parseNetrc(text)
}

async function readNamed(path: string, what: string, optional = false): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (optional && error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new MirrorError<CliErrorCode>('CONFIG_UNREADABLE', `Cannot read ${what} ${JSON.stringify(path)}: ${reason}`, { cause: error })
  }
}
