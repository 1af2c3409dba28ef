import yargs, { type Argv } from 'yargs'
import { type CommandDefinition, COMMANDS, FAMILIES, type FlagDefinition, formatCommand } from './flags.ts'
import { FRONT_DOORS } from './front-doors.ts'
import type { Invocation, Program } from './invocation.ts'
import { createDoorInvocation, createInvocation, PARSER_CONFIGURATION } from './parse-plain-line.ts'
import { fitHelp } from './read-help.ts'
import { type CommandLine, createUsageError } from './usage-error.ts'

/** What the help says beside the flags. */
export interface CommandLineOptions {
  readonly version: string
  /** Columns of the terminal. */
  readonly width: number
}

const CONFIGURATION = 'Configuration: the file after -f, else ~/.cas-mirror, else /etc/cas-mirror. Flags win over the file.'
const EXIT_CODES = 'Exit codes: 0 done, 1 failed or faults found, 2 command line or configuration, 3 something held or left out, 4 refused by a guard, 5 locked, 6 a delta that does not fit or is not whole, 130 interrupted.'
const EPILOGUE = `${CONFIGURATION}\n\n${EXIT_CODES}`

/** Parses the arguments of `mirror`. Throws `USAGE` with the nearest command or flag as its hint. */
export async function parseMirror(argv: readonly string[], options: CommandLineOptions): Promise<Invocation> {
  let chosen: Invocation | undefined
  const choose = (command: CommandDefinition, args: Readonly<Record<string, unknown>>): void => {
    chosen = createInvocation(command, restoreDashes(args))
  }
  const root = createParser('mirror', options).usage('mirror <command>\n\nKeeps private copies of conda channels.').demandCommand(1, NO_COMMAND)
  const parser = [...Map.groupBy(COMMANDS, ({ name }) => name.split(' ')[0] ?? name)].reduce((all, [first, commands]) => {
    const family = FAMILIES[first]
    return family === undefined ? addCommands(all, commands, choose) : all.command(first, family, (own) => addCommands(own, commands, choose).demandCommand(1, NO_COMMAND).epilogue(EPILOGUE))
  }, root)
  const text = await runParser(parser, { argv, program: 'mirror' })
  return chosen ?? { type: 'print', text }
}

const NO_COMMAND = 'there is no command'

type Choose = (command: CommandDefinition, args: Readonly<Record<string, unknown>>) => void

/** Adds commands by the last word of their names: what is before it is where they are added. */
function addCommands(parser: Argv, commands: readonly CommandDefinition[], choose: Choose): Argv {
  return commands.reduce((all, command) =>
    all.command(formatCommand({ ...command, name: command.name.split(' ').at(-1) ?? '' }), command.describe, (own) => describeCommand(own, command), (args) => choose(command, args)), parser)
}

/** Parses the arguments of a front door, such as `cas-sync`; the command is `config` with `--config`. Throws `USAGE`. */
export async function parseFrontDoor(program: Exclude<Program, 'mirror'>, argv: readonly string[], options: CommandLineOptions): Promise<Invocation> {
  let chosen: Invocation | undefined
  const door = FRONT_DOORS[program]
  const words = door.words.map(({ name }) => ` [${name}]`).join('')
  const parser = createParser(program, options).command(`$0${words}`, door.describe, (own) => describeCommand(own, door), (args) => {
    chosen = createDoorInvocation(door, args)
  })
  const text = await runParser(parser, { argv, program })
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

function describeCommand(parser: Argv, command: Pick<CommandDefinition, 'words' | 'flags' | 'examples'>): Argv {
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

/** A dash alone is a word for us (stdin, stdout); yargs loses it. */
const DASH = '\u2010'

function restoreDashes(args: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const restore = (value: unknown): unknown => (value === DASH ? '-' : Array.isArray(value) ? value.map(restore) : value)
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, restore(value)]))
}

/** Runs the parser; what it would have printed is the answer. */
async function runParser(parser: Argv, { argv, program }: CommandLine): Promise<string> {
  let printed = ''
  let failure: unknown
  await parser.parseAsync(argv.map((text) => (text === '-' ? DASH : text)), {}, (error, _args, output) => {
    printed = output
    failure = error
  })
  if (!(failure instanceof Error)) return printed
  throw createUsageError(failure.message.replaceAll(DASH, '-'), { argv, program })
}
