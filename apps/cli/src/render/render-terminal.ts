import type { LogLevel, Renderer, ShownEvent } from '../events.ts'
import type { Output } from '../output.ts'
import { describeEvent } from './describe-event.ts'
import { escapeControls } from './escape-controls.ts'
import { formatBar, formatProgress } from './format-progress.ts'
import { isShown } from './log-level.ts'
import { createProgressTracker } from './track-progress.ts'

/** What `createTerminalRenderer` needs. */
export interface TerminalOptions {
  readonly output: Output
  readonly level: LogLevel
  readonly color: boolean
  /** Milliseconds. */
  readonly now: () => number
}

const CLEAR = '\r\u001B[2K'
const REDRAW = 100
const ENDS: readonly string[] = ['channel-finished', 'upload-finished', 'channel-failed', 'installers-finished', 'installers-failed', 'delta-finished']
const COLORS: Readonly<Partial<Record<LogLevel, string>>> = { ERROR: '\u001B[31m', CRITICAL: '\u001B[31m', WARNING: '\u001B[33m' }

/** Lines that stay, and below them one that is redrawn ten times a second: bar, artifacts, bytes, rate and time left. Never wider than the terminal. */
export function createTerminalRenderer({ output, level, color, now }: TerminalOptions): Renderer {
  const tracker = createProgressTracker(now)
  let channel: string | undefined
  let drawn = Number.NEGATIVE_INFINITY
  const timer = setInterval(draw, REDRAW).unref()

  function draw(): void {
    if (channel === undefined || now() - drawn < REDRAW || !isShown('INFO', level)) return
    drawn = now()
    const progress = tracker.read()
    const width = Math.max(20, output.width() - 1)
    const bar = width < 60 || progress.totalBytes === 0 ? '' : `${formatBar(progress, Math.min(24, width - 56))} `
    output.write(`${CLEAR}${`${bar}${formatProgress(progress)}`.slice(0, width)}`)
  }

  function clear(): void {
    if (drawn > Number.NEGATIVE_INFINITY) output.write(CLEAR)
    drawn = Number.NEGATIVE_INFINITY
  }

  function write(shown: ShownEvent): void {
    const described = describeEvent(shown)
    if (described === undefined || !isShown(described.level, level)) return
    const paint = color ? COLORS[described.level] : undefined
    clear()
    const text = escapeControls(described.text())
    output.write(paint === undefined ? `${text}\n` : `${paint}${text}\u001B[39m\n`)
  }

  return {
    render(shown) {
      tracker.observe(shown)
      if (shown.type === 'channel-started') ({ channel } = shown)
      if (shown.type === 'installers-started') channel = shown.remote
      if (shown.type === 'delta-started') channel = shown.delta
      if (ENDS.includes(shown.type)) {
        channel = undefined
        clear()
      }
      write(shown)
      draw()
    },
    close() {
      clearInterval(timer)
      channel = undefined
      clear()
    },
  }
}
