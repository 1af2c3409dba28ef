import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { checkSubdir } from './check/check-subdir.ts'
import { isJsonObject, objectIn, parseJson } from './json.ts'

/** What to look at. */
export interface CheckMirrorOptions {
  /** The subdirs that must be there and no others; left out, all that have a `repodata.json`. */
  readonly subdirs?: readonly string[]
}

/** What a mirror of one channel holds. */
export interface CheckedMirror {
  /** How many artifacts the indexes list. */
  readonly artifacts: number
  /** Each broken promise, one line; empty when a client can use all that is listed. */
  readonly problems: readonly string[]
  /** Files and folders that nothing accounts for, relative to the mirror; a client does not mind them. */
  readonly extra: readonly string[]
}

const ROOT_FILES = /^(?:channeldata\.json(?:\.zst|\.bz2)?|notices\.json|terms\.json|rss\.xml|index\.html|key_mgr\.json|pkg_mgr\.json|\d+\.root\.json)$/

/**
 * Reads the mirror of one channel as a client would and names everything that is not as promised: artifacts that are
 * missing or have another size or digest, variants that disagree with `repodata.json`, a missing noarch.
 * Dot-folders at the root are not looked at. Never throws for what it finds.
 */
export async function checkMirror(folder: string, options: CheckMirrorOptions = {}): Promise<CheckedMirror> {
  const { subdirs, extra } = await listSubdirs(folder)
  const problems: string[] = []
  if (!subdirs.includes('noarch')) problems.push('noarch/repodata.json is missing')
  for (const subdir of options.subdirs ?? []) if (!subdirs.includes(subdir) && subdir !== 'noarch') problems.push(`${subdir}/repodata.json is missing`)
  for (const subdir of subdirs) if (options.subdirs?.includes(subdir) === false) problems.push(`${subdir}: not asked for`)
  let artifacts = 0
  const names = new Set<string>()
  for (const subdir of subdirs) {
    const checked = await checkSubdir(join(folder, subdir), subdir)
    artifacts += checked.artifacts
    problems.push(...checked.problems)
    extra.push(...checked.extra.map((file) => `${subdir}/${file}`))
    for (const name of checked.names) names.add(name)
  }
  problems.push(...(await checkChanneldata(folder, subdirs, names)))
  return { artifacts, problems, extra }
}

async function listSubdirs(folder: string): Promise<{ readonly subdirs: string[]; readonly extra: string[] }> {
  const subdirs: string[] = []
  const extra: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) {
      if (!ROOT_FILES.test(entry.name)) extra.push(entry.name)
    } else if (entry.name.startsWith('.')) continue
    else if (await stat(join(folder, entry.name, 'repodata.json')).catch(() => undefined)) subdirs.push(entry.name)
    else extra.push(`${entry.name}/`)
  }
  return { subdirs: subdirs.sort(), extra: extra.sort() }
}

async function checkChanneldata(folder: string, subdirs: readonly string[], names: ReadonlySet<string>): Promise<string[]> {
  const text = await readFile(join(folder, 'channeldata.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return []
  try {
    const document = parseJson(text)
    if (!isJsonObject(document)) return ['channeldata.json: not an object']
    const unknown = Object.keys(objectIn(document, 'packages')).filter((name) => !names.has(name))
    const listed = document['subdirs']
    const absent = Array.isArray(listed) ? listed.filter((subdir) => typeof subdir !== 'string' || !subdirs.includes(subdir)) : []
    return [
      ...unknown.map((name) => `channeldata.json: ${name} is not in any index`),
      ...absent.map((subdir) => `channeldata.json: ${String(subdir)} is not there`),
    ]
  } catch (error) {
    return [`channeldata.json: ${error instanceof Error ? error.message : String(error)}`]
  }
}

if (import.meta.main) {
  for (const folder of process.argv.slice(2)) {
    const { artifacts, problems, extra } = await checkMirror(folder)
    for (const problem of problems) process.stdout.write(`${folder}: ${problem}\n`)
    for (const file of extra) process.stdout.write(`${folder}: extra ${file}\n`)
    process.stdout.write(`${folder}: artifacts=${artifacts} problems=${problems.length} extra=${extra.length}\n`)
    if (problems.length > 0) process.exitCode = 1
  }
}
