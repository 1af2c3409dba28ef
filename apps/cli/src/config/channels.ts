import { type ChannelUrl, isMirrorError, isSubdirName, KNOWN_SUBDIRS, NOARCH, parseChannelUrl } from '@mirror/core'
import type { WantedSubdir } from '@mirror/sync'
import { findHiddenSecret } from './hidden-secret.ts'
import type { ChannelEntry } from './config-values.ts'
import { findNearest } from './nearest.ts'
import type { ConfigProblem } from './problems.ts'

/** The platforms that cas-mirror had by default. */
export const STANDARD_PLATFORMS: readonly string[] = [
  'osx-32', 'osx-64', 'win-32', 'win-64', 'linux-32', 'linux-64', 'linux-armv6l', 'linux-armv7l', 'linux-ppc64le',
]

/** A channel or platform with the place where it was written. */
export interface Placed<Value> {
  readonly value: Value
  readonly where: string | undefined
}

/** A channel entry, where it was written, and the platforms that hold for it. */
export interface PlacedChannel extends Placed<ChannelEntry> {
  readonly platforms: readonly Placed<string>[]
}

/** A channel with what it is mirrored for. */
export interface ResolvedChannel {
  /** The place of its entry among the given ones. */
  readonly index: number
  readonly channel: ChannelUrl
  readonly subdirs: readonly WantedSubdir[]
}

/** What channels are resolved with. */
export interface ResolveChannelsOptions {
  readonly channelAlias: string | undefined
  readonly workingDirectory: string
  readonly noarch: boolean
}

/** Values, and what was wrong with those that are missing. */
export interface Resolved<Value> {
  readonly values: readonly Value[]
  readonly problems: readonly ConfigProblem[]
}

/** Resolves channels with their platforms and folders. Two channels with one folder are a problem, and so is one inside of a subdir of another. */
export function resolveChannels(entries: readonly PlacedChannel[], options: ResolveChannelsOptions): Resolved<ResolvedChannel> {
  const values: ResolvedChannel[] = []
  const problems: ConfigProblem[] = []
  const folders = new Map<string, string>()
  for (const [index, entry] of entries.entries()) {
    const channel = resolveChannel(entry, options)
    const subdirs = resolvePlatforms(entry.platforms, options.noarch)
    problems.push(...channel.problems, ...subdirs.problems)
    for (const url of channel.values) {
      problems.push(...checkFolder(url, { folders, where: entry.where }))
      folders.set(url.folder.toLowerCase(), url.url)
      values.push({ index, channel: url, subdirs: subdirs.values })
    }
  }
  return { values, problems: uniqueProblems(problems) }
}

function resolveChannel(entry: PlacedChannel, { channelAlias, workingDirectory }: ResolveChannelsOptions): Resolved<ChannelUrl> {
  const { url, path } = entry.value
  const hidden = findHiddenSecret(url, { key: 'channels', where: entry.where })
  if (hidden !== undefined) return { values: [], problems: [hidden] }
  try {
    const channel = parseChannelUrl(url, {
      workingDirectory,
      ...(channelAlias === undefined ? {} : { channelAlias }),
      ...(path === undefined ? {} : { folder: path }),
    })
    return { values: [channel], problems: [] }
  } catch (error) {
    if (!isMirrorError(error, 'CHANNEL_INVALID')) throw error
    const hint = error.hint === undefined ? {} : { hint: error.hint }
    return { values: [], problems: [{ code: 'CONFIG_INVALID', where: entry.where, key: 'channels', message: error.message.replace(/^C/, 'c'), ...hint }] }
  }
}

interface FolderCheck {
  /** Folders in lower case, as file systems may not tell cases apart, with the URLs of their channels. */
  readonly folders: ReadonlyMap<string, string>
  readonly where: string | undefined
}

function checkFolder(channel: ChannelUrl, { folders, where }: FolderCheck): readonly ConfigProblem[] {
  const folder = channel.folder.toLowerCase()
  const other = folders.get(folder)
  if (other !== undefined) {
    return [{
      code: 'CONFIG_INVALID',
      where,
      key: 'channels',
      message: `${channel.url} would be kept in the folder ${JSON.stringify(channel.folder)}, where ${other} is`,
      hint: 'Give one of them another folder: {url: …, path: …}. If they are the same channel, remove one.',
    }]
  }
  const inside = [...folders].find(([held]) => isBelowSubdir(folder, held) || isBelowSubdir(held, folder))
  if (inside === undefined) return []
  return [{ code: 'CONFIG_INVALID', where, key: 'channels', message: `the folder ${JSON.stringify(channel.folder)} of ${channel.url} and that of ${inside[1]} lie in a subdir of one another` }]
}

function isBelowSubdir(folder: string, parent: string): boolean {
  return folder.startsWith(`${parent}/`) && KNOWN_SUBDIRS.includes(folder.slice(parent.length + 1).split('/')[0] ?? '')
}

/** Platforms as subdirs: each once, `noarch` with them. One that nobody knows is `required`: upstream must have it. */
export function resolvePlatforms(platforms: readonly Placed<string>[], noarch: boolean): Resolved<WantedSubdir> {
  const values: WantedSubdir[] = []
  const problems: ConfigProblem[] = []
  for (const { value, where } of platforms) {
    const name = value.trim()
    if (!isSubdirName(name)) problems.push(describePlatform(name, where))
    else if (name === NOARCH && !noarch) problems.push({ code: 'CONFIG_INVALID', where, key: 'platforms', message: '"platforms" names noarch, while "noarch" is false' })
    else if (values.every(({ subdir }) => subdir !== name)) values.push({ subdir: name, required: !KNOWN_SUBDIRS.includes(name) })
  }
  if (noarch && values.every(({ subdir }) => subdir !== NOARCH)) values.push({ subdir: NOARCH, required: false })
  return { values, problems }
}

function describePlatform(name: string, where: string | undefined): ConfigProblem {
  const nearest = findNearest(name, KNOWN_SUBDIRS)
  const hint = nearest === undefined ? {} : { hint: `The nearest platform is ${nearest}.` }
  return { code: 'CONFIG_INVALID', where, key: 'platforms', message: `${JSON.stringify(name)} is not the name of a platform, such as linux-64`, ...hint }
}

function uniqueProblems(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  return problems.filter((problem, index) => problems.findIndex((other) => other.where === problem.where && other.message === problem.message) === index)
}
