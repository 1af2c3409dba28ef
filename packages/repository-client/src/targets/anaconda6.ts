import { type Artifact, isJsonObject } from '@mirror/core'
import { readError } from '../failure.ts'
import { type ApiAnswer, type ApiCall, jsonBody, type TargetApi } from './api.ts'
import { artifactParts } from './artifact-parts.ts'
import { callsByLook, type Dropped, type LookSteps, type Sent } from './by-look.ts'
import { formBody } from './form-body.ts'
import type { ArtifactUpload, TargetCallOptions } from './target.ts'
import { authorizationHeader, type TargetAuthorization, type TargetCalls, type TargetContext, type TargetProtocol } from './target-context.ts'
import { lookOfDigests } from './told-digests.ts'

/**
 * Anaconda Server 6 and Package Security Manager, by the calls of conda-repo-cli: below `/api`, with the token in `X-Auth`. A URL that ends in `/api/repo` is the newer "repocore" of
 * anaconda-client: the same calls below it, with a bearer token. Channels are there also for conda, below `/api/repo`.
 */
export const ANACONDA6: TargetProtocol = {
  headers: (credential, url) => ({ accept: 'application/json', ...authorize(credential, url) }),
  listing: ({ url, channel, credential }) => {
    const { root, isRepocore } = placeOf(url)
    return { url: `${isRepocore ? root : `${root}/repo`}/${encodePath(channel)}`, headers: authorize(credential, url) }
  },
  createCalls: createServer6Calls,
}

/** Files that are told at once. */
const PAGE = 100

function placeOf(url: string): { readonly root: string; readonly isRepocore: boolean } {
  if (url.endsWith('/api/repo')) return { root: url, isRepocore: true }
  return { root: url.endsWith('/api') ? url : `${url}/api`, isRepocore: false }
}

function authorize(credential: TargetAuthorization, url: string): Readonly<Record<string, string>> {
  if (placeOf(url).isRepocore || credential?.type !== 'token') return authorizationHeader(credential)
  return { 'x-auth': credential.token }
}

function encodePath(channel: string): string {
  return channel.split('/').map(encodeURIComponent).join('/')
}

/** All but uploads have channels in channels as `subchannels`. */
function channelPath(channel: string): string {
  const [parent = '', child] = channel.split('/').map(encodeURIComponent)
  return child === undefined ? parent : `${parent}/subchannels/${child}`
}

/** One file of a package, as the server tells. */
interface ToldFile {
  /** `<subdir>/<file>`. */
  readonly key: string
  readonly record: Readonly<Record<string, unknown>>
}

/** A channel, and the API that it is of. */
interface Server6Context {
  readonly api: TargetApi
  readonly root: string
  /** URL of the channel, for all calls but uploads. */
  readonly base: string
  readonly channel: string
}

function createServer6Calls({ api, url, channel }: TargetContext): TargetCalls {
  const { root } = placeOf(url)
  const context: Server6Context = { api, root, channel, base: `${root}/channels/${channelPath(channel)}` }
  const steps: LookSteps = {
    async look(artifact, options) {
      const found = await findFile(api, { base: context.base, artifact }, options)
      return found === undefined ? { status: 'absent' } : lookOfDigests({ sha256: found.record['sha256'], md5: found.record['md5'] }, artifact.digest)
    },
    async send(upload, { replace, signal }) {
      // There is no call that overwrites.
      if (replace) await dropFile(context, upload.artifact, { signal })
      return await sendFile(context, upload, { signal })
    },
    drop: async (artifact, options) => await dropFile(context, artifact, options),
  }
  return {
    abilities: { remove: true, replace: true, listsLater: true },
    ...callsByLook(api, steps),
    check: async ({ signal } = {}) => await api.repeat(`open the channel ${channel}`, async () => {
      const user = await fetchUser(api, `${root.replace(/\/repo$/, '')}/account`, { signal })
      const call: ApiCall = { method: 'GET', url: context.base, doing: `open the channel ${channel}` }
      const answer = await api.send(call, { signal })
      if (answer.status === 404) throw missing(channel)
      if (answer.status !== 200) throw api.refusal(call, answer)
      return { user }
    }, { signal }),
  }
}

