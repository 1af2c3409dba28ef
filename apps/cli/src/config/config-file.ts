import { redactText } from '@mirror/core'
import { checkKeys } from './check-keys.ts'
import { CHANNEL_READERS, CONFIG_READERS, NESTED_KEYS } from './config-readers.ts'
import type { ConfigValues } from './config-values.ts'
import { knownKeys } from './keys.ts'
import type { ConfigProblem } from './problems.ts'
import { mappingReader } from './readers.ts'
import { SELECTION_KEYS, TEXT_KEYS } from './selection-values.ts'
import { findSwallowedKey } from './swallowed-key.ts'
import { type ConfigSource, formatPath, readYamlFile, type ValuePath } from './yaml-file.ts'

/** A configuration file, read. `values` holds what could be read even when there are problems. */
export interface ParsedConfig {
  readonly path: string
  readonly values: ConfigValues
  readonly problems: readonly ConfigProblem[]
  /** Odd, but not in the way: unknown keys that are near to nothing. */
  readonly warnings: readonly ConfigProblem[]
  /** `<file>:<line>` of a value. */
  readonly where: (path: ValuePath) => string
}

/** The keys that are read, for the test that compares them with the reference page; of a channel's long form only those that are not keys of the selection. */
export function readableKeys(): readonly string[] {
  const own = Object.keys(CHANNEL_READERS).filter((key) => !SELECTION_KEYS.some((selection) => selection === key))
  const nested = Object.entries(NESTED_KEYS).flatMap(([parent, keys]) => keys.map((key) => `${parent}.${key}`))
  return [...Object.keys(CONFIG_READERS), ...nested, ...own.map((key) => `channels[].${key}`)]
}

const readTop = mappingReader(CONFIG_READERS, 'takes keys and values')

/** Reads a configuration file. Never throws: whatever is wrong is in `problems`, with file and line. */
export function parseConfigFile(source: ConfigSource): ParsedConfig {
  const { path } = source
  const { content, problems, where } = readYamlFile(source, TEXT_KEYS)
  const swallowed = describeSwallowed(source)
  if (swallowed !== undefined) return { path, values: {}, problems: [swallowed], warnings: [], where }
  if (problems.length > 0) return { path, values: {}, problems, warnings: [], where }
  const keys = checkKeys(content, where)
  const faults: ConfigProblem[] = []
  const values = readTop(content, (message, place = []) => {
    const key = formatPath(place)
    faults.push({ code: 'CONFIG_INVALID', where: where(place), key, message: redactText(`${JSON.stringify(key)} ${message}`) })
    return undefined
  })
  return { path, values: values ?? {}, problems: [...keys.problems, ...faults], warnings: keys.warnings, where }
}

function describeSwallowed({ path, text }: ConfigSource): ConfigProblem | undefined {
  const swallowed = findSwallowedKey(text, knownKeys(''))
  if (swallowed === undefined) return undefined
  return {
    code: 'CONFIG_INVALID',
    where: `${path}:${swallowed.line}`,
    key: swallowed.key,
    message: `the key "${swallowed.key}:" stands at the end of a comment, so the comment swallows it and the list below belongs to nothing`,
    hint: `Put "${swallowed.key}:" on a line of its own, below the comment.`,
  }
}
