import { DIFFTAR_FLAGS, type DifftarFlag } from '@mirror/difftar'
import { COMMANDS, FAMILIES, type FlagDefinition, type WordDefinition } from '../command-line/flags.ts'
import { FRONT_DOORS } from '../command-line/front-doors.ts'

/** What may stand at a place of a command line: one of some words, a path, or neither, and then nothing is offered. */
export interface CompletedValue {
  readonly name: string
  readonly words?: readonly string[]
  readonly path?: 'file' | 'folder'
}

/** A flag, as a shell offers it. */
export interface CompletedFlag {
  /** `-f`, `--file`. */
  readonly spellings: readonly string[]
  /** One line. */
  readonly describe: string
  /** What follows it; undefined for a switch. */
  readonly value?: CompletedValue
  readonly repeatable: boolean
  /** Nothing else is given with it. */
  readonly alone: boolean
}

/** What stands beside the flags. */
export interface CompletedWord extends CompletedValue {
  readonly describe: string
  readonly repeatable: boolean
}

/** A command, a family of commands, or a program. */
export interface CompletedCommand {
  /** The words before: empty for the program itself. */
  readonly path: readonly string[]
  readonly describe: string
  readonly flags: readonly CompletedFlag[]
  readonly words: readonly CompletedWord[]
}

/** Everything that a shell has to know to complete the command lines of a program. */
export interface CompletedProgram {
  readonly name: string
  /** The program itself first; every command after the one that it is a part of. */
  readonly commands: readonly CompletedCommand[]
}

const HELP: CompletedFlag = { spellings: ['-h', '--help'], describe: 'Show this help', repeatable: false, alone: true }
const VERSION: CompletedFlag = { spellings: ['--version'], describe: 'Show the version', repeatable: false, alone: true }

/** The programs of this package. */
export function describePrograms(): readonly CompletedProgram[] {
  const doors = Object.entries(FRONT_DOORS).map(([name, { describe, flags, words }]) => ({ name, commands: [{ path: [], describe, flags: toFlags(flags), words: words.map(toWord) }] }))
  return [describeMirror(), ...doors]
}

function describeMirror(): CompletedProgram {
  const commands = COMMANDS.map(({ name, describe, flags, words = [] }) => ({ path: name.split(' '), describe, flags: toFlags(flags), words: words.map(toWord) }))
  const families = Object.entries(FAMILIES).map(([name, describe]) => ({ path: [name], describe, flags: toFlags([]), words: [] }))
  const root = { path: [], describe: 'Keeps private copies of conda channels', flags: toFlags([]), words: [] }
  return { name: 'mirror', commands: [root, ...families, ...commands] }
}

/** The program `conda-diff-tar`, which is in a package of its own. */
export function describeDifftar(): CompletedProgram {
  const flags = Object.entries(DIFFTAR_FLAGS).map(toDifftarFlag)
  const repository = { name: 'repository', describe: 'Folder of the mirror, or of one channel', path: 'folder', repeatable: false } as const
  return { name: 'conda-diff-tar', commands: [{ path: [], describe: 'Carries what changed in a mirror', flags, words: [repository] }] }
}

function toDifftarFlag([name, { short, value, isPath, multiple, describe }]: readonly [string, DifftarFlag]): CompletedFlag {
  return {
    spellings: [...(short === undefined ? [] : [`-${short}`]), `--${name}`], describe, repeatable: multiple === true, alone: name === 'help' || name === 'version',
    ...(value === undefined ? {} : { value: { name: value, ...(isPath === true ? { path: 'file' } as const : {}) } }),
  }
}

function toFlags(flags: readonly FlagDefinition[]): readonly CompletedFlag[] {
  return [...flags.flatMap(toFlag), HELP, VERSION]
}

/** What is on unless it is switched off has a spelling for that. */
function toFlag(flag: FlagDefinition): readonly CompletedFlag[] {
  const { name, alias = [], type, describe, standard } = flag
  const spellings = [...alias.filter((other) => other.length === 1).map((letter) => `-${letter}`), `--${name}`, ...alias.filter((other) => other.length > 1).map((other) => `--${other}`)]
  const shown = { spellings, describe, repeatable: type === 'texts', alone: false, ...(type === 'boolean' ? {} : { value: toValue(flag) }) }
  return standard === true ? [shown, { ...shown, spellings: [`--no-${name}`] }] : [shown]
}

function toValue({ name, value = name, choices, suggestions, path = value === 'FILE' ? 'file' : undefined }: FlagDefinition): CompletedValue {
  const words = choices ?? suggestions
  return { name: value, ...(words === undefined ? {} : { words }), ...(path === undefined ? {} : { path }) }
}

function toWord({ name, describe, choices, repeatable = false, path }: WordDefinition): CompletedWord {
  return { name, describe, repeatable, ...(choices === undefined ? {} : { words: choices }), ...(path === undefined ? {} : { path }) }
}

/** The commands that a word may stand for after the command `path`. */
export function partsOf({ commands }: CompletedProgram, path: readonly string[]): readonly CompletedCommand[] {
  return commands.filter((command) => command.path.length === path.length + 1 && path.every((word, place) => command.path[place] === word))
}

/** The name of a program as a part of the name of a function. */
export function nameFunction(program: string): string {
  return program.replaceAll('-', '_')
}

/** Says that the file is not to be edited. */
export function noteOf(program: string, shell: string): string {
  return `# Completion of ${program} for ${shell}. Made from the tables of its flags: do not edit.`
}
