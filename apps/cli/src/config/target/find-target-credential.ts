import { join } from 'node:path'
import { MirrorError } from '@mirror/core'
import { type NetrcEntry, parseNetrc, type TargetCredential, type TargetKind } from '@mirror/repository-client'
import type { CliErrorCode } from '../../error-codes.ts'
import type { EnvironmentValues } from '../environment.ts'
import { type ConfigProblem, createConfigError } from '../problems.ts'
import { listRattlerKeys, parseRattlerAuth, type RattlerAuth, readRattlerEntry } from './rattler-auth.ts'
import { readSmallFile, type SmallFile, warnOfSharing } from './read-small-file.ts'
import { isOneWord } from './secret-word.ts'
import { TARGET_VARIABLES, type TargetUrl } from './target-url.ts'

/** The kinds whose secrets are found here; those of `anaconda` are a site's (`findAnacondaToken`). */
export type CredentialKind = Exclude<TargetKind, 'anaconda'>

/** What was found. */
export interface CredentialLookup {
  /** Undefined when nobody has told us anything. */
  readonly found: { readonly credential: TargetCredential; /** A variable or file, for messages. */ readonly source: string } | undefined
  /** Odd, but not in the way. */
  readonly warnings: readonly ConfigProblem[]
}

/** Options of `findTargetCredential`. */
export interface FindTargetCredentialOptions {
  /** Milliseconds. */
  readonly now: number
}

/**
 * Who we are to a server: by the variables of its kind, else by the first that has its host of the file that `RATTLER_AUTH_FILE` names, `~/.rattler/credentials.json` and netrc; an
 * entry for the very host before those with `*.`, whichever file has it (as in rattler, whose keyring of the system is not asked). A server that takes only tokens has the password
 * of netrc as its token; what an entry of rattler cannot give is a warning. The `default` entry of netrc is for reading, and does not count. Throws `CONFIG_INVALID` for half of a
 * pair of variables and for a file of rattler that is none, `CONFIG_UNREADABLE` for a file that cannot be read, `NETRC_INVALID`.
 */
export async function findTargetCredential({ kind, url }: Pick<TargetUrl, 'url'> & { readonly kind: CredentialKind }, env: EnvironmentValues, { now }: FindTargetCredentialOptions): Promise<CredentialLookup> {
  const given = readVariables(kind, env)
  if (given !== undefined) return { found: given, warnings: [] }
  const warnings: ConfigProblem[] = []
  const stores = await openStores(env, warnings)
  for (const key of listRattlerKeys(url)) {
    for (const store of stores) {
      const found = store.find(key, { kind, now, warnings })
      if (found !== undefined) return { found: { credential: found, source: store.path }, warnings }
    }
  }
  return { found: undefined, warnings }
}

/** What to do where nothing was found, as a hint. */
export function hintForCredential({ kind, url }: Pick<TargetUrl, 'url'> & { readonly kind: CredentialKind }): string {
  const { hostname } = new URL(url)
  const entry = kind === 'quetz' ? 'CondaToken' : 'BearerToken'
  return `Set ${TARGET_VARIABLES[kind]}; or put {${JSON.stringify(hostname)}: {"${entry}": "…"}} into the file that RATTLER_AUTH_FILE names; or "machine ${hostname} login ${kind === 'artifactory' ? 'NAME password WORD' : 'token password TOKEN'}" into ~/.netrc.`
}

