import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { MirrorError, Secret } from '@mirror/core'
import type { CliErrorCode } from '../../error-codes.ts'
import type { EnvironmentValues } from '../environment.ts'
import { type ConfigProblem, formatProblem } from '../problems.ts'
import { listTokenFolders } from './anaconda-folders.ts'
import { quotePlus, unquotePlus } from './quote-plus.ts'
import { describeFailure, isAbsence, readSmallFile, warnOfSharing } from './read-small-file.ts'
import { isOneWord } from './secret-word.ts'
import { trimSlashes } from './server-url.ts'
import type { Site } from './site.ts'

/** A token, and where it is from. */
export interface FoundToken {
  readonly token: Secret
  /** A variable of the environment, or a file; for messages. */
  readonly source: string
  readonly warnings: readonly ConfigProblem[]
}

const SUFFIX = '.token'
const NO_TOKEN = 'it holds something else than one token'

/**
 * The token for a site, as anaconda-client finds it: `BINSTAR_API_TOKEN`, else `ANACONDA_API_TOKEN`, else the file that is named by the URL of the site, in both folders; else a
 * file in conda's folder whose URL the site's begins with, the longest first, both with one slash at the end. Empty files count as none. Files are read and never touched
 * (the client removes empty ones). Throws `NOT_LOGGED_IN`, with what to do.
 */
export async function findAnacondaToken(site: Site, env: EnvironmentValues): Promise<FoundToken> {
  const given = env.targets.anacondaToken
  const warnings: ConfigProblem[] = []
  if (given !== undefined) {
    if (isOneWord(given.value.reveal())) return { token: given.value, source: given.variable, warnings }
    throw notLoggedIn(site, { looked: [], warnings: [unreadable(given.variable, NO_TOKEN)] })
  }
  const looked = await listTokenFiles(site.writtenUrl, listTokenFolders(env), warnings)
  for (const path of looked) {
    const token = await readTokenFile(path, warnings)
    if (token !== undefined) return { token, source: path, warnings }
  }
  throw notLoggedIn(site, { looked, warnings })
}

/** The files that may have it, the best first. */
async function listTokenFiles(url: string, folders: readonly string[], warnings: ConfigProblem[]): Promise<readonly string[]> {
  const exact = folders.map((folder) => join(folder, `${quotePlus(url)}${SUFFIX}`))
  const [shared] = folders
  const others = shared === undefined ? [] : await listPrefixes(url, shared, warnings)
  return [...new Set([...exact, ...others])]
}

async function listPrefixes(url: string, folder: string, warnings: ConfigProblem[]): Promise<readonly string[]> {
  const wanted = `${trimSlashes(url)}/`
  const found = (await listNames(folder, warnings)).flatMap((name) => {
    const stored = name.endsWith(SUFFIX) ? trimSlashes(unquotePlus(name.slice(0, -SUFFIX.length)) ?? '') : ''
    // `https:` is no server, and every URL begins with it.
    return stored !== '' && !stored.endsWith(':') && wanted.startsWith(`${stored}/`) ? [{ name, length: stored.length }] : []
  })
  return found.toSorted((left, right) => right.length - left.length || (left.name < right.name ? -1 : 1)).map(({ name }) => join(folder, name))
}

async function listNames(folder: string, warnings: ConfigProblem[]): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (!isAbsence(error)) warnings.push(unreadable(folder, describeFailure(error)))
    return []
  }
}

async function readTokenFile(path: string, warnings: ConfigProblem[]): Promise<Secret | undefined> {
  const file = await readSmallFile(path)
  if (file.status === 'absent') return undefined
  if (file.status === 'unreadable') {
    warnings.push(unreadable(path, file.why))
    return undefined
  }
  const token = file.text.trim()
  if (token === '') return undefined
  if (!isOneWord(token)) {
    warnings.push(unreadable(path, NO_TOKEN))
    return undefined
  }
  if (file.isShared) warnings.push(warnOfSharing(path))
  return new Secret(token)
}

function unreadable(where: string, why: string): ConfigProblem {
  return { code: 'CONFIG_UNREADABLE', where, key: undefined, message: `no token can be read here: ${why}` }
}

function notLoggedIn({ name, url }: Site, { looked, warnings }: { readonly looked: readonly string[]; readonly warnings: readonly ConfigProblem[] }): MirrorError<CliErrorCode> {
  const [first] = warnings
  const what = first === undefined ? 'there is no token for it' : `there is no token for it; ${formatProblem(first)}`
  const alias = name === undefined ? 'NAME' : /^[\w.-]+$/.test(name) ? name : JSON.stringify(name)
  const before = name === undefined ? `anaconda config --set sites.NAME.url ${url}, and then ` : ''
  return new MirrorError('NOT_LOGGED_IN', `Cannot upload to ${url}: ${what}`, {
    hint: `Log in once with: ${before}anaconda -s ${alias} login. Or put a token into the variable BINSTAR_API_TOKEN.`,
    details: { ...(name === undefined ? {} : { site: name }), url, looked },
  })
}
