import { isMirrorError, parseMatchSpec, type SubdirName } from '@mirror/core'
import { closeOver } from '../../src/closure/close-over.ts'
import type { RecordRows } from '../../src/selectable-index.ts'
import { type JsonIndex, type JsonRecord, rowsOfIndex } from '../closure/json-rows.ts'
import type { SolverChannel } from './channels.ts'
import { createRandom, type Random } from './random.ts'
import type { Solver } from './solver.ts'

/** What came of one set of seeds. */
export interface Comparison {
  readonly channel: string
  readonly mode: 'specs' | 'environment'
  readonly seeds: readonly string[]
  /** `same` artifacts, `none` on both sides, or a fault: another answer than from the whole. */
  readonly outcome: 'same' | 'none' | 'other solution' | 'lost' | 'gained' | 'refused'
  readonly records: number
  readonly whole: number
  readonly milliseconds: number
  readonly difference: string
}

/** A channel whose sets of seeds are compared. */
export interface Compared {
  readonly channel: SolverChannel
  readonly count: number
  readonly random: Random
  /** Keep what is in no solution too. */
  readonly exact?: boolean
}

/** Draws sets of seeds, and compares what the solver picks from the whole with what it picks from the closure. */
export async function compareSets(solver: Solver, { channel, count, random, exact = false }: Compared): Promise<readonly Comparison[]> {
  const rows = [...channel.indexes].map(([subdir, index]) => rowsOfIndex(subdir, index))
  solver.publish('whole', channel.indexes)
  const found: Comparison[] = []
  for (let turn = 0; turn < count; turn += 1) {
    const mode = turn % 2 === 0 ? 'specs' : 'environment'
    const seeds = drawSeeds(rows, random)
    // Of specs, any subset must be installable; of an environment, the whole set.
    const asked = mode === 'specs' ? seeds.filter((_, place) => place === 0 || random.below(2) === 0) : seeds
    found.push(await compareOne(solver, { channel, rows, mode, seeds, asked, exact }))
  }
  return found
}

interface Draw {
  readonly channel: SolverChannel
  readonly rows: readonly RecordRows[]
  readonly mode: Comparison['mode']
  readonly seeds: readonly string[]
  readonly asked: readonly string[]
  readonly exact: boolean
}

async function compareOne(solver: Solver, { channel, rows, mode, seeds, asked, exact }: Draw): Promise<Comparison> {
  const specs = seeds.map((text) => parseMatchSpec(text))
  const before = performance.now()
  const keep = close(rows, mode === 'specs' ? { specs, exact } : { specs: [], environments: [specs], exact })
  const milliseconds = performance.now() - before
  const fromWhole = await solver.solve('whole', asked, channel.platform)
  const whole = rows.reduce((sum, { count }) => sum + count, 0)
  const base = { channel: channel.name, mode, seeds: asked.length === seeds.length ? seeds : [...asked, '|', ...seeds], whole, milliseconds }
  if (keep === undefined) {
    const answers = mode === 'specs' ? await Promise.all(seeds.map((seed) => solver.solve('whole', [seed], channel.platform))) : [fromWhole]
    const isRight = answers.includes(undefined)
    return { ...base, outcome: isRight ? 'none' : 'refused', records: 0, difference: isRight ? '' : `the solver has ${String(fromWhole)}` }
  }
  solver.publish('closure', restrict(channel.indexes, rows, keep))
  const fromClosure = await solver.solve('closure', asked, channel.platform)
  return { ...base, ...judge(fromWhole, fromClosure), records: [...keep.values()].reduce((sum, marks) => sum + marks.reduce((one, mark) => one + mark, 0), 0) }
}

/** Undefined where the closure says that nothing can be had. */
function close(rows: readonly RecordRows[], seeds: Pick<Parameters<typeof closeOver>[1]['choice'], 'specs' | 'environments' | 'exact'>): ReadonlyMap<SubdirName, Uint8Array> | undefined {
  try {
    return closeOver(rows, { choice: { ...seeds, artifacts: [], virtualPackages: new Map() }, keep: new Map() }).keep
  } catch (error) {
    if (isMirrorError(error, 'CLOSURE_UNSOLVABLE')) return undefined
    throw error
  }
}

function judge(whole: readonly string[] | undefined, closure: readonly string[] | undefined): Pick<Comparison, 'outcome' | 'difference'> {
  if (whole === undefined) return { outcome: closure === undefined ? 'none' : 'gained', difference: String(closure ?? '') }
  if (closure === undefined) return { outcome: 'lost', difference: whole.join(' ') }
  const difference = [...whole.filter((place) => !closure.includes(place)).map((place) => `-${place}`), ...closure.filter((place) => !whole.includes(place)).map((place) => `+${place}`)]
  return { outcome: difference.length === 0 ? 'same' : 'other solution', difference: difference.join(' ') }
}

function restrict(indexes: SolverChannel['indexes'], rows: readonly RecordRows[], keep: ReadonlyMap<SubdirName, Uint8Array>): SolverChannel['indexes'] {
  return new Map(rows.map((each) => {
    const kept = new Set(Array.from({ length: each.count }, (_, row) => row).filter((row) => keep.get(each.subdir)?.[row] === 1).map((row) => each.keyAt(row)))
    const pick = (section: Readonly<Record<string, JsonRecord>> = {}) => Object.fromEntries(Object.entries(section).filter(([key]) => kept.has(key)))
    const index: JsonIndex = indexes.get(each.subdir) ?? {}
    return [each.subdir, { ...index, packages: pick(index.packages), 'packages.conda': pick(index['packages.conda']) }]
  }))
}

function drawSeeds(rows: readonly RecordRows[], random: Random): readonly string[] {
  const names = rows.flatMap((each) => [...each.names()])
  const chosen = new Set(Array.from({ length: 1 + random.below(4) }, () => random.pick(names) ?? ''))
  return [...chosen].map((name) => drawSeed(name, rows, random))
}

function drawSeed(name: string, rows: readonly RecordRows[], random: Random): string {
  const records = rows.flatMap((each) => Array.from(each.rowsNamed(name), (row) => each.recordAt(row)))
  const { version, build } = random.pick(records) ?? {}
  const cut = String(version).split('.').slice(0, 2).join('.')
  return random.pick([name, name, `${name} ${cut}.*`, `${name} >=${cut}`, `${name} <=${String(version)}`, `${name} ${String(version)} ${String(build)}`]) ?? name
}

/** Numbers over comparisons. */
export function summarize(comparisons: readonly Comparison[]): string {
  const outcomes = Object.entries(Object.groupBy(comparisons, ({ outcome }) => outcome)).map(([outcome, found]) => `${found.length} ${outcome}`)
  const closed = comparisons.filter(({ records }) => records > 0)
  const share = (mode: Comparison['mode']): string => {
    const found = closed.filter((each) => each.mode === mode)
    return `${mode} ${((100 * found.reduce((sum, { records, whole }) => sum + records / whole, 0)) / Math.max(1, found.length)).toFixed(1)} %`
  }
  return `${comparisons.length} sets: ${outcomes.join(', ')}; kept of the whole on average: ${share('specs')}, ${share('environment')}`
}

/** A generator for each channel, so that one more channel does not change the others' sets. */
export function randomOf(channel: SolverChannel): Random {
  return createRandom([...channel.name].reduce((sum, character) => (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0, 7))
}
