import { createDigest } from '@mirror/core'
import type { PublishedFile } from '@mirror/delta'
import type { SpooledBytes } from '@mirror/repository-client'
import type { Transaction } from '@mirror/store'
import { RESUME_FROM } from '../fetch-artifacts.ts'
import type { Ground } from '../ground.ts'
import { readChunks, type SpoolSpace } from '../spool-space.ts'
import { isWrongBytes } from '../upstream-failure.ts'
import { forEachLimited } from './for-each-limited.ts'
import { tryInstaller } from './installer-failure.ts'
import type { FailedInstaller } from './installers-options.ts'
import type { InstallersRun } from './installers-run.ts'
import { spoolOne } from './resolve-installers.ts'

/** What `putInstallers` works with. */
export interface PutInstallersOptions {
  readonly ground: Ground
  readonly transaction: Transaction
  readonly spool: SpoolSpace
  /** Those that were fetched already. */
  readonly spooled: ReadonlyMap<string, SpooledBytes>
}

/** What came of putting. */
export interface PutInstallers {
  readonly fetched: { readonly installers: number; readonly bytes: number }
  readonly present: number
  readonly failed: readonly FailedInstaller[]
}

/** Where the bytes of a file come from, from an offset. */
type Open = (offset: number, fresh: boolean) => AsyncIterable<Uint8Array>

/** Puts all installers into the transaction. One that cannot be had does not stop the others. */
export async function putInstallers(run: InstallersRun, files: readonly PublishedFile[], options: PutInstallersOptions): Promise<PutInstallers> {
  const failed: FailedInstaller[] = []
  const fetched = { installers: options.spooled.size, bytes: [...options.spooled.values()].reduce((sum, { length }) => sum + length, 0) }
  let present = 0
  const openers = createOpeners(run, files, {
    ...options,
    fetched(bytes) {
      fetched.installers += 1
      fetched.bytes += bytes
    },
  })
  await forEachLimited(files, run.concurrency, async (file) => {
    const failure = await tryInstaller(run, file.path, async () => {
      if (!options.spooled.has(file.path)) run.observe({ type: 'installer-started', path: file.path, size: file.size })
      const result = await putOne(run, file, { transaction: options.transaction, open: openers.get(file.path) ?? openNothing })
      if (result === 'present') present += 1
      run.observe({ type: 'installer-done', path: file.path, size: file.size, result })
    })
    if (failure !== undefined) failed.push(failure)
  })
  return { fetched, present, failed }
}

async function* openNothing(): AsyncGenerator<Uint8Array> {
  // Every file has an opener.
}

/** Wrong bytes are asked for once more, past every cache. */
async function putOne({ signal }: InstallersRun, file: PublishedFile, { transaction, open }: { readonly transaction: Transaction; readonly open: Open }): Promise<'stored' | 'present'> {
  try {
    const offset = file.size < RESUME_FROM ? 0 : await transaction.stagedBytes(file)
    return await transaction.putFile(file, open(offset, false), { signal, offset })
  } catch (error) {
    if (signal.aborted || !isWrongBytes(error)) throw error
    return await transaction.putFile(file, open(0, true), { signal })
  }
}

/** Bytes come from the spool, from a mirrored file that has the same, or over the network, once for all files that have the same. */
function createOpeners(run: InstallersRun, files: readonly PublishedFile[], options: PutInstallersOptions & Pick<Upstream, 'fetched'>): ReadonlyMap<string, Open> {
  const openers = new Map<string, Open>()
  for (const [sha256, same] of Map.groupBy(files, (file) => file.sha256)) {
    const [first] = same
    if (first === undefined) continue
    const spooled = same.map(({ path }) => options.spooled.get(path)).find((bytes) => bytes !== undefined)
    const mirrored = options.ground.head?.state.files.find((file) => file.sha256 === sha256)
    const open = spooled === undefined ? openMirrored(options.ground, mirrored) ?? openUpstream({ run, file: first, spool: same.length > 1 ? options.spool : undefined, fetched: options.fetched }) : openSpooled(spooled)
    for (const { path } of same) openers.set(path, open)
  }
  return openers
}

function openSpooled(bytes: SpooledBytes): Open {
  return (offset) => skip(iterate(readChunks(bytes)), offset)
}

async function* iterate(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks
}

function openMirrored({ reader }: Ground, file: PublishedFile | undefined): Open | undefined {
  if (reader === undefined || file === undefined) return undefined
  return (offset) => readMirrored(reader, file.path, offset)
}

async function* readMirrored(reader: NonNullable<Ground['reader']>, path: string, offset: number): AsyncGenerator<Uint8Array> {
  const opened = await reader.openFile(path)
  if (opened.status === 'found') yield* skip(opened.body, offset)
}

interface Upstream {
  readonly run: InstallersRun
  readonly file: PublishedFile
  /** Where the bytes are kept when several files have them. */
  readonly spool: SpoolSpace | undefined
  readonly fetched: (bytes: number) => void
}

function openUpstream({ run, file, spool, fetched }: Upstream): Open {
  const wanted = { path: file.path, size: file.size, digest: createDigest('sha256', file.sha256) }
  if (spool === undefined) return (offset, fresh) => transfer(run, wanted, { offset, fresh, fetched })
  let shared: Promise<SpooledBytes> | undefined
  return (offset, fresh) => {
    if (fresh) shared = undefined
    return readShared(() => {
      shared ??= spoolOne(run, wanted, spool).then((bytes) => {
        fetched(bytes.length)
        return bytes
      })
      return shared
    }, offset)
  }
}

async function* readShared(fetch: () => Promise<SpooledBytes>, offset: number): AsyncGenerator<Uint8Array> {
  yield* skip(iterate(readChunks(await fetch())), offset)
}

interface TransferOptions {
  readonly offset: number
  readonly fresh: boolean
  readonly fetched: (bytes: number) => void
}

/** Asks upstream only when the bytes are asked for. Where it would not continue, what is there already is read over. */
async function* transfer({ options: { client }, signal }: InstallersRun, file: Parameters<typeof client.fetchPlain>[0], { offset, fresh, fetched }: TransferOptions): AsyncGenerator<Uint8Array> {
  const sent = await client.fetchPlain(file, { signal, offset, fresh, verify: false, reclaim: true })
  yield* skip(sent.body, offset - sent.offset)
  fetched(file.size - sent.offset)
}

async function* skip(body: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count
  for await (const chunk of body) {
    if (left < chunk.length) yield left === 0 ? chunk : chunk.subarray(left)
    left = Math.max(0, left - chunk.length)
  }
}
