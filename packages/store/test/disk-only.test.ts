import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe } from 'vitest'
import { createDiskIo, createDiskStore, type DiskIo, inspectRoot, type StoreEvent, verifyStore } from '../src/index.ts'
import { begun, bytesOf, carryOut, filesToPut, publish, putAll, readWhole, wholeChannel } from './support/carry-out.ts'
import { type ChannelFixture, EMPTY_CHANNEL, makeArtifact, makeChangeset, makeChannel } from './support/channel.ts'
import { createFaultyIo } from './support/faulty-io.ts'
import { checkInvariant, readTree } from './support/invariant.ts'
import { test } from './support/root-folder.ts'

const ONE = makeChannel({ noarch: { 'a-1.0-0.conda': 'a one', 'b-1.0-0.tar.bz2': 'b one' }, 'linux-64': { 'c-1.0-0.conda': 'c one' } }, { bz2: true })
const TWO = makeChannel({ noarch: { 'a-1.0-0.conda': 'a one', 'd-1.0-0.conda': 'd one' }, 'linux-64': { 'c-1.0-0.conda': 'c one' } }, { bz2: true })

/** Bytes that nobody may ask for. */
async function* unread(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('asked for')
  throw new Error('was read')
}

/** A tree as another tool would leave it. */
function writeTree(root: string, channel: ChannelFixture): void {
  for (const [path, text] of Object.entries(wholeChannel(channel))) {
    fs.mkdirSync(join(root, path, '..'), { recursive: true })
    fs.writeFileSync(join(root, path), text, 'latin1')
  }
}

/** More than are looked for one by one. */
const MANY = makeChannel({ noarch: Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`many-1.${at}-0.conda`, `many ${at}`])) })

for (const [others, where] of [[0, 'alone'], [1500, 'among many others']] as const) {
  test(`missing() finds the bytes that lie in a folder ${where}, and says what is damaged`, async ({ expect, root }) => {
    fs.mkdirSync(join(root, 'noarch'), { recursive: true })
    fs.writeFileSync(join(root, 'noarch/repodata.json'), '{}')
    for (let at = 0; at < others; at += 1) fs.writeFileSync(join(root, 'noarch', `other-1.${at}-0.conda`), '')
    for (let at = 0; at < 300; at += 3) fs.writeFileSync(join(root, `noarch/many-1.${at}-0.conda`), at === 99 ? 'wrong' : `many ${at}`)
    const events: StoreEvent[] = []
    await using transaction = await begun(createDiskStore({ root }), makeChangeset(EMPTY_CHANNEL, MANY).changeset, { adopt: true, observe: (event) => events.push(event) })
    const missing = await Array.fromAsync(transaction.missing(), ({ name }) => name)
    expect(missing.toSorted()).toEqual(Array.from({ length: 300 }, (_, at) => at).filter((at) => at % 3 !== 0 || at === 99).map((at) => `many-1.${at}-0.conda`).toSorted())
    expect(events.filter(({ type }) => type === 'artifact-reused').length).toBe(99)
    expect(events.filter(({ type }) => type === 'artifact-damaged').length).toBe(1)
  })
}

