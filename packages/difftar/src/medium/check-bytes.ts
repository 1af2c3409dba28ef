import { createHash } from 'node:crypto'
import { deltaPath, type DeltaManifest } from '@mirror/delta'
import { difftarError } from '../difftar-error.ts'
import type { PlacedEntry, VerifySourceOptions } from './delta-source.ts'

/** All entries in the order in which they travel. */
export function* placedEntries({ channels }: DeltaManifest): Generator<PlacedEntry> {
  for (const { folder, entries } of channels) for (const { path, size, sha256 } of entries) yield { path: deltaPath(folder, path), size, sha256 }
}

/** Compares bytes with an entry. `label` names where they stand. Throws `DELTA_DAMAGED`. */
export async function checkBytes(entry: PlacedEntry, pieces: AsyncIterable<Uint8Array>, { label, signal }: { readonly label: string; readonly signal: AbortSignal | undefined }): Promise<void> {
  const hash = createHash('sha256')
  let size = 0
  try {
    for await (const piece of pieces) {
      signal?.throwIfAborted()
      hash.update(piece)
      size += piece.length
    }
  } catch (error) {
    if (signal?.aborted === true) throw error
    throw damaged(entry.path, { label, what: 'it cannot be read', cause: error })
  }
  if (size !== entry.size || hash.digest('hex') !== entry.sha256) throw damaged(entry.path, { label, what: 'it has other bytes than the manifest says' })
}

/** The error for an entry that did not arrive whole. */
export function damaged(path: string, { label, what, cause }: { readonly label: string; readonly what: string; readonly cause?: unknown }): Error {
  return difftarError('DELTA_DAMAGED', `Cannot use ${path} of ${label}: ${what}`, { hint: `Bring ${label} over again. Nothing was changed.`, details: { path, medium: label }, cause })
}

const PROGRESS_MILLISECONDS = 100

/** Counts what was verified, and tells it ten times a second at most, and at the end. */
export function createProgress(observe: VerifySourceOptions['observe']): { readonly advance: (bytes: number) => void; readonly end: () => void } {
  let entries = 0
  let sum = 0
  let told = performance.now()
  const tell = (): void => observe({ type: 'delta-verified', entries, bytes: sum })
  return {
    advance(bytes) {
      entries += 1
      sum += bytes
      if (performance.now() - told < PROGRESS_MILLISECONDS) return
      told = performance.now()
      tell()
    },
    end: tell,
  }
}
