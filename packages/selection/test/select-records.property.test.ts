import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RULES, selectRecords } from '../src/index.ts'
import { type PlainRecord, type PlainSelection, selectPlainly } from './reference-selection.ts'
import { DAY, indexOf, keptOf, NOW, toSelection } from './select-plainly.ts'

const NAMES = ['a', 'b', 'a-b', 'Python', 'python', 'caf\u00e9']
const VERSIONS = ['1.0', '1.0.0', '1', '1.1', '1.10', '1.9', '2.0a1', '2.0', '2.0.dev1', '1!0.5', '0.9', 'no version', '']
const BUILDS = ['0', 'py38_0', 'py39_1', 'h0_0', 'cp313_0']
const LICENCES = ['MIT', 'GPL-3.0-only', 'Apache-2.0']
const FAMILIES: Readonly<Record<string, string>> = { MIT: 'MIT', 'GPL-3.0-only': 'GPL3', 'Apache-2.0': 'Apache' }

const odd = fc.constantFrom<unknown>(null, true, -1, 1.5, '12', '', [], {}, { license: 'MIT' }, ['x'], 1e300, '\u00e9"\\{')
const often = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<unknown> => fc.oneof({ weight: 15, arbitrary: value }, { weight: 1, arbitrary: odd })
const times = fc.oneof(fc.integer({ min: 0, max: 400 }).map((days) => NOW - days * DAY), fc.integer({ min: 0, max: 400 }).map((days) => Math.floor((NOW - days * DAY) / 1000)), fc.constantFrom<number>(NOW + DAY, 0, NOW))

const record: fc.Arbitrary<PlainRecord> = fc.record({
  name: often(fc.constantFrom(...NAMES)), version: often(fc.constantFrom(...VERSIONS)), build: often(fc.constantFrom(...BUILDS)), build_number: often(fc.integer({ min: 0, max: 3 })),
  size: often(fc.constantFrom(0, 10, 1000, 5_000_000_000)), timestamp: often(times), indexed_timestamp: often(times), license: fc.constantFrom<unknown>(...LICENCES, null, 7, ['MIT']),
  depends: often(fc.subarray(['python >=3.8,<3.9.0a0', 'python 3.9.*', 'python', 'numpy', 'b >=1'])), noarch: fc.constantFrom<unknown>('python', 'generic', null), note: odd,
}, { requiredKeys: [] })

const entry = fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom('1.0', '1.1', '2.0'), fc.constantFrom(...BUILDS), record)
const records = (ending: string): fc.Arbitrary<PlainRecord> => fc.array(entry, { maxLength: 12 })
  .map((entries) => Object.fromEntries(entries.map(([name, version, build, each]) => [`${name}-${version}-${build}${ending}`, each])))
const document = fc.record({
  packages: records('.tar.bz2'), 'packages.conda': records('.conda'), v3: fc.record({ conda: records(''), whl: records(''), 'tar.bz2': records('') }, { requiredKeys: [] }), removed: fc.constant([]),
}, { requiredKeys: [] })

const SPECS = ['a', 'b >=1.0,<2.0', 'a*', '*[build=*py3*]', 'a 1.0', 'a-b[build_number=1]', '*[license=MIT]', 'python[subdir=noarch]', '*-b 1.1.*', 'nothing', '*[fn=*-0.conda]', '* <1.1']
const names = fc.subarray([...NAMES, 'A', 'nothing'])
const specs = fc.subarray(SPECS, { maxLength: 4 })
const limits = fc.integer({ min: 0, max: 400 }).map((days) => days * DAY)

const selections: fc.Arbitrary<PlainSelection> = fc.record({
  packages: names, licenseBlacklist: fc.subarray(['MIT', 'GPL3', 'Apache']), blacklist: names, whitelist: names, exclude: specs, include: specs, pythonVersions: fc.subarray(['3.8', '3.9', '3.10']),
  maximumSize: fc.constantFrom(5, 1000, 4_999_999_999), newerThan: limits.map((ago) => NOW - ago), maximumAge: limits, olderThan: limits.map((ago) => NOW - ago), minimumAge: limits,
  undated: fc.constantFrom('keep' as const, 'drop' as const),
  formats: fc.record({ allowed: fc.subarray(['conda' as const, 'tar.bz2' as const]), prefer: fc.constantFrom('conda' as const, 'tar.bz2' as const) }, { requiredKeys: ['allowed'] }),
  latest: fc.record({ versions: fc.integer({ min: 1, max: 3 }), builds: fc.integer({ min: 1, max: 2 }) }, { requiredKeys: [] }),
}, { requiredKeys: [] })
  // Few rules at once, or hardly anything is left for the last ones.
  .chain((all) => fc.subarray(Object.keys(all)).map((keys): PlainSelection => Object.fromEntries(Object.entries(all).filter(([key]) => keys.includes(key)))))

