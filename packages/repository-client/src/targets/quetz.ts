import { type Artifact, digestHex, digestKind, isJsonObject, isSha256, createDigest, type Digest } from '@mirror/core'
import type { ApiCall } from './api.ts'
import { artifactParts } from './artifact-parts.ts'
import { fileBody } from './file-body.ts'
import type { ArtifactUpload, TargetCallOptions, TargetLook, UploadOutcome } from './target.ts'
import type { TargetCalls, TargetContext, TargetProtocol } from './target-context.ts'

/**
 * quetz-server 0.10 (mamba-org/quetz): `POST /api/channels/<channel>/upload/<file>?sha256=<hex>` with the raw bytes and `X-API-Key`, 201; 409 for a name that is taken, whatever its
 * bytes are. Its index follows later.
 */
export const QUETZ: TargetProtocol = {
  headers: (credential) => ({ 'accept': 'application/json', ...(credential?.type === 'token' ? { 'x-api-key': credential.token } : {}) }),
  listing: ({ url, channel, credential }) => ({
    url: `${url}/get/${channel}`, headers: credential?.type === 'token' ? { 'x-api-key': credential.token } : {},
  }),
  createCalls: createQuetzCalls,
}

function createQuetzCalls(context: TargetContext): TargetCalls {
  const { api, url, channel } = context
  const base = `${url}/api/channels/${encodeURIComponent(channel)}`

  async function look(artifact: Artifact, { signal }: TargetCallOptions = {}): Promise<TargetLook> {
    const call: ApiCall = { method: 'GET', url: `${base}/packages/${encodeURIComponent(artifactParts(artifact).name)}/versions`, doing: `look for ${artifact.subdir}/${artifact.name}` }
    return await api.repeat(call.doing, async () => {
      const answer = await api.send(call, { signal })
      if (answer.status === 404) return { status: 'absent' }
      if (answer.status !== 200 || !Array.isArray(answer.json)) throw api.refusal(call, answer)
      const found = answer.json.filter(isJsonObject).find((version) => version['filename'] === artifact.name && version['platform'] === artifact.subdir)
      return found === undefined ? { status: 'absent' } : describeFound(found, artifact)
    }, { signal })
  }

  async function remove(artifact: Artifact, { signal }: TargetCallOptions = {}): Promise<'removed' | 'absent'> {
    const path = `${base}/packages/${encodeURIComponent(artifactParts(artifact).name)}/versions/${artifact.subdir}/${encodeURIComponent(artifact.name)}`
    const call: ApiCall = { method: 'DELETE', url: path, doing: `remove ${artifact.subdir}/${artifact.name}` }
    return await api.repeat(call.doing, async (attempt) => {
      const answer = await api.send(call, { signal })
      if (answer.status === 200) return 'removed'
      if (answer.status !== 404) throw api.refusal(call, answer)
      // Gone after a lost answer: we removed it.
      return attempt > 1 ? 'removed' : 'absent'
    }, { signal })
  }

  async function upload({ artifact, sha256, file, replace = false }: ArtifactUpload, { signal }: TargetCallOptions = {}): Promise<UploadOutcome> {
    const doing = `upload ${artifact.subdir}/${artifact.name}`
    const send = async (force: boolean): Promise<'taken' | 'exists'> => {
      const call: ApiCall = {
        method: 'POST', url: `${base}/upload/${encodeURIComponent(artifact.name)}?sha256=${sha256}${force ? '&force=true' : ''}`, body: fileBody(file, artifact.size), doing,
      }
      const answer = await api.send(call, { signal })
      if (answer.status === 201) return 'taken'
      if (answer.status === 409) return 'exists'
      throw api.refusal(call, answer)
    }
    return await api.repeat(doing, async (attempt) => {
      if (await send(false) === 'taken') return { status: 'uploaded' }
      const there = await look(artifact, { signal })
      // The answer to an earlier attempt may be what was lost.
      if (there.status === 'present' && there.bytes === 'same') return { status: attempt > 1 ? 'uploaded' : 'present' }
      if (!replace) return { status: 'conflict', digest: there.status === 'present' ? there.digest : undefined }
      await send(true)
      return { status: 'replaced' }
    }, { signal })
  }

  return {
    abilities: { remove: true, replace: true, listsLater: true },
    look,
    remove,
    upload,
    async check({ signal } = {}) {
      const call: ApiCall = { method: 'GET', url: base, doing: `open the channel ${channel}` }
      return await api.repeat(call.doing, async () => {
        const answer = await api.send(call, { signal })
        if (answer.status !== 200) throw api.refusal(call, answer, 'Create the channel there first, or correct its name.')
        return { user: undefined }
      }, { signal })
    },
  }
}

/** quetz tells what index.json and the file say; its digests are of the bytes it has. */
function describeFound(version: Readonly<Record<string, unknown>>, artifact: Artifact): TargetLook {
  const info = parseInfo(version['info'])
  const sha256 = info['sha256']
  const md5 = info['md5']
  const digest: Digest | undefined = typeof sha256 === 'string' && isSha256(sha256) ? createDigest('sha256', sha256) : undefined
  const theirs = digestKind(artifact.digest) === 'md5' ? md5 : sha256
  return { status: 'present', bytes: typeof theirs === 'string' ? (theirs === digestHex(artifact.digest) ? 'same' : 'other') : 'unknown', digest }
}

function parseInfo(info: unknown): Readonly<Record<string, unknown>> {
  return isJsonObject(info) ? info : {}
}
