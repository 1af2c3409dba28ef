import { type Document, isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import * as z from 'zod/mini'
import type { ReusePolicy } from '@mirror/sync'
import { knownKeys, UNSUPPORTED_KEYS } from './keys.ts'
import { findNearest } from './nearest.ts'
import type { ConfigProblem } from './problems.ts'
import { findSwallowedKey } from './swallowed-key.ts'
import { parseBandwidth, parseDuration } from './units.ts'

/** The text of a configuration file and where it is from. */
export interface ConfigSource {
  readonly path: string
  readonly text: string
}

/** A channel as a file writes it. */
export interface ChannelEntry {
  readonly url: string
  readonly path?: string | undefined
  readonly platforms?: readonly string[] | undefined
}

/** What a configuration file says; a key that it leaves out, or leaves empty, is undefined. */
export interface ConfigValues {
  readonly mirror_dir?: string | undefined
  readonly channels?: readonly ChannelEntry[] | undefined
  readonly platforms?: readonly string[] | undefined
  readonly noarch?: boolean | undefined
  readonly remote_url?: string | undefined
  readonly channel_alias?: string | undefined
  readonly variants?: { readonly zst?: boolean | undefined; readonly shards?: boolean | undefined; readonly bz2?: boolean | 'upstream' | undefined } | undefined
  readonly reuse?: ReusePolicy | undefined
  /** Milliseconds. */
  readonly grace?: number | undefined
  readonly concurrency?: number | undefined
  /** Bytes a second. */
  readonly bandwidth?: number | undefined
  /** Milliseconds. */
  readonly timeouts?: { readonly connect?: number | undefined; readonly idle?: number | undefined } | undefined
  readonly ssl_verify?: true | string | undefined
  readonly fetch_installers?: boolean | undefined
}

/** A configuration file, read. `values` holds what could be read even when there are problems. */
export interface ParsedConfig {
  readonly values: ConfigValues
  readonly problems: readonly ConfigProblem[]
  /** Odd, but not in the way: unknown keys that are near to nothing. */
  readonly warnings: readonly ConfigProblem[]
  /** `<file>:<line>` of a value. */
  readonly where: (path: readonly (string | number)[]) => string
}

function listOf<Item extends z.ZodMiniType>(item: Item): z.ZodMiniType<readonly z.output<Item>[]> {
  const wrap = z.transform((value: unknown) => (value === undefined || Array.isArray(value) ? value : [value]))
  return z.pipe(wrap, z.array(item).check(z.minLength(1, 'lists nothing: leave the key out for its default')))
}

/** A value that one of our own functions reads; it takes nothing else than what `message` says. */
function readWith<Value>(parse: (value: unknown) => Value | undefined, message: string): z.ZodMiniType<Value> {
  return z.pipe(z.unknown(), z.transform((value, context) => {
    const read = parse(value)
    if (read !== undefined) return read
    context.issues.push({ code: 'custom', message, input: value })
    return z.NEVER
  }))
}

function durationFrom(minimum: number): (value: unknown) => number | undefined {
  return (value) => {
    const milliseconds = parseDuration(value)
    return milliseconds !== undefined && milliseconds >= minimum ? milliseconds : undefined
  }
}

const flag = z.boolean('takes true or false')
const text = (takes: string): z.ZodMiniType<string> => z.string(takes).check(z.minLength(1, takes))
const platforms = listOf(text('takes names of platforms, such as linux-64'))
const pause = readWith(durationFrom(1), 'takes a duration above 0, such as 30s')
const COUNT = 'takes a whole number from 1 to 256'

const LongForm = z.object({ url: text(''), path: z.optional(text('')), platforms: z.optional(platforms) })
const shortForm = z.pipe(text(''), z.transform((url: string) => ({ url })))
const channel = z.union([shortForm, LongForm], 'takes a URL, a path or a name, or a mapping with "url", "path" and "platforms"')
const Variants = z.object({
  zst: z.optional(flag),
  shards: z.optional(flag),
  bz2: z.optional(z.union([flag, z.literal('upstream')], 'takes true, false or upstream')),
}, 'takes a mapping with "zst", "shards" and "bz2"')
const Waits = z.object({ connect: z.optional(pause), idle: z.optional(pause) }, 'takes a mapping with "connect" and "idle"')

const ConfigFile = z.object({
  mirror_dir: z.optional(text('takes a path')),
  channels: z.optional(listOf(channel)),
  platforms: z.optional(platforms),
  noarch: z.optional(flag),
  remote_url: z.optional(z.string('takes a URL or ""')),
  channel_alias: z.optional(text('takes a URL')),
  variants: z.optional(Variants),
  reuse: z.optional(z.enum(['replace', 'after-grace', 'keep', 'drop'], 'takes replace, after-grace, keep or drop')),
  grace: z.optional(readWith(durationFrom(0), 'takes a duration with its unit, such as 24h, or 0')),
  concurrency: z.optional(z.int(COUNT).check(z.minimum(1, COUNT), z.maximum(256, COUNT))),
  bandwidth: z.optional(readWith(parseBandwidth, 'takes a rate such as 10MB/s')),
  timeouts: z.optional(Waits),
  ssl_verify: z.optional(z.union([z.literal(true), text('')], 'takes true or the path of a file with certificates; switching verification off is not offered')),
  fetch_installers: z.optional(flag),
  check_md5: z.optional(flag),
  verbose: z.optional(z.union([z.number(), flag], 'takes a number, or true or false')),
}) satisfies z.ZodMiniType<ConfigValues>

/** The keys that the schema reads, for the test that compares them with the reference page. */
export function schemaKeys(): readonly string[] {
  const nested = { 'variants.': Variants, 'timeouts.': Waits, 'channels[].': LongForm }
  return [...Object.keys(ConfigFile.shape), ...Object.entries(nested).flatMap(([parent, { shape }]) => Object.keys(shape).map((key) => `${parent}${key}`))]
}

/**
 * Reads a configuration file. Never throws: whatever is wrong is in `problems`, with file and line. Files were written for a reader of YAML 1.1 (PyYAML), so
 * `yes` and `no` are truth values. An empty file is one that leaves everything out.
 */
export function parseConfigFile(source: ConfigSource): ParsedConfig {
  const lines = new LineCounter()
  const at = (offset: number): string => `${source.path}:${lines.linePos(offset).line}`
  const document = parseYaml(source.text, lines)
  if (document === undefined) return { values: {}, problems: [describeNoYaml(source.path, 'it nests or repeats too much')], warnings: [], where: () => source.path }
  const where = (path: readonly (string | number)[]): string => locate(document.document, path, at) ?? source.path
  const broken = findBroken({ document: document.document, source, at })
  if (broken.length > 0) return { values: {}, problems: broken, warnings: [], where }
  const content = dropEmpty(document.content)
  const keys = checkKeys(content, where)
  const parsed = ConfigFile.safeParse(content)
  const invalid = (parsed.error?.issues ?? []).map((issue): ConfigProblem => {
    const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))
    return { code: 'CONFIG_INVALID', where: where(path), key: formatPath(path), message: `${JSON.stringify(formatPath(path))} ${issue.message}` }
  })
  return { values: parsed.data ?? {}, problems: [...keys.problems, ...invalid], warnings: keys.warnings, where }
}

