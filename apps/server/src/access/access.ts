import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { ServerEvent } from '../events.ts'
import type { RequestPath } from '../request-path.ts'
import type { Client } from './client-address.ts'
import { createGuessLimit } from './guess-limit.ts'
import { createKeyOf, createRecollection, type Grant, type Identification, type Unknown } from './identification.ts'
import { createIdentifier, type Identify } from './identify.ts'
import type { LoadedAccess, LoadedRule } from './load-access.ts'
import type { PasswordChecker } from './password-checker.ts'

/** Who asks, as far as is known. */
export interface Caller {
  /** The name of a user or token; undefined for somebody who did not say. */
  readonly name: string | undefined
  /** They did not say who they are, and there is somebody whom they could be. */
  readonly maySignIn: boolean
  /** Whether they may read a channel, by its folder below the mirror; empty for the mirror's own, where installers lie. What they may not see is not to be listed, counted or found. */
  readonly canSee: (channel: string) => boolean
}

/** What is to be answered. */
export type Decision =
  /** `isPublic`: everybody would get the same. */
  | { readonly status: 'allowed'; readonly caller: Caller; readonly isPublic: boolean }
  | Refusal

/** Why something is not answered. */
export type Refusal =
  /** Nothing valid was given. `challenges` are values of `WWW-Authenticate`. */
  | { readonly status: 'refused'; readonly code: 401; readonly text: string; readonly challenges: readonly string[] }
  /** A valid identity without the right; and, where nobody can have one, nothing. */
  | { readonly status: 'refused'; readonly code: 403 | 404; readonly text: string }
  /** Too many wrong guesses, or too many at once. `seconds` until trying again may help. */
  | { readonly status: 'refused'; readonly code: 429 | 503; readonly text: string; readonly seconds: number }

/** What is asked for, and by whom. */
export interface AccessCall {
  readonly request: Pick<IncomingMessage, 'headers' | 'url'>
  /** Undefined: nothing that can be served. */
  readonly path: RequestPath | undefined
  readonly client: Client
}

/** Who may read what. */
export interface Access {
  /** Decides about a request. What a path lies below decides, not what lies there: no answer tells whether there is a channel. */
  readonly decide: (call: AccessCall) => Promise<Decision>
  /** Who asks, where all may ask; somebody whose credentials are wrong is nobody. */
  readonly identify: (call: AccessCall) => Promise<Caller>
  /** Holds from now on; undefined: everything is open. What was counted of wrong guesses stays. */
  readonly renew: (loaded: LoadedAccess | undefined) => void
}

