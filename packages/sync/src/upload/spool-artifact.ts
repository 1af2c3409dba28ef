import { createHash } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Artifact, createDigest, type Digest, digestKind, isMd5, isMirrorError, isSha256, type Md5, MirrorError, type Sha256 } from '@mirror/core'
import type { RepositoryClient } from '@mirror/repository-client'
import type { SyncErrorCode } from '../error-codes.ts'
import { isWrongBytes } from '../upstream-failure.ts'
import type { UploadOptions } from './upload-options.ts'

/** An artifact on disk, verified; gone when it is disposed of. */
export interface SpooledArtifact extends AsyncDisposable {
  readonly sha256: Sha256
  readonly md5: Md5
  readonly file: FileHandle
  readonly source: 'upstream' | 'mirror'
}

/** Where artifacts come from, and where they are put. */
export interface SpoolSources {
  readonly client: RepositoryClient
  readonly mirror: UploadOptions['mirror']
  /** Where the artifacts of the subdir lie, when not beside its index. */
  readonly baseUrl: string | undefined
  readonly folder: string
  readonly signal: AbortSignal
}

let counter = 0

/**
 * Puts an artifact into a file of its own, from the mirror where that has it and else from upstream, and compares it with its digest on the way: a target wants to know size
 * and digests before the first byte, and may want the bytes twice. Throws what fetching throws, `DIGEST_MISMATCH`, `SIZE_MISMATCH`, and `SPOOL_NO_SPACE`.
 */
export async function spoolArtifact(artifact: Artifact, sources: SpoolSources): Promise<SpooledArtifact> {
  counter += 1
  const path = join(sources.folder, `upload-${process.pid}-${counter}`)
  const file = await guardSpool(sources.folder, async () => await open(path, 'wx+', 0o600))
  const dispose = async (): Promise<void> => {
    await file.close()
    await rm(path, { force: true })
  }
  try {
    return { file, ...await fill(artifact, { ...sources, file }), [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

interface Filling extends SpoolSources {
  readonly file: FileHandle
}

type Filled = Pick<SpooledArtifact, 'sha256' | 'md5' | 'source'>

async function fill(artifact: Artifact, options: Filling): Promise<Filled> {
  const copied = await copyFromMirror(artifact, options)
  if (copied !== undefined) return copied
  try {
    return await fetchInto(artifact, options, false)
  } catch (error) {
    if (options.signal.aborted || !isWrongBytes(error)) throw error
    return await fetchInto(artifact, options, true)
  }
}

/** Undefined when there is no mirror, or it does not have these very bytes. */
async function copyFromMirror(artifact: Artifact, options: Filling): Promise<Filled | undefined> {
  try {
    const opened = await options.mirror?.openArtifact(artifact)
    if (opened?.status !== 'found') return undefined
    return { ...await writeThrough(artifact, opened.body, options), source: 'mirror' }
  } catch (error) {
    // A mirror that cannot be read is none: upstream has it.
    if (options.signal.aborted || !isMirrorError(error) || error.code === 'SPOOL_NO_SPACE') throw error
    return undefined
  }
}

async function fetchInto(artifact: Artifact, options: Filling, fresh: boolean): Promise<Filled> {
  const { client, baseUrl, signal } = options
  const { body } = await client.fetchArtifact(artifact, { signal, fresh, verify: false, ...(baseUrl === undefined ? {} : { baseUrl }) })
  return { ...await writeThrough(artifact, body, options), source: 'upstream' }
}

async function writeThrough(artifact: Artifact, body: AsyncIterable<Uint8Array>, { file, folder, signal }: Filling): Promise<Pick<Filled, 'sha256' | 'md5'>> {
  const hashes = { sha256: createHash('sha256'), md5: createHash('md5') }
  let position = 0
  for await (const chunk of body) {
    signal.throwIfAborted()
    hashes.sha256.update(chunk)
    hashes.md5.update(chunk)
    await guardSpool(folder, async () => await writeWhole(file, chunk, position))
    position += chunk.length
  }
  await file.truncate(position)
  const [sha256, md5] = [hashes.sha256.digest('hex'), hashes.md5.digest('hex')]
  if (!isSha256(sha256) || !isMd5(md5)) throw new Error('A hash is not what it says')
  assertSame(artifact, position, digestKind(artifact.digest) === 'md5' ? createDigest('md5', md5) : createDigest('sha256', sha256))
  return { sha256, md5 }
}

async function writeWhole(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.length;) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done)
    done += bytesWritten
  }
}

function assertSame(artifact: Artifact, size: number, digest: Digest): void {
  const name = `${artifact.subdir}/${artifact.name}`
  if (size !== artifact.size) throw new MirrorError('SIZE_MISMATCH', `Cannot use ${name}: it has ${size} bytes, and its index says ${artifact.size}`)
  if (digest !== artifact.digest) throw new MirrorError('DIGEST_MISMATCH', `Cannot use ${name}: its bytes have ${digest}, and its index says ${artifact.digest}`)
}

async function guardSpool<Result>(folder: string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error
    throw new MirrorError<SyncErrorCode>('SPOOL_NO_SPACE', `Cannot keep an artifact in ${folder} until it is uploaded: ${code}`, {
      hint: 'Make room there, or upload fewer at once; then run again: what was uploaded stays.', cause: error,
    })
  }
}
