import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { isMirrorError } from '@mirror/core'
import { type CredentialKind, findTargetCredential, hintForCredential } from '../../../src/config/target/find-target-credential.ts'
import { test } from '../../support.ts'
import { environmentOf, lay } from './anaconda-home.ts'

const NOW = Date.UTC(2026, 0, 1)

interface Case {
  readonly kind?: CredentialKind
  readonly url?: string
  /** Files below the folder; `auth.json` is what RATTLER_AUTH_FILE names. */
  readonly files?: Readonly<Record<string, string | object>>
  readonly variables?: Readonly<Record<string, string>>
}

async function find(folder: string, { kind = 'quetz', url = 'https://repo.team.example:8443/base', files = {}, variables = {} }: Case): Promise<string> {
  await lay(folder, Object.fromEntries(Object.entries(files).map(([path, text]) => [path, typeof text === 'string' ? text : JSON.stringify(text)])))
  const named = 'auth.json' in files ? { RATTLER_AUTH_FILE: join(folder, 'auth.json') } : {}
  const { found, warnings } = await findTargetCredential({ kind, url }, environmentOf(folder, { ...named, ...variables }), { now: NOW })
  const { credential, source } = found ?? {}
  const who = credential === undefined ? 'nobody' : credential.type === 'token' ? `token ${credential.token.reveal()}` : `${credential.user}:${credential.password.reveal()}`
  return [`${who}${source === undefined ? '' : ` of ${source}`}`, ...warnings.map(({ where, message }) => `${where}: ${message}`)].join('\n').replaceAll(`${folder}/`, '')
}

async function refusal(folder: string, one: Case): Promise<string> {
  try {
    return await find(folder, one)
  } catch (error) {
    if (!isMirrorError(error)) throw error
    return `${error.code}: ${error.message}`.replaceAll(`${folder}/`, '')
  }
}

const HOST = 'repo.team.example'
const CREDENTIALS = 'home/.rattler/credentials.json'
const NETRC = 'home/.netrc'
const bearer = (token: string): object => ({ BearerToken: token })

