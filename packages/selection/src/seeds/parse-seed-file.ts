import type { MatchSpec } from '@mirror/core'
import type { LockedArtifact } from '../closure/closure-types.ts'
import { readCondaLock } from './conda-lock.ts'
import { readEnvironmentFile } from './environment-file.ts'
import { readPixiLock } from './pixi-lock.ts'
import { seedsInvalid } from './seeds-invalid.ts'
import { readExplicitFile, readSpecList } from './text-files.ts'
import { isMapping, readYamlFile } from './yaml-file.ts'

/** A file that says what must be installable. */
export interface ParseSeedFileOptions {
  /** For messages. */
  readonly name: string
  readonly text: string
  /** Artifacts for other platforms are read over; noarch ones belong to the platforms that list them. Default: all. */
  readonly platforms?: readonly string[] | undefined
}

/** What a file of seeds says. */
export interface SeedFile {
  readonly format: 'environment' | 'pixi-lock' | 'conda-lock' | 'explicit' | 'list'
  /** Those of an `environment` are installed together. */
  readonly specs: readonly MatchSpec[]
  readonly artifacts: readonly LockedArtifact[]
  /** What was left alone, as sentences for people. */
  readonly notes: readonly string[]
}

const MAXIMUM_LENGTH = 16 * 1024 * 1024
const YAML_START = /^(?:---.*|%YAML.*|["']?[A-Za-z_][\w-]*["']?:(?:\s.*)?|\{.*|- .*|\[.*)$/

/**
 * Reads an environment file (`dependencies`), a `pixi.lock` (version 1 to 7), a `conda-lock.yml` (version 1), what `conda list --explicit` writes (`@EXPLICIT`), or a list
 * with a match spec a line; which one it is, its content says. Nothing that it holds makes anything be read or fetched. Throws `SEEDS_INVALID` with `file`, `line` where
 * there is one, and `reason` in `details`; never with a secret of a URL.
 */
export function parseSeedFile({ name, text, platforms }: ParseSeedFileOptions): SeedFile {
  if (text.length > MAXIMUM_LENGTH) throw seedsInvalid(name, { reason: `it is longer than ${MAXIMUM_LENGTH / 1024 / 1024} MiB` })
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)
  if (lines.some((line) => line.trim() === '@EXPLICIT')) return { format: 'explicit', specs: [], ...readExplicitFile({ name, lines }, platforms) }
  const first = lines.find((line) => line.trim() !== '' && !line.trimStart().startsWith('#'))
  if (first !== undefined && YAML_START.test(first)) return parseYamlSeeds(name, lines.join('\n'), platforms)
  return { format: 'list', specs: readSpecList({ name, lines }), artifacts: [], notes: [] }
}

function parseYamlSeeds(name: string, text: string, platforms: readonly string[] | undefined): SeedFile {
  const file = readYamlFile(name, text)
  const { root } = file
  if (isMapping(root)) {
    if ('dependencies' in root) return { format: 'environment', artifacts: [], ...readEnvironmentFile(file, root['dependencies']) }
    if ('environments' in root) return { format: 'pixi-lock', specs: [], ...readPixiLock(file, root, platforms) }
    if ('package' in root) return { format: 'conda-lock', specs: [], ...readCondaLock(file, root, platforms) }
  }
  const hint = 'Use an environment.yml, a pixi.lock, a conda-lock.yml, a list of conda list --explicit, or one match spec a line.'
  throw seedsInvalid(name, { reason: 'it has neither dependencies nor environments nor package', hint })
}
