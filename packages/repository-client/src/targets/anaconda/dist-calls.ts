import type { Artifact } from '@mirror/core'
import type { ApiCall, TargetApi } from '../api.ts'
import { jsonBody } from '../api.ts'
import type { TargetCallOptions } from '../target.ts'
import type { DistPlace, OwnerPlace } from './dist-place.ts'
import { type FoundDist, readDist } from './read-answers.ts'

/** What the calls of a v4 API need. */
export interface V4Context extends OwnerPlace {
  readonly api: TargetApi
}

/** `GET /dist`, once: what is there under the name, or undefined. */
export async function fetchDist({ api }: V4Context, { basename, distUrl }: DistPlace, options: TargetCallOptions): Promise<FoundDist | undefined> {
  const call: ApiCall = { method: 'GET', url: distUrl, doing: `look for ${basename}` }
  const answer = await api.send(call, options)
  if (answer.status === 404) return undefined
  if (answer.status !== 200) throw api.refusal(call, answer)
  return readDist(answer.json)
}

/** `DELETE /dist`, once: 200, where every other removal of this API is 201. */
export async function removeDist({ api }: V4Context, { basename, distUrl }: DistPlace, options: TargetCallOptions): Promise<'removed' | 'absent'> {
  const call: ApiCall = { method: 'DELETE', url: distUrl, doing: `remove ${basename}` }
  const answer = await api.send(call, options)
  if (answer.status === 404) return 'absent'
  if (answer.status !== 200) throw api.refusal(call, answer)
  return 'removed'
}

/** Gives a file the labels that it lacks, by `POST /channels/<owner>/<label>` for each. */
export async function addLabels({ api, url, owner }: V4Context, { name, version, basename }: DistPlace, { labels, signal }: TargetCallOptions & { readonly labels: readonly string[] }): Promise<void> {
  for (const label of labels) {
    const call: ApiCall = {
      method: 'POST', url: `${url}/channels/${encodeURIComponent(owner)}/${encodeURIComponent(label)}`, body: jsonBody({ package: name, version, basename }),
      doing: `give ${basename} the label ${label}`,
    }
    const answer = await api.send(call, { signal })
    // Gone since it was looked for: then it is uploaded.
    if (answer.status === 404) throw api.again(call, answer)
    if (answer.status !== 201) throw api.refusal(call, answer)
  }
}

/** Takes labels from a file, by `DELETE /channels/<owner>/<label>` with the same body for each. */
export async function removeLabels({ api, url, owner }: V4Context, { name, version, basename }: DistPlace, { labels, signal }: TargetCallOptions & { readonly labels: readonly string[] }): Promise<void> {
  for (const label of labels) {
    const call: ApiCall = {
      method: 'DELETE', url: `${url}/channels/${encodeURIComponent(owner)}/${encodeURIComponent(label)}`, body: jsonBody({ package: name, version, basename }),
      doing: `take the label ${label} from ${basename}`,
    }
    const answer = await api.send(call, { signal })
    // 404: it has gone from there since it was looked for.
    if (answer.status !== 201 && answer.status !== 404) throw api.refusal(call, answer)
  }
}

/** The format of an artifact as builders name them; undefined for what a v4 server takes otherwise than as a conda package. */
export function formatOf({ name }: Pick<Artifact, 'name'>): 'conda' | 'tar.bz2' | undefined {
  if (name.endsWith('.conda')) return 'conda'
  return name.endsWith('.tar.bz2') ? 'tar.bz2' : undefined
}