test.for<[string, Case, string]>([
  ['nobody where there is nothing', {}, 'nobody'],
  ['the variable of quetz', { variables: { QUETZ_API_KEY: 'q', PREFIX_API_KEY: 'p' }, files: { 'auth.json': { [HOST]: bearer('f') } } }, 'token q of QUETZ_API_KEY'],
  ['the variable of prefix', { kind: 'prefix', variables: { QUETZ_API_KEY: 'q', PREFIX_API_KEY: 'p' } }, 'token p of PREFIX_API_KEY'],
  ['the variables of Anaconda Server', { kind: 'anaconda6', variables: { ANACONDA_API_KEY: 'a', ANACONDA_AUTH_API_KEY: 'b' } }, 'token a of ANACONDA_API_KEY'],
  ['the variable of anaconda-auth', { kind: 'anaconda6', variables: { ANACONDA_AUTH_API_KEY: 'b', BINSTAR_API_TOKEN: 'c' } }, 'token b of ANACONDA_AUTH_API_KEY'],
  ['the token of artifactory before its password', { kind: 'artifactory', variables: { ARTIFACTORY_TOKEN: 't', ARTIFACTORY_USERNAME: 'u', ARTIFACTORY_PASSWORD: 'p w' } }, 'token t of ARTIFACTORY_TOKEN'],
  ['the password of artifactory', { kind: 'artifactory', variables: { ARTIFACTORY_USERNAME: 'u', ARTIFACTORY_PASSWORD: 'p w' } }, 'u:p w of ARTIFACTORY_USERNAME'],
  ['the named file before that of the user, and netrc last', { files: { 'auth.json': { [HOST]: bearer('named') }, [CREDENTIALS]: { [HOST]: bearer('own') }, [NETRC]: `machine ${HOST} login u password n` } }, 'token named of auth.json'],
  ['the file of the user before netrc', { files: { [CREDENTIALS]: { [HOST]: bearer('own') }, [NETRC]: `machine ${HOST} login u password n` } }, `token own of ${CREDENTIALS}`],
  ['netrc, its password as a token', { files: { [NETRC]: `machine ${HOST} login u password n` } }, `token n of ${NETRC}`],
  ['netrc for artifactory', { kind: 'artifactory', files: { [NETRC]: `machine ${HOST} login u password n` } }, `u:n of ${NETRC}`],
  ['not the default of netrc', { files: { [NETRC]: 'default login u password n' } }, 'nobody'],
  ['an entry for the very host before a wider one, whichever file has it', { files: { 'auth.json': { '*.example': bearer('wide') }, [NETRC]: `machine ${HOST} login u password n` } }, `token n of ${NETRC}`],
  ['of wider entries the narrowest', { files: { 'auth.json': { '*.example': bearer('wide'), '*.team.example': bearer('team') } } }, 'token team of auth.json'],
  ['*.host for the host itself', { files: { 'auth.json': { '*.example': bearer('wide'), [`*.${HOST}`]: bearer('host') } } }, 'token host of auth.json'],
  ['no key with a port or scheme', { files: { 'auth.json': { [`${HOST}:8443`]: bearer('x'), [`https://${HOST}`]: bearer('y'), 'team.example': bearer('z'), '*': bearer('w') } } }, 'nobody'],
  ['no wildcard for an address', { url: 'http://10.0.0.1/x', files: { 'auth.json': { '*.0.0.1': bearer('x'), '*.10.0.0.1': bearer('y') } } }, 'nobody'],
  ['an address', { url: 'http://[::1]:8/x', files: { 'auth.json': { '[::1]': bearer('x') } } }, 'token x of auth.json'],
  ['CondaToken', { files: { 'auth.json': { [HOST]: { CondaToken: 'c' } } } }, 'token c of auth.json'],
  ['BasicHTTP for artifactory', { kind: 'artifactory', files: { 'auth.json': { [HOST]: { BasicHTTP: { username: 'u', password: 'p' } } } } }, 'u:p of auth.json'],
  ['OAuth that has not expired', { kind: 'prefix', files: { 'auth.json': { [HOST]: { OAuth: { access_token: 'o', expires_at: NOW / 1000 + 1, token_endpoint: 'x', client_id: 'y' } } } } }, 'token o of auth.json'],
  ['OAuth without an end', { kind: 'prefix', files: { 'auth.json': { [HOST]: { OAuth: { access_token: 'o', expires_at: null } } } } }, 'token o of auth.json'],
])('findTargetCredential() takes %s', async ([, one, found], { expect, folder }) => {
  expect(await find(folder, one)).toBe(found)
})

test.for<[string, Case, string]>([
  ['S3Credentials', { files: { 'auth.json': { [HOST]: { S3Credentials: { access_key_id: 'tk-secret', secret_access_key: 'tk-secret' } } } } }, 'it is for S3'],
  ['BasicHTTP, where a token is wanted', { files: { 'auth.json': { [HOST]: { BasicHTTP: { username: 'u', password: 'tk-secret' } } } } }, 'quetz takes a token, and this is a user name and a password'],
  ['BasicHTTP without a password', { kind: 'artifactory', files: { 'auth.json': { [HOST]: { BasicHTTP: { username: 'u' } } } } }, 'its user name or password is missing'],
  ['OAuth that has expired', { files: { 'auth.json': { [HOST]: { OAuth: { access_token: 'tk-secret', expires_at: NOW / 1000 } } } } }, 'its access token has expired; log in again'],
  ['a token of several lines', { files: { 'auth.json': { [HOST]: bearer('tk-secret\nX: y') } } }, 'its token is none'],
  ['an unknown kind', { files: { 'auth.json': { [HOST]: { Kerberos: 'tk-secret' } } } }, 'it is of no known kind'],
  ['text', { files: { 'auth.json': { [HOST]: 'tk-secret' } } }, 'it is of no known kind'],
])('findTargetCredential() warns of %s, and goes on', async ([, one, why], { expect, folder }) => {
  const warned = await find(folder, { ...one, files: { ...one.files, 'home/.rattler/credentials.json': { '*.example': bearer('next') } } })
  expect(warned).toBe(`token next of ${CREDENTIALS}\nauth.json: the entry of "${HOST}" cannot be used: ${why}`)
})