/** The document and its content; undefined for one that the parser gives up on (nested without end, or aliases that multiply). */
function parseYaml(yaml: string, lineCounter: LineCounter): { readonly document: Document.Parsed; readonly content: unknown } | undefined {
  try {
    const document = parseDocument(yaml, { lineCounter, prettyErrors: false, version: '1.1', logLevel: 'silent' })
    return { document, content: document.errors.length > 0 ? undefined : document.toJS({ maxAliasCount: 100 }) }
  } catch {
    return undefined
  }
}

function describeNoYaml(where: string, what: string): ConfigProblem {
  return { code: 'CONFIG_INVALID', where, key: undefined, message: `this is not YAML: ${what}` }
}

interface Reading {
  readonly document: Document.Parsed
  readonly source: ConfigSource
  readonly at: (offset: number) => string
}

/** What keeps the file from being read at all. The messages of the parser are used, its excerpts are not: they may show a token. */
function findBroken({ document, source, at }: Reading): readonly ConfigProblem[] {
  const swallowed = findSwallowedKey(source.text, knownKeys(''))
  if (swallowed !== undefined) {
    return [{
      code: 'CONFIG_INVALID',
      where: `${source.path}:${swallowed.line}`,
      key: swallowed.key,
      message: `the key "${swallowed.key}:" stands at the end of a comment, so the comment swallows it and the list below belongs to nothing`,
      hint: `Put "${swallowed.key}:" on a line of its own, below the comment.`,
    }]
  }
  const [fault] = document.errors
  if (fault !== undefined) {
    return [describeNoYaml(at(fault.pos[0]), fault.message.split(/[\n:]/)[0] ?? '')]
  }
  const { contents } = document
  if (contents === null || isMap(contents) || (isScalar(contents) && contents.value === null)) return []
  return [{ code: 'CONFIG_INVALID', where: at(contents.range[0]), key: undefined, message: 'this is not a mapping of keys to values' }]
}

