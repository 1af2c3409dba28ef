import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { createDraft } from '../files/write-file.ts'
import { type OpenFile, openFile } from '../files/open-file.ts'
import { damaged } from './check-bytes.ts'

/** A volume that came before the others. */
export interface KeptVolume {
  readonly path: string
  /** From 1. */
  readonly number: number
}

const NAME = /^([1-9][0-9]{0,5})\.tar$/

/** The volumes that lie in the folder of a delta, by name alone. Empty where there is no such folder. */
export function listKept(folder: string): readonly KeptVolume[] {
  const kept: KeptVolume[] = []
  for (const name of namesIn(folder)) {
    const number = NAME.exec(name)?.[1]
    if (number !== undefined) kept.push({ path: join(folder, name), number: Number(number) })
  }
  return kept
}

function namesIn(folder: string): readonly string[] {
  return fs.lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === true ? fs.readdirSync(folder) : []
}

/** What `keepVolume` needs to know. */
export interface KeepVolumeOptions {
  readonly number: number
  readonly file: OpenFile
  /** Compares the copy; it is called by the name of what it is a copy of. */
  readonly check: (copy: OpenFile) => Promise<void>
  readonly signal: AbortSignal | undefined
}

/** Copies a volume into the folder of its delta. A slow medium is read once: the copy is what is compared, and only then gets its name. */
export async function keepVolume(folder: string, { number, file, check, signal }: KeepVolumeOptions): Promise<void> {
  fs.mkdirSync(folder, { recursive: true })
  removeAbandoned(folder)
  const draft = createDraft(join(folder, `${number}.tar`))
  try {
    for await (const piece of readPieces(file)) {
      signal?.throwIfAborted()
      draft.write(piece)
    }
    await using copy = await openFile(draft.draft)
    if (copy === undefined) throw new Error(`${draft.draft} is gone`)
    await check({ ...copy, path: file.path })
    draft.publish()
  } finally {
    draft.discard()
  }
}

/** Names the volume where the medium cannot be read, and leaves alone what goes wrong with the copy. */
async function* readPieces(file: OpenFile): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = file.pieces(0, file.size)
  for (;;) {
    const { done, value } = await pieces.next().catch((cause: unknown) => {
      throw damaged('a part', { label: file.path, what: 'it cannot be read', cause })
    })
    if (done === true) return
    yield value
  }
}

const HOUR = 3_600_000

/** What a run that was killed began to copy. One that is at work has written within the hour. */
function removeAbandoned(folder: string): void {
  for (const name of fs.readdirSync(folder)) {
    if (!name.endsWith('.part')) continue
    const stat = fs.lstatSync(join(folder, name), { throwIfNoEntry: false })
    if (stat !== undefined && Date.now() - stat.mtimeMs > HOUR) fs.rmSync(join(folder, name), { force: true })
  }
}

/** Removes what was kept of a delta; answers the folders of other deltas. */
export function forgetVolumes(arrived: string, delta: string): readonly string[] {
  if (namesIn(arrived).length === 0) return []
  fs.rmSync(join(arrived, delta), { recursive: true, force: true })
  const others = fs.readdirSync(arrived)
  if (others.length === 0) {
    fs.rmdirSync(arrived)
    removeEmpty(dirname(arrived))
  }
  return others.toSorted().map((name) => join(arrived, name))
}

function removeEmpty(folder: string): void {
  if (namesIn(folder).length === 0) fs.rmdirSync(folder)
}
