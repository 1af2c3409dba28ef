import { type Json, withoutKeys } from '../json.ts'
import { formatPythonJson } from '../python-json.ts'
import type { Answer } from './refusals.ts'
import { isAllowed, type ListedDist, listDists, type State } from './state.ts'

/** What the client adds to index.json in a stage's attrs (anaconda-client inspect_package/conda.py, inspect_conda_info_dir). */
const COMPUTED = ['operatingsystem', 'machine', 'target-triplet', 'has_prefix', 'binstar_build']

const missing: Answer = { status: 404, bytes: 'not found\n', headers: { 'content-type': 'text/plain' } }

/**
 * An owner's files as a conda channel: `/<owner>/<subdir>/…` (label main), `/<owner>/label/<label>/<subdir>/…`, and the same below `/t/<token>`, which
 * also shows private packages. There is `repodata.json` (noarch always) and the files.
 */
export function answerChannel(state: State, path: string): Answer {
  const [, token, rest = ''] = /^(?:\/t\/([^/]+))?(\/.*)$/.exec(path) ?? []
  const [, owner = '', label = 'main', subdir = '', file = ''] = /^\/([^/]+)(?:\/label\/([^/]+))?\/([^/]+)\/([^/]+)$/.exec(decodePath(rest)) ?? []
  if (!state.users.has(owner)) return missing
  const login = token === undefined ? undefined : state.tokens.get(token)?.login
  const dists = [...listDists(state, owner)].filter(({ found, dist }) =>
    dist.basename.startsWith(`${subdir}/`) && dist.labels.has(label) && (found.isPublic || isAllowed(state, login, owner)))
  if (file === 'repodata.json') {
    if (dists.length === 0 && subdir !== 'noarch') return missing
    return { status: 200, bytes: createRepodata(subdir, dists), headers: { 'content-type': 'application/json' } }
  }
  const found = dists.find(({ dist }) => dist.basename === `${subdir}/${file}`)
  return found === undefined ? missing : { status: 200, bytes: found.dist.bytes, headers: { 'content-type': 'application/octet-stream' } }
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return ''
  }
}

function createRepodata(subdir: string, dists: readonly ListedDist[]): string {
  const records = dists.map(({ found, release, dist }): [string, Json] => {
    const record = { ...withoutKeys(dist.attrs, COMPUTED), name: found.name, version: release.version, md5: dist.md5, sha256: dist.sha256, size: dist.bytes.length }
    return [dist.basename.slice(subdir.length + 1), record]
  })
  const ofFormat = (isConda: boolean): Record<string, Json> => Object.fromEntries(records.filter(([name]) => name.endsWith('.conda') === isConda))
  return formatPythonJson({ 'info': { subdir }, 'packages': ofFormat(false), 'packages.conda': ofFormat(true), 'repodata_version': 1 })
}
