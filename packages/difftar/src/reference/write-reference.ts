import { createHash } from 'node:crypto'
import { type ArtifactCursor, type ArtifactSet, createArtifactCursor, jsonDumps } from '@mirror/core'
import { type ChannelState, describeState } from '@mirror/delta'
import type { ByteSink } from '../files/write-file.ts'
import { createTextWriter } from '../files/write-file.ts'
import type { TreeChannel } from '../tree/read-tree.ts'
import { putHex, putName, putNumber, putText } from './put-text.ts'
import type { TreeIndex } from '../tree/read-subdir.ts'
import { createWeakFinder } from '../tree/weak-digests.ts'

/** The key of a compatible reference that the old conda-diff-tar passes over. */
export const META_KEY = '$meta'
/** What the first line of a compact reference says it is. */
export const REFERENCE_KIND = 'conda-mirror-reference'
/** The version of both formats. */
export const REFERENCE_FORMAT = 1

/** How a reference is written. */
export type ReferenceFormat =
  /** As the old conda-diff-tar reads it, with a key more; it holds absolute paths, and is read wherever the mirror lies. */
  | 'compatible'
  /** Lines of JSON without paths of this machine: the same mirror gives the same bytes wherever it lies. */
  | 'compact'

/** Writes what channels hold, as `docs/formats/delta.md` says. The same channels give the same bytes. For the compatible format read them with `md5`, or the old tool takes every artifact for new. */
export async function formatReference(channels: readonly TreeChannel[], format: ReferenceFormat, sink: ByteSink): Promise<void> {
  await (format === 'compact' ? writeCompact(channels, sink) : writeCompatible(channels, sink))
}

/** The sequence of a reference: the newest generation of a store among its channels. */
function sequenceOf(channels: readonly TreeChannel[]): number {
  return Math.max(0, ...channels.map(({ generation }) => generation))
}

async function writeCompact(channels: readonly TreeChannel[], sink: ByteSink): Promise<void> {
  const hash = createHash('sha256')
  const hashed: ByteSink = {
    write(bytes) {
      hash.update(bytes)
      return sink.write(bytes)
    },
  }
  const writer = createTextWriter(hashed)
  await writer.write(`${JSON.stringify({
    kind: REFERENCE_KIND, format: REFERENCE_FORMAT, sequence: sequenceOf(channels),
    channels: channels.map(({ folder, current }) => ({ folder, id: current.id, state: describeState(current.state) })),
  })}\n`)
  for (const channel of channels) {
    for (const { subdir, artifacts } of channel.indexes) {
      await writer.write(`${JSON.stringify({ channel: channel.folder, subdir, artifacts: artifacts.count, shards: shardsOf(channel, subdir) })}\n`)
      await writer.flush()
      await writeArtifacts(hashed, artifacts, formatLine)
    }
  }
  await writer.flush()
  await sink.write(Buffer.from(`{"seal":"${hash.digest('hex')}"}\n`))
}

function shardsOf({ shards }: TreeChannel, subdir: TreeIndex['subdir']): readonly string[] {
  return (shards.get(subdir) ?? []).map(({ sha256 }) => sha256)
}

interface Folder {
  readonly key: string
  readonly index: TreeIndex
}

/** As Python's `json.dumps(…, indent=2, sort_keys=True)` writes it, and a line end. */
async function writeCompatible(channels: readonly TreeChannel[], sink: ByteSink): Promise<void> {
  const writer = createTextWriter(sink)
  const meta = {
    format: REFERENCE_FORMAT, sequence: sequenceOf(channels),
    channels: channels.map((channel) => ({
      folder: channel.folder, id: channel.current.id, state: plainState(channel.current.state),
      subdirs: channel.indexes.map(({ subdir, table: { weak } }) => ({ subdir, key: keyOf(channel, subdir), shards: shardsOf(channel, subdir), weak })),
    })),
  }
  await writer.write(`{\n  "${META_KEY}": ${jsonDumps(meta)}`)
  const folders = channels.flatMap((channel) => channel.indexes.map((index): Folder => ({ key: keyOf(channel, index.subdir), index })))
  for (const { key, index } of folders.toSorted((left, right) => (left.key < right.key ? -1 : 1))) {
    await writer.write(`,\n  ${jsonDumps(key)}: {`)
    await writer.flush()
    await writeArtifacts(sink, index.artifacts, createRecordFormat(index))
    await writer.write(index.artifacts.count === 0 ? '}' : '\n  }')
  }
  await writer.write('\n}\n')
  await writer.flush()
}

/** Bytes of the longest record: a name of 255 and what surrounds it. */
const MOST_RECORD_BYTES = 512
const PIECE_BYTES = 64 * 1024

/** Writes the artifacts of a set, each by `format`, which answers where it ended. Hundreds of thousands pass here: no strings are made of them. */
async function writeArtifacts(sink: ByteSink, artifacts: ArtifactSet, format: (into: Buffer, at: number, artifact: ArtifactCursor) => number): Promise<void> {
  // Each piece is its own: whoever takes it may do so later.
  let piece = Buffer.allocUnsafe(PIECE_BYTES)
  let used = 0
  for (const artifact = createArtifactCursor(artifacts); artifact.next();) {
    if (used > PIECE_BYTES - MOST_RECORD_BYTES) {
      const written = sink.write(piece.subarray(0, used))
      if (written !== undefined) {
        await written
        piece = Buffer.allocUnsafe(PIECE_BYTES)
      }
      used = 0
    }
    used = format(piece, used, artifact)
  }
  if (used > 0) await sink.write(piece.subarray(0, used))
}

/** One line of a compact reference. */
function formatLine(into: Buffer, start: number, artifact: ArtifactCursor): number {
  let at = putText(into, start, '["')
  at = putName(into, at, artifact)
  at = putText(into, at, '",')
  at = putNumber(into, at, artifact.size)
  at = putText(into, at, artifact.isMd5 ? ',"md5:' : ',"sha256:')
  at = putHex(into, at, artifact)
  return putText(into, at, '"]\n')
}

/** One record of a compatible reference, with the comma behind the one before it. */
function createRecordFormat({ byMd5 }: TreeIndex): Parameters<typeof writeArtifacts>[2] {
  const findWeak = createWeakFinder(byMd5)
  let separator = '\n    "'
  return (into, start, artifact) => {
    let at = putText(into, start, separator)
    separator = ',\n    "'
    at = putName(into, at, artifact)
    at = putText(into, at, '": {\n')
    const weak = findWeak(artifact)
    if (weak !== undefined) {
      at = putText(into, at, '      "md5": "')
      at = putHex(into, at, weak)
      at = putText(into, at, '",\n')
    }
    if (!artifact.isMd5) {
      at = putText(into, at, '      "sha256": "')
      at = putHex(into, at, artifact)
      at = putText(into, at, '",\n')
    }
    at = putText(into, at, '      "size": ')
    at = putNumber(into, at, artifact.size)
    return putText(into, at, '\n    }')
  }
}

function keyOf({ root }: TreeChannel, subdir: string): string {
  return root.endsWith('/') ? `${root}${subdir}` : `${root}/${subdir}`
}

/** Plain JSON values, for a formatter that sorts keys. */
function plainState(state: ChannelState): unknown {
  return JSON.parse(JSON.stringify(describeState(state)))
}
