import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildChannel, changeChannel, checkMirror } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { parseLines, type Ran, steady, test } from './support.ts'

const CHANNEL = { subdirs: { 'linux-64': [{ name: 'a' }, { name: 'b', size: 5000 }], 'osx-64': [{ name: 'm' }], noarch: [{ name: 'tz' }] } } as const

interface Given {
  readonly folder: string
  readonly run: (argv: readonly string[]) => Promise<Ran>
}

/** A mirror of one channel with two generations; the second has another `b` and lacks `a`. */
async function twoGenerations({ folder, run }: Given): Promise<void> {
  await buildChannel(CHANNEL, join(folder, 'up'))
  await writeFile(join(folder, 'm.yaml'), 'mirror_dir: m\nchannels: ./up\nplatforms: [linux-64, osx-64]\nfetch_installers: false\n')
  await run(['sync', '-f', 'm.yaml'])
  await changeChannel(join(folder, 'up'), { add: { 'linux-64': [{ name: 'b', size: 7000, salt: 'other' }, { name: 'c' }] }, remove: { 'linux-64': ['a-1.0-0.conda'] } })
  await run(['sync', '-f', 'm.yaml'])
}

async function problems(folder: string): Promise<readonly string[]> {
  return (await checkMirror(join(folder, 'm/up'))).problems
}

describe('mirror rollback', () => {
  test('publishes the older state again and says what the next sync does', async ({ expect, folder, run }) => {
    await twoGenerations({ folder, run })
    const listed = await run(['rollback', '-f', 'm.yaml', '--list'])
    expect(listed.exitCode).toBe(0)
    expect(steady(listed.stdout, folder)).toMatch(/^file:\/\/<folder>\/up:\n {2}2 {2}<date> {2}published now {2}4 artifacts {2}[\d.]+ kB\n {2}1 {2}<date> +4 artifacts +[\d.]+ kB\n/)

    const planned = await run(['rollback', '-f', 'm.yaml', '--dry-run'])
    expect(planned).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('would publish generation 1 again; now it is 2\n  linux-64: 1 back, 1 away, 1 with the bytes of then') as unknown })
    expect(parseLines((await run(['status', '-f', 'm.yaml', '--json'])).stdout).at(-1)).toMatchObject({ channels: [{ generation: 2 }] })

    const done = await run(['rollback', '-f', 'm.yaml', '--json'])
    expect(parseLines(done.stdout).at(-1)).toMatchObject({ type: 'result', command: 'rollback', exitCode: 0, channels: [{ folder: 'up', report: { status: 'committed', from: 2, to: 1, generation: 3 } }] })
    expect(await problems(folder)).toEqual([])
    expect(await run(['verify', '-f', 'm.yaml'])).toMatchObject({ exitCode: 0 })
    expect((await run(['rollback', '-f', 'm.yaml', '--to', '2'])).stdout).toContain('The next sync brings the state of upstream back')
    expect((await run(['status', '-f', 'm.yaml'])).stdout).toContain('rollback to 2: committed, 1 added, 1 removed')
    expect(await run(['sync', '-f', 'm.yaml'])).toMatchObject({ exitCode: 0 })
    expect(await problems(folder)).toEqual([])
  })

  test('refuses what was given up, naming what there is, and several channels by one number', async ({ expect, folder, run }) => {
    await twoGenerations({ folder, run })
    await run(['snapshot', 'create', 'now', '-f', 'm.yaml'])
    await run(['prune', '-f', 'm.yaml', '--grace', '0'])
    const refused = await run(['rollback', '-f', 'm.yaml', '--to', '1'])
    expect(refused).toMatchObject({ exitCode: 4, stdout: expect.stringContaining('Cannot roll back: generation 1 is not there, or was given up (GENERATION_ABSENT)') as unknown })
    expect(refused.stderr).toContain('hint:')
    await writeFile(join(folder, 'two.yaml'), 'mirror_dir: m\nchannels: [./up, ./other]\nplatforms: linux-64\nfetch_installers: false\n')
    expect(await run(['rollback', '-f', 'two.yaml', '--to', '1'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('Cannot roll back several channels') as unknown })
    expect(await run(['rollback', '-f', 'two.yaml'])).toMatchObject({ exitCode: 2 })
  })

  test('with several channels, nothing changes unless all of them can go back', async ({ expect, folder, run }) => {
    await twoGenerations({ folder, run })
    await cp(join(folder, 'up'), join(folder, 'other'), { recursive: true })
    await writeFile(join(folder, 'two.yaml'), 'mirror_dir: m\nchannels: [./up, ./other]\nplatforms: linux-64\nfetch_installers: false\n')
    await run(['sync', '-f', 'two.yaml'])
    await run(['snapshot', 'create', 'first', '-f', 'm.yaml', '--generation', '1'])
    expect(await run(['rollback', '-f', 'two.yaml', '--to', 'first'])).toMatchObject({ exitCode: 4, stdout: expect.stringContaining('there is no snapshot "first"') as unknown })
    expect(parseLines((await run(['status', '-f', 'm.yaml', '--json'])).stdout).at(-1)).toMatchObject({ channels: [{ generation: 2 }] })
    await run(['snapshot', 'create', 'first', '-f', 'two.yaml', '-c', './other'])
    expect(await run(['rollback', '-f', 'two.yaml', '--to', 'first'])).toMatchObject({ exitCode: 0 })
    expect(await problems(folder)).toEqual([])
  })
})

