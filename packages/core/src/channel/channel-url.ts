import { isAbsolute, resolve as resolvePath } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ArtifactName } from '../artifact/artifact-name.ts'
import { MirrorError } from '../errors.ts'
import { redactUrl, splitToken, stripUrl } from '../redact.ts'
import { isKnownSubdir, isSafeRelativeFolder } from './safe-folder.ts'
import { Secret } from '../secret.ts'
import type { SubdirName } from './subdir.ts'

declare const kind: unique symbol

/** Where a channel is, with its secrets apart. Only `parseChannelUrl` makes one. */
export interface ChannelUrl {
  readonly [kind]: 'ChannelUrl'
  /** Without secrets and without a slash at the end. */
  readonly url: string
  readonly kind: 'http' | 'file'
  /** Where the channel lies in a mirror: plain segments joined by `/`. */
  readonly folder: string
  /** What stood behind `/t/` in the path. */
  readonly token: Secret | undefined
  /** How many characters of the URL's path precede `/t/<token>`; 0 without a token. */
  readonly tokenPosition: number
  readonly username: string | undefined
  readonly password: Secret | undefined
}

/** What `parseChannelUrl` needs to know for short names and relative paths. */
export interface ParseChannelUrlOptions {
  /** What a short name such as `conda-forge` is appended to. Default `https://conda.anaconda.org`. */
  readonly channelAlias?: string
  /** An absolute path, for channels given as a relative one. */
  readonly workingDirectory?: string
  /** The folder in the mirror, in place of the one that is made of the URL: `path:` of a channel entry. */
  readonly folder?: string
}

/** The alias that conda, mamba and rattler have by default. */
export const DEFAULT_CHANNEL_ALIAS = 'https://conda.anaconda.org'

const MAXIMUM_LENGTH = 2048
const WITH_SCHEME = /^[A-Za-z][A-Za-z0-9+.-]{0,20}:\/\//
const LOOKS_LIKE_PATH = /^(?:\.{0,2}(?:[/\\]|$)|[A-Za-z]:[/\\])/
// Control characters, spaces and backslashes: the URL parser would drop or turn them silently.
const FORBIDDEN = /[\u0000-\u0020\u007f\\]/
const HTTP = /^https?:$/
const DOT_SEGMENT = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i
const SHORT_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*\/*$/
const CHANNEL_SEGMENT = /^[a-z0-9_][a-z0-9_.-]*$/
const known = new WeakSet<object>()

/**
 * Reads a channel as people write it: `https://`, `http://`, `file:///`, a path (relative ones against `workingDirectory`),
 * or a short name that is appended to `channelAlias`. `/t/<token>/` and `user:password@` become secrets beside the URL.
 *
 * `folder` is the URL's path without the token. Of a file channel it is the last segment, with the ones before it that
 * belong to the name: `pkgs/main`, `conda-forge/label/rc`. Segments of http channels have to follow CEP 26 (labels may have
 * capitals); others need `folder` in the options. Throws `CHANNEL_INVALID`, never with a secret in it.
 */
export function parseChannelUrl(text: string, options: ParseChannelUrlOptions = {}): ChannelUrl {
  const url = readUrl(text, options)
  const isFile = url.protocol === 'file:'
  const wholePath = url.pathname.replace(/\/{2,}/g, '/')
  const { path, token, position } = isFile ? { path: wholePath, position: 0 } : splitToken(wholePath)
  const segments = path.split('/').filter((segment) => segment !== '')
  const last = segments.at(-1) ?? ''
  const shown = `${url.protocol}//${url.host}${segments.map((segment) => `/${segment}`).join('')}`
  if (isKnownSubdir(last)) {
    throw invalid(shown, `it ends in the subdir ${last}`, `Leave the subdir out: ${shown.slice(0, -last.length - 1)}`)
  }
  return create({
    url: shown,
    kind: isFile ? 'file' : 'http',
    folder: options.folder === undefined ? folderOf(shown, segments, isFile) : checkFolder(shown, options.folder),
    token: token === undefined ? undefined : new Secret(token),
    tokenPosition: position,
    username: url.username === '' ? undefined : decode(url.username),
    password: url.password === '' ? undefined : new Secret(decode(url.password)),
  })
}

/** True for what `parseChannelUrl` returned. */
export function isChannelUrl(value: object): value is ChannelUrl {
  return known.has(value)
}

