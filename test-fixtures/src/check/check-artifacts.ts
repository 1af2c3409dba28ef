import { createHash } from 'node:crypto'
import { createReadStream, lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { type JsonObject, stringIn } from '../json.ts'

/** A record and the file that it promises. */
export interface ListedArtifact {
  readonly fileName: string
  readonly record: JsonObject
}

/** Checks that each listed file is there, is a plain file, and has the size and the digests of its record. */
export async function checkArtifacts(folder: string, listed: readonly ListedArtifact[], report: (problem: string) => void): Promise<void> {
  let next = 0
  const work = async (): Promise<void> => {
    for (let item = listed[next++]; item !== undefined; item = listed[next++]) await checkArtifact(folder, item, report)
  }
  await Promise.all([work(), work(), work(), work()])
}

async function checkArtifact(folder: string, { fileName, record }: ListedArtifact, report: (problem: string) => void): Promise<void> {
  if (fileName === '' || /[/\\\0]/.test(fileName) || fileName.startsWith('.')) {
    report(`unsafe name ${JSON.stringify(fileName)}`)
    return
  }
  const path = join(folder, fileName)
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined) report(`${fileName}: listed but missing`)
  else if (!stats.isFile()) report(`${fileName}: not a plain file`)
  else if (record['size'] !== undefined && record['size'] !== stats.size) {
    report(`${fileName}: ${stats.size} bytes, listed as ${JSON.stringify(record['size'])}`)
  } else await checkDigests(path, { record, size: stats.size }, (algorithm) => { report(`${fileName}: wrong ${algorithm}`) })
}

const SMALL = 1_048_576

async function checkDigests(path: string, { record, size }: Sized, report: (algorithm: string) => void): Promise<void> {
  const wanted = ['sha256', 'md5'].flatMap((algorithm) => {
    const digest = stringIn(record, algorithm)
    return digest === undefined ? [] : [{ algorithm, digest: digest.toLowerCase(), hash: createHash(algorithm) }]
  })
  if (wanted.length === 0) return
  // Small files at once: a mirror has a hundred thousand of them.
  const chunks = size <= SMALL ? [readFileSync(path)] : createReadStream(path, { highWaterMark: 262_144 })
  for await (const chunk of chunks) for (const { hash } of wanted) hash.update(chunk)
  for (const { algorithm, digest, hash } of wanted) if (hash.digest('hex') !== digest) report(algorithm)
}

interface Sized {
  readonly record: JsonObject
  readonly size: number
}