async function sendFile({ api, root, channel }: Server6Context, { artifact, file }: ArtifactUpload, { signal }: TargetCallOptions): Promise<Sent> {
  const after = [{ name: 'filetype', value: 'conda1' }, { name: 'size', value: String(artifact.size) }]
  const call: ApiCall = {
    method: 'POST', url: `${root}/channels/${encodePath(channel)}/artifacts`, doing: `upload ${artifact.subdir}/${artifact.name}`,
    body: formBody([], { name: 'content', filename: artifact.name, file, size: artifact.size, after }),
  }
  const answer = await api.send(call, { signal })
  if (answer.status === 200 || answer.status === 201) return { status: 'taken' }
  if (answer.status === 409) return { status: 'exists', failure: api.again(call, answer) }
  // Which error says that the name is taken is in no source; looking again tells.
  if (answer.status === 400 || answer.status === 422) return { status: 'exists', failure: api.refusal(call, answer) }
  throw api.refusal(call, answer)
}

async function dropFile({ api, base }: Server6Context, artifact: Artifact, { signal }: TargetCallOptions): Promise<Dropped> {
  const found = await findFile(api, { base, artifact }, { signal })
  if (found === undefined) return { status: 'absent' }
  const items = [{ name: artifactParts(artifact).name, family: 'conda', ckey: found.key }]
  const call: ApiCall = {
    method: 'PUT', url: `${base}/artifacts/bulk`, body: jsonBody({ action: 'delete', items }), doing: `remove ${artifact.subdir}/${artifact.name}`,
  }
  const answer = await api.send(call, { signal })
  if (answer.status === 202 || answer.status === 200) return { status: 'dropped', failure: api.again(call, answer) }
  throw api.refusal(call, answer)
}

interface FilePlace {
  /** URL of the channel. */
  readonly base: string
  readonly artifact: Artifact
}

async function findFile(api: TargetApi, { base, artifact }: FilePlace, { signal }: TargetCallOptions): Promise<ToldFile | undefined> {
  const { name } = artifactParts(artifact)
  for (let offset = 0; ; offset += PAGE) {
    const call: ApiCall = { method: 'GET', url: `${base}/artifacts/conda/${encodeURIComponent(name)}/files?offset=${offset}&limit=${PAGE}`, doing: `look for ${artifact.subdir}/${artifact.name}` }
    const answer = await api.send(call, { signal })
    if (answer.status === 404) return undefined
    const files = readFiles(answer)
    if (answer.status !== 200 || files === undefined) throw api.refusal(call, answer)
    const found = files.find(({ key }) => key === `${artifact.subdir}/${artifact.name}`)
    if (found !== undefined || files.length < PAGE) return found
  }
}

function readFiles({ json }: ApiAnswer): readonly ToldFile[] | undefined {
  const items = isJsonObject(json) ? json['items'] : undefined
  if (!Array.isArray(items)) return undefined
  return items.flatMap((item: unknown) => {
    const { ckey, metadata } = isJsonObject(item) ? item : {}
    if (typeof ckey !== 'string') return []
    const told = isJsonObject(metadata) ? metadata : {}
    return [{ key: ckey, record: [told['repodata_record.json'], told['index.json']].find(isJsonObject) ?? {} }]
  })
}

async function fetchUser(api: TargetApi, url: string, { signal }: TargetCallOptions): Promise<string | undefined> {
  const call: ApiCall = { method: 'GET', url, doing: 'ask whom the token belongs to' }
  const answer = await api.send(call, { signal })
  if (answer.status === 404) throw readError('TARGET_NOT_FOUND', 'Cannot find the API: the server has no account of ours', { hint: 'Correct the URL: that of the API ends in /api, or in /api/repo for the newer one.' })
  if (answer.status !== 200) throw api.refusal(call, answer)
  const fields = isJsonObject(answer.json) ? answer.json : {}
  const user = isJsonObject(fields['user']) ? fields['user'] : fields
  return typeof user['username'] === 'string' ? user['username'] : undefined
}

function missing(channel: string): Error {
  return readError('TARGET_NOT_FOUND', `Cannot find the channel ${channel}: the server has none of this name`, { hint: 'Create it there first, or correct its name.' })
}