function readVariables(kind: CredentialKind, { targets }: EnvironmentValues): CredentialLookup['found'] {
  const key = targets.keys[kind]
  if (key !== undefined) {
    if (!isOneWord(key.value.reveal())) throw createConfigError([{ code: 'CONFIG_INVALID', where: undefined, key: key.variable, message: `the variable ${key.variable} holds something else than one token` }])
    return { credential: { type: 'token', token: key.value }, source: key.variable }
  }
  const { artifactoryUser: user, artifactoryPassword: password } = targets
  if (kind !== 'artifactory' || (user === undefined && password === undefined)) return undefined
  if (user !== undefined && password !== undefined) return { credential: { type: 'basic', user, password }, source: 'ARTIFACTORY_USERNAME' }
  const [set, unset] = user === undefined ? ['ARTIFACTORY_PASSWORD', 'ARTIFACTORY_USERNAME'] : ['ARTIFACTORY_USERNAME', 'ARTIFACTORY_PASSWORD']
  throw createConfigError([{ code: 'CONFIG_INVALID', where: undefined, key: unset, message: `the variable ${set} is set, and ${unset} is not` }])
}

interface Question {
  readonly kind: CredentialKind
  readonly now: number
  readonly warnings: ConfigProblem[]
}

/** A file with secrets. `find` looks under one key, and says in `warnings` what it cannot use. */
interface Store {
  readonly path: string
  readonly find: (key: string, question: Question) => TargetCredential | undefined
}

async function openStores(env: EnvironmentValues, warnings: ConfigProblem[]): Promise<readonly Store[]> {
  const named = env.targets.rattlerAuthFile
  const standard = env.home === undefined ? undefined : join(env.home, '.rattler', 'credentials.json')
  const stores = [
    named === undefined ? undefined : await openRattler(named, warnings, true),
    standard === undefined ? undefined : await openRattler(standard, warnings, false),
    env.netrc === undefined ? undefined : await openNetrc(env.netrc),
  ]
  return stores.filter((store) => store !== undefined)
}

async function openRattler(path: string, warnings: ConfigProblem[], isNamed: boolean): Promise<Store | undefined> {
  const file = await readSmallFile(path)
  if (file.status === 'absent') {
    if (isNamed) warnings.push({ code: 'CONFIG_NOT_FOUND', where: path, key: 'RATTLER_AUTH_FILE', message: 'there is no such file, which RATTLER_AUTH_FILE names' })
    return undefined
  }
  const entries = parseRattlerAuth(readOrThrow(file, path), path)
  if (file.status === 'read' && file.isShared) warnings.push(warnOfSharing(path))
  return { path, find: (key, question) => findInRattler({ path, entries }, key, question) }
}

function findInRattler({ path, entries }: { readonly path: string; readonly entries: RattlerAuth }, key: string, { kind, now, warnings }: Question): TargetCredential | undefined {
  if (!entries.has(key)) return undefined
  const entry = readRattlerEntry(entries.get(key), now)
  const isPassword = entry.status === 'usable' && entry.credential.type === 'basic' && kind !== 'artifactory'
  if (entry.status === 'usable' && !isPassword) return entry.credential
  const why = entry.status === 'unusable' ? entry.why : `${kind} takes a token, and this is a user name and a password`
  warnings.push({ code: 'CONFIG_INVALID', where: path, key, message: `the entry of ${JSON.stringify(key)} cannot be used: ${why}` })
  return undefined
}

async function openNetrc({ path, required }: { readonly path: string; readonly required: boolean }): Promise<Store | undefined> {
  const file = await readSmallFile(path)
  if (file.status === 'absent' && !required) return undefined
  const entries = parseNetrc(readOrThrow(file, path))
  return { path, find: (key, { kind }) => findInNetrc(entries, key, kind) }
}

function findInNetrc(entries: readonly NetrcEntry[], host: string, kind: CredentialKind): TargetCredential | undefined {
  const entry = entries.find(({ machine }) => machine === host)
  if (entry === undefined) return undefined
  const { login, password } = entry
  return kind === 'artifactory' ? { type: 'basic', user: login, password } : { type: 'token', token: password }
}

function readOrThrow(file: SmallFile, path: string): string {
  if (file.status === 'read') return file.text
  const why = file.status === 'absent' ? 'there is no such file' : file.why
  throw new MirrorError<CliErrorCode>('CONFIG_UNREADABLE', `Cannot read ${JSON.stringify(path)}: ${why}`)
}