test.for<[string, Case, string]>([
  ['half of a pair of variables', { kind: 'artifactory', variables: { ARTIFACTORY_USERNAME: 'u' } }, 'CONFIG_INVALID: Cannot use the configuration: the variable ARTIFACTORY_USERNAME is set, and ARTIFACTORY_PASSWORD is not'],
  ['the other half', { kind: 'artifactory', variables: { ARTIFACTORY_PASSWORD: 'tk-secret' } }, 'CONFIG_INVALID: Cannot use the configuration: the variable ARTIFACTORY_PASSWORD is set, and ARTIFACTORY_USERNAME is not'],
  ['a key of several lines', { variables: { QUETZ_API_KEY: 'tk-secret\nmore' } }, 'CONFIG_INVALID: Cannot use the configuration: the variable QUETZ_API_KEY holds something else than one token'],
  ['a file that is no JSON', { files: { 'auth.json': '{tk-secret' } }, 'CONFIG_INVALID: Cannot read "auth.json": it is no object of JSON'],
  ['a file that is a list', { files: { [CREDENTIALS]: '["tk-secret"]' } }, `CONFIG_INVALID: Cannot read "${CREDENTIALS}": it is no object of JSON`],
  ['a netrc that is none', { files: { [NETRC]: 'tk-secret x' } }, 'NETRC_INVALID: Cannot read the .netrc file: line 1'],
])('findTargetCredential() refuses %s', async ([, one, refused], { expect, folder }) => {
  expect(await refusal(folder, one)).toContain(refused)
  expect(await refusal(folder, one)).not.toContain('secret')
})

test('findTargetCredential() refuses what cannot be read, and warns of a named file that is not there', async ({ expect, folder }) => {
  expect(await refusal(folder, { variables: { RATTLER_AUTH_FILE: folder } })).toContain('CONFIG_UNREADABLE: Cannot read "')
  expect(await refusal(folder, { variables: { NETRC: join(folder, 'absent') } })).toBe('CONFIG_UNREADABLE: Cannot read "absent": there is no such file')
  expect(await refusal(folder, { variables: { RATTLER_AUTH_FILE: join(folder, 'absent') } })).toBe('nobody\nabsent: there is no such file, which RATTLER_AUTH_FILE names')
})

test('findTargetCredential() warns of a file that others can read', async ({ expect, folder }) => {
  await lay(folder, { [CREDENTIALS]: '{}' })
  await chmod(join(folder, CREDENTIALS), 0o640)
  expect(await find(folder, {})).toBe(`nobody\n${CREDENTIALS}: others can read this file, and it holds a secret`)
})

test('hintForCredential() says what each kind takes', ({ expect }) => {
  expect(hintForCredential({ kind: 'quetz', url: 'https://q.example:8/x' })).toBe(
    'Set QUETZ_API_KEY; or put {"q.example": {"CondaToken": "…"}} into the file that RATTLER_AUTH_FILE names; or "machine q.example login token password TOKEN" into ~/.netrc.')
  expect(hintForCredential({ kind: 'artifactory', url: 'https://a.example' })).toBe(
    'Set ARTIFACTORY_TOKEN, or ARTIFACTORY_USERNAME and ARTIFACTORY_PASSWORD; or put {"a.example": {"BearerToken": "…"}} into the file that RATTLER_AUTH_FILE names; or "machine a.example login NAME password WORD" into ~/.netrc.')
  expect(hintForCredential({ kind: 'prefix', url: 'https://prefix.dev' })).toContain('PREFIX_API_KEY')
  expect(hintForCredential({ kind: 'anaconda6', url: 'https://a.example' })).toContain('ANACONDA_API_KEY')
})
