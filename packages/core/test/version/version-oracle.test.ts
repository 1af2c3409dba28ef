import { Version as RattlerVersion, VersionSpec as RattlerSpec } from '@conda-org/rattler'
import { test } from 'vitest'
import { compareVersions, findVersion, isMirrorError, parseVersionSpec, versionStartsWith } from '../../src/index.ts'
import { type Disagreement, explain, type Found, VERSION_DISAGREEMENTS, VERSION_SPEC_DISAGREEMENTS } from '../oracle/disagreements.ts'
import { hasData, readIndexes, readVersions } from '../oracle/real-data.ts'

/** A number of random numbers that is the same on every run. */
function createRandom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

function rattlerVersion(text: string): RattlerVersion | undefined {
  try {
    return new RattlerVersion(text)
  } catch {
    return undefined
  }
}

function rattlerAnswer(spec: string, version: RattlerVersion): string {
  try {
    return new RattlerSpec(spec, 'lenient').matches(version) ? '1' : '0'
  } catch {
    return 'x'
  }
}

function ourAnswer(spec: string, version: string): string {
  try {
    return parseVersionSpec(spec).matches(version) ? '1' : '0'
  } catch (error) {
    if (isMirrorError(error, 'MATCH_SPEC_INVALID')) return 'x'
    throw error
  }
}

/** Disagreements that no entry explains, and entries that explain none. */
function judge(found: readonly Found[],
table: readonly Disagreement[]): { readonly unlisted: readonly Found[]; readonly idle: readonly string[] } {
  const used = new Set(found.map((one) => explain(table, one)?.name))
  return { unlisted: found.filter((one) => explain(table, one) === undefined).slice(0, 20),
  idle: table.map(({ name }) => name).filter((name) => !used.has(name)) }
}

const SEPARATORS = ['.', '_', '+', '!', 'rc', 'dev', 'post', 'a', '']

/** Real versions, half of the time next to each other in order, or joined to new ones. */
function* pickPairs(versions: readonly string[], count: number): Generator<readonly [string, string]> {
  const random = createRandom(33)
  const pick = (): string => versions[random(versions.length)] ?? '0'
  const mixed = (): string => `${pick().split('+')[0] ?? ''}${SEPARATORS[random(SEPARATORS.length)] ?? ''}${pick().replace(/^.*[!+]/, '')}`
  for (let made = 0; made < count; made += 1) {
    const place = random(versions.length - 1)
    if (made % 3 === 0) yield [versions[place] ?? '0', versions[place + 1] ?? '0']
    else yield made % 3 === 1 ? [pick(), pick()] : [mixed(), mixed()]
  }
}

// Real versions are not in the repository (MIRROR_TEST_DATA): skipped where their folder is absent.
test.skipIf(!hasData)('compareVersions() orders 60,000 pairs of real versions as rattler does', ({ expect }) => {
  const versions = readVersions().toSorted()
  const found: Found[] = []
  let pairs = 0
  for (const [left, right] of pickPairs(versions, 80_000)) {
    const [ours, other] = [findVersion(left), findVersion(right)]
    const [theirs, their] = [rattlerVersion(left), rattlerVersion(right)]
    if (ours === undefined || other === undefined || theirs === undefined || their === undefined) continue
    pairs += 1
    const [order, wanted] = [compareVersions(ours, other), theirs.compare(their)]
    if (Math.sign(order) !== wanted) found.push({ spec: right, version: left, ours: String(order), theirs: String(wanted) })
    const [starts, doStart] = [versionStartsWith(ours, other), theirs.startsWith(their)]
    if (starts !== doStart) found.push({ spec: `${right}*`, version: left, ours: String(starts), theirs: String(doStart) })
    for (const version of [theirs, their]) version.free()
  }
  expect(pairs).toBeGreaterThan(60_000)
  expect(judge(found, VERSION_DISAGREEMENTS)).toEqual({ unlisted: [], idle: [] })
})

// Real versions are not in the repository (MIRROR_TEST_DATA): skipped where their folder is absent.
test.skipIf(!hasData)('isVersion() accepts the real versions that rattler accepts', ({ expect }) => {
  const versions = readVersions()
  expect(versions.length).toBeGreaterThan(10_000)
  expect(versions.filter((text) => (findVersion(text) === undefined) !== (rattlerVersion(text) === undefined))).toEqual([])
})

const FORMS = ['=V', '==V', '!=V', '<V', '<=V', '>V', '>=V', '~=V', 'V.*', 'V*', '!=V.*', '=C', 'C*', '>=C,<V', '<C|>V', '(<C|>=V),!=V',
  '>V.*', '<V.*', '==V.*', '!=C*', '~=C', '=C.*'] as const

// Real versions are not in the repository (MIRROR_TEST_DATA): skipped where their folder is absent.
test.skipIf(!hasData)('parseVersionSpec() matches 40,000 pairs of specs and real versions as rattler does', ({ expect }) => {
  const versions = readVersions().toSorted()
  const random = createRandom(29)
  const found: Found[] = []
  const pairs = 44_000
  for (let made = 0; made < pairs; made += 1) {
    const place = random(versions.length)
    const wanted = versions[place] ?? '0'
    const version = versions[Math.min(versions.length - 1, place + random(9))] ?? '0'
    const cut = wanted.slice(0, Math.max(1, wanted.length - 1 - random(4))).replace(/[._+!]+$/, '')
    const spec = (FORMS[made % FORMS.length] ?? 'V').replace(/[VC]/g, (key) => (key === 'V' ? wanted : cut))
    const parsed = rattlerVersion(version)
    if (parsed === undefined) continue
    const [ours, theirs] = [ourAnswer(spec, version), rattlerAnswer(spec, parsed)]
    if (ours !== theirs) found.push({ spec, version, ours, theirs })
  }
  expect(judge(found, VERSION_SPEC_DISAGREEMENTS)).toEqual({ unlisted: [], idle: [] })
})

// Real versions are not in the repository (MIRROR_TEST_DATA): skipped where their folder is absent.
test.skipIf(!hasData)('parseVersionSpec() matches the versions of real dependencies as rattler does', ({ expect }) => {
  const queries = readIndexes().flatMap(({ records, specs }) => [...specs].flatMap((spec) => {
    const [name = '', version = ''] = spec.split(' ')
    return version === '' ? [] : [...new Set((records.get(name) ?? []).map((record) => record.version))].map((candidate) => ({ version,
    candidate }))
  }))
  const found: Found[] = []
  let pairs = 0
  for (const { version, candidate } of queries) {
    const parsed = rattlerVersion(candidate)
    if (parsed === undefined) continue
    pairs += 1
    const [ours, theirs] = [ourAnswer(version, candidate), rattlerAnswer(version, parsed)]
    if (ours !== theirs) found.push({ spec: version, version: candidate, ours, theirs })
  }
  expect(pairs).toBeGreaterThan(20_000)
  expect(judge(found, VERSION_SPEC_DISAGREEMENTS).unlisted).toEqual([])
})
