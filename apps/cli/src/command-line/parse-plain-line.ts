import { type CommandDefinition, findCommand, type FlagDefinition, toFlags, type WordDefinition } from './flags.ts'
import { FRONT_DOORS, type FrontDoor } from './front-doors.ts'
import type { CommandInvocation, Program } from './invocation.ts'

/**
 * Reads a command line that is a command, its words and its flags in their usual spellings (`--name`, `--name value`, `--name=value`, `-n`, `--no-name`): loading yargs takes as
 * long as many commands take to run. Undefined for everything that is not so plain, right or wrong: yargs has to read that. What is read is what yargs reads.
 */
export function parsePlainLine(program: Program, argv: readonly string[]): CommandInvocation | undefined {
  if (program !== 'mirror') {
    const door = FRONT_DOORS[program]
    const args = readArguments(argv, door)
    return args === undefined ? undefined : createDoorInvocation(door, args)
  }
  const found = findCommand(argv)
  const args = found === undefined ? undefined : readArguments(found.rest, { flags: found.command.flags, words: found.command.words ?? [] })
  return found === undefined || args === undefined ? undefined : createInvocation(found.command, args)
}

type Arguments = Readonly<Record<string, unknown>>

/** What parsed arguments of `mirror` ask for. */
export function createInvocation({ name, words }: CommandDefinition, args: Arguments): CommandInvocation {
  return { type: 'command', command: name, flags: toFlags(args, words) }
}

/** What parsed arguments of `cas-sync` and the like ask for. */
export function createDoorInvocation({ command, words, api }: FrontDoor, args: Arguments): CommandInvocation {
  const flags = { ...toFlags(args, words), api }
  return { type: 'command', command: flags.config ? 'config' : command, flags }
}

interface Expected {
  readonly flags: readonly FlagDefinition[]
  /** What may, or has to, stand beside the flags. */
  readonly words: readonly WordDefinition[]
}

/** A flag as it is given: `value` is what stands behind its `=`. */
interface GivenFlag {
  readonly flag: FlagDefinition
  readonly isOn: boolean
  readonly value: string | undefined
}

function readArguments(argv: readonly string[], { flags, words }: Expected): Arguments | undefined {
  const args = new Map<string, unknown>()
  const beside: string[] = []
  const rest = argv.values()
  for (const text of rest) {
    if (!text.startsWith('-') || text === '-') {
      beside.push(text)
      continue
    }
    const given = readFlag(text, flags)
    if (given === undefined) return undefined
    const { flag, isOn, value = flag.type === 'boolean' ? undefined : rest.next().value } = given
    if (!addFlag(args, { flag, isOn, value })) return undefined
  }
  return addWords(args, beside, words) ? Object.fromEntries(args) : undefined
}

/** A flag in one of its usual spellings; undefined for anything else. */
function readFlag(text: string, flags: readonly FlagDefinition[]): GivenFlag | undefined {
  const { name, value } = /^--(?<name>[a-z][a-z-]+)(?:=(?<value>.*))?$/s.exec(text)?.groups ?? /^-(?<name>[a-z])$/.exec(text)?.groups ?? {}
  const flag = flags.find((candidate) => candidate.name === name || candidate.alias?.some((alias) => alias === name) === true)
  if (flag !== undefined) return { flag, isOn: true, value }
  const negated = flags.find((candidate) => candidate.type === 'boolean' && `no-${candidate.name}` === name)
  return negated === undefined ? undefined : { flag: negated, isOn: false, value }
}

/** False for a value that yargs may take for something else: the next flag, or what is quoted once more. */
function addFlag(args: Map<string, unknown>, { flag: { name, type }, isOn, value }: GivenFlag): boolean {
  if (type === 'boolean') {
    if (value !== undefined || args.has(name)) return false
    args.set(name, isOn)
    return true
  }
  if (!isPlain(value)) return false
  const before = args.get(name)
  args.set(name, type === 'texts' ? [...(Array.isArray(before) ? before : []), value] : value)
  return true
}

/** A truth value would belong to the flag before it; the other is a way to ask for help. */
const SPECIAL: ReadonlySet<string> = new Set(['true', 'false', 'help'])

function addWords(args: Map<string, unknown>, beside: readonly string[], words: readonly WordDefinition[]): boolean {
  const last = words.at(-1)
  const isOpen = last?.repeatable === true
  if ((beside.length > words.length && !isOpen) || beside.length < words.filter(({ optional }) => optional !== true).length) return false
  if (isOpen) args.set(last.name, beside.slice(words.length - 1))
  return beside.every((text, place) => {
    const word = words[place] ?? last
    if (word === undefined || !(isPlain(text) || (text === '-' && word.pipe === true)) || SPECIAL.has(text) || word.choices?.includes(text) === false) return false
    if (word.repeatable !== true) args.set(word.name, text)
    return true
  })
}

function isPlain(text: string | undefined): text is string {
  return text !== undefined && /^[^-'"]/.test(text)
}

/** How yargs reads values: as the text that they are. */
export const PARSER_CONFIGURATION = { 'camel-case-expansion': false, 'parse-numbers': false, 'parse-positional-numbers': false } as const
