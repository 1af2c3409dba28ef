import type { MirrorError } from '@mirror/core'
import { findNearest } from '../config/nearest.ts'
import type { CliErrorCode } from '../error-codes.ts'
import { COMMANDS, FAMILIES, findCommand, type FlagDefinition } from './flags.ts'
import { FRONT_DOORS } from './front-doors.ts'
import type { Program } from './invocation.ts'
import { createMisuseError } from './misuse-error.ts'
import { parsePlainLine } from './parse-plain-line.ts'

/** What was typed. */
export interface CommandLine {
  readonly argv: readonly string[]
  readonly program: Program
}

/**
 * The error for a line with one plain mistake, in the words that yargs has for it: no command, one that there is not, or a flag at the end that there is not. Undefined for
 * every other line: yargs, which takes as long to load as many commands take to run, has to read that.
 */
export function findPlainMistake(line: CommandLine): MirrorError<CliErrorCode> | undefined {
  const { argv, program } = line
  const reason = program === 'mirror' && argv.length <= 1 ? findNoCommand(argv[0]) : findUnknownFlag(line)
  return reason === undefined ? undefined : createUsageError(reason, line)
}

/** What yargs knows without being told. */
const ITS_OWN: ReadonlySet<string> = new Set(['help', 'version', 'get-yargs-completions'])

/** That, and what it stumbles over. */
function isSpecial(name: string): boolean {
  return ITS_OWN.has(name) || name in Object.prototype
}

function findNoCommand(first: string | undefined): string | undefined {
  if (first === undefined) return 'there is no command'
  const isUnknown = /^[a-z]{2,}$/.test(first) && !isSpecial(first) && COMMANDS.every(({ name }) => name.split(' ')[0] !== first)
  return isUnknown ? `Unknown command: ${first}` : undefined
}

function findUnknownFlag(line: CommandLine): string | undefined {
  const { argv, program } = line
  const flag = /^--(?!no-)(?<name>[a-z]{2,}(?:-[a-z]{2,})*)$/.exec(argv.at(-1) ?? '')?.groups?.['name']
  if (flag === undefined || isSpecial(flag) || isFlag(flag, line)) return undefined
  return parsePlainLine(program, argv.slice(0, -1)) === undefined ? undefined : `Unknown argument: ${flag}`
}

function isFlag(name: string, line: CommandLine): boolean {
  return flagsOf(line).some((flag) => flag.name === name || flag.alias?.some((alias) => alias === name) === true)
}

function flagsOf({ argv, program }: CommandLine): readonly FlagDefinition[] {
  return program === 'mirror' ? (findCommand(argv)?.command.flags ?? []) : FRONT_DOORS[program].flags
}

/** The error for a command line, from what yargs says about it: with the nearest command or flag as its hint. */
export function createUsageError(reason: string, { argv, program }: CommandLine): MirrorError<CliErrorCode> {
  const unknown = /^Unknown (?:argument|command)s?: (?<names>.*)$/s.exec(reason)?.groups?.['names']?.split(', ')[0]
  const command = program === 'mirror' ? (findCommand(argv)?.command.name ?? familyOf(argv)) : undefined
  const help = `${program}${command === undefined ? '' : ` ${command}`} --help`
  const nearest = unknown === undefined ? undefined : suggest(unknown, { argv, program })
  const hint = nearest === undefined ? `Run \`${help}\`.` : `Did you mean \`${nearest}\`? \`${help}\` shows all.`
  return createMisuseError(describeReason(reason, unknown), hint)
}

function familyOf([first = '']: readonly string[]): string | undefined {
  return Object.hasOwn(FAMILIES, first) ? first : undefined
}

/** The command or flag that may have been meant. */
function suggest(unknown: string, { argv, program }: CommandLine): string | undefined {
  const family = familyOf(argv)
  const isCommand = program === 'mirror' && (argv[0] === unknown || (family !== undefined && argv[1] === unknown))
  if (isCommand) {
    const typed = family === undefined ? unknown : `${family} ${unknown}`
    const command = findNearest(typed, [...COMMANDS.map(({ name }) => name), ...Object.keys(FAMILIES)])
    return command === undefined ? undefined : `${program} ${command}`
  }
  const flag = findNearest(unknown, flagsOf({ argv, program }).map(({ name }) => name))
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