describe('mirror snapshot', () => {
  test('names are given, listed, kept and taken away', async ({ expect, folder, run }) => {
    await twoGenerations({ folder, run })
    expect(await run(['snapshot', '-f', 'm.yaml'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('no snapshots') as unknown })
    expect(await run(['snapshot', 'create', 'q1', '-f', 'm.yaml', '--generation', '1', '--dry-run'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('generation 1 would be q1') as unknown })
    expect(await run(['snapshot', 'create', 'q1', '-f', 'm.yaml', '--generation', '1'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('generation 1 is kept as q1') as unknown })
    expect(await run(['snapshot', 'create', 'q1', '-f', 'm.yaml'])).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('code: SNAPSHOT_EXISTS') as unknown })
    expect(await run(['snapshot', 'create', 'q2', '-f', 'm.yaml', '--generation', '7'])).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('There are: 2, 1.') as unknown })
    expect(await run(['snapshot', 'create', 'A b', '-f', 'm.yaml'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('code: SNAPSHOT_NAME_INVALID') as unknown })
    expect(await run(['snapshot', 'create', '-f', 'm.yaml'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('mirror snapshot create NAME') as unknown })

    await run(['prune', '-f', 'm.yaml', '--grace', '0'])
    expect(existsSync(join(folder, 'm/up/linux-64/a-1.0-0.conda'))).toBe(true)
    expect(steady((await run(['snapshot', 'list', '-f', 'm.yaml'])).stdout, folder)).toContain('  q1  <date>  generation 1\n')
    const status = await run(['status', '-f', 'm.yaml'])
    expect(status.stdout).toContain('can be rolled back to:')
    expect(status.stdout).toContain('kept for older generations')

    expect(await run(['snapshot', 'delete', 'q1', '-f', 'm.yaml', '--dry-run'])).toMatchObject({ exitCode: 0 })
    expect(await run(['snapshot', 'delete', 'q1', '-f', 'm.yaml'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('is no longer kept as q1') as unknown })
    expect(await run(['snapshot', 'delete', 'q1', '-f', 'm.yaml'])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('code: SNAPSHOT_NOT_FOUND') as unknown })
    expect(existsSync(join(folder, 'm/up/linux-64/a-1.0-0.conda'))).toBe(true)
    await run(['prune', '-f', 'm.yaml', '--grace', '0'])
    expect(existsSync(join(folder, 'm/up/linux-64/a-1.0-0.conda'))).toBe(false)
  })

  test('retain keeps generations by number', async ({ expect, folder, run }) => {
    await twoGenerations({ folder, run })
    await writeFile(join(folder, 'r.yaml'), 'mirror_dir: m\nchannels: ./up\nplatforms: [linux-64, osx-64]\nfetch_installers: false\nretain: 1\ngrace: 0\n')
    expect(await run(['prune', '-f', 'r.yaml'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('kept for older generations') as unknown })
    expect(await run(['rollback', '-f', 'r.yaml', '--to', '1', '--dry-run'])).toMatchObject({ exitCode: 0 })
  })
})

describe('mirror prune', () => {
  test('removes platforms that left the configuration, shows first what would go, and leaves what is foreign', async ({ expect, folder, run }) => {
    await twoGenerations({ folder, run })
    await mkdir(join(folder, 'm/local/noarch'), { recursive: true })
    await writeFile(join(folder, 'm/local/noarch/repodata.json'), '{}')
    await writeFile(join(folder, 'm/up/osx-64/notes.txt'), 'ours')
    await writeFile(join(folder, 'less.yaml'), 'mirror_dir: m\nchannels: ./up\nplatforms: linux-64\nfetch_installers: false\n')
    const planned = await run(['prune', '-f', 'less.yaml', '--grace', '0', '--dry-run'])
    expect(planned).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/osx-64 would be withdrawn: 1 artifact, [\d.]+ (?:kB|bytes)/) as unknown })
    expect(existsSync(join(folder, 'm/up/osx-64/repodata.json'))).toBe(true)

    const done = await run(['prune', '-f', 'less.yaml', '--grace', '0', '--json'])
    expect(parseLines(done.stdout).at(-1)).toMatchObject({ type: 'result', command: 'prune', exitCode: 0, leftovers: [], channels: [{ report: { status: 'committed', withdrawn: [{ subdir: 'osx-64', artifacts: 1 }] } }] })
    expect(await readdir(join(folder, 'm/up/osx-64'))).toEqual(['notes.txt'])
    expect(existsSync(join(folder, 'm/local/noarch/repodata.json'))).toBe(true)
    expect(await problems(folder)).toEqual([])
    expect((await run(['prune', '-f', 'less.yaml', '--grace', '0'])).stdout).toContain('nothing to prune')
    expect((await run(['status', '-f', 'less.yaml'])).stdout).toContain('prune: committed, 0 added, 1 removed')
  })

  test('a guard refuses to remove most, and everything; --max-delete leaves the rest for another run', async ({ expect, folder, run }) => {
    await twoGenerations({ folder, run })
    const write = (platforms: string): Promise<void> => writeFile(join(folder, 'p.yaml'), `mirror_dir: m\nchannels: ./up\nplatforms: ${platforms}\nfetch_installers: false\ngrace: 0\n`)
    await write('win-64')
    expect(await run(['prune', '-f', 'p.yaml'])).toMatchObject({ exitCode: 4, stdout: expect.stringContaining('--allow-selection accepts it') as unknown })
    await write('[linux-64, osx-64]')
    const some = await run(['prune', '-f', 'p.yaml', '--max-delete', '1'])
    expect(some).toMatchObject({ exitCode: 3, stdout: expect.stringContaining('left for another run, because of --max-delete') as unknown })
    expect(await run(['prune', '-f', 'p.yaml'])).toMatchObject({ exitCode: 0 })
  })

  test('a channel that left the configuration is named, and goes when its folder is named', async ({ expect, folder, run }) => {
    await twoGenerations({ folder, run })
    await cp(join(folder, 'up'), join(folder, 'other'), { recursive: true })
    await run(['sync', '-c', './other', '-p', 'linux-64', '--mirror-dir', 'm'])
    const named = await run(['prune', '-f', 'm.yaml'])
    expect(named).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('other: not in the configuration, and left alone: 3 artifacts') as unknown })
    for (const [flag, reason] of [['up', 'the configuration names it'], ['nowhere', 'there is no such channel']] as const) {
      expect(await run(['prune', '-f', 'm.yaml', '--remove-channel', flag])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(reason) as unknown })
    }
    expect(existsSync(join(folder, 'm/other/linux-64/repodata.json'))).toBe(true)
    const waiting = await run(['prune', '-f', 'm.yaml', '--remove-channel', 'other'])
    expect(waiting).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('linux-64 is withdrawn') as unknown })
    expect(existsSync(join(folder, 'm/other/linux-64/c-1.0-0.conda'))).toBe(true)
    expect(existsSync(join(folder, 'm/other/linux-64/repodata.json'))).toBe(false)
    // Withdrawn already: the rest goes without being named again.
    expect(await run(['prune', '-f', 'm.yaml', '--grace', '0'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('nothing is left of it') as unknown })
    expect(existsSync(join(folder, 'm/other'))).toBe(false)
    expect(await problems(folder)).toEqual([])
  })

  test('without a configuration it only tidies', async ({ expect, folder, run }) => {
    await twoGenerations({ folder, run })
    expect(await run(['prune', '--mirror-dir', 'm', '--grace', '0'])).toMatchObject({ exitCode: 0 })
    expect(existsSync(join(folder, 'm/up/linux-64/a-1.0-0.conda'))).toBe(false)
    expect(existsSync(join(folder, 'm/up/osx-64/repodata.json'))).toBe(true)
    expect(await run(['prune', '--mirror-dir', 'm', '--remove-channel', 'up'])).toMatchObject({ exitCode: 2 })
  })
})

