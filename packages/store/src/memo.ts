import fs from 'node:fs'
import { join } from 'node:path'
import type { DiskContext } from './disk-context.ts'
import { makeFolders, parseJson, readSmallFile, removeIfThere, writeAll } from './disk-write.ts'
import { inspectRoot } from './safe-root.ts'

const NAME = /^[a-z0-9][a-z0-9-]{0,63}$/

/** Throws a RangeError for names that could not be a file's. */
export function assertMemoName(name: string): void {
  if (!NAME.test(name)) throw new RangeError(`A memo's name is lower-case letters, digits and dashes, not ${JSON.stringify(name)}`)
}

/** Reads a note; undefined when there is none or it cannot be read. */
export function readMemoFile({ paths }: Pick<DiskContext, 'paths'>, name: string): unknown {
  assertMemoName(name)
  try {
    const text = readSmallFile(join(paths.memo, `${name}.json`))
    return text === undefined ? undefined : parseJson(text)
  } catch {
    return undefined
  }
}

/** Keeps a note: whole or as before, but not durable, because it may be lost. Never the first thing that is written to a folder that is not ours. */
export async function writeMemoFile(context: DiskContext, name: string, value: unknown): Promise<void> {
  const { io, paths, fileMode, directoryMode } = context
  assertMemoName(name)
  const text = `${JSON.stringify(value)}\n`
  const path = join(paths.memo, `${name}.json`)
  if (readSmallFile(path) === text) return
  if (!fs.existsSync(paths.memo) && inspectRoot(paths.root, context.folders).kind === 'foreign') return
  await makeFolders(io, paths.memo, directoryMode)
  const draft = join(paths.memo, `${name}.${process.pid}.draft`)
  removeIfThere(io, draft)
  const fd = io.create(draft, fileMode)
  try {
    writeAll(io, fd, Buffer.from(text))
  } finally {
    io.close(fd)
  }
  io.rename(draft, path)
}
