import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMirrorError, parseChannelUrl, parseSubdirName } from '@mirror/core'
import { createRepositoryClient } from '@mirror/repository-client'
import { createDiskStore, verifyStore } from '@mirror/store'
import {
  buildInstallers, type ChannelServer, createInstallerPage, createSampleInstallers, faults, type InstallerDescription, type InstallersDescription, serveChannel,
} from '@mirror/test-fixtures'
import { describe, test as base } from 'vitest'
import { INSTALLER_FOLDERS, type InstallersReport, pruneInstallers, sumInstallers, type SyncEvent, syncInstallers, type SyncInstallersOptions } from '../../src/index.ts'

const HOUR = 3_600_000

interface World {
  /** The folder that is served. */
  readonly upstream: string
  readonly mirror: string
  readonly server: ChannelServer
  readonly build: (description: InstallersDescription) => Promise<void>
  readonly sync: (options?: Partial<SyncInstallersOptions> & { readonly from?: string; readonly clock?: number }) => Promise<InstallersReport & { readonly events: readonly SyncEvent[] }>
  /** Public files of the mirror, with their text where it is short. */
  readonly files: () => Promise<readonly string[]>
}

const test = base.extend<World>({
  upstream: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'installers-upstream-'))
    await use(folder)
    await rm(folder, { recursive: true })
  },
  mirror: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'installers-mirror-'))
    await use(join(folder, 'mirror'))
    await rm(folder, { recursive: true })
  },
  server: async ({ upstream }, use) => {
    await using server = await serveChannel(upstream)
    await use(server)
  },
  build: async ({ upstream }, use) => {
    await use(async (description) => {
      await rm(upstream, { recursive: true })
      await buildInstallers(description, upstream)
    })
  },
  sync: async ({ server, mirror }, use) => {
    await use(async ({ from = server.url, clock = 0, observe: tell, ...options } = {}) => {
      const spoolFolder = await mkdtemp(join(tmpdir(), 'installers-spool-'))
      const channel = parseChannelUrl(from, { folder: 'archive' })
      const events: SyncEvent[] = []
      const observe = (event: SyncEvent): void => {
        events.push(event)
        tell?.(event)
      }
      await using client = createRepositoryClient({ channel, spoolFolder, retry: { tries: 2, base: 1, maximum: 2 }, observe })
      const store = createDiskStore({ root: mirror, folders: INSTALLER_FOLDERS, clock: () => new Date(Date.now() + clock) })
      try {
        const report = await syncInstallers({ remote: channel.url, client, store, platforms: [parseSubdirName('linux-64')], latest: 1, spoolFolder, observe, ...options })
        return { ...report, events }
      } finally {
        await rm(spoolFolder, { recursive: true })
      }
    })
  },
  files: async ({ mirror }, use) => {
    await use(async () => {
      const head = await createDiskStore({ root: mirror }).head()
      const report = await verifyStore({ root: mirror })
      if (report !== undefined && report.faults.length > 0) throw new Error(JSON.stringify(report.faults))
      return (head?.state.files ?? []).map(({ path }) => path)
    })
  },
})

const A1 = 'Anaconda3-2024.06-1-Linux-x86_64.sh'
const A2 = 'Anaconda3-2024.10-1-Linux-x86_64.sh'
const M1 = 'Miniconda3-py312_24.7.1-0-Linux-x86_64.sh'
const M2 = 'Miniconda3-py312_24.9.2-0-Linux-x86_64.sh'
const LATEST = 'Miniconda3-latest-Linux-x86_64.sh'
const alias = (of: string): InstallerDescription => ({ name: LATEST, seed: of, size: 400_000 })
const named = (...names: readonly string[]): readonly InstallerDescription[] => names.map((name) => ({ name, size: 400_000 }))
const BEFORE: InstallersDescription = { archive: named(A1), miniconda: [...named(M1), alias(M1)] }
const AFTER: InstallersDescription = { archive: named(A1, A2), miniconda: [...named(M1, M2), alias(M2)] }

