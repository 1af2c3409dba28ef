import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { isMirrorError, MirrorError } from '@mirror/core'
import { createMisuseError } from '../command-line/misuse-error.ts'
import { parseConfigFile } from '../config/config-file.ts'
import { importConfig, type ImportedConfig } from '../config/import/import-config.ts'
import { IMPORT_SOURCES, listChoices } from '../command-line/choices.ts'
import { IMPORTABLE_TOOLS, type ImportableTool } from '../config/import/import-types.ts'
import { resolveConfig } from '../config/resolve-config.ts'
import type { CliErrorCode } from '../error-codes.ts'
import type { ExitCode } from '../errors/exit-codes.ts'
import type { CommandStart } from './run-command.ts'

/**
 * Writes the configuration of another tool as one of ours, to stdout or to a new file. What is left out is told on stderr, and in the file; then the exit code is 3. Throws
 * `USAGE`, `CONFIG_NOT_FOUND`, `CONFIG_UNREADABLE`, `CONFIG_UNWRITABLE` and what `importConfig` throws.
 */
export async function runImport(start: CommandStart): Promise<ExitCode> {
  const { flags, stdout, stderr, context: { cwd } } = start
  const { source } = flags.words
  if (source === undefined) throw createMisuseError('there is no configuration to import', 'Name its file: mirror config import FILE')
  const imported = importConfig({ path: source, text: await readText(resolve(cwd, source), source) }, readTool(flags.from))
  if (flags.output === undefined) stdout.write(imported.text)
  else await writeText(imported, { path: resolve(cwd, flags.output), shown: flags.output })
  const leftOut = imported.notes.filter(({ type }) => type === 'left-out')
  for (const { where, message } of leftOut) stderr.write(`left out: ${where}: ${message}\n`)
  const fault = findFault(imported, start)
  if (fault !== undefined) stderr.write(`warning: what was imported needs more before it can be used. ${fault}\n`)
  return leftOut.length > 0 || fault !== undefined ? 3 : 0
}

function readTool(from: string | undefined): ImportableTool | undefined {
  const tool = IMPORTABLE_TOOLS.find((known) => known === from)
  if (from === undefined || from === 'auto' || tool !== undefined) return tool
  throw createMisuseError(`${JSON.stringify(from)} is not a tool whose configuration can be imported`, `Use --from ${listChoices(IMPORT_SOURCES)}.`)
}

async function readText(path: string, shown: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path))
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    const what = isAbsent ? 'there is no such file' : error instanceof TypeError ? 'it is not UTF-8' : String(error)
    throw new MirrorError<CliErrorCode>(isAbsent ? 'CONFIG_NOT_FOUND' : 'CONFIG_UNREADABLE', `Cannot read the configuration ${JSON.stringify(shown)}: ${what}`, { cause: error })
  }
}

/** A new file, that only its owner reads where there are secrets in it. */
async function writeText({ text }: ImportedConfig, { path, shown }: { readonly path: string; readonly shown: string }): Promise<void> {
  const hasSecrets = /\/t\/|:\/\/[^\s/]*@/.test(text)
  try {
    await writeFile(path, text, { flag: 'wx', ...(hasSecrets ? { mode: 0o600 } : {}) })
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    throw new MirrorError<CliErrorCode>('CONFIG_UNWRITABLE', `Cannot write the configuration ${JSON.stringify(shown)}: ${isThere ? 'there is a file already' : String(error)}`, { cause: error })
  }
}

/** Why what was imported is no configuration yet; undefined when it is one. */
function findFault({ text }: ImportedConfig, { flags, env, context: { cwd, now } }: CommandStart): string | undefined {
  try {
    resolveConfig({ file: parseConfigFile({ path: flags.output ?? 'what was imported', text }), env, flags, workingDirectory: cwd, now: now() })
    return undefined
  } catch (error) {
    if (isMirrorError(error)) return error.message
    throw error
  }
}
