import { MirrorError } from '@mirror/core'
import type { Flags } from './command-line/flags.ts'
import { type Invocation, parseCasSync, parseMirror } from './command-line/parse-command-line.ts'
import { type Environment, readEnvironment } from './config/environment.ts'
import type { CliErrorCode } from './error-codes.ts'
import { formatError, readErrorFacts } from './errors/error-facts.ts'
import type { ExitCode } from './errors/exit-codes.ts'
import type { LogLevel } from './events.ts'
import { createOutput, type Output, type OutputStream } from './output.ts'
import { parseLogLevel } from './render/log-level.ts'
import { formatJsonLine } from './render/render-json.ts'
import { readVersion } from './version.ts'

/** The world around a command. */
export interface CommandContext {
  /** Results. */
  readonly stdout: OutputStream
  /** Progress, warnings and errors. */
  readonly stderr: OutputStream
  readonly env: Environment
  /** The working directory. */
  readonly cwd: string
  readonly signal: AbortSignal
  /** Milliseconds; default the clock. */
  readonly now?: () => number
  /** Default `/etc/cas-mirror`. */
  readonly systemConfig?: string
}

type Parse = (argv: readonly string[], options: { readonly version: string; readonly width: number }) => Promise<Invocation>

/** Carries out `mirror <argv>` and answers the exit code. Never throws, never ends the process. */
export async function runMirror(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  return run({ argv, context, parse: parseMirror, program: 'mirror' })
}

/** Carries out `cas-sync <argv>` and answers the exit code. Never throws, never ends the process. */
export async function runCasSync(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  return run({ argv, context, parse: parseCasSync, program: 'cas-sync' })
}

interface Run {
  readonly argv: readonly string[]
  readonly context: CommandContext
  readonly parse: Parse
  readonly program: string
}

async function run({ argv, context, parse, program }: Run): Promise<ExitCode> {
  using stdout = createOutput(context.stdout)
  using stderr = createOutput(context.stderr)
  const now = context.now ?? Date.now
  try {
    const invocation = await parse(argv, { version: readVersion(), width: stdout.width() })
    if (invocation.type === 'print') {
      stdout.write(`${invocation.text.trimEnd()}\n`)
      return 0
    }
    const { command, flags } = invocation
    const level = readLevel(flags)
    const { runCommand } = await import('./commands/run-command.ts')
    return await runCommand(command, { program, flags, level, stdout, stderr, context: { ...context, now }, env: readEnvironment(context.env) })
  } catch (error) {
    return showError(error, { isJson: argv.includes('--json'), stdout, stderr, signal: context.signal, now })
  }
}

function readLevel({ logLevel, verbose, quiet }: Flags): LogLevel {
  const named = logLevel === undefined ? undefined : parseLogLevel(logLevel)
  if (logLevel !== undefined && named === undefined) {
    throw new MirrorError<CliErrorCode>('USAGE', `Cannot read the command line: ${JSON.stringify(logLevel)} is not a log level`, {
      hint: 'Use CRITICAL, ERROR, WARNING, INFO or DEBUG.',
    })
  }
  return named ?? (verbose ? 'DEBUG' : quiet ? 'WARNING' : 'INFO')
}

interface ErrorPlace {
  readonly isJson: boolean
  readonly stdout: Output
  readonly stderr: Output
  readonly signal: AbortSignal
  readonly now: () => number
}

function showError(error: unknown, { isJson, stdout, stderr, signal, now }: ErrorPlace): ExitCode {
  const facts = readErrorFacts(error, signal)
  if (isJson) stdout.write(formatJsonLine({ type: 'error', ...facts }, now()))
  else stderr.write(formatError(facts))
  return facts.exitCode
}
