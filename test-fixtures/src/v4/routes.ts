import { findFit, parseRoute, type RoutePath } from '../double/routes.ts'
import type { JsonObject } from '../json.ts'
import { type BodyKind, checkBody } from './bodies.ts'
import { addLabel, copyLabel, listLabels, lockLabel, removeLabel, showLabel, unlockLabel } from './label-calls.ts'
import { createPackage, createRelease, deleteDist, deleteDistById, deletePackage, deleteRelease, download, listPackages, showDist, showPackage, showRelease,
  updatePackage, updateRelease } from './package-calls.ts'
import { type Answer, refuse, Stop } from './refusals.ts'
import type { State } from './state.ts'
import { commit, stage } from './upload-calls.ts'
import { logIn, logOut, showOrganizations, showToken, showUser } from './user-calls.ts'

/** One call of the API whose form was found right. */
export interface ApiCall {
  readonly state: State
  /** The segment of the path under a name of the route. */
  readonly segment: (name: string) => string
  /** Of the token; undefined when anonymous. */
  readonly login: string | undefined
  readonly authorization: string | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Empty where the call has none. */
  readonly body: JsonObject
  /** Where the storage takes an upload. */
  readonly storageUrl: string
}

interface Route extends RoutePath {
  /** Must there be a token. `login`: Basic, or Bearer. */
  readonly needs: 'nothing' | 'token' | 'login'
  readonly body: BodyKind | undefined
  readonly query: readonly string[]
  readonly answer: (call: ApiCall) => Answer
}

type Needs = Route['needs'] | { readonly needs: Route['needs']; readonly body?: BodyKind; readonly query?: readonly string[] }

const route = (pattern: string, wanted: Needs, answer: Route['answer']): Route => {
  const { needs, body, query = [] } = typeof wanted === 'string' ? { needs: wanted } : { body: undefined, ...wanted }
  return { ...parseRoute(pattern), needs, body, query, answer }
}

const ok = (): Answer => ({ status: 200 })
const FILTERS = ['platform', 'package_type', 'type', 'access']

// Which status means success for each call is what the real client allows (its `_check_response(res, [...])`): 200, or 201 alone.
const ROUTES: readonly Route[] = [
  route('HEAD /', 'nothing', ok),
  route('GET /authentication-type', 'nothing', () => ({ status: 200, json: { authentication_type: 'password' } })),
  route('POST /authentications', { needs: 'login', body: 'login' }, logIn),
  route('DELETE /authentications', 'token', logOut),
  route('GET /authentication', 'token', showToken),
  route('GET /user', 'token', showUser),
  route('GET /user/:owner', 'nothing', showUser),
  route('GET /user/orgs', 'token', showOrganizations),
  route('GET /users/:owner/orgs', 'nothing', showOrganizations),
  route('GET /packages', { needs: 'token', query: FILTERS }, listPackages),
  route('GET /packages/:owner', { needs: 'nothing', query: FILTERS }, listPackages),
  route('GET /package/:owner/:name', 'nothing', showPackage),
  route('POST /package/:owner/:name', { needs: 'token', body: 'package' }, createPackage),
  route('PATCH /package/:owner/:name', { needs: 'token', body: 'attrs' }, updatePackage),
  route('DELETE /package/:owner/:name', 'token', deletePackage),
  route('GET /release/:owner/:name/:version', 'nothing', showRelease),
  route('POST /release/:owner/:name/:version', { needs: 'token', body: 'release' }, createRelease),
  route('PATCH /release/:owner/:name/:version', { needs: 'token', body: 'releaseAttrs' }, updateRelease),
  route('DELETE /release/:owner/:name/:version', 'token', deleteRelease),
  route('GET /dist/:owner/:name/:version/:subdir/:file', 'nothing', showDist),
  route('DELETE /dist/:owner/:name/:version/-/:id', 'token', deleteDistById),
  route('DELETE /dist/:owner/:name/:version/:subdir/:file', 'token', deleteDist),
  route('GET /download/:owner/:name/:version/:subdir/:file', 'nothing', download),
  route('POST /stage/:owner/:name/:version/:subdir/:file', { needs: 'token', body: 'stage' }, stage),
  route('POST /commit/:owner/:name/:version/:subdir/:file', { needs: 'token', body: 'commit' }, commit),
  route('GET /channels/:owner', 'nothing', listLabels),
  route('GET /channels/:owner/:label', 'nothing', showLabel),
  route('POST /channels/:owner/:label', { needs: 'token', body: 'label' }, addLabel),
  route('DELETE /channels/:owner/:label', { needs: 'token', body: 'label' }, removeLabel),
  route('POST /channels/:owner/:label/copy/:to', 'token', copyLabel),
  route('POST /channels/:owner/:label/lock', 'token', lockLabel),
  route('DELETE /channels/:owner/:label/lock', 'token', unlockLabel),
]

