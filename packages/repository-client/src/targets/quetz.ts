import { type Artifact, isJsonObject } from '@mirror/core'
import { readError } from '../failure.ts'
import type { ApiCall } from './api.ts'
import { artifactParts } from './artifact-parts.ts'
import { callsByLook, type LookSteps } from './by-look.ts'
import { fileBody } from './file-body.ts'
import type { TargetCallOptions } from './target.ts'
import type { TargetCalls, TargetContext, TargetProtocol } from './target-context.ts'
import { lookOfDigests } from './told-digests.ts'

/**
 * quetz-server 0.10 (mamba-org/quetz): `POST /api/channels/<channel>/upload/<file>?sha256=<hex>` with the raw bytes and `X-API-Key`, 201; 409 for a name that is taken, whatever its
 * bytes are. Its index follows later.
 */
export const QUETZ: TargetProtocol = {
  headers: (credential) => ({ 'accept': 'application/json', ...(credential?.type === 'token' ? { 'x-api-key': credential.token } : {}) }),
  listing: ({ url, channel, credential }) => ({
    url: `${url}/get/${encodeURIComponent(channel)}`, headers: credential?.type === 'token' ? { 'x-api-key': credential.token } : {},
  }),
  createCalls: createQuetzCalls,
}

function createQuetzCalls({ api, url, channel }: TargetContext): TargetCalls {
  const base = `${url}/api/channels/${encodeURIComponent(channel)}`
  const versionUrl = (artifact: Artifact): string => `${base}/packages/${encodeURIComponent(artifactParts(artifact).name)}/versions/${artifact.subdir}/${encodeURIComponent(artifact.name)}`

  const steps: LookSteps = {
    tellsAtOnce: true,
    async look(artifact, { signal }) {
      const call: ApiCall = { method: 'GET', url: versionUrl(artifact), doing: `look for ${artifact.subdir}/${artifact.name}` }
      const answer = await api.send(call, { signal })
      if (answer.status === 404) return { status: 'absent' }
      if (answer.status !== 200 || !isJsonObject(answer.json)) throw api.refusal(call, answer)
      // Beside what index.json says, the digests of the bytes that it has.
      const info = isJsonObject(answer.json['info']) ? answer.json['info'] : {}
      return lookOfDigests({ sha256: info['sha256'], md5: info['md5'] }, artifact.digest)
    },
    async send({ artifact, sha256, file }, { replace, signal }) {
      const call: ApiCall = {
        method: 'POST', url: `${base}/upload/${encodeURIComponent(artifact.name)}?sha256=${sha256}${replace ? '&force=true' : ''}`, body: fileBody(file, artifact.size),
        doing: `upload ${artifact.subdir}/${artifact.name}`,
      }
      const answer = await api.send(call, { signal })
      if (answer.status === 201) return { status: 'taken' }
      if (answer.status === 409) return { status: 'exists', failure: api.again(call, answer) }
      throw api.refusal(call, answer)
    },
    async drop(artifact, { signal }) {
      const call: ApiCall = { method: 'DELETE', url: versionUrl(artifact), doing: `remove ${artifact.subdir}/${artifact.name}` }
      const answer = await api.send(call, { signal })
      if (answer.status === 200) return { status: 'dropped', failure: api.again(call, answer) }
      if (answer.status === 404) return { status: 'absent' }
      throw api.refusal(call, answer)
    },
  }

  return {
    abilities: { remove: true, replace: true, listsLater: true },
    ...callsByLook(api, steps),
    check: async (options = {}) => await checkChannel({ api, url, channel }, base, options),
  }
}

async function checkChannel({ api, url, channel }: Pick<TargetContext, 'api' | 'url' | 'channel'>, base: string, { signal }: TargetCallOptions): Promise<{ readonly user: undefined }> {
  const call: ApiCall = { method: 'GET', url: base, doing: `open the channel ${channel}` }
  // Nothing that is public is refused to a key that is no good; this is asked only because it is.
  const who: ApiCall = { method: 'GET', url: `${url}/api/paginated/users?limit=1`, doing: 'log in' }
  return await api.repeat(call.doing, async () => {
    const answer = await api.send(call, { signal })
    if (answer.status === 404) throw missing(channel)
    if (answer.status !== 200) throw api.refusal(call, answer)
    const login = await api.send(who, { signal })
    if (login.status !== 200) throw api.refusal(who, login)
    return { user: undefined }
  }, { signal })
}

function missing(channel: string): Error {
  return readError('TARGET_NOT_FOUND', `Cannot find the channel ${channel}: the server has none of this name`, { hint: 'Create it there first, or correct its name or the URL of the server.' })
}
