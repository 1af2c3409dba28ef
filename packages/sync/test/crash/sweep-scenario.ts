import { cp, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isMirrorError } from '@mirror/core'
import { type Break, createBreakingIo, Dead } from './breaking-io.ts'
import { type KeepingScenario, openMirror } from './keeping-scenarios.ts'

/** What a sweep found. */
export interface ScenarioSweep {
  readonly points: number
  /** How many changes of the disk one run makes. */
  readonly changes: number
  readonly bad: readonly string[]
}

/** What is wrong after a break, and after the plain run that follows. */
export async function checkPoint(scenario: KeepingScenario, mirror: string): Promise<readonly string[]> {
  const between = await scenario.afterBreak(mirror)
  await scenario.run(openMirror(mirror, createBreakingIo({ type: 'none' }).io), mirror)
  return [...between.map((problem) => `after the break: ${problem}`), ...await scenario.inTheEnd(mirror)]
}

/** How thorough a sweep is. */
export interface SweepOptions {
  readonly folder: string
  /** Codes that a change fails with. */
  readonly codes: readonly string[]
  /** Every change, or every second one, and so on; the last one always. */
  readonly step: number
}

/** Breaks one scenario off before changes of the disk and after the last, and lets them fail. The mirror that it starts from stays in the folder. */
export async function sweepScenario(scenario: KeepingScenario, { folder, codes, step }: SweepOptions): Promise<ScenarioSweep> {
  const prepared = join(folder, scenario.name)
  if (!existsSync(prepared)) await scenario.prepare(prepared)
  const attempt = async (broken: Break): Promise<{ readonly count: number; readonly problems: readonly string[] }> => {
    const mirror = join(folder, 'broken')
    await cp(prepared, mirror, { recursive: true, preserveTimestamps: true })
    const { io, count } = createBreakingIo(broken)
    const error = await scenario.run(openMirror(mirror, io), mirror).then(() => undefined, (reason: unknown) => reason)
    const problems = [...judgeError(broken, error), ...await checkPoint(scenario, mirror)]
    await rm(mirror, { recursive: true, force: true })
    return { count: count(), problems }
  }
  const whole = await attempt({ type: 'none' })
  const places = Array.from({ length: whole.count }, (_, index) => whole.count - index).filter((_, index) => index % step === 0)
  const breaks = places.flatMap((at): Break[] => [
    { type: 'dead', at, when: 'before' }, ...(at === whole.count ? [{ type: 'dead', at, when: 'after' }] as const : []), ...codes.map((code) => ({ type: 'error', at, code }) as const),
  ])
  const bad = [...whole.problems]
  for (const broken of breaks) bad.push(...(await attempt(broken)).problems.map((problem) => `${JSON.stringify(broken)}: ${problem}`))
  return { points: breaks.length, changes: whole.count, bad }
}

/** A disk that fails is told by name; where it did not matter, not at all. */
function judgeError(broken: Break, error: unknown): readonly string[] {
  if (broken.type === 'none') return error === undefined ? [] : [`fails: ${String(error)}`]
  if (broken.type === 'error') return error === undefined || isMirrorError(error) ? [] : [`an error without a name: ${String(error)}`]
  return error instanceof Dead || error === undefined || isMirrorError(error) ? [] : [`ends with ${String(error)}`]
}