describe('what lies in the folder', () => {
  test('the public files are exactly those of upstream, readable without the store', async ({ expect, root }) => {
    await publish(createDiskStore({ root }), EMPTY_CHANNEL, ONE)
    expect(readTree(root)).toEqual(wholeChannel(ONE))
    expect(fs.readdirSync(root).toSorted()).toEqual(['.mirror', 'linux-64', 'noarch'])
  })

  test('files and folders have their modes whatever the umask', async ({ expect, root }) => {
    const umask = process.umask(0o077)
    try {
      await publish(createDiskStore({ root }), EMPTY_CHANNEL, ONE)
    } finally {
      process.umask(umask)
    }
    expect(fs.statSync(join(root, 'noarch')).mode & 0o777).toBe(0o755)
    for (const path of Object.keys(readTree(root))) expect(fs.statSync(join(root, path)).mode & 0o777).toBe(0o644)
  })

  // Only root may give a file to a group that it is not in itself: skipped for everyone else.
  test.skipIf(process.getuid?.() !== 0)('files and folders are given to the group that is asked for, with their modes', async ({ expect, root }) => {
    const store = createDiskStore({ root, io: createDiskIo({ group: 12_345 }), fileMode: 0o640, directoryMode: 0o2750 })
    await publish(store, EMPTY_CHANNEL, ONE)
    for (const [path, mode] of [['noarch', 0o2750], ['.mirror/documents', 0o2750], ['noarch/repodata.json', 0o640], ['noarch/a-1.0-0.conda', 0o640], ['.mirror/head', 0o640]] as const) {
      const stat = fs.statSync(join(root, path))
      expect([path, stat.gid, (stat.mode & 0o7777).toString(8)]).toEqual([path, 12_345, mode.toString(8)])
    }
  })

  test('a group that cannot be given to is a named error, and nothing is left', async ({ expect, root }) => {
    const real = createDiskIo()
    const io: DiskIo = { ...real, create: () => { throw Object.assign(new Error('EPERM: fchown'), { code: 'EPERM', syscall: 'fchown' }) } }
    await expect(publish(createDiskStore({ root, io }), EMPTY_CHANNEL, ONE)).rejects.toMatchObject({ code: 'STORE_NOT_WRITABLE', message: expect.stringContaining('group') as unknown })
  })

  test('an off variant is deleted, wherever it came from, and a foreign file is not', async ({ expect, root }) => {
    const store = createDiskStore({ root })
    await publish(store, EMPTY_CHANNEL, ONE)
    fs.writeFileSync(join(root, 'noarch/current_repodata.json'), 'stale')
    fs.writeFileSync(join(root, 'noarch/index.html'), 'theirs')
    const bare = makeChannel(TWO.content, {})
    await publish(store, ONE, bare)
    expect(Object.keys(readTree(root)).filter((path) => path.startsWith('noarch/') && !path.includes('-1.0-'))).toEqual(expect.arrayContaining(['noarch/index.html', 'noarch/repodata.json', 'noarch/repodata.json.zst']))
    expect(fs.existsSync(join(root, 'noarch/current_repodata.json'))).toBe(false)
    expect(fs.existsSync(join(root, 'noarch/repodata.json.bz2'))).toBe(false)
  })

  test('index copies are copies: overwriting a public file does not change a generation', async ({ expect, root }) => {
    const store = createDiskStore({ root })
    await publish(store, EMPTY_CHANNEL, ONE)
    for (const path of ONE.files.keys()) fs.writeFileSync(join(root, path), 'overwritten')
    const reader = await store.read()
    for (const [path, bytes] of ONE.files) expect(reader === undefined ? '' : await bytesOf(await reader.openFile(path))).toBe(Buffer.from(bytes).toString('latin1'))
  })

  test('one line is written to the log for each commit', async ({ expect, root }) => {
    const store = createDiskStore({ root })
    await publish(store, EMPTY_CHANNEL, ONE)
    fs.appendFileSync(join(root, '.mirror/log.jsonl'), '{"torn":')
    await publish(store, ONE, TWO)
    const lines = fs.readFileSync(join(root, '.mirror/log.jsonl'), 'utf8').trimEnd().split('\n')
    expect(lines.map((line) => (line.startsWith('{"torn') ? 'torn' : [JSON.parse(line).generation, JSON.parse(line).add, JSON.parse(line).remove]))).toEqual([[1, 3, 0], 'torn', [2, 1, 1]])
  })
})

describe('nothing is written without need', () => {
  test('head(), read(), readMemo(), publicState() and an unchanged writeMemo() write nothing', async ({ expect, root }) => {
    await publish(createDiskStore({ root }), EMPTY_CHANNEL, ONE)
    await createDiskStore({ root }).writeMemo('upstream', { etag: 'x' })
    const io = createFaultyIo()
    const store = createDiskStore({ root, io })
    await store.head()
    await readWhole(await store.read(), ONE.subdirs.keys())
    expect(await store.publicState()).toEqual({ status: 'as-published' })
    expect(await store.readMemo('upstream')).toEqual({ etag: 'x' })
    await store.writeMemo('upstream', { etag: 'x' })
    await store.checkSpace({ bytes: 1, files: 1 })
    expect(await carryOut(store, makeChangeset(ONE, ONE))).toMatchObject({ status: 'committed', generation: { number: 1 } })
    expect(await store.tidy({ grace: 0 })).toMatchObject({ deleted: { count: 0 } })
    expect(io.operations).toEqual([])
  })

  test('a store that is only looked at leaves no trace', async ({ expect, root }) => {
    const store = createDiskStore({ root })
    await store.head()
    await store.publicState()
    await store.tidy({ grace: 0 })
    expect(fs.existsSync(root)).toBe(false)
  })
})

