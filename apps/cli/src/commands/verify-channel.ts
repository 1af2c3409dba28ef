import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, createDigest, digestHex, digestKind } from '@mirror/core'
import type { Store, StoreReader } from '@mirror/store'

/** A file of a mirror that is not what it should be. */
export interface VerifyFault {
  /** From the channel's root. */
  readonly path: string
  readonly fault: 'missing' | 'not-a-file' | 'size' | 'digest' | 'unreadable'
}

/** What was verified, and what is wrong with it. */
export interface VerifyReport {
  readonly generation: number
  readonly files: number
  readonly bytes: number
  readonly faults: readonly VerifyFault[]
}

/** What `verifyChannel` needs. */
export interface VerifyOptions {
  readonly store: Store
  readonly root: string
  readonly signal: AbortSignal
  readonly observe: (fault: VerifyFault) => void
}

/**
 * Reads every index file, plain file and artifact of the newest generation under its public name, as a web server over the bare folder would, and compares size and
 * digest. Writes nothing. When a run publishes meanwhile it begins anew. Undefined for a store that has nothing.
 */
export async function verifyChannel(options: VerifyOptions): Promise<VerifyReport | undefined> {
  const { store } = options
  for (;;) {
    const reader = await store.read()
    if (reader === undefined) return undefined
    const report = await verifyGeneration(reader, options)
    if ((await store.head())?.number !== reader.generation.number) continue
    for (const fault of report.faults) options.observe(fault)
    return report
  }
}

async function verifyGeneration(reader: StoreReader, { root, signal }: VerifyOptions): Promise<VerifyReport> {
  const faults: VerifyFault[] = []
  let files = 0
  let bytes = 0
  for await (const expected of listFiles(reader)) {
    signal.throwIfAborted()
    const fault = await findFault(join(root, ...expected.path.split('/')), expected, signal)
    if (fault !== undefined) faults.push({ path: expected.path, fault })
    files += 1
    bytes += expected.size
  }
  return { generation: reader.generation.number, files, bytes, faults }
}

interface ExpectedFile {
  readonly path: string
  readonly size: number
  readonly digest: Digest
}

async function* listFiles(reader: StoreReader): AsyncGenerator<ExpectedFile> {
  const { subdirs, files } = reader.generation.state
  for (const { path, size, sha256 } of [...subdirs.flatMap(({ document, variants }) => [document, ...variants]), ...files]) {
    yield { path, size, digest: createDigest('sha256', sha256) }
  }
  for (const { subdir } of subdirs) {
    for (const { name, size, digest } of await reader.readArtifacts(subdir)) yield { path: `${subdir}/${name}`, size, digest }
  }
}

async function findFault(path: string, { size, digest }: ExpectedFile, signal: AbortSignal): Promise<VerifyFault['fault'] | undefined> {
  const stat = await lstat(path).catch(() => undefined)
  if (stat === undefined) return 'missing'
  if (!stat.isFile()) return 'not-a-file'
  if (stat.size !== size) return 'size'
  const hash = createHash(digestKind(digest))
  try {
    for await (const chunk of createReadStream(path, { signal, highWaterMark: 1_048_576 })) hash.update(chunk)
  } catch (error) {
    if (signal.aborted) throw error
    return 'unreadable'
  }
  return hash.digest('hex') === digestHex(digest) ? undefined : 'digest'
}
