import { parseArgs } from 'node:util'
import { parseVolumeSize } from '../create/volume-size.ts'
import { FLAGS } from './flags.ts'

/** What the command is to do; one at a time, the first of these that is given. */
export const MODES = ['new-key', 'apply', 'create', 'verify', 'show', 'reference'] as const

/** What the command is to do. */
export type Mode = (typeof MODES)[number]

type Table = typeof FLAGS
type Switch = { [Name in keyof Table]: Table[Name] extends { readonly type: 'boolean' } ? Name : never }[keyof Table]
type Texts = { [Name in keyof Table]: Table[Name] extends { readonly multiple: true } ? Name : never }[keyof Table]
type Text = Exclude<keyof Table, Switch | Texts>

/** The flags of the command line. */
export type Flags =
  & { readonly [name in Switch]?: boolean | undefined }
  & { readonly [name in Text]?: string | undefined }
  & { readonly [name in Texts]?: readonly string[] | undefined }

/** What was asked for. */
export interface Arguments {
  readonly flags: Flags
  readonly repository: string | undefined
  /** In the order of `MODES`. */
  readonly modes: readonly Mode[]
}

/** A command line that cannot be read; the message is for `error:`. */
export class UsageError extends Error {}

/** Reads a command line as argparse does: a long flag may be shortened while it is the only one, a value may be joined to its flag, words may stand anywhere. Throws a `UsageError`. */
export function parseArguments(words: readonly string[]): Arguments {
  const { values, positionals } = parseStrictly(words.map((word) => lengthen(word)))
  const [repository, ...others] = positionals
  if (others.length > 0) throw new UsageError(`unrecognized arguments: ${others.join(' ')}`)
  return { flags: values, repository, modes: MODES.filter((mode) => values[mode] !== undefined) }
}

function parseStrictly(words: readonly string[]): { readonly values: Flags; readonly positionals: readonly string[] } {
  try {
    return parseArgs({ args: [...words], options: FLAGS, strict: true, allowPositionals: true })
  } catch (error) {
    throw new UsageError(describe(error))
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) throw error
  const [, short, long] = /'(?:(-\w), )?(--?[\w-]+)/.exec(error.message) ?? []
  const flag = [short, long].filter((name) => name !== undefined).join('/')
  if (error.code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return `unrecognized arguments: ${flag}`
  if (error.code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') return error.message.includes('does not take') ? `argument ${flag}: ignored explicit argument` : `argument ${flag}: expected one argument`
  throw error
}

const NAMES = Object.keys(FLAGS)

function lengthen(word: string): string {
  const [, name = '', rest = ''] = /^--([a-z-]+)(=.*)?$/s.exec(word) ?? []
  if (name === '' || NAMES.includes(name)) return word
  const meant = NAMES.filter((candidate) => candidate.startsWith(name))
  if (meant.length > 1) throw new UsageError(`ambiguous option: --${name} could match ${meant.map((candidate) => `--${candidate}`).join(', ')}`)
  return meant[0] === undefined ? word : `--${meant[0]}${rest}`
}

/** Bytes of `--volume-size`, as `parseVolumeSize` reads them. */
export function parseSize(text: string): number {
  const size = parseVolumeSize(text)
  if (size === undefined) throw new UsageError(`argument --volume-size: ${JSON.stringify(text)} is no size, such as 700M or 4G`)
  return size
}

const SECONDS: ReadonlyMap<string, number> = new Map([['s', 1], ['m', 60], ['h', 3600], ['d', 86_400]])

/** Milliseconds of `--grace`: `0`, or a number with `s`, `m`, `h` or `d`. */
export function parseDuration(text: string): number {
  const [, digits = '', unit = ''] = /^([0-9]{1,9})([smhd]?)$/.exec(text) ?? []
  const seconds = unit === '' && digits !== '0' ? undefined : Number(digits) * (SECONDS.get(unit) ?? 1)
  if (digits === '' || seconds === undefined) throw new UsageError(`argument --grace: ${JSON.stringify(text)} is no time, such as 24h or 0`)
  return seconds * 1000
}
