import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseSubdirName } from '@mirror/core'
import { changeChannel, createGate, faults } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { createScatteredWorld, SMALL, test, type World } from './world.ts'

async function sameIndex({ upstream, mirror }: World, subdir: string): Promise<boolean> {
  return (await readFile(join(upstream, subdir, 'repodata.json'))).equals(await readFile(join(mirror, subdir, 'repodata.json')))
}

async function snapshot(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return new Map(await Promise.all(files.map(async (path) => {
    const { ino, mtimeMs, size } = await stat(path)
    return [path, `${ino} ${mtimeMs} ${size}`] as const
  })))
}

describe('syncChannel()', () => {
  test('mirrors a channel exactly, with every variant derived from upstream\'s document', async ({ expect, world }) => {
    const { report } = await world.sync()
    expect(report).toMatchObject({ status: 'committed', generation: 1, failed: [], held: [], verdicts: [], totals: { add: 6, remove: 0, reused: 0, relisted: 0 } })
    expect(report.fetched.artifacts).toBe(6)
    const checked = await world.check()
    expect(checked.problems).toEqual([])
    expect(checked.artifacts).toBe(6)
    for (const subdir of ['noarch', 'linux-64']) expect(await sameIndex(world, subdir)).toBe(true)
    expect(await readdir(join(world.mirror, 'linux-64'))).toEqual(expect.arrayContaining(['repodata.json', 'repodata.json.zst', 'repodata_shards.msgpack.zst', 'shards']))
  })

  test('asks conditionally and writes nothing when nothing changed', async ({ expect, world }) => {
    await world.sync()
    const before = await snapshot(world.mirror)
    world.server.reset()
    const { report } = await world.sync()
    expect(report.status).toBe('unchanged')
    expect(world.server.requests.map(({ status }) => status)).toEqual([304, 304])
    expect(await snapshot(world.mirror)).toEqual(before)
  })

  test('adds, re-lists and removes exactly what changed upstream', async ({ expect, world }) => {
    await world.sync()
    await changeChannel(world.upstream, {
      add: { 'linux-64': [{ name: 'zeta' }] },
      remove: { noarch: ['alpha-1.0-0.conda'] },
      relist: { 'linux-64': { 'gamma-1.0-0.conda': { depends: ['beta >=2'] } } },
    })
    world.server.reset()
    const { report } = await world.sync()
    expect(report).toMatchObject({ status: 'committed', generation: 2, totals: { add: 1, remove: 1, relisted: 1, reused: 0 }, fetched: { artifacts: 1 } })
    expect(world.server.requests.filter(({ path }) => /\.(conda|tar\.bz2)$/.test(path)).map(({ path }) => path)).toEqual([expect.stringContaining('zeta-1.0-0.conda')])
    expect((await world.check()).problems).toEqual([])
    expect(await sameIndex(world, 'linux-64')).toBe(true)
    expect(await readdir(join(world.mirror, 'noarch'))).toContain('alpha-1.0-0.conda')
    expect(report.tidy?.waiting.count).toBeGreaterThan(0)
  })

  test('removes at once with a grace of nothing', async ({ expect, world }) => {
    await world.sync()
    await changeChannel(world.upstream, { remove: { noarch: ['alpha-1.0-0.conda'] } })
    const { report } = await world.sync({ grace: 0 })
    expect(await readdir(join(world.mirror, 'noarch'))).not.toContain('alpha-1.0-0.conda')
    expect(report.tidy?.waiting.count).toBe(0)
    expect((await world.check()).extra).toEqual([])
  })

  test('publishes a re-used name with its new bytes and warns with both hashes', async ({ expect, world }) => {
    await world.sync()
    await changeChannel(world.upstream, { add: { 'linux-64': [{ name: 'gamma', depends: ['beta >=1'], salt: 'other bytes' }] } })
    const { report } = await world.sync()
    expect(report).toMatchObject({ status: 'committed', totals: { reused: 1, add: 0, remove: 0 } })
    expect(report.warnings.find(({ code }) => code === 'NAME_REUSED')?.message).toMatch(/gamma-1\.0-0\.conda: it was sha256:[0-9a-f]{64} and is sha256:[0-9a-f]{64} now/)
    expect((await world.check()).problems).toEqual([])
    expect(await sameIndex(world, 'linux-64')).toBe(true)
  })

  test.for(['keep', 'drop', 'after-grace'] as const)('leaves the mirror whole under reuse: %s', async (reuse, { expect, world }) => {
    await world.sync({ reuse })
    const before = await readFile(join(world.mirror, 'linux-64', 'gamma-1.0-0.conda'))
    await changeChannel(world.upstream, { add: { 'linux-64': [{ name: 'gamma', depends: ['beta >=1'], salt: 'other bytes' }] } })
    const { report } = await world.sync({ reuse })
    expect(report.status).toBe(reuse === 'keep' ? 'unchanged' : 'committed')
    expect(await readFile(join(world.mirror, 'linux-64', 'gamma-1.0-0.conda'))).toEqual(before)
    const listed = (await readFile(join(world.mirror, 'linux-64', 'repodata.json'), 'utf8')).includes('gamma-1.0-0.conda')
    expect(listed).toBe(reuse === 'keep')
    expect((await world.check()).problems).toEqual([])
  })

  test('after-grace: adds the name when the old bytes are gone', async ({ expect, world }) => {
    await world.sync({ reuse: 'after-grace', grace: 0 })
    await changeChannel(world.upstream, { add: { 'linux-64': [{ name: 'gamma', depends: ['beta >=1'], salt: 'other bytes' }] } })
    await world.sync({ reuse: 'after-grace', grace: 0 })
    const { report } = await world.sync({ reuse: 'after-grace', grace: 0 })
    expect(report.totals.add).toBe(1)
    expect(await sameIndex(world, 'linux-64')).toBe(true)
    expect((await world.check()).problems).toEqual([])
  })

  test('plans without writing anything', async ({ expect, world }) => {
    const { report } = await world.sync({ dryRun: true })
    expect(report).toMatchObject({ status: 'planned', totals: { add: 6 } })
    await expect(readdir(world.mirror)).rejects.toThrow('ENOENT')
  })

  test('holds a subdir of which an artifact cannot be had, and publishes the rest', async ({ expect, world }) => {
    world.server.misbehave({ path: /delta-1\.0-0\.tar\.bz2$/, fault: faults.status(404) })
    const { report } = await world.sync()
    expect(report).toMatchObject({
      status: 'committed', failed: [{ subdir: 'linux-64', name: 'delta-1.0-0.tar.bz2', code: 'ARTIFACT_MISSING' }], held: [{ subdir: 'linux-64', code: 'ARTIFACTS_FAILED' }],
    })
    expect((await world.check()).problems).toEqual([])
    expect(await readdir(world.mirror)).not.toContain('linux-64')
    world.server.reset()
    const second = await world.sync()
    expect(second.report).toMatchObject({ status: 'committed', failed: [], held: [], fetched: { artifacts: 1 }, present: 2 })
    expect((await world.check()).problems).toEqual([])
  })

  test('publishes without it under partial, and completes when it can be had', async ({ expect, world }) => {
    world.server.misbehave({ path: /delta-1\.0-0\.tar\.bz2$/, fault: faults.status(404) })
    const { report } = await world.sync({ partial: true })
    expect(report).toMatchObject({ status: 'committed', failed: [{ name: 'delta-1.0-0.tar.bz2' }], held: [] })
    expect((await world.check()).problems).toEqual([])
    expect(await readFile(join(world.mirror, 'linux-64', 'repodata.json'), 'utf8')).not.toContain('delta')
    world.server.reset()
    expect((await world.sync({ partial: true })).report).toMatchObject({ status: 'committed', totals: { add: 1 } })
    expect(await sameIndex(world, 'linux-64')).toBe(true)
  })

  test('publishes nothing new when the same artifact is missing again under partial', async ({ expect, world }) => {
    world.server.misbehave({ path: /delta-1\.0-0\.tar\.bz2$/, fault: faults.status(404) })
    await world.sync({ partial: true })
    const { report } = await world.sync({ partial: true })
    expect(report).toMatchObject({ status: 'unchanged', generation: 1, failed: [{ name: 'delta-1.0-0.tar.bz2' }], held: [] })
    expect((await world.check()).problems).toEqual([])
  })

  test('goes without upstream\'s .bz2 when it cannot be had, and says so', async ({ expect, world }) => {
    world.server.misbehave({ path: /repodata\.json\.bz2$/, fault: faults.status(500) })
    const { report } = await world.sync()
    expect(report).toMatchObject({ status: 'committed', held: [] })
    expect(report.warnings.map(({ code, subdir }) => `${code} ${subdir ?? ''}`)).toEqual(['VARIANT_SKIPPED noarch', 'VARIANT_SKIPPED linux-64'])
    expect((await world.check()).problems).toEqual([])
  })

  test('has upstream\'s .bz2 with the next run when it could not be had', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf({ ...SMALL, index: { variants: ['zst', 'bz2'] } })
    world.server.misbehave({ path: /linux-64\/repodata\.json\.bz2$/, fault: faults.status(500) })
    expect((await world.sync()).report).toMatchObject({ status: 'committed', warnings: [{ code: 'VARIANT_SKIPPED' }] })
    world.server.reset()
    expect((await world.sync()).report).toMatchObject({ status: 'committed', warnings: [] })
    expect((await readFile(join(world.mirror, 'linux-64/repodata.json.bz2'))).equals(await readFile(join(world.upstream, 'linux-64/repodata.json.bz2')))).toBe(true)
    expect((await world.check()).problems).toEqual([])
    expect((await world.sync()).report.status).toBe('unchanged')
  })

  test('keeps the .bz2 that it has when a later look cannot have it, and the index is the same', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf({ ...SMALL, index: { variants: ['zst', 'bz2'] } })
    await world.sync()
    world.server.misbehave({ path: /repodata\.json\.bz2$/, fault: faults.status(500) })
    expect((await world.sync({ reuse: 'keep' })).report).toMatchObject({ status: 'unchanged', warnings: [{ code: 'VARIANT_SKIPPED' }, { code: 'VARIANT_SKIPPED' }] })
    expect((await world.check()).problems).toEqual([])
  })

  test('warns of an index that has not changed for long, also when upstream answers just that', async ({ expect, world }) => {
    const frozen = ['noarch', 'linux-64']
    for (const limits of [{}, { freeze: -1 }, { freeze: -1 }]) {
      const { report } = await world.sync({ limits })
      expect(report.verdicts.map(({ guard, severity, subdir }) => `${severity} ${guard} ${subdir}`)).toEqual('freeze' in limits ? frozen.map((subdir) => `warn freeze ${subdir}`) : [])
    }
  })

  test('holds everything when noarch cannot be had on the first run', async ({ expect, world }) => {
    world.server.misbehave({ path: /alpha-1\.0-0\.conda$/, fault: faults.status(404) })
    const { report } = await world.sync()
    expect(report.status).toBe('held')
    expect(report.held.map(({ subdir, code }) => `${subdir} ${code}`)).toEqual(['noarch ARTIFACTS_FAILED', 'linux-64 NOARCH_HELD'])
    expect(report.generation).toBeUndefined()
  })

  test('refuses an index that lists nothing any more, and changes nothing', async ({ expect, world }) => {
    await world.sync()
    const before = await snapshot(world.mirror)
    await writeFile(join(world.upstream, 'linux-64', 'repodata.json'), '{"info":{"subdir":"linux-64"},"packages":{},"packages.conda":{}}')
    await rm(join(world.upstream, 'linux-64', 'repodata.json.zst'))
    const { report } = await world.sync()
    expect(report.status).toBe('refused')
    expect(report.verdicts.map(({ guard }) => guard)).toEqual(['empty'])
    expect(await snapshot(world.mirror)).toEqual(before)
  })

  test('refuses when a subdir of the mirror is gone upstream', async ({ expect, world }) => {
    await world.sync()
    await rm(join(world.upstream, 'linux-64'), { recursive: true })
    const { report } = await world.sync()
    expect(report).toMatchObject({ status: 'refused', verdicts: [{ guard: 'vanished', subdir: 'linux-64' }] })
  })

  test('reports a subdir that upstream does not have', async ({ expect, world }) => {
    const subdirs = [{ subdir: parseSubdirName('linux-64'), required: true }, { subdir: parseSubdirName('win-64'), required: false }, { subdir: parseSubdirName('osx-64'), required: true }]
    const { report } = await world.sync({ subdirs })
    expect(report.subdirs.map(({ subdir, status }) => `${subdir} ${status}`)).toEqual(['noarch changed', 'linux-64 changed', 'win-64 absent', 'osx-64 held'])
    expect(report.held).toMatchObject([{ subdir: 'osx-64', code: 'SUBDIR_MISSING' }])
    expect((await world.check()).problems).toEqual([])
  })

  test('makes up noarch where upstream has none', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf({ subdirs: { 'linux-64': [{ name: 'gamma' }] }, noarch: false })
    expect((await world.sync()).report.status).toBe('committed')
    expect((await world.check()).problems).toEqual([])
    expect((await world.sync()).report.status).toBe('unchanged')
  })

  test('gives the mirror an empty noarch where upstream\'s is not wanted', async ({ expect, world }) => {
    const { report } = await world.sync({ noarch: false })
    expect(report.subdirs.map(({ subdir, records }) => `${subdir} ${records}`)).toEqual(['noarch 0', 'linux-64 3'])
    expect((await world.check()).problems).toEqual([])
    expect((await world.sync({ noarch: false })).report).toMatchObject({ status: 'unchanged' })
    expect((await world.sync()).report).toMatchObject({ status: 'committed', totals: { add: 3 } })
  })

  test('refuses a channel that is not there, and makes no mirror of it', async ({ expect, world }) => {
    await rm(world.upstream, { recursive: true })
    await mkdir(world.upstream)
    const subdirs = [{ subdir: parseSubdirName('linux-64'), required: false }]
    await expect(world.sync({ subdirs })).rejects.toMatchObject({ code: 'CHANNEL_NOT_FOUND' })
    await expect(readdir(world.mirror)).rejects.toThrow('ENOENT')
    expect((await world.sync()).report).toMatchObject({ status: 'held', held: [{ code: 'SUBDIR_MISSING' }] })
    await expect(readdir(world.mirror)).rejects.toThrow('ENOENT')
  })

  test('keeps a subdir that is not asked for any more', async ({ expect, world }) => {
    await world.sync()
    const { report } = await world.sync({ subdirs: [] })
    expect(report.subdirs.map(({ subdir, status }) => `${subdir} ${status}`)).toEqual(['noarch unchanged', 'linux-64 unselected'])
    expect((await world.check()).artifacts).toBe(6)
  })

  test('switches variants off and on again without a stale one', async ({ expect, world }) => {
    await world.sync()
    await world.sync({ variants: { zst: false, shards: false, bz2: true } })
    const files = await readdir(join(world.mirror, 'linux-64'))
    expect(files.filter((name) => name.startsWith('repodata')).toSorted()).toEqual(['repodata.json', 'repodata.json.bz2'])
    expect((await world.check()).problems).toEqual([])
    await world.sync()
    expect((await readdir(join(world.mirror, 'linux-64'))).filter((name) => name.startsWith('repodata')).toSorted())
      .toEqual(['repodata.json', 'repodata.json.zst', 'repodata_shards.msgpack.zst'])
    expect((await world.check()).problems).toEqual([])
  })

  test('takes an absolute base_url out, and fetches from there', async ({ expect, createWorldOf }) => {
    const world = await createScatteredWorld(createWorldOf)
    expect((await world.sync()).report).toMatchObject({ status: 'committed', failed: [] })
    expect((await world.check()).problems).toEqual([])
    expect(await readFile(join(world.mirror, 'linux-64', 'repodata.json'), 'utf8')).not.toContain('base_url')
  })

  test('re-reads the index when it moved on while artifacts were fetched', async ({ expect, world }) => {
    const moveOn = async (): Promise<void> => await changeChannel(world.upstream, {
      remove: { 'linux-64': ['epsilon-2.0-0.conda'] }, add: { 'linux-64': [{ name: 'epsilon', version: '2.1' }] },
    })
    world.server.misbehave({ path: /epsilon-2\.0-0\.conda$/, times: 1, fault: faults.call(moveOn) })
    const { report, events } = await world.sync()
    expect(events.filter(({ type }) => type === 'upstream-moved')).toHaveLength(1)
    expect(report).toMatchObject({ status: 'committed', failed: [], held: [] })
    expect((await world.check()).problems).toEqual([])
    expect(await sameIndex(world, 'linux-64')).toBe(true)
  })

  test('leaves a good mirror and keeps what it fetched when it is aborted', async ({ expect, world }) => {
    const stop = new AbortController()
    const first = world.sync({ signal: stop.signal, concurrency: 1, observe: (event) => { if (event.type === 'artifact-done') stop.abort() } })
    await expect(first).rejects.toThrow()
    const { report } = await world.sync()
    expect(report.present).toBeGreaterThan(0)
    expect(report.fetched.artifacts + report.present).toBe(6)
    expect((await world.check()).problems).toEqual([])
  })

  test('refuses to run beside another run', async ({ expect, world }) => {
    const gate = createGate()
    const reached = createGate()
    world.server.misbehave({ path: /delta-1\.0-0\.tar\.bz2$/, times: 1, fault: faults.call(() => reached.open()) })
    world.server.misbehave({ path: /epsilon-2\.0-0\.conda$/, times: 1, fault: faults.waitFor(gate) })
    const first = world.sync()
    await reached.pass()
    await expect(world.sync()).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    gate.open()
    expect((await first).report.status).toBe('committed')
  })

  test('adopts a mirror of the channel that another tool made, fetching only what is missing or wrong', async ({ expect, world }) => {
    await world.sync()
    await rm(join(world.mirror, '.mirror'), { recursive: true })
    await rm(join(world.mirror, 'linux-64', 'gamma-1.0-0.conda'))
    await writeFile(join(world.mirror, 'noarch', 'alpha-1.0-0.conda'), 'damaged')
    await writeFile(join(world.mirror, 'noarch', 'notes.txt'), 'keep me')
    const { report } = await world.sync()
    expect(report).toMatchObject({ status: 'committed', fetched: { artifacts: 2 }, present: 4 })
    const checked = await world.check()
    expect(checked.problems).toEqual([])
    expect(await readFile(join(world.mirror, 'noarch', 'notes.txt'), 'utf8')).toBe('keep me')
  })

  test('refuses a folder that is something else', async ({ expect, world }) => {
    await world.sync()
    await rm(world.mirror, { recursive: true })
    await mkdir(world.mirror)
    await writeFile(join(world.mirror, 'thesis.tex'), 'mine')
    await expect(world.sync()).rejects.toMatchObject({ code: 'STORE_FOREIGN' })
    expect(await readdir(world.mirror)).toEqual(['thesis.tex'])
  })

  test('two channels of the same description give the same state', async ({ expect, world, createWorldOf }) => {
    const other = await createWorldOf(SMALL)
    expect((await world.sync()).report.state).toBe((await other.sync()).report.state)
  })
})

