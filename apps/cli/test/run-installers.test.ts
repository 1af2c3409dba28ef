import { existsSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildChannel, buildInstallers, createSampleInstallers, faults, serveChannel } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { parseLines, steady, test } from './support.ts'

const CHANNEL = { subdirs: { 'linux-64': [{ name: 'a' }] } }
const A1 = 'Anaconda3-2024.06-1-Linux-x86_64.sh'
const A2 = 'Anaconda3-2024.10-1-Linux-x86_64.sh'
const LATEST = 'Miniconda3-latest-Linux-x86_64.sh'

/** A configuration with a channel on disk and installers from a server. */
async function configure(folder: string, remote: string, ...lines: readonly string[]): Promise<void> {
  await buildChannel(CHANNEL, join(folder, 'up'))
  await writeFile(join(folder, 'm.yaml'), ['mirror_dir: m', 'channels: ./up', 'platforms: linux-64', `remote_url: ${JSON.stringify(remote)}`, ...lines, ''].join('\n'))
}

describe('installers', () => {
  test('mirror sync brings them beside the channels, and mirror plan tells what would come', async ({ expect, folder, run }) => {
    await buildInstallers({ archive: [{ name: A1 }, { name: A2 }], miniconda: [{ name: LATEST }] }, join(folder, 'installers'))
    await using server = await serveChannel(join(folder, 'installers'))
    await configure(folder, server.url)

    const planned = await run(['plan', '-f', 'm.yaml'])
    expect(planned.exitCode).toBe(0)
    expect(steady(planned.stdout, folder).split('\n').slice(-5)).toEqual([
      'installers of http://127.0.0.1:<port>: planned (<time>)',
      '  2 to add (4.0 kB); 2 installers, 4.0 kB',
      `  + archive/${A2} (2.0 kB)`,
      `  + miniconda/${LATEST} (2.0 kB)`,
      '',
    ])
    expect(existsSync(join(folder, 'm'))).toBe(false)

    const synced = await run(['sync', '-f', 'm.yaml'])
    expect(synced.exitCode).toBe(0)
    expect(steady(synced.stdout, folder)).toContain([
      'installers of http://127.0.0.1:<port>: updated, generation 1 (<time>)',
      '  2 added (4.0 kB); 2 installers, 4.0 kB',
      `  + archive/${A2} (2.0 kB)`,
      `  + miniconda/${LATEST} (2.0 kB)`,
      '  fetched 2 installers, 4.0 kB',
      '',
      'Mirror: <folder>/m',
    ].join('\n'))
    expect(steady(synced.stderr, folder)).toContain([
      'installers of http://127.0.0.1:<port>',
      "  upstream's list of archive/ is read",
      "  upstream's list of miniconda/ is read",
      '  2 installers to add (4.0 kB), 0 to remove',
    ].join('\n'))
    for (const path of [`archive/${A2}`, `miniconda/${LATEST}`]) expect(await readFile(join(folder, 'm', path))).toEqual(await readFile(join(folder, 'installers', path)))
    expect(existsSync(join(folder, 'm/up/linux-64/repodata.json'))).toBe(true)

    const again = await run(['sync', '-f', 'm.yaml', '--json', '--metrics-file', join(folder, 'mirror.prom')])
    const lines = parseLines(again.stdout)
    expect(lines.at(-1)).toMatchObject({ type: 'result', exitCode: 0, installers: { report: { status: 'unchanged', installers: 2, bytes: 4000 } } })
    expect(lines.filter(({ type }) => String(type).startsWith('installers') || type === 'listing-checked').map(({ type }) => type))
      .toEqual(['installers-started', 'listing-checked', 'listing-checked', 'installers-finished'])
    expect(await readFile(join(folder, 'mirror.prom'), 'utf8')).toContain('mirror_artifacts{command="sync",channel="installers"} 2\n')
  })

  test('so many releases are kept, or all, and a channel on the command line comes alone', async ({ expect, folder, run }) => {
    await buildInstallers(createSampleInstallers(), join(folder, 'installers'))
    await configure(folder, './installers', 'installers: {latest: 2}')
    expect((await run(['sync', '-f', 'm.yaml'])).exitCode).toBe(0)
    expect([A1, A2, 'Anaconda3-2023.09-0-Linux-x86_64.sh', 'Anaconda3-2024.10-1-Linux-aarch64.sh'].map((name) => existsSync(join(folder, 'm/archive', name)))).toEqual([true, true, false, false])
    await configure(folder, './installers', 'installers: all')
    expect((await run(['sync', '-f', 'm.yaml'])).exitCode).toBe(0)
    expect(existsSync(join(folder, 'm/archive/Anaconda3-2023.09-0-Linux-x86_64.sh'))).toBe(true)
    expect((await run(['sync', '--channel', './up', '--mirror-dir', 'other', '--platform', 'linux-64'])).stdout).not.toContain('installers')
  })

  test('"retain" keeps none that were superseded, as nothing goes back to them', async ({ expect, folder, run }) => {
    await buildInstallers({ archive: [{ name: A1 }] }, join(folder, 'installers'))
    await configure(folder, './installers', 'grace: 1h', 'retain: 3')
    await run(['sync', '-f', 'm.yaml'])
    await buildInstallers({ archive: [{ name: A1 }, { name: A2 }] }, join(folder, 'installers'))
    expect((await run(['sync', '-f', 'm.yaml'])).exitCode).toBe(0)
    const status = parseLines((await run(['status', '-f', 'm.yaml', '--json'])).stdout).at(-1)
    expect(status).toMatchObject({ channels: expect.arrayContaining([expect.objectContaining({ subdirs: [expect.objectContaining({ subdir: 'archive' })], kept: { count: 0, bytes: 0 } })]) as unknown })
    await configure(folder, './installers', 'grace: 0', 'retain: 3')
    await run(['sync', '-f', 'm.yaml'])
    expect((await readdir(join(folder, 'm'), { recursive: true })).filter((path) => path.endsWith('.sh'))).toEqual([`archive/${A2}`])
  })

  test('"" and fetch_installers skip them, and only them', async ({ expect, folder, run }) => {
    await configure(folder, '')
    const skipped = await run(['sync', '-f', 'm.yaml'])
    expect([skipped.exitCode, skipped.stdout.includes('installers')]).toEqual([0, false])
    await configure(folder, 'http://127.0.0.1:1/', 'fetch_installers: false')
    expect((await run(['sync', '-f', 'm.yaml'])).exitCode).toBe(0)
    expect(existsSync(join(folder, 'm/up/linux-64/repodata.json'))).toBe(true)
    expect(existsSync(join(folder, 'm/.mirror'))).toBe(false)
  })

  test('a fault of theirs is told, and does not keep the channels from coming', async ({ expect, folder, run }) => {
    await buildInstallers({ archive: [{ name: A1 }], miniconda: [{ name: LATEST }] }, join(folder, 'installers'))
    await using server = await serveChannel(join(folder, 'installers'))
    await configure(folder, server.url)
    server.misbehave({ path: '/archive/', fault: faults.status(403) })
    const held = await run(['sync', '-f', 'm.yaml'])
    expect(held.exitCode).toBe(3)
    expect(held.stdout).toContain('  held: archive: Cannot read ')
    expect(existsSync(join(folder, 'm/up/linux-64/repodata.json'))).toBe(true)
    expect(existsSync(join(folder, 'm/miniconda', LATEST))).toBe(true)

    server.reset()
    expect((await run(['sync', '-f', 'm.yaml'])).exitCode).toBe(0)
    await buildInstallers({ archive: [{ name: 'Anaconda3-2024.10-1-Windows-x86_64.exe' }], miniconda: [{ name: LATEST }] }, join(folder, 'installers'))
    const refused = await run(['sync', '-f', 'm.yaml'])
    expect(refused.exitCode).toBe(4)
    expect(refused.stdout).toContain('it lists none of the platforms, while the mirror has 1 installers of it; --allow-empty accepts it once')
    expect(existsSync(join(folder, 'm/archive', A1))).toBe(true)

    await rm(join(folder, 'installers'), { recursive: true })
    await rm(join(folder, 'm'), { recursive: true })
    const absent = await run(['sync', '-f', 'm.yaml'])
    expect([absent.exitCode, absent.stdout.includes('failed (INSTALLERS_NOT_FOUND)')]).toEqual([3, true])
  })

  test('mirror verify, status and prune look at them too', async ({ expect, folder, run }) => {
    await buildInstallers(createSampleInstallers(), join(folder, 'installers'))
    await configure(folder, './installers')
    await run(['sync', '-f', 'm.yaml'])
    const verified = await run(['verify', '-f', 'm.yaml'])
    expect([verified.exitCode, verified.stdout.includes('installers: generation 1, 5 installers, 10.0 kB: whole\n')]).toEqual([0, true])
    expect((await run(['status', '-f', 'm.yaml'])).stdout).toMatch(/\ninstallers: generation 1 of .*; 10\.0 kB\n {2}archive +2 installers +4\.0 kB\n {2}miniconda +3 installers +6\.0 kB\n/)
    expect((await run(['status', '--mirror-dir', 'm'])).stdout).toContain('installers: generation 1 of ')

    await writeFile(join(folder, 'm/archive', A2), 'broken')
    const faulty = await run(['verify', '-f', 'm.yaml'])
    expect([faulty.exitCode, faulty.stdout.includes(`  archive/${A2} has another size\n`)]).toEqual([1, true])
    const repaired = await run(['verify', '-f', 'm.yaml', '--repair'])
    expect([repaired.exitCode, repaired.stdout.includes('  repaired: 1 file; fetched 1 artifact, 2.0 kB')]).toEqual([0, true])
    expect(await readFile(join(folder, 'm/archive', A2))).toEqual(await readFile(join(folder, 'installers/archive', A2)))

    await writeFile(join(folder, 'm.yaml'), (await readFile(join(folder, 'm.yaml'), 'utf8')).replace('platforms: linux-64', 'platforms: [linux-64, osx-arm64]'))
    await run(['sync', '-f', 'm.yaml'])
    await configure(folder, './installers')
    const kept = await run(['sync', '-f', 'm.yaml'])
    expect(kept.stdout).toContain('of platforms that are not asked for any more, kept: 3 installers')
    expect((await run(['prune', '-f', 'm.yaml', '--dry-run'])).stdout).toContain('  osx-arm64 would be withdrawn: 3 installers, 6.0 kB')
    expect(existsSync(join(folder, 'm/archive/Anaconda3-2024.10-1-MacOSX-arm64.pkg'))).toBe(true)
    const pruned = await run(['prune', '-f', 'm.yaml'])
    expect([pruned.exitCode, pruned.stdout.includes('  osx-arm64 is withdrawn: 3 installers, 6.0 kB')]).toEqual([0, true])
    await configure(folder, './installers', 'grace: 0')
    await run(['prune', '-f', 'm.yaml'])
    expect(existsSync(join(folder, 'm/archive/Anaconda3-2024.10-1-MacOSX-arm64.pkg'))).toBe(false)
    expect(existsSync(join(folder, 'm/archive', A2))).toBe(true)
  })
})
