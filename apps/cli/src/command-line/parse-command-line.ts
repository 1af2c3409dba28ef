import { MirrorError } from '@mirror/core'
import yargs, { type Argv } from 'yargs'
import { findNearest } from '../config/nearest.ts'
import type { CliErrorCode } from '../error-codes.ts'
import { CAS_SYNC_FLAGS, type CommandDefinition, COMMANDS, type FlagDefinition, formatCommand } from './flags.ts'
import type { Invocation } from './invocation.ts'
import { createCasSyncInvocation, createInvocation, PARSER_CONFIGURATION } from './parse-plain-line.ts'
import { fitHelp } from './read-help.ts'

/** What the help says beside the flags. */
export interface CommandLineOptions {
  readonly version: string
  /** Columns of the terminal. */
  readonly width: number
}

const CONFIGURATION = 'Configuration: the file after -f, else ~/.cas-mirror, else /etc/cas-mirror. Flags win over the file.'
const EXIT_CODES = 'Exit codes: 0 done, 1 failed or faults found, 2 command line or configuration, 3 something held or left out, 4 refused by a guard, 5 locked, 130 interrupted.'
const EPILOGUE = `${CONFIGURATION}\n\n${EXIT_CODES}`

/** Parses the arguments of `mirror`. Throws `USAGE` with the nearest command or flag as its hint. */
export async function parseMirror(argv: readonly string[], options: CommandLineOptions): Promise<Invocation> {
  let chosen: Invocation | undefined
  const parser = COMMANDS.reduce(
    (all, command) => all.command(formatCommand(command), command.describe, (own) => describeCommand(own, command), (args) => {
      chosen = createInvocation(command, args)
    }),
    createParser('mirror', options).usage('mirror <command>\n\nKeeps private copies of conda channels.').demandCommand(1, 'there is no command'),
  )
  const text = await runParser(parser, { argv, program: 'mirror' })
  return chosen ?? { type: 'print', text }
}

/** Parses the arguments of `cas-sync`; the command is `config` with `--config`, else `sync`. Throws `USAGE`. */
export async function parseCasSync(argv: readonly string[], options: CommandLineOptions): Promise<Invocation> {
  let chosen: Invocation | undefined
  const parser = createParser('cas-sync', options).command('$0', 'Bring the mirror up to date with upstream', (own) =>
    addFlags(own, CAS_SYNC_FLAGS)
      .example('cas-sync -f mirror.yaml', 'with a file')
      .example('cas-sync -f mirror.yaml --config', 'check it, and show what holds'), (args) => {
    chosen = createCasSyncInvocation(args)
  })
  const text = await runParser(parser, { argv, program: 'cas-sync' })
  return chosen ?? { type: 'print', text }
}

function createParser(program: string, { version, width }: CommandLineOptions): Argv {
  return yargs()
    .scriptName(program)
    .detectLocale(false)
    .exitProcess(false)
    .parserConfiguration(PARSER_CONFIGURATION)
    .strict()
    .help('help', 'Show this help')
    .alias('help', 'h')
    .version('version', 'Show the version', version)
    .wrap(fitHelp(width))
    .epilogue(EPILOGUE)
}

function describeCommand(parser: Argv, command: CommandDefinition): Argv {
  const described = (command.words ?? []).reduce((all, { name, describe, choices }) =>
    all.positional(name, { type: 'string', describe, ...(choices === undefined ? {} : { choices: [...choices] }) }), addFlags(parser, command.flags))
  return command.examples.reduce((all, [line, meaning]) => all.example(line, meaning), described.epilogue(EPILOGUE))
}

function addFlags(parser: Argv, flags: readonly FlagDefinition[]): Argv {
  return flags.reduce((all, flag) => all.option(flag.name, {
    alias: [...(flag.alias ?? [])],
    group: flag.group,
    describe: flag.describe,
    ...(flag.type === 'boolean'
      ? { type: 'boolean', ...(flag.standard === undefined ? {} : { default: flag.standard }) } as const
      : { type: 'string', requiresArg: true, nargs: 1, array: flag.type === 'texts' } as const),
  }), parser)
}

interface Run {
  readonly argv: readonly string[]
  readonly program: string
}

/** Runs the parser; what it would have printed is the answer. */
async function runParser(parser: Argv, { argv, program }: Run): Promise<string> {
  let printed = ''
  let failure: unknown
  await parser.parseAsync([...argv], {}, (error, _args, output) => {
    printed = output
    failure = error
  })
  if (!(failure instanceof Error)) return printed
  throw createUsageError(failure.message, { argv, program })
}

function createUsageError(reason: string, { argv, program }: Run): MirrorError<CliErrorCode> {
  const unknown = /^Unknown (?:argument|command)s?: (?<names>.*)$/s.exec(reason)?.groups?.['names']?.split(', ')[0]
  const command = program === 'mirror' ? COMMANDS.find(({ name }) => name === argv[0]) : undefined
  const help = `${program}${command === undefined ? '' : ` ${command.name}`} --help`
  const nearest = unknown === undefined ? undefined : suggest(unknown, { argv, program })
  const hint = nearest === undefined ? `Run \`${help}\`.` : `Did you mean \`${nearest}\`? \`${help}\` shows all.`
  return new MirrorError('USAGE', `Cannot read the command line: ${describeReason(reason, unknown)}`, { hint })
}

/** The command or flag that may have been meant. */
function suggest(unknown: string, { argv, program }: Run): string | undefined {
  if (program === 'mirror' && argv[0] === unknown) {
    const command = findNearest(unknown, COMMANDS.map(({ name }) => name))
    return command === undefined ? undefined : `${program} ${command}`
  }
  const flags = program === 'mirror' ? COMMANDS.find(({ name }) => name === argv[0])?.flags : CAS_SYNC_FLAGS
  const flag = findNearest(unknown, (flags ?? []).map(({ name }) => name))
  return flag === undefined ? undefined : `--${flag}`
}

function describeReason(reason: string, unknown: string | undefined): string {
  if (unknown !== undefined) return `there is no ${JSON.stringify(unknown)}`
  const missing = /^Not enough arguments following: (?<name>.*)$/.exec(reason)?.groups?.['name']
  if (missing !== undefined) return `--${missing} needs a value`
  const choice = /Argument: (?<word>[^,]*), Given: (?<given>.*?), Choices: (?<choices>.*)$/m.exec(reason)?.groups
  if (choice !== undefined) return `${choice['word']} is one of ${choice['choices']}, not ${choice['given']}`
  return reason.split('\n')[0] ?? reason
}
