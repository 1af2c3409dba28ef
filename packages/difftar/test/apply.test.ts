import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from 'vitest'
import { applyDelta, createKeyPair, openDelta, parsePublicKey, parseSecretKey } from '../src/index.ts'
import { test } from './test.ts'
import { createWorld, FIRST, listTar, problemsOf, readTree, SECOND } from './world.ts'

describe('applyDelta()', () => {
  test('seeds an empty mirror from nothing, and does nothing the second time', async ({ world, expect }) => {
    const tar = join(world.folder, 'full.tar')
    await world.create([], { tarball: tar })
    expect(await applyDelta({ from: tar, mirror: world.far })).toMatchObject({ status: 'applied', channels: [{ folder: '', status: 'applied', generation: 1 }] })
    expect(readTree(world.far)).toEqual(readTree(world.near))
    expect(await applyDelta({ from: tar, mirror: world.far })).toMatchObject({ status: 'unchanged' })
    expect(await problemsOf(world.far)).toEqual([])
  })

  test('brings additions, removals and corrected records to a copy that rsync made', async ({ world, expect }) => {
    world.copy()
    const reference = await world.refer('reference.json')
    await world.change(FIRST)
    const tar = join(world.folder, 'update.tar')
    const { manifest } = await world.create([reference], { tarball: tar })
    expect(manifest.channels[0]?.remove.filter((path) => !path.includes('/shards/'))).toEqual(['linux-64/beta-1.0-0.tar.bz2'])
    const report = await applyDelta({ from: tar, mirror: world.far, grace: 0 })
    expect(report.channels).toMatchObject([{ status: 'applied', generation: 2, totals: { add: 2, remove: 1, relisted: 1, reused: 0 }, tidy: { deleted: { count: expect.any(Number) } } }])
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })

  test('keeps what is removed until the grace is over, and says what waits', async ({ world, expect }) => {
    world.copy()
    const reference = await world.refer('reference.json')
    await world.change(FIRST)
    await world.create([reference], { tarball: join(world.folder, 'update.tar') })
    const { channels } = await applyDelta({ from: join(world.folder, 'update.tar'), mirror: world.far })
    expect(channels[0]?.tidy?.waiting.count).toBeGreaterThan(0)
    expect(existsSync(join(world.far, 'linux-64/beta-1.0-0.tar.bz2'))).toBe(true)
  })

  test('one after the other gives the state that one for both gives', async ({ world, expect }) => {
    const references = [await world.refer('r41', 'compact')]
    world.copy()
    await world.change(FIRST)
    references.push(await world.refer('r42', 'compact'))
    await world.create([references[0] ?? ''], { tarball: join(world.folder, '42.tar') })
    await world.change(SECOND)
    await world.create([references[1] ?? ''], { tarball: join(world.folder, '43.tar') })
    await world.create([references[0] ?? ''], { tarball: join(world.folder, '41-43.tar') })
    await world.create(references, { tarball: join(world.folder, 'any.tar') })
    await applyDelta({ from: join(world.folder, '42.tar'), mirror: world.far, grace: 0 })
    const step = await applyDelta({ from: join(world.folder, '43.tar'), mirror: world.far, grace: 0 })
    expect(readTree(world.far)).toEqual(readTree(world.near))
    for (const name of ['41-43.tar', 'any.tar']) expect((await applyDelta({ from: join(world.folder, name), mirror: world.far })).status).toBe('unchanged')
    await expect(applyDelta({ from: join(world.folder, '42.tar'), mirror: world.far })).rejects.toMatchObject({ code: 'DELTA_OLDER' })
    await using opened = await openDelta(join(world.folder, '41-43.tar'))
    expect(step.channels[0]?.to).toBe(opened?.manifest.channels[0]?.target.id)
  })

  test('a delta since several references fits each of them', async ({ world, expect }) => {
    const first = await world.refer('r1', 'compact')
    world.copy()
    await world.change(FIRST)
    const second = await world.refer('r2', 'compact')
    await world.change(SECOND)
    const tar = join(world.folder, 'any.tar')
    await world.create([first, second], { tarball: tar })
    await applyDelta({ from: tar, mirror: world.far, grace: 0 })
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })

  test('refuses a mirror in another state, names what differs, and asks for what fits', async ({ world, expect }) => {
    const seed = join(world.folder, 'seed.tar')
    await world.create([], { tarball: seed })
    await applyDelta({ from: seed, mirror: world.far })
    await world.change(FIRST)
    const reference = await world.refer('reference.json')
    await world.change(SECOND)
    const tar = join(world.folder, 'update.tar')
    await world.create([reference], { tarball: tar })
    const before = readTree(world.far)
    const request = join(world.folder, 'request')
    await expect(applyDelta({ from: tar, mirror: world.far, request })).rejects.toMatchObject({ code: 'DELTA_BASE_MISMATCH', message: expect.stringContaining('linux-64/repodata.json is another') })
    expect(readTree(world.far)).toEqual(before)
    await world.create([request], { tarball: join(world.folder, 'fits.tar') })
    await applyDelta({ from: join(world.folder, 'fits.tar'), mirror: world.far, grace: 0 })
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })

  test('recognises what tar xf unpacked, and goes on from there', async ({ world, expect }) => {
    world.copy()
    const reference = await world.refer('reference.json')
    await world.change(FIRST)
    const tar = join(world.folder, 'update.tar')
    await world.create([reference], { tarball: tar })
    execFileSync('tar', ['xf', tar, '-C', world.far])
    const report = await applyDelta({ from: tar, mirror: world.far, grace: 0 })
    expect(report.channels).toMatchObject([{ status: 'adopted', generation: 1 }])
    expect(readTree(world.far)).toEqual(readTree(world.near))
    const next = await world.refer('next.json')
    await world.change(SECOND)
    await world.create([next], { tarball: tar })
    execFileSync('tar', ['xf', tar, '-C', world.far])
    expect((await applyDelta({ from: tar, mirror: world.far, grace: 0 })).channels).toMatchObject([{ status: 'adopted', generation: 2 }])
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })

  test('says what is missing where the mirror itself is not whole, and changes nothing', async ({ world, expect }) => {
    world.copy()
    const reference = await world.refer('reference.json')
    await world.change(FIRST)
    const tar = join(world.folder, 'update.tar')
    await world.create([reference], { tarball: tar })
    writeFileSync(join(world.far, 'linux-64/gamma-1.0-0.conda'), 'damaged')
    const before = readTree(world.far)
    await expect(applyDelta({ from: tar, mirror: world.far })).rejects.toMatchObject({ code: 'DELTA_INCOMPLETE', details: { missing: ['linux-64/gamma-1.0-0.conda'] } })
    expect(readTree(world.far)).toEqual(before)
  })

  test('finds bytes that rotted only when it looks at bytes', async ({ world, expect }) => {
    await world.create([], { tarball: join(world.folder, 'seed.tar') })
    await applyDelta({ from: join(world.folder, 'seed.tar'), mirror: world.far })
    const reference = await world.refer('reference.json')
    await world.change(FIRST)
    const tar = join(world.folder, 'update.tar')
    await world.create([reference], { tarball: tar })
    const path = join(world.far, 'linux-64/gamma-1.0-0.conda')
    const bytes = readFileSync(path)
    bytes[10] = (bytes[10] ?? 0) ^ 1
    writeFileSync(path, bytes)
    await expect(applyDelta({ from: tar, mirror: world.far, deep: true })).rejects.toMatchObject({ code: 'DELTA_INCOMPLETE' })
    expect((await applyDelta({ from: tar, mirror: world.far })).status).toBe('applied')
  })

  test('carries a name that is used again for other bytes', async ({ world, expect }) => {
    world.copy()
    const reference = await world.refer('reference.json')
    await world.change({ add: { 'linux-64': [{ name: 'gamma', version: '1.0', format: 'conda', salt: 'again' }] } })
    const tar = join(world.folder, 'update.tar')
    await world.create([reference], { tarball: tar })
    expect((await applyDelta({ from: tar, mirror: world.far, grace: 0 })).channels).toMatchObject([{ totals: { reused: 1 } }])
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })

  test('takes volumes in any order and folder, and names one that is missing or doubled', async ({ world, expect }) => {
    const tar = join(world.folder, 'out', 'update.tar')
    mkdirSync(join(world.folder, 'out'))
    const { written } = await world.create([], { tarball: tar, volumeSize: 30_720 })
    expect(written.length).toBeGreaterThan(1)
    for (const path of written) expect(readFileSync(path).length).toBeLessThanOrEqual(30_720)
    execFileSync('sha256sum', ['-c', '--quiet', 'update.sha256'], { cwd: join(world.folder, 'out') })
    for (const path of written) expect(listTar(path)[0]).toBe('.conda-delta/volume.json')
    await expect(applyDelta({ from: written.slice(1), mirror: world.far })).rejects.toMatchObject({ code: 'DELTA_INCOMPLETE', message: expect.stringContaining('volume 1 ') })
    await expect(applyDelta({ from: written.slice(0, -1), mirror: world.far })).rejects.toMatchObject({ code: 'DELTA_INCOMPLETE', message: expect.stringContaining(`volume ${written.length} of ${written.length}`) })
    await expect(applyDelta({ from: [...written, written[1] ?? ''], mirror: world.far })).rejects.toMatchObject({ code: 'DELTA_INCOMPLETE', message: expect.stringContaining('are both volume 2') })
    expect(existsSync(world.far)).toBe(false)
    await applyDelta({ from: written.toReversed(), mirror: world.far })
    expect(readTree(world.far)).toEqual(readTree(world.near))
    expect((await applyDelta({ from: join(world.folder, 'out'), mirror: world.far })).status).toBe('unchanged')
  })

  test('reads a delta directory, which an unpacked tarball is as well', async ({ world, expect }) => {
    const directory = join(world.folder, 'delta_pkgs')
    await world.create([], { directory })
    await world.create([], { tarball: join(world.folder, 'full.tar') })
    mkdirSync(join(world.folder, 'unpacked'))
    execFileSync('tar', ['xf', join(world.folder, 'full.tar'), '-C', join(world.folder, 'unpacked')])
    expect(readTree(join(world.folder, 'unpacked'))).toEqual(readTree(directory))
    await applyDelta({ from: directory, mirror: world.far })
    expect(readTree(world.far)).toEqual(readTree(world.near))
    expect(readFileSync(join(directory, '.conda-delta/manifest.json'), 'utf8')).toBe(readFileSync(join(world.folder, 'unpacked/.conda-delta/manifest.json'), 'utf8'))
  })

  test('leaves in a delta directory exactly the newest delta', async ({ world, expect }) => {
    const directory = join(world.folder, 'delta_pkgs')
    const reference = await world.refer('reference.json')
    await world.change(FIRST)
    await world.create([reference], { directory })
    const next = await world.refer('next.json')
    await world.change(SECOND)
    await world.create([next], { directory })
    expect([...readTree(directory).keys()]).toEqual(expect.arrayContaining(['noarch/late-3.0-0.conda']))
    expect([...readTree(directory).keys()]).not.toContain('linux-64/new-1.0-0.conda')
    mkdirSync(join(world.folder, 'foreign'))
    writeFileSync(join(world.folder, 'foreign/thesis.txt'), 'precious')
    await expect(world.create([next], { directory: join(world.folder, 'foreign') })).rejects.toMatchObject({ code: 'DELTA_TARGET_FOREIGN' })
    expect(readdirSync(join(world.folder, 'foreign'))).toEqual(['thesis.txt'])
  })

  test('keeps channels of a mirror apart, nested ones too', async ({ folder, expect }) => {
    const world = await createWorld(folder, { channel: 'team/label/dev' })
    const tar = join(folder, 'full.tar')
    const { manifest } = await world.create([], { tarball: tar })
    expect(manifest.channels.map((channel) => channel.folder)).toEqual(['team/label/dev'])
    await applyDelta({ from: tar, mirror: world.far })
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })

  test('trusts only pinned keys where there are any', async ({ world, expect }) => {
    const [pair, other] = [createKeyPair(), createKeyPair()]
    const [signed, unsigned] = [join(world.folder, 'signed.tar'), join(world.folder, 'unsigned.tar')]
    await world.create([], { tarball: signed }, { key: parseSecretKey(pair.secretKey) })
    await world.create([], { tarball: unsigned })
    const keys = [parsePublicKey(other.publicKey), parsePublicKey(pair.publicKey)]
    await expect(applyDelta({ from: unsigned, mirror: world.far, keys })).rejects.toMatchObject({ code: 'DELTA_UNSIGNED' })
    await expect(applyDelta({ from: signed, mirror: world.far, keys: keys.slice(0, 1) })).rejects.toMatchObject({ code: 'DELTA_SIGNATURE_WRONG' })
    expect(existsSync(world.far)).toBe(false)
    expect((await applyDelta({ from: signed, mirror: world.far, keys })).delta?.signedBy).toBe(pair.id)
  })

  test('verifies everything in a dry run, and changes nothing', async ({ world, expect }) => {
    const tar = join(world.folder, 'full.tar')
    await world.create([], { tarball: tar })
    expect(await applyDelta({ from: tar, mirror: world.far, dryRun: true })).toMatchObject({ status: 'planned', channels: [{ totals: { add: expect.any(Number) } }] })
    expect(existsSync(world.far)).toBe(false)
  })

  test('goes on where a run broke off', async ({ world, expect }) => {
    const tar = join(world.folder, 'full.tar')
    await world.create([], { tarball: tar })
    const controller = new AbortController()
    await expect(applyDelta({ from: tar, mirror: world.far, signal: controller.signal, observe: ({ type }) => { if (type === 'channel-applying') controller.abort() } })).rejects.toThrow()
    expect(existsSync(join(world.far, 'noarch/repodata.json'))).toBe(false)
    await applyDelta({ from: tar, mirror: world.far })
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })

  test('an old tarball, without a manifest, is not applied', async ({ world, expect }) => {
    const tar = join(world.folder, 'old.tar')
    execFileSync('tar', ['cf', tar, '-C', world.near, 'noarch/repodata.json'])
    await expect(applyDelta({ from: tar, mirror: world.far })).rejects.toMatchObject({ code: 'DELTA_NO_MANIFEST' })
    rmSync(tar)
    await expect(applyDelta({ from: tar, mirror: world.far })).rejects.toMatchObject({ code: 'DELTA_NOT_FOUND' })
  })
})