/** What was asked for since the last `reset`. */
function requestsOf(server: ChannelServer): readonly string[] {
  const requests = server.requests.map(({ method, path, status }) => `${method} ${path} ${status}`)
  server.reset()
  return requests
}

/** Every file with the time of its last change; a lock is no change. */
async function listTimes(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && entry.name !== 'lock.db').map((entry) => join(entry.parentPath, entry.name))
  return (await Promise.all(files.map(async (path) => `${path} ${(await stat(path, { bigint: true })).mtimeNs}`))).toSorted()
}

/** The code of what was thrown. */
async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => 'nothing', (error: unknown) => (isMirrorError(error) ? error.code : String(error)))
}

describe('syncInstallers()', () => {
  test('mirrors the newest of each product for the platforms, with pages of its own', async ({ expect, build, sync, files, mirror, upstream }) => {
    await build(createSampleInstallers())
    const report = await sync({ platforms: [parseSubdirName('linux-64'), parseSubdirName('osx-arm64'), parseSubdirName('noarch')] })
    const expected = [
      'archive/Anaconda2-2019.10-Linux-x86_64.sh', `archive/${A2}`, 'archive/Anaconda3-2024.10-1-MacOSX-arm64.pkg', 'miniconda/Miniconda2-4.7.12.1-Linux-x86_64.sh', `miniconda/${LATEST}`,
      'miniconda/Miniconda3-latest-MacOSX-arm64.pkg', `miniconda/${M2}`, 'miniconda/Miniconda3-py312_24.9.2-0-MacOSX-arm64.pkg',
    ]
    expect(await files()).toEqual([...expected, 'archive/index.html', 'miniconda/index.html'].toSorted())
    expect(report).toMatchObject({ status: 'committed', generation: 1, installers: 8, bytes: 16_000, remove: [], failed: [], held: [], verdicts: [], warnings: [], unselected: [], present: 0 })
    expect(report.add.map(({ path }) => path)).toEqual(expected)
    // `latest` has the bytes of a release, and they come once.
    expect(report.fetched).toEqual({ installers: 6, bytes: 12_000 })
    for (const path of expected) expect(await readFile(join(mirror, path))).toEqual(await readFile(join(upstream, path)))
    expect(await readFile(join(mirror, 'archive/index.html'), 'utf8')).toContain(`<a href="${A2}">`)
  })

  test('asks for the pages alone when they have not changed, and writes nothing', async ({ expect, build, sync, server, mirror }) => {
    await build(createSampleInstallers())
    await sync()
    const before = await listTimes(mirror)
    requestsOf(server)
    const again = await sync()
    expect(again).toMatchObject({ status: 'unchanged', generation: 1, installers: 5, add: [], remove: [] })
    expect(requestsOf(server)).toEqual(['GET /archive/ 304', 'GET /miniconda/ 304'])
    expect(await listTimes(mirror)).toEqual(before)
    expect(again.events.map(({ type }) => type)).toEqual(['listing-checked', 'listing-checked', 'tidied'])
  })

  test('knows installers by what it noted when a page is new and says the same, also by md5', async ({ expect, build, sync, server, upstream }) => {
    await build({ archive: [{ name: A2, checksum: 'md5' }], miniconda: named(M2) })
    expect(await sync()).toMatchObject({ status: 'committed', fetched: { installers: 2, bytes: 402_000 } })
    await utimes(join(upstream, 'archive/index.html'), new Date(), new Date())
    requestsOf(server)
    expect(await sync()).toMatchObject({ status: 'unchanged' })
    expect(requestsOf(server)).toEqual(['GET /archive/ 200', 'GET /archive/ 200', 'GET /miniconda/ 200'])
  })

  test('fetches what is new, and moves what is superseded to the trash for the grace', async ({ expect, build, sync, files, server, mirror, upstream }) => {
    await build(BEFORE)
    await sync()
    await build(AFTER)
    requestsOf(server)
    const report = await sync()
    expect(report).toMatchObject({ status: 'committed', generation: 2, installers: 3, fetched: { installers: 2, bytes: 800_000 } })
    expect(report.add.map(({ path }) => path)).toEqual([`archive/${A2}`, `miniconda/${LATEST}`, `miniconda/${M2}`])
    expect(report.remove.map(({ path }) => path)).toEqual([`archive/${A1}`, `miniconda/${M1}`])
    expect(requestsOf(server).filter((request) => request.startsWith('GET') && request.includes('conda3')).length).toBe(2)
    expect(await files()).toEqual([`archive/${A2}`, 'archive/index.html', `miniconda/${LATEST}`, `miniconda/${M2}`, 'miniconda/index.html'])
    expect(await readFile(join(mirror, 'miniconda', LATEST))).toEqual(await readFile(join(upstream, 'miniconda', M2)))
    expect((await stat(join(mirror, 'archive', A1))).size).toBe(400_000)
    expect(report.tidy?.waiting.count).toBeGreaterThan(2)

    const later = await sync({ clock: 25 * HOUR })
    expect(later.status).toBe('unchanged')
    await expect(stat(join(mirror, 'archive', A1))).rejects.toThrow('ENOENT')
    await expect(stat(join(mirror, 'miniconda', M1))).rejects.toThrow('ENOENT')
    await files()
  })

  test('keeps so many releases, and all', async ({ expect, build, sync, files }) => {
    await build(AFTER)
    await sync({ latest: 2 })
    expect((await files()).filter((path) => path.endsWith('.sh'))).toEqual([`archive/${A1}`, `archive/${A2}`, `miniconda/${LATEST}`, `miniconda/${M1}`, `miniconda/${M2}`])
    expect((await sync({ latest: 1 })).remove.map(({ path }) => path)).toEqual([`archive/${A1}`, `miniconda/${M1}`])
    expect((await sync({ latest: 'all' })).add.map(({ path }) => path)).toEqual([`archive/${A1}`, `miniconda/${M1}`])
  })

  test('plans without writing, with sizes', async ({ expect, build, sync, mirror, server }) => {
    await build(AFTER)
    const report = await sync({ dryRun: true })
    expect(report).toMatchObject({ status: 'planned', generation: undefined, installers: 3, bytes: 1_200_000, fetched: { installers: 0, bytes: 0 } })
    expect(report.add).toEqual([`archive/${A2}`, `miniconda/${LATEST}`, `miniconda/${M2}`].map((path) => ({ path, size: 400_000 })))
    expect(requestsOf(server).filter((request) => request.startsWith('GET'))).toEqual(['GET /archive/ 200', 'GET /miniconda/ 200'])
    await expect(stat(mirror)).rejects.toThrow('ENOENT')
  })

  test('installers of a platform that is not asked for any more stay until they are pruned', async ({ expect, build, sync, files, mirror }) => {
    await build(createSampleInstallers())
    await sync()
    const arm = parseSubdirName('osx-arm64')
    const other = await sync({ platforms: [arm] })
    expect(other).toMatchObject({ status: 'committed', remove: [] })
    expect(other.unselected).toContain(`archive/${A2}`)
    expect(await files()).toContain(`archive/${A2}`)
    const store = createDiskStore({ root: mirror, folders: INSTALLER_FOLDERS })
    const prune = { store, platforms: [arm], grace: HOUR }
    expect(await pruneInstallers({ ...prune, platforms: 'all' })).toMatchObject({ status: 'unchanged', generation: 2, withdrawn: [] })
    expect(await pruneInstallers({ ...prune, dryRun: true })).toMatchObject({ status: 'planned', generation: 2, withdrawn: [{ name: 'linux-64', installers: 5, bytes: 10_000 }] })
    expect(await files()).toContain(`archive/${A2}`)
    const pruned = await pruneInstallers(prune)
    expect(pruned).toMatchObject({ status: 'committed', generation: 3, withdrawn: [{ name: 'linux-64', installers: 5 }] })
    expect(pruned.tidy.waiting.count).toBeGreaterThan(4)
    expect((await files()).filter((path) => path.includes('Linux'))).toEqual([])
    const head = await store.head()
    expect(head === undefined ? [] : sumInstallers(head.state)).toEqual([{ name: 'archive', installers: 1, bytes: 2000 }, { name: 'miniconda', installers: 2, bytes: 4000 }])
    expect(await readFile(join(mirror, 'archive/index.html'), 'utf8')).not.toContain('Linux')
    expect((await sync({ platforms: [arm] })).status).toBe('unchanged')
  })

  test('reads another mirror, and a folder', async ({ expect, build, sync, mirror, upstream }) => {
    await build(AFTER)
    await sync()
    const second = join(mirror, '..', 'second')
    await rename(mirror, second)
    const report = await sync({ from: second })
    expect(report).toMatchObject({ status: 'committed', installers: 3, fetched: { installers: 2 } })
    expect(await sync({ from: second })).toMatchObject({ status: 'unchanged' })
    for (const path of report.add.map((change) => change.path)) expect(await readFile(join(mirror, path))).toEqual(await readFile(join(upstream, path)))
  })

  test('uses the installers that another tool put there', async ({ expect, build, sync, mirror, server }) => {
    await build(AFTER)
    await buildInstallers(AFTER, mirror)
    await mkdir(join(mirror, 'internal'))
    await writeFile(join(mirror, 'internal/notes.txt'), 'theirs')
    expect(await codeOf(sync({ adopt: false }))).toBe('STORE_FOREIGN')
    requestsOf(server)
    const report = await sync()
    expect(report).toMatchObject({ status: 'committed', present: 3, fetched: { installers: 0, bytes: 0 } })
    expect(requestsOf(server).filter((request) => request.startsWith('GET')).length).toBe(2)
    expect(await readFile(join(mirror, 'internal/notes.txt'), 'utf8')).toBe('theirs')
    // What upstream's pages do not ask for is not ours.
    expect((await stat(join(mirror, 'archive', A1))).size).toBe(400_000)
  })

  test('puts an installer again that someone changed or removed, and only that', async ({ expect, build, sync, mirror, files }) => {
    await build(AFTER)
    await sync()
    await rm(join(mirror, 'archive', A2))
    const report = await sync()
    expect(report.fetched).toEqual({ installers: 1, bytes: 400_000 })
    expect(report.warnings.map(({ code }) => code)).toEqual(['PUBLIC_FILES_CHANGED'])
    const path = join(mirror, 'miniconda', LATEST)
    const { atime, mtime } = await stat(path)
    await writeFile(path, Buffer.alloc(400_000))
    await utimes(path, atime, mtime)
    expect((await sync({ verify: true })).fetched).toEqual({ installers: 1, bytes: 400_000 })
    await writeFile(join(mirror, 'miniconda', M2), 'other')
    expect((await sync()).status).toBe('committed')
    expect(await files()).toContain(`miniconda/${M2}`)
    expect((await sync()).status).toBe('unchanged')
  })
})

