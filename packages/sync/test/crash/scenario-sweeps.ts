import { existsSync } from 'node:fs'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isMirrorError } from '@mirror/core'
import { createDiskIo, type DiskIo } from '@mirror/store'
import { type Break, createBreakingIo, Dead } from './breaking-io.ts'
import { type KeepingScenario, openMirror } from './keeping-scenarios.ts'
import { checkPoint } from './sweep-scenario.ts'

/** What one kind of sweep found. */
export interface Swept {
  readonly points: number
  readonly bad: readonly string[]
}

/** One scenario, made ready in a folder, that can be broken off again and again. */
export interface Broken {
  /** Changes of the disk that one whole run makes. */
  readonly changes: number
  /** X1: killed before and after each. */
  readonly sweepKills: () => Promise<Swept>
  /** X2: killed after each, then killed again at the first, middle and last change of the run that follows. */
  readonly sweepRecovery: () => Promise<Swept>
  /** X3. */
  readonly sweepErrors: (code: string) => Promise<Swept>
  /** X4. */
  readonly sweepShortWrites: () => Promise<Swept>
}

/** How thorough sweeps are. */
export interface BreakOptions {
  readonly folder: string
  /** Every change, or every second one, and so on. Default 1. */
  readonly step?: number
  /** A sweep ends with the first fault that it finds. Default false. */
  readonly untilBad?: boolean
}

/** Prepares a scenario, and runs it once unbroken: it must succeed. */
export async function breakScenario(scenario: KeepingScenario, { folder, step = 1, untilBad = false }: BreakOptions): Promise<Broken> {
  const prepared = join(folder, scenario.name)
  await scenario.prepare(prepared)

  async function withMirror<Result>(use: (mirror: string) => Promise<Result>): Promise<Result> {
    const mirror = join(folder, `broken ${scenario.name}`)
    if (existsSync(prepared)) await cp(prepared, mirror, { recursive: true, preserveTimestamps: true })
    try {
      return await use(mirror)
    } finally {
      await rm(mirror, { recursive: true, force: true })
    }
  }

  async function attempt(mirror: string, io: DiskIo): Promise<unknown> {
    return scenario.run(openMirror(mirror, io), mirror).then(() => undefined, (error: unknown) => error)
  }

  async function runBroken(broken: Break): Promise<readonly string[]> {
    return withMirror(async (mirror) => {
      const error = await attempt(mirror, createBreakingIo(broken).io)
      return [...judge(broken, error), ...await checkPoint(scenario, mirror)].map((problem) => `${JSON.stringify(broken)}: ${problem}`)
    })
  }

  async function sweep(breaks: readonly Break[]): Promise<Swept> {
    const bad: string[] = []
    let points = 0
    for (const broken of breaks) {
      bad.push(...await runBroken(broken))
      points += 1
      if (untilBad && bad.length > 0) break
    }
    return { points, bad }
  }

  const changes = await withMirror(async (mirror) => {
    const { io, count } = createBreakingIo({ type: 'none' })
    const error = await attempt(mirror, io)
    const problems = await scenario.inTheEnd(mirror)
    if (error !== undefined || problems.length > 0) throw new TypeError(`${scenario.name} fails unbroken: ${String(error)} ${problems.join('; ')}`)
    return count()
  })
  const places = Array.from({ length: changes }, (_, index) => changes - index).filter((_, index) => index % step === 0)

  async function killTwice(at: number): Promise<Swept> {
    const bad: string[] = []
    const total = await withMirror(async (mirror) => {
      await attempt(mirror, createBreakingIo({ type: 'dead', at, when: 'after' }).io)
      const { io, count } = createBreakingIo({ type: 'none' })
      await attempt(mirror, io)
      return count()
    })
    const seconds = [...new Set([1, (total >> 1) + 1, total])].filter((second) => second >= 1 && second <= total)
    for (const second of seconds) {
      const problems = await withMirror(async (mirror) => {
        await attempt(mirror, createBreakingIo({ type: 'dead', at, when: 'after' }).io)
        await attempt(mirror, createBreakingIo({ type: 'dead', at: second, when: second === 1 ? 'before' : 'after' }).io)
        return checkPoint(scenario, mirror)
      })
      bad.push(...problems.map((problem) => `killed at ${at}, then at ${second}: ${problem}`))
    }
    return { points: seconds.length, bad }
  }

  return {
    changes,
    sweepKills: () => sweep(places.flatMap((at): Break[] => [{ type: 'dead', at, when: 'before' }, { type: 'dead', at, when: 'after' }])),
    sweepErrors: (code) => sweep(places.map((at) => ({ type: 'error', at, code }))),
    async sweepRecovery() {
      const all: Swept[] = []
      for (const at of places) all.push(await killTwice(at))
      return { points: all.reduce((sum, { points }) => sum + points, 0), bad: all.flatMap(({ bad }) => bad) }
    },
    async sweepShortWrites() {
      const bad: string[] = []
      const takes: readonly ((bytes: number) => number)[] = [() => 1, (bytes) => Math.ceil(bytes / 2), () => 100]
      for (const take of takes) {
        bad.push(...await withMirror(async (mirror) => {
          const error = await attempt(mirror, createShortIo(take))
          return [...(error === undefined ? [] : [`short writes: ${String(error)}`]), ...await scenario.inTheEnd(mirror)]
        }))
      }
      return { points: takes.length, bad }
    },
  }
}

function createShortIo(take: (bytes: number) => number): DiskIo {
  const real = createDiskIo()
  return { ...real, sync: async () => undefined, syncDirectory: async () => undefined, write: (fd, bytes) => real.write(fd, bytes.subarray(0, take(bytes.length))) }
}

/** A disk that fails is told by name, with what to do; where it did not matter, not at all. */
function judge(broken: Break, error: unknown): readonly string[] {
  if (error === undefined) return []
  if (broken.type !== 'error') return error instanceof Dead || isMirrorError(error) ? [] : [`ends with ${String(error)}`]
  if (!isMirrorError(error)) return [`an error without a name: ${String(error)}`]
  return [...(/^Cannot .+: ./s.test(error.message) ? [] : [`says not what failed: ${error.message}`]), ...(error.hint === undefined ? [`says not what to do: ${error.message}`] : [])]
}
