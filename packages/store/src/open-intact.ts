import { createDigest } from '@mirror/core'
import type { DiskContext } from './disk-context.ts'
import { documentPath } from './documents.ts'
import { readHead } from './generation-file.ts'
import { checkFile, readPieces } from './hash-file.ts'
import { publishedFiles } from './public-state.ts'
import { decodePieces, decodesTo } from './zstd-files.ts'

/** The bytes of an index file of the head from where they are right; every byte is compared first. */
export async function openIntact({ paths }: Pick<DiskContext, 'paths'>, path: string): Promise<AsyncIterable<Uint8Array> | undefined> {
  const manifest = readHead(paths)
  const file = manifest === undefined ? undefined : publishedFiles(manifest.generation.state).find((candidate) => candidate.path === path)
  if (manifest === undefined || file === undefined) return undefined
  const identity = { digest: createDigest('sha256', file.sha256), size: file.size }
  if (await checkFile(paths.public(path), identity) === 'right') return readPieces(paths.public(path))
  const document = manifest.documents.find(({ sha256 }) => sha256 === file.sha256)
  if (document === undefined) return undefined
  const copy = documentPath({ paths }, document)
  if (document.encoding === 'identity') return await checkFile(copy, identity) === 'right' ? readPieces(copy) : undefined
  return await checkFile(copy, identity) !== 'absent' && await decodesTo(copy, file) ? decodePieces(copy) : undefined
}
