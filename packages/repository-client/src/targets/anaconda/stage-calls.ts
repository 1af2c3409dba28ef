import { redactUrl } from '@mirror/core'
import { readError } from '../../failure.ts'
import { type ApiCall, jsonBody } from '../api.ts'
import { formBody } from '../form-body.ts'
import type { ArtifactUpload } from '../target.ts'
import { USER_AGENT } from '../user-agent.ts'
import { fetchDist, type V4Context } from './dist-calls.ts'
import type { DistPlace } from './dist-place.ts'
import { compareDist, readStageReply, type StageReply } from './read-answers.ts'

/** One artifact on its way. */
export interface StageContext extends V4Context {
  readonly place: DistPlace
  readonly signal: AbortSignal | undefined
}

/** `POST /stage`: announces a file; the reply says where its bytes go. */
export async function stageDist({ api, url, place, signal }: StageContext, body: Readonly<Record<string, unknown>>): Promise<StageReply> {
  const call: ApiCall = { method: 'POST', url: place.stageUrl, body: jsonBody(body), doing: `announce ${place.basename}` }
  const answer = await api.send(call, { signal })
  // 409: it is there since we looked. 404: its release was collected since then.
  if (answer.status === 409 || answer.status === 404) throw api.again(call, answer)
  if (answer.status !== 200) throw api.refusal(call, answer)
  const reply = readStageReply(answer.json)
  if (reply === undefined) throw api.refusal(call, { ...answer, text: '', json: { error: 'it does not say where the bytes go' } })
  if (url.startsWith('https:') && reply.postUrl.protocol === 'http:') throw downgraded(place, reply.postUrl)
  return reply
}

function downgraded({ basename }: DistPlace, postUrl: URL): Error {
  return readError('TARGET_REFUSED', `Cannot upload ${basename}: the server is reached by https, and wants the bytes at ${redactUrl(postUrl)} without it`, {
    hint: 'Have the URL of its storage corrected in its own configuration.',
  })
}

/**
 * The form of the storage, S3's POST Object: the server's fields as they came, two of ours, and the file last with its whole name and no type. The storage takes no header of the
 * API. What it refuses may be an announcement that is too old, so it is made anew.
 */
export async function storeBytes({ api, place, signal }: StageContext, { postUrl, fields }: StageReply, { artifact, md5, file }: ArtifactUpload): Promise<void> {
  const all = [...fields, { name: 'Content-Length', value: String(artifact.size) }, { name: 'Content-MD5', value: Buffer.from(md5, 'hex').toString('base64') }]
  const call: ApiCall = {
    method: 'POST', url: postUrl.href, isOwn: false, headers: { 'accept': '*/*', 'user-agent': USER_AGENT }, doing: `send the bytes of ${place.basename}`,
    body: formBody(all, { name: 'file', filename: place.basename, file, size: artifact.size }),
  }
  const answer = await api.send(call, { signal })
  if (answer.status !== 201) throw api.again(call, answer, 'The storage of the server refused the bytes, each time with a new announcement. Show its words to who runs the server.')
}

/** Why a commit did not come to its end, though it may when all is done again. */
export interface LostCommit {
  readonly failure: Error
  /** Whether the file may be there all the same, because of us: an answer was lost. */
  readonly mayBeOurs: boolean
}

/**
 * `POST /commit`: what was announced and stored is there from now on. Repeated by itself, because a connection that was idle while the bytes went elsewhere may be dead, and the
 * bytes need not go again for that.
 */
export async function commitDist(context: StageContext, distId: string, upload: ArtifactUpload): Promise<LostCommit | undefined> {
  const { api, place, signal } = context
  const call: ApiCall = { method: 'POST', url: place.commitUrl, body: jsonBody({ dist_id: distId }), doing: `complete ${place.basename}` }
  return await api.repeat(call.doing, async (attempt): Promise<LostCommit | undefined> => {
    if (attempt > 1) {
      const found = await fetchDist(context, place, { signal })
      if (found !== undefined && compareDist(found, upload) === 'same') return undefined
    }
    const answer = await api.send(call, { signal })
    // 409: it is there since we looked. 404: what was announced, or its release, is no more.
    if (answer.status === 404 || answer.status === 409) return { failure: api.again(call, answer), mayBeOurs: attempt > 1 }
    if (answer.status !== 200) throw api.refusal(call, answer)
    return undefined
  }, { signal })
}
