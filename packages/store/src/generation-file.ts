import fs from 'node:fs'
import { isJsonObject, isSha256, isSubdirName, type Sha256 } from '@mirror/core'
import { type ChannelState, type PublishedFile, stateId, type SubdirState } from '@mirror/delta'
import type { Generation } from './contract.ts'
import type { DiskPaths } from './disk-paths.ts'
import { isPublicPath } from './disk-paths.ts'
import { isCount, parseJson, parseSealed, readSmallFile } from './disk-write.ts'
import { storeError } from './store-error.ts'

/** The version of the on-disk format that this package reads and writes. */
export const FORMAT = 1

/** Where the bytes of an index file of a generation are kept. */
export interface KeptDocument {
  readonly sha256: Sha256
  /** Its name in `documents/`. */
  readonly file: string
  readonly encoding: 'identity' | 'zstd'
}

/** A generation as it lies in `generations/<number>.json`. */
export interface Manifest {
  readonly generation: Generation
  readonly documents: readonly KeptDocument[]
}

/** The JSON value of a manifest. */
export function manifestValue({ generation, documents }: Manifest): unknown {
  return { format: FORMAT, ...generation, documents }
}

/** Reads a manifest's JSON value; undefined when it is not one, or its id is not that of its state. */
export function parseManifest(value: unknown): Manifest | undefined {
  if (!isJsonObject(value) || !isCount(value['number']) || typeof value['created'] !== 'string' || Number.isNaN(Date.parse(value['created']))) return undefined
  assertFormat(value['format'])
  const state = parseState(value['state'])
  const documents = parseList(value['documents'], parseDocument)
  if (state === undefined || documents === undefined || stateId(state) !== value['id']) return undefined
  return { generation: { number: value['number'], created: value['created'], state, id: stateId(state) }, documents }
}

/** Throws `STORE_TOO_NEW` for a format that a later version wrote. */
export function assertFormat(format: unknown): void {
  if (typeof format === 'number' && format > FORMAT) {
    throw storeError('STORE_TOO_NEW', `Cannot use the store: it has format ${format}, this version knows up to ${FORMAT}`, {
      hint: 'Update this program. Nothing was changed.', details: { format },
    })
  }
}

function parseState(value: unknown): ChannelState | undefined {
  if (!isJsonObject(value)) return undefined
  const subdirs = parseList(value['subdirs'], parseSubdir)
  const files = parseList(value['files'], parseFile)
  return subdirs === undefined || files === undefined ? undefined : { subdirs, files }
}

function parseSubdir(value: unknown): SubdirState | undefined {
  if (!isJsonObject(value) || typeof value['subdir'] !== 'string' || !isSubdirName(value['subdir']) || !isJsonObject(value['artifacts'])) return undefined
  const { count, bytes } = value['artifacts']
  const document = parseFile(value['document'])
  const variants = parseList(value['variants'], parseFile)
  if (document === undefined || variants === undefined || !isCount(count) || !isCount(bytes)) return undefined
  return { subdir: value['subdir'], document, variants, artifacts: { count, bytes } }
}

/** Reads a file of a state; undefined when it is not one or its path could lead elsewhere. */
export function parseFile(value: unknown): PublishedFile | undefined {
  if (!isJsonObject(value)) return undefined
  const { path, sha256, size } = value
  if (typeof path !== 'string' || !isPublicPath(path) || typeof sha256 !== 'string' || !isSha256(sha256) || !isCount(size)) return undefined
  return { path, sha256, size }
}

function parseDocument(value: unknown): KeptDocument | undefined {
  if (!isJsonObject(value)) return undefined
  const { sha256, file, encoding } = value
  if (typeof sha256 !== 'string' || !isSha256(sha256) || typeof file !== 'string' || !isOwnName(file)) return undefined
  return encoding === 'identity' || encoding === 'zstd' ? { sha256, file, encoding } : undefined
}

/** True for names of files in our own folders. */
export function isOwnName(name: unknown): name is string {
  return typeof name === 'string' && /^[a-z0-9][a-z0-9.-]{0,150}$/.test(name)
}

/** Reads each element; undefined when one of them cannot be read. */
export function parseList<T>(value: unknown, parse: (element: unknown) => T | undefined): readonly T[] | undefined {
  if (!Array.isArray(value)) return undefined
  const parsed: T[] = []
  for (const element of value) {
    const one = parse(element)
    if (one === undefined) return undefined
    parsed.push(one)
  }
  return parsed
}

/** Reads the manifest of a generation; undefined when there is none or it is damaged. */
export function readManifest(paths: DiskPaths, number: number): Manifest | undefined {
  const text = readSmallFile(paths.generation(number))
  const manifest = text === undefined ? undefined : parseManifest(parseSealed(text))
  return manifest?.generation.number === number ? manifest : undefined
}

/** The numbers of the generations that have a manifest, newest first. */
export function listGenerations(paths: DiskPaths): readonly number[] {
  const names = readNames(paths.generations)
  const numbers = names.flatMap((name) => (/^[1-9][0-9]{0,14}\.json$/.test(name) ? [Number.parseInt(name, 10)] : []))
  return numbers.toSorted((left, right) => right - left)
}

/** The names in a folder; none when there is no such folder. */
export function readNames(folder: string): readonly string[] {
  return fs.existsSync(folder) ? fs.readdirSync(folder) : []
}

/** The newest generation: the one that `head` names or, where `head` is damaged or lost, the newest whole one. */
export function readHead(paths: DiskPaths): Manifest | undefined {
  const text = readSmallFile(paths.head)
  const value = text === undefined ? undefined : parseSealed(text)
  if (text !== undefined && value === undefined) assertFormat(looseFormat(text))
  if (isJsonObject(value)) {
    assertFormat(value['format'])
    const manifest = isCount(value['generation']) ? readManifest(paths, value['generation']) : undefined
    if (manifest !== undefined) return manifest
  }
  for (const number of listGenerations(paths)) {
    const manifest = readManifest(paths, number)
    if (manifest !== undefined) return manifest
  }
  return undefined
}

/** The format of a file whose seal we cannot read: a later version may seal otherwise. */
function looseFormat(text: string): unknown {
  const value = parseJson(text)
  return isJsonObject(value) ? value['format'] : undefined
}
