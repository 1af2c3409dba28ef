import fs from 'node:fs'
import { join } from 'node:path'
import type { Artifact, ArtifactSet } from '@mirror/core'
import { collectGarbage, WORTH_COLLECTING } from './collect-garbage.ts'
import { breathe, type DiskContext } from './disk-context.ts'
import { objectName, stagedArtifactName } from './disk-paths.ts'
import { removeIfThere } from './disk-write.ts'
import type { StoreEvent } from './events.ts'
import { readNames } from './generation-file.ts'
import { checkFile } from './hash-file.ts'
import { assertRegular } from './safe-root.ts'
import type { Staging } from './staging.ts'
import { type TrackedArtifacts, type TrackedSet, type Whereabouts } from './tracked-artifacts.ts'

/** Up to so many names of a set are looked at one by one; more cost less by reading the folder. */
const LOOK_UP = 256
/** Reading so many names costs as much as looking at one: a folder with more than that for each wanted one is not read to its end. */
const NAMES_A_LOOK = 4

/** What `findMissing` works on. */
export interface FindMissingOptions {
  readonly context: DiskContext
  readonly staging: Staging
  readonly artifacts: TrackedArtifacts
  readonly observe: (event: StoreEvent) => void
  readonly signal: AbortSignal | undefined
  /** Called when bytes that were found turn out not to be durable. */
  readonly failed: (error: unknown) => void
}

/** Verifies every wanted artifact whose bytes might be there already; yields those whose bytes are not. */
export async function* findMissing(options: FindMissingOptions): AsyncGenerator<Artifact> {
  const { context, artifacts } = options
  const leftovers = { staged: readNames(context.paths.staging).length > 0, objects: readNames(context.paths.objects).length > 0 }
  for (const tracked of artifacts.sets) {
    if (tracked.set.count === 0) continue
    const occupied = findOccupied(context, tracked.set)
    for (let position = 0; position < tracked.set.count; position += 1) {
      if (position % 512 === 511) await breathe()
      if (position % WORTH_COLLECTING === WORTH_COLLECTING - 1) collectGarbage()
      options.signal?.throwIfAborted()
      if (tracked.at(position) !== 'needed') continue
      const artifact = tracked.set.at(position)
      const found = await findBytes(artifact, { tracked, position, inPlace: occupied === undefined || occupied[position] === 1, leftovers }, options)
      if (!found) yield artifact
    }
  }
}

/** Which names of a set something has in its folder: one byte each; undefined for "look at each". */
function findOccupied({ paths }: DiskContext, set: ArtifactSet): Uint8Array | undefined {
  const folder = paths.public(set.subdir)
  const occupied = new Uint8Array(set.count)
  if (!fs.existsSync(folder)) return occupied
  if (set.count <= LOOK_UP) return undefined
  const names = fs.opendirSync(folder, { bufferSize: 1024 })
  let seen = 0
  try {
    for (let entry = names.readSync(); entry !== null; entry = names.readSync()) {
      const position = set.positionOf(entry.name)
      if (position !== undefined) occupied[position] = 1
      if (seen % WORTH_COLLECTING === 0 && set.count >= WORTH_COLLECTING) collectGarbage()
      seen += 1
      if (seen > set.count * NAMES_A_LOOK) return undefined
    }
  } finally {
    names.closeSync()
  }
  return occupied
}

interface Place {
  readonly tracked: TrackedSet
  readonly position: number
  readonly inPlace: boolean
  readonly leftovers: { readonly staged: boolean; readonly objects: boolean }
}

/** Looks under the public name, among what earlier runs staged, and among what was set aside; in this order. */
async function findBytes(artifact: Artifact, place: Place, options: FindMissingOptions): Promise<boolean> {
  const { paths } = options.context
  const { inPlace, leftovers } = place
  if (inPlace && await isInPlace(artifact, place, options)) return use(paths.artifact(artifact), 'in-place')
  if (leftovers.staged && await isStaged(artifact, options)) return use(options.staging.path(stagedArtifactName(artifact)), 'staged')
  const object = join(paths.objects, objectName(artifact.digest))
  return leftovers.objects && await checkFile(object, artifact) === 'right' && use(object, 'set-aside')

  async function use(path: string, where: Whereabouts): Promise<true> {
    await options.staging.adopt(path, (error) => {
      place.tracked.mark(place.position, 'needed')
      options.failed(error)
    })
    place.tracked.mark(place.position, where)
    options.observe({ type: 'artifact-reused', artifact })
    return true
  }
}

async function isInPlace(artifact: Artifact, { tracked }: Place, { context, observe }: FindMissingOptions): Promise<boolean> {
  const path = context.paths.artifact(artifact)
  assertRegular(path)
  const check = await checkFile(path, artifact)
  if (check !== 'right' && check !== 'absent' && !tracked.reused) observe({ type: 'artifact-damaged', artifact, found: check })
  return check === 'right'
}

async function isStaged(artifact: Artifact, { context, staging }: FindMissingOptions): Promise<boolean> {
  const path = staging.path(stagedArtifactName(artifact))
  const check = await checkFile(path, artifact)
  if (check === 'digest' || check === 'not-a-file') removeIfThere(context.io, path)
  return check === 'right'
}
