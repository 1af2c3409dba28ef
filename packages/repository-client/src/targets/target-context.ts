import type { TargetApi } from './api.ts'
import type { ChannelReader } from './channel-reader.ts'
import type { UploadTarget } from './target.ts'

/** What an implementation of one API works with. */
export interface TargetContext {
  readonly api: TargetApi
  /** Root of the API, without a slash at the end. */
  readonly url: string
  /** The channel there; of an `anaconda` target the owner. */
  readonly channel: string
  /** Labels that an uploaded artifact gets, where the API knows labels; at least one. */
  readonly labels: readonly string[]
  /** Whether what has to be created for an artifact is for everybody. */
  readonly isPublic: boolean
  /** Opens what clients read there. For APIs with a listing, once. */
  readonly openReader: () => ChannelReader
  /** Throws `TARGET_FORBIDDEN` without a credential: for servers that show what is public to everybody. */
  readonly requireLogin: (doing: string) => void
}

/** What an implementation of one API adds to what all targets share. */
export type TargetCalls = Pick<UploadTarget, 'abilities' | 'check' | 'look' | 'upload' | 'remove'>

/** One API: how to speak it, and where its channels are read. */
export interface TargetProtocol {
  /** The headers of every call to an API at `url`, the credential among them. */
  readonly headers: (credential: TargetAuthorization, url: string) => Readonly<Record<string, string>>
  /** Where a conda client finds the channel; undefined where that cannot be told: nothing is listed then, and every artifact is looked at. */
  readonly listing: (place: ListingPlace) => Listing | undefined
  /** What an answer says beside itself, for people. Default: nothing. */
  readonly notices?: (header: (name: string) => string | undefined) => readonly string[]
  readonly createCalls: (context: TargetContext) => TargetCalls
}

/** Where a conda client finds a channel, and with which headers. */
export interface Listing {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** A credential with its secrets revealed; undefined for a target that takes everybody. */
export type TargetAuthorization = { readonly type: 'token'; readonly token: string } | { readonly type: 'basic'; readonly user: string; readonly password: string } | undefined

/** The place and the credential that a listing's URL is made of. */
export interface ListingPlace {
  readonly url: string
  readonly channel: string
  readonly labels: readonly string[]
  readonly credential: TargetAuthorization
}

/** `Authorization` with a bearer token, or with user name and password; nothing without a credential. */
export function authorizationHeader(credential: TargetAuthorization): Readonly<Record<string, string>> {
  if (credential === undefined) return {}
  const value = credential.type === 'token' ? `Bearer ${credential.token}` : `Basic ${Buffer.from(`${credential.user}:${credential.password}`).toString('base64')}`
  return { authorization: value }
}
