import { type ChannelUrl, isSubdirName, MirrorError, NOARCH, type SubdirName } from '@mirror/core'
import type { ComparedChannel, ComparedState, ComparedSubdir } from '@mirror/difftar'
import type { SyncErrorCode } from '@mirror/sync'
import type { Runtime } from '../../runtime.ts'
import type { Session } from '../session.ts'

/** What is needed to read channels of upstream. */
export interface Upstream {
  readonly session: Session
  readonly runtime: Runtime
  readonly spoolFolder: string
  /** How many indexes were found in each channel that was asked. */
  readonly seen: Map<string, number>
}

/** Whoever has nothing at all is most often another URL than the one that was meant. Throws `CHANNEL_NOT_FOUND`. */
export function assertSeen({ seen }: Upstream): void {
  for (const [url, count] of seen) {
    if (count === 0) throw new MirrorError<SyncErrorCode>('CHANNEL_NOT_FOUND', `Cannot compare with ${url}: it has none of the subdirs that were asked for`, { hint: 'Check the URL; --platform names other subdirs.' })
  }
}

/**
 * Describes a channel of upstream. It does not say which subdirs it has, so those that the other side has are asked for, and, where `--platform` names some or the other side is upstream as well, the configured ones. Of its plain files it
 * says nothing.
 */
export async function describeUpstream({ session, runtime, spoolFolder, seen }: Upstream, channel: ChannelUrl, other: ComparedState | undefined): Promise<ComparedState> {
  const subdirs = chooseSubdirs(session, channel, other)
  return {
    kind: 'channel', label: channel.url, isPartial: true,
    channels: [{
      folder: channel.folder, files: undefined,
      subdirs: subdirs.map((subdir): ComparedSubdir => ({
        subdir, document: undefined,
        async read({ signal }) {
          await using client = runtime.openClient(channel, { spoolFolder, observe: (event) => session.renderer.render({ type: 'sync', channel: channel.url, event }) })
          seen.set(channel.url, seen.get(channel.url) ?? 0)
          const result = await client.fetchIndex(subdir, signal === undefined ? {} : { signal })
          if (result.status !== 'fetched') return 'absent'
          seen.set(channel.url, (seen.get(channel.url) ?? 0) + 1)
          const { table, sha256, close } = result.index
          await close()
          return { document: sha256, artifacts: table.artifacts(), byMd5: undefined, table, records: undefined, isWeak: table.weak > 0 }
        },
      })),
    }],
  }
}

/** The channel that it will be compared with. */
function findOther({ channels }: ComparedState, folder: string): ComparedChannel | undefined {
  return channels.find((channel) => channel.folder === folder) ?? (channels.length === 1 ? channels[0] : undefined)
}

function chooseSubdirs({ config, flags }: Session, { folder }: ChannelUrl, other: ComparedState | undefined): readonly SubdirName[] {
  const theirs = other === undefined || other.kind === 'channel' ? undefined : findOther(other, folder)
  const configured = config.channels.find(({ channel }) => channel.folder === folder)?.subdirs.map(({ subdir }) => subdir) ?? config.platforms.filter(isSubdirName)
  const asked = theirs === undefined || flags.platforms.length > 0 ? [...configured, NOARCH] : []
  return [...new Set([...theirs?.subdirs.map(({ subdir }) => subdir) ?? [], ...asked])].toSorted()
}
