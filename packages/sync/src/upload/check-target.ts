import { setTimeout as sleepFor } from 'node:timers/promises'
import { type Artifact, digestKind, type SubdirName } from '@mirror/core'
import type { TargetLook, UploadTarget } from '@mirror/repository-client'
import type { UploadOptions } from './upload-options.ts'

/** What is checked, and how. */
export interface CheckTargetOptions extends Pick<UploadOptions, 'listing'> {
  readonly target: UploadTarget
  readonly signal: AbortSignal
  readonly observe: NonNullable<UploadOptions['observe']>
}

/** What of that which a target took it does not list. */
export interface CheckedTarget {
  /** It has it, and will list it some time. */
  readonly unlisted: readonly Artifact[]
  /** It does not have it, or not with these bytes. */
  readonly lost: readonly Artifact[]
}

const TRIES = 10
const PAUSE = 3000

/** Asks a target whether it has what it took: its index first, again for a while where that follows later, and then about each that is missing there. Throws what asking throws. */
export async function checkTarget(taken: readonly Artifact[], { target, listing = {}, signal, observe }: CheckTargetOptions): Promise<CheckedTarget> {
  const { pause = pauseAWhile, tries = TRIES } = listing
  let missing = taken
  for (let left = target.abilities.listsLater ? tries : 1; missing.length > 0 && left > 0; left -= 1) {
    if (missing !== taken) await pause(signal)
    missing = await listMissing(missing, target, signal)
    observe({ type: 'target-checked', artifacts: taken.length, missing: missing.length })
  }
  return await lookAtEach(missing, target, signal)
}

async function lookAtEach(missing: readonly Artifact[], target: UploadTarget, signal: AbortSignal): Promise<CheckedTarget> {
  const unlisted: Artifact[] = []
  const lost: Artifact[] = []
  for (const artifact of missing) {
    const look = await target.look(artifact, { signal })
    if (look === undefined ? target.abilities.listsLater : isThere(look)) unlisted.push(artifact)
    else lost.push(artifact)
  }
  return { unlisted, lost }
}

function isThere(look: TargetLook): boolean {
  return look.status === 'present' && look.bytes !== 'other'
}

async function pauseAWhile(signal: AbortSignal): Promise<void> {
  await sleepFor(PAUSE, undefined, { signal })
}

async function listMissing(artifacts: readonly Artifact[], target: UploadTarget, signal: AbortSignal): Promise<readonly Artifact[]> {
  const missing: Artifact[] = []
  const bySubdir = Map.groupBy(artifacts, ({ subdir }): SubdirName => subdir)
  for (const [subdir, wanted] of bySubdir) {
    const listed = await target.list(subdir, { signal })
    missing.push(...wanted.filter((artifact) => !isSame(artifact, listed.find(artifact.name))))
  }
  return missing
}

/** The kind of digest is the index's choice. */
function isSame(artifact: Artifact, listed: Artifact | undefined): boolean {
  if (listed?.size !== artifact.size) return false
  return listed.digest === artifact.digest || digestKind(listed.digest) !== digestKind(artifact.digest)
}
