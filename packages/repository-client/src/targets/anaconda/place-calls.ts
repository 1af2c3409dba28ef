import { isJsonObject } from '@mirror/core'
import type { ArtifactInfo } from '../../artifact-info/read-artifact-info.ts'
import { readError } from '../../failure.ts'
import { type ApiCall, jsonBody } from '../api.ts'
import type { PlaceKind, Stay } from './created-places.ts'
import { describePackage, describeRelease } from './describe-artifact.ts'
import type { V4Context } from './dist-calls.ts'
import type { DistPlace } from './dist-place.ts'

/** What is created, and for whom. */
export interface CreatePlacesOptions extends V4Context {
  readonly place: DistPlace
  readonly stay: Stay
  readonly info: ArtifactInfo
  readonly isPublic: boolean
  readonly signal: AbortSignal | undefined
}

/** Sees to it that the package and the release of an artifact are there. */
export async function createPlaces(options: CreatePlacesOptions): Promise<void> {
  const { place: { name, version, packageUrl, releaseUrl }, info, isPublic } = options
  await createPlace(options, { kind: 'package', url: packageUrl, name, body: describePackage({ info, isPublic }) })
  await createPlace(options, { kind: 'release', url: releaseUrl, name: `${name} ${version}`, body: describeRelease({ info }) })
}

interface NewPlace {
  readonly kind: PlaceKind
  readonly url: string
  /** For people. */
  readonly name: string
  readonly body: Readonly<Record<string, unknown>>
}

async function createPlace({ api, stay, signal }: CreatePlacesOptions, { kind, url, name, body }: NewPlace): Promise<void> {
  if (stay.isKnown(kind)) return
  const look: ApiCall = { method: 'GET', url, doing: `look for the ${kind} ${name}` }
  const there = await api.send(look, { signal })
  if (there.status !== 200 && there.status !== 404) throw api.refusal(look, there)
  if (there.status === 200) {
    if (kind === 'package') requireConda(name, there.json)
    return stay.know(kind)
  }
  stay.make(kind)
  const call: ApiCall = { method: 'POST', url, body: jsonBody(body), doing: `create the ${kind} ${name}` }
  const made = await api.send(call, { signal })
  // The package was collected between the two calls.
  if (made.status === 404) throw api.again(call, made)
  if (made.status !== 200 && made.status !== 409) throw api.refusal(call, made)
  // Somebody else was faster.
  if (made.status === 409) stay.yield(kind)
  stay.know(kind)
}

/** Kinds of packages beside each other under one name, as the real client allows (anaconda-client commands/upload.py, `validate_package_type`). */
const NEIGHBOURS: readonly unknown[] = ['conda', 'pypi']

function requireConda(name: string, json: unknown): void {
  const types = isJsonObject(json) ? json['package_types'] : undefined
  if (!Array.isArray(types) || types.length === 0 || types.some((type) => NEIGHBOURS.includes(type))) return
  throw readError('TARGET_REFUSED', `Cannot upload to the package ${name}: there it is of the kind ${JSON.stringify(types[0])}, not conda`, {
    hint: 'Leave it out by the configuration, or rename or remove the other one there.',
  })
}
