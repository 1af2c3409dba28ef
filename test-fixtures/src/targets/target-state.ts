import { createHash } from 'node:crypto'

import { Stop } from '../double/answer.ts'
import type { JsonObject } from '../json.ts'

/** A channel that somebody may upload to. */
export interface TargetChannelOptions {
  /** Tokens, and `user:password` where the API knows these, that may change it. */
  readonly writers: readonly string[]
  /** Only its writers may read it, default false. */
  readonly isPrivate?: boolean
}

/** What the double of an upload target has from the start. */
export interface TargetServerOptions {
  readonly channels: Readonly<Record<string, TargetChannelOptions>>
  /** Over TLS, with PEM texts. */
  readonly tls?: { readonly key: string; readonly cert: string }
}

/** One file that was uploaded. */
export interface StoredFile {
  readonly subdir: string
  readonly fileName: string
  readonly bytes: Buffer
  readonly md5: string
  readonly sha1: string
  readonly sha256: string
  /** Its `info/index.json`; undefined for what is no artifact, where a server takes such. */
  readonly index: JsonObject | undefined
}

export interface TargetChannel {
  readonly name: string
  readonly writers: ReadonlySet<string>
  readonly isPrivate: boolean
  /** `<subdir>/<file>` → file. */
  readonly files: Map<string, StoredFile>
}

export interface TargetState {
  readonly channels: ReadonlyMap<string, TargetChannel>
  /** Those that are good. */
  readonly credentials: Set<string>
}

export function createTargetState({ channels }: TargetServerOptions): TargetState {
  const entries = Object.entries(channels).map(([name, { writers, isPrivate = false }]): [string, TargetChannel] =>
    [name, { name, writers: new Set(writers), isPrivate, files: new Map() }])
  return { channels: new Map(entries), credentials: new Set(entries.flatMap(([, { writers }]) => [...writers])) }
}

/** Puts a file where its subdir and name say. */
export function storeFile({ files }: TargetChannel, file: Pick<StoredFile, 'subdir' | 'fileName' | 'bytes' | 'index'>): StoredFile {
  const digest = (algorithm: string): string => createHash(algorithm).update(file.bytes).digest('hex')
  const stored: StoredFile = { ...file, md5: digest('md5'), sha1: digest('sha1'), sha256: digest('sha256') }
  files.set(`${file.subdir}/${file.fileName}`, stored)
  return stored
}

/** The record of an index. */
export function recordOf({ index, md5, sha256, bytes }: StoredFile): JsonObject {
  return { ...index, md5, sha256, size: bytes.length }
}

/** Stops unless this credential is good, and may change the channel. */
export function requireWriter(state: TargetState, channel: TargetChannel, credential: string | undefined): void {
  requireKnown(state, credential)
  if (!channel.writers.has(credential ?? '')) throw new Stop(403, 'No permission')
}

/** Stops unless this credential is good. */
export function requireKnown(state: TargetState, credential: string | undefined): void {
  if (credential === undefined || !state.credentials.has(credential)) throw new Stop(401, 'Not logged in')
}

/** Stops unless this credential may read the channel. One that is no good is no anonymous reader [inferred], except where the API says so. */
export function requireReader(state: TargetState, channel: TargetChannel, credential: string | undefined): void {
  if (credential !== undefined) requireKnown(state, credential)
  if (channel.isPrivate) requireWriter(state, channel, credential)
}

/** `subdir` of an index.json. */
export function subdirOf(index: JsonObject | undefined): string | undefined {
  const subdir = index?.['subdir']
  return typeof subdir === 'string' ? subdir : undefined
}
