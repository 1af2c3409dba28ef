import { isIP } from 'node:net'
import { isJsonObject, MirrorError, Secret } from '@mirror/core'
import type { TargetCredential } from '@mirror/repository-client'
import type { CliErrorCode } from '../../error-codes.ts'
import { isOneWord } from './secret-word.ts'

/** The secrets of a file of rattler, by host; not looked into until they are asked for. */
export type RattlerAuth = ReadonlyMap<string, unknown>

/** What an entry gives to a server, or why it gives nothing: half a sentence without a secret. */
export type RattlerEntry =
  | { readonly status: 'usable'; readonly credential: TargetCredential }
  | { readonly status: 'unusable'; readonly why: string }

/**
 * Reads a file of secrets as rattler, pixi and rattler-build have it (rattler_networking, `authentication_storage`): an object with an entry for each host. Throws
 * `CONFIG_INVALID` for what is no such object, without anything of the content.
 */
export function parseRattlerAuth(text: string, path: string): RattlerAuth {
  const content = parseJson(text)
  // Without the parser's own message, which quotes what it read.
  if (!isJsonObject(content)) throw new MirrorError<CliErrorCode>('CONFIG_INVALID', `Cannot read ${JSON.stringify(path)}: it is no object of JSON`, { hint: HINT })
  return new Map(Object.entries(content))
}

const HINT = 'Write {"HOST": {"BearerToken": "…"}}, or log in with: pixi auth login HOST --token TOKEN'

function parseJson(text: string): unknown {
  try {
    const content: unknown = JSON.parse(text)
    return content
  } catch {
    return undefined
  }
}

/** The keys under which rattler looks for a URL, in their order: its host, then `*.host`, and `*.` before each domain above it. Ports do not count. */
export function listRattlerKeys(url: string): readonly [host: string, ...wildcards: string[]] {
  const host = new URL(url).hostname
  if (isIP(host) !== 0 || host.startsWith('[')) return [host]
  const labels = host.split('.')
  return [host, ...labels.map((_, position) => `*.${labels.slice(position).join('.')}`)]
}

/**
 * Reads an entry: `BearerToken`, `CondaToken`, `BasicHTTP` or `OAuth`, of which the access token counts until it expires (rattler would renew it). The words of the first
 * three are alike to us: a server's API decides how a token is sent. `now` in milliseconds.
 */
export function readRattlerEntry(entry: unknown, now: number): RattlerEntry {
  const [kind, content] = isJsonObject(entry) ? (Object.entries(entry)[0] ?? []) : []
  switch (kind) {
    case 'BearerToken':
    case 'CondaToken':
      return readToken(content)
    case 'BasicHTTP':
      return readBasic(content)
    case 'OAuth':
      return readOAuth(content, now)
    case 'S3Credentials':
      return { status: 'unusable', why: 'it is for S3' }
    default:
      return { status: 'unusable', why: 'it is of no known kind' }
  }
}

function readToken(content: unknown): RattlerEntry {
  if (typeof content !== 'string' || !isOneWord(content)) return { status: 'unusable', why: 'its token is none' }
  return { status: 'usable', credential: { type: 'token', token: new Secret(content) } }
}

function readBasic(content: unknown): RattlerEntry {
  const { username, password } = isJsonObject(content) ? content : {}
  if (typeof username !== 'string' || typeof password !== 'string') return { status: 'unusable', why: 'its user name or password is missing' }
  return { status: 'usable', credential: { type: 'basic', user: username, password: new Secret(password) } }
}

function readOAuth(content: unknown, now: number): RattlerEntry {
  const { access_token: token, expires_at: expires } = isJsonObject(content) ? content : {}
  if (typeof expires === 'number' && expires * 1000 <= now) return { status: 'unusable', why: 'its access token has expired; log in again' }
  return readToken(token)
}