describe('public files that someone changed', () => {
  test('publicState() names files that were changed, removed or added, and is not fooled by a touched one', async ({ expect, root }) => {
    const store = createDiskStore({ root })
    await publish(store, EMPTY_CHANNEL, ONE)
    fs.utimesSync(join(root, 'noarch/repodata.json'), 1, 1)
    expect(await store.publicState()).toEqual({ status: 'as-published' })
    fs.writeFileSync(join(root, 'noarch/repodata.json'), fs.readFileSync(join(root, 'noarch/repodata.json'), 'utf8').replace('a-1.0', 'A-1.0'))
    fs.rmSync(join(root, 'linux-64/repodata.json.zst'))
    fs.writeFileSync(join(root, 'linux-64/repodata_shards.msgpack.zst'), 'new')
    expect(await store.publicState()).toEqual({ status: 'changed', paths: ['linux-64/repodata.json.zst', 'linux-64/repodata_shards.msgpack.zst', 'noarch/repodata.json'] })
  })

  test('a tree that was unpacked over a mirror is adopted: what is right is used, the rest is put, what the head listed goes to the trash', async ({ expect, root }) => {
    const store = createDiskStore({ root })
    await publish(store, EMPTY_CHANNEL, ONE)
    writeTree(root, TWO)
    fs.writeFileSync(join(root, 'linux-64/c-1.0-0.conda'), 'C ONE')
    const plan = makeChangeset(EMPTY_CHANNEL, TWO)
    expect(await store.begin(plan.changeset)).toMatchObject({ status: 'stale' })
    const events: StoreEvent[] = []
    const transaction = await begun(store, plan.changeset, { adopt: true, observe: (event) => events.push(event) })
    expect(await putAll(transaction, plan)).toEqual(['linux-64/c-1.0-0.conda'])
    expect(await transaction.commit()).toMatchObject({ status: 'committed', generation: { number: 2 } })
    expect(events).toContainEqual({ type: 'artifact-damaged', artifact: makeArtifact('linux-64', 'c-1.0-0.conda', 'c one'), found: 'digest' })
    expect(checkInvariant(root)).toEqual([])
    expect(await store.publicState()).toEqual({ status: 'as-published' })
    expect(await store.tidy({ grace: 0, maximumDeletes: 10 })).toMatchObject({ left: 0 })
    expect(readTree(root)).toEqual(wholeChannel(TWO))
  })
})

