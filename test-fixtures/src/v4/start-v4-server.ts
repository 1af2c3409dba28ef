import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'

import type { CallFault, CallMisbehaviour, DoubleControls, ReceivedCall, ReceivedField } from '../double/calls.ts'
import { attempt, createDouble, type Incoming } from '../double/create-double.ts'
import { readForm } from '../double/read-form.ts'
import { answerChannel } from './channel.ts'
import { type Answer, refuse } from './refusals.ts'
import { answerCall, CALL_KINDS, findRoute } from './routes.ts'
import { createState, listDists, type State, type V4User } from './state.ts'
import { describeStorageError, takeUpload } from './upload-calls.ts'

/** What a v4 server has from the start. */
export interface V4ServerOptions {
  /** Login → user or organisation. */
  readonly users: Readonly<Record<string, V4User>>
  /** Where the API is on the server, default `/api` as on premises; `/` as anaconda.org has it. */
  readonly mount?: string
  /** Keep a release and a package whose last file was removed, default false: collected at once, as anaconda.org may do. */
  readonly keepsEmpty?: boolean
  /** API and storage over TLS, with PEM texts. */
  readonly tls?: { readonly key: string; readonly cert: string }
}

/** How a call goes wrong. */
export type V4Fault = CallFault

/** When and how to go wrong: kinds such as `POST stage`, `GET dist`, `DELETE package`, `POST channels/copy`, `HEAD /`, `POST storage`, `GET channel`. */
export type V4Misbehaviour = CallMisbehaviour

/** One field of an uploaded form. */
export type V4FormField = ReceivedField

/** One call as the server saw it, without secrets. */
export type V4Call = ReceivedCall

/** One committed file. */
export interface V4File {
  readonly package: string
  readonly version: string
  /** `<subdir>/<file>`. */
  readonly basename: string
  readonly isPublic: boolean
  readonly labels: readonly string[]
  readonly md5: string
  readonly sha256: string
  readonly size: number
}

/** A v4 server on 127.0.0.1 that keeps what it is given. */
export interface V4Server extends AsyncDisposable, DoubleControls {
  /** Root of the API, without a slash at the end. */
  readonly url: string
  /** Where a conda client finds an owner's files, ending in a slash. */
  readonly channelUrl: (owner: string, options?: { readonly label?: string; readonly token?: string }) => string
  /** The committed files of an owner. */
  readonly files: (owner: string) => readonly V4File[]
  /** Names of an owner's packages → versions, also empty ones. */
  readonly packages: (owner: string) => Readonly<Record<string, readonly string[]>>
  /** The token is good no more. */
  readonly revoke: (token: string) => void
  /** Whatever is staged and not yet uploaded can no longer be uploaded. */
  readonly expireStages: () => void
}

interface Served {
  readonly state: State
  readonly mount: string
  storageUrl: string
}

/**
 * Starts a double of an Anaconda Repository's v4 API, with a storage on a port of its own, written from what real clients and servers were seen to do. What they
 * were not seen to do is refused: 400, and written down in `refused`.
 */
export async function startV4Server(options: V4ServerOptions): Promise<V4Server> {
  const mount = (options.mount ?? '/api').replace(/\/$/, '')
  const served: Served = { state: createState(options.users, options.keepsEmpty ?? false), mount, storageUrl: '' }
  const double = createDouble({
    kinds: CALL_KINDS,
    kindOf: (request) => kindOf(served, request),
    showPath: (url) => {
      const path = url.replace(/\/t\/[^/]+\//, '/t/<token>/')
      return underMount(served, path) ?? path
    },
    tls: options.tls,
  })
  const origin = await double.listen(async (incoming) => await answerApi(served, incoming))
  served.storageUrl = `${await double.listen(async (incoming) => await answerStorage(served, incoming))}/storage`
  // Not by spreading, which would read `refused` once and for all.
  return Object.assign(double, createControls(served, origin), { [Symbol.asyncDispose]: double.close })
}

function createControls(served: Served, origin: string): Omit<V4Server, keyof DoubleControls | typeof Symbol.asyncDispose> {
  const { state } = served
  return {
    url: `${origin}${served.mount}`,
    channelUrl: (owner, { label, token } = {}) =>
      `${origin}/conda/${token === undefined ? '' : `t/${token}/`}${owner}/${label === undefined ? '' : `label/${label}/`}`,
    files: (owner) => [...listDists(state, owner)].map(({ found, release, dist }) => {
      const { basename, labels, md5, sha256, bytes } = dist
      return { package: found.name, version: release.version, basename, isPublic: found.isPublic, labels: [...labels], md5, sha256, size: bytes.length }
    }),
    packages: (owner) =>
      Object.fromEntries([...state.packages.values()].filter((found) => found.owner === owner).map(({ name, releases }) => [name, [...releases.keys()]])),
    revoke: (token) => { state.tokens.delete(token) },
    expireStages: () => { for (const staged of state.stages.values()) staged.isExpired ||= staged.uploaded === undefined },
  }
}

/** The path under the API's root, beginning with a slash, or undefined for one that is elsewhere. */
function underMount({ mount }: Served, path: string): string | undefined {
  if (path === mount) return '/'
  return path.startsWith(`${mount}/`) ? path.slice(mount.length) : undefined
}

const CONDA = '/conda/'

function kindOf(served: Served, request: IncomingMessage): string | undefined {
  const { method = '', url = '' } = request
  const [path = ''] = url.split('?', 1)
  if (path.startsWith('/storage')) return `${method} storage`
  if (path.startsWith(CONDA)) return `${method} channel`
  const inner = underMount(served, path)
  return inner === undefined ? undefined : findRoute(method, inner)?.kind
}

async function answerApi(served: Served, { request, call }: Incoming): Promise<Answer> {
  const body = await buffer(request)
  const { method = '', url = '', headers } = request
  const [path = '', query = ''] = url.split(/\?(.*)/s)
  if ((method === 'GET' || method === 'HEAD') && path.startsWith(CONDA)) return answerChannel(served.state, path.slice(CONDA.length - 1))
  call.body = readJson(body)
  return await attempt(call, () => {
    const inner = underMount(served, path)
    const found = inner === undefined ? undefined : findRoute(method, inner)
    if (found === undefined) return refuse('unknown-call', `${method} ${call.path}`)
    return answerCall(served.state, found, { method, path, query: new URLSearchParams(query), headers, body, storageUrl: served.storageUrl })
  }, (stop) => ({ status: stop.status, json: { error: stop.message } }))
}

function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

async function answerStorage(served: Served, { request, call }: Incoming): Promise<Answer> {
  const body = await buffer(request)
  const { method = '', url = '', headers } = request
  return await attempt(call, () => {
    const download = /^\/storage\/([0-9a-f]{24})$/.exec(url)?.[1]
    if (method === 'GET' && download !== undefined) return sendStored(served.state, download)
    if (method !== 'POST' || url !== '/storage') return refuse('storage-path', `${method} ${url}`)
    const parts = readForm(headers['content-type'], body)
    call.form = parts.map(({ name, filename, contentType, bytes }) => ({ name, filename, contentType, size: bytes.length }))
    return takeUpload(served.state, { headers, parts })
  }, (stop) => ({ status: stop.status, bytes: describeStorageError('AccessDenied', stop.message) }))
}

function sendStored(state: State, id: string): Answer {
  const bytes = state.stages.get(id)?.uploaded
  return bytes === undefined ? { status: 404, bytes: describeStorageError('NoSuchKey', id) } : { status: 200, bytes }
}
