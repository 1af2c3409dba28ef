import { MirrorError } from '@mirror/core'
import type { CliErrorCode } from '../../error-codes.ts'
import { createConfigError } from '../problems.ts'
import { TEXT_KEYS } from '../selection-values.ts'
import { stringifyForBoth } from '../stringify-yaml.ts'
import { type ConfigSource, readYamlFile, type YamlFile } from '../yaml-file.ts'
import { importAnacondaMirror } from './import-anaconda-mirror.ts'
import { CONDA_MIRROR_TEXT_KEYS, importCondaMirror } from './import-conda-mirror.ts'
import { CONDA_MIRROR_RS_TEXT_KEYS, importCondaMirrorRs } from './import-conda-mirror-rs.ts'
import { IMPORTABLE_TOOLS, type ImportableTool, type Importer, type ImportNote } from './import-types.ts'
import { listChoices } from '../../command-line/choices.ts'

/** A configuration of another tool as one of ours. */
export interface ImportedConfig {
  readonly tool: ImportableTool
  /** YAML, with a comment for everything that is not as it was. Holds the secrets that the file held. */
  readonly text: string
  readonly notes: readonly ImportNote[]
}

const IMPORTERS: Readonly<Record<ImportableTool, { readonly carryOver: Importer; readonly textKeys: ReadonlySet<string>; readonly title: string }>> = {
  'conda-mirror': { carryOver: importCondaMirror, textKeys: CONDA_MIRROR_TEXT_KEYS, title: 'conda-mirror (until 0.10)' },
  'conda-mirror-rs': { carryOver: importCondaMirrorRs, textKeys: CONDA_MIRROR_RS_TEXT_KEYS, title: 'conda-mirror (from 0.11 on)' },
  'anaconda-mirror': { carryOver: importAnacondaMirror, textKeys: TEXT_KEYS, title: 'anaconda-mirror' },
}

/**
 * Reads a configuration of another tool; which one it is of is told by its keys when `from` is undefined. What has no equal here is in `notes` and in the comments, never dropped
 * silently. Throws `CONFIG_INVALID` for what is no YAML, and for a file that is of none of them.
 */
export function importConfig(source: ConfigSource, from?: ImportableTool): ImportedConfig {
  const tool = from ?? detectTool(readYamlFile(source, new Set()), source)
  const { carryOver, textKeys, title } = IMPORTERS[tool]
  const file = readYamlFile(source, textKeys)
  if (file.problems.length > 0) throw createConfigError(file.problems)
  const keys = new Map<string, unknown>()
  const notes: ImportNote[] = []
  carryOver({
    file,
    put: (key, value) => {
      if (value === undefined) keys.delete(key)
      else keys.set(key, value)
    },
    note: (type, path, message) => {
      notes.push({ where: file.where(path), type, message })
    },
  })
  return { tool, text: `${formatHeading(title, source, notes)}${stringifyForBoth(Object.fromEntries(keys))}`, notes }
}

function formatHeading(title: string, { path }: ConfigSource, notes: readonly ImportNote[]): string {
  const sections = ([['left-out', 'Left out, because there is nothing here that says the same:'], ['changed', 'Worth a look:']] as const).flatMap(([type, heading]) => {
    const own = notes.filter((note) => note.type === type)
    return own.length === 0 ? [] : ['', heading, ...own.map(({ where, message }) => `- ${where}: ${message}.`)]
  })
  const lines = [`From the configuration ${path} of ${title}.`, ...sections]
  return `${lines.map((line) => (line === '' ? '#' : `# ${line.replaceAll(/[\r\n]+/g, ' ')}`)).join('\n')}\n`
}

const DISTINCT: Readonly<Record<ImportableTool, readonly string[]>> = {
  'conda-mirror': ['upstream_channel', 'target_directory', 'platform', 'include_depends', 'con_timeout', 'num_threads', 'no_validate_target', 'minimum_free_space', 'max_packages', 'max_retries', 'show_progress', 'temp_directory'],
  'conda-mirror-rs': ['source', 'destination', 'subdirs', 'max-retries', 'max-parallel', 's3-config', 'precondition-checks', 's3-precondition-check'],
  'anaconda-mirror': ['clean', 'package_list', 'accounts', 'account_mapping', 'api_domain', 'api_token'],
}

function detectTool({ content, problems }: YamlFile, { path }: ConfigSource): ImportableTool {
  if (problems.length > 0) throw createConfigError(problems)
  const lists: readonly unknown[] = [content['blacklist'], content['whitelist']].flat()
  if (lists.some((item) => typeof item === 'object' && item !== null)) return 'conda-mirror'
  const counts = Object.entries(DISTINCT).map(([tool, keys]) => ({ tool, count: keys.filter((key) => content[key] !== undefined).length }))
  const best = counts.toSorted((left, right) => right.count - left.count)[0]
  const found = Object.entries(IMPORTERS).find(([tool]) => best !== undefined && best.count > 0 && tool === best.tool)?.[0]
  if (found === 'conda-mirror' || found === 'conda-mirror-rs' || found === 'anaconda-mirror') return found
  const isOurs = ['mirror_dir', 'channels', 'remote_url', 'pkg_list', 'delta_dir'].some((key) => content[key] !== undefined)
  throw new MirrorError<CliErrorCode>('CONFIG_INVALID', `Cannot import the configuration ${JSON.stringify(path)}: its keys do not tell which tool it is of`, {
    hint: isOurs ? 'A configuration of cas-mirror needs no import: give it after -f. If it is of anaconda-mirror, say --from anaconda-mirror.' : `Say which one: --from ${listChoices(IMPORTABLE_TOOLS)}.`,
  })
}