describe('folders that are not ours', () => {
  test('inspectRoot() tells absent, empty, foreign and store', async ({ expect, root }) => {
    expect(inspectRoot(root)).toEqual({ kind: 'absent' })
    fs.mkdirSync(root)
    expect(inspectRoot(root)).toEqual({ kind: 'empty' })
    writeTree(root, ONE)
    expect(inspectRoot(root)).toEqual({ kind: 'foreign', names: ['linux-64', 'noarch'], looksLikeChannel: true })
    await carryOut(createDiskStore({ root }), makeChangeset(EMPTY_CHANNEL, ONE), { adopt: true })
    expect(inspectRoot(root)).toEqual({ kind: 'store', generation: 1 })
  })

  test('a folder that has nothing but the stores of other channels is empty, and can become one itself', async ({ expect, root }) => {
    await publish(createDiskStore({ root: join(root, 'conda-forge') }), EMPTY_CHANNEL, ONE)
    await publish(createDiskStore({ root: join(root, 'team/label/dev') }), EMPTY_CHANNEL, ONE)
    expect(inspectRoot(root)).toEqual({ kind: 'empty' })
    const installers = makeChannel({}, { files: { 'miniconda/latest.sh': 'sh' } })
    await publish(createDiskStore({ root }), EMPTY_CHANNEL, installers)
    expect(inspectRoot(root)).toEqual({ kind: 'store', generation: 1 })
    expect(await createDiskStore({ root }).publicState()).toEqual({ status: 'as-published' })
    expect(await createDiskStore({ root: join(root, 'conda-forge') }).publicState()).toEqual({ status: 'as-published' })
  })

  test('a store with folders of its own shares its root: only they are looked at, and adopted with consent', async ({ expect, root }) => {
    const files = { 'archive/tool-1.sh': 'tool', 'miniconda/latest.sh': 'latest' }
    const target = makeChannel({}, { files })
    const plan = makeChangeset(EMPTY_CHANNEL, target)
    fs.mkdirSync(join(root, 'archive'), { recursive: true })
    fs.mkdirSync(join(root, 'internal/noarch'), { recursive: true })
    fs.writeFileSync(join(root, 'internal/noarch/repodata.json'), '{}')
    fs.writeFileSync(join(root, 'README'), 'theirs')
    fs.writeFileSync(join(root, 'archive/tool-1.sh'), 'tool')
    fs.writeFileSync(join(root, 'archive/other.txt'), 'theirs')
    const before = readTree(root)

    expect(inspectRoot(root, ['archive', 'miniconda'])).toEqual({ kind: 'foreign', names: ['archive'], looksLikeChannel: true })
    const shared = createDiskStore({ root, folders: ['archive', 'miniconda'] })
    await shared.writeMemo('upstream', 1)
    await expect(shared.begin(plan.changeset)).rejects.toMatchObject({ code: 'STORE_FOREIGN' })
    await expect(createDiskStore({ root, folders: ['README'] }).begin(plan.changeset)).rejects.toMatchObject({ code: 'STORE_FOREIGN' })
    expect(readTree(root)).toEqual(before)

    const transaction = await begun(shared, plan.changeset, { adopt: true })
    const [tool, latest] = plan.changeset.filesAdded
    if (tool === undefined || latest === undefined) throw new Error('no files')
    const { ino } = fs.statSync(join(root, 'archive/tool-1.sh'))
    expect(await transaction.putFile(tool, unread())).toBe('present')
    expect(await transaction.putFile(latest, Buffer.from('latest'))).toBe('stored')
    await transaction.commit()
    expect(fs.statSync(join(root, 'archive/tool-1.sh')).ino).toBe(ino)
    expect(readTree(root)).toEqual({ ...before, ...files })
    expect(await verifyStore({ root })).toMatchObject({ faults: [], foreign: ['archive/other.txt'] })
    expect(await createDiskStore({ root: join(root, 'main') }).begin(plan.changeset)).toMatchObject({ status: 'begun' })
  })

  test('a plain file with other bytes in its place is set aside, and one that was changed is put again', async ({ expect, root }) => {
    const target = makeChannel({}, { files: { 'archive/tool-1.sh': 'tool' } })
    const plan = makeChangeset(EMPTY_CHANNEL, target)
    fs.mkdirSync(join(root, 'archive'), { recursive: true })
    fs.writeFileSync(join(root, 'archive/tool-1.sh'), 'LOOT')
    const store = createDiskStore({ root, folders: ['archive'] })
    await carryOut(store, plan, { adopt: true })
    expect(readTree(root)).toEqual({ 'archive/tool-1.sh': 'tool' })
    fs.writeFileSync(join(root, 'archive/tool-1.sh'), 'LOOT')
    expect(await store.publicState()).toEqual({ status: 'changed', paths: ['archive/tool-1.sh'] })
    await carryOut(store, plan, { adopt: true })
    expect(readTree(root)).toEqual({ 'archive/tool-1.sh': 'tool' })
    expect(await store.publicState()).toEqual({ status: 'as-published' })
  })

  test('a folder with other content is refused before anything is written, and adopted with consent', async ({ expect, root }) => {
    writeTree(root, ONE)
    fs.writeFileSync(join(root, 'noarch/b-1.0-0.tar.bz2'), 'trunc')
    fs.writeFileSync(join(root, 'channeldata.json'), 'theirs')
    const store = createDiskStore({ root })
    const plan = makeChangeset(EMPTY_CHANNEL, ONE)
    await expect(store.begin(plan.changeset)).rejects.toMatchObject({ code: 'STORE_FOREIGN' })
    await store.writeMemo('upstream', 1)
    expect(fs.readdirSync(root).toSorted()).toEqual(['channeldata.json', 'linux-64', 'noarch'])
    const inode = fs.statSync(join(root, 'noarch/a-1.0-0.conda')).ino
    const transaction = await begun(store, plan.changeset, { adopt: true })
    expect(await putAll(transaction, plan)).toEqual(['noarch/b-1.0-0.tar.bz2'])
    await transaction.commit()
    expect(readTree(root)).toEqual({ ...wholeChannel(ONE), 'channeldata.json': 'theirs' })
    expect(fs.statSync(join(root, 'noarch/a-1.0-0.conda')).ino).toBe(inode)
    expect(fs.readdirSync(join(root, '.mirror/objects')).length).toBeGreaterThan(0)
    await store.tidy({ grace: 0 })
    expect(fs.readdirSync(join(root, '.mirror/objects'))).toEqual([])
  })

  test('system places, symlinks and things that are no files are refused before anything is written', async ({ expect, root }) => {
    for (const path of ['/', '/etc', '/etc/mirror', '/usr', '/usr/lib', '/var/lib', '/home', '/tmp', os.homedir()]) expect(() => createDiskStore({ root: path }), path).toThrow(expect.objectContaining({ code: 'STORE_UNSAFE_PATH' }))
    const elsewhere = join(root, '../elsewhere')
    fs.mkdirSync(elsewhere)
    fs.symlinkSync(elsewhere, root)
    expect(() => createDiskStore({ root })).toThrow(expect.objectContaining({ code: 'STORE_UNSAFE_PATH' }))
    fs.rmSync(root)
    fs.mkdirSync(root)
    const store = createDiskStore({ root })
    const plan = makeChangeset(EMPTY_CHANNEL, ONE)
    fs.symlinkSync(elsewhere, join(root, 'noarch'))
    await expect(store.begin(plan.changeset, { adopt: true })).rejects.toMatchObject({ code: 'STORE_UNSAFE_PATH' })
    expect(fs.readdirSync(root)).toEqual(['noarch'])
    fs.rmSync(join(root, 'noarch'))
    fs.symlinkSync(elsewhere, join(root, '.mirror'))
    await expect(store.begin(plan.changeset)).rejects.toMatchObject({ code: 'STORE_UNSAFE_PATH' })
    fs.rmSync(join(root, '.mirror'))
    expect(fs.readdirSync(elsewhere)).toEqual([])
  })

  for (const [label, make] of [
    ['a symlink', (path: string) => fs.symlinkSync('/etc/passwd', path)],
    ['a dangling symlink', (path: string) => fs.symlinkSync('/nowhere', path)],
    ['a folder', (path: string) => fs.mkdirSync(path)],
  ] as const) {
    test(`${label} where an artifact or an index should be is refused`, async ({ expect, root }) => {
      const store = createDiskStore({ root })
      await publish(store, EMPTY_CHANNEL, ONE)
      const plan = makeChangeset(ONE, TWO)
      make(join(root, 'noarch/d-1.0-0.conda'))
      {
        await using transaction = await begun(store, plan.changeset)
        await expect(putAll(transaction, plan)).rejects.toMatchObject({ code: 'STORE_UNSAFE_PATH' })
      }
      fs.rmSync(join(root, 'noarch/d-1.0-0.conda'), { recursive: true })
      fs.rmSync(join(root, 'noarch/repodata.json'))
      make(join(root, 'noarch/repodata.json'))
      {
        await using transaction = await begun(store, plan.changeset)
        await expect(putAll(transaction, plan)).rejects.toMatchObject({ code: 'STORE_UNSAFE_PATH' })
      }
      fs.rmSync(join(root, 'noarch/repodata.json'), { recursive: true })
      expect(await carryOut(store, plan)).toMatchObject({ status: 'committed' })
      expect(checkInvariant(root)).toEqual([])
    })
  }
})

