import type { LogLevel, Renderer, ShownEvent } from '../events.ts'
import type { Output } from '../output.ts'
import { describeEvent } from './describe-event.ts'
import { escapeControls } from './escape-controls.ts'
import { formatProgress } from './format-progress.ts'
import { isShown } from './log-level.ts'
import { createProgressTracker } from './track-progress.ts'

/** What `createPlainRenderer` needs. */
export interface PlainOptions {
  readonly output: Output
  readonly level: LogLevel
  /** Milliseconds. */
  readonly now: () => number
}

const PAUSE = 10_000
const MOVES: readonly string[] = ['bytes-received', 'bytes-sent', 'upload-done', 'artifact-done', 'verify-progress', 'installer-started']

/** One line a fact, for logs: no colour, nothing redrawn. While artifacts are fetched, a line every ten seconds. */
export function createPlainRenderer({ output, level, now }: PlainOptions): Renderer {
  const tracker = createProgressTracker(now)
  let told = now()

  function tellProgress(): void {
    if (now() - told < PAUSE || !isShown('INFO', level)) return
    told = now()
    output.write(`  ${formatProgress(tracker.read())}\n`)
  }

  return {
    render(shown: ShownEvent) {
      tracker.observe(shown)
      const described = describeEvent(shown)
      if (described !== undefined && isShown(described.level, level)) output.write(`${escapeControls(described.text())}\n`)
      else if (shown.type === 'delta') tellProgress()
      else if ((shown.type === 'sync' || shown.type === 'verify') && MOVES.includes(shown.event.type)) tellProgress()
    },
    close() {},
  }
}
