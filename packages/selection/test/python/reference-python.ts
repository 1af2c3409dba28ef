// The rule about Pythons a second time, in another way: every release that might be meant is tried.
import { findVersion, type MatchSpec, matchesRecord, parseMatchSpec } from '@mirror/core'

type AnyRecord = Readonly<Record<string, unknown>>

/** Minor versions and patches up to 40, and some beyond everything. */
const NUMBERS: readonly number[] = [...Array.from({ length: 41 }, (_none, at) => at), 99, 100, 8888, 20_000]

function releasesOf(wanted: string): readonly string[] {
  const [major = '', minor, patch] = wanted.split('.')
  const minors = minor === undefined ? NUMBERS : [Number(minor)]
  return minors.flatMap((each) => (patch === undefined ? NUMBERS : [Number(patch)]).map((last) => `${major}.${each}.${last}`))
}

function specOf(text: unknown): MatchSpec | undefined {
  try {
    return typeof text === 'string' ? parseMatchSpec(text) : undefined
  } catch {
    return undefined
  }
}

/** Whether a release answers a dependency; true for one on something else. */
function answers(spec: MatchSpec, release: string): boolean {
  const [major = '', minor = ''] = release.split('.')
  const named = /^pypy(?<series>\d\.\d+)$/.exec(spec.name.text)?.groups?.['series']
  if (named !== undefined) return named === `${major}.${minor}`
  if (!['python', 'cpython', 'python_abi', 'python-gil', 'python-freethreading'].includes(spec.name.text)) return true
  if (spec.name.text === 'python-freethreading' && (Number(major) < 3 || (major === '3' && Number(minor) < 13))) return false
  const version = spec.name.text === 'python_abi' ? `${major}.${minor}` : release
  const build = spec.fields.get('build')?.text
  const tag = build?.match(/(?:cp|pypy|graalpy\d+_)([23])(\d+)/)
  if (tag && (tag[1] !== major || tag[2] !== minor)) return false
  return matchesRecord({ ...spec, fields: new Map() }, { name: spec.name.text, version, build: '', build_number: 0 })
}

/** The Python of a build string, as the beginning of releases. */
function builtFor(build: unknown): string | undefined {
  const found = typeof build === 'string' ? build.match(/(?:^|[_\d])py([23])\.?(\d{1,2})?(?!\d)/) : null
  return found ? `${found[1]}.${found[2] === undefined ? '' : `${found[2]}.`}` : undefined
}

/** True for a record that can run on one of the Pythons, or on none in particular. */
export function canRunOn(record: AnyRecord, versions: readonly string[]): boolean {
  const { name, version } = record
  const isPython = typeof name === 'string' && ['python', 'cpython', 'python_abi', 'python-gil', 'python-freethreading'].includes(name)
  const own = typeof version === 'string' ? findVersion(version)?.text : undefined
  const begins = (long: string, short: string): boolean => `${long}.`.startsWith(`${short}.`)
  if (isPython && own !== undefined && !versions.some((wanted) => begins(own, wanted) || (name === 'python_abi' && begins(wanted, own)))) return false
  const depends = Array.isArray(record['depends']) ? record['depends'] : []
  const specs = [...depends, typeof name === 'string' && name.startsWith('pypy') ? name : undefined].map(specOf).filter((spec) => spec !== undefined).filter((spec) => spec.when === undefined)

  const onPython = specs.filter((spec) => ['python', 'cpython', 'python_abi', 'python-gil', 'python-freethreading'].includes(spec.name.text) || /^pypy\d\.\d+$/.test(spec.name.text))
  const isLimited = onPython.some(({ name: pattern, version: wanted, fields }) =>
    wanted !== undefined || /pypy|freethreading/.test(pattern.text) || /(?:cp|pypy|graalpy\d+_)[23]\d/.test(fields.get('build')?.text ?? ''))
  const prefix = onPython.length > 0 && !isLimited && !record['noarch'] ? builtFor(record['build']) : undefined
  return onPython.length === 0 || versions.flatMap(releasesOf).some((release) => onPython.every((spec) => answers(spec, release)) && (prefix === undefined || release.startsWith(prefix)))
}