describe('syncChannel() over a mirror that someone changed', () => {
  test('verifies everything, repairs what is wrong, and keeps what is not asked for', async ({ expect, world }) => {
    const both = [{ subdir: parseSubdirName('linux-64'), required: true }]
    await world.sync({ subdirs: both })
    await writeFile(join(world.mirror, 'noarch', 'repodata.json'), '{"info":{"subdir":"noarch"},"packages":{},"packages.conda":{}}')
    await writeFile(join(world.mirror, 'noarch', 'alpha-1.0-0.conda'), 'damaged')
    const { report } = await world.sync({ subdirs: [] })
    expect(report.warnings.map(({ code }) => code)).toContain('PUBLIC_FILES_CHANGED')
    expect(report).toMatchObject({ status: 'committed', fetched: { artifacts: 1 }, present: 2 })
    expect((await world.check()).problems).toEqual([])
    expect(report.subdirs.map(({ subdir, status }) => `${subdir} ${status}`)).toEqual(['noarch changed', 'linux-64 unselected'])
    expect((await world.sync()).report.status).toBe('unchanged')
  })

  test('has the guards judge by what was published, so that an empty upstream still deletes nothing', async ({ expect, world }) => {
    await world.sync()
    const touched = join(world.mirror, 'noarch', 'repodata.json')
    await writeFile(touched, await readFile(touched))
    for (const subdir of ['noarch', 'linux-64']) {
      await writeFile(join(world.upstream, subdir, 'repodata.json'), `{"info":{"subdir":"${subdir}"},"packages":{},"packages.conda":{}}`)
      await rm(join(world.upstream, subdir, 'repodata.json.zst'))
    }
    await writeFile(touched, `${await readFile(touched, 'utf8')} `)
    const { report } = await world.sync()
    expect(report).toMatchObject({ status: 'refused', generation: 1, verdicts: [{ guard: 'empty', subdir: 'noarch' }, { guard: 'empty', subdir: 'linux-64' }] })
    await rm(join(world.upstream, 'linux-64'), { recursive: true })
    expect((await world.sync()).report.verdicts.map(({ guard, subdir }) => `${guard} ${subdir}`)).toEqual(['empty noarch', 'vanished linux-64'])
  })

  test('repairs an empty noarch of our own', async ({ expect, world }) => {
    await world.sync({ noarch: false })
    await writeFile(join(world.mirror, 'noarch', 'repodata.json'), '{}')
    await world.sync({ noarch: false })
    expect((await world.check()).problems).toEqual([])
  })

  test('refuses before the first byte when there is no room', async ({ expect, world }) => {
    world.server.reset()
    await expect(world.sync({ reserve: Number.MAX_SAFE_INTEGER })).rejects.toMatchObject({ code: 'STORE_NO_SPACE' })
    expect(world.server.requests.filter(({ path }) => /\.(conda|tar\.bz2)$/.test(path))).toEqual([])
  })
})
