import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { EnvironmentValues } from '../environment.ts'
import type { ConfigProblem } from '../problems.ts'
import { readYamlFile, type ValuePath, type YamlFile } from '../yaml-file.ts'
import { type AnacondaFoldersOptions, listConfigFolders } from './anaconda-folders.ts'
import { type ConfigTree, findValue, mergeConfig } from './merge-config.ts'
import { describeFailure, isAbsence, readSmallFile } from './read-small-file.ts'

/** The configuration of anaconda-client, all files in one. */
export interface AnacondaConfig {
  readonly values: ConfigTree
  /** The files that were read, in their order. */
  readonly files: readonly string[]
  /** `<file>:<line>` of the value that holds; undefined for a default, and for what is not there. */
  readonly where: (path: ValuePath) => string | undefined
  /** What could not be read, file by file. Such a file is left out, and never touched. */
  readonly warnings: readonly ConfigProblem[]
}

const PUBLIC_URL = 'https://api.anaconda.org'

/** What holds without any file (anaconda-client 1.16, `binstar_client/utils/config.py`). */
const DEFAULTS: ConfigTree = {
  sites: { anaconda: { url: PUBLIC_URL }, binstar: { url: PUBLIC_URL } },
  default_site: null,
  url: PUBLIC_URL,
  ssl_verify: true,
}

/**
 * Reads the configuration of anaconda-client: every `*.yaml` and `*.yml` of its folders (`listConfigFolders`), mappings merged at any depth, later files over earlier ones. In
 * a folder the files follow in the order of their names: anaconda-client takes them as the file system lists them, which differs from machine to machine. Only reads, and
 * never throws: a file that cannot be read, or is no YAML, is a warning that names it and the line.
 */
export async function readAnacondaConfig(env: EnvironmentValues, options: AnacondaFoldersOptions = {}): Promise<AnacondaConfig> {
  const warnings: ConfigProblem[] = []
  const read: { readonly path: string; readonly yaml: YamlFile }[] = []
  for (const folder of listConfigFolders(env, options)) {
    for (const path of await listFiles(folder, warnings)) {
      const yaml = await readConfigFile(path, warnings)
      if (yaml !== undefined) read.push({ path, yaml })
    }
  }
  return {
    values: read.reduce((values, { yaml }) => mergeConfig(values, yaml.content), DEFAULTS),
    files: read.map(({ path }) => path),
    where: (place) => read.findLast(({ yaml }) => findValue(yaml.content, place) !== undefined)?.yaml.where(place),
    warnings,
  }
}

async function listFiles(folder: string, warnings: ConfigProblem[]): Promise<readonly string[]> {
  try {
    const names = await readdir(folder)
    return names.filter((name) => /\.ya?ml$/.test(name)).toSorted().map((name) => join(folder, name))
  } catch (error) {
    if (!isAbsence(error)) warnings.push(unreadable(folder, describeFailure(error)))
    return []
  }
}

async function readConfigFile(path: string, warnings: ConfigProblem[]): Promise<YamlFile | undefined> {
  const file = await readSmallFile(path)
  // Removed meanwhile, or a link that leads nowhere.
  if (file.status === 'absent') return undefined
  if (file.status === 'unreadable') {
    warnings.push(unreadable(path, file.why))
    return undefined
  }
  const yaml = readYamlFile({ path, text: file.text }, new Set())
  warnings.push(...yaml.problems.map((problem) => ({ ...problem, message: `${problem.message}; the file is left out` })))
  return yaml.problems.length === 0 ? yaml : undefined
}

function unreadable(path: string, why: string): ConfigProblem {
  return { code: 'CONFIG_UNREADABLE', where: path, key: undefined, message: `the configuration of anaconda-client cannot be read here: ${why}` }
}