describe('mirror adopt', () => {
  test('takes over every tree in a folder, pkgs and nested channels among them; fetches nothing; the next sync neither', async ({ expect, folder, run }) => {
    await buildChannel(CHANNEL, join(folder, 'up'))
    await cp(join(folder, 'up'), join(folder, 'm/pkgs'), { recursive: true })
    await cp(join(folder, 'up'), join(folder, 'm/conda-forge/label/x'), { recursive: true })
    await writeFile(join(folder, 'm/pkgs/linux-64/own-1.0-0.conda'), 'foreign')
    const planned = await run(['adopt', '--mirror-dir', 'm', '--dry-run'])
    expect(planned).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('pkgs: would be adopted: 4 artifacts') as unknown })
    expect(existsSync(join(folder, 'm/pkgs/.mirror'))).toBe(false)
    const done = await run(['adopt', '--mirror-dir', 'm', '--json'])
    expect(done.exitCode).toBe(0)
    expect(parseLines(done.stdout).at(-1)).toMatchObject({ command: 'adopt', channels: [{ folder: 'conda-forge/label/x' }, { folder: 'pkgs', report: { status: 'committed', generation: 1, fetched: { artifacts: 0 }, present: 4 } }] })
    expect(await readFile(join(folder, 'm/pkgs/linux-64/own-1.0-0.conda'), 'utf8')).toBe('foreign')
    expect(await run(['verify', '--mirror-dir', 'm'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('left alone: linux-64/own-1.0-0.conda') as unknown })
    await writeFile(join(folder, 'm.yaml'), 'mirror_dir: m\nchannels: [{url: ./up, path: pkgs}]\nplatforms: [linux-64, osx-64]\nfetch_installers: false\n')
    expect(parseLines((await run(['sync', '-f', 'm.yaml', '--json'])).stdout).at(-1)).toMatchObject({ exitCode: 0, channels: [{ report: { status: 'unchanged' } }] })
    expect((await run(['adopt', '-f', 'm.yaml'])).stdout).toContain('is a mirror already')
  })

  test('names what is missing or wrong with exit code 3, also in a dry run; sync repairs it', async ({ expect, folder, run }) => {
    await buildChannel(CHANNEL, join(folder, 'up'))
    await cp(join(folder, 'up'), join(folder, 'm/up'), { recursive: true })
    await rm(join(folder, 'm/up/linux-64/a-1.0-0.conda'))
    await writeFile(join(folder, 'm.yaml'), 'mirror_dir: m\nchannels: ./up\nplatforms: [linux-64, osx-64]\nfetch_installers: false\n')
    const planned = await run(['adopt', '-f', 'm.yaml', '--dry-run'])
    expect(planned).toMatchObject({ exitCode: 3, stdout: expect.stringContaining('linux-64/a-1.0-0.conda is missing (ARTIFACT_MISSING)') as unknown })
    const done = await run(['adopt', '-f', 'm.yaml'])
    expect(done.exitCode).toBe(3)
    expect(done.stdout).toContain('linux-64 is left as it was')
    expect(parseLines((await run(['sync', '-f', 'm.yaml', '--json'])).stdout).at(-1)).toMatchObject({ exitCode: 0, channels: [{ report: { fetched: { artifacts: 1 } } }] })
    expect(await problems(folder)).toEqual([])
  })

  test('what is no channel, or is one itself, gets a hint; what is not configured is left', async ({ expect, folder, run }) => {
    await buildChannel(CHANNEL, join(folder, 'm'))
    expect(await run(['adopt', '--mirror-dir', 'm'])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('The folder is itself a channel') as unknown })
    await buildChannel(CHANNEL, join(folder, 'two/one'))
    await writeFile(join(folder, 'm.yaml'), 'mirror_dir: two\nchannels: ./up\nplatforms: linux-64\nfetch_installers: false\n')
    expect(await run(['adopt', '-f', 'm.yaml'])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('There are: one.') as unknown })
    await mkdir(join(folder, 'empty'))
    expect(await run(['adopt', '--mirror-dir', 'empty'])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('code: MIRROR_NOT_FOUND') as unknown })
  })
})

