import { join, resolve } from 'node:path'
import { type ArtifactSetBuilder, type ArtifactSet, createArtifactSetBuilder, isMirrorError, type SubdirName } from '@mirror/core'
import { type ChangesetTotals, changesetTotals, type DeltaChannel, deltaPath, type DeltaTotals, deltaTotals, type StateId } from '@mirror/delta'
import { createDiskStore, type DiskStore, type Generation, noteLocalRun, type TidyReport, type Transaction } from '@mirror/store'
import { difftarError } from '../difftar-error.ts'
import type { DifftarEvent } from '../events.ts'
import type { PublicKey } from '../minisign/minisign.ts'
import { openDelta, type OpenedDelta, type OpenedVolumes } from '../medium/open-delta.ts'
import { adoptTree, notWhole } from './adopt-tree.ts'
import { keepKnownVariants } from './known-variants.ts'
import { checkBase } from './check-base.ts'
import { addNote, decide } from './decide.ts'
import { type Ground, locked, readGround } from './ground.ts'
import { type ApplyPlan, planApply } from './plan-apply.ts'
import { writeRequest } from './write-request.ts'

/** What `applyDelta` needs to know. */
export interface ApplyDeltaOptions {
  /** A delta directory, a tarball, the volumes of one in any order, or a folder that has them. */
  readonly from: string | readonly string[]
  /** What to do where volumes are missing: `keep` those that are here, verified, in `.mirror/arrived` of the mirror until the others come, or `refuse`. Default refuse. */
  readonly incomplete?: 'keep' | 'refuse' | undefined
  /** The folder of the mirror; channels lie in it where they lay on the other side. */
  readonly mirror: string
  /** Trusted keys: with any, only a delta that one of them signed is applied. */
  readonly keys?: readonly PublicKey[] | undefined
  /** Compare all that stays byte for byte, not by size. Default false. */
  readonly deep?: boolean | undefined
  /** Apply a delta that fits though a later one was applied before. Default false. */
  readonly allowOlder?: boolean | undefined
  /** How long bytes that no index names any more are kept, in milliseconds. Default 24 h. */
  readonly grace?: number | undefined
  /** Where to write what is here when the delta does not fit, for the other side. Default: nowhere. */
  readonly request?: string | undefined
  /** What the note of the run says of who did it. Default `apply`. */
  readonly command?: string | undefined
  /** Verify everything, and change nothing. Default false. */
  readonly dryRun?: boolean | undefined
  /** Opens the store of a channel's folder. Default: `createDiskStore`. */
  readonly openStore?: ((root: string) => DiskStore) | undefined
  readonly signal?: AbortSignal | undefined
  readonly observe?: ((event: DifftarEvent) => void) | undefined
}

/** What became of a channel. */
export interface AppliedChannel {
  readonly folder: string
  /** `adopted`: the files were unpacked or copied there already; they were verified and taken over. */
  readonly status: 'applied' | 'adopted' | 'unchanged' | 'planned'
  readonly from: StateId
  readonly to: StateId
  readonly generation: number | undefined
  readonly totals: ChangesetTotals | undefined
  /** What was removed, and what waits until when; undefined where nothing was changed, or another run worked on it. */
  readonly tidy: TidyReport | undefined
}

/** Which volumes of a delta came. */
export interface ArrivedVolumes {
  readonly of: number
  readonly here: readonly number[]
  readonly missing: readonly number[]
}

/** What became of a delta. */
export interface ApplyReport {
  /** `waiting`: its volumes were kept, others are missing, and nothing else was changed. */
  readonly status: 'applied' | 'unchanged' | 'planned' | 'waiting'
  /** Undefined for one that is not split. */
  readonly volumes: ArrivedVolumes | undefined
  /** Undefined for a tarball in which nothing changed. */
  readonly delta: { readonly seal: string; readonly sequence: number; readonly guards: string; readonly signedBy: string | undefined; readonly totals: DeltaTotals } | undefined
  readonly channels: readonly AppliedChannel[]
}

/** Where volumes are kept in a mirror until all of them are there. */
const ARRIVED = join('.mirror', 'arrived')

const DAY = 24 * 3_600_000

/**
 * Applies a delta: all of it is verified, and what is there compared with what it starts from, before anything public changes; then each channel changes in one transaction of its store. Killed at any time, it goes on with the
 * next run. Volumes may come one at a time, with `incomplete: 'keep'`: what came is kept and remembered. A tree that was unpacked or copied there by something else is verified and taken over. Throws what `openDelta` throws, and `DELTA_DAMAGED`, `DELTA_INCOMPLETE`, `DELTA_BASE_MISMATCH`, `DELTA_OLDER`, `STORE_LOCKED`, and what the
 * store throws.
 */
