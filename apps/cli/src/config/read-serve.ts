import { type Fault, isMapping, listReader, mappingReader, parsedBy, type Reader, textReader } from './readers.ts'
import { ACCESS_LOGS, type AccessValues, type ServeValues } from './serve-values.ts'
import { parseCount, parseDuration } from './units.ts'

const RULE = 'takes "public: true", or "tokens" or "htpasswd" with files; and "channels"'
const HIGHEST_PORT = 65_535
const MOST_PROCESSES = 64

/** A list that says nothing would be mistaken for one that says everything. */
function someOf<Value>(item: Reader<Value>): Reader<readonly Value[]> {
  return (value, fault) => {
    const read = value === false ? [] : listReader(item)(value, fault)
    return read?.length === 0 ? fault('lists nothing: leave the key out for its default') : read
  }
}

/** Folders below the mirror, as the server reads them. */
function isFolderPattern(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/\/$/, '').split('/').every((name) => !/^$|^\.|[\\\u0000-\u001f\u007f]|^-$/.test(name))
}

const readFolder = parsedBy((value) => (typeof value === 'string' && isFolderPattern(value) ? value : undefined), 'takes folders of channels, such as conda-forge or team-*, in quotes where they look like numbers or begin with *')
const readFiles = someOf(textReader('takes the path of a file'))

const readRuleMapping = mappingReader<AccessValues>({
  channels: someOf(readFolder),
  public: parsedBy((value) => (value === true ? value : undefined), 'takes true; what is not public has tokens or htpasswd'),
  tokens: readFiles,
  htpasswd: readFiles,
  users: someOf(textReader('takes names of users or tokens, in quotes where they look like numbers')),
}, RULE)

/** Judges what was written, not what could be read of it: a fault inside is told there alone. */
const readRule: Reader<AccessValues> = (value, fault) => {
  if (!isMapping(value)) return fault(RULE)
  const has = (key: keyof AccessValues): boolean => (value[key] ?? undefined) !== undefined
  if (has('public') && (has('tokens') || has('htpasswd') || has('users'))) return fault('is public, so that "tokens", "htpasswd" and "users" have no meaning: make two rules of it')
  if (!has('public') && !has('tokens') && !has('htpasswd')) return fault('lets nobody in: add "tokens", "htpasswd", or "public: true"')
  return readRuleMapping(value, fault)
}

const readTlsMapping = mappingReader<NonNullable<ServeValues['tls']>>({ cert: textReader('takes the path of a file'), key: textReader('takes the path of a file') }, 'takes a mapping with "cert" and "key"')

const readTls: Reader<NonNullable<ServeValues['tls']>> = (value, fault: Fault) => {
  const read = readTlsMapping(value, fault)
  const lacking = isMapping(value) ? (['cert', 'key'] as const).find((key) => (value[key] ?? undefined) === undefined) : undefined
  return lacking === undefined ? read : fault(`has no "${lacking}"`)
}

const readMapping = mappingReader<ServeValues>({
  host: textReader('takes an address'),
  port: parsedBy(parsePort, 'takes a whole number up to 65535'),
  max_age: parsedBy((value) => parseDuration(value) || undefined, 'takes a duration above 0, such as 36h'),
  access_log: parsedBy((value) => ACCESS_LOGS.find((log) => log === value), `takes ${ACCESS_LOGS.join(', ')}`),
  processes: parsedBy(parseProcesses, 'takes a whole number from 1 to 64'),
  tls: readTls,
  proxies: someOf(parsedBy((value) => (typeof value === 'string' && /^[\da-f.:]+(?:\/\d{1,3})?$/i.test(value) ? value : undefined), 'takes addresses, or networks such as 10.0.0.0/8')),
  access: someOf(readRule),
}, 'takes a mapping with "host", "port", "tls", "access" and the like')

/** Reads what `serve` says. */
export const readServe: Reader<ServeValues> = readMapping

/** The keys of the mappings below `serve`, by where they stand. */
export const SERVE_NESTED_KEYS: Readonly<Record<string, readonly string[]>> = { serve: readMapping.keys, 'serve.tls': readTlsMapping.keys, 'serve.access[]': readRuleMapping.keys }

/** How many processes, also as text; undefined for anything else. */
export function parseProcesses(value: unknown): number | undefined {
  const count = parseCount(value, 1)
  return count !== undefined && count <= MOST_PROCESSES ? count : undefined
}

/** The number of a port, also as text; undefined for anything else. */
export function parsePort(value: unknown): number | undefined {
  const port = parseCount(value, 0)
  return port !== undefined && port <= HIGHEST_PORT ? port : undefined
}
