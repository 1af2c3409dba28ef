import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, type OnTestFinishedHandler, test } from 'vitest'
import { FileReplaced, type FoundFile } from '../src/found-file.ts'
import { createGzipCopies, type GzipCopies } from '../src/gzip-copies.ts'

function makeFolder(onTestFinished: (handler: OnTestFinishedHandler) => void): string {
  const folder = mkdtempSync(join(tmpdir(), 'gzip-copies-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A state of an index: 100 kB of one letter. */
function makeFile(letter: string): FoundFile {
  const bytes = Buffer.alloc(100_000, letter)
  return {
    name: 'repodata.json', size: bytes.length, etag: letter, modified: 0, mark: letter, freshness: 'index',
    async *read({ start, end }) { yield bytes.subarray(start, end) },
  }
}

/** Asks until the copy is made. */
async function waitForCopy(copies: GzipCopies, file: FoundFile): Promise<FoundFile> {
  for (;;) {
    const copy = copies.find(file)
    if (copy !== undefined) return copy
    await new Promise((resolve) => { setImmediate(resolve) })
  }
}

async function collect({ read, size }: FoundFile): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of read({ start: 0, end: size })) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}

/** Links that cannot be read any more are of the call itself. */
function readLink(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

function countOpen(folder: string): number {
  return readdirSync('/proc/self/fd').filter((name) => readLink(join('/proc/self/fd', name)).startsWith(folder)).length
}

describe('createGzipCopies()', () => {
  test('keeps the copies of the last states, and nothing of older ones', async ({ expect, onTestFinished }) => {
    const folder = makeFolder(onTestFinished)
    await using copies = createGzipCopies(folder, 2)
    const first = await waitForCopy(copies, makeFile('a'))
    for (const letter of ['b', 'c', 'd']) {
      const file = makeFile(letter)
      expect(gunzipSync(await collect(await waitForCopy(copies, file))).equals(await collect(file))).toBe(true)
    }
    expect(countOpen(folder)).toBe(2)
    expect(readdirSync(folder)).toEqual([])
    await expect(collect(first)).rejects.toThrow(FileReplaced)
  })

  test('whoever reads a copy reads it to its end, and then it goes', async ({ expect, onTestFinished }) => {
    const folder = makeFolder(onTestFinished)
    await using copies = createGzipCopies(folder, 1)
    const file = makeFile('a')
    const copy = await waitForCopy(copies, file)
    const reading = copy.read({ start: 0, end: copy.size })[Symbol.asyncIterator]()
    const { value } = await reading.next()
    await waitForCopy(copies, makeFile('b'))
    expect(countOpen(folder)).toBe(2)
    expect(gunzipSync(Buffer.from(value ?? [])).equals(await collect(file))).toBe(true)
    expect(await reading.next()).toMatchObject({ done: true })
    expect(countOpen(folder)).toBe(1)
  })

  test('where it cannot write, there are none', async ({ expect, onTestFinished }) => {
    const folder = makeFolder(onTestFinished)
    await using copies = createGzipCopies(join(folder, 'absent'))
    for (let asked = 0; asked < 50; asked += 1) {
      expect(copies.find(makeFile('a'))).toBeUndefined()
      await new Promise((resolve) => { setImmediate(resolve) })
    }
  })
})