/** What `createAccess` needs. */
export interface AccessDependencies {
  readonly loaded: LoadedAccess | undefined
  readonly checker: Pick<PasswordChecker, 'check'>
  readonly observe: (event: ServerEvent) => void
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Everybody, where everything is open. */
export const EVERYBODY: Caller = { name: undefined, maySignIn: false, canSee: () => true }

interface State {
  readonly access: LoadedAccess
  readonly identify: Identify
  readonly challenges: readonly string[]
  readonly names: ReadonlySet<string>
}

/** Creates what decides about requests. */
export function createAccess({ loaded, checker, observe, now }: AccessDependencies): Access {
  let state: State | undefined
  const limit = createGuessLimit({ isUser: (name) => state?.names.has(name) === true, now })
  const keyOf = createKeyOf(randomBytes(32))

  function open(access: LoadedAccess): State {
    const names = new Set(access.users.map(({ name }) => name))
    const recollection = createRecollection({
      limit, keyOf, now,
      // What somebody typed for a name may be a password.
      onLimit: ({ address, user }) => observe({ type: 'guesses-refused', client: address, user: user !== undefined && names.has(user) ? user : undefined }),
    })
    return { access, names, challenges: listChallenges(access), identify: createIdentifier(access, { recollection, checker }) }
  }

  const renew = (access: LoadedAccess | undefined): void => {
    state = access === undefined ? undefined : open(access)
  }
  renew(loaded)
  return {
    renew,
    decide: async (call) => (state === undefined ? { status: 'allowed', caller: EVERYBODY, isPublic: true } : await decide(state, call)),
    identify: async (call) => (state === undefined ? EVERYBODY : describeCaller(state.access, grantsOf(await identify(state, call)))),
  }
}

async function decide(state: State, call: AccessCall): Promise<Decision> {
  const { access, challenges } = state
  const place = readPlace(call.path)
  // Everybody gets the same, so that nobody has to say who they are, and what they say is not looked at.
  if (isOpen(access, place)) return { status: 'allowed', caller: describeCaller(access, []), isPublic: true }
  const found = await identify(state, call)
  if (found.status !== 'known' && found.status !== 'none') return refuse(state, found)
  const grants = grantsOf(found)
  const wantsMore = found.status === 'none' && asksToSignIn(call)
  if (mayEnter(access, grants, place) && !wantsMore) return { status: 'allowed', caller: describeCaller(access, grants), isPublic: false }
  if (found.status === 'known') return { status: 'refused', code: 403, text: 'No right to this' }
  return challenges.length === 0 ? { status: 'refused', code: 404, text: 'Not found' } : refuse(state, found)
}

async function identify({ identify: look }: State, { request, path, client }: AccessCall): Promise<Identification> {
  return await look({ authorization: request.headers.authorization ?? '', token: path?.token, address: client.address })
}

function grantsOf(found: Identification): readonly Grant[] {
  return found.status === 'known' ? found.grants : []
}

function refuse({ challenges }: State, found: Unknown): Refusal {
  switch (found.status) {
    case 'limited':
      return { status: 'refused', code: 429, text: 'Too many wrong tokens or passwords', seconds: Math.ceil(found.milliseconds / 1000) }
    case 'busy':
      return { status: 'refused', code: 503, text: 'Busy', seconds: 2 }
    case 'expired':
      return { status: 'refused', code: 401, text: 'The token has expired', challenges }
    case 'wrong':
      return { status: 'refused', code: 401, text: 'Wrong token or password', challenges }
    case 'none':
      return { status: 'refused', code: 401, text: 'A token or password is needed', challenges }
  }
}

/** What a path is about: nothing of the mirror, all of it, or what lies below a folder. */
type Place =
  | { readonly type: 'nothing' }
  | { readonly type: 'overview' }
  | { readonly type: 'below'; readonly segments: readonly string[]; readonly isPage: boolean }

const SNAPSHOTS = 'snapshots'
/** What can be no name of a channel: below it lies what the server has of its own. */
const OWN = '-'

function readPlace(path: RequestPath | undefined): Place {
  if (path === undefined) return { type: 'nothing' }
  const { isFolder } = path
  const segments = path.segments[0] === SNAPSHOTS ? path.segments.slice(2) : path.segments
  const [first, second = ''] = segments
  if (first === undefined) return { type: 'overview' }
  // `/-/style.css` and the like are files of the server, which say nothing of the mirror.
  if (first === OWN) return { type: !isFolder && segments.length === 2 && second.includes('.') ? 'nothing' : 'overview' }
  return { type: 'below', segments, isPage: isFolder || segments.includes(OWN) }
}

function isOpen(access: LoadedAccess, place: Place): boolean {
  return place.type === 'nothing' || (place.type === 'below' && !place.isPage && findRule(access, place.segments)?.isPublic === true)
}

function mayEnter(access: LoadedAccess, grants: readonly Grant[], place: Place): boolean {
  if (place.type === 'below') return maySee(access, grants, place.segments)
  return grants.length > 0 || access.rules.some(({ isPublic }) => isPublic)
}

/** Somebody who may see a part and wants to see more asks for `?sign-in`, so that the browser asks them who they are. */
function asksToSignIn({ request: { url = '' } }: AccessCall): boolean {
  return /\?(?:.*&)?sign-in(?:[=&]|$)/.test(url)
}

function describeCaller(access: LoadedAccess, grants: readonly Grant[]): Caller {
  return { name: grants[0]?.name, maySignIn: grants.length === 0 && canAnybodySignIn(access), canSee: (channel) => maySee(access, grants, channel === '' ? [] : channel.split('/')) }
}

function findRule({ rules }: LoadedAccess, segments: readonly string[]): LoadedRule | undefined {
  return rules.find(({ covers }) => covers(segments))
}

function maySee(access: LoadedAccess, grants: readonly Grant[], segments: readonly string[]): boolean {
  const rule = findRule(access, segments)
  return rule !== undefined && (rule.isPublic || grants.some((grant) => admits(rule, grant, segments)))
}

function admits({ files, users }: LoadedRule, { file, name, channels }: Grant, segments: readonly string[]): boolean {
  return files.has(file) && users?.has(name) !== false && channels?.some(({ covers }) => covers(segments)) !== false
}

function canAnybodySignIn({ rules }: LoadedAccess): boolean {
  return rules.some(({ files }) => files.size > 0)
}

/** Browsers know Basic alone, with which a token can be given as password, too. */
function listChallenges(access: LoadedAccess): readonly string[] {
  return canAnybodySignIn(access) ? ['Basic realm="mirror", charset="UTF-8"', 'Bearer realm="mirror"'] : []
}
