import type { Flags } from '../command-line/flags.ts'
import type { Config } from '../config/config.ts'
import type { EnvironmentValues } from '../config/environment.ts'
import type { Renderer } from '../events.ts'
import type { Output } from '../output.ts'
import { escapeControls } from '../render/escape-controls.ts'

/** Where deltas come from and go to beside files. */
export interface Pipes {
  readonly stdin: AsyncIterable<Uint8Array> | undefined
  readonly writeBytes: ((bytes: Uint8Array) => Promise<void>) | undefined
}

/** What every command works with. */
export interface Session {
  readonly command: string
  readonly config: Config
  /** Reads the configuration again, from the same place. Throws what the configuration throws. */
  readonly readConfig: () => Promise<Config>
  /** Calls `listener` whenever the process is asked to read its configuration again. */
  readonly onHangUp: (listener: () => void) => void
  readonly env: EnvironmentValues
  readonly flags: Flags
  readonly stdout: Output
  readonly renderer: Renderer
  /** The working directory. */
  readonly cwd: string
  /** Bytes from stdin and to stdout, where there are pipes. */
  readonly pipes: Pipes
  readonly signal: AbortSignal
  /** Milliseconds. */
  readonly now: () => number
}

/** Prints a result for people, with what could deceive them escaped; nothing with `--json`, which has its own, or with `--quiet`. */
export function printResult({ flags, stdout, renderer }: Session, text: string): void {
  renderer.close()
  if (!flags.json && !flags.quiet) stdout.write(escapeControls(text))
}