describe('generations that are kept longer', () => {
  test('tidy() keeps as many superseded generations as it is told to, with all that they list', async ({ expect, root }) => {
    const store = createDiskStore({ root, keep: 1 })
    await publish(store, EMPTY_CHANNEL, ONE)
    await publish(store, ONE, TWO)
    expect(await store.tidy({ grace: 0 })).toMatchObject({ deleted: { count: 0 }, kept: { count: 1 } })
    expect(await readWhole(await store.read(1), ONE.subdirs.keys())).toEqual(wholeChannel(ONE))
    const three = makeChannel({ ...TWO.content, 'osx-64': { 'e-1.0-0.conda': 'e one' } }, { bz2: true })
    await publish(store, TWO, three)
    expect(await store.tidy({ grace: 0 })).toMatchObject({ deleted: { count: 1 }, waiting: { count: 0 } })
    expect(await store.read(1)).toBeUndefined()
    expect(await readWhole(await store.read(2), TWO.subdirs.keys())).toEqual(wholeChannel(TWO))
    expect(fs.existsSync(join(root, 'noarch/b-1.0-0.tar.bz2'))).toBe(false)
  })
})

describe('what only a store on disk can tell', () => {
  test('openIntact() gives an index file from where it is right, or not at all', async ({ expect, root }) => {
    const store = createDiskStore({ root })
    expect(await store.openIntact('noarch/repodata.json')).toBeUndefined()
    await publish(store, EMPTY_CHANNEL, ONE)
    const read = async (path: string): Promise<string | undefined> => {
      const body = await store.openIntact(path)
      return body === undefined ? undefined : await bytesOf({ status: 'found', size: 0, body })
    }
    for (const name of ['repodata.json', 'repodata.json.zst', 'repodata.json.bz2']) {
      const path = `noarch/${name}`
      const expected = wholeChannel(ONE)[path]
      expect(await read(path)).toBe(expected)
      fs.writeFileSync(join(root, path), 'nonsense')
      expect(await read(path)).toBe(expected)
      fs.rmSync(join(root, path))
      expect(await read(path)).toBe(expected)
    }
    for (const name of fs.readdirSync(join(root, '.mirror/documents'))) fs.writeFileSync(join(root, '.mirror/documents', name), 'nonsense')
    for (const name of ['repodata.json', 'repodata.json.zst', 'repodata.json.bz2']) expect(await read(`noarch/${name}`)).toBeUndefined()
    expect(await read('linux-64/repodata.json')).toBe(wholeChannel(ONE)['linux-64/repodata.json'])
    expect(await read('noarch/a-1.0-0.conda')).toBeUndefined()
  })

  test('trash() tells what waits by the heads of the lists', async ({ expect, root }) => {
    const store = createDiskStore({ root, clock: () => new Date(Date.UTC(2026, 0, 1)) })
    await publish(store, EMPTY_CHANNEL, ONE)
    expect(await store.trash()).toEqual([])
    await publish(store, ONE, TWO)
    expect(await store.trash()).toEqual([{ generation: 2, time: '2026-01-01T00:00:00.000Z', count: 1, bytes: 5 }])
    await publish(store, TWO, ONE)
    await publish(store, ONE, makeChannel({}))
    await store.createSnapshot('one', 1)
    await store.tidy({ grace: 0 })
    // The list of the second generation is kept by the first, as it is; that of the fourth was looked at.
    expect(await store.trash()).toEqual([
      { generation: 2, time: '2026-01-01T00:00:00.000Z', count: 1, bytes: 5 }, { generation: 4, time: '2026-01-01T00:00:00.000Z', count: 3, bytes: 15, keptBy: [1] },
    ])
    for (let time = 0; time < 2; time += 1) expect(await store.tidy({ grace: 0 })).toMatchObject({ deleted: { count: 0 }, kept: { count: 4, bytes: 20 } })
  })

  test('a snapshot whose file is damaged keeps every generation, and can be removed', async ({ expect, root }) => {
    const store = createDiskStore({ root })
    await publish(store, EMPTY_CHANNEL, ONE)
    await store.createSnapshot('one', 1)
    await publish(store, ONE, TWO)
    await publish(store, TWO, ONE)
    fs.writeFileSync(join(root, '.mirror/snapshots/one.json'), '{"format":1,"name":"one","generation":1}\n')
    expect(await store.damagedSnapshots()).toEqual(['one'])
    const events: StoreEvent[] = []
    expect(await store.tidy({ grace: 0, observe: (event) => { events.push(event) } })).toMatchObject({ dropped: [] })
    expect(events).toContainEqual({ type: 'store-warning', warning: 'snapshot-damaged' })
    expect((await store.generations()).map(({ number }) => number)).toEqual([3, 2, 1])
    expect(await store.removeSnapshot('one')).toBe('removed')
    expect(await store.tidy({ grace: 0 })).toMatchObject({ dropped: [2, 1] })
  })

  test('removeEmpty() takes away a store that nothing needs, and no other; what is foreign stays', async ({ expect, root }) => {
    const store = createDiskStore({ root })
    expect(await store.removeEmpty()).toBe('in-use')
    await publish(store, EMPTY_CHANNEL, ONE)
    expect(await store.removeEmpty()).toBe('in-use')
    await store.createSnapshot('one')
    const nothing = makeChannel({})
    await publish(store, ONE, nothing)
    expect(await store.removeEmpty()).toBe('in-use')
    await store.removeSnapshot('one')
    expect(await store.removeEmpty()).toBe('in-use')
    await store.tidy({ grace: 0 })
    fs.writeFileSync(join(root, 'notes.txt'), 'ours')
    expect(await store.removeEmpty()).toBe('removed')
    expect(fs.readdirSync(root)).toEqual(['notes.txt'])
    fs.rmSync(join(root, 'notes.txt'))
    await publish(store, EMPTY_CHANNEL, nothing)
    await publish(store, nothing, ONE)
    await publish(store, ONE, nothing)
    await store.tidy({ grace: 0 })
    expect(await store.removeEmpty()).toBe('removed')
    expect(fs.existsSync(root)).toBe(false)
  })

  test('an index file that is told to be damaged is put anew, and so is its copy', async ({ expect, root }) => {
    const store = createDiskStore({ root })
    await publish(store, EMPTY_CHANNEL, ONE)
    const path = 'noarch/repodata.json.bz2'
    const file = ONE.state.subdirs.flatMap(({ variants }) => variants).find((variant) => variant.path === path)
    if (file === undefined) throw new Error('no such file')
    const { mtime, atime } = fs.statSync(join(root, path))
    const bytes = fs.readFileSync(join(root, path))
    const again = { ...makeChangeset(EMPTY_CHANNEL, ONE).changeset, base: (await store.head())?.id ?? file.sha256 }
    for (const damaged of [path, `.mirror/documents/${file.sha256}`]) {
      fs.writeFileSync(join(root, damaged), Buffer.alloc(bytes.length))
      fs.utimesSync(join(root, damaged), atime, mtime)
      const transaction = await begun(store, again, { damaged: new Set([damaged]) })
      for await (const artifact of transaction.missing()) throw new Error(`${artifact.name} is missing`)
      for (const [one, content] of filesToPut(makeChangeset(EMPTY_CHANNEL, ONE))) await transaction.putFile(one, content)
      expect(await transaction.commit()).toMatchObject({ status: 'committed' })
      expect(fs.readFileSync(join(root, damaged)).equals(bytes)).toBe(true)
    }
  })
})

