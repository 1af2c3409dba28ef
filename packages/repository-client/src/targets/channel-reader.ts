import { type Artifact, digestHex, digestKind, isMirrorError, MirrorError } from '@mirror/core'
import type { RepositoryClient } from '../create-repository-client.ts'
import { readError, TransientFailure } from '../failure.ts'
import type { TargetCallOptions, TargetLook } from './target.ts'

/** What somebody who reads a channel is told: for targets whose API has no such question. Each call once; what fails on the way is a `TransientFailure`. */
export interface ChannelReader {
  /** Whether an artifact is there, and with which bytes: by the index, or, where that does not list it yet, by reading it. */
  readonly look: (artifact: Artifact, options: TargetCallOptions) => Promise<TargetLook>
  /** Whether there is a file. */
  readonly isThere: (path: string, options: TargetCallOptions) => Promise<boolean>
}

/** Options of `createChannelReader`. */
export interface ChannelReaderOptions {
  /** Tries once. */
  readonly client: RepositoryClient
  readonly loginHint: string
}

/** Creates a reader. Throws as a target does. */
export function createChannelReader({ client, loginHint }: ChannelReaderOptions): ChannelReader {
  const isThere: ChannelReader['isThere'] = async (path, { signal }) => await asTarget(loginHint, async () => {
    try {
      await client.fetchSize(path, signal === undefined ? {} : { signal })
      return true
    } catch (error) {
      if (isMirrorError(error, 'ARTIFACT_MISSING')) return false
      throw error
    }
  })
  return {
    isThere,
    async look(artifact, options) {
      if (!await isThere(`${artifact.subdir}/${artifact.name}`, options)) return { status: 'absent' }
      return await asTarget(loginHint, async () => await findListed(client, artifact, options) ?? await compareBytes(client, artifact, options))
    },
  }
}

async function findListed(client: RepositoryClient, { subdir, name, digest }: Artifact, { signal }: TargetCallOptions): Promise<TargetLook | undefined> {
  const result = await client.fetchIndex(subdir, signal === undefined ? {} : { signal })
  if (result.status !== 'fetched') return undefined
  await using index = result.index
  const found = index.table.artifacts().find(name)
  if (found === undefined) return undefined
  const isSame = digestKind(found.digest) === digestKind(digest) ? digestHex(found.digest) === digestHex(digest) : undefined
  return { status: 'present', bytes: isSame === undefined ? 'unknown' : isSame ? 'same' : 'other', digest: found.digest }
}

async function compareBytes(client: RepositoryClient, artifact: Artifact, { signal }: TargetCallOptions): Promise<TargetLook> {
  try {
    const { body } = await client.fetchArtifact(artifact, signal === undefined ? {} : { signal })
    let size = 0
    for await (const chunk of body) size += chunk.length
    return { status: 'present', bytes: size === artifact.size ? 'same' : 'other', digest: artifact.digest }
  } catch (error) {
    if (isMirrorError(error, 'DIGEST_MISMATCH') || isMirrorError(error, 'SIZE_MISMATCH')) return { status: 'present', bytes: 'other', digest: undefined }
    if (isMirrorError(error, 'ARTIFACT_MISSING')) return { status: 'absent' }
    throw error
  }
}

/** Errors of reading as those of a target. */
async function asTarget<Result>(loginHint: string, body: () => Promise<Result>): Promise<Result> {
  try {
    return await body()
  } catch (error) {
    if (!isMirrorError(error)) throw error
    if (error.cause instanceof TransientFailure) throw error.cause
    if (error.code === 'CHANNEL_FORBIDDEN') throw readError('TARGET_FORBIDDEN', error.message, { hint: loginHint, details: error.details, cause: error.cause })
    if (UNCHANGED.has(error.code)) throw error
    throw new MirrorError('TARGET_REFUSED', error.message, { ...(error.hint === undefined ? {} : { hint: error.hint }), details: error.details, cause: error })
  }
}

const UNCHANGED: ReadonlySet<string> = new Set(['CERTIFICATE_REFUSED', 'PROXY_REFUSED', 'HOST_FAILING'])
