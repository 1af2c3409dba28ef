import type { YamlFile } from '../yaml-file.ts'

/** The tools whose configurations can be read. */
export const IMPORTABLE_TOOLS = ['conda-mirror', 'conda-mirror-rs', 'anaconda-mirror'] as const

/** One of `IMPORTABLE_TOOLS`: conda-mirror until 0.10 (Python), conda-mirror from 0.11 on (Rust), the anaconda-mirror that follows cas-mirror. */
export type ImportableTool = (typeof IMPORTABLE_TOOLS)[number]

/** What is not as it was. */
export interface ImportNote {
  /** `<file>:<line>`. */
  readonly where: string
  /** `left-out`: it is not in the configuration. `changed`: it is, or needs not be, but it is worth a look. */
  readonly type: 'left-out' | 'changed'
  /** A sentence without its end. */
  readonly message: string
}

/** A configuration of ours in the making. */
export interface Draft {
  readonly file: YamlFile
  /** Adds a key. */
  readonly put: (key: string, value: unknown) => void
  /** Notes that something, at `path` of the file, is not as it was. */
  readonly note: (type: ImportNote['type'], path: readonly (string | number)[], message: string) => void
}

/** Carries the keys of one tool's configuration over. */
export type Importer = (draft: Draft) => void