describe('damage and versions', () => {
  test('a head that is lost or garbage is found again from the newest whole generation', async ({ expect, root }) => {
    const store = createDiskStore({ root })
    await publish(store, EMPTY_CHANNEL, ONE)
    const head = await publish(store, ONE, TWO)
    for (const damage of [() => fs.writeFileSync(join(root, '.mirror/head'), 'garbage'), () => fs.truncateSync(join(root, '.mirror/head'), 9), () => fs.rmSync(join(root, '.mirror/head'))]) {
      damage()
      expect(await store.head()).toEqual(head)
    }
    expect(await carryOut(store, makeChangeset(TWO, ONE))).toMatchObject({ status: 'committed', generation: { number: 3 } })
  })

  test('a generation whose manifest is damaged is not read, and the one before it is', async ({ expect, root }) => {
    const store = createDiskStore({ root })
    const first = await publish(store, EMPTY_CHANNEL, ONE)
    await publish(store, ONE, TWO)
    const path = join(root, '.mirror/generations/2.json')
    fs.writeFileSync(path, fs.readFileSync(path, 'utf8').replace('"number":2', '"number":3'))
    expect(await store.head()).toEqual(first)
    expect((await store.publicState()).status).toBe('changed')
  })

  test('a garbage journal is dropped with a warning', async ({ expect, root }) => {
    const store = createDiskStore({ root })
    await publish(store, EMPTY_CHANNEL, ONE)
    fs.writeFileSync(join(root, '.mirror/journal/2.json'), '{"format":1')
    expect(await store.publicState()).toEqual({ status: 'unfinished' })
    const events: StoreEvent[] = []
    await carryOut(store, makeChangeset(ONE, TWO), { observe: (event) => events.push(event) })
    expect(events).toContainEqual({ type: 'store-warning', warning: 'journal-damaged' })
    expect(readTree(join(root, 'noarch'))).toMatchObject({ 'd-1.0-0.conda': 'd one' })
  })

  test('losing the dot-folder loses history, not the mirror', async ({ expect, root }) => {
    const store = createDiskStore({ root })
    await publish(store, EMPTY_CHANNEL, ONE)
    fs.rmSync(join(root, '.mirror'), { recursive: true })
    expect(await store.head()).toBeUndefined()
    const plan = makeChangeset(EMPTY_CHANNEL, ONE)
    const transaction = await begun(store, plan.changeset, { adopt: true })
    expect(await putAll(transaction, plan)).toEqual([])
    await transaction.commit()
    expect(readTree(root)).toEqual(wholeChannel(ONE))
  })

  test('a store of a later version is refused, untouched', async ({ expect, root }) => {
    const store = createDiskStore({ root })
    await publish(store, EMPTY_CHANNEL, ONE)
    fs.writeFileSync(join(root, '.mirror/format.json'), '{"format":2}')
    const plan = makeChangeset(ONE, TWO)
    for (const outcome of [() => store.head(), () => store.read(), () => store.begin(plan.changeset), () => store.tidy({ grace: 0 })]) await expect(outcome()).rejects.toMatchObject({ code: 'STORE_TOO_NEW' })
    expect(readTree(root)).toEqual(wholeChannel(ONE))
  })
})

