import { pipeline } from 'node:stream/promises'
import { createZstdDecompress } from 'node:zlib'
import { type ArtifactSet, createIndexLayoutBuilder, type IndexLayout, isMirrorError, MirrorError, type RecordView, type SubdirName, writeIndex } from '@mirror/core'
import type { PublishedFile } from '@mirror/delta'
import type { RepositoryClient, SpooledBytes } from '@mirror/repository-client'
import type { StoreReader } from '@mirror/store'
import { compressZstd, type DerivedFile, spooledFile } from '../derived-file.ts'
import type { SyncWarning } from '../report.ts'
import { spoolPublished } from '../spool-published.ts'
import type { SpaceWriter, SpoolSpace } from '../spool-space.ts'
import { type DerivativeChoice, wantedDerivatives } from './choice.ts'

/** What deriving these files needs. */
export interface DeriveSubdirFilesOptions {
  readonly subdir: SubdirName
  readonly choice: DerivativeChoice
  /** What the published index lists. */
  readonly kept: ArtifactSet
  /** Whether each is published as `.zst` too. */
  readonly zst: boolean
  readonly client: RepositoryClient
  /** What is published of this very index: a derivative of it is as good as a new one. */
  readonly published: readonly PublishedFile[]
  readonly reader: StoreReader | undefined
  readonly spool: SpoolSpace
  readonly signal: AbortSignal
  readonly skip: (warning: SyncWarning) => void
}

/** More than this is no derivative of an index that we would read. */
const LARGEST = 4 * 1024 ** 3

/**
 * The wanted derivatives of an index that upstream has, each restricted to what the mirror lists: upstream's own bytes where that is all of it. One that
 * upstream lacks is left out. So is one that cannot be read, unless it is published already, and that is told; the run goes on.
 */
export async function deriveSubdirFiles(options: DeriveSubdirFilesOptions): Promise<readonly DerivedFile[]> {
  const files: DerivedFile[] = []
  for (const name of wantedDerivatives(options.choice)) files.push(...await deriveOne(`${options.subdir}/${name}`, options))
  return files
}

async function deriveOne(path: string, options: DeriveSubdirFilesOptions): Promise<readonly DerivedFile[]> {
  try {
    const upstream = await fetchDerivative(path, options)
    if (upstream === undefined) return []
    const source = restrict(upstream, options)
    return [spooledFile(path, source), ...options.zst ? [spooledFile(`${path}.zst`, await compressZstd(source, options))] : []]
  } catch (error) {
    if (options.signal.aborted || !isMirrorError(error)) throw error
    options.skip({ code: 'DERIVATIVE_SKIPPED', subdir: options.subdir, message: `Upstream's ${path} is not mirrored: ${error.message}` })
    return await keepPublished(options.zst ? [path, `${path}.zst`] : [path], options)
  }
}

async function keepPublished(paths: readonly string[], options: DeriveSubdirFilesOptions): Promise<readonly DerivedFile[]> {
  const kept = paths.filter((path) => options.published.some((file) => file.path === path))
  const files = await Promise.all(kept.map(async (path) => ({ path, source: await spoolPublished(path, options) })))
  return files.flatMap(({ path, source }) => (source === undefined ? [] : [spooledFile(path, source)]))
}

interface Fetched {
  readonly source: SpooledBytes
  readonly layout: IndexLayout
  readonly keep: Uint8Array | undefined
}

/** Compressed where upstream has it so, since these files are large and repeat themselves. */
async function fetchDerivative(path: string, options: DeriveSubdirFilesOptions): Promise<Fetched | undefined> {
  const { client, signal } = options
  const compressed = await client.fetchFile(`${path}.zst`, { signal })
  if (compressed !== undefined) return await receive(options, async (write) => await decodeZstd(compressed, { path, write, signal }))
  const plain = await client.fetchFile(path, { signal })
  return plain === undefined ? undefined : await receive(options, async (write) => { write(plain) })
}

/** Reads the document in passing: whole and sound, or an error. */
async function receive(options: DeriveSubdirFilesOptions, send: (write: SpaceWriter['write']) => Promise<void>): Promise<Fetched> {
  const writer = options.spool.create()
  const keep: number[] = []
  let left = 0
  const builder = createIndexLayoutBuilder({
    record(view) {
      const isKept = isListed(view, options.kept)
      if (!isKept) left += 1
      keep.push(isKept ? 1 : 0)
    },
  })
  await send((chunk) => {
    writer.write(chunk)
    builder.write(chunk)
  })
  const layout = builder.end()
  return { source: writer.end(), layout, keep: left === 0 ? undefined : Uint8Array.from(keep) }
}

/** Whether the mirror lists this very artifact: the name, and the same bytes where the record says which. */
function isListed(view: RecordView, kept: ArtifactSet): boolean {
  const artifact = kept.find(view.key())
  if (artifact === undefined) return false
  const [kind, hex = ''] = artifact.digest.split(':')
  const raw = view.field(kind === 'sha256' ? 'sha256' : 'md5')
  return raw === undefined || raw.toLowerCase() === `"${hex}"`
}

function restrict({ source, layout, keep }: Fetched, { spool }: DeriveSubdirFilesOptions): SpooledBytes {
  if (keep === undefined) return source
  const writer = spool.create()
  writeIndex({ parts: [{ source, table: layout, keep }], write: writer.write })
  return writer.end()
}

interface DecodeOptions {
  readonly path: string
  readonly write: (chunk: Uint8Array) => void
  readonly signal: AbortSignal
}

async function decodeZstd(bytes: Uint8Array, { path, write, signal }: DecodeOptions): Promise<void> {
  let length = 0
  try {
    await pipeline([bytes], createZstdDecompress(), async (chunks: AsyncIterable<Uint8Array>) => {
      for await (const chunk of chunks) {
        length += chunk.byteLength
        if (length > LARGEST) throw new MirrorError('BODY_TOO_LARGE', `Cannot read ${path}.zst: it unpacks to more than ${LARGEST} bytes`)
        write(chunk)
      }
    }, { signal })
  } catch (cause) {
    if (signal.aborted || isMirrorError(cause)) throw cause
    throw new MirrorError('BODY_TRUNCATED', `Cannot read ${path}.zst: it is not whole`, { cause })
  }
}
