import { digestHex, digestKind, isSha256, MirrorError, type Sha256 } from '@mirror/core'
import type { PublishedFile } from '@mirror/delta'
import type { SpooledBytes } from '@mirror/repository-client'
import type { SyncErrorCode } from '../error-codes.ts'
import type { SpoolSpace } from '../spool-space.ts'
import { forEachLimited } from './for-each-limited.ts'
import { tryInstaller } from './installer-failure.ts'
import type { KnownInstaller } from './installers-memo.ts'
import type { FailedInstaller } from './installers-options.ts'
import type { InstallersRun } from './installers-run.ts'
import type { WantedInstaller } from './plan-installers.ts'

/** A wanted installer, as far as it is known without its bytes. */
export interface ResolvedInstaller extends WantedInstaller {
  /** Bytes. */
  readonly size: number
  /** Undefined while only an md5 is known. */
  readonly sha256: Sha256 | undefined
}

/** What came of resolving. */
export interface ResolvedInstallers {
  readonly resolved: readonly ResolvedInstaller[]
  readonly failed: readonly FailedInstaller[]
}

/** Finds the size of every wanted installer, and its sha256 where that is known: from what is mirrored, from the memo, or by asking upstream for the size alone. */
export async function resolveInstallers(run: InstallersRun, wanted: readonly WantedInstaller[], known: readonly KnownInstaller[]): Promise<ResolvedInstallers> {
  const knownAs = new Map(known.map((installer) => [`${installer.path} ${installer.listed}`, installer]))
  const found = new Map<string, ResolvedInstaller>()
  const failed: FailedInstaller[] = []
  await forEachLimited(wanted, run.concurrency, async (installer) => {
    const before = knownAs.get(`${installer.path} ${installer.listed}`)
    if (before !== undefined) {
      found.set(installer.path, { ...installer, size: before.size, sha256: before.sha256 })
      return
    }
    const failure = await tryInstaller(run, installer.path, async () => {
      found.set(installer.path, { ...installer, size: await askSize(run, installer.path), sha256: sha256Of(installer) })
    })
    if (failure !== undefined) failed.push(failure)
  })
  return { resolved: wanted.map(({ path }) => found.get(path)).filter((one) => one !== undefined), failed }
}

function sha256Of({ listed }: WantedInstaller): Sha256 | undefined {
  const hex = digestHex(listed)
  return digestKind(listed) === 'sha256' && isSha256(hex) ? hex : undefined
}

async function askSize({ options: { client, remote }, signal }: InstallersRun, path: string): Promise<number> {
  const size = await client.fetchSize(path, { signal })
  if (size !== undefined) return size
  throw new MirrorError<SyncErrorCode | 'ANSWER_REFUSED'>('ANSWER_REFUSED', `Cannot fetch ${path} of ${remote}: upstream does not tell its size`)
}

/** Installers that had to be fetched to be known. */
export interface SpooledInstallers {
  readonly files: readonly PublishedFile[]
  readonly spooled: ReadonlyMap<string, SpooledBytes>
  readonly failed: readonly FailedInstaller[]
}

/** Fetches those of which only an md5 is known, verifies them by it, and finds their sha256. */
export async function spoolInstallers(run: InstallersRun, resolved: readonly ResolvedInstaller[], spool: SpoolSpace): Promise<SpooledInstallers> {
  const spooled = new Map<string, SpooledBytes>()
  const failed: FailedInstaller[] = []
  const unknown = resolved.filter(({ sha256 }) => sha256 === undefined)
  const bytes = unknown.reduce((sum, { size }) => sum + size, 0)
  // Once in the spool, and once in the mirror.
  if (bytes > 0) await run.options.store.checkSpace?.({ bytes: 2 * bytes, files: 2 * unknown.length, ...(run.options.reserve === undefined ? {} : { reserve: run.options.reserve }) })
  await forEachLimited(unknown, run.concurrency, async (installer) => {
    const failure = await tryInstaller(run, installer.path, async () => {
      run.observe({ type: 'installer-started', path: installer.path, size: installer.size })
      spooled.set(installer.path, await spoolOne(run, { path: installer.path, size: installer.size, digest: installer.listed }, spool))
    })
    if (failure !== undefined) failed.push(failure)
  })
  const files = resolved.flatMap(({ path, size, sha256 }): readonly PublishedFile[] => {
    const digest = sha256 ?? spooled.get(path)?.sha256
    return digest === undefined ? [] : [{ path, size, sha256: digest }]
  })
  return { files, spooled, failed }
}

/** Fetches a whole file into the spool, verified. */
export async function spoolOne({ options: { client }, signal }: InstallersRun, file: Parameters<InstallersRun['options']['client']['fetchPlain']>[0], spool: SpoolSpace): Promise<SpooledBytes> {
  const writer = spool.create()
  const { body } = await client.fetchPlain(file, { signal, reclaim: true })
  for await (const chunk of body) writer.write(chunk)
  return writer.end()
}
