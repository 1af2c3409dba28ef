import type { Json, JsonObject } from '../json.ts'
import { formatPythonJson } from '../python-json.ts'
import type { Answer } from './answer.ts'

/** What a conda client is told of a file that is not there. */
export const NOT_FOUND: Answer = { status: 404, bytes: 'not found\n', headers: { 'content-type': 'text/plain' } }

/** One file of a channel, as an index lists it. */
export interface ListedFile {
  /** Without its subdir. */
  readonly fileName: string
  readonly record: JsonObject
}

/** `repodata.json` of a subdir. */
export function answerIndex(subdir: string, files: readonly ListedFile[]): Answer {
  const ofFormat = (isConda: boolean): Record<string, Json> =>
    Object.fromEntries(files.filter(({ fileName }) => fileName.endsWith('.conda') === isConda).map(({ fileName, record }) => [fileName, record]))
  const bytes = formatPythonJson({ 'info': { subdir }, 'packages': ofFormat(false), 'packages.conda': ofFormat(true), 'repodata_version': 1 })
  return { status: 200, bytes, headers: { 'content-type': 'application/json' } }
}

/** The bytes of an artifact. */
export function answerBytes(bytes: Uint8Array): Answer {
  return { status: 200, bytes, headers: { 'content-type': 'application/octet-stream' } }
}

/** A path without its percent-encoding; empty where that is broken. */
export function decodePath(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return ''
  }
}
