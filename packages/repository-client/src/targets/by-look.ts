import type { Artifact } from '@mirror/core'
import { readError } from '../failure.ts'
import type { TargetApi } from './api.ts'
import type { ArtifactUpload, TargetCallOptions, TargetLook, UploadOutcome } from './target.ts'

/** What a server did with bytes: took them, or has something under their name. `failure` is for when that is not so when it is looked at again. */
export type Sent = { readonly status: 'taken' } | { readonly status: 'exists'; readonly failure: Error }

/** What a server did about a removal. `failure` is for when it is still there when it is looked at again. */
export type Dropped = { readonly status: 'dropped'; readonly failure: Error } | { readonly status: 'absent' }

/** The steps of one API, each of them once, without repetition. */
export interface LookSteps {
  readonly look: (artifact: Artifact, options: TargetCallOptions) => Promise<TargetLook>
  /** Sends the bytes; `replace` where others are there that have to give way. */
  readonly send: (upload: ArtifactUpload, options: TargetCallOptions & { readonly replace: boolean }) => Promise<Sent>
  readonly drop: (artifact: Artifact, options: TargetCallOptions) => Promise<Dropped>
  /** The server files artifacts by what they say of themselves, and tells of them as soon as it has taken them: what is not there then is elsewhere. Default false. */
  readonly tellsAtOnce?: boolean
}

/**
 * Uploads by looking first, at each attempt anew: what a lost answer left undone is done, and what it hides is seen. Where the server takes what we sent after its answer was lost, it
 * is ours; so is what we find there then.
 */
export async function uploadByLook(api: TargetApi, steps: LookSteps, { upload, signal }: TargetCallOptions & { readonly upload: ArtifactUpload }): Promise<UploadOutcome> {
  const { artifact, replace = false } = upload
  let mayBeOurs = false
  let isReplacing = false
  const settle = (there: TargetLook): UploadOutcome | undefined => {
    if (there.status === 'absent') return undefined
    if (there.bytes === 'same') return { status: !mayBeOurs ? 'present' : isReplacing ? 'replaced' : 'uploaded' }
    return replace ? undefined : { status: 'conflict', digest: there.digest }
  }
  const send = async (): Promise<Sent> => {
    try {
      return await steps.send(upload, { replace: isReplacing, signal })
    } catch (error) {
      mayBeOurs = true
      throw error
    }
  }
  return await api.repeat(`upload ${artifact.subdir}/${artifact.name}`, async () => {
    const there = await steps.look(artifact, { signal })
    const settled = settle(there)
    if (settled !== undefined) return settled
    isReplacing ||= there.status === 'present'
    const sent = await send()
    if (sent.status === 'taken') {
      mayBeOurs = true
      if (steps.tellsAtOnce === true && (await steps.look(artifact, { signal })).status === 'absent') throw filedElsewhere(artifact)
      return { status: isReplacing ? 'replaced' : 'uploaded' }
    }
    // Somebody was faster.
    const outcome = settle(await steps.look(artifact, { signal }))
    if (outcome === undefined) throw sent.failure
    return outcome
  }, { signal })
}

function filedElsewhere({ subdir, name }: Artifact): Error {
  return readError('TARGET_REFUSED', `Cannot upload ${subdir}/${name}: the server took it, and does not have it there`, {
    hint: 'It says another subdir of itself than its channel does, and the server files it by that. Remove it there, and leave it out by the configuration.',
  })
}

/** Removes by looking first, in the same way, and looks afterwards: some servers only promise. */
export async function removeByLook(api: TargetApi, steps: LookSteps, { artifact, signal }: TargetCallOptions & { readonly artifact: Artifact }): Promise<'removed' | 'absent'> {
  let isSent = false
  return await api.repeat(`remove ${artifact.subdir}/${artifact.name}`, async () => {
    const there = await steps.look(artifact, { signal })
    if (there.status === 'absent') return isSent ? 'removed' : 'absent'
    isSent = true
    const dropped = await steps.drop(artifact, { signal })
    const after = await steps.look(artifact, { signal })
    if (after.status === 'absent') return dropped.status === 'absent' ? 'absent' : 'removed'
    if (dropped.status === 'dropped') throw dropped.failure
    return 'absent'
  }, { signal })
}

/** `look`, `upload` and `remove` of a target from the steps of its API. */
export function callsByLook(api: TargetApi, steps: LookSteps) {
  return {
    look: async (artifact: Artifact, { signal }: TargetCallOptions = {}): Promise<TargetLook> =>
      await api.repeat(`look for ${artifact.subdir}/${artifact.name}`, async () => await steps.look(artifact, { signal }), { signal }),
    upload: async (upload: ArtifactUpload, { signal }: TargetCallOptions = {}): Promise<UploadOutcome> => await uploadByLook(api, steps, { upload, signal }),
    remove: async (artifact: Artifact, { signal }: TargetCallOptions = {}): Promise<'removed' | 'absent'> => await removeByLook(api, steps, { artifact, signal }),
  }
}
