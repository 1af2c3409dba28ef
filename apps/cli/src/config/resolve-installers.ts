import { type ChannelUrl, isMirrorError, isSubdirName, NOARCH, parseChannelUrl, type SubdirName } from '@mirror/core'
import type { ChannelConfig, InstallersConfig } from './config.ts'
import type { ConfigValues } from './config-values.ts'
import { findHiddenSecret } from './hidden-secret.ts'
import type { ConfigProblem } from './problems.ts'

/** Where packages and installers are unless the configuration says otherwise. */
export const STANDARD_REMOTE = 'https://repo.anaconda.com/'

/** What installers are resolved with. */
export interface ResolveInstallersOptions {
  /** False: nothing is said of them, and there are none. */
  readonly isWanted: boolean
  readonly channels: readonly ChannelConfig[]
  readonly platforms: readonly string[]
  readonly workingDirectory: string
  /** `<file>:<line>` of a key. */
  readonly where: (key: string) => string
}

/** The installers that are wanted, and what is wrong with them or odd. */
export interface ResolvedInstallers {
  readonly installers: InstallersConfig | undefined
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
}

/** The installers that are wanted: none when `remote_url` is empty or `fetch_installers` false, whatever else is said. */
export function resolveInstallers(values: ConfigValues, options: ResolveInstallersOptions): ResolvedInstallers {
  const { remote_url: remoteUrl = STANDARD_REMOTE, fetch_installers: isFetched = true, installers } = values
  if (!options.isWanted) return NONE
  if (!isFetched || remoteUrl === '') return { installers: undefined, problems: [], warnings: installers === undefined ? [] : [describeIdle(isFetched, options)] }
  const remote = parseRemote(remoteUrl, options)
  if ('code' in remote) return { installers: undefined, problems: [remote], warnings: [] }
  return { installers: { remote, latest: countOf(installers), platforms: cleanPlatforms(options.platforms) }, problems: findClash(options), warnings: [] }
}

const NONE: ResolvedInstallers = { installers: undefined, problems: [], warnings: [] }

function countOf(installers: ConfigValues['installers']): number | 'all' {
  return installers === 'all' ? installers : (installers?.latest ?? 1)
}

function cleanPlatforms(platforms: readonly string[]): readonly SubdirName[] {
  const names = platforms.map((platform) => platform.trim()).filter((name) => isSubdirName(name))
  return [...new Set(names)].filter((name) => name !== NOARCH)
}

function describeIdle(isFetched: boolean, { where }: ResolveInstallersOptions): ConfigProblem {
  const cause = isFetched ? `"remote_url" is empty (${where('remote_url')})` : `"fetch_installers" is false (${where('fetch_installers')})`
  return { code: 'CONFIG_INVALID', where: where('installers'), key: 'installers', message: `"installers" has no effect, because ${cause}` }
}

function parseRemote(text: string, { workingDirectory, where }: ResolveInstallersOptions): ChannelUrl | ConfigProblem {
  const hidden = findHiddenSecret(text, { key: 'remote_url', where: where('remote_url') })
  if (hidden !== undefined) return hidden
  try {
    return parseChannelUrl(text, { workingDirectory, folder: 'archive' })
  } catch (error) {
    if (!isMirrorError(error, 'CHANNEL_INVALID')) throw error
    return { code: 'CONFIG_INVALID', where: where('remote_url'), key: 'remote_url', message: error.message.replace(/^Cannot use (?<url>.*?) as a channel/, '"remote_url" cannot be $<url>') }
  }
}

/** Installers have folders of their own at the root of the mirror. */
function findClash({ channels, where }: ResolveInstallersOptions): readonly ConfigProblem[] {
  const clash = channels.find(({ channel }) => /^(?:archive|miniconda)(?:\/|$)/i.test(channel.folder))
  if (clash === undefined) return []
  return [{
    code: 'CONFIG_INVALID',
    where: where('channels'),
    key: 'channels',
    message: `${clash.channel.url} would be kept in the folder ${JSON.stringify(clash.channel.folder)}, where installers are`,
    hint: 'Give it another folder ({url: …, path: …}), or leave installers out (fetch_installers: false).',
  }]
}