export async function applyDelta(options: ApplyDeltaOptions): Promise<ApplyReport> {
  const { keys, incomplete, mirror } = options
  await using delta = await openDelta(options.from, { keys, arrived: incomplete === 'keep' ? join(resolve(mirror), ARRIVED) : undefined })
  if (delta === undefined) return { status: 'unchanged', volumes: undefined, delta: undefined, channels: [] }
  const run = createRun(delta, options)
  const grounds = await meetGrounds(run)
  if (grounds.every(({ decision, ground }) => decision === 'current' && ground.tree === undefined)) return close(run, grounds.map((place) => unchanged(place)))
  if (delta.volumes !== undefined && delta.volumes.missing.length > 0 && options.dryRun !== true) return await keepVolumes(run, delta.volumes)
  const { entries, bytes } = deltaTotals(delta.manifest)
  run.observe({ type: 'delta-opened', entries, bytes })
  await delta.verify({ signal: options.signal, observe: options.observe })
  const channels: AppliedChannel[] = []
  for (const place of grounds) channels.push(await requesting(run, () => applyChannel(run, place)))
  return close(run, channels)
}

/** Some are missing: those that are here stay, verified, until the others come. */
async function keepVolumes(run: Run, volumes: OpenedVolumes): Promise<ApplyReport> {
  const { mirror, openStore, signal, observe } = run
  await openStore(mirror).checkSpace({ bytes: volumes.bytes, files: volumes.here.length })
  await volumes.keep({ signal, observe })
  return { ...report(run, []), status: 'waiting' }
}

/** The delta is there: what was kept of it can go. */
function close(run: Run, channels: readonly AppliedChannel[]): ApplyReport {
  if (run.options.dryRun !== true) for (const folder of run.delta.volumes?.forget() ?? []) run.observe({ type: 'volumes-left', folder })
  return report(run, channels)
}

interface Run {
  readonly delta: OpenedDelta
  readonly options: ApplyDeltaOptions
  readonly mirror: string
  readonly openStore: (root: string) => DiskStore
  readonly observe: (event: DifftarEvent) => void
  readonly signal: AbortSignal | undefined
  /** By `performance.now()`. */
  readonly started: number
}

function createRun(delta: OpenedDelta, options: ApplyDeltaOptions): Run {
  const { mirror, openStore = (root) => createDiskStore({ root }), observe = () => undefined, signal } = options
  return { delta, options, mirror: resolve(mirror), openStore, observe, signal, started: performance.now() }
}

/** A channel of the delta, and what it meets. */
interface Place {
  readonly part: DeltaChannel
  readonly root: string
  readonly store: DiskStore
  readonly ground: Ground
  readonly decision: 'current' | 'fits'
}

async function meetGrounds(run: Run): Promise<readonly Place[]> {
  const { delta: { manifest }, options, observe, signal } = run
  const places: Place[] = []
  for (const part of manifest.channels) {
    const root = part.folder === '' ? run.mirror : join(run.mirror, part.folder)
    const store = run.openStore(root)
    const ground = await readGround({ root, store, part, signal, observe })
    const decision = await requesting(run, () => decide({ store, part, current: ground.current, sequence: manifest.sequence, allowOlder: options.allowOlder ?? false, root }))
    places.push({ part, root, store, ground, decision })
  }
  return places
}

/** What does not fit leaves a request, if one is wanted. */
async function requesting<T>(run: Run, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const path = run.options.request
    const isUnfit = isMirrorError(error, 'DELTA_BASE_MISMATCH') || isMirrorError(error, 'DELTA_INCOMPLETE')
    if (path !== undefined && isUnfit) await writeRequest(path, { mirror: run.mirror, signal: run.signal })
    throw error
  }
}

function unchanged({ part, ground }: Place): AppliedChannel {
  return { folder: part.folder, status: 'unchanged', from: ground.current.id, to: part.target.id, generation: undefined, totals: undefined, tidy: undefined }
}

function report({ delta: { manifest, seal, signedBy, volumes } }: Run, channels: readonly AppliedChannel[]): ApplyReport {
  const status = channels.some((channel) => channel.status === 'planned') ? 'planned' : channels.every((channel) => channel.status === 'unchanged') ? 'unchanged' : 'applied'
  return { status, channels, volumes: volumes === undefined ? undefined : { of: volumes.of, here: volumes.here, missing: volumes.missing }, delta: { seal, sequence: manifest.sequence, guards: manifest.guards, signedBy: signedBy?.id, totals: deltaTotals(manifest) } }
}

