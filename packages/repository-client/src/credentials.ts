import { authorizeUrl, type ChannelUrl } from '@mirror/core'
import type { NetrcEntry } from './netrc.ts'

/** A URL as its server wants it, and the headers that prove who asks. Secret. */
export interface AuthorizedUrl {
  readonly url: URL
  readonly authorization: string | undefined
}

/** Adds the secrets of one channel to requests for its own origin, and to no others. */
export interface Credentials {
  /** The token into the path, and user name and password. For URLs of our making. */
  readonly authorize: (url: string) => AuthorizedUrl
  /** User name and password only. For URLs that a redirect gave: where it wants a token, it has it. */
  readonly authorizationFor: (url: URL) => string | undefined
}

/** Creates the credentials of a channel: those of its URL, else those of `.netrc`. */
export function createCredentials(channel: ChannelUrl, netrc: readonly NetrcEntry[]): Credentials {
  const home = new URL(channel.url)
  const authorization = authorizeUrl(channel, channel.url).headers['authorization'] ?? netrcAuthorization(netrc, home.hostname)
  const authorizationFor = (url: URL): string | undefined => (url.origin === home.origin ? authorization : undefined)
  return {
    authorize(url) {
      const target = new URL(channel.token === undefined ? url : authorizeUrl(channel, url).url)
      return { url: target, authorization: authorizationFor(target) }
    },
    authorizationFor,
  }
}

function netrcAuthorization(netrc: readonly NetrcEntry[], host: string): string | undefined {
  const entry = netrc.find(({ machine }) => machine === host) ?? netrc.find(({ machine }) => machine === undefined)
  return entry === undefined ? undefined : `Basic ${Buffer.from(`${entry.login}:${entry.password.reveal()}`).toString('base64')}`
}
