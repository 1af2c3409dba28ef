import { type Answer, notFound, refuse } from './refusals.ts'
import type { ApiCall } from './routes.ts'
import { type Dist, findPackage, findRelease, isAllowed, listDists, requireAllowed, requireOwner } from './state.ts'

const keyOf = ({ segment }: ApiCall): string => `${segment('owner')}/${segment('label')}`

function* seenDists(call: ApiCall): Generator<{ dist: Dist; fullName: string }> {
  const { state, login, segment } = call
  const owner = segment('owner')
  for (const { found, release, dist } of listDists(state, owner)) {
    if (found.isPublic || isAllowed(state, login, owner)) yield { dist, fullName: `${owner}/${found.name}/${release.version}/${dist.basename}` }
  }
}

/** `GET /channels/<owner>`: label → whether it is locked. A label is there as long as a file has it, or it is locked. */
export function listLabels(call: ApiCall): Answer {
  const { state, segment } = call
  const owner = segment('owner')
  requireOwner(state, owner)
  const names = new Set([...seenDists(call)].flatMap(({ dist }) => [...dist.labels]))
  for (const key of state.locked) if (key.startsWith(`${owner}/`)) names.add(key.slice(owner.length + 1))
  return { status: 200, json: Object.fromEntries([...names].toSorted().map((label) => [label, { is_locked: state.locked.has(`${owner}/${label}`) }])) }
}

/** `GET /channels/<owner>/<label>`: its files. */
export function showLabel(call: ApiCall): Answer {
  const label = call.segment('label')
  requireOwner(call.state, call.segment('owner'))
  const files = [...seenDists(call)].filter(({ dist }) => dist.labels.has(label)).map(({ dist, fullName }) => ({ full_name: fullName, basename: dist.basename }))
  const isLocked = call.state.locked.has(keyOf(call))
  return files.length === 0 && !isLocked ? notFound(label) : { status: 200, json: { is_locked: isLocked, files } }
}

/** `POST /channels/<owner>/<label>`: gives it to files; nulls widen the scope. */
export function addLabel(call: ApiCall): Answer {
  const dists = scopeOf(call)
  refuseLocked(call, call.segment('label'))
  for (const dist of dists) dist.labels.add(call.segment('label'))
  return { status: 201, json: {} }
}

/** `DELETE /channels/<owner>/<label>` with the same body: takes it from files. */
export function removeLabel(call: ApiCall): Answer {
  const label = call.segment('label')
  const dists = scopeOf(call).filter((dist) => dist.labels.has(label))
  refuseLocked(call, label)
  if (dists.length === 0) return notFound(label)
  for (const dist of dists) dist.labels.delete(label)
  return { status: 201, json: {} }
}

function scopeOf(call: ApiCall): Dist[] {
  const { state, login, segment, body } = call
  const owner = segment('owner')
  requireAllowed(state, login, owner)
  const { package: name, version, basename } = body
  const isText = (value: unknown): value is string => typeof value === 'string'
  if ((isText(basename) && !isText(version)) || (isText(version) && !isText(name))) refuse('label-scope', JSON.stringify(body))
  const inPackage = isText(name) ? findPackage(state, login, `${owner}/${name}`) : undefined
  if (inPackage !== undefined && isText(version)) findRelease(inPackage, version)
  const dists = [...listDists(state, owner)].filter(({ found, release, dist }) =>
    (!isText(name) || found.name === name) && (!isText(version) || release.version === version) && (!isText(basename) || dist.basename === basename))
  return dists.length === 0 && isText(basename) ? notFound(basename) : dists.map(({ dist }) => dist)
}

function refuseLocked(call: ApiCall, label: string): void {
  if (call.state.locked.has(`${call.segment('owner')}/${label}`)) refuse('label-locked', label)
}

/** `POST /channels/<owner>/<label>/copy/<to>`: its files get the other label too. */
export function copyLabel(call: ApiCall): Answer {
  const { state, login, segment } = call
  requireAllowed(state, login, segment('owner'))
  refuseLocked(call, segment('to'))
  const dists = [...listDists(state, segment('owner'))].filter(({ dist }) => dist.labels.has(segment('label')))
  if (dists.length === 0) return notFound(segment('label'))
  for (const { dist } of dists) dist.labels.add(segment('to'))
  return { status: 201, json: {} }
}

export function lockLabel(call: ApiCall): Answer {
  requireAllowed(call.state, call.login, call.segment('owner'))
  call.state.locked.add(keyOf(call))
  return { status: 201, json: {} }
}

export function unlockLabel(call: ApiCall): Answer {
  requireAllowed(call.state, call.login, call.segment('owner'))
  if (!call.state.locked.delete(keyOf(call))) return notFound(call.segment('label'))
  return { status: 201, json: {} }
}