describe('locks', () => {
  test('begin() answers busy while another process holds the store, and begins after its SIGKILL', async ({ expect, root }) => {
    const store = createDiskStore({ root })
    await publish(store, EMPTY_CHANNEL, ONE)
    const child = spawn(process.execPath, ['--no-warnings', fileURLToPath(new URL('support/hold-lock.ts', import.meta.url)), root], { stdio: ['ignore', 'pipe', 'inherit'] })
    const line = await new Promise((resolve) => child.stdout.once('data', (data: Buffer) => resolve(data.toString().trim())))
    expect(line).toBe('busy here')
    const plan = makeChangeset(ONE, TWO)
    expect(await store.begin(plan.changeset)).toEqual({ status: 'busy' })
    expect(await createDiskStore({ root }).tidy({ grace: 0 })).toEqual({ status: 'busy' })
    expect((await store.head())?.number).toBe(1)
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
    expect(await carryOut(store, plan)).toMatchObject({ status: 'committed' })
  })

  test('two stores of one process on one folder exclude each other too', async ({ expect, root }) => {
    const plan = makeChangeset(EMPTY_CHANNEL, ONE)
    const transaction = await begun(createDiskStore({ root }), plan.changeset)
    expect(await createDiskStore({ root }).begin(plan.changeset)).toEqual({ status: 'busy' })
    await transaction.abandon()
    expect(await createDiskStore({ root }).begin(plan.changeset)).toMatchObject({ status: 'begun' })
  })

  test('commit() refuses when the lock file was replaced meanwhile', async ({ expect, root }) => {
    const store = createDiskStore({ root })
    const plan = makeChangeset(EMPTY_CHANNEL, ONE)
    const transaction = await begun(store, plan.changeset)
    await putAll(transaction, plan)
    fs.writeFileSync(join(root, '.mirror/other'), '')
    fs.renameSync(join(root, '.mirror/other'), join(root, '.mirror/lock.db'))
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'STORE_NO_LOCKS' })
    expect(await store.head()).toBeUndefined()
  })
})

