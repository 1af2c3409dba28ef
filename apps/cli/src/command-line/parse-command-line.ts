import yargs, { type Argv } from 'yargs'
import { CAS_SYNC_FLAGS, type CommandDefinition, COMMANDS, type FlagDefinition, formatCommand } from './flags.ts'
import type { Invocation } from './invocation.ts'
import { createCasSyncInvocation, createInvocation, PARSER_CONFIGURATION } from './parse-plain-line.ts'
import { fitHelp } from './read-help.ts'
import { type CommandLine, createUsageError } from './usage-error.ts'

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

/** Runs the parser; what it would have printed is the answer. */
async function runParser(parser: Argv, { argv, program }: CommandLine): Promise<string> {
  let printed = ''
  let failure: unknown
  await parser.parseAsync([...argv], {}, (error, _args, output) => {
    printed = output
    failure = error
  })
  if (!(failure instanceof Error)) return printed
  throw createUsageError(failure.message, { argv, program })
}
