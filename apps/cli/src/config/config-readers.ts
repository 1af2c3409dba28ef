import { listChoices, REUSE_POLICIES } from '../command-line/choices.ts'
import type { BudgetValues, ChannelEntry, ConfigValues, DerivativeValues } from './config-values.ts'
import { type FieldReaders, isMapping, listReader, mappingReader, parsedBy, type Reader, switchable, textReader } from './readers.ts'
import { readServe, SERVE_NESTED_KEYS } from './read-serve.ts'
import { SELECTION_NESTED_KEYS, SELECTION_READERS } from './read-selection.ts'
import { parseBandwidth, parseCount, parseDuration, parseMode, parseSizeValue } from './units.ts'

const PLATFORMS = 'takes names of platforms, such as linux-64'
const CHANNEL = 'takes a URL, a path or a name, or a mapping with "url", "path", "platforms" and keys of the selection'
const INSTALLERS = 'takes "all", or a mapping with "latest"'
const BUDGET = 'takes a mapping with "bytes" and "artifacts"'
const PAUSE = 'takes a duration above 0, such as 30s'
const NO_SETUID = 0o777
const WITH_GROUP_BIT = 0o2777
const OWNER_READS = 0o400
const OWNER_USES = 0o700

const readFlag = parsedBy((value) => (typeof value === 'boolean' ? value : undefined), 'takes true or false')
const readText = (takes: string): Reader<string> => parsedBy((value) => (typeof value === 'string' && value !== '' ? value : undefined), takes)
const readPlain: Reader<string> = parsedBy((value) => (typeof value === 'string' ? value : undefined), 'takes a text')
const readOneOf = <Word extends string>(words: readonly Word[], takes: string): Reader<Word> => parsedBy((value) => words.find((word) => word === value), takes)

/** A list that says nothing would be mistaken for one that says everything. */
function filledList<Value>(item: Reader<Value>): Reader<readonly Value[]> {
  return (value, fault) => {
    const read = value === false ? undefined : listReader(item)(value, fault)
    return value === false || read?.length === 0 ? fault('lists nothing: leave the key out for its default') : read
  }
}

function durationReader(minimum: number, takes: string): Reader<number> {
  return parsedBy((value) => {
    const milliseconds = parseDuration(value)
    return milliseconds !== undefined && milliseconds >= minimum ? milliseconds : undefined
  }, takes)
}

function modeReader(allowed: number, needed: number, takes: string): Reader<number> {
  return parsedBy((value) => {
    const mode = parseMode(value, allowed)
    return mode !== undefined && (mode & needed) === needed ? mode : undefined
  }, takes)
}

const readBudgetMapping = mappingReader<BudgetValues>({
  bytes: parsedBy(parseSizeValue, 'takes a size, such as 500GB'),
  artifacts: parsedBy((value) => parseCount(value, 0), 'takes a whole number'),
}, BUDGET)

const readBudget: Reader<BudgetValues | false> = switchable((value, fault) => {
  if (isMapping(value) && (value['bytes'] ?? value['artifacts'] ?? undefined) === undefined) return fault(`says nothing: it ${BUDGET}`)
  return readBudgetMapping(value, fault)
})

const readPlatforms = filledList(readText(PLATFORMS))

/** Readers of the keys of a channel's long form. */
export const CHANNEL_READERS: FieldReaders<ChannelEntry> = {
  ...SELECTION_READERS,
  url: readText('takes a URL, a path or a name'),
  path: readText('takes a relative path'),
  platforms: readPlatforms,
  budget: readBudget,
}

const readLongForm = mappingReader(CHANNEL_READERS, CHANNEL)

const readChannel: Reader<ChannelEntry> = (value, fault) => {
  if (!isMapping(value)) return typeof value === 'string' && value !== '' ? { url: value } : fault(CHANNEL)
  const { url, ...rest } = readLongForm(value, fault) ?? {}
  if (url !== undefined) return { url, ...rest }
  return value['url'] === undefined || value['url'] === null ? fault('has no "url"') : undefined
}

