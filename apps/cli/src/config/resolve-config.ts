import { join, resolve } from 'node:path'
import type { ReusePolicy, VariantChoice } from '@mirror/sync'
import type { Flags } from '../command-line/flags.ts'
import { type Placed, type PlacedChannel, resolveChannels, STANDARD_PLATFORMS } from './channels.ts'
import type { Config, Timeouts } from './config.ts'
import { type ConfigSource, type ConfigValues, parseConfigFile, type ParsedConfig } from './config-file.ts'
import type { EnvironmentValues } from './environment.ts'
import { type ConfigProblem, createConfigError } from './problems.ts'
import { parseBandwidth, parseDuration, parseSize } from './units.ts'

/** What a configuration is made of. */
export interface ConfigLayers {
  readonly file: ConfigSource | undefined
  readonly env: EnvironmentValues
  readonly flags: Flags
  /** What relative paths start from. */
  readonly workingDirectory: string
}

/** Keys of the file that have a default, or that flags can override. */
interface Settings {
  readonly mirror_dir: string
  readonly platforms: readonly string[]
  readonly noarch: boolean
  readonly reuse: ReusePolicy
  readonly grace: number
  readonly concurrency: number
  readonly bandwidth: number | undefined
  readonly fetch_installers: boolean
}

const STANDARD_REMOTE = 'https://repo.anaconda.com/'
const REUSE_POLICIES: readonly ReusePolicy[] = ['replace', 'after-grace', 'keep', 'drop']
const STANDARD_VARIANTS: VariantChoice = { zst: true, shards: true, bz2: 'upstream' }
const STANDARD_TIMEOUTS: Timeouts = { connect: 10_000, idle: 30_000 }
const STANDARD: Settings = {
  mirror_dir: '/opt/cas-mirror',
  platforms: STANDARD_PLATFORMS,
  noarch: true,
  reuse: 'replace',
  grace: 86_400_000,
  concurrency: 32,
  bandwidth: undefined,
  fetch_installers: true,
}
const EMPTY: ParsedConfig = { values: {}, problems: [], warnings: [], where: () => '' }

/**
 * The configuration that holds: flags win over the environment, the environment over the file, the file over the defaults. Pure. Throws `CONFIG_INVALID`,
 * `CONFIG_UNKNOWN_KEY` or `CONFIG_UNSUPPORTED` with everything that is wrong, each with file and line.
 */
export function resolveConfig({ file, env, flags, workingDirectory }: ConfigLayers): Config {
  const parsed = file === undefined ? EMPTY : parseConfigFile(file)
  const chosen = readFlags(flags)
  const { values } = parsed
  const settings = override(override(STANDARD, values), chosen.settings)
  const { noarch } = settings
  const channels = resolveChannels(listChannels(parsed, flags), { channelAlias: values.channel_alias, workingDirectory, noarch })
  const problems = [...parsed.problems, ...(flags.strict ? parsed.warnings : []), ...chosen.problems, ...channels.problems]
  if (problems.length > 0) throw createConfigError(problems)
  const path = (text: string): string => resolve(workingDirectory, expandHome(text, env.home))
  const certificates = typeof values.ssl_verify === 'string' ? values.ssl_verify : env.certificates
  return {
    file: file?.path,
    mirrorDir: path(settings.mirror_dir),
    channels: channels.values,
    platforms: settings.platforms,
    noarch,
    variants: override(STANDARD_VARIANTS, values.variants ?? {}),
    reuse: settings.reuse,
    grace: settings.grace,
    concurrency: settings.concurrency,
    bandwidth: settings.bandwidth,
    timeouts: override(override(STANDARD_TIMEOUTS, values.timeouts ?? {}), { idle: chosen.timeout }),
    certificates: certificates === undefined ? undefined : path(certificates),
    installers: settings.fetch_installers && values.remote_url !== '',
    maximumDeletes: chosen.maximumDeletes,
    reserve: chosen.reserve,
    warnings: parsed.warnings,
  }
}

function expandHome(path: string, home: string | undefined): string {
  return home !== undefined && path.startsWith('~/') ? join(home, path.slice(2)) : path
}

/** The same options, with those in place of theirs that a higher layer has. */
function override<Options extends object>(base: Options, over: { readonly [Key in keyof Options]?: Options[Key] | undefined }): Options {
  return { ...base, ...Object.fromEntries(Object.entries(over).filter(([, value]) => value !== undefined)) }
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
  readonly settings: { readonly [Key in keyof Settings]?: Settings[Key] | undefined }
  readonly timeout: number | undefined
  readonly maximumDeletes: number | undefined
  readonly reserve: number | undefined
  readonly problems: readonly ConfigProblem[]
}

interface FlagReading<Value> {
  readonly text: string | undefined
  readonly parse: (text: string) => Value | undefined
  readonly takes: string
}

/** Reads the flags that have values. What is wrong with one is told like what is wrong in the file. */
function readFlags(flags: Flags): FlagValues {
  const problems: ConfigProblem[] = []
  const read = <Value>(flag: string, { text, parse, takes }: FlagReading<Value>): Value | undefined => {
    const value = text === undefined ? undefined : parse(text)
    if (text !== undefined && value === undefined) problems.push({ code: 'CONFIG_INVALID', where: flag, key: undefined, message: `takes ${takes}, not ${JSON.stringify(text)}` })
    return value
  }
  const settings = {
    mirror_dir: flags.mirrorDir,
    platforms: flags.platforms.length > 0 ? flags.platforms : undefined,
    grace: read('--grace', { text: flags.grace, parse: parseDuration, takes: 'a duration with its unit, such as 24h, or 0' }),
    bandwidth: read('--bandwidth', { text: flags.bandwidth, parse: parseBandwidth, takes: 'a rate such as 10MB/s' }),
    concurrency: read('--concurrency', { text: flags.concurrency, parse: (text) => parseWhole(text, 1, 256), takes: 'a whole number from 1 to 256' }),
    reuse: read('--reuse', { text: flags.reuse, parse: (text) => REUSE_POLICIES.find((policy) => policy === text), takes: 'replace, after-grace, keep or drop' }),
  }
  return {
    settings,
    timeout: read('--timeout', { text: flags.timeout, parse: (text) => parseDuration(text) || undefined, takes: 'a duration above 0, such as 30s' }),
    maximumDeletes: read('--max-delete', { text: flags.maxDelete, parse: (text) => parseWhole(text, 0, Number.MAX_SAFE_INTEGER), takes: 'a whole number' }),
    reserve: read('--reserve', { text: flags.reserve, parse: parseSize, takes: 'a size such as 5GiB, or 0' }),
    problems,
  }
}

function parseWhole(text: string, minimum: number, maximum: number): number | undefined {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  return value >= minimum && value <= maximum ? value : undefined
}
