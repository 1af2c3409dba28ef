import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { changing } from './change-disk.ts'

/** Takes bytes in order. */
export interface ByteSink {
  readonly write: (bytes: Uint8Array) => Promise<void> | void
}

/** A file that gets its name when it is whole, and not before. */
export interface DraftFile extends ByteSink {
  readonly write: (bytes: Uint8Array) => void
  /** Where it lies until then. */
  readonly draft: string
  /** Makes it durable and gives it its name; what had the name is replaced. */
  readonly publish: () => void
  /** Removes it. Harmless after `publish`. */
  readonly discard: () => void
}

/** One write of more than this costs twice the system time of a smaller one on some kernels. */
const WRITE_BYTES = 64 * 1024

/** Starts a file under a name of its own beside the one that it will have. All of it throws `FILE_NOT_WRITTEN` when the disk does not take it. */
export function createDraft(path: string, mode: number = 0o644): DraftFile {
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.part`)
  const fd = changing(path, () => fs.openSync(draft, fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_NOFOLLOW, mode))
  let isOpen = true
  const close = (): void => {
    if (isOpen) fs.closeSync(fd)
    isOpen = false
  }
  let isPublished = false
  return {
    draft,
    write: (bytes) => changing(path, () => writeAll(fd, bytes)),
    publish() {
      changing(path, () => {
        fs.fdatasyncSync(fd)
        close()
        fs.renameSync(draft, path)
      })
      isPublished = true
    },
    discard() {
      close()
      if (isPublished) return
      try {
        fs.rmSync(draft, { force: true })
      } catch {
        // What made it fail is told; a disk that does not even take this is told by that.
      }
    },
  }
}

const DAY = 86_400_000

/** Removes what runs that were killed more than a day ago left of a file: nobody writes to a draft for so long without a change. */
export function removeAbandonedDrafts(path: string): void {
  const [folder, start] = [dirname(path), `.${basename(path)}.`]
  for (const name of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
    const isDraft = name.startsWith(start) && /^[0-9a-f]{12}\.part$/.test(name.slice(start.length))
    const changed = isDraft ? fs.lstatSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs : undefined
    if (changed !== undefined && Date.now() - changed > DAY) changing(path, () => fs.rmSync(join(folder, name), { force: true }))
  }
}

/** Writes all of it, however few bytes each write takes. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let start = 0; start < bytes.length;) start += fs.writeSync(fd, bytes, start, Math.min(WRITE_BYTES, bytes.length - start))
}

/** Writes a small file whole, or not at all. */
export function writeSmallFile(path: string, text: string, mode?: number): void {
  const draft = createDraft(path, mode)
  try {
    draft.write(Buffer.from(text))
    draft.publish()
  } finally {
    draft.discard()
  }
}

/** Gathers small pieces into larger ones; `write` answers a promise only when it has to be waited for. */
export function createTextWriter(sink: ByteSink): { readonly write: (text: string) => Promise<void> | undefined; readonly flush: () => Promise<void> } {
  let held: string[] = []
  let length = 0
  const flush = async (): Promise<void> => {
    if (held.length === 0) return
    await sink.write(Buffer.from(held.join('')))
    held = []
    length = 0
  }
  return {
    write(text) {
      held.push(text)
      length += text.length
      return length >= WRITE_BYTES ? flush() : undefined
    },
    flush,
  }
}
