import { isDeepStrictEqual } from 'node:util'
import parser from 'yargs-parser'
import { CAS_SYNC_FLAGS, type CommandDefinition, COMMANDS, type FlagDefinition, toFlags } from './flags.ts'
import type { CommandInvocation, Program } from './invocation.ts'

/**
 * Reads a command line that is a command and its flags and nothing else, with the parser that yargs reads with: the rest of yargs (help, suggestions) takes as long
 * to load as many commands take to run. Undefined for everything that is not so plain, right or wrong: yargs has to read that.
 */
export function parsePlainLine(program: Program, argv: readonly string[]): CommandInvocation | undefined {
  if (program === 'cas-sync') {
    const args = parseFlags(argv, { flags: CAS_SYNC_FLAGS, words: [] })
    return args === undefined ? undefined : createCasSyncInvocation(args)
  }
  const command = COMMANDS.find(({ name }) => name === argv[0])
  const args = command === undefined || command.words?.some(({ optional }) => optional !== true) === true ? undefined : parseFlags(argv, { flags: command.flags, words: [command.name] })
  return command === undefined || args === undefined ? undefined : createInvocation(command, args)
}

type Arguments = Readonly<Record<string, unknown>>

/** What parsed arguments of `mirror` ask for. */
export function createInvocation({ name, words }: CommandDefinition, args: Arguments): CommandInvocation {
  return { type: 'command', command: name, flags: toFlags(args, words) }
}

/** What parsed arguments of `cas-sync` ask for. */
export function createCasSyncInvocation(args: Arguments): CommandInvocation {
  const flags = toFlags(args)
  return { type: 'command', command: flags.config ? 'config' : 'sync', flags }
}

interface Expected {
  readonly flags: readonly FlagDefinition[]
  /** What has to stand beside the flags. */
  readonly words: readonly string[]
}

/** Says the same to the parser as `addFlags` says to yargs. */
function parseFlags(argv: readonly string[], { flags, words }: Expected): Arguments | undefined {
  const namesOf = (type: FlagDefinition['type']): string[] => flags.filter((flag) => flag.type === type).map(({ name }) => name)
  const { argv: args, error } = parser.detailed([...argv], {
    alias: Object.fromEntries(flags.map(({ name, alias = [] }) => [name, [...alias]])),
    boolean: namesOf('boolean'),
    string: [...namesOf('text'), ...namesOf('texts')],
    array: namesOf('texts'),
    narg: Object.fromEntries([...namesOf('text'), ...namesOf('texts')].map((name) => [name, 1])),
    default: Object.fromEntries(flags.filter(({ standard }) => standard !== undefined).map(({ name, standard }) => [name, standard])),
    configuration: { ...PARSER_CONFIGURATION, 'parse-positional-numbers': false, 'populate--': true },
  })
  const known = new Set(['_', ...flags.flatMap(({ name, alias = [] }) => [name, ...alias])])
  const isPlain = error === null && isDeepStrictEqual(args._, words) && Object.keys(args).every((name) => known.has(name))
  return isPlain ? args : undefined
}

/** How values are read, by either parser. */
export const PARSER_CONFIGURATION = { 'camel-case-expansion': false, 'parse-numbers': false, 'parse-positional-numbers': false } as const
