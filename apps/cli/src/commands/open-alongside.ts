import type { ChannelUrl } from '@mirror/core'
import type { AlongsideChannel, SyncOptions } from '@mirror/sync'
import type { Runtime } from '../runtime.ts'
import type { SpoolFolder } from '../spool-folder.ts'
import type { Session } from './session.ts'

/** What `openAlongside` needs. */
export interface OpenAlongsideOptions {
  readonly config: Session['config']
  readonly runtime: Runtime
  readonly spool: SpoolFolder
  readonly observe: NonNullable<SyncOptions['observe']>
  readonly isWanted: boolean
}

/** The other channels of the configuration: people use them together, so what a closure needs may come from any of them. */
export function openAlongside(channel: ChannelUrl, { config, runtime, spool, observe, isWanted }: OpenAlongsideOptions): AsyncDisposable & { readonly channels: readonly AlongsideChannel[] } {
  const others = isWanted ? config.channels.filter((other) => other.channel.url !== channel.url) : []
  const channels = others.map((other) => ({
    channel: other.channel,
    client: runtime.openClient(other.channel, { spoolFolder: spool.path, observe }),
    store: runtime.openStore(other.channel),
    subdirs: other.subdirs,
    selection: other.selection,
  }))
  return {
    channels,
    async [Symbol.asyncDispose]() {
      for (const { client } of channels) await client.close()
    },
  }
}
