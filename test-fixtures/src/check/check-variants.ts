import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { decompressBzip2 } from '../bzip2.ts'
import { decompressZstd } from './decompress-zstd.ts'

/** Checks that the compressed forms of an index file, where they exist, hold the same bytes; gives the names found. */
export async function checkCompressedForms(folder: string, name: string, report: (problem: string) => void): Promise<string[]> {
  const plain = await readFile(join(folder, name)).catch(() => undefined)
  const found = plain === undefined ? [] : [name]
  for (const [suffix, decompress] of [['.zst', decompressZstd], ['.bz2', decompressBzip2]] as const) {
    const bytes = await readFile(join(folder, name + suffix)).catch(() => undefined)
    if (bytes === undefined) continue
    found.push(name + suffix)
    if (plain === undefined) report(`${name}${suffix}: there is no ${name} beside it`)
    const content = await decompress(bytes).catch((error: unknown) => String(error))
    if (typeof content === 'string') report(`${name}${suffix}: ${content}`)
    else if (plain !== undefined && !content.equals(plain)) report(`${name}${suffix}: not the content of ${name}`)
  }
  return found
}
