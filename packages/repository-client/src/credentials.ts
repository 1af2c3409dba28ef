import { authorizeUrl, type ChannelUrl, type Secret } from '@mirror/core'
import type { NetrcEntry } from './netrc.ts'

/** A URL as its server wants it, and the headers that prove who asks. Secret. */
export interface AuthorizedUrl {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
}

/** Adds the secrets of one channel to requests for its own origin, and to no others. */
export interface Credentials {
  /** The token into the path, and user name and password. For URLs of our making. */
  readonly authorize: (url: string) => AuthorizedUrl
  /** The headers only. For URLs that a redirect gave: where it wants a token, it has it. */
  readonly headersFor: (url: URL) => Readonly<Record<string, string>>
}

/** What proves who we are beside the channel's URL. */
export interface CredentialSources {
  readonly netrc: readonly NetrcEntry[]
  /** Headers that hold a secret; where there are any, nothing else is looked for. */
  readonly headers: Readonly<Record<string, Secret>>
}

/** Creates the credentials of a channel: the headers given, else what its URL has, else what `.netrc` has. */
export function createCredentials(channel: ChannelUrl, { netrc, headers }: CredentialSources): Credentials {
  const home = new URL(channel.url)
  const given = Object.entries(headers).map(([name, value]) => [name, value.reveal()] as const)
  const authorization = authorizeUrl(channel, channel.url).headers['authorization'] ?? netrcAuthorization(netrc, home.hostname)
  const own = given.length > 0 ? Object.fromEntries(given) : (authorization === undefined ? {} : { authorization })
  const headersFor = (url: URL): Readonly<Record<string, string>> => (url.origin === home.origin ? own : {})
  return {
    authorize(url) {
      const target = new URL(channel.token === undefined ? url : authorizeUrl(channel, url).url)
      return { url: target, headers: headersFor(target) }
    },
    headersFor,
  }
}

function netrcAuthorization(netrc: readonly NetrcEntry[], host: string): string | undefined {
  const entry = netrc.find(({ machine }) => machine === host) ?? netrc.find(({ machine }) => machine === undefined)
  return entry === undefined ? undefined : `Basic ${Buffer.from(`${entry.login}:${entry.password.reveal()}`).toString('base64')}`
}
