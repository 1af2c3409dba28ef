import type { Artifact } from '@mirror/core'
import { readError } from '../failure.ts'
import type { ApiCall } from './api.ts'
import { callsByLook, type LookSteps } from './by-look.ts'
import { formBody } from './form-body.ts'
import { authorizationHeader, type TargetCalls, type TargetContext, type TargetProtocol } from './target-context.ts'

/**
 * prefix.dev, by the calls of rattler: `POST /api/v1/upload/<channel>` with a form of one field, 409 for a name that is taken. It has no question about one artifact, so that what a
 * client reads tells: the artifact's address, its index, and, where that is not yet as far, its bytes.
 */
export const PREFIX: TargetProtocol = {
  headers: (credential) => authorizationHeader(credential),
  listing: ({ url, channel, credential }) => ({ url: `${url}/${encodeURIComponent(channel)}`, headers: authorizationHeader(credential) }),
  createCalls: createPrefixCalls,
}

function createPrefixCalls({ api, url, channel, openReader, requireLogin }: TargetContext): TargetCalls {
  const reader = openReader()
  const place = encodeURIComponent(channel)

  const steps: LookSteps = {
    look: async (artifact, options) => await reader.look(artifact, options),
    async send({ artifact, sha256, file }, { replace, signal }) {
      const call: ApiCall = {
        method: 'POST', url: `${url}/api/v1/upload/${place}${replace ? '?force=true' : ''}`, doing: `upload ${artifact.subdir}/${artifact.name}`,
        body: formBody([], {
          name: 'file', filename: artifact.name, file, size: artifact.size,
          headers: { 'Content-Type': 'application/octet-stream', 'Content-Length': String(artifact.size), 'X-File-Name': artifact.name, 'X-File-SHA256': sha256 },
        }),
      }
      const answer = await api.send(call, { signal })
      if (answer.status === 200 || answer.status === 201) return { status: 'taken' }
      if (answer.status === 409) return { status: 'exists', failure: api.again(call, answer) }
      // rattler takes every 2xx; looking again tells.
      if (answer.status < 300) return { status: 'exists', failure: api.refusal(call, answer) }
      throw api.refusal(call, answer)
    },
    async drop(artifact, { signal }) {
      const call: ApiCall = { method: 'DELETE', url: deleteUrl(artifact), doing: `remove ${artifact.subdir}/${artifact.name}` }
      const answer = await api.send(call, { signal })
      if (answer.status >= 200 && answer.status < 300) return { status: 'dropped', failure: api.again(call, answer) }
      if (answer.status === 404) return { status: 'absent' }
      throw api.refusal(call, answer)
    },
  }
  const deleteUrl = ({ subdir, name }: Artifact): string => `${url}/api/v1/delete/${place}/${subdir}/${encodeURIComponent(name)}`

  return {
    abilities: { remove: true, replace: true, listsLater: true },
    ...callsByLook(api, steps),
    check: async ({ signal } = {}) => await api.repeat(`open the channel ${channel}`, async () => {
      requireLogin(`open the channel ${channel}`)
      // Every channel has it, "because the noarch subdir is used to test whether a given channel exists" (its documentation).
      if (!await reader.isThere('noarch/repodata.json', { signal })) throw missing(channel)
      return { user: undefined }
    }, { signal }),
  }
}

function missing(channel: string): Error {
  return readError('TARGET_NOT_FOUND', `Cannot find the channel ${channel}: the server has none of this name`, { hint: 'Create it there first, or correct its name or the URL of the server.' })
}
