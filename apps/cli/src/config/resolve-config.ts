import { join, resolve } from 'node:path'
import type { ReusePolicy } from '@mirror/sync'
import type { Flags } from '../command-line/flags.ts'
import { type Placed, type PlacedChannel, resolveChannels, STANDARD_PLATFORMS } from './channels.ts'
import type { Config } from './config.ts'
import { type ConfigSource, type ConfigValues, parseConfigFile, type ParsedConfig } from './config-file.ts'
import type { EnvironmentValues } from './environment.ts'
import { type ConfigProblem, createConfigError } from './problems.ts'
import { parseBandwidth, parseDuration } from './units.ts'

/** What a configuration is made of. */
export interface ConfigLayers {
  readonly file: ConfigSource | undefined
  readonly env: EnvironmentValues
  readonly flags: Flags
  /** What relative paths start from. */
  readonly workingDirectory: string
}

const STANDARD_REMOTE = 'https://repo.anaconda.com/'
const REUSE_POLICIES: readonly ReusePolicy[] = ['replace', 'after-grace', 'keep', 'drop']
const EMPTY: ParsedConfig = { values: {}, problems: [], warnings: [], where: () => '' }

/**
 * The configuration that holds: flags win over the environment, the environment over the file, the file over the defaults. Pure. Throws `CONFIG_INVALID`,
 * `CONFIG_UNKNOWN_KEY` or `CONFIG_UNSUPPORTED` with everything that is wrong, each with file and line.
 */
export function resolveConfig({ file, env, flags, workingDirectory }: ConfigLayers): Config {
  const parsed = file === undefined ? EMPTY : parseConfigFile(file)
  const chosen = readFlags(flags)
  const { values } = parsed
  const noarch = values.noarch ?? true
  const channels = resolveChannels(listChannels(parsed, flags), { channelAlias: values.channel_alias, workingDirectory, noarch })
  const problems = [...parsed.problems, ...(flags.strict ? parsed.warnings : []), ...chosen.problems, ...channels.problems]
  if (problems.length > 0) throw createConfigError(problems)
  const path = (text: string): string => resolve(workingDirectory, text.startsWith('~/') && env.home !== undefined ? join(env.home, text.slice(2)) : text)
  const certificates = typeof values.ssl_verify === 'string' ? values.ssl_verify : env.certificates
  return {
    file: file?.path,
    mirrorDir: path(flags.mirrorDir ?? values.mirror_dir ?? '/opt/cas-mirror'),
    channels: channels.values,
    platforms: flags.platforms.length > 0 ? flags.platforms : (values.platforms ?? STANDARD_PLATFORMS),
    noarch,
    variants: { zst: values.variants?.zst ?? true, shards: values.variants?.shards ?? true, bz2: values.variants?.bz2 ?? 'upstream' },
    reuse: chosen.reuse ?? values.reuse ?? 'replace',
    grace: chosen.grace ?? values.grace ?? 86_400_000,
    concurrency: chosen.concurrency ?? values.concurrency ?? 32,
    bandwidth: chosen.bandwidth ?? values.bandwidth,
    timeouts: { connect: values.timeouts?.connect ?? 10_000, idle: chosen.timeout ?? values.timeouts?.idle ?? 30_000 },
    certificates: certificates === undefined ? undefined : path(certificates),
    installers: (values.fetch_installers ?? true) && values.remote_url !== '',
    maximumDeletes: chosen.maxDelete,
    warnings: parsed.warnings,
  }
}

function listChannels({ values, where }: ParsedConfig, flags: Flags): readonly PlacedChannel[] {
  const platforms = listPlatforms({ values, where }, flags)
  if (flags.channels.length > 0) return flags.channels.map((url) => ({ value: { url }, where: '--channel', platforms }))
  if (values.channels === undefined) {
    const remote = values.remote_url === undefined || values.remote_url === '' ? STANDARD_REMOTE : values.remote_url
    return ['main', 'free', 'pro'].map((name) => ({ value: { url: `${remote.replace(/\/+$/, '')}/pkgs/${name}` }, where: where(['remote_url']) || undefined, platforms }))
  }
  return values.channels.map((value, index) => {
    const own = value.platforms?.map((platform, item) => ({ value: platform, where: where(['channels', index, 'platforms', item]) }))
    return { value, where: where(['channels', index]), platforms: flags.platforms.length > 0 ? platforms : (own ?? platforms) }
  })
}

function listPlatforms({ values, where }: { readonly values: ConfigValues; readonly where: ParsedConfig['where'] }, flags: Flags): readonly Placed<string>[] {
  if (flags.platforms.length > 0) return flags.platforms.map((value) => ({ value, where: '--platform' }))
  if (values.platforms === undefined) return STANDARD_PLATFORMS.map((value) => ({ value, where: undefined }))
  return values.platforms.map((value, index) => ({ value, where: where(['platforms', index]) }))
}

interface FlagValues {
  readonly grace: number | undefined
  readonly bandwidth: number | undefined
  readonly timeout: number | undefined
  readonly concurrency: number | undefined
  readonly maxDelete: number | undefined
  readonly reuse: ReusePolicy | undefined
  readonly problems: readonly ConfigProblem[]
}

/** Reads the flags that have values. What is wrong with one is told like what is wrong in the file. */
function readFlags(flags: Flags): FlagValues {
  const problems: ConfigProblem[] = []
  const read = <Value>(flag: string, text: string | undefined, parse: (text: string) => Value | undefined, takes: string): Value | undefined => {
    const value = text === undefined ? undefined : parse(text)
    if (text !== undefined && value === undefined) problems.push({ code: 'CONFIG_INVALID', where: flag, key: undefined, message: `takes ${takes}, not ${JSON.stringify(text)}` })
    return value
  }
  const whole = (minimum: number, maximum: number) => (text: string): number | undefined => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    return value >= minimum && value <= maximum ? value : undefined
  }
  return {
    grace: read('--grace', flags.grace, parseDuration, 'a duration with its unit, such as 24h, or 0'),
    bandwidth: read('--bandwidth', flags.bandwidth, parseBandwidth, 'a rate such as 10MB/s'),
    timeout: read('--timeout', flags.timeout, (text) => parseDuration(text) || undefined, 'a duration above 0, such as 30s'),
    concurrency: read('--concurrency', flags.concurrency, whole(1, 256), 'a whole number from 1 to 256'),
    maxDelete: read('--max-delete', flags.maxDelete, whole(0, Number.MAX_SAFE_INTEGER), 'a whole number'),
    reuse: read('--reuse', flags.reuse, (text) => REUSE_POLICIES.find((policy) => policy === text), 'replace, after-grace, keep or drop'),
    problems,
  }
}
