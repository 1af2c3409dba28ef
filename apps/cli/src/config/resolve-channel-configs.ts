import { dirname, resolve } from 'node:path'
import type { Flags } from '../command-line/flags.ts'
import { type Placed, type PlacedChannel, type ResolvedChannel, resolveChannels, STANDARD_PLATFORMS } from './channels.ts'
import type { Budget, ChannelConfig } from './config.ts'
import type { ParsedConfig } from './config-file.ts'
import type { BudgetValues, ConfigValues } from './config-values.ts'
import { findHiddenSecret } from './hidden-secret.ts'
import type { ConfigProblem } from './problems.ts'
import { STANDARD_REMOTE } from './resolve-installers.ts'
import { resolveSelection } from './resolve-selection.ts'

/** What channels are resolved with. */
export interface ChannelLayers {
  /** The path of the file. */
  readonly file: string | undefined
  readonly flags: Flags
  readonly workingDirectory: string
  readonly noarch: boolean
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Channels with everything that holds for each of them, and what is wrong or odd. */
export interface ResolvedChannels {
  readonly values: readonly ChannelConfig[]
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
}

/** Resolves the channels of the flags, else those of the file, else those below `remote_url`, each with its platforms, selection and budget. */
export function resolveChannelConfigs(parsed: ParsedConfig, layers: ChannelLayers): ResolvedChannels {
  const { values, where } = parsed
  const { workingDirectory, noarch, flags } = layers
  const secret = findHiddenSecret(values.channel_alias ?? '', { key: 'channel_alias', where: where(['channel_alias']) })
  const hidden = secret === undefined ? [] : [secret]
  const resolved = resolveChannels(listChannels(parsed, flags), { channelAlias: secret === undefined ? values.channel_alias : undefined, workingDirectory, noarch })
  const selected = resolved.values.map((channel) => selectOf(channel, parsed, layers))
  return {
    values: selected.map(({ value }) => value),
    problems: unique([...hidden, ...resolved.problems, ...selected.flatMap(({ problems }) => problems)]),
    warnings: sharedWarnings(selected.map(({ warnings }) => warnings), parsed),
  }
}

interface SelectedChannel {
  readonly value: ChannelConfig
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
}

function selectOf({ index, channel, subdirs }: ResolvedChannel, { values, where }: ParsedConfig, layers: ChannelLayers): SelectedChannel {
  const { file, flags, workingDirectory, now } = layers
  const own: Partial<NonNullable<ConfigValues['channels']>[number]> = flags.channels.length > 0 ? {} : (values.channels?.[index] ?? {})
  const { selection, seedFiles, problems, warnings } = resolveSelection({
    general: values,
    own,
    where: (key, isOwn) => where(isOwn ? ['channels', index, key] : [key]),
    folder: file === undefined ? workingDirectory : dirname(resolve(workingDirectory, file)),
    now,
  })
  return { value: { channel, subdirs, selection, seedFiles, budget: toBudget(own.budget ?? values.budget) }, problems, warnings }
}

function toBudget(values: BudgetValues | false | undefined): Budget | undefined {
  return values === undefined || values === false ? undefined : { bytes: values.bytes, artifacts: values.artifacts }
}

/** What one channel makes no use of, another may: a key at the top is odd when it is so for all of them. */
function sharedWarnings(found: readonly (readonly ConfigProblem[])[], { where }: ParsedConfig): readonly ConfigProblem[] {
  const isOfAll = (warning: ConfigProblem): boolean => found.every((warnings) => warnings.some((other) => isSame(warning, other)))
  return unique(found.flat()).filter((warning) => isOfAll(warning) || (warning.key !== undefined && warning.where !== where([warning.key])))
}

function isSame(left: ConfigProblem, right: ConfigProblem): boolean {
  return left.where === right.where && left.message === right.message
}

function unique(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  return problems.filter((problem, index) => problems.findIndex((other) => isSame(problem, other)) === index)
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

