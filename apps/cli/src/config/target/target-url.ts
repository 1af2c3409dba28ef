import { KNOWN_SUBDIRS, MirrorError, redactText, redactUrl } from '@mirror/core'
import type { TargetKind } from '@mirror/repository-client'
import type { CliErrorCode } from '../../error-codes.ts'
import { findNearest } from '../nearest.ts'
import { readServerUrl } from './server-url.ts'

/** A channel of somebody's repository server. */
export interface TargetUrl {
  readonly kind: TargetKind
  /** The server, or where on it its API begins: without the channel, without a slash at the end, without secrets. */
  readonly url: string
  /** The name of the channel: of `anaconda` the account, of `artifactory` the repository; of `anaconda6` `parent/child` is possible. */
  readonly channel: string
  /** A sentence without its end, where the server is reached without encryption. */
  readonly warning: string | undefined
}

/** In the order in which they are listed for people. */
export const TARGET_KINDS: readonly TargetKind[] = ['quetz', 'prefix', 'artifactory', 'anaconda', 'anaconda6']

const FORM = /^(?<kind>[^:/?#@+]*)\+(?<url>https?:\/\/.*)$/is
const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/

/**
 * Reads `KIND+https://HOST[:PORT][/BASE]/CHANNEL`; the kinds are `TARGET_KINDS`. The last segment of the path is the channel; one of `anaconda6` may be `parent%2Fchild`. Throws
 * `TARGET_INVALID` for anything else, without what may be a secret: `user:password@`, tokens and queries are refused, because a command line stays in the history of the shell.
 */
export function parseTargetUrl(text: string): TargetUrl {
  const fail = (what: string, hint: string): MirrorError<CliErrorCode> =>
    new MirrorError('TARGET_INVALID', `Cannot upload to ${JSON.stringify(redactTarget(text))}: ${what}`, { hint })
  const { kind, url } = splitKind(text, fail)
  const server = readServerUrl(url)
  if (server.status === 'invalid') throw fail(server.what, `Write ${kind}+https://HOST/CHANNEL. Secrets are given in a variable or file: ${hintWhere(kind)}.`)
  const position = server.url.lastIndexOf('/')
  const isBare = position < server.url.indexOf('://') + 3
  if (isBare) throw fail('the channel is missing', `Write ${kind}+${server.url}/CHANNEL.`)
  const base = server.url.slice(0, position)
  const channel = readChannel(kind, server.url.slice(position + 1))
  if (channel === undefined) throw fail('its last part is no name of a channel', 'Letters, digits, ".", "_" and "-" are possible.')
  const mistake = findMistake({ kind, base, channel, host: server.host })
  if (mistake !== undefined) throw fail(mistake.what, mistake.hint)
  return { kind, url: base, channel, warning: server.isExposed ? `${base} is not encrypted: whoever is on the way can read the secret that is sent` : undefined }
}

type Fail = (what: string, hint: string) => MirrorError<CliErrorCode>

function splitKind(text: string, fail: Fail): { readonly kind: TargetKind; readonly url: string } {
  const groups = FORM.exec(text)?.groups
  const { kind: word = '', url = '' } = groups ?? {}
  const kind = TARGET_KINDS.find((known) => known === word.toLowerCase())
  if (kind !== undefined) return { kind, url }
  const list = `The kinds are ${TARGET_KINDS.join(', ')}.`
  if (groups === undefined) throw fail('it does not begin with the kind of server and its URL', `Write KIND+https://HOST/CHANNEL. ${list}`)
  const nearest = findNearest(word, TARGET_KINDS)
  throw fail(`${JSON.stringify(word)} is no kind of server`, nearest === undefined ? list : `Did you mean ${nearest}? ${list}`)
}

function readChannel(kind: TargetKind, segment: string): string | undefined {
  const parts = kind === 'anaconda6' ? segment.split(/%2f/i) : [segment]
  return parts.length <= 2 && parts.every((part) => SEGMENT.test(part)) ? parts.join('/') : undefined
}

interface Split {
  readonly kind: TargetKind
  readonly base: string
  readonly channel: string
  readonly host: string
}

/** What people paste who have the URL that clients download from. */
function findMistake({ kind, base, channel, host }: Split): { readonly what: string; readonly hint: string } | undefined {
  if (KNOWN_SUBDIRS.some((subdir) => subdir === channel)) return { what: `it ends in the subdir ${channel}`, hint: `Leave the subdir out: ${kind}+${base}` }
  const folder = base.slice(base.lastIndexOf('/') + 1)
  if (folder === 'label') return { what: 'it names a label', hint: `Leave /label/${channel} out: ${kind}+${base.slice(0, -'/label'.length)}` }
  if (kind === 'quetz' && folder === 'get') return { what: 'that is where quetz serves files, not where it takes them', hint: `Leave /get out: ${kind}+${base.slice(0, -'/get'.length)}/${channel}` }
  const isDownload = kind === 'anaconda' && (host === 'anaconda.org' || host === 'conda.anaconda.org')
  return isDownload ? { what: `the API is not at ${host}`, hint: `Write anaconda+https://api.anaconda.org/${channel}, if the public site is meant.` } : undefined
}

function redactTarget(text: string): string {
  const position = text.indexOf('+')
  return position < 0 || position > 20 ? redactUrl(text) : `${redactText(text.slice(0, position))}+${redactUrl(text.slice(position + 1))}`
}

/** Where the secret of a kind of server is given, as part of a sentence. */
function hintWhere(kind: TargetKind): string {
  return `${TARGET_VARIABLES[kind]}, RATTLER_AUTH_FILE or ~/.netrc`
}

/** The variables of the environment that hold the secret of each kind, as part of a sentence. */
export const TARGET_VARIABLES: Readonly<Record<TargetKind, string>> = {
  anaconda: 'BINSTAR_API_TOKEN',
  anaconda6: 'ANACONDA_API_KEY',
  artifactory: 'ARTIFACTORY_TOKEN, or ARTIFACTORY_USERNAME and ARTIFACTORY_PASSWORD',
  prefix: 'PREFIX_API_KEY',
  quetz: 'QUETZ_API_KEY',
}
