import type { ChannelUrl } from '@mirror/core'
import { stringify } from 'yaml'
import type { ChannelConfig, Config } from './config.ts'
import { formatDurationKey } from './units.ts'

/**
 * The configuration as YAML that can be used as a file and means the same. Tokens and passwords are `***` unless `showSecrets`.
 */
export function formatConfig(config: Config, showSecrets: boolean): string {
  const heading = config.file === undefined ? '# No configuration file: defaults and flags.\n' : `# From ${config.file}, with flags and defaults.\n`
  return heading + stringify({
    mirror_dir: config.mirrorDir,
    channels: config.channels.map((entry) => formatChannel(entry, { config, showSecrets })),
    platforms: config.platforms,
    noarch: config.noarch,
    variants: config.variants,
    reuse: config.reuse,
    grace: formatDurationKey(config.grace),
    concurrency: config.concurrency,
    ...(config.bandwidth === undefined ? {} : { bandwidth: config.bandwidth }),
    timeouts: { connect: formatDurationKey(config.timeouts.connect), idle: formatDurationKey(config.timeouts.idle) },
    ssl_verify: config.certificates ?? true,
    fetch_installers: config.installers,
  }, { version: '1.1', lineWidth: 0 })
}

interface ChannelFormat {
  readonly config: Config
  readonly showSecrets: boolean
}

function formatChannel({ channel, subdirs }: ChannelConfig, { config, showSecrets }: ChannelFormat): unknown {
  const platforms = subdirs.map(({ subdir }) => subdir).filter((subdir) => subdir !== 'noarch')
  const general = config.platforms.map((platform) => platform.trim()).filter((platform) => platform !== 'noarch')
  const isGeneral = [...new Set(general)].join(' ') === platforms.join(' ')
  return { url: formatUrl(channel, showSecrets), path: channel.folder, ...(isGeneral ? {} : { platforms: platforms.length === 0 ? ['noarch'] : platforms }) }
}

/** The URL with its secrets where they were, or with `***` in their place. */
function formatUrl(channel: ChannelUrl, showSecrets: boolean): string {
  const show = (secret: { readonly reveal: () => string }): string => (showSecrets ? encodeURIComponent(secret.reveal()) : '***')
  const scheme = channel.url.indexOf('://') + 3
  const slash = channel.url.indexOf('/', scheme)
  const pathStart = slash < 0 ? channel.url.length : slash
  const tokenAt = pathStart + channel.tokenPosition
  const token = channel.token === undefined ? '' : `/t/${show(channel.token)}`
  const user = channel.username === undefined ? '' : showSecrets ? encodeURIComponent(channel.username) : '***'
  const password = channel.password === undefined ? '' : `:${show(channel.password)}`
  const login = user === '' && password === '' ? '' : `${user}${password}@`
  return `${channel.url.slice(0, scheme)}${login}${channel.url.slice(scheme, tokenAt)}${token}${channel.url.slice(tokenAt)}`
}
