import { isJsonObject, isSha256, isSubdirName, MirrorError, type Sha256 } from '@mirror/core'
import type { DeltaErrorCode } from '../error-codes.ts'
import { type ChannelState, type PublishedFile, stateId, type SubdirState } from '../state.ts'
import type { KnownState } from './delta-manifest.ts'
import { comparePaths } from './entry-order.ts'

/** The error for something that is no delta, or not as the format says. */
export function malformed(what: string): MirrorError<DeltaErrorCode> {
  return new MirrorError('DELTA_MALFORMED', `Cannot read the delta: ${what}`, { hint: 'It is damaged, or something else made it. Bring it over again. Nothing was changed.' })
}

/** A JSON object. */
export function readObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (isJsonObject(value)) return value
  throw malformed(`${what} is not an object`)
}

/** A JSON array, each element read. */
export function readList<T>(value: unknown, what: string, read: (element: unknown) => T): readonly T[] {
  if (!Array.isArray(value)) throw malformed(`${what} is not a list`)
  return value.map((element) => read(element))
}

/** A whole number from 0 that a double holds exactly. */
export function readCount(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0)) return value
  throw malformed(`${what} is not a whole number`)
}

/** 64 lower-case hex digits. */
export function readSha256(value: unknown, what: string): Sha256 {
  if (typeof value === 'string' && isSha256(value)) return value
  throw malformed(`${what} is not a sha256`)
}

const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9._+!~@=-]{0,254}$/
const MAXIMUM_SEGMENTS = 12

/** The path of a public file: 1 to 12 plain segments, none of which starts with a dot (`docs/formats/store.md`). */
export function readPath(value: unknown): string {
  if (typeof value === 'string') {
    const segments = value.split('/')
    if (segments.length <= MAXIMUM_SEGMENTS && segments.every((segment) => SEGMENT.test(segment))) return value
  }
  throw malformed(`${shorten(value)} cannot be the path of a file`)
}

/** A value for a message. */
export function shorten(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 200)
}

/** A state with its identity, which must be right. */
export function readKnownState(value: unknown): KnownState {
  const { id, state: raw } = readObject(value, 'a state')
  const state = readState(raw)
  if (readSha256(id, 'the identity of a state') !== stateId(state)) throw malformed('a state has another identity')
  return { id: stateId(state), state }
}

/** A state: subdirs and files sorted, no path twice, each file in its subdir. */
export function readState(value: unknown): ChannelState {
  const { subdirs: rawSubdirs, files: rawFiles } = readObject(value, 'a state')
  const subdirs = readList(rawSubdirs, 'the subdirs of a state', readSubdir)
  const files = readList(rawFiles, 'the files of a state', readFile)
  assertSorted(subdirs.map(({ subdir }) => subdir), 'the subdirs of a state')
  assertSorted(files.map(({ path }) => path), 'the files of a state')
  const paths = [...subdirs.flatMap(({ document, variants }) => [document, ...variants]), ...files].map(({ path }) => path)
  if (new Set(paths).size !== paths.length) throw malformed('a state has a path twice')
  return { subdirs, files }
}

function readSubdir(value: unknown): SubdirState {
  const { subdir, document: rawDocument, variants: rawVariants, artifacts } = readObject(value, 'a subdir')
  if (typeof subdir !== 'string' || !isSubdirName(subdir)) throw malformed(`${shorten(subdir)} is not a subdir`)
  const document = readFile(rawDocument)
  const variants = readList(rawVariants, `the variants of ${subdir}`, readFile)
  if (document.path !== `${subdir}/repodata.json`) throw malformed(`${document.path} is not the index of ${subdir}`)
  for (const { path } of variants) if (!path.startsWith(`${subdir}/`) || path.split('/').length !== 2) throw malformed(`${path} is not an index file of ${subdir}`)
  const { count, bytes } = readObject(artifacts, `the sums of ${subdir}`)
  return { subdir, document, variants, artifacts: { count: readCount(count, 'a count'), bytes: readCount(bytes, 'a sum') } }
}

function readFile(value: unknown): PublishedFile {
  const { path, sha256, size } = readObject(value, 'a file')
  return { path: readPath(path), sha256: readSha256(sha256, `the sha256 of ${shorten(path)}`), size: readCount(size, `the size of ${shorten(path)}`) }
}

/** Throws unless texts stand in order, none twice. */
export function assertSorted(texts: readonly string[], what: string): void {
  for (const [place, text] of texts.entries()) if (place > 0 && comparePaths(texts[place - 1] ?? '', text) >= 0) throw malformed(`${what} are not in order at ${shorten(text)}`)
}
