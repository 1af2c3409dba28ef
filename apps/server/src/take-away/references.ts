import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { lstat, mkdir, readdir, rename, stat, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { getuid } from 'node:process'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** Files that somebody sent, for an hour. */
export interface References {
  /** Keeps what is sent. `too-large`: of more bytes than are taken; `full`: too many are kept already, or the disk takes none. */
  readonly receive: (body: AsyncIterable<Uint8Array>, signal: AbortSignal) => Promise<{ readonly status: 'kept'; readonly id: string } | { readonly status: 'too-large' | 'full' }>
  /** The path of one; undefined where there is none, or none any more. */
  readonly find: (id: string) => Promise<string | undefined>
}

/** What `createReferences` may be told. */
export interface ReferencesOptions {
  /** Default: the system's folder for temporary files. */
  readonly folder?: string | undefined
  /** Bytes. */
  readonly largest: number
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

const LIFETIME = 3_600_000
const MOST = 16

/**
 * Creates the place where references wait for the delta that is made from them: a folder that every process of this user finds, so that any of several servers answers for any of them. Names
 * are random and cannot be guessed. Each is given up an hour after it came.
 */
export function createReferences({ folder = tmpdir(), largest, clock }: ReferencesOptions): References {
  const place = join(folder, `conda-mirror-references-${ownUid()}`)

  function expire(path: string): void {
    setTimeout(() => void unlink(path).catch(() => undefined), LIFETIME).unref()
  }

  return {
    async receive(body, signal) {
      if (!await openPlace(place) || await sweep(place, clock() - LIFETIME) >= MOST) return { status: 'full' }
      const id = randomBytes(16).toString('base64url')
      const draft = join(place, `${id}.draft`)
      try {
        await pipeline(limitTo(body, largest), createWriteStream(draft, { flags: 'wx', mode: 0o600 }), { signal })
        await rename(draft, join(place, id))
        expire(join(place, id))
        return { status: 'kept', id }
      } catch (error) {
        if (error instanceof TooLarge) return { status: 'too-large' }
        throw error
      } finally {
        await unlink(draft).catch(() => undefined)
      }
    },
    async find(id) {
      const path = join(place, id)
      const found = await stat(path).catch(() => undefined)
      return found !== undefined && clock() - found.mtimeMs < LIFETIME ? path : undefined
    },
  }
}

/** That of the process: the user of a container may be one that nothing knows by name. Where there are none, files say 0. */
function ownUid(): number {
  return getuid?.() ?? 0
}

/** Makes the folder, which nobody else may have made for us. */
async function openPlace(place: string): Promise<boolean> {
  try {
    await mkdir(place, { mode: 0o700, recursive: true })
    const found = await lstat(place)
    return found.isDirectory() && found.uid === ownUid() && (found.mode & 0o077) === 0
  } catch {
    return false
  }
}

/** Removes what came before a time; answers how many others there are. */
async function sweep(place: string, before: number): Promise<number> {
  let left = 0
  for (const name of await readdir(place)) {
    const found = await stat(join(place, name)).catch(() => undefined)
    if (found !== undefined && found.mtimeMs > before) left += 1
    else await unlink(join(place, name)).catch(() => undefined)
  }
  return left
}

class TooLarge extends Error {}

/** Copies, because a piece is written later than the next one is asked for. */
async function* limitTo(body: AsyncIterable<Uint8Array>, largest: number): AsyncGenerator<Uint8Array, void, undefined> {
  let length = 0
  for await (const piece of body) {
    length += piece.length
    if (length > largest) throw new TooLarge('The body is too large')
    yield Buffer.from(piece)
  }
}