const readInstallersMapping = mappingReader<{ latest: number }>({ latest: parsedBy((value) => parseCount(value, 1), 'takes a whole number above 0') }, INSTALLERS)

const readVariants = mappingReader<NonNullable<ConfigValues['variants']>>({
  zst: readFlag, shards: readFlag, bz2: parsedBy((value) => (typeof value === 'boolean' || value === 'upstream' ? value : undefined), 'takes true, false or upstream'),
}, 'takes a mapping with "zst", "shards" and "bz2"')
const pause = durationReader(1, PAUSE)
const readTimeouts = mappingReader<NonNullable<ConfigValues['timeouts']>>({ connect: pause, idle: pause }, 'takes a mapping with "connect" and "idle"')
const readDerivatives = mappingReader<DerivativeValues>(
  { current_repodata: readFlag, run_exports: readFlag, channeldata: readFlag, repodata_from_packages: readFlag, patch_instructions: readFlag },
  'takes a mapping of names to true or false',
)

/** The keys that the mappings below a key have, by that key. */
export const NESTED_KEYS: Readonly<Record<string, readonly string[]>> = {
  ...SELECTION_NESTED_KEYS,
  ...SERVE_NESTED_KEYS,
  installers: readInstallersMapping.keys,
  budget: readBudgetMapping.keys,
  variants: readVariants.keys,
  derivatives: readDerivatives.keys,
  timeouts: readTimeouts.keys,
}

/** Readers of the keys at the top of a file. */
export const CONFIG_READERS: FieldReaders<ConfigValues> = {
  ...SELECTION_READERS,
  mirror_dir: readText('takes a path'),
  channels: filledList(readChannel),
  platforms: readPlatforms,
  noarch: readFlag,
  remote_url: parsedBy((value) => (typeof value === 'string' ? value : undefined), 'takes a URL or ""'),
  fetch_installers: readFlag,
  installers: (value, fault) => (value === 'all' ? value : readInstallersMapping(value, fault)),
  channel_alias: readText('takes a URL'),
  budget: readBudget,
  derivatives: readDerivatives,
  variants: readVariants,
  reuse: readOneOf(REUSE_POLICIES, `takes ${listChoices(REUSE_POLICIES)}`),
  grace: durationReader(0, 'takes a duration with its unit, such as 24h, or 0'),
  retain: parsedBy((value) => parseCount(value, 0), 'takes a whole number'),
  file_mode: modeReader(NO_SETUID, OWNER_READS, 'takes permissions in octal that let the owner read, such as 0644'),
  directory_mode: modeReader(WITH_GROUP_BIT, OWNER_USES, 'takes permissions in octal that let the owner do everything, such as 0755 or 2775'),
  group: textReader('takes the name or number of a group'),
  metrics_file: readText('takes the path of a file'),
  concurrency: parsedBy((value) => withinOne(value, 256), 'takes a whole number from 1 to 256'),
  bandwidth: parsedBy(parseBandwidth, 'takes a rate such as 10MB/s'),
  timeouts: readTimeouts,
  ssl_verify: parsedBy((value) => (value === true || (typeof value === 'string' && value !== '') ? value : undefined),
    'takes true or the path of a file with certificates; switching verification off is not offered'),
  check_md5: readFlag,
  verbose: parsedBy((value) => (typeof value === 'boolean' ? value : parseCount(value, 0)), 'takes a whole number, or true or false'),
  delta: readFlag,
  delta_dir: readPlain,
  delta_sign: readText('takes the path of a file'),
  delta_keys: filledList(readText('takes the text of a public key, or the path of its file')),
  dest_site: readPlain,
  dest_channel: readPlain,
  dest_url: readText('takes KIND+https://HOST/CHANNEL'),
  dest_labels: filledList(readText('takes names of labels')),
  dest_access: readOneOf(['public', 'private'], 'takes public or private'),
  dest_concurrency: parsedBy((value) => withinOne(value, 64), 'takes a whole number from 1 to 64'),
  serve: readServe,
}

function withinOne(value: unknown, maximum: number): number | undefined {
  const count = typeof value === 'number' ? parseCount(value, 1) : undefined
  return count !== undefined && count <= maximum ? count : undefined
}
