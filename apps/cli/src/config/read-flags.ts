import { listChoices, REUSE_POLICIES } from '../command-line/choices.ts'
import type { Flags } from '../command-line/flags.ts'
import type { Settings } from './settings.ts'
import type { ConfigProblem } from './problems.ts'
import { parseBandwidth, parseDuration, parseSize } from './units.ts'

/** What flags say in place of the file, and what is wrong with them. */
export interface FlagValues {
  readonly settings: { readonly [Key in keyof Settings]?: Settings[Key] | undefined }
  readonly timeout: number | undefined
  readonly maximumDeletes: number | undefined
  readonly reserve: number | undefined
  readonly problems: readonly ConfigProblem[]
}

interface FlagReading<Value> {
  readonly text: string | undefined
  readonly parse: (text: string) => Value | undefined
  readonly takes: string
}

/** Reads the flags that have values. What is wrong with one is told like what is wrong in the file. */
export function readFlags(flags: Flags): FlagValues {
  const problems: ConfigProblem[] = []
  const read = <Value>(flag: string, { text, parse, takes }: FlagReading<Value>): Value | undefined => {
    const value = text === undefined ? undefined : parse(text)
    if (text !== undefined && value === undefined) problems.push({ code: 'CONFIG_INVALID', where: flag, key: undefined, message: `takes ${takes}, not ${JSON.stringify(text)}` })
    return value
  }
  const settings = {
    mirror_dir: flags.mirrorDir ?? flags.words['mirror'],
    platforms: flags.platforms.length > 0 ? flags.platforms : undefined,
    grace: read('--grace', { text: flags.grace, parse: parseDuration, takes: 'a duration with its unit, such as 24h, or 0' }),
    bandwidth: read('--bandwidth', { text: flags.bandwidth, parse: parseBandwidth, takes: 'a rate such as 10MB/s' }),
    concurrency: read('--concurrency', { text: flags.concurrency, parse: (text) => parseWhole(text, 1, 256), takes: 'a whole number from 1 to 256' }),
    reuse: read('--reuse', { text: flags.reuse, parse: (text) => REUSE_POLICIES.find((policy) => policy === text), takes: listChoices(REUSE_POLICIES) }),
  }
  return {
    settings,
    timeout: read('--timeout', { text: flags.timeout, parse: (text) => parseDuration(text) || undefined, takes: 'a duration above 0, such as 30s' }),
    maximumDeletes: read('--max-delete', { text: flags.maxDelete, parse: (text) => parseWhole(text, 0, Number.MAX_SAFE_INTEGER), takes: 'a whole number' }),
    reserve: read('--reserve', { text: flags.reserve, parse: parseSize, takes: 'a size such as 5GiB, or 0' }),
    problems,
  }
}

function parseWhole(text: string, minimum: number, maximum: number): number | undefined {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  return value >= minimum && value <= maximum ? value : undefined
}
