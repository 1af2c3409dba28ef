import { type Artifact, isJsonObject } from '@mirror/core'
import { readError } from '../failure.ts'
import type { ApiCall } from './api.ts'
import { callsByLook, type LookSteps } from './by-look.ts'
import { fileBody } from './file-body.ts'
import { authorizationHeader, type TargetCalls, type TargetContext, type TargetProtocol } from './target-context.ts'
import { lookOfDigests } from './told-digests.ts'

/**
 * JFrog Artifactory: a local conda repository is a folder of subdirs, written by `PUT <url>/<repository>/<subdir>/<file>`; `url` mostly ends in `/artifactory`. It overwrites what has
 * the name, so what is there is asked of its storage API first; nobody else may write the same name at the same time. Its index follows later.
 */
export const ARTIFACTORY: TargetProtocol = {
  headers: (credential) => ({ accept: 'application/json', ...authorizationHeader(credential) }),
  listing: ({ url, channel, credential }) => ({ url: `${url}/api/conda/${encodeURIComponent(channel)}`, headers: authorizationHeader(credential) }),
  createCalls: createArtifactoryCalls,
}

function createArtifactoryCalls({ api, url, channel, requireLogin }: TargetContext): TargetCalls {
  const repository = encodeURIComponent(channel)
  const placeOf = ({ subdir, name }: Artifact): string => `${repository}/${subdir}/${encodeURIComponent(name)}`

  const steps: LookSteps = {
    async look(artifact, { signal }) {
      const call: ApiCall = { method: 'GET', url: `${url}/api/storage/${placeOf(artifact)}`, doing: `look for ${artifact.subdir}/${artifact.name}` }
      const answer = await api.send(call, { signal })
      if (answer.status === 404) return { status: 'absent' }
      const checksums = isJsonObject(answer.json) ? answer.json['checksums'] : undefined
      if (answer.status !== 200 || !isJsonObject(answer.json)) throw api.refusal(call, answer)
      const { sha256, md5 } = isJsonObject(checksums) ? checksums : {}
      return lookOfDigests({ sha256, md5 }, artifact.digest)
    },
    async send({ artifact, sha256, md5, file }, { signal }) {
      const call: ApiCall = {
        method: 'PUT', url: `${url}/${placeOf(artifact)}`, headers: { 'x-checksum-sha256': sha256, 'x-checksum-md5': md5 }, body: fileBody(file, artifact.size),
        doing: `upload ${artifact.subdir}/${artifact.name}`,
      }
      const answer = await api.send(call, { signal })
      if (answer.status === 201) return { status: 'taken' }
      throw api.refusal(call, answer)
    },
    async drop(artifact, { signal }) {
      const call: ApiCall = { method: 'DELETE', url: `${url}/${placeOf(artifact)}`, doing: `remove ${artifact.subdir}/${artifact.name}` }
      const answer = await api.send(call, { signal })
      if (answer.status === 204 || answer.status === 200) return { status: 'dropped', failure: api.again(call, answer) }
      if (answer.status === 404) return { status: 'absent' }
      throw api.refusal(call, answer)
    },
  }

  return {
    abilities: { remove: true, replace: true, listsLater: true },
    ...callsByLook(api, steps),
    async check({ signal } = {}) {
      const call: ApiCall = { method: 'GET', url: `${url}/api/storage/${repository}`, doing: `open the repository ${channel}` }
      return await api.repeat(call.doing, async () => {
        requireLogin(call.doing)
        const answer = await api.send(call, { signal })
        if (answer.status === 404) throw missing(channel)
        if (answer.status !== 200) throw api.refusal(call, answer)
        return { user: undefined }
      }, { signal })
    },
  }
}

function missing(channel: string): Error {
  return readError('TARGET_NOT_FOUND', `Cannot find the repository ${channel}: the server has none of this name`, {
    hint: 'Create a local repository of the type Conda there first, or correct the URL: that of the server mostly ends in /artifactory.',
  })
}
