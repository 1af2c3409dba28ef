import { join, resolve } from 'node:path'
import { DEFAULT_CHANNEL_ALIAS, stripUrl } from '@mirror/core'
import type { DerivativeChoice } from '@mirror/sync'
import type { Flags } from '../command-line/flags.ts'
import type { LogLevel } from '../events.ts'
import type { Config } from './config.ts'
import type { ParsedConfig } from './config-file.ts'
import type { ConfigValues, DerivativeValues } from './config-values.ts'
import type { EnvironmentValues } from './environment.ts'
import { createConfigError } from './problems.ts'
import { readFlags } from './read-flags.ts'
import { resolveChannelConfigs } from './resolve-channel-configs.ts'
import { resolveInstallers } from './resolve-installers.ts'
import { resolveServe } from './resolve-serve.ts'
import { override, STANDARD, STANDARD_TIMEOUTS, STANDARD_VARIANTS } from './settings.ts'

/** What a configuration is made of. */
export interface ConfigLayers {
  /** What `parseConfigFile` read; undefined where there is no file. */
  readonly file: ParsedConfig | undefined
  readonly env: EnvironmentValues
  readonly flags: Flags
  /** What relative paths start from. */
  readonly workingDirectory: string
  /** Milliseconds since the epoch, for times that contradict each other. Default: the clock. */
  readonly now?: number
}

const EMPTY: ParsedConfig = { path: '', values: {}, problems: [], warnings: [], where: () => '' }

/**
 * The configuration that holds: flags win over the environment, the environment over the file, the file over the defaults. Throws `CONFIG_INVALID` or
 * `CONFIG_UNKNOWN_KEY` with everything that is wrong, each with file and line.
 */
export function resolveConfig({ file, env, flags, workingDirectory, now = Date.now() }: ConfigLayers): Config {
  const parsed = file ?? EMPTY
  const { values } = parsed
  const chosen = readFlags(flags)
  const settings = override(override(STANDARD, values), chosen.settings)
  const channels = resolveChannelConfigs(parsed, { file: file?.path, flags, workingDirectory, noarch: settings.noarch, now })
  const installers = resolveInstallers(values, {
    // Whoever names channels on the command line asks for these.
    isWanted: flags.channels.length === 0, channels: channels.values, platforms: settings.platforms, workingDirectory, where: (key) => parsed.where([key]),
  })
  const served = resolveServe(values.serve, { flags, home: env.home, workingDirectory, file: file?.path })
  const warnings = [...parsed.warnings, ...channels.warnings, ...installers.warnings]
  const problems = [...parsed.problems, ...(flags.strict ? warnings : []), ...chosen.problems, ...channels.problems, ...installers.problems, ...served.problems]
  if (problems.length > 0) throw createConfigError(problems)
  const { bandwidth, concurrency, grace, noarch, platforms, retain, reuse } = settings
  return {
    file: file?.path,
    ...resolvePaths({ ...values, mirror_dir: settings.mirror_dir }, { env, flags, workingDirectory }),
    channels: channels.values,
    platforms,
    noarch,
    channelAlias: cleanAlias(values.channel_alias),
    installers: installers.installers,
    derivatives: chooseDerivatives(values.derivatives),
    variants: override(STANDARD_VARIANTS, values.variants ?? {}),
    reuse,
    grace,
    retain,
    ...resolveOwnership(values),
    concurrency,
    bandwidth,
    timeouts: override(override(STANDARD_TIMEOUTS, values.timeouts ?? {}), { idle: chosen.timeout }),
    logLevel: levelOf(values.verbose),
    upload: resolveUpload(values, flags, chosen.settings.concurrency),
    serve: served.serve,
    maximumDeletes: chosen.maximumDeletes,
    reserve: chosen.reserve,
    warnings,
  }
}

/** Relative paths start from the working directory, `~/` is the home folder. */
function resolvePaths(
  { mirror_dir: mirrorDir, metrics_file: metricsFile, ssl_verify: verify, delta = false, delta_dir: deltaDir = STANDARD_DELTA, delta_sign: secretKey, delta_keys: keys = [] }: ConfigValues & { readonly mirror_dir: string },
  { env, flags, workingDirectory }: Pick<ConfigLayers, 'env' | 'flags' | 'workingDirectory'>,
): Pick<Config, 'mirrorDir' | 'delta' | 'metricsFile' | 'certificates'> {
  const absolute = (path: string): string => resolve(workingDirectory, env.home !== undefined && path.startsWith('~/') ? join(env.home, path.slice(2)) : path)
  const certificates = typeof verify === 'string' ? verify : env.certificates
  const metrics = flags.metricsFile ?? metricsFile
  return {
    mirrorDir: absolute(mirrorDir),
    delta: { directory: absolute(flags.words['delta'] ?? deltaDir), isRecorded: delta, secretKey: secretKey === undefined ? undefined : absolute(secretKey), keys: keys.map((key) => (isPublicKey(key) ? key : absolute(key))) },
    metricsFile: metrics === undefined ? undefined : absolute(metrics),
    certificates: certificates === undefined ? undefined : absolute(certificates),
  }
}

function resolveUpload(values: ConfigValues, flags: Flags, concurrency: number | undefined): Config['upload'] {
  return {
    site: values.dest_site,
    channel: values.dest_channel,
    url: values.dest_url,
    labels: flags.labels.length > 0 ? flags.labels : values.dest_labels,
    access: flags.isPrivate ? 'private' : values.dest_access,
    concurrency: concurrency ?? values.dest_concurrency,
  }
}

function resolveOwnership({ file_mode: fileMode, directory_mode: directoryMode, group }: ConfigValues): Pick<Config, 'fileMode' | 'directoryMode' | 'group'> {
  return { fileMode, directoryMode, group }
}

const STANDARD_DELTA = 'delta_pkgs'

/** The text of a minisign public key, not the path of its file: 42 bytes as base64, of which the first tell what it is. */
function isPublicKey(text: string): boolean {
  return /^RW[A-Za-z0-9+/]{54}$/.test(text)
}

function cleanAlias(alias: string = DEFAULT_CHANNEL_ALIAS): string {
  return (stripUrl(alias) ?? DEFAULT_CHANNEL_ALIAS).replace(/\/+$/, '')
}

/** `verbose` counts as `-v` does in many tools: none tells warnings, one what happens, two everything. */
function levelOf(verbose: number | boolean | undefined): LogLevel | undefined {
  if (verbose === undefined) return undefined
  if (typeof verbose === 'boolean') return verbose ? 'DEBUG' : 'INFO'
  return verbose === 0 ? 'WARNING' : verbose === 1 ? 'INFO' : 'DEBUG'
}

function chooseDerivatives(values: DerivativeValues = {}): DerivativeChoice {
  return {
    currentRepodata: values.current_repodata ?? false,
    runExports: values.run_exports ?? false,
    repodataFromPackages: values.repodata_from_packages ?? false,
    patchInstructions: values.patch_instructions ?? false,
    channeldata: values.channeldata ?? false,
  }
}