function create(parts: Omit<ChannelUrl, typeof kind>): ChannelUrl {
  const value: object = Object.freeze(parts)
  known.add(value)
  if (isChannelUrl(value)) return value
  throw new Error('A channel URL is not in the list it was added to')
}

function invalid(text: string, what: string, hint?: string): MirrorError<'CHANNEL_INVALID'> {
  const shown = redactUrl(text.slice(0, MAXIMUM_LENGTH))
  return new MirrorError('CHANNEL_INVALID', `Cannot use ${JSON.stringify(shown)} as a channel: ${what}`, {
    ...(hint === undefined ? {} : { hint }),
    details: { channel: shown },
  })
}

function readUrl(text: string, options: ParseChannelUrlOptions): URL {
  if (text === '') throw invalid(text, 'it is empty')
  if (text.length > MAXIMUM_LENGTH) throw invalid(text.slice(0, 100), `it is longer than ${MAXIMUM_LENGTH} characters`)
  if (WITH_SCHEME.test(text)) return readAbsoluteUrl(text)
  if (LOOKS_LIKE_PATH.test(text)) return readPath(text, options.workingDirectory)
  if (text === 'defaults') {
    const hint = 'Name each of them: https://repo.anaconda.com/pkgs/main, https://repo.anaconda.com/pkgs/r …'
    throw invalid(text, 'it stands for several channels', hint)
  }
  if (!SHORT_NAME.test(text)) throw invalid(text, 'it is neither a URL, a path nor the name of a channel', 'Begin a relative path with ./')
  return readAbsoluteUrl(`${(options.channelAlias ?? DEFAULT_CHANNEL_ALIAS).replace(/\/{1,9}$/, '')}/${text}`)
}

