/**
 * Compares our match specs with rattler's on real records. `@conda-org/rattler` has no match specs, so this needs Python:
 *
 *     python3 -m venv VENV && VENV/bin/pip install py-rattler==0.28.0
 *     node packages/core/test/oracle/match-spec.ts VENV/bin/python
 *
 * Prints `pairs=N disagreements=M listed=K`; exits with 1 on a disagreement that `disagreements.ts` does not list, and on
 * an entry there that explains nothing.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { isMirrorError, matchesRecord, type MatchSpec, parseMatchSpec } from '../../src/index.ts'
import { explain, MATCH_SPEC_DISAGREEMENTS } from './disagreements.ts'
import { readIndexes, type RealRecord } from './real-data.ts'

interface Query {
  readonly spec: string
  readonly records: readonly RealRecord[]
}

const MAXIMUM_RECORDS = 60

/** Specs that dependencies rarely use, made of the name (N), a version (V), a cut of it (C) and a build (B) of real records. */
const TEMPLATES = ['N', 'N=V', 'N =V', 'N==V', 'N V', 'N !=V', 'N!=V.*', 'N ~=V', 'N V.*', 'N V*', 'N C*', 'N=C', 'N >=V', 'N<V',
  'N >V.*', 'N <=V', 'N >=C,<V', 'N (<C|>V)',
  'N V B', 'N =V B', 'N=V=B', 'N ==V *_0', 'N=*=*_1', 'N * *PY*', "N[version='>=C',build='*_0']", "N[version='=V']",
  "N[build_number='>=1']", 'N[build_number=0]',
  "N[build='^.*_[01]$']", 'conda-forge::N', 'conda-forge/linux-64::N=V', '* V', "*[build='B']", 'N >=V_', 'N ==V.*',
  "N[version='C|>V,!=V']", 'N =V=B'] as const

function collectQueries(): readonly Query[] {
  let turn = 0
  return readIndexes().flatMap(({ records, specs }) => {
    const real = [...specs].map((spec) => ({ spec, records: records.get(nameOf(spec)) ?? [] }))
    const made = [...records.values()].flatMap((found) => Array.from({ length: 6 },
      () => ({ spec: fill(turn++, found), records: found })))
    return [...real,
    ...made].filter((query) => query.records.length > 0).map((query) => ({ spec: query.spec, records: sample(query.records) }))
  })
}

function fill(turn: number, records: readonly RealRecord[]): string {
  const { name, version, build } = records[(turn * 7) % records.length] ?? { name: '*', version: '*', build: '*' }
  const cut = version.slice(0, Math.max(1, version.length - 1 - (turn % 3))).replace(/[._]+$/, '')
  const values: Readonly<Record<string, string>> = { N: name, V: version, C: cut, B: build }
  return (TEMPLATES[turn % TEMPLATES.length] ?? 'N').replace(/\b[NVCB](?![A-Za-z])|(?<=[<>=~!(])[VC](?![A-Za-z])|V(?=_)/g,
  (key) => values[key] ?? key)
}

function nameOf(spec: string): string {
  return /^[^\s=<>!~[]*/.exec(spec)?.[0].toLowerCase() ?? ''
}

/** Evenly over the list, so that all ages of a package are there. */
function sample(records: readonly RealRecord[]): readonly RealRecord[] {
  const step = Math.max(1, records.length / MAXIMUM_RECORDS)
  return Array.from({ length: Math.min(records.length, MAXIMUM_RECORDS) },
  (_, index) => records[Math.floor(index * step)]).filter((record) => record !== undefined)
}

function parse(text: string): MatchSpec | undefined {
  try {
    return parseMatchSpec(text)
  } catch (error) {
    if (isMirrorError(error, 'MATCH_SPEC_INVALID')) return undefined
    throw error
  }
}

function ourAnswer({ spec, records }: Query): string {
  const parsed = parse(spec)
  if (parsed === undefined) return 'x'.repeat(records.length)
  return records.map((record) => (matchesRecord(withoutOrigin(parsed), record) ? '1' : '0')).join('')
}

/** Rattler compares channel and subdir elsewhere, not when it matches a record. */
function withoutOrigin(spec: MatchSpec): MatchSpec {
  return { ...spec, fields: new Map([...spec.fields].filter(([field]) => field !== 'channel' && field !== 'subdir')) }
}

function askRattler(python: string, queries: readonly Query[]): readonly string[] {
  const input = queries.map(({ spec, records }) => JSON.stringify({ spec,
    records: records.map((record) => [record.name, record.version, record.build, record.build_number]) }))
  const script = join(import.meta.dirname, 'match-spec.py')
  const { status, stdout, stderr } = spawnSync(python, [script], { input: input.join('\n'), encoding: 'utf8', maxBuffer: 1 << 28 })
  if (status !== 0) throw new Error(`${python} ended with ${status}: ${stderr}`)
  return stdout.trim().split('\n').map((line, index) => {
    const answer: { readonly matches?: string } = JSON.parse(line)
    return answer.matches ?? 'x'.repeat(queries[index]?.records.length ?? 0)
  })
}

function compare(queries: readonly Query[], theirs: readonly string[]): number {
  const used = new Set<string>()
  let pairs = 0
  let disagreements = 0
  let unlisted = 0
  queries.forEach((query, index) => {
    const ours = ourAnswer(query)
    query.records.forEach((record, position) => {
      const their = theirs[index]?.[position] ?? '?'
      if (their === '?' || (their === 'x' && ours[position] === 'x')) return
      pairs += 1
      if (ours[position] === their) return
      disagreements += 1
      const entry = explain(MATCH_SPEC_DISAGREEMENTS,
        { spec: query.spec, version: record.version, ours: ours[position] ?? '', theirs: their })
      if (entry !== undefined) used.add(entry.name)
      else if (++unlisted <= 40) {
        const found = `${JSON.stringify(query.spec)} on ${record.name}-${record.version}-${record.build}`
        process.stderr.write(`not listed: ${found} ours=${ours[position]} rattler=${their}\n`)
      }
    })
  })
  const idle = MATCH_SPEC_DISAGREEMENTS.filter((entry) => !used.has(entry.name))
  for (const entry of idle) process.stderr.write(`explains nothing: ${entry.name}\n`)
  process.stdout.write(`pairs=${pairs} disagreements=${disagreements} listed=${disagreements - unlisted}\n`)
  return unlisted + idle.length
}

const queries = collectQueries()
process.exitCode = compare(queries, askRattler(process.argv[2] ?? 'python3', queries)) === 0 ? 0 : 1