async function applyChannel(run: Run, place: Place): Promise<AppliedChannel> {
  const { part, ground, store, decision, root } = place
  const { options, signal, observe } = run
  if (decision === 'current' && ground.tree === undefined) return unchanged(place)
  if (ground.tree !== undefined) {
    if (options.dryRun === true) return { ...unchanged(place), status: 'planned' }
    const adopted = await adoptTree({ tree: keepKnownVariants(ground.tree, part), store, remove: decision === 'current' ? part.remove : [], signal, observe })
    if (decision === 'current') return finish(run, place, { status: 'adopted', generation: adopted, totals: undefined })
  }
  const reader = await store.read()
  const plan = await planApply({ delta: run.delta, part, root, reader, signal })
  await checkBase({ plan, root, reader, deep: options.deep ?? false, signal })
  const totals = changesetTotals(plan.changeset)
  await store.checkSpace({ bytes: totals.addBytes + plan.files.reduce((sum, { file }) => sum + file.size, 0), files: totals.add + totals.reused + plan.files.length })
  if (options.dryRun === true) return { ...unchanged(place), status: 'planned', totals }
  observe({ type: 'channel-applying', folder: part.folder, add: totals.add + totals.reused, bytes: totals.addBytes, remove: totals.remove })
  return finish(run, place, { status: 'applied', generation: await carryOut(run, place, plan), totals })
}

async function carryOut({ delta, signal, observe }: Run, { part, store, root }: Place, { changeset, artifacts, files }: ApplyPlan): Promise<Generation> {
  const put = signal === undefined ? {} : { signal }
  const begun = await store.begin(changeset, { adopt: true, observe, ...put })
  if (begun.status === 'busy') throw locked(root)
  if (begun.status === 'stale') throw difftarError('DELTA_BASE_MISMATCH', `Cannot apply the delta to ${root}: it changed just now`, { hint: 'Run the same command again.' })
  await using transaction = begun.transaction
  for (const set of await collectMissing(transaction, signal)) {
    for (const artifact of set) {
      const path = `${artifact.subdir}/${artifact.name}`
      if (!artifacts.has(path)) throw notWhole(root, [path])
      await transaction.put(artifact, delta.open(deltaPath(part.folder, path)), put)
    }
  }
  for (const { file, open } of files) await transaction.putFile(file, open(), put)
  const result = await transaction.commit()
  if (result.status === 'committed') return result.generation
  throw difftarError('DELTA_BASE_MISMATCH', `Cannot apply the delta to ${root}: it changed just now`, { hint: 'Run the same command again.' })
}

async function collectMissing(transaction: Transaction, signal: AbortSignal | undefined): Promise<readonly ArtifactSet[]> {
  const builders = new Map<SubdirName, ArtifactSetBuilder>()
  for await (const artifact of transaction.missing(signal)) {
    const builder = builders.get(artifact.subdir) ?? createArtifactSetBuilder(artifact.subdir)
    builder.add(artifact)
    builders.set(artifact.subdir, builder)
  }
  return [...builders.values()].map((builder) => builder.build())
}

interface Done {
  readonly status: 'applied' | 'adopted'
  readonly generation: Generation
  readonly totals: ChangesetTotals | undefined
}

async function finish(run: Run, { part, store, ground }: Place, done: Done): Promise<AppliedChannel> {
  const { delta, options, signal, observe } = run
  await addNote(store, { sequence: delta.manifest.sequence, state: part.target.id })
  await noteApplied(run, store, done)
  const tidy = await store.tidy({ grace: options.grace ?? DAY, observe, ...(signal === undefined ? {} : { signal }) })
  observe({ type: 'channel-applied', folder: part.folder, generation: done.generation.number })
  return { folder: part.folder, status: done.status, from: ground.current.id, to: part.target.id, generation: done.generation.number, totals: done.totals, tidy: 'status' in tidy ? undefined : tidy }
}

async function noteApplied({ options: { command = 'apply' }, started }: Run, store: DiskStore, { generation: { number, created }, totals }: Done): Promise<void> {
  const { add = 0, remove = 0, reused = 0, relisted = 0 } = totals ?? {}
  await noteLocalRun(store, { command, generation: number, added: add, removed: remove, reused, relisted, duration: performance.now() - started }, Date.parse(created))
}

