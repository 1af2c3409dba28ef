import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { buildChannel } from '@mirror/test-fixtures'
import { describe, test as base } from 'vitest'
import { createCatalogues } from '../../src/catalogue/catalogues.ts'
import { readPart } from '../../src/catalogue/find-index.ts'
import { createIndexThread, type IndexThread } from '../../src/catalogue/index-thread.ts'
import { type IndexReading, readIndex } from '../../src/catalogue/read-index.ts'
import { createMirrorFiles } from '../../src/mirror-files.ts'

interface Tree {
  readonly mirror: string
  readonly root: string
  readonly name: { readonly folder: string; readonly snapshot: undefined; readonly root: string }
}

const test = base.extend<{ readonly tree: Tree }>({
  tree: async ({}, use) => {
    const mirror = await mkdtemp(join(tmpdir(), 'catalogues-'))
    const root = join(mirror, 'theirs')
    await buildChannel({ subdirs: { noarch: [{ name: 'alpha' }], 'linux-64': [{ name: 'beta', depends: ['alpha'] }] } }, root)
    await use({ mirror, root, name: { folder: 'theirs', snapshot: undefined, root } })
    await rm(mirror, { recursive: true })
  },
})

/** A thread that reads when it is told to, and in this one. */
function createSlowThread(mirror: string): IndexThread & { readonly release: () => void; readonly reads: string[] } {
  const reads: string[] = []
  let waiting: (() => void)[] = []
  return {
    reads,
    async read(name): Promise<IndexReading> {
      reads.push(name.subdir)
      await new Promise<void>((resolve) => { waiting.push(resolve) })
      return await readIndex(createMirrorFiles(mirror), name)
    },
    release() {
      for (const resolve of waiting) resolve()
      waiting = []
    },
    stop: async () => undefined,
  }
}

const namesOf = (catalogue: Awaited<ReturnType<ReturnType<typeof createCatalogues>['open']>>): readonly string[] | undefined =>
  catalogue?.subdirs.flatMap((subdir) => Array.from({ length: subdir.names }, (_, at) => subdir.nameAt(at)))

/** Opens until what is opened is as wanted, and lets the thread go on each time. */
async function openUntil<Value>(open: () => Promise<Value>, thread: { readonly release: () => void }, isDone: (value: Value) => boolean): Promise<Value> {
  for (;;) {
    thread.release()
    const value = await open()
    if (isDone(value)) return value
    await new Promise((resolve) => { setImmediate(resolve) })
  }
}

