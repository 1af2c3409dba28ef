import { test } from 'vitest'
import { runSteps } from '../src/run-steps.ts'

const LIVE = new AbortController().signal

function* count(steps: number, told: (step: number) => void = () => undefined): Generator<undefined, string, undefined> {
  for (let step = 0; step < steps; step += 1) {
    told(step)
    yield
  }
  return `${steps} done`
}

/** Keeps the processor for a moment, as a step of real work does. */
function work(): void {
  const end = performance.now() + 4
  while (performance.now() < end) continue
}

test('runSteps() does every step, waits before each next one, and gives the result', async ({ expect }) => {
  const seen: string[] = []
  const ready = (): Promise<void> => {
    seen.push('ready')
    return Promise.resolve()
  }
  expect(await runSteps(count(3, (step) => seen.push(String(step))), { signal: LIVE, ready })).toBe('3 done')
  expect(seen).toEqual(['0', 'ready', '1', 'ready', '2', 'ready'])
})

test('runSteps() lets others go on meanwhile', async ({ expect }) => {
  let turns = 0
  const timer = setInterval(() => { turns += 1 }, 1)
  await runSteps(count(20, work), { signal: LIVE })
  clearInterval(timer)
  expect(turns).toBeGreaterThan(0)
})

test('runSteps() stops between two steps when it is aborted, also while it does them', async ({ expect }) => {
  const controller = new AbortController()
  const reason = new Error('enough')
  let last = 0
  const steps = count(1000, (step) => {
    last = step
    work()
  })
  setImmediate(() => controller.abort(reason))
  await expect(runSteps(steps, { signal: controller.signal })).rejects.toBe(reason)
  expect(last).toBeLessThan(999)
})

test('runSteps() passes on what a step, or what is waited for, throws', async ({ expect }) => {
  const fault = new Error('no')
  await expect(runSteps(count(3, () => { throw fault }), { signal: LIVE })).rejects.toBe(fault)
  await expect(runSteps(count(3), { signal: LIVE, ready: () => Promise.reject(fault) })).rejects.toBe(fault)
})