describe('mirror status', () => {
  test('tells the last runs, what is held and why, and what waits', async ({ expect, folder, run }) => {
    await twoGenerations({ folder, run })
    await changeChannel(join(folder, 'up'), { add: { 'osx-64': [{ name: 'gone' }] } })
    await rm(join(folder, 'up/osx-64/gone-1.0-0.conda'))
    expect(await run(['sync', '-f', 'm.yaml'])).toMatchObject({ exitCode: 3 })
    await rm(join(folder, 'up'), { recursive: true })
    expect((await run(['sync', '-f', 'm.yaml'])).exitCode).not.toBe(0)
    const { stdout } = await run(['status', '-f', 'm.yaml'])
    expect(stdout).toContain('last runs:')
    expect(stdout).toContain('osx-64 held: ')
    expect(stdout).toContain('(ARTIFACTS_FAILED)')
    expect(stdout).toContain('in the trash: ')
    expect(parseLines((await run(['status', '-f', 'm.yaml', '--json'])).stdout).at(-1)).toMatchObject({ channels: [{ older: [{ number: 1, snapshots: [] }], runs: { length: 4 }, due: { count: 0 } }] })
  })
})

describe('--metrics-file', () => {
  test('each command writes its own part, atomically; when it last succeeded survives a failure', async ({ expect, folder, run }) => {
    await twoGenerations({ folder, run })
    const read = (): Promise<string> => readFile(join(folder, 'mirror.prom'), 'utf8')
    await run(['sync', '-f', 'm.yaml', '--metrics-file', 'mirror.prom'])
    await run(['verify', '-f', 'm.yaml', '--metrics-file', 'mirror.prom'])
    await run(['prune', '-f', 'm.yaml', '--metrics-file', 'mirror.prom'])
    const text = await read()
    const channel = `file://${join(folder, 'up')}`
    for (const line of [
      'mirror_run_exit_code{command="sync"} 0', `mirror_generation{command="sync",channel="${channel}"} 2`, `mirror_artifacts{command="prune",channel="${channel}"} 4`,
      `mirror_verify_faults{command="verify",channel="${channel}"} 0`, '# TYPE mirror_generation gauge',
    ]) expect(text.split('\n')).toContain(line)
    expect(text.endsWith('\n')).toBe(true)
    expect(text.match(/# TYPE mirror_generation gauge/g)).toHaveLength(1)
    const success = text.split('\n').find((line) => line.startsWith('mirror_last_success_timestamp_seconds{command="sync",channel'))
    expect(success).toBeDefined()

    await rm(join(folder, 'up'), { recursive: true })
    const { exitCode } = await run(['sync', '-f', 'm.yaml', '--metrics-file', 'mirror.prom'])
    expect(exitCode).not.toBe(0)
    const after = (await read()).split('\n')
    expect(after).toContain(success)
    expect(after).toContain(`mirror_run_exit_code{command="sync"} ${exitCode}`)
    expect((await readdir(folder)).filter((name) => name.includes('.tmp'))).toEqual([])
    expect((await stat(join(folder, 'mirror.prom'))).mode & 0o777).toBe(0o644)
  })

  test('the key of the configuration does the same; a dry run writes nothing; a folder that is not there is a warning', async ({ expect, folder, run }) => {
    await buildChannel(CHANNEL, join(folder, 'up'))
    const write = (file: string): Promise<void> => writeFile(join(folder, 'm.yaml'), `mirror_dir: m\nchannels: ./up\nplatforms: linux-64\nfetch_installers: false\nmetrics_file: ${file}\n`)
    await write('key.prom')
    await run(['sync', '-f', 'm.yaml', '--dry-run'])
    expect(existsSync(join(folder, 'key.prom'))).toBe(false)
    await run(['sync', '-f', 'm.yaml'])
    expect(await readFile(join(folder, 'key.prom'), 'utf8')).toContain('mirror_run_added{command="sync"')
    await write('nowhere/key.prom')
    expect(await run(['sync', '-f', 'm.yaml'])).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('the metrics are not written to') as unknown })
  })
})

