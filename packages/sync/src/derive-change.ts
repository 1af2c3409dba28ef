import { createHash } from 'node:crypto'
import { createArtifactSet, type IndexPart, isMirrorError, readShardIndex, type Sha256 } from '@mirror/core'
import type { PublishedFile, SubdirChange } from '@mirror/delta'
import type { RepositoryClient } from '@mirror/repository-client'
import type { StoreReader } from '@mirror/store'
import { decodeBzip2 } from './bzip2.ts'
import type { DerivativeChoice } from './derivatives/choice.ts'
import { deriveSubdirFiles } from './derivatives/derive-subdir-files.ts'
import type { DerivedFile, HeldBytes } from './derived-file.ts'
import { composeIndex, deriveIndex, type OriginalIndex } from './derive-index.ts'
import type { VariantChoice } from './options.ts'
import type { SubdirPlan } from './plan-subdir.ts'
import type { SyncWarning } from './report.ts'
import { spoolPublished } from './spool-published.ts'
import { readWhole, type SpoolSpace } from './spool-space.ts'

/** A change with the bytes of every file that it needs. */
export interface DerivedChange {
  readonly plan: SubdirPlan
  readonly change: SubdirChange
  readonly files: readonly DerivedFile[]
}

/** What `deriveChange` needs. */
export interface DeriveChangeOptions {
  readonly client: RepositoryClient
  readonly reader: StoreReader | undefined
  readonly variants: VariantChoice
  readonly derivatives: DerivativeChoice
  readonly spool: SpoolSpace
  readonly signal: AbortSignal
  /** Told of what the run goes without, although upstream may have it. */
  readonly skip: (warning: SyncWarning) => void
}

/** Makes the index files that a plan publishes, and from them the change. */
export async function deriveChange(plan: SubdirPlan, options: DeriveChangeOptions): Promise<DerivedChange> {
  const { subdir, decision, original, dropBaseUrl } = plan
  const derive = { subdir, ...options }
  const target = await deriveIndex(await composeTarget(plan, options), derive)
  const interim = decision.interim === undefined
    ? undefined
    : await deriveIndex(await composeIndex([{ source: original.source, table: original.table, keep: decision.interim }], dropBaseUrl, derive), derive)
  // Not beside an interim index: until the switch is done they are gone, which every client copes with.
  const derivatives = plan.fetched === undefined
    ? []
    : await deriveSubdirFiles({ ...options, subdir, choice: options.derivatives, kept: target.artifacts, zst: options.variants.zst, published: publishedOf(plan, target.state.document.sha256) })
  const before = await readBaseShards(plan, options)
  const after = new Set(target.shards.map(({ file }) => file.path))
  const fresh = target.shards.filter(({ file }) => !before.has(file.path))
  const between = (interim?.shards ?? []).filter(({ file }) => !before.has(file.path) && !after.has(file.path))
  return {
    plan,
    files: [...target.files, ...derivatives, ...fresh, ...(interim?.files ?? []), ...between],
    change: {
      subdir,
      add: decision.comparison.added,
      remove: decision.comparison.removed,
      reused: decision.carried === undefined ? decision.comparison.replaced : { before: createArtifactSet(subdir, []), after: createArtifactSet(subdir, []) },
      relisted: decision.comparison.relisted,
      relistedSome: decision.comparison.relistedSome,
      target: { ...target.state, variants: [...target.state.variants, ...derivatives.map(({ file }) => file)] },
      interim: interim?.state,
      interimShards: between.map(({ file }) => file),
      shardsAdded: fresh.map(({ file }) => file),
      shardsRemoved: await describeShards([...before].filter(([path]) => !after.has(path)), options),
    },
  }
}

/** The variants that are published of a document; none when another one is published. */
function publishedOf({ base }: SubdirPlan, document: Sha256): readonly PublishedFile[] {
  return base?.document.sha256 === document ? base.variants : []
}

