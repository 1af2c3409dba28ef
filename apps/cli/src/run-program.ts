import { listChoices, LOG_LEVELS } from './command-line/choices.ts'
import type { Flags } from './command-line/flags.ts'
import type { CommandInvocation, Invocation, Program } from './command-line/invocation.ts'
import { createMisuseError } from './command-line/misuse-error.ts'
import { parsePlainLine } from './command-line/parse-plain-line.ts'
import { findPlainMistake } from './command-line/usage-error.ts'
import { readEnvironment } from './config/environment.ts'
import { formatError, readErrorFacts } from './errors/error-facts.ts'
import type { ExitCode } from './errors/exit-codes.ts'
import type { LogLevel } from './events.ts'
import { createOutput, type Output } from './output.ts'
import { parseLogLevel } from './render/log-level.ts'
import { formatJsonLine } from './render/render-json.ts'
import type { CommandContext } from './run-mirror.ts'
import { readVersion } from './version.ts'

/** Parses a command line and carries it out; every error becomes text and an exit code. What a command needs is loaded when it is known. */
export async function runProgram(program: Program, argv: readonly string[], context: CommandContext): Promise<ExitCode> {
  using stdout = createOutput(context.stdout)
  using stderr = createOutput(context.stderr)
  const now = context.now ?? Date.now
  let results = stdout
  try {
    const invocation = parsePlainLine(program, argv) ?? await parseAll(program, { argv, width: stdout.width() })
    if (invocation.type === 'print') {
      stdout.write(`${invocation.text.trimEnd()}\n`)
      return 0
    }
    const { command, flags } = invocation
    if (writesBytes(invocation)) results = stderr
    const level = readLevel(flags)
    const { runCommand } = await import('./commands/run-command.ts')
    return await runCommand(command, {
      flags, level, stdout: results, stderr, context: { ...context, now }, env: readEnvironment(context.env), pipes: { stdin: context.stdin, writeBytes: context.writeBytes },
    })
  } catch (error) {
    return showError(error, { isJson: argv.includes('--json'), stdout: results, stderr, signal: context.signal, now })
  }
}

async function parseAll(program: Program, { argv, width }: { readonly argv: readonly string[]; readonly width: number }): Promise<Invocation> {
  const mistake = findPlainMistake({ argv, program })
  if (mistake !== undefined) throw mistake
  const { parseFrontDoor, parseMirror } = await import('./command-line/parse-command-line.ts')
  const options = { version: readVersion(), width }
  return await (program === 'mirror' ? parseMirror(argv, options) : parseFrontDoor(program, argv, options))
}

/** What a command writes to stdout is the file that was asked for: then results are told on stderr. */
function writesBytes({ command, flags: { words, dryRun } }: CommandInvocation): boolean {
  return (command === 'delta create' && words['delta'] === '-' && !dryRun) || (command === 'delta request' && words['request'] === '-')
}

function readLevel({ logLevel, verbose, quiet }: Flags): LogLevel {
  const named = logLevel === undefined ? undefined : parseLogLevel(logLevel)
  if (logLevel !== undefined && named === undefined) throw createMisuseError(`${JSON.stringify(logLevel)} is not a log level`, `Use ${listChoices(LOG_LEVELS)}.`)
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