describe('catalogues', () => {
  test('a channel is read by a thread, once, and its records are found in the documents', async ({ expect, tree }) => {
    await using thread = { ...createIndexThread(tree.mirror), async [Symbol.asyncDispose]() { await this.stop() } }
    const catalogues = createCatalogues({ files: createMirrorFiles(tree.mirror), thread, patience: 60_000 })
    const catalogue = await catalogues.open(tree.name)
    expect(namesOf(catalogue)).toEqual(['beta', 'alpha'])
    expect(catalogue).toMatchObject({ isCurrent: true, damaged: [] })
    const beta = catalogue?.subdirs[0]?.findArtifact('beta', 'beta-1.0-0.conda')
    const index = catalogue?.indexes[0]
    if (beta === undefined || index === undefined) throw new Error('beta is not there')
    expect(JSON.parse(String(await readPart(index, beta)))).toMatchObject({ name: 'beta', depends: ['alpha'] })
    expect((await catalogues.open(tree.name))?.subdirs).toBe(catalogue?.subdirs)
  })

  test('until it has been read there is none, and everybody waits for the same reading', async ({ expect, tree }) => {
    const thread = createSlowThread(tree.mirror)
    const catalogues = createCatalogues({ files: createMirrorFiles(tree.mirror), thread, patience: 0 })
    expect(await Promise.all([catalogues.open(tree.name), catalogues.open(tree.name), catalogues.open(tree.name)])).toEqual([undefined, undefined, undefined])
    const read = await openUntil(async () => await catalogues.open(tree.name), thread, (catalogue) => catalogue !== undefined)
    expect(namesOf(read)).toEqual(['beta', 'alpha'])
    expect(thread.reads).toEqual(['linux-64', 'noarch'])
  })

  test('while a later state is read the earlier one is shown, whole; only what changed is read', async ({ expect, tree }) => {
    const thread = createSlowThread(tree.mirror)
    const catalogues = createCatalogues({ files: createMirrorFiles(tree.mirror), thread, patience: 0 })
    const before = await openUntil(async () => await catalogues.open(tree.name), thread, (catalogue) => catalogue !== undefined)
    await buildChannel({ subdirs: { noarch: [{ name: 'alpha' }], 'linux-64': [{ name: 'beta', depends: ['alpha'] }, { name: 'gamma' }] } }, tree.root)
    const stale = await openUntil(async () => await catalogues.open(tree.name), { release: () => undefined }, (catalogue) => catalogue?.isCurrent === false)
    expect(namesOf(stale)).toEqual(['beta', 'alpha'])
    const after = await openUntil(async () => await catalogues.open(tree.name), thread, (catalogue) => catalogue?.isCurrent === true)
    expect(namesOf(after)).toEqual(['beta', 'gamma', 'alpha'])
    expect(after?.subdirs[1]).toBe(before?.subdirs[1])
    expect(thread.reads.filter((subdir) => subdir === 'noarch')).toHaveLength(1)
    // The document that the earlier one was made of is gone: its offsets say nothing about the new one.
    const beta = before?.subdirs[0]?.findArtifact('beta', 'beta-1.0-0.conda')
    const index = before?.indexes[0]
    if (beta === undefined || index === undefined) throw new Error('beta is not there')
    await expect(readPart(index, beta)).rejects.toThrow()
  })

  test('an index that cannot be read is named, the others are listed, and it is not read again until it changes', async ({ expect, tree }) => {
    const path = join(tree.root, 'linux-64/repodata.json')
    const whole = await readFile(path)
    await writeFile(path, whole.subarray(0, whole.length - 20))
    const thread = createSlowThread(tree.mirror)
    const catalogues = createCatalogues({ files: createMirrorFiles(tree.mirror), thread, patience: 0 })
    const open = async () => await catalogues.open(tree.name)
    const damaged = await openUntil(open, thread, (catalogue) => catalogue !== undefined)
    expect([namesOf(damaged), damaged?.damaged]).toEqual([['alpha'], [{ subdir: 'linux-64', code: 'INDEX_MALFORMED' }]])
    await open()
    expect(thread.reads).toHaveLength(2)
    await writeFile(path, whole)
    expect(namesOf(await openUntil(open, thread, (catalogue) => catalogue?.damaged.length === 0))).toEqual(['beta', 'alpha'])
  })

  test('an index that is there compressed alone is read, too; one of shards alone is named', async ({ expect, tree }) => {
    const path = join(tree.root, 'linux-64/repodata.json')
    await writeFile(`${path}.zst`, zstdCompressSync(await readFile(path)))
    await rm(path)
    await writeFile(join(tree.root, 'noarch/repodata_shards.msgpack.zst'), 'x')
    await rm(join(tree.root, 'noarch/repodata.json'))
    await rm(join(tree.root, 'noarch/repodata.json.zst'), { force: true })
    const thread = createSlowThread(tree.mirror)
    const catalogues = createCatalogues({ files: createMirrorFiles(tree.mirror), thread, patience: 0 })
    const catalogue = await openUntil(async () => await catalogues.open(tree.name), thread, (one) => one !== undefined)
    expect([namesOf(catalogue), catalogue?.damaged]).toEqual([['beta'], [{ subdir: 'noarch', code: 'SHARDS_ONLY' }]])
    const beta = catalogue?.subdirs[0]?.findArtifact('beta', 'beta-1.0-0.conda')
    const index = catalogue?.indexes[0]
    if (beta === undefined || index === undefined) throw new Error('beta is not there')
    expect(JSON.parse(String(await readPart(index, beta)))).toMatchObject({ name: 'beta' })
  })

  test('what nobody has wanted for an hour is forgotten, and read again for who wants it', async ({ expect, tree }) => {
    const thread = createSlowThread(tree.mirror)
    let now = 0
    const catalogues = createCatalogues({ files: createMirrorFiles(tree.mirror), thread, patience: 0, now: () => now })
    const open = async () => await catalogues.open(tree.name)
    const first = await openUntil(open, thread, (catalogue) => catalogue !== undefined)
    now += 3_599_000
    expect((await open())?.subdirs).toBe(first?.subdirs)
    now += 3_599_000
    expect((await open())?.subdirs).toBe(first?.subdirs)
    now += 3_601_000
    expect(await open()).toBeUndefined()
    expect(namesOf(await openUntil(open, thread, (catalogue) => catalogue !== undefined))).toEqual(['beta', 'alpha'])
    expect(thread.reads).toEqual(['linux-64', 'noarch', 'linux-64', 'noarch'])
    await catalogues.close()
  })

  test('a thread that fails is an error of those who wait, and the next one tries again', async ({ expect, tree }) => {
    let failures = 1
    const thread: IndexThread = {
      async read(name) {
        failures -= 1
        if (failures >= 0) throw new Error('out of memory')
        return await readIndex(createMirrorFiles(tree.mirror), name)
      },
      stop: async () => undefined,
    }
    const catalogues = createCatalogues({ files: createMirrorFiles(tree.mirror), thread, patience: 60_000 })
    await expect(catalogues.open(tree.name)).rejects.toThrow('out of memory')
    expect(namesOf(await catalogues.open(tree.name))).toEqual(['beta', 'alpha'])
  })

  test('a thread that is stopped rejects what it was reading, and starts anew for the next', async ({ expect, tree }) => {
    const thread = createIndexThread(tree.mirror)
    const reading = thread.read({ folder: 'theirs', snapshot: undefined, subdir: 'noarch' })
    // The reading has begun when the thread has been started, which is one turn later.
    await new Promise((resolve) => { setImmediate(resolve) })
    await thread.stop()
    await expect(reading).rejects.toThrow('thread')
    expect(await thread.read({ folder: 'theirs', snapshot: undefined, subdir: 'noarch' })).toMatchObject({ status: 'read' })
    await thread.stop()
  })
})
