import type { Json, JsonObject } from './json.ts'

/** What an artifact file is. */
export type ArtifactFormat = 'conda' | 'tar.bz2'

/** A file inside a package. */
export interface PackageFile {
  readonly content: string | Uint8Array
  /** Run bit and the like; 0o644 unless given. */
  readonly mode?: number
}

/** A few words that describe one package; all but the name may be left out. */
export interface PackageDescription {
  readonly name: string
  /** Default `1.0`. */
  readonly version?: string
  /** Default `0`. */
  readonly build?: string
  /** Default 0. */
  readonly buildNumber?: number
  readonly depends?: readonly string[]
  readonly constrains?: readonly string[]
  /** Default `conda`; `both` gives two artifacts with the same content. */
  readonly format?: ArtifactFormat | 'both'
  /** Bytes of incompressible padding, so about the size of the artifact. */
  readonly size?: number
  /** Path in the package → content. */
  readonly files?: Readonly<Record<string, string | Uint8Array | PackageFile>>
  /** Default `generic` in the subdir noarch, else none. */
  readonly noarch?: 'generic' | 'python'
  /** Milliseconds; default a fixed day in 2024. */
  readonly timestamp?: number
  /** Default `BSD-3-Clause`; null leaves it out. */
  readonly license?: string | null
  readonly runExports?: JsonObject
  /** Further fields of `info/about.json` (home, summary, …). */
  readonly about?: JsonObject
  /** Further or other fields of the record, which need not be true; undefined removes the field. */
  readonly record?: Readonly<Record<string, Json | undefined>>
  /** Anything that makes other bytes under the same name. */
  readonly salt?: string
  /** `raw`: the artifact is `size` random bytes (default 64) that no tool can open; its record is right all the same. */
  readonly content?: 'package' | 'raw'
  /** `v3`: the record goes to the section of CEP 48 instead of `packages` and `packages.conda`. */
  readonly section?: 'v3'
}

/** The formats in which a package comes. */
export function formatsOf(description: PackageDescription): readonly ArtifactFormat[] {
  const format = description.format ?? 'conda'
  return format === 'both' ? ['conda', 'tar.bz2'] : [format]
}

/** `name-version-build`. */
export function stemOf(description: PackageDescription): string {
  return `${description.name}-${description.version ?? '1.0'}-${description.build ?? '0'}`
}

/** Descriptions of many raw packages of one size, each with a name of its own; format `conda` unless given. */
export function fillSubdir(
  subdir: string,
  count: number,
  options: number | (Omit<PackageDescription, 'name' | 'content'> & { readonly prefix?: string }),
): PackageDescription[] {
  const { prefix, ...shared } = typeof options === 'number' ? { size: options, prefix: undefined } : options
  const stem = prefix ?? `filler-${subdir}`
  return Array.from({ length: count }, (_, index) => ({
    ...shared,
    name: `${stem}-${String(index).padStart(6, '0')}`,
    content: 'raw' as const,
  }))
}
