import { DEFAULT_CHANNEL_ALIAS, type MatchSpec, parseStringPattern } from '@mirror/core'
import type { Selection } from '@mirror/selection'
import type { Config } from './config.ts'

/** The configuration with short names of channels in match specs (`team::numpy`) completed by its own alias, as the names under `channels` are. */
export function qualifyChannels(config: Config): Config {
  const { channelAlias } = config
  if (channelAlias === DEFAULT_CHANNEL_ALIAS) return config
  return { ...config, channels: config.channels.map((channel) => ({ ...channel, selection: qualifySelection(channel.selection, channelAlias) })) }
}

function qualifySelection(selection: Selection, alias: string): Selection {
  const all = (specs: readonly MatchSpec[]): readonly MatchSpec[] => specs.map((spec) => qualifySpec(spec, alias))
  const { exclude, include, closure } = selection
  return {
    ...selection,
    ...(exclude === undefined ? {} : { exclude: all(exclude) }),
    ...(include === undefined ? {} : { include: all(include) }),
    ...(closure === undefined ? {} : { closure: { ...closure, specs: all(closure.specs), ...(closure.environments === undefined ? {} : { environments: closure.environments.map(all) }) } }),
  }
}

/** Globs and URLs stay as they are. */
function qualifySpec(spec: MatchSpec, alias: string): MatchSpec {
  const pattern = spec.fields.get('channel')
  if (pattern?.type !== 'exact' || pattern.text.includes('://')) return spec
  return { ...spec, fields: new Map([...spec.fields, ['channel', parseStringPattern(`${alias}/${pattern.text}`)]]) }
}
