import { type ArtifactInfo, readArtifactInfo } from '../../artifact-info/read-artifact-info.ts'
import { readError } from '../../failure.ts'
import type { ArtifactUpload, UploadOutcome } from '../target.ts'
import type { CreatedPlaces, Stay } from './created-places.ts'
import { describeStage } from './describe-artifact.ts'
import { addLabels, fetchDist, formatOf, removeDist, type V4Context } from './dist-calls.ts'
import { type DistPlace, distPlace } from './dist-place.ts'
import { createPlaces } from './place-calls.ts'
import { compareDist, digestOf, type FoundDist } from './read-answers.ts'
import { commitDist, stageDist, storeBytes } from './stage-calls.ts'

/** What uploads to one owner share. */
export interface UploadContext extends V4Context {
  readonly labels: readonly string[]
  readonly isPublic: boolean
  readonly places: CreatedPlaces
}

/** One upload, over all of its attempts. */
interface Run {
  readonly context: UploadContext
  readonly place: DistPlace
  readonly upload: ArtifactUpload
  readonly signal: AbortSignal | undefined
  readonly stay: Stay
  info: ArtifactInfo | undefined
  /** The file may be there because of us. */
  mayBeOurs: boolean
  /** Other bytes gave way. */
  isReplacing: boolean
}

/** Uploads an artifact: see `UploadTarget.upload`. What failed for good leaves nothing behind that it made and that is still empty. */
export async function uploadDist(context: UploadContext, upload: ArtifactUpload, signal: AbortSignal | undefined): Promise<UploadOutcome> {
  const { artifact } = upload
  const place = distPlace(context, artifact)
  signal?.throwIfAborted()
  const stay = await context.places.enter(place)
  const run: Run = { context, place, upload, signal, stay, info: undefined, mayBeOurs: false, isReplacing: false }
  try {
    return await context.api.repeat(`upload ${place.basename}`, async (attempt) => {
      // What was known may be what failed.
      if (attempt > 1) context.places.forget(place.name)
      return await attemptUpload(run)
    }, { signal })
  } finally {
    await stay.leave()
  }
}

async function attemptUpload(run: Run): Promise<UploadOutcome> {
  const { context, place, upload, signal, stay } = run
  const found = await fetchDist(context, place, { signal })
  const settled = found === undefined ? undefined : await settleFound(run, found)
  if (settled !== undefined) return settled
  const info = await infoOf(run)
  await createPlaces({ ...context, place, stay, signal, info })
  const { artifact, sha256 } = upload
  const reply = await stageDist({ ...context, place, signal }, describeStage({ info, artifact, sha256, labels: context.labels, isPublic: context.isPublic }))
  await storeBytes({ ...context, place, signal }, reply, upload)
  const lost = await commitDist({ ...context, place, signal }, reply.distId, upload)
  if (lost !== undefined) {
    run.mayBeOurs ||= lost.mayBeOurs
    throw lost.failure
  }
  stay.fill()
  return outcomeOf(run)
}

/** What there is to do about a file that is there already; undefined when it gave way. */
async function settleFound(run: Run, found: FoundDist): Promise<UploadOutcome | undefined> {
  const { context, place, upload, signal, stay } = run
  if (compareDist(found, upload) === 'same') {
    stay.fill()
    await addLabels(context, place, { labels: context.labels.filter((label) => found.labels?.includes(label) !== true), signal })
    return run.mayBeOurs ? outcomeOf(run) : { status: 'present' }
  }
  if (upload.replace !== true) return { status: 'conflict', digest: digestOf(found) }
  // What cannot be uploaded must not take away what is there.
  await infoOf(run)
  run.isReplacing = true
  await removeDist(context, place, { signal })
  // With its last file a server may collect the release and the package.
  context.places.forget(place.name)
  return undefined
}

function outcomeOf({ isReplacing }: Run): UploadOutcome {
  return { status: isReplacing ? 'replaced' : 'uploaded' }
}

async function infoOf(run: Run): Promise<ArtifactInfo> {
  run.info ??= await readInfo(run.place, run.upload, run.signal)
  return run.info
}

async function readInfo({ name, version, basename }: DistPlace, { artifact, file }: ArtifactUpload, signal: AbortSignal | undefined): Promise<ArtifactInfo> {
  const format = formatOf(artifact)
  if (format === undefined) {
    throw readError('TARGET_REFUSED', `Cannot upload ${basename}: this kind of server takes .conda and .tar.bz2`, { hint: 'Leave it out by the configuration.' })
  }
  const info = await readArtifactInfo(file, { format, name: basename, signal })
  const { name: ownName, version: ownVersion } = info.index
  if (ownName === name && ownVersion === version) return info
  throw readError('TARGET_REFUSED', `Cannot upload ${basename}: it says of itself that it is ${JSON.stringify(ownName)} ${JSON.stringify(ownVersion)}`, {
    hint: 'Leave it out by the configuration, and report it to its channel: this kind of server files artifacts by what they say of themselves.',
    details: { name: ownName, version: ownVersion },
  })
}