describe('syncInstallers() and an upstream at fault', () => {
  test('a page that cannot be had holds its folder, and not the other', async ({ expect, build, sync, server, files }) => {
    await build(BEFORE)
    await sync()
    await build(AFTER)
    server.misbehave({ path: '/archive/', fault: faults.status(503) })
    const report = await sync()
    expect(report).toMatchObject({ status: 'committed', held: [{ folder: 'archive', code: 'CHANNEL_UNREACHABLE' }] })
    expect(await files()).toEqual([`archive/${A1}`, 'archive/index.html', `miniconda/${LATEST}`, `miniconda/${M2}`, 'miniconda/index.html'])
    server.misbehave({ path: '/miniconda/', fault: faults.status(403) })
    expect(await sync()).toMatchObject({ status: 'held', generation: 2, held: [{ folder: 'archive' }, { folder: 'miniconda', code: 'CHANNEL_FORBIDDEN' }] })
    server.reset()
    expect(await sync()).toMatchObject({ status: 'committed', generation: 3, held: [] })
  })

  for (const [what, page] of [
    ['empty', createInstallerPage('archive', [])],
    ['cut', createInstallerPage('archive', [{ name: A2, size: 1, digest: 'a'.repeat(64) }]).replace(/<\/table>[^]*/, '')],
    ['a login page', '<html><form></form></html>'],
    ['without checksums', createInstallerPage('archive', [{ name: A2, size: 1, digest: '' }])],
  ] as const) {
    test(`a page that is ${what} never deletes anything`, async ({ expect, build, sync, files, upstream }) => {
      await build(BEFORE)
      await sync()
      const before = await files()
      await writeFile(join(upstream, 'archive/index.html'), page)
      expect(await sync({ limits: { allowEmpty: true, shrinkRecords: Infinity } })).toMatchObject({ status: 'held', held: [{ folder: 'archive', code: 'LISTING_UNREADABLE' }], remove: [] })
      expect(await files()).toEqual(before)
    })
  }

  test('a page that lists none of what is mirrored is refused, and accepted with consent', async ({ expect, build, sync, files }) => {
    await build(BEFORE)
    await sync()
    const before = await files()
    await build({ archive: named('Anaconda3-2024.10-1-Windows-x86_64.exe'), miniconda: BEFORE.miniconda ?? [] })
    expect(await sync()).toMatchObject({ status: 'refused', verdicts: [{ guard: 'empty', subdir: 'archive', override: '--allow-empty' }] })
    await build({ miniconda: BEFORE.miniconda ?? [] })
    expect(await sync()).toMatchObject({ status: 'refused', verdicts: [{ guard: 'vanished', subdir: 'archive', override: '--allow-empty' }] })
    expect(await files()).toEqual(before)
    expect(await sync({ limits: { allowEmpty: true } })).toMatchObject({ status: 'committed', remove: [{ path: `archive/${A1}` }] })
    expect(await files()).toEqual([`miniconda/${LATEST}`, `miniconda/${M1}`, 'miniconda/index.html'])
    expect(await sync()).toMatchObject({ status: 'unchanged' })
  })

  test('a page that lost most of what is mirrored is refused, and accepted with consent', async ({ expect, build, sync, files }) => {
    const versions = Array.from({ length: 10 }, (_none, at) => `Anaconda3-2024.${at + 10}-0-Linux-x86_64.sh`)
    await build({ archive: named(...versions) })
    await sync({ latest: 'all' })
    await build({ archive: named(...versions.slice(0, 4)) })
    expect(await sync({ latest: 'all' })).toMatchObject({ status: 'refused', verdicts: [{ guard: 'shrink', override: '--allow-shrink' }] })
    expect(await files()).toHaveLength(11)
    expect((await sync({ latest: 'all', limits: { shrinkRecords: Infinity } })).remove).toHaveLength(6)
  })

  test('the last installer of a product stays, with a warning', async ({ expect, build, sync, files }) => {
    await build({ archive: named(A1, 'Anaconda2-2019.10-Linux-x86_64.sh') })
    await sync()
    await build({ archive: named(A2) })
    const report = await sync()
    expect(report).toMatchObject({ status: 'committed', remove: [{ path: `archive/${A1}` }], warnings: [{ code: 'INSTALLERS_GONE' }] })
    expect(await files()).toContain('archive/Anaconda2-2019.10-Linux-x86_64.sh')
  })

  test('an installer that cannot be had leaves the older one, and the others come', async ({ expect, build, sync, files, server }) => {
    await build(BEFORE)
    await sync()
    await build(AFTER)
    server.misbehave({ path: A2, fault: faults.status(404) })
    server.misbehave({ path: A2, method: 'HEAD', fault: faults.status(404) })
    const report = await sync()
    expect(report).toMatchObject({ status: 'committed', failed: [{ path: `archive/${A2}`, code: 'ARTIFACT_MISSING' }] })
    expect(await files()).toEqual([`archive/${A1}`, 'archive/index.html', `miniconda/${LATEST}`, `miniconda/${M2}`, 'miniconda/index.html'])
    server.reset()
    expect(await sync()).toMatchObject({ status: 'committed', failed: [], remove: [{ path: `archive/${A1}` }] })
  })

  test('wrong bytes are never published: a checksum that does not fit, by sha256 and by md5', async ({ expect, build, sync, files, upstream }) => {
    await build(BEFORE)
    await sync()
    const before = await files()
    for (const checksum of ['sha256', 'md5'] as const) {
      await build({ archive: [...named(A1), { name: A2, checksum, size: 400_000 }], miniconda: BEFORE.miniconda ?? [] })
      await writeFile(join(upstream, 'archive', A2), Buffer.alloc(400_000))
      const report = await sync()
      expect(report).toMatchObject({ status: 'held', generation: 1, failed: [{ path: `archive/${A2}`, code: 'DIGEST_MISMATCH' }], add: [], remove: [] })
      expect(await files()).toEqual(before)
    }
  })

  test('goes on where an interrupted run stopped', async ({ expect, build, sync, server, mirror }) => {
    await build({ archive: [{ name: A2, size: 3_000_000 }], miniconda: named(M2) })
    const controller = new AbortController()
    let bytes = 0
    const stop = (event: SyncEvent): void => {
      if (event.type === 'bytes-received') bytes += event.bytes
      if (bytes > 2_000_000) controller.abort(new Error('enough'))
    }
    await expect(sync({ signal: controller.signal, concurrency: 1, observe: stop })).rejects.toThrow()
    await expect(stat(join(mirror, 'archive'))).rejects.toThrow('ENOENT')
    server.reset()
    const report = await sync()
    expect(report.status).toBe('committed')
    expect(server.requests.filter(({ path, method }) => method === 'GET' && path.endsWith(A2)).map(({ headers }) => headers.range !== undefined)).toEqual([true])
    expect(report.fetched.bytes).toBeLessThan(3_400_000)
  })

  test('leaves no trace in a mirror that gets none', async ({ expect, sync, server, mirror, build }) => {
    server.misbehave({ fault: faults.status(503) })
    expect(await sync()).toMatchObject({ status: 'held', generation: undefined, installers: 0 })
    await expect(stat(mirror)).rejects.toThrow('ENOENT')
    server.reset()
    await build({ archive: named('Anaconda3-2024.10-1-Windows-x86_64.exe') })
    expect(await sync()).toMatchObject({ status: 'unchanged', generation: undefined, installers: 0 })
  })

  test('throws when there is nothing of the kind, and when another run works', async ({ expect, sync, server, mirror, build }) => {
    server.misbehave({ fault: faults.status(404) })
    expect(await codeOf(sync())).toBe('INSTALLERS_NOT_FOUND')
    server.reset()
    await build(BEFORE)
    await sync()
    await build(AFTER)
    const store = createDiskStore({ root: mirror, folders: INSTALLER_FOLDERS })
    const head = await store.head()
    if (head === undefined) throw new Error('nothing is published')
    const begun = await store.begin({ base: head.id, target: head.state, changes: [], withdrawn: [], filesAdded: [], filesRemoved: [] })
    if (begun.status !== 'begun') throw new Error(begun.status)
    expect(await codeOf(sync())).toBe('STORE_LOCKED')
    await begun.transaction.abandon()
    expect((await sync()).status).toBe('committed')
  })
})
