import { createHash } from 'node:crypto'
import { isSha256, type Sha256 } from '@mirror/core'
import type { ChannelState, PublishedFile, SubdirState } from '../state.ts'
import { DELTA_FORMAT, type DeltaChannel, type DeltaManifest, deltaTotals, type KnownState } from './delta-manifest.ts'
import { ENTRY_KINDS } from './entry-order.ts'

/** Names of the lists of entries, in the order of `ENTRY_KINDS`. */
export const ENTRY_LISTS = ['artifacts', 'shards', 'files', 'indexes'] as const

/** What separates the sealed text from its seal. */
export const SEAL_START = ',"seal":"'
/** What stands behind the seal. */
export const SEAL_END = '"}\n'

/**
 * Formats a manifest: one line of JSON whose last member, `seal`, is the sha256 of all bytes before it. The same manifest gives the same bytes; `docs/formats/delta.md` has the
 * members. Does not check what `parseManifest` checks.
 */
export function formatManifest(manifest: DeltaManifest): string {
  const { reader, sequence, created, guards, channels, volumes } = manifest
  const text = JSON.stringify({
    format: DELTA_FORMAT, reader, sequence, created, guards, totals: deltaTotals(manifest), volumes: volumes.length === 0 ? undefined : volumes,
    channels: channels.map((channel) => describeChannel(channel)),
  }).slice(0, -1)
  return `${text}${SEAL_START}${sealOf(text)}${SEAL_END}`
}

/** The seal of the text before it. */
export function sealOf(text: string): Sha256 {
  const hex = createHash('sha256').update(text).digest('hex')
  if (isSha256(hex)) return hex
  throw new Error('sha256 is not 64 hex digits')
}

/** The seal at the end of a formatted manifest: the delta's own name. */
export function manifestSeal(text: string): Sha256 {
  const seal = text.slice(-SEAL_END.length - 64, -SEAL_END.length)
  if (isSha256(seal)) return seal
  throw new Error('the manifest has no seal')
}

function describeChannel({ folder, bases, target, entries, remove }: DeltaChannel): object {
  const lists = ENTRY_KINDS.map((kind, place) => [ENTRY_LISTS[place], entries.filter((entry) => entry.kind === kind).map(({ path, size, sha256 }) => [path, size, sha256])])
  return { folder, bases: bases.map((base) => describeKnown(base)), target: describeKnown(target), ...Object.fromEntries(lists), remove }
}

function describeKnown({ id, state }: KnownState): object {
  return { id, state: describeState(state) }
}

/** A state with its members in the order of the format. */
export function describeState({ subdirs, files }: ChannelState): object {
  return { subdirs: subdirs.map((subdir) => describeSubdir(subdir)), files: files.map((file) => describeFile(file)) }
}

function describeSubdir({ subdir, document, variants, artifacts }: SubdirState): object {
  return { subdir, document: describeFile(document), variants: variants.map((file) => describeFile(file)), artifacts: { count: artifacts.count, bytes: artifacts.bytes } }
}

function describeFile({ path, sha256, size }: PublishedFile): object {
  return { path, sha256, size }
}
