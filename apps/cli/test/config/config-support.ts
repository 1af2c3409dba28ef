import { readdirSync, readFileSync } from 'node:fs'
import { isMirrorError } from '@mirror/core'
import { toFlags } from '../../src/command-line/flags.ts'
import type { Config } from '../../src/config/config.ts'
import { parseConfigFile } from '../../src/config/config-file.ts'
import { readEnvironment } from '../../src/config/environment.ts'
import { resolveConfig } from '../../src/config/resolve-config.ts'

/** The time at which configurations are resolved in tests. */
export const NOW = Date.UTC(2026, 0, 1)

/** Resolves a file as if it lay in /srv/here, the working directory. */
export function resolve(text: string | undefined, args: Readonly<Record<string, unknown>> = {}, env: Readonly<Record<string, string>> = {}): Config {
  return resolveConfig({
    file: text === undefined ? undefined : parseConfigFile({ path: 'mirror.yaml', text }),
    env: readEnvironment({ HOME: '/nowhere', ...env }),
    flags: toFlags(args),
    workingDirectory: '/srv/here',
    now: NOW,
  })
}

/** What a file is refused with. */
export function fail(text: string, args: Readonly<Record<string, unknown>> = {}): string {
  try {
    resolve(text, args)
  } catch (error) {
    if (isMirrorError(error)) return `${error.code}: ${error.message}${error.hint === undefined ? '' : `\nhint: ${error.hint}`}`
    throw error
  }
  return 'no error'
}

/** The same, without what they all begin with. */
export function problemOf(text: string): string {
  return fail(text).replace(/^CONFIG_\w+: Cannot use the configuration:\s+/, '')
}

/** What a file is warned of, a line each. */
export function warningsOf(text: string): readonly string[] {
  return resolve(text).warnings.map(({ where, message }) => `${where}: ${message}`)
}

/** Everything of a configuration but where it is from, as text that can be compared: secrets shown, functions left out, maps as lists. */
export function comparable(config: Config): string {
  const rest = Object.fromEntries(Object.entries(config).filter(([key]) => key !== 'file' && key !== 'warnings'))
  const show = (value: unknown): unknown => {
    if (value instanceof Map) return [...value].map(([key, item]) => [key, show(item)])
    if (typeof value === 'object' && value !== null && 'reveal' in value && typeof value.reveal === 'function') return `secret ${value.reveal()}`
    if (Array.isArray(value)) return value.map(show)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).filter(([, item]) => typeof item !== 'function' && item !== undefined).toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([key, item]) => [key, show(item)]))
  }
  return JSON.stringify(show(rest), undefined, 1)
}

const EXAMPLES = new URL('examples/', import.meta.url)

/** The example files by name. */
export const examples: ReadonlyMap<string, string> = new Map(readdirSync(EXAMPLES).filter((name) => name.endsWith('.yaml')).toSorted().map((name) => [name, readFileSync(new URL(name, EXAMPLES), 'utf8')]))