/** Keys without a value count as left out, as with cas-mirror. */
function dropEmpty(content: unknown): Readonly<Record<string, unknown>> {
  return isRecord(content) ? Object.fromEntries(Object.entries(content).filter(([, value]) => value !== null && value !== undefined)) : {}
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

interface KeyFindings {
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
}

type Where = (path: readonly (string | number)[]) => string

function checkKeys(content: Readonly<Record<string, unknown>>, where: Where): KeyFindings {
  const channels = Array.isArray(content['channels']) ? content['channels'] : [content['channels']]
  const findings = [
    checkUnknown({ content, path: [], known: knownKeys(''), where }),
    checkUnknown({ content: content['variants'], path: ['variants'], known: knownKeys('variants'), where }),
    checkUnknown({ content: content['timeouts'], path: ['timeouts'], known: knownKeys('timeouts'), where }),
    ...channels.map((entry, index) => checkUnknown({ content: entry, path: ['channels', index], known: knownKeys('channels[]'), where })),
    checkUnsupported(content, where),
  ]
  return { problems: findings.flatMap((finding) => finding.problems), warnings: findings.flatMap((finding) => finding.warnings) }
}

interface KeyCheck {
  readonly content: unknown
  readonly path: readonly (string | number)[]
  readonly known: readonly string[]
  readonly where: Where
}

function checkUnknown({ content, path, known, where }: KeyCheck): KeyFindings {
  const problems: ConfigProblem[] = []
  const warnings: ConfigProblem[] = []
  for (const key of isRecord(content) ? Object.keys(content) : []) {
    if (known.includes(key)) continue
    const nearest = findNearest(key, known)
    const name = formatPath([...path, key])
    const common = { code: 'CONFIG_UNKNOWN_KEY', where: where([...path, key]), key: name } as const
    if (nearest === undefined) warnings.push({ ...common, message: `${JSON.stringify(name)} is not a key that this version knows, so it has no effect` })
    else problems.push({ ...common, message: `${JSON.stringify(name)} is not a key; the nearest is "${formatPath([...path, nearest])}"` })
  }
  return { problems, warnings }
}

function checkUnsupported(content: Readonly<Record<string, unknown>>, where: Where): KeyFindings {
  const wanted = UNSUPPORTED_KEYS.filter(({ key }) => hasEffect(content[key]))
  const problem = (key: string): ConfigProblem => ({
    code: 'CONFIG_UNSUPPORTED',
    where: where([key]),
    key,
    message: `${JSON.stringify(key)} is not carried out by this version`,
    hint: 'Remove the key, or leave it empty, if the mirror is right without it.',
  })
  return { problems: wanted.map(({ key }) => problem(key)), warnings: [] }
}

function hasEffect(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return false
  return Array.isArray(value) ? value.length > 0 : true
}

function formatPath(path: readonly (string | number)[]): string {
  return path.reduce<string>((name, step) => (typeof step === 'number' ? `${name}[${step}]` : name === '' ? step : `${name}.${step}`), '')
}

/** Where a value stands, or what contains it. A key is better than its value, which may begin on the next line. */
function locate(document: Document.Parsed, path: readonly (string | number)[], at: (offset: number) => string): string | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const offset = findKey(document, path.slice(0, length)) ?? findNode(document, path.slice(0, length))
    if (offset !== undefined) return at(offset)
  }
  return undefined
}

function findKey(document: Document.Parsed, path: readonly (string | number)[]): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  const pair = isMap(parent) ? parent.items.find((item) => isScalar(item.key) && item.key.value === path.at(-1)) : undefined
  return isScalar(pair?.key) ? pair.key.range?.[0] : undefined
}

function findNode(document: Document.Parsed, path: readonly (string | number)[]): number | undefined {
  const node = document.getIn(path, true)
  return isScalar(node) || isMap(node) ? node.range?.[0] : undefined
}
