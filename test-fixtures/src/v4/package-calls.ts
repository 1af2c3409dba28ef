import { isJsonObject, objectIn, stringIn } from '../json.ts'
import { type Answer, notFound, refuse, Stop } from './refusals.ts'
import type { ApiCall } from './routes.ts'
import { type Dist, findDist, findPackage, findRelease, isAllowed, type Package, type Release, removeDist, requireAllowed, requireOwner } from './state.ts'

const packageOf = ({ state, login, segment }: ApiCall): Package => findPackage(state, login, `${segment('owner')}/${segment('name')}`)
const releaseOf = (call: ApiCall): Release => findRelease(packageOf(call), call.segment('version'))

/** `<subdir>/<file>` of a call. */
export const basenameOf = ({ segment }: ApiCall): string => `${segment('subdir')}/${segment('file')}`

/** `GET /packages[/<owner>]`: those that the caller may see. */
export function listPackages({ state, login, segment }: ApiCall): Answer {
  const owner = segment('owner') === '' ? (login ?? '') : segment('owner')
  requireOwner(state, owner)
  const seen = [...state.packages.values()].filter((found) => found.owner === owner && (found.isPublic || isAllowed(state, login, owner)))
  return { status: 200, json: seen.map(describePackage) }
}

export function showPackage(call: ApiCall): Answer {
  return { status: 200, json: describePackage(packageOf(call)) }
}

/** `POST /package`: one that is there already is 409 [inferred: both clients ask first, so no source says]. */
export function createPackage(call: ApiCall): Answer {
  const { state, login, body, segment } = call
  const [owner, name] = [segment('owner'), segment('name')]
  requireAllowed(state, login, owner)
  const attrs = objectIn(body, 'public_attrs')
  if (stringIn(attrs, 'name') !== name) refuse('name-differs', `${String(stringIn(attrs, 'name'))} in the body, ${name} in the path`)
  if (state.packages.has(`${owner}/${name}`)) throw new Stop(409, `Package "${name}" already exists`)
  const created: Package = { owner, name, isPublic: body['public'] === true, attrs, releases: new Map() }
  state.packages.set(`${owner}/${name}`, created)
  return { status: 200, json: describePackage(created) }
}

export function updatePackage(call: ApiCall): Answer {
  requireAllowed(call.state, call.login, call.segment('owner'))
  const found = packageOf(call)
  found.attrs = { ...found.attrs, ...objectIn(call.body, 'public_attrs') }
  return { status: 200, json: describePackage(found) }
}

/** `DELETE /package`: it and everything under it; 201. */
export function deletePackage(call: ApiCall): Answer {
  requireAllowed(call.state, call.login, call.segment('owner'))
  const found = packageOf(call)
  call.state.packages.delete(`${found.owner}/${found.name}`)
  return { status: 201, json: {} }
}

export function showRelease(call: ApiCall): Answer {
  return { status: 200, json: describeRelease(packageOf(call), releaseOf(call)) }
}

/** `POST /release`: one that is there already is 409 [inferred]. The body's `version` may be another one: `-v` of the client leaves it [wire]. */
export function createRelease(call: ApiCall): Answer {
  requireAllowed(call.state, call.login, call.segment('owner'))
  const found = packageOf(call)
  const version = call.segment('version')
  if (found.releases.has(version)) throw new Stop(409, `Release "${version}" already exists`)
  const created: Release = { version, attrs: call.body, dists: new Map() }
  found.releases.set(version, created)
  return { status: 200, json: describeRelease(found, created) }
}

export function updateRelease(call: ApiCall): Answer {
  requireAllowed(call.state, call.login, call.segment('owner'))
  const release = releaseOf(call)
  release.attrs = { ...release.attrs, ...objectIn(call.body, 'public_attrs') }
  return { status: 200, json: describeRelease(packageOf(call), release) }
}

/** `DELETE /release`: it and its files; 201. */
export function deleteRelease(call: ApiCall): Answer {
  requireAllowed(call.state, call.login, call.segment('owner'))
  packageOf(call).releases.delete(releaseOf(call).version)
  return { status: 201, json: {} }
}

/** `GET /dist`: committed files alone; whether a real server shows a staged one is in no source. */
export function showDist(call: ApiCall): Answer {
  return { status: 200, json: describeDist(packageOf(call), releaseOf(call), findDist(releaseOf(call), basenameOf(call))) }
}

/** `DELETE /dist`: 200 and JSON, where every other DELETE is 201. */
export function deleteDist(call: ApiCall): Answer {
  requireAllowed(call.state, call.login, call.segment('owner'))
  return dropDist(call, findDist(releaseOf(call), basenameOf(call)))
}

export function deleteDistById(call: ApiCall): Answer {
  requireAllowed(call.state, call.login, call.segment('owner'))
  const id = call.segment('id')
  return dropDist(call, [...releaseOf(call).dists.values()].find((dist) => dist.id === id) ?? notFound(id))
}

function dropDist(call: ApiCall, dist: Dist): Answer {
  const [found, release] = [packageOf(call), releaseOf(call)]
  const json = describeDist(found, release, dist)
  removeDist(call.state, { found, release, dist })
  return { status: 200, json }
}

/** `GET /download`: 304 for whom sends the md5 in a request header `ETag`, else 302 to the storage. */
export function download(call: ApiCall): Answer {
  const dist = findDist(releaseOf(call), basenameOf(call))
  if (call.headers['etag'] === dist.md5) return { status: 304 }
  return { status: 302, headers: { location: `${call.storageUrl}/${dist.id}` }, json: {} }
}

// The fields that anaconda-client reads (commands/show.py, commands/upload.py, utils/pprint.py), in the shapes in which it reads them.
function describePackage(found: Package): object {
  const releases = [...found.releases.values()]
  const dists = releases.flatMap((release) => [...release.dists.values()])
  return {
    ...found.attrs,
    name: found.name,
    full_name: `${found.owner}/${found.name}`,
    owner: { login: found.owner },
    public: found.isPublic,
    published: false,
    package_types: found.attrs['package_types'] ?? [],
    latest_version: releases.at(-1)?.version ?? '',
    conda_platforms: [...new Set(dists.map((dist) => dist.basename.replace(/\/.*/, '')))],
    builds: [...new Set(dists.map((dist) => dist.attrs['build']))],
    releases: releases.map((release) => ({ version: release.version })),
    files: releases.flatMap((release) => [...release.dists.values()].map((dist) => describeDist(found, release, dist))),
  }
}

function describeRelease(found: Package, release: Release): object {
  const distributions = [...release.dists.values()].map((dist) => describeDist(found, release, dist))
  return { version: release.version, public_attrs: isJsonObject(release.attrs) ? release.attrs : {}, distributions }
}

/** A file as `GET /dist` shows it. */
export function describeDist(found: Package, release: Release, dist: Dist): object {
  return {
    '_id': dist.id,
    'basename': dist.basename,
    'full_name': `${found.owner}/${found.name}/${release.version}/${dist.basename}`,
    'owner': found.owner,
    'version': release.version,
    'type': 'conda',
    'distribution_type': 'conda',
    'description': dist.staged['description'] ?? null,
    'labels': [...dist.labels],
    'channels': [...dist.labels],
    'md5': dist.md5,
    'sha256': dist.sha256,
    'size': dist.bytes.length,
    'attrs': dist.attrs,
  }
}
