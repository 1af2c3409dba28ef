import { type Artifact, isJsonObject, redactUrl } from '@mirror/core'
import { readError } from '../../failure.ts'
import type { ApiCall } from '../api.ts'
import type { ArtifactUpload, TargetCallOptions, TargetLook, UploadOutcome } from '../target.ts'
import type { Listing, ListingPlace, TargetCalls, TargetContext, TargetProtocol } from '../target-context.ts'
import { createCreatedPlaces } from './created-places.ts'
import { fetchDist, removeDist, removeLabels, type V4Context } from './dist-calls.ts'
import { type DistPlace, distPlace } from './dist-place.ts'
import { condaUrl } from './listing-url.ts'
import { lookOf } from './read-answers.ts'
import { uploadDist } from './upload-dist.ts'

/** The version of the API's client whose calls these are: servers ask for one. */
const API_VERSION = '1.16.0'

/**
 * The v4 API of anaconda.org and Anaconda Repository: package, release and file are created one after another, the file by `stage`, a form for the storage, and `commit`. The calls
 * are those of anaconda-client; every status but the one that it takes is an error, other 2xx too.
 */
export const ANACONDA: TargetProtocol = {
  headers: (credential) => ({
    'accept': 'application/json',
    'x-binstar-api-version': API_VERSION,
    'content-type': 'application/json',
    ...(credential?.type === 'token' ? { authorization: `token ${credential.token}` } : {}),
  }),
  listing: placeListing,
  notices: readNotices,
  createCalls: createV4Calls,
}

/** What a server says beside its answers, as the real client tells it. */
function readNotices(header: (name: string) => string | undefined): readonly string[] {
  const warning = header('conda-token-warning')
  return [
    ...(warning === undefined ? [] : [warning]),
    ...(header('x-anaconda-lockdown') === undefined ? [] : ['the repository is in lockdown']),
    ...(header('x-anaconda-read-only') === undefined ? [] : ['the repository is read-only now']),
  ]
}

/** The token goes into the path, where it shows what is private; without `main` among the labels it is the first label's channel. */
function placeListing({ url, channel, labels, credential }: ListingPlace): Listing | undefined {
  const conda = condaUrl(url)
  if (conda === undefined) return undefined
  const token = credential?.type === 'token' ? `/t/${encodeURIComponent(credential.token)}` : ''
  const [label = 'main'] = labels.includes('main') ? ['main'] : labels
  return { url: `${conda}${token}/${encodeURIComponent(channel)}${label === 'main' ? '' : `/label/${encodeURIComponent(label)}`}`, headers: {} }
}

function createV4Calls({ api, url, channel, labels, isPublic }: TargetContext): TargetCalls {
  const context: V4Context = { api, url, owner: channel }
  const places = createCreatedPlaces(api)
  return {
    abilities: { remove: true, replace: true, listsLater: true },
    check: async (options = {}) => await checkOwner(context, options),
    async look(artifact: Artifact, { signal }: TargetCallOptions = {}): Promise<TargetLook> {
      const place = distPlace(context, artifact)
      const found = await api.repeat(`look for ${place.basename}`, async () => await fetchDist(context, place, { signal }), { signal })
      return found === undefined ? { status: 'absent' } : lookOf(found, artifact.digest)
    },
    async upload(upload: ArtifactUpload, { signal }: TargetCallOptions = {}): Promise<UploadOutcome> {
      return await uploadDist({ ...context, labels, isPublic, places }, upload, signal)
    },
    async remove(artifact: Artifact, { signal }: TargetCallOptions = {}): Promise<'removed' | 'absent'> {
      const place = distPlace(context, artifact)
      return await api.repeat(`remove ${place.basename}`, async (attempt) => {
        const outcome = await takeAway(context, place, { labels, signal })
        // With its last file a server may collect the release and the package.
        places.forget(place.name)
        // Gone after a lost answer: we removed it.
        return outcome === 'absent' && attempt > 1 ? 'removed' : outcome
      }, { signal })
    },
  }
}

/** Takes a file away from our labels: from the server where no other label has it, and else the labels from the file, which others put where it is. */
async function takeAway(context: V4Context, place: DistPlace, { labels, signal }: TargetCallOptions & { readonly labels: readonly string[] }): Promise<'removed' | 'absent'> {
  const found = await fetchDist(context, place, { signal })
  if (found === undefined) return 'absent'
  const own = found.labels?.filter((label) => labels.includes(label)) ?? []
  if (found.labels === undefined || found.labels.length === own.length) return await removeDist(context, place, { signal })
  await removeLabels(context, place, { labels: own, signal })
  return own.length === 0 ? 'absent' : 'removed'
}

/** Asks as the real client does before an upload, and whom the server takes us for, because an upload without a good token would fail only later. */
async function checkOwner({ api, url, owner }: V4Context, { signal }: TargetCallOptions): Promise<{ readonly user: string | undefined }> {
  return await api.repeat(`open ${owner}`, async () => {
    const head: ApiCall = { method: 'HEAD', url, doing: 'reach the API' }
    const top = await api.send(head, { signal })
    if (top.status === 404) throw missing('the API', `${redactUrl(url)} is none`, 'Correct the URL: that of the API of an Anaconda Repository mostly ends in /api.')
    if (top.status !== 200) throw api.refusal(head, top)
    const user = await fetchUser({ api, url, owner }, undefined, { signal })
    if (user !== owner && await fetchUser({ api, url, owner }, owner, { signal }) === undefined) {
      throw missing(`the account ${owner}`, 'the server has no such user or organisation', 'Correct its name, or create it there first.')
    }
    return { user }
  }, { signal })
}

function missing(what: string, why: string, hint: string): Error {
  return readError('TARGET_NOT_FOUND', `Cannot find ${what}: ${why}`, { hint })
}

/** The login of a user, or of whom the token belongs to; undefined when there is none. */
async function fetchUser({ api, url }: V4Context, name: string | undefined, { signal }: TargetCallOptions): Promise<string | undefined> {
  const call: ApiCall = {
    method: 'GET', url: name === undefined ? `${url}/user` : `${url}/user/${encodeURIComponent(name)}`, doing: name === undefined ? 'ask whom the token belongs to' : `look for the account ${name}`,
  }
  const answer = await api.send(call, { signal })
  if (answer.status === 404 && name !== undefined) return undefined
  if (answer.status !== 200) throw api.refusal(call, answer)
  return readLogin(answer.json) ?? name
}

function readLogin(json: unknown): string | undefined {
  return isJsonObject(json) && typeof json['login'] === 'string' ? json['login'] : undefined
}