describe('a full disk', () => {
  test('checkSpace() refuses what does not fit, with the reserve', async ({ expect, root }) => {
    const store = createDiskStore({ root })
    await store.checkSpace({ bytes: 1 })
    await expect(store.checkSpace({ bytes: 2 ** 60 })).rejects.toMatchObject({ code: 'STORE_NO_SPACE' })
    await expect(store.checkSpace({ bytes: 1, reserve: 2 ** 60 })).rejects.toMatchObject({ code: 'STORE_NO_SPACE' })
    await expect(store.checkSpace({ bytes: 1, files: 2 ** 50 })).rejects.toMatchObject({ code: 'STORE_NO_SPACE' })
  })

  test('a sync that fails in the background discards the file, and the commit says so', async ({ expect, root }) => {
    await publish(createDiskStore({ root }), EMPTY_CHANNEL, ONE)
    const real = createFaultyIo()
    const plan = makeChangeset(ONE, TWO)
    const store = createDiskStore({ root, io: { ...real, sync: () => Promise.reject(Object.assign(new Error('EIO: i/o error'), { code: 'EIO', syscall: 'fdatasync' })) } })
    const transaction = await begun(store, plan.changeset)
    await putAll(transaction, plan)
    await expect(transaction.commit()).rejects.toMatchObject({ code: 'STORE_WRITE_FAILED' })
    expect(fs.readdirSync(join(root, '.mirror/staging'))).toEqual([])
    expect(readTree(root)).toEqual(wholeChannel(ONE))
    expect(filesToPut(plan).length).toBeGreaterThan(0)
  })
})
