import { findVersion, parseVersion, versionStartsWith } from '@mirror/core'
import { findBuiltFor, hasPythonVersion, joinNeeds, needOfBuildString, needOfPypy, type PythonNeed, readPythonNeed } from './python-need.ts'
import { isPythonVersion, readPythonVersion, releasesOf, type WantedPython } from './python-version.ts'

const MOST_REMEMBERED = 10_000

/** The parts of the rule, for records that are not parsed. */
export interface PythonJudge {
  /** Whether a dependency asks anything of Python. */
  readonly concerns: (dependency: string) => boolean
  /** Whether a record with those of its dependencies that concern Python can run; undefined when that depends on the Python that it was built for. */
  readonly judge: (named: readonly string[]) => boolean | undefined
  /** The same for a record of which `findBuiltFor` says what it was built for. */
  readonly judgeBuild: (named: readonly string[], builtFor: string) => boolean
}

/** Creates the parts of the rule. Throws `RangeError` for a version that is none. */
export function createPythonJudge(versions: readonly string[]): PythonJudge {
  const wanted = versions.map(readWanted)
  const readNeed = remember(readPythonNeed)
  const needOf = (named: readonly string[]): PythonNeed => joinNeeds(named.map((dependency) => readNeed(dependency) ?? needOfPypy(dependency)))

  return {
    concerns: (dependency) => readNeed(dependency) !== undefined,
    judge(named) {
      if (named.length === 0) return true
      const need = needOf(named)
      return need.isLimited ? canRun(need, wanted) : undefined
    },
    judgeBuild: (named, builtFor) => canRun(joinNeeds([needOf(named), needOfBuildString(builtFor)]), wanted),
  }
}

/**
 * The rule of `python_versions`: true for a record to keep. That is one that can run on a release of one of the named versions (`3`, `3.10`, `3.10.4`; `isPythonVersion`),
 * or that depends on no Python at all. All its dependencies on Python have to hold for one release: those on `python`, `cpython`, `python_abi` (its version, else the
 * Python that its build names: `*_cp313t`), `python-freethreading` (3.13 or newer), `python-gil` and `pypy3.9`. The first five are kept by their own version, and
 * `pypy3.9` by its name. Free-threaded builds of 3.13 belong to 3.13. The build string (`py27_0`) counts when the dependencies name Python without saying which, and the
 * record is not noarch: so old builds did. A dependency that cannot be read, or that counts only in some cases (CEP 43), asks for nothing. Throws `RangeError` for a
 * version that is none.
 */
export function createPythonRule(versions: readonly string[]): (record: Readonly<Record<string, unknown>>) => boolean {
  const { concerns, judge, judgeBuild } = createPythonJudge(versions)
  const verdicts = new Map<string, boolean>()

  return (record) => {
    if (!isOwnVersionWanted(record, versions)) return false
    const name = textOf(record, 'name')
    const named = dependenciesOf(record).filter(concerns)
    if (needOfPypy(name) !== undefined) named.push(name)
    if (named.length === 0) return true
    const builtFor = record['noarch'] ? '' : findBuiltFor(textOf(record, 'build'))
    const key = JSON.stringify([builtFor, named])
    const verdict = verdicts.get(key) ?? judge(named) ?? judgeBuild(named, builtFor)
    if (verdicts.size >= MOST_REMEMBERED) verdicts.clear()
    verdicts.set(key, verdict)
    return verdict
  }
}

/** Whether a record of that name may be kept by its own version or name, whatever it depends on. */
export function isPythonItself(name: string): boolean {
  return hasPythonVersion(name) || needOfPypy(name) !== undefined
}

function readWanted(text: string): WantedPython {
  if (!isPythonVersion(text)) throw new RangeError(`${JSON.stringify(text)} is no version of Python`)
  return readPythonVersion(text)
}

function remember<Value>(read: (text: string) => Value): (text: string) => Value {
  const known = new Map<string, { readonly value: Value }>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found.value
    const value = read(text)
    if (known.size >= MOST_REMEMBERED) known.clear()
    known.set(text, { value })
    return value
  }
}

function dependenciesOf(record: Readonly<Record<string, unknown>>): string[] {
  const { depends } = record
  return Array.isArray(depends) ? depends.filter((dependency) => typeof dependency === 'string') : []
}

function textOf(record: Readonly<Record<string, unknown>>, field: string): string {
  const value = record[field]
  return typeof value === 'string' ? value : ''
}

/** Python itself: 3.10.4 is wanted by 3.10, and the `python_abi` 3.10 by 3.10.4. */
function isOwnVersionWanted(record: Readonly<Record<string, unknown>>, versions: readonly string[]): boolean {
  if (!hasPythonVersion(textOf(record, 'name'))) return true
  const version = findVersion(textOf(record, 'version'))
  if (version === undefined) return true
  const isAbi = record['name'] === 'python_abi'
  return versions.some((text) => {
    const wanted = parseVersion(text)
    return versionStartsWith(version, wanted) || (isAbi && versionStartsWith(wanted, version))
  })
}

function canRun(need: PythonNeed, wanted: readonly WantedPython[]): boolean {
  return wanted.some((python) => releasesOf(python, need).some((release) => need.takes(release)))
}
