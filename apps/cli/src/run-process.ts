import { closeSync, openSync } from 'node:fs'
import type { CommandContext } from './run-mirror.ts'

const PATIENCE = 4500

/** A server sends to the end what it is sending. */
export const SERVING_PATIENCE = 12_000

/** Options of `runProcess`. */
export interface RunProcessOptions {
  /** How long a command may take to stop, in milliseconds. Default 4,500. */
  readonly patience?: number
}

type Run = (argv: readonly string[], context: CommandContext) => Promise<number>

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
const TERMINAL = '/dev/tty'

/**
 * Runs a command as this process: real streams and environment, and signals. The first signal asks the command to stop, which leaves the mirror whole; a second
 * one, or 4.5 seconds, ends the process at once, which does so too, as every step of a store survives that. SIGHUP does the same, unless the command listens to it
 * and there is no terminal that went away. Ends the process with the command's exit code.
 */
export async function runProcess(run: Run, { patience = PATIENCE }: RunProcessOptions = {}): Promise<void> {
  const controller = new AbortController()
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130)
    process.stderr.write('\nStopping: the mirror stays whole. Once more to stop at once.\n')
    controller.abort()
    setTimeout(() => process.exit(130), patience).unref()
  }
  for (const signal of SIGNALS) process.on(signal, stop)
  let hangUp = stop
  process.on('SIGHUP', () => hangUp())
  const onHangUp = (listener: () => void): void => {
    const hadTerminal = hasTerminal()
    hangUp = () => (hadTerminal && !hasTerminal() ? stop() : listener())
  }
  const { stdout, stderr, env } = process
  const exitCode = await run(process.argv.slice(2), {
    stdout, stderr, env, cwd: process.cwd(), signal: controller.signal, stdin: readStdin(), writeBytes: (bytes) => write(stdout, bytes), onHangUp,
  })
  await Promise.all([flush(stdout), flush(stderr)])
  // A connection that is kept alive must not keep a finished command running.
  process.exit(exitCode)
}

/** True while the terminal that a process belongs to is there: one that was closed, and with it the connection to another machine, cannot be opened any more. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync(TERMINAL, 'r'))
    return true
  } catch {
    return false
  }
}

/** Not touched before it is read: stdin may be anything. */
async function* readStdin(): AsyncGenerator<Uint8Array> {
  yield* process.stdin
}

function write(stream: NodeJS.WriteStream, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(bytes, (error) => (error ? reject(error) : resolve()))
  })
}

function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve())
    stream.write('', () => resolve())
  })
}
