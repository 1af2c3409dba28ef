import fs from 'node:fs'
import { join } from 'node:path'
import { isJsonObject } from '@mirror/core'
import type { DiskContext } from './disk-context.ts'
import { parseJson, readSmallFile, replaceFile } from './disk-write.ts'
import type { StoreEvent } from './events.ts'
import { assertFormat, FORMAT } from './generation-file.ts'
import { probeLock } from './lock-probe.ts'

/** Throws `STORE_TOO_NEW` for a store that a later version has changed to its own format. Writes nothing. */
export function assertReadable({ paths }: Pick<DiskContext, 'paths'>): void {
  const value = readFormat({ paths })
  if (isJsonObject(value)) assertFormat(value['format'])
}

/**
 * Notes the format in a new store, and that its file system's locks were tried with a second process. Tried again only on another kind of file system.
 * Needs the lock. Here is where a store of an older format would be migrated, under the lock and before anything else.
 */
export async function openFormat(context: DiskContext, observe: (event: StoreEvent) => void): Promise<void> {
  const { io, paths, fileMode } = context
  const value = readFormat(context)
  if (isJsonObject(value)) assertFormat(value['format'])
  const fileSystem = fs.statfsSync(paths.own).type
  if (isJsonObject(value) && value['format'] === FORMAT && value['fileSystem'] === fileSystem) return
  const locks = await probeLock(paths.lock, observe)
  const text = `${JSON.stringify({ format: FORMAT, created: context.clock().toISOString(), fileSystem, locks: locks ? 'verified' : 'not-verified' })}\n`
  await replaceFile(io, paths.format, { temporary: join(paths.staging, 'format-draft'), text, mode: fileMode })
}

function readFormat({ paths }: Pick<DiskContext, 'paths'>): unknown {
  const text = readSmallFile(paths.format)
  return text === undefined ? undefined : parseJson(text)
}
