import { readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type DeltaManifest, manifestSeal, parseManifest } from '@mirror/delta'
import type { Sha256 } from '@mirror/core'
import { difftarError } from '../difftar-error.ts'
import { type PublicKey, verifySignature } from '../minisign/minisign.ts'
import type { DeltaSource, SourceVolumes, VerifyProgress } from './delta-source.ts'
import { openDirectorySource } from './directory-source.ts'
import { openTarSource } from './tar-source.ts'

/** A delta that was opened: its manifest is sound, and signed by a trusted key where there are any. Its entries are unverified until `verify`. */
export interface OpenedDelta extends AsyncDisposable {
  readonly label: string
  readonly manifest: DeltaManifest
  /** The delta's own name: the seal of its manifest. */
  readonly seal: Sha256
  /** The trusted key that it is signed with; undefined where none were given. */
  readonly signedBy: PublicKey | undefined
  /** Whether it has a signature, trusted or not. */
  readonly isSigned: boolean
  /** What there is of a delta that is split; undefined for one that is not. */
  readonly volumes: OpenedVolumes | undefined
  /** Throws `DELTA_INCOMPLETE` where volumes are missing. */
  readonly verify: (options?: VerifyDeltaOptions) => Promise<void>
  /** The bytes of an entry by its path from the root of the delta, once `verify` has found it. */
  readonly open: (path: string) => AsyncIterable<Uint8Array>
}

/** Options of `OpenedDelta.verify`. */
export interface VerifyDeltaOptions {
  readonly signal?: AbortSignal | undefined
  readonly observe?: ((event: VerifyProgress) => void) | undefined
}

/** The volumes of a delta that is split. */
export interface OpenedVolumes extends Omit<SourceVolumes, 'keep'> {
  /** Copies those at hand to where volumes are kept, verified, until the others come. */
  readonly keep: (options?: VerifyDeltaOptions) => Promise<void>
}

/** Options of `openDelta`. */
export interface OpenDeltaOptions {
  /** Trusted keys. With any, a delta that none of them signed is refused before its manifest is parsed. */
  readonly keys?: readonly PublicKey[] | undefined
  /** A folder where volumes are kept that come one at a time: those that are there count, and a delta opens though volumes are missing. Default: all volumes have to be given. */
  readonly arrived?: string | undefined
}

/**
 * Opens a delta: a delta directory, a tarball, the volumes of one in any order, or a folder that has them; `NAME.tar` stands for its volumes where it was split. Reads its manifest and no more. Undefined for a tarball in which nothing changed. Throws `DELTA_NOT_FOUND`,
 * `DELTA_NO_MANIFEST`, `DELTA_UNSAFE_ARCHIVE`, `DELTA_INCOMPLETE`, `DELTA_UNSIGNED`, `DELTA_SIGNATURE_WRONG`, `DELTA_MALFORMED` or `DELTA_TOO_NEW`.
 */
export async function openDelta(from: string | readonly string[], { keys = [], arrived }: OpenDeltaOptions = {}): Promise<OpenedDelta | undefined> {
  const paths = typeof from === 'string' ? [from] : from
  const source = await openSource(paths, arrived)
  if (source === undefined) {
    if (keys.length > 0) throw unsigned(paths.join(', '))
    return undefined
  }
  try {
    const signedBy = checkSignature(source, keys)
    const manifest = parseManifest(source.manifestBytes)
    return {
      label: source.label, manifest, signedBy, seal: manifestSeal(Buffer.from(source.manifestBytes).toString('utf8')), isSigned: source.signature !== undefined, open: source.open,
      verify: async ({ signal, observe = () => undefined } = {}) => source.verify(manifest, { signal, observe }),
      volumes: source.volumes === undefined ? undefined : openVolumes(source.volumes, manifest),
      [Symbol.asyncDispose]: async () => source[Symbol.asyncDispose](),
    }
  } catch (error) {
    await source[Symbol.asyncDispose]()
    throw error
  }
}

function openVolumes({ keep, ...volumes }: SourceVolumes, manifest: DeltaManifest): OpenedVolumes {
  return { ...volumes, keep: async ({ signal, observe = () => undefined } = {}) => keep(manifest, { signal, observe }) }
}

async function openSource(paths: readonly string[], arrived: string | undefined): Promise<DeltaSource | undefined> {
  const [only] = paths
  if (only !== undefined && paths.length === 1 && isFolder(only)) {
    const source = await openDirectorySource(only)
    if (source !== undefined) return source
  }
  return openTarSource(paths.flatMap((path) => (isFolder(path) ? findTarballs(path) : findVolumes(path))), { arrived })
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function findTarballs(folder: string): readonly string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.tar')).toSorted()
  if (names.length > 0) return names.map((name) => join(folder, name))
  throw difftarError('DELTA_NO_MANIFEST', `Cannot read ${folder}: it is no delta directory, and has no tarball`, { hint: 'Name the tarball, all of its volumes, or a delta directory.' })
}

/** A tarball that was split lies there as its volumes. */
function findVolumes(path: string): readonly string[] {
  const folder = dirname(path)
  if (!path.endsWith('.tar') || statSync(path, { throwIfNoEntry: false }) !== undefined || !isFolder(folder)) return [path]
  const stem = `${basename(path, '.tar')}.vol`
  const volumes = readdirSync(folder).filter((name) => name.startsWith(stem) && name.endsWith('.tar')).toSorted()
  return volumes.length === 0 ? [path] : volumes.map((name) => join(folder, name))
}

function unsigned(label: string): Error {
  return difftarError('DELTA_UNSIGNED', `Cannot trust ${label}: it is not signed`, { hint: 'A key is pinned, so that only signed deltas are applied. Have it signed where it was made. Nothing was changed.' })
}

/** Before anything of the manifest is parsed. */
function checkSignature({ manifestBytes, signature, label }: DeltaSource, keys: readonly PublicKey[]): PublicKey | undefined {
  if (keys.length === 0) return undefined
  if (signature === undefined) throw unsigned(label)
  const check = verifySignature(manifestBytes, { signature, keys })
  if (check.status === 'right') return check.key
  const what = check.status === 'wrong' ? 'its signature does not fit its manifest' : `it is signed with the key ${check.id}, which is not trusted`
  throw difftarError('DELTA_SIGNATURE_WRONG', `Cannot trust ${label}: ${what}`, { hint: 'Bring it over again; if that does not help, ask those who made it. Nothing was changed.' })
}
