import { type DeltaChannel, type DeltaEntryKind, type DeltaManifest, deltaPath, EMPTY_STATE, stateId } from '@mirror/delta'
import { formatBytes, formatCount, formatTable } from './format.ts'

const EMPTY_ID = stateId(EMPTY_STATE)

interface Sum {
  readonly files: number
  readonly bytes: number
}

/** What a delta carries, as plain data: sums by kind and by subdir, and with `list` every entry. */
export interface DeltaSummary {
  readonly folder: string
  /** Identities of states; `nothing` is told by the identity of the empty state. */
  readonly bases: readonly string[]
  readonly fromNothing: boolean
  readonly target: string
  readonly carries: Readonly<Record<DeltaEntryKind, Sum>>
  readonly remove: number
  readonly entries?: DeltaChannel['entries']
  readonly removes?: readonly string[]
}

/** Sums up the channels of a delta. */
export function summarizeDelta({ channels }: Pick<DeltaManifest, 'channels'>, list: boolean): readonly DeltaSummary[] {
  return channels.map((channel) => ({
    folder: channel.folder, bases: channel.bases.map(({ id }) => id), fromNothing: channel.bases.some(({ id }) => id === EMPTY_ID), target: channel.target.id,
    carries: { artifact: sumOf(channel, 'artifact'), shard: sumOf(channel, 'shard'), file: sumOf(channel, 'file'), index: sumOf(channel, 'index') },
    remove: channel.remove.length,
    ...(list ? { entries: channel.entries, removes: channel.remove } : {}),
  }))
}

function sumOf({ entries }: DeltaChannel, kind: DeltaEntryKind, within = ''): Sum {
  const mine = entries.filter((entry) => entry.kind === kind && entry.path.startsWith(within))
  return { files: mine.length, bytes: mine.reduce((sum, { size }) => sum + size, 0) }
}

/** What a delta carries, in words: each channel with its states, and a row for each subdir. Ends with a line feed. */
export function describeDeltaParts({ channels }: Pick<DeltaManifest, 'channels'>): string {
  return channels.map((channel) => `${describeChannel(channel)}\n`).join('')
}

function describeChannel(channel: DeltaChannel): string {
  const { folder, bases, target } = channel
  const from = bases.length === 0 ? 'what it starts from is not known' : `from ${bases.map(({ id }) => (id === EMPTY_ID ? 'nothing' : `state ${id.slice(0, 12)}`)).join(' or ')}`
  const rows = subdirsOf(channel).map((subdir) => [`  ${subdir}`, ...describeSubdir(channel, subdir)])
  const files = sumOf(channel, 'file')
  const others = files.files === 0 ? [] : [['  other files', '', '', `${formatCount(files.files)} files`, formatBytes(files.bytes), '']]
  return [`${folder === '' ? 'The root of the mirror' : folder}: ${from}, to state ${target.id.slice(0, 12)}`, formatTable([...rows, ...others])].filter((line) => line !== '').join('\n')
}

function subdirsOf({ entries, remove }: DeltaChannel): readonly string[] {
  const paths = [...entries.map(({ path }) => path), ...remove]
  return [...new Set(paths.filter((path) => path.includes('/')).map((path) => path.slice(0, path.indexOf('/'))))].toSorted()
}

function describeSubdir(channel: DeltaChannel, subdir: string): readonly string[] {
  const [artifacts, shards, indexes] = [sumOf(channel, 'artifact', `${subdir}/`), sumOf(channel, 'shard', `${subdir}/`), sumOf(channel, 'index', `${subdir}/`)]
  const removals = channel.remove.filter((path) => path.startsWith(`${subdir}/`)).length
  return [
    `${formatCount(artifacts.files)} artifacts`, formatBytes(artifacts.bytes), `${formatCount(shards.files + indexes.files)} index files`, formatBytes(shards.bytes + indexes.bytes), `${formatCount(removals)} to remove`,
  ]
}

/** Every path that a delta carries or removes, one a line. */
export function listDelta({ channels }: Pick<DeltaManifest, 'channels'>): string {
  return channels.flatMap(({ folder, entries, remove }) => [
    ...entries.map(({ path, size }) => `+ ${deltaPath(folder, path)} (${formatBytes(size)})\n`), ...remove.map((path) => `- ${deltaPath(folder, path)}\n`),
  ]).join('')
}