/** For licences that mean one family. */
function isLicenceOut({ license }: PlainRecord, blacklist: readonly string[]): boolean {
  const families = (Array.isArray(license) ? license : [license]).map((each) => FAMILIES[String(each)] ?? '')
  return families.some((family) => blacklist.includes(family))
}

/** For the dependencies above. */
function runsOn({ name, version, depends, build, noarch }: PlainRecord, versions: readonly string[]): boolean {
  if (name === 'python' && typeof version === 'string' && /^\d+(?:\.\d+)*(?:a1|\.dev1)?$|^1!0\.5$/.test(version)) return versions.some((wanted) => `${version}.`.startsWith(`${wanted}.`))
  const limited: Readonly<Record<string, string>> = { 'python >=3.8,<3.9.0a0': '3.8', 'python 3.9.*': '3.9' }
  const asked = Array.isArray(depends) ? depends.filter((each): each is string => typeof each === 'string' && each.startsWith('python')) : []
  const needs = asked.flatMap((each) => limited[each] ?? [])
  const built = typeof build === 'string' && !noarch ? /^py3(\d)/.exec(build)?.[1] : undefined
  if (asked.length > 0 && needs.length === 0 && built !== undefined) needs.push(`3.${built}`)
  return versions.some((wanted) => needs.every((need) => need === wanted))
}

const options = { now: NOW, isLicenceOut, runsOn }

/** JSON in any dress: blanks between tokens, letters as escapes, keys included. */
function write(value: unknown, style: { readonly blank: string; readonly escaped: RegExp }): string {
  const { blank, escaped } = style
  if (typeof value === 'string') return JSON.stringify(value).replace(escaped, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
  if (Array.isArray(value)) return `[${blank}${value.map((item) => write(item, style)).join(`${blank},${blank}`)}${blank}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{${blank}${Object.entries(value).map(([key, member]) => `${write(key, style)}${blank}:${blank}${write(member, style)}`).join(`,${blank}`)}${blank}}`
}

const styles = fc.record({ blank: fc.constantFrom('', '', ' ', '\n\t'), escaped: fc.constantFrom(/(?!)/g, /[^ -~]/g, /[ekc](?=[^e]*$)/g) })
const documents = fc.tuple(document, styles).map(([value, style]) => write(value, style))
const RUNS = Number(process.env['SELECTION_RUNS'] ?? 400)
const WHILE = { timeout: 60_000 }

describe('selectRecords()', () => {
  it('keeps what the rules, written down plainly, keep', WHILE, () => {
    fc.assert(fc.property(documents, documents, selections, (linux, noarch, selection) => {
      const texts = new Map([['linux-64', linux], ['noarch', noarch]])
      const indexes = [...texts].map(([subdir, text]) => indexOf(subdir, text))
      const selected = selectRecords(indexes, toSelection(selection), { now: NOW })
      expect(keptOf(selected, indexes)).toEqual(selectPlainly(texts, selection, options))
    }), { numRuns: RUNS })
  })

  it('tells of every record whether a rule decided, and counts what each did', WHILE, () => {
    fc.assert(fc.property(documents, selections, (linux, selection) => {
      const index = indexOf('linux-64', linux)
      const { keep, decidedBy, effects } = selectRecords([index], toSelection(selection), { now: NOW }).subdirs.get(index.subdir) ?? expect.fail()
      const counts = new Map<string, number>()
      for (let row = 0; row < index.layout.rows; row += 1) {
        const rule = RULES[(decidedBy?.[row] ?? 0) - 1]
        const isKept = keep === undefined || keep[row] !== 0
        if (rule === undefined) expect(isKept).toBe(true)
        else counts.set(rule, (counts.get(rule) ?? 0) + 1)
        if (rule !== undefined && isKept) expect(['whitelist', 'include']).toContain(rule)
      }
      expect(new Map(effects.map(({ rule, records: count }) => [rule, count]))).toEqual(counts)
    }), { numRuns: RUNS / 2 })
  })

  it('knows when it would answer otherwise: not before, if nothing else changes', WHILE, () => {
    fc.assert(fc.property(documents, selections, fc.double({ min: 0, max: 1, noNaN: true }), (linux, selection, share) => {
      const index = indexOf('linux-64', linux)
      const selected = selectRecords([index], toSelection(selection), { now: NOW })
      const { changesAt } = selected
      const end = changesAt ?? NOW + 1000 * DAY
      expect(end).toBeGreaterThan(NOW)
      const later = Math.floor(NOW + (end - 1 - NOW) * share)
      expect(keptOf(selectRecords([index], toSelection(selection), { now: later }), [index])).toEqual(keptOf(selected, [index]))
    }), { numRuns: RUNS / 2 })
  })
})
