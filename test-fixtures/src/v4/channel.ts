import { answerBytes, answerIndex, decodePath, type ListedFile, NOT_FOUND } from '../double/conda-channel.ts'
import { withoutKeys } from '../json.ts'
import type { Answer } from './refusals.ts'
import { isAllowed, type ListedDist, listDists, type State } from './state.ts'

/** What the client adds to index.json in a stage's attrs (anaconda-client inspect_package/conda.py, inspect_conda_info_dir). */
const COMPUTED = ['operatingsystem', 'machine', 'target-triplet', 'has_prefix', 'binstar_build']

/**
 * An owner's files as a conda channel: `/<owner>/<subdir>/…` (label main), `/<owner>/label/<label>/<subdir>/…`, and the same below `/t/<token>`, which
 * also shows private packages. There is `repodata.json` (noarch always) and the files.
 */
export function answerChannel(state: State, path: string): Answer {
  const [, token, rest = ''] = /^(?:\/t\/([^/]+))?(\/.*)$/.exec(path) ?? []
  const [, owner = '', label = 'main', subdir = '', file = ''] = /^\/([^/]+)(?:\/label\/([^/]+))?\/([^/]+)\/([^/]+)$/.exec(decodePath(rest)) ?? []
  if (!state.users.has(owner)) return NOT_FOUND
  const login = token === undefined ? undefined : state.tokens.get(token)?.login
  const dists = [...listDists(state, owner)].filter(({ found, dist }) =>
    dist.basename.startsWith(`${subdir}/`) && dist.labels.has(label) && (found.isPublic || isAllowed(state, login, owner)))
  if (file === 'repodata.json') {
    if (dists.length === 0 && subdir !== 'noarch') return NOT_FOUND
    return answerIndex(subdir, dists.map((listed) => describeListed(subdir, listed)))
  }
  const found = dists.find(({ dist }) => dist.basename === `${subdir}/${file}`)
  return found === undefined ? NOT_FOUND : answerBytes(found.dist.bytes)
}

function describeListed(subdir: string, { found, release, dist }: ListedDist): ListedFile {
  const record = { ...withoutKeys(dist.attrs, COMPUTED), name: found.name, version: release.version, md5: dist.md5, sha256: dist.sha256, size: dist.bytes.length }
  return { fileName: dist.basename.slice(subdir.length + 1), record }
}