const kindOf = ({ method, segments }: RoutePath): string => {
  const words = segments.filter((segment, at) => at === 0 || !segment.startsWith(':'))
  return `${method} ${words.length === 0 ? '/' : words.join('/')}`
}

/** Every kind of call, such as `POST stage`, `DELETE dist/-`, `POST channels/copy`; the storage's is `POST storage`, a conda client's `GET channel`. */
export const CALL_KINDS: ReadonlySet<string> = new Set([...ROUTES.map(kindOf), 'POST storage', 'GET storage', 'GET channel', 'HEAD channel'])

/** What was asked for, before any of it is checked. */
export interface Asked {
  readonly method: string
  /** Under the API's root, without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: ApiCall['headers']
  readonly body: Buffer
}

/** A route with the segments that its names stand for. */
export interface Found {
  readonly kind: string
  readonly route: Route
  readonly segments: ReadonlyMap<string, string>
}

/** The route of a call, or undefined: then nothing is known of it. */
export function findRoute(method: string, path: string): Found | undefined {
  const found = findFit(ROUTES, method, path)
  return found === undefined ? undefined : { kind: kindOf(found.route), ...found }
}

/** Checks the form of a call and answers it. */
export function answerCall(state: State, { route: one, segments }: Found, asked: Asked & { storageUrl: string }): Answer {
  checkHeaders(one, asked)
  for (const value of segments.values()) if (value.includes('/')) refuse('encoded-slash', value)
  for (const name of asked.query.keys()) if (!one.query.includes(name)) refuse('unknown-query', name)
  const login = findLogin(state, one, asked.headers)
  if (one.needs === 'token' && login === undefined) throw new Stop(401, 'Authentication token is missing')
  const body = readBody(one, asked)
  return one.answer({
    state, login, body, headers: asked.headers, storageUrl: asked.storageUrl, authorization: textOf(asked.headers['authorization']),
    segment: (name) => segments.get(name) ?? '',
  })
}

const textOf = (header: string | string[] | undefined): string | undefined => (typeof header === 'string' ? header : undefined)

// anaconda-client 1.16.0 sends these with every call (binstar_client/__init__.py, __init__), rattler_upload too.
function checkHeaders(one: Route, { headers, body }: Asked): void {
  if (headers['accept'] !== 'application/json') refuse('accept-header', textOf(headers['accept']) ?? 'none')
  if (headers['x-binstar-api-version'] === undefined) refuse('version-header', 'none')
  if (headers['user-agent'] === undefined) refuse('agent-header', 'none')
  if (body.length > 0 && one.body === undefined) refuse('body-unasked', body.toString('utf8', 0, 80))
  if (one.body !== undefined && headers['content-type'] !== 'application/json') refuse('content-type', textOf(headers['content-type']) ?? 'none')
}

function findLogin(state: State, one: Route, headers: Asked['headers']): string | undefined {
  const authorization = textOf(headers['authorization'])
  if (authorization === undefined) return undefined
  if (one.needs === 'login') return /^(?:Basic|Bearer) \S+$/.test(authorization) ? undefined : refuse('authorization-header', 'a login is by Basic or Bearer')
  const token = /^token (\S+)$/.exec(authorization)?.[1]
  if (token === undefined) return refuse('authorization-header', 'it is not "token <token>"')
  // `HEAD /` and the like are answered to everybody; a token that is no good is no anonymous user [inferred].
  if (one.segments[1] === undefined && one.needs === 'nothing') return state.tokens.get(token)?.login
  return state.tokens.get(token)?.login ?? stopUnauthorized()
}

function stopUnauthorized(): never {
  throw new Stop(401, 'The authentication token is not valid')
}

function readBody(one: Route, { body }: Asked): JsonObject {
  if (one.body === undefined) return {}
  const parsed = parseObject(body)
  checkBody(one.body, parsed)
  return parsed
}

function parseObject(body: Buffer): JsonObject {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    if (isObject(value)) return value
  } catch {
    // Refused below, as everything that is no object.
  }
  return refuse('body-json', body.toString('utf8', 0, 80))
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
