import { isMirrorError, type MatchSpec, parseMatchSpec, parseVersion } from '@mirror/core'
import { boundariesOfClause, type ClauseBoundaries, joinBoundaries, type PythonRelease, versionOfRelease } from './python-version.ts'

/** What a dependency asks of Python. */
export interface PythonNeed extends ClauseBoundaries {
  /** False when any Python will do. */
  readonly isLimited: boolean
  readonly takes: (release: PythonRelease) => boolean
}

/** Packages that have the versions of Python; `python_abi` has those without the patch. */
const WITH_PYTHON_VERSIONS: ReadonlySet<string> = new Set(['python', 'cpython', 'python-freethreading', 'python-gil', 'python_abi'])
const PYPY = /^pypy([0-9])\.([0-9]{1,2})$/
const ABI = /(?:cp|pypy|graalpy[0-9]{1,4}_)([23])([0-9]{1,2})(?![0-9])/
const BUILT_FOR = /(?:^|[_0-9])py([23])\.?([0-9]{1,2})?(?![0-9])/
/** The first Python that can do without its lock. */
const FIRST_FREE_THREADED = { major: 3, minor: 13 }

/** True for a package whose version says which Python it is of. */
export function hasPythonVersion(name: string): boolean {
  return WITH_PYTHON_VERSIONS.has(name)
}

/** What a dependency asks of Python; undefined for one on something else, one that counts only in some cases, and one that cannot be read. */
export function readPythonNeed(dependency: string): PythonNeed | undefined {
  if (!/py/i.test(dependency)) return undefined
  const spec = findSpec(dependency)
  if (spec === undefined || spec.name.type !== 'exact' || spec.when !== undefined) return undefined
  const name = spec.name.text
  if (WITH_PYTHON_VERSIONS.has(name)) return joinNeeds([needOfVersion(spec, name), needOfBuild(spec), needOfName(name)])
  return needOfPypy(name)
}

/** What PyPy asks of Python by its name: `pypy3.9` is a Python 3.9. */
export function needOfPypy(name: string): PythonNeed | undefined {
  const match = PYPY.exec(name)
  return match === null ? undefined : needOfSeries(Number(match[1]), Number(match[2]))
}

/** What of a build string names a Python: of `np111py27_0` it is `py2.7`. Empty for none. */
export function findBuiltFor(build: string): string {
  const match = BUILT_FOR.exec(build)
  return match === null ? '' : `py${match[1]}.${match[2] ?? ''}`
}

/** The Python that a build string names: `py27_0`, `np111py36h1af98f8_1`, `py3.10_cuda11.8_0`, `py3_0`. */
export function needOfBuildString(build: string): PythonNeed | undefined {
  const match = BUILT_FOR.exec(build)
  if (match === null) return undefined
  return needOfSeries(Number(match[1]), match[2] === undefined ? undefined : Number(match[2]))
}

/** All needs at once. */
export function joinNeeds(needs: readonly (PythonNeed | undefined)[]): PythonNeed {
  const all = needs.filter((need) => need !== undefined)
  return { ...joinBoundaries(all), isLimited: all.some(({ isLimited }) => isLimited), takes: (release) => all.every((need) => need.takes(release)) }
}

function findSpec(text: string): MatchSpec | undefined {
  try {
    return parseMatchSpec(text)
  } catch (error) {
    if (isMirrorError(error)) return undefined
    throw error
  }
}

function needOfVersion({ version }: MatchSpec, name: string): PythonNeed | undefined {
  if (version === undefined) return undefined
  const read = name === 'python_abi' ? ({ major, minor }: PythonRelease) => parseVersion(`${major}.${minor}`) : versionOfRelease
  return { ...boundariesOfClause(version.clause), isLimited: true, takes: (release) => version.matches(read(release)) }
}

/** `*_cp313t`, `*_pypy39_pp73`. */
function needOfBuild({ fields }: MatchSpec): PythonNeed | undefined {
  const match = ABI.exec(fields.get('build')?.text ?? '')
  return match === null ? undefined : needOfSeries(Number(match[1]), Number(match[2]))
}

function needOfName(name: string): PythonNeed | undefined {
  if (name !== 'python-freethreading') return undefined
  const { major, minor } = FIRST_FREE_THREADED
  return { boundaries: [[major, minor, 0]], readsText: false, isLimited: true, takes: (release) => release.major > major || (release.major === major && release.minor >= minor) }
}

function needOfSeries(major: number, minor: number | undefined): PythonNeed {
  const takes = (release: PythonRelease): boolean => release.major === major && (minor === undefined || release.minor === minor)
  return { boundaries: [[major, minor ?? 0, 0]], readsText: false, isLimited: true, takes }
}