/** Upstream's own bytes where nothing is left out of them; otherwise a document written from its slices. */
async function composeTarget(plan: SubdirPlan, options: DeriveChangeOptions): Promise<OriginalIndex> {
  const { subdir, original, decision, dropBaseUrl } = plan
  if (decision.keep === undefined && decision.carried === undefined && !dropBaseUrl) {
    return { ...original, bz2: original.bz2 ?? await fetchBzip2(plan, options) }
  }
  const upstream: IndexPart = { source: original.source, table: original.table, ...(decision.keep === undefined ? {} : { keep: decision.keep }) }
  return await composeIndex([upstream, ...await carriedParts(plan, options)], dropBaseUrl, { subdir, ...options })
}

/** The records that stay as they are published now (`reuse: keep`). */
async function carriedParts({ subdir, decision, baseTable }: SubdirPlan, { reader, spool }: DeriveChangeOptions): Promise<readonly IndexPart[]> {
  if (decision.carried === undefined || baseTable === undefined) return []
  const source = await spoolPublished(`${subdir}/repodata.json`, { reader, spool })
  if (source === undefined) throw new Error(`The base of ${subdir} was there and is not any more`)
  return [{ source, table: baseTable, keep: decision.carried }]
}

/** Upstream's `.bz2`, when it is wanted and says exactly what is published. It was made at another moment, so it is decoded, not believed. */
async function fetchBzip2(plan: SubdirPlan, options: DeriveChangeOptions): Promise<HeldBytes | undefined> {
  const { original, fetched } = plan
  if (options.variants.bz2 === false || fetched === undefined) return undefined
  const bytes = await fetchOptional(plan, options)
  if (bytes === undefined) return undefined
  const hash = createHash('sha256')
  if (!decodeBzip2(bytes, (chunk) => hash.update(chunk)) || hash.digest('hex') !== original.sha256) return undefined
  const writer = options.spool.create()
  writer.write(bytes)
  return writer.end()
}

/** A variant that the mirror can do without does not stop the run. */
async function fetchOptional(plan: SubdirPlan, options: DeriveChangeOptions): Promise<Uint8Array | undefined> {
  const { subdir, original } = plan
  const { client, signal, skip } = options
  const path = `${subdir}/repodata.json.bz2`
  try {
    return await client.fetchFile(path, { signal })
  } catch (error) {
    if (signal.aborted || !isMirrorError(error)) throw error
    skip({ code: 'VARIANT_SKIPPED', subdir, message: `Upstream's repodata.json.bz2 of ${subdir} is not kept: ${error.message}` })
    const kept = publishedOf(plan, original.sha256).some((file) => file.path === path) ? await spoolPublished(path, options) : undefined
    return kept === undefined ? undefined : readWhole(kept)
  }
}

/** The shards that are published now: path and digest. */
async function readBaseShards({ subdir, base }: SubdirPlan, { reader }: DeriveChangeOptions): Promise<ReadonlyMap<string, Sha256>> {
  const path = `${subdir}/repodata_shards.msgpack.zst`
  if (reader === undefined || base?.variants.every((variant) => variant.path !== path) !== false) return new Map()
  const opened = await reader.openFile(path)
  if (opened.status !== 'found') return new Map()
  const pieces: Uint8Array[] = []
  for await (const chunk of opened.body) pieces.push(chunk)
  const shards = readShardIndex(Buffer.concat(pieces)).shards
  return new Map([...shards.values()].map((sha256) => [`${subdir}/shards/${sha256}.msgpack.zst`, sha256]))
}

/** Adds the sizes, which no shard index tells. One that is not there any more need not be removed. */
async function describeShards(shards: readonly (readonly [string, Sha256])[], { reader }: DeriveChangeOptions): Promise<readonly PublishedFile[]> {
  const described: PublishedFile[] = []
  for (const [path, sha256] of shards) {
    const opened = await reader?.openFile(path)
    if (opened?.status === 'found') described.push({ path, sha256, size: opened.size })
  }
  return described
}
