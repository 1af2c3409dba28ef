import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from 'vitest'
import { createTakeAways } from '../../src/take-away/plans.ts'
import { planInProcess } from '../../src/take-away/plan-process.ts'
import type { TakeAwayJob, TakeAwayPlan } from '../../src/take-away/plan-take-away.ts'
import { SMALL, test } from '../world.ts'

const JOB: TakeAwayJob = { root: '/none', folder: 'team', target: 1, base: { kind: 'nothing' } }

describe('plans of what is taken away', () => {
  test('are made one at a time, once for all who ask, and not kept when they fail', async ({ expect }) => {
    let running = 0
    const seen: number[] = []
    const gates: (() => void)[] = []
    const takeAways = createTakeAways({
      async plan() {
        running += 1
        seen.push(running)
        await new Promise<void>((resolve) => gates.push(resolve))
        running -= 1
        return { status: 'refused', message: 'no' }
      },
    })
    const [first, same, second] = [takeAways.open('a', JOB, 10_000), takeAways.open('a', JOB, 10_000), takeAways.open('b', JOB, 10_000)]
    expect(await takeAways.open('a', JOB, 0)).toEqual({ status: 'making' })
    while (gates.length < 1) await new Promise(setImmediate)
    gates[0]?.()
    expect(await first).toEqual({ status: 'refused', message: 'no' })
    expect(await same).toEqual(await first)
    while (gates.length < 2) await new Promise(setImmediate)
    gates[1]?.()
    await second
    const again = takeAways.open('a', JOB, 10_000)
    while (gates.length < 3) await new Promise(setImmediate)
    gates[2]?.()
    await again
    expect(seen).toEqual([1, 1, 1])
  })

  test('are refused when too many wait', async ({ expect }) => {
    let open = (): void => undefined
    const gate = new Promise<TakeAwayPlan>((resolve) => { open = () => resolve({ status: 'gone' }) })
    const takeAways = createTakeAways({ plan: async () => await gate })
    const waiting = Array.from({ length: 8 }, (_, place) => takeAways.open(`${place}`, JOB, 10_000))
    expect(await takeAways.open('one more', JOB, 10_000)).toEqual({ status: 'busy' })
    open()
    expect(await Promise.all(waiting)).toEqual(Array.from({ length: 8 }, () => ({ status: 'gone' })))
  })

  test('end with their process when a reference fills its memory or takes too long, and nobody else does', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    const path = join(world.folder, 'bomb.json')
    const job: TakeAwayJob = { root: join(world.mirror, 'team'), folder: 'team', target: 1, base: { kind: 'reference', path } }
    // A few megabytes that unfold to more than the process has.
    writeFileSync(path, `{"x":[${'{},'.repeat(3_000_000)}{}]}`)
    const refusal = { status: 'refused', message: expect.stringContaining('more memory or time') as string }
    expect(await planInProcess(job, { memory: 48 })).toEqual(refusal)
    expect(await planInProcess(job, { patience: 1 })).toEqual(refusal)
    expect(await planInProcess({ ...job, base: { kind: 'nothing' } })).toMatchObject({ status: 'planned', isKnown: false })
    expect((await world.get('/healthz')).status).toBe(200)
  })
})
