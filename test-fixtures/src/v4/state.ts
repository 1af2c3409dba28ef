import { randomBytes } from 'node:crypto'

import type { JsonObject } from '../json.ts'
import { notFound, refuse, Stop } from './refusals.ts'

/** A user or an organisation of the double. */
export interface V4User {
  /** Who may log in with it; without it nobody can. */
  readonly password?: string
  /** Tokens that are good from the start. */
  readonly tokens?: readonly string[]
  /** Given: it is an organisation, and these users may change it. */
  readonly members?: readonly string[]
}

/** One file that was committed. */
export interface Dist {
  readonly id: string
  /** `<subdir>/<file>`. */
  readonly basename: string
  readonly labels: Set<string>
  /** The stage's `attrs`. */
  readonly attrs: JsonObject
  /** The whole body of the stage. */
  readonly staged: JsonObject
  readonly md5: string
  readonly sha256: string
  readonly bytes: Buffer
}

export interface Release {
  readonly version: string
  attrs: JsonObject
  readonly dists: Map<string, Dist>
}

export interface Package {
  readonly owner: string
  readonly name: string
  readonly isPublic: boolean
  attrs: JsonObject
  readonly releases: Map<string, Release>
}

/** One upload under way: staged, then uploaded, then committed. */
export interface Stage {
  readonly id: string
  /** `<owner>/<package>/<version>/<subdir>/<file>`. */
  readonly path: string
  readonly basename: string
  readonly body: JsonObject
  /** The fields of the form as they were told. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  uploaded: Buffer | undefined
  isExpired: boolean
  isCommitted: boolean
}

export interface Token {
  readonly login: string
  readonly note: string
}

export interface State {
  readonly users: ReadonlyMap<string, V4User>
  readonly tokens: Map<string, Token>
  /** `<owner>/<name>` → package. */
  readonly packages: Map<string, Package>
  readonly stages: Map<string, Stage>
  /** `<owner>/<label>`. */
  readonly locked: Set<string>
  readonly keepsEmpty: boolean
}

/** The state of a new server. */
export function createState(users: Readonly<Record<string, V4User>>, keepsEmpty: boolean): State {
  const tokens = new Map<string, Token>()
  for (const [login, user] of Object.entries(users)) {
    for (const token of user.tokens ?? []) tokens.set(token, { login, note: token })
  }
  return { users: new Map(Object.entries(users)), tokens, packages: new Map(), stages: new Map(), locked: new Set(), keepsEmpty }
}

/** 24 hex digits, as the server's object ids. */
export function createId(): string {
  return randomBytes(12).toString('hex')
}

/** Whether a user may change what an owner has. */
export function isAllowed(state: State, login: string | undefined, owner: string): boolean {
  return login !== undefined && (login === owner || state.users.get(owner)?.members?.includes(login) === true)
}

/** Stops unless the owner exists. */
export function requireOwner(state: State, owner: string): V4User {
  return state.users.get(owner) ?? refuse('unknown-owner', `there is no user ${owner}`)
}

/** Stops unless the user may change what the owner has; what a real server answers to a stranger is in no source. */
export function requireAllowed(state: State, login: string | undefined, owner: string): void {
  if (login === undefined) throw new Stop(401, 'You are not authorized to perform this action')
  requireOwner(state, owner)
  if (!isAllowed(state, login, owner)) refuse('foreign-owner', `${login} may change nothing of ${owner}`)
}

/** The package of `<owner>/<name>`, where this user can see it; a private one is as if it were not there for others. */
export function findPackage(state: State, login: string | undefined, key: string): Package {
  const found = state.packages.get(key)
  return found !== undefined && (found.isPublic || isAllowed(state, login, found.owner)) ? found : notFound(key.replace(/.*\//, ''))
}

export function findRelease(found: Package, version: string): Release {
  return found.releases.get(version) ?? notFound(version)
}

export function findDist(release: Release, basename: string): Dist {
  return release.dists.get(basename) ?? notFound(basename)
}

/** A committed file, with its package and release. */
export interface ListedDist {
  readonly found: Package
  readonly release: Release
  readonly dist: Dist
}

/** Every committed file of an owner. */
export function* listDists(state: State, owner: string): Generator<ListedDist> {
  for (const found of state.packages.values()) {
    if (found.owner !== owner) continue
    for (const release of found.releases.values()) for (const dist of release.dists.values()) yield { found, release, dist }
  }
}

/** Removes a file; anaconda.org then collects a release and a package that have become empty, so that both have to be made again. */
export function removeDist(state: State, { found, release, dist }: ListedDist): void {
  release.dists.delete(dist.basename)
  if (state.keepsEmpty || release.dists.size > 0) return
  found.releases.delete(release.version)
  if (found.releases.size === 0) state.packages.delete(`${found.owner}/${found.name}`)
}
