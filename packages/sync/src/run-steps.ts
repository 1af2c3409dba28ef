import { collectGarbage } from '@mirror/store'

/** So long, in milliseconds, before other work goes on: a stop by the user, other subdirs, the display. */
const SLICE = 10
/** So many of these, a second, leave enough behind to have it collected. */
const COLLECT_AFTER = 100

/** Does work that comes in steps without keeping others from theirs. Stops between two steps, by throwing the signal's reason, when it is aborted; `ready` is waited for before each. */
export async function runSteps<T>(steps: Generator<undefined, T, undefined>, { signal, ready }: { readonly signal: AbortSignal; readonly ready?: (() => Promise<void>) | undefined }): Promise<T> {
  let began = performance.now()
  let slices = 0
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    await ready?.()
    if (performance.now() - began < SLICE) continue
    await new Promise((resolve) => setImmediate(resolve))
    signal.throwIfAborted()
    slices += 1
    if (slices % COLLECT_AFTER === 0) collectGarbage()
    began = performance.now()
  }
}
