import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { MirrorError } from '@mirror/core'
import type { CliErrorCode } from '../error-codes.ts'
import type { ConfigSource } from './yaml-file.ts'

/** Where a configuration is looked for. */
export interface ConfigLookup {
  /** `-f`. */
  readonly file: string | undefined
  readonly home: string | undefined
  readonly workingDirectory: string
  /** Default `/etc/cas-mirror`. */
  readonly systemFile?: string
}

/**
 * The configuration file that holds: the named one, else `~/.cas-mirror`, else `/etc/cas-mirror`, whole and never merged. Undefined when none exists. Throws
 * `CONFIG_NOT_FOUND` for a named file that is absent, `CONFIG_UNREADABLE` for one that cannot be read.
 */
export async function findConfig(lookup: ConfigLookup): Promise<ConfigSource | undefined> {
  if (lookup.file !== undefined) {
    const source = await readSource(resolve(lookup.workingDirectory, lookup.file), lookup.file)
    if (source !== undefined) return source
    throw new MirrorError<CliErrorCode>('CONFIG_NOT_FOUND', `Cannot read the configuration ${JSON.stringify(lookup.file)}: there is no such file`, {
      hint: 'Name an existing file after -f, or leave -f out to use ~/.cas-mirror or /etc/cas-mirror.',
    })
  }
  const user = lookup.home === undefined ? undefined : await readSource(join(lookup.home, '.cas-mirror'))
  return user ?? readSource(lookup.systemFile ?? '/etc/cas-mirror')
}

async function readSource(path: string, shown = path): Promise<ConfigSource | undefined> {
  try {
    // At once: the module of promises would take longer to load than the file to read.
    return { path: shown, text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)) }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    const what = error instanceof TypeError ? 'it is not UTF-8' : error instanceof Error ? error.message : String(error)
    throw new MirrorError<CliErrorCode>('CONFIG_UNREADABLE', `Cannot read the configuration ${JSON.stringify(shown)}: ${what}`, { cause: error })
  }
}
