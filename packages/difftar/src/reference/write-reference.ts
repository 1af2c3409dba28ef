import { createHash } from 'node:crypto'
import { jsonDumps } from '@mirror/core'
import { type ChannelState, describeState } from '@mirror/delta'
import type { ByteSink } from '../files/write-file.ts'
import { createTextWriter } from '../files/write-file.ts'
import { findInOrder } from '../tree/find-in-order.ts'
import type { TreeChannel } from '../tree/read-tree.ts'
import type { TreeIndex } from '../tree/read-subdir.ts'

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
  const writer = createTextWriter({
    write(bytes) {
      hash.update(bytes)
      return sink.write(bytes)
    },
  })
  await writer.write(`${JSON.stringify({
    kind: REFERENCE_KIND, format: REFERENCE_FORMAT, sequence: sequenceOf(channels),
    channels: channels.map(({ folder, current }) => ({ folder, id: current.id, state: describeState(current.state) })),
  })}\n`)
  for (const channel of channels) {
    for (const { subdir, artifacts } of channel.indexes) {
      await writer.write(`${JSON.stringify({ channel: channel.folder, subdir, artifacts: artifacts.count, shards: shardsOf(channel, subdir) })}\n`)
      await writeAll(writer, formatLines(artifacts))
    }
  }
  await writer.end()
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
      subdirs: channel.indexes.map(({ subdir }) => ({ subdir, key: keyOf(channel, subdir), shards: shardsOf(channel, subdir) })),
    })),
  }
  await writer.write(`{\n  "${META_KEY}": ${jsonDumps(meta)}`)
  const folders = channels.flatMap((channel) => channel.indexes.map((index): Folder => ({ key: keyOf(channel, index.subdir), index })))
  for (const { key, index } of folders.toSorted((left, right) => (left.key < right.key ? -1 : 1))) {
    await writer.write(`,\n  ${jsonDumps(key)}: {`)
    await writeAll(writer, formatRecords(index))
    await writer.write(index.artifacts.count === 0 ? '}' : '\n  }')
  }
  await writer.write('\n}\n')
  await writer.end()
}

async function writeAll(writer: ReturnType<typeof createTextWriter>, texts: Iterable<string>): Promise<void> {
  for (const text of texts) {
    const written = writer.write(text)
    if (written !== undefined) await written
  }
}

function* formatLines(artifacts: TreeIndex['artifacts']): Generator<string> {
  for (const { name, size, digest } of artifacts) yield `["${name}",${size},"${digest}"]\n`
}

function* formatRecords({ artifacts, byMd5 }: TreeIndex): Generator<string> {
  const find = findInOrder(byMd5)
  let separator = '\n'
  for (const { name, size, digest } of artifacts) {
    const weak = find(name)
    const md5 = weak === undefined ? '' : `      "md5": "${weak.digest.slice(4)}",\n`
    const sha256 = digest.startsWith('sha256:') ? `      "sha256": "${digest.slice(7)}",\n` : ''
    yield `${separator}    "${name}": {\n${md5}${sha256}      "size": ${size}\n    }`
    separator = ',\n'
  }
}

function keyOf({ root }: TreeChannel, subdir: string): string {
  return root.endsWith('/') ? `${root}${subdir}` : `${root}/${subdir}`
}

/** Plain JSON values, for a formatter that sorts keys. */
function plainState(state: ChannelState): unknown {
  return JSON.parse(JSON.stringify(describeState(state)))
}
