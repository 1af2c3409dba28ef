import type { Program } from './command-line/invocation.ts'
import { readHelp } from './command-line/read-help.ts'
import type { Environment } from './config/environment.ts'
import type { ExitCode } from './errors/exit-codes.ts'
import { countColumns, createOutput, type OutputStream } from './output.ts'
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
  /** What is piped in. Default: nothing can be. */
  readonly stdin?: AsyncIterable<Uint8Array>
  /** Writes bytes to stdout; rejects when nobody reads them any more. Default: nothing but text can be written. */
  readonly writeBytes?: (bytes: Uint8Array) => Promise<void>
  /** Calls `listener` whenever the process is asked to read its configuration again (SIGHUP), instead of stopping. Default: it never is. */
  readonly onHangUp?: (listener: () => void) => void
  /** Default `/etc/cas-mirror`. */
  readonly systemConfig?: string
}

/** Carries out `mirror <argv>` and answers the exit code. Never throws, never ends the process. */
export async function runMirror(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  return run('mirror', argv, context)
}

/** Carries out `cas-sync <argv>` and answers the exit code. Never throws, never ends the process. */
export async function runCasSync(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  return run('cas-sync', argv, context)
}

/** Carries out `cas-merge <argv>` and answers the exit code. Never throws, never ends the process. */
export async function runCasMerge(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  return run('cas-merge', argv, context)
}

/** Carries out `cas-sync-api-v4 <argv>` and answers the exit code. Never throws, never ends the process. */
export async function runCasSyncApiV4(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  return run('cas-sync-api-v4', argv, context)
}

/** Carries out `cas-sync-api-v5 <argv>` and answers the exit code. Never throws, never ends the process. */
export async function runCasSyncApiV5(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  return run('cas-sync-api-v5', argv, context)
}

/** Carries out `cas-server <argv>` and answers the exit code. Never throws, never ends the process. */
export async function runCasServer(argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  return run('cas-server', argv, context)
}

/** A version or help is asked for again and again, by scripts and by people: nothing is loaded for it. */
async function run(program: Program, argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  const text = readPrinted(program, argv, context)
  if (text !== undefined) {
    using stdout = createOutput(context.stdout)
    stdout.write(text)
    return 0
  }
  const { runProgram } = await import('./run-program.ts')
  return await runProgram(program, argv, context)
}

function readPrinted(program: Program, argv: readonly string[], { stdout }: CommandContext): string | undefined {
  if (argv.length === 1 && argv[0] === '--version') return `${readVersion()}\n`
  return readHelp({ program, argv, columns: countColumns(stdout) })
}
