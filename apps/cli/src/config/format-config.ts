import { type ChannelUrl, DEFAULT_CHANNEL_ALIAS } from '@mirror/core'
import type { ChannelConfig, Config } from './config.ts'
import { formatSelection } from './format-selection.ts'
import { formatServe } from './format-serve.ts'
import { HIDDEN } from './hidden-secret.ts'
import { stringifyForBoth } from './stringify-yaml.ts'
import { formatDurationKey, formatModeKey } from './units.ts'

/**
 * The configuration as YAML that can be used as a file and means the same. Tokens and passwords are `***` unless `showSecrets`; then the file is refused where it is used, until
 * they are put in.
 */
export function formatConfig(config: Config, showSecrets: boolean): string {
  const heading = config.file === undefined ? '# No configuration file: defaults and flags.\n' : `# From ${config.file}, with flags and defaults.\n`
  const own = config.channels.map((entry) => formatSelection(entry, showSecrets))
  const general = findGeneral(own)
  const content = {
    mirror_dir: config.mirrorDir,
    channels: config.channels.map((entry, index) => formatChannel(entry, { config, showSecrets, selection: withoutGeneral(own[index], general) })),
    platforms: config.platforms,
    noarch: config.noarch,
    ...(config.channelAlias === DEFAULT_CHANNEL_ALIAS ? {} : { channel_alias: config.channelAlias }),
    ...formatInstallers(config, showSecrets),
    ...Object.fromEntries(general),
    variants: config.variants,
    ...formatKeeping(config),
    ...formatFetching(config),
    ...formatServe(config.serve),
  }
  return heading + stringifyForBoth(content)
}

function formatInstallers({ installers }: Config, showSecrets: boolean): object {
  if (installers === undefined) return { fetch_installers: false }
  const { remote, latest } = installers
  return { remote_url: formatUrl(remote, showSecrets), fetch_installers: true, installers: latest === 'all' ? latest : { latest } }
}

function formatKeeping({ derivatives, reuse, grace, retain, fileMode, directoryMode, group, metricsFile }: Config): object {
  return {
    derivatives: {
      current_repodata: derivatives.currentRepodata,
      run_exports: derivatives.runExports,
      channeldata: derivatives.channeldata,
      repodata_from_packages: derivatives.repodataFromPackages,
      patch_instructions: derivatives.patchInstructions,
    },
    reuse,
    grace: formatDurationKey(grace),
    retain,
    ...(fileMode === undefined ? {} : { file_mode: formatModeKey(fileMode) }),
    ...(directoryMode === undefined ? {} : { directory_mode: formatModeKey(directoryMode) }),
    ...(group === undefined ? {} : { group }),
    ...(metricsFile === undefined ? {} : { metrics_file: metricsFile }),
  }
}

const VERBOSE = { CRITICAL: 0, ERROR: 0, WARNING: 0, INFO: 1, DEBUG: 2 } as const

function formatFetching({ concurrency, bandwidth, timeouts, certificates, logLevel, delta, upload }: Config): object {
  return {
    concurrency,
    ...(bandwidth === undefined ? {} : { bandwidth }),
    timeouts: { connect: formatDurationKey(timeouts.connect), idle: formatDurationKey(timeouts.idle) },
    ssl_verify: certificates ?? true,
    ...(logLevel === undefined ? {} : { verbose: VERBOSE[logLevel] }),
    ...(delta.isRecorded ? { delta: true } : {}),
    delta_dir: delta.directory,
    ...(delta.secretKey === undefined ? {} : { delta_sign: delta.secretKey }),
    ...(delta.keys.length === 0 ? {} : { delta_keys: delta.keys }),
    ...formatUpload(upload),
  }
}

function formatUpload({ site, channel, url, labels, access, concurrency }: Config['upload']): object {
  const keys = { dest_site: site, dest_channel: channel, dest_url: url, dest_labels: labels, dest_access: access, dest_concurrency: concurrency }
  return Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined))
}

/** Keys that say the same for all channels: they stand at the top. */
function findGeneral(own: readonly ReadonlyMap<string, unknown>[]): ReadonlyMap<string, unknown> {
  const [first, ...others] = own
  const isShared = ([key, value]: readonly [string, unknown]): boolean => others.every((other) => JSON.stringify(other.get(key)) === JSON.stringify(value))
  return new Map([...(first ?? [])].filter(isShared))
}

function withoutGeneral(own: ReadonlyMap<string, unknown> | undefined, general: ReadonlyMap<string, unknown>): object {
  return Object.fromEntries([...(own ?? [])].filter(([key]) => !general.has(key)))
}

interface ChannelFormat {
  readonly config: Config
  readonly showSecrets: boolean
  readonly selection: object
}

function formatChannel({ channel, subdirs }: ChannelConfig, { config, showSecrets, selection }: ChannelFormat): object {
  const own = subdirs.map(({ subdir }) => subdir.toString())
  const general = [...new Set([...config.platforms.map((platform) => platform.trim()), ...(config.noarch ? ['noarch'] : [])])]
  const platforms = own.length > 1 && own.at(-1) === 'noarch' ? own.slice(0, -1) : own
  return { url: formatUrl(channel, showSecrets), path: channel.folder, ...(own.join(' ') === general.join(' ') ? {} : { platforms }), ...selection }
}

/** The URL with its secrets where they were, or with `***` in their place. */
function formatUrl(channel: ChannelUrl, showSecrets: boolean): string {
  const show = (secret: { readonly reveal: () => string }): string => (showSecrets ? encodeURIComponent(secret.reveal()) : HIDDEN)
  const scheme = channel.url.indexOf('://') + 3
  const slash = channel.url.indexOf('/', scheme)
  const pathStart = slash < 0 ? channel.url.length : slash
  const tokenAt = pathStart + channel.tokenPosition
  const token = channel.token === undefined ? '' : `/t/${show(channel.token)}`
  const user = channel.username === undefined ? '' : showSecrets ? encodeURIComponent(channel.username) : HIDDEN
  const password = channel.password === undefined ? '' : `:${show(channel.password)}`
  const login = user === '' && password === '' ? '' : `${user}${password}@`
  return `${channel.url.slice(0, scheme)}${login}${channel.url.slice(scheme, tokenAt)}${token}${channel.url.slice(tokenAt)}`
}