function readAbsoluteUrl(text: string): URL {
  if (FORBIDDEN.test(text)) throw invalid(text, 'it has a space, a backslash or a control character')
  const url = URL.parse(text)
  if (url === null) throw invalid(text, 'it is no URL')
  if (url.protocol === 'file:') return checkFileUrl(text, url)
  if (!HTTP.test(url.protocol)) throw invalid(text, `${url.protocol} is not supported`, 'Use https, http or file.')
  if (DOT_SEGMENT.test(text.slice(text.indexOf('://') + 3))) throw invalid(text, 'its path has a . or .. segment')
  if (url.search !== '' || url.hash !== '' || /[?#]$/.test(text)) throw invalid(text, 'it has a query or a fragment')
  return url
}

function checkFileUrl(text: string, url: URL): URL {
  if (url.host !== '') throw invalid(text, 'a file URL names no host', 'Write file:///path with three slashes.')
  if (url.search !== '' || url.hash !== '') throw invalid(text, 'it has a query or a fragment', 'Write ? as %3F and # as %23.')
  return url
}

function readPath(text: string, workingDirectory: string | undefined): URL {
  if (text.includes('\0')) throw invalid(text, 'it has a control character')
  if (isAbsolute(text)) return pathToFileURL(text)
  if (/^(?:[A-Za-z]:|\\)/.test(text)) throw invalid(text, 'it is a path of Windows')
  if (workingDirectory === undefined) throw invalid(text, 'it is a relative path, and nothing says to what', 'Use an absolute path.')
  return pathToFileURL(resolvePath(workingDirectory, text))
}

function folderOf(shown: string, segments: readonly string[], isFile: boolean): string {
  const named = isFile ? nameSegments(segments) : segments
  const folder = named.join('/')
  const label = named.indexOf('label')
  const isGrammatical = isFile || named.every((segment, index) => CHANNEL_SEGMENT.test(segment) || (label > 0 && index > label))
  if (folder !== '' && isGrammatical && isSafeRelativeFolder(folder)) return folder
  const what = folder === '' ? 'its path is empty' : `its path ${JSON.stringify(folder)} cannot be a folder in a mirror`
  throw invalid(shown, what, 'Say where it lies in the mirror with path: in the long form of the channel entry.')
}

/** The last segments of a path that make the name of a channel. */
function nameSegments(segments: readonly string[]): readonly string[] {
  const label = segments.lastIndexOf('label')
  const end = label > 0 && label < segments.length - 1 ? label : segments.length
  const isBelowPkgs = segments[end - 2] === 'pkgs'
  return segments.slice(Math.max(0, end - (isBelowPkgs ? 2 : 1)))
}

function checkFolder(shown: string, folder: string): string {
  if (isSafeRelativeFolder(folder)) return folder
  const what = `path: ${JSON.stringify(folder.slice(0, 200))} is no plain relative folder`
  throw invalid(shown, what, 'Use letters, digits, _ . - and / between folders.')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The URL of a subdir, without secrets and with a slash at the end. */
export function resolveSubdirUrl(channel: ChannelUrl, subdir: SubdirName): string {
  return `${channel.url}/${subdir}/`
}

/**
 * The URL of an artifact, without secrets. A name has nothing that needs escapes: `+` and `!` stay as they are, as every
 * client sends them (RFC 3986 allows both in a path); only object stores need `%2B`, which is their client's business.
 */
export function resolveArtifactUrl(channel: ChannelUrl, subdir: SubdirName, name: ArtifactName): string {
  return `${channel.url}/${subdir}/${name}`
}

/** A request that its server will accept. Both fields are secret: never log them. */
export interface AuthorizedRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Adds the channel's secrets to a URL: the token to its path where the channel has it, user name and password as an
 * `authorization` header. A URL of another origin (`info.base_url` may name one) gets nothing.
 */
export function authorizeUrl(channel: ChannelUrl, url: string): AuthorizedRequest {
  const target = URL.parse(url)
  const home = new URL(channel.url)
  if (target === null || target.origin !== home.origin || channel.kind === 'file') return { url, headers: {} }
  const user = channel.username ?? ''
  const password = channel.password?.reveal() ?? ''
  const headers = user === '' && password === '' ? {} : { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
  return { url: insertToken(channel, home, target), headers }
}

function insertToken(channel: ChannelUrl, home: URL, target: URL): string {
  const before = home.pathname.slice(0, channel.tokenPosition)
  if (channel.token === undefined || !target.pathname.startsWith(`${before}/`)) return target.href
  const authorized = new URL(target)
  authorized.pathname = `${before}/t/${channel.token.reveal()}${target.pathname.slice(before.length)}`
  return authorized.href
}

/**
 * Where the artifacts of an index lie when it has `info.base_url` (CEP 15): the URL, absolute or relative to the subdir's,
 * with a slash at the end and without secrets. Throws `CHANNEL_INVALID` unless it is http or https, or a file below a file
 * channel: an index must not make us read local files.
 */
export function resolveBaseUrl(subdirUrl: string, baseUrl: string): string {
  const home = withSlash(subdirUrl)
  const resolved = URL.parse(baseUrl, home)
  const stripped = resolved === null || !isAllowedBelow(home, resolved) ? undefined : stripUrl(resolved)
  if (stripped !== undefined) return withSlash(stripped)
  const shown = JSON.stringify(redactUrl(baseUrl.slice(0, MAXIMUM_LENGTH)))
  throw new MirrorError('CHANNEL_INVALID', `Cannot use ${shown} as info.base_url: it is no http or https URL`, {
    hint: 'Report it to the channel.',
    details: { subdirUrl: redactUrl(subdirUrl) },
  })
}

function isAllowedBelow(home: string, url: URL): boolean {
  return HTTP.test(url.protocol) || (url.protocol === 'file:' && home.startsWith('file:'))
}

/** True when `info.base_url` says nothing new: it points at the subdir itself. Throws as `resolveBaseUrl` does. */
export function isOwnBaseUrl(subdirUrl: string, baseUrl: string): boolean {
  return resolveBaseUrl(subdirUrl, baseUrl) === withSlash(stripUrl(subdirUrl) ?? subdirUrl)
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`
}

/**
 * The URL that stands for a channel when channels are compared, as in a match spec: short names through the alias, secrets
 * and slashes at the end removed. Text that is no channel is returned as it is.
 */
export function canonicalChannel(text: string, channelAlias: string = DEFAULT_CHANNEL_ALIAS): string {
  const prefix = LOOKS_LIKE_PATH.test(text) ? 'file://' : `${channelAlias.replace(/\/{1,9}$/, '')}/`
  const full = WITH_SCHEME.test(text) ? text : `${prefix}${text}`
  return (stripUrl(full) ?? full).replace(/\/{1,9}$/, '')
}
