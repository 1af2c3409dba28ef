import { createHash, randomBytes } from 'node:crypto'
import { MirrorError } from '@mirror/core'
import type { ServerErrorCode } from '../error-codes.ts'
import { type ChannelPattern, parseChannelPattern } from './channel-pattern.ts'

/** A token, as a file knows it: not itself, but the hash of it. */
export interface TokenEntry {
  readonly name: string
  /** SHA-256 of the token, 32 bytes. Enough for what is drawn at random, at least 128 bits of it; never for what people choose. */
  readonly hash: Uint8Array
  /** Only these, of those that a rule gives; undefined: all of those. */
  readonly channels: readonly ChannelPattern[] | undefined
  /** Milliseconds since 1970; from then on it is refused. */
  readonly expires: number | undefined
}

/** What a new token is to be. */
export interface NewToken {
  readonly name: string
  /** Patterns; none: no limit beside the rules. */
  readonly channels?: readonly string[]
  /** The last day on which it is taken (UTC), as `2027-01-31`. */
  readonly expires?: string
}

/** A token that was made. */
export interface CreatedToken {
  /** The secret. Letters, digits and hyphens alone, as conda finds it in `/t/<token>/` only then. */
  readonly token: string
  /** What belongs into the file, without the end of the line. */
  readonly line: string
}

const NAME = /^[\w][\w.@+-]{0,99}$/
const HASH = /^sha256:(?<hash>[0-9a-f]{64})$/
const DATE = /^\d{4}-\d\d-\d\d$/
const DAY = 86_400_000
/** 160 bits. */
const BYTES = 20

/** SHA-256 of a token. */
export function hashToken(token: string): Uint8Array {
  return createHash('sha256').update(token).digest()
}

/** True for what may be the name of a token: it stands in the access log. */
export function isTokenName(text: string): boolean {
  return NAME.test(text)
}

/** The end of a day (UTC) as `2027-01-31`, in milliseconds; undefined for what is no day. */
export function parseLastDay(text: string): number | undefined {
  const start = DATE.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  return Number.isNaN(start) || new Date(start).toISOString().slice(0, 10) !== text ? undefined : start + DAY
}

/** Draws a token. The options are to be right: names by `isTokenName`, channels by `parseChannelPattern`, days by `parseLastDay`. */
export function createToken({ name, channels = [], expires }: NewToken): CreatedToken {
  const token = `mirror-${randomBytes(BYTES).toString('hex')}`
  const limits = [...(channels.length === 0 ? [] : [`channels=${channels.join(',')}`]), ...(expires === undefined ? [] : [`expires=${expires}`])]
  return { token, line: [name, `sha256:${Buffer.from(hashToken(token)).toString('hex')}`, ...limits].join(' ') }
}

/**
 * Reads a file of tokens: one a line, `<name> sha256:<hex> [channels=<pattern>,…] [expires=<day>]`; empty lines and those that begin with `#` are passed over. Throws `ACCESS_INVALID` with
 * path and line, and without a word of what stands there, which may be a token that somebody put there plainly.
 */
export function parseTokenFile(text: string, path: string): readonly TokenEntry[] {
  const lines = text.split('\n').map((line, index) => ({ fields: line.trim().split(/\s+/), number: index + 1 }))
  const entries = lines.filter(({ fields: [first = ''] }) => first !== '' && !first.startsWith('#')).map(({ fields, number }) => parseLine(fields, `${path}:${number}`))
  const twice = entries.find(({ name }, index) => entries.findIndex((other) => other.name === name) < index)
  if (twice !== undefined) throw invalid(path, `two tokens have the name ${JSON.stringify(twice.name)}`)
  return entries
}

function parseLine([name = '', hash = '', ...limits]: readonly string[], where: string): TokenEntry {
  if (!isTokenName(name)) throw invalid(where, 'the first word is no name: letters, digits, and . _ @ + - inside of it')
  const hex = HASH.exec(hash)?.groups?.['hash']
  if (hex === undefined) throw invalid(where, 'the second word is no hash: sha256: and 64 digits in hexadecimal')
  const read = limits.map((limit) => parseLimit(limit, where))
  return { name, hash: Buffer.from(hex, 'hex'), channels: read.find(({ channels }) => channels !== undefined)?.channels, expires: read.find(({ expires }) => expires !== undefined)?.expires }
}

function parseLimit(limit: string, where: string): Partial<Pick<TokenEntry, 'channels' | 'expires'>> {
  if (limit.startsWith('channels=')) {
    const patterns = limit.slice('channels='.length).split(',').map(parseChannelPattern)
    const channels = patterns.filter((pattern) => pattern !== undefined)
    if (channels.length < patterns.length) throw invalid(where, 'channels= takes folders of channels, such as team,conda-forge')
    return { channels }
  }
  const expires = limit.startsWith('expires=') ? parseLastDay(limit.slice('expires='.length)) : undefined
  if (expires === undefined) throw invalid(where, 'what follows the hash is neither channels=<folders> nor expires=<a day such as 2027-01-31>')
  return { expires }
}

function invalid(where: string, what: string): MirrorError<ServerErrorCode> {
  return new MirrorError('ACCESS_INVALID', `Cannot use the tokens of ${where}: ${what}`, { hint: '`mirror token new NAME` makes a token, and the line for it.' })
}