// Only root may give a file to a group that it is not in itself: skipped for everyone else.
test.skipIf(process.getuid?.() !== 0)('file_mode, directory_mode and group hold for all that is made; a group that nobody knows is an error', async ({ expect, folder, run }) => {
  await buildChannel(CHANNEL, join(folder, 'up'))
  const write = (group: string): Promise<void> =>
    writeFile(join(folder, 'm.yaml'), `mirror_dir: m\nchannels: ./up\nplatforms: linux-64\nfetch_installers: false\nfile_mode: "640"\ndirectory_mode: "2750"\ngroup: ${group}\n`)
  await write('no-such-group-here')
  expect(await run(['sync', '-f', 'm.yaml'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('the system does not know the group "no-such-group-here"') as unknown })
  await write('daemon')
  expect(await run(['sync', '-f', 'm.yaml'])).toMatchObject({ exitCode: 0 })
  const gid = Number((await readFile('/etc/group', 'utf8')).split('\n').find((line) => line.startsWith('daemon:'))?.split(':')[2])
  for (const [path, mode] of [['linux-64', 0o2750], ['linux-64/a-1.0-0.conda', 0o640], ['noarch/repodata.json', 0o640], ['.mirror/generations', 0o2750]] as const) {
    const stats = await stat(join(folder, 'm/up', path))
    expect([path, stats.gid, stats.mode & 0o7777]).toEqual([path, gid, mode])
  }
})
