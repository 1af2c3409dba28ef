import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildChannel, changeChannel, faults, fillSubdir, serveChannel } from '@mirror/test-fixtures'
import { createDiskStore } from '@mirror/store'
import { EMPTY_STATE, stateId } from '@mirror/delta'
import { describe } from 'vitest'
import { parseLines, steady, test } from './support.ts'

const SMALL = { subdirs: { 'linux-64': [{ name: 'zlib', format: 'both' }, { name: 'big', size: 300_000 }], noarch: [{ name: 'tz' }] } } as const

async function listAll(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true })
  const texts = await Promise.all(names.filter((entry) => entry.isFile()).map(async (entry) => `${entry.name}\n${(await readFile(join(entry.parentPath, entry.name))).toString('latin1')}`))
  return texts.join('\n')
}

test('mirror sync mirrors a channel without a file, and says what it did', async ({ expect, folder, run }) => {
  await buildChannel(SMALL, join(folder, 'up'))
  await using server = await serveChannel(join(folder, 'up'), { mount: '/team/' })
  const argv = ['sync', '-c', server.url, '--mirror-dir', 'm', '-p', 'linux-64']

  const first = await run(argv)

  expect(first.exitCode).toBe(0)
  expect(steady(first.stdout, folder)).toMatchInlineSnapshot(`
    "http://127.0.0.1:<port>/team: updated, generation 1 (<time>)
      noarch    1 added (791 bytes)   1 record  791 bytes
      linux-64  3 added (302.5 kB)   3 records   302.5 kB
      fetched 4 artifacts, 303.3 kB

    Mirror: <folder>/m
    "
  `)
  expect(steady(first.stderr, folder)).toMatchInlineSnapshot(`
    "1 channel into <folder>/m, without a configuration file
    http://127.0.0.1:<port>/team: into team
      upstream's index of noarch is read
      upstream's index of linux-64 is read
      noarch: 1 to add (791 bytes), 0 to remove; it lists 1 record then
      linux-64: 3 to add (302.5 kB), 0 to remove; it lists 3 records then
      fetching 4 artifacts, 303.3 kB; 0 there already
      published noarch
      published linux-64
      generation 1 is published
    "
  `)
  expect(await readFile(join(folder, 'm/team/linux-64/repodata.json'))).toEqual(await readFile(join(folder, 'up/linux-64/repodata.json')))
  expect(existsSync(join(folder, 'm/team/linux-64/big-1.0-0.conda'))).toBe(true)
  expect(await readdir(join(folder, 'm'))).toEqual(['team'])

  const second = await run(argv)
  expect(second.exitCode).toBe(0)
  expect(steady(second.stdout, folder)).toMatchInlineSnapshot(`
    "http://127.0.0.1:<port>/team: up to date, generation 1 (<time>)
      noarch    unchanged   1 record  791 bytes
      linux-64  unchanged  3 records   302.5 kB

    Mirror: <folder>/m
    "
  `)
})

test('mirror plan shows a table and changes nothing', async ({ expect, folder, run }) => {
  await buildChannel(SMALL, join(folder, 'up'))
  await writeFile(join(folder, 'mirror.yaml'), 'mirror_dir: m\nchannels: ./up\nplatforms: [linux-64, win-64]\nfetch_installers: false\n')

  const planned = await run(['plan', '-f', 'mirror.yaml'])

  expect(planned.exitCode).toBe(0)
  expect(steady(planned.stdout, folder).replaceAll(/ {2,}/g, '  ')).toMatchInlineSnapshot(`
    "channel  subdir  records  size  add  to fetch  remove  re-listed
    file://<folder>/up  noarch  1  791 bytes  1  791 bytes  0  0
    file://<folder>/up  linux-64  3  302.5 kB  3  302.5 kB  0  0
    total  4  303.3 kB  4  303.3 kB  0  0
    file://<folder>/up: win-64 is not in this channel
    "
  `)
  expect(existsSync(join(folder, 'm'))).toBe(false)
  expect(await run(['sync', '-f', 'mirror.yaml', '--dry-run', '-q'])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' })
  expect(existsSync(join(folder, 'm'))).toBe(false)
})

test('cas-sync reads ~/.cas-mirror before /etc/cas-mirror, whole, and tells what changed', async ({ expect, folder, run }) => {
  await buildChannel(SMALL, join(folder, 'up'))
  await writeFile(join(folder, 'etc-cas-mirror'), 'mirror_dir: wrong\nconcurrency: 3\n')
  await writeFile(join(folder, '.cas-mirror'), 'mirror_dir: m\nchannels: ./up\nplatforms: linux-64\nfetch_installers: false\ngrace: 2h\n')
  await run([], { program: 'cas-sync' })
  await changeChannel(join(folder, 'up'), {
    add: { 'linux-64': [{ name: 'new' }], noarch: [{ name: 'tz', version: '2.0' }] }, remove: { 'linux-64': ['big-1.0-0.conda'] }, relist: { noarch: { 'tz-1.0-0.conda': { license: 'MIT' } } },
  })

  const updated = await run([], { program: 'cas-sync' })

  expect(updated.exitCode).toBe(0)
  expect(steady(updated.stdout, folder)).toMatchInlineSnapshot(`
    "file://<folder>/up: updated, generation 2 (<time>)
      noarch    1 added (791 bytes), 1 re-listed  2 records  1.6 kB
      linux-64  1 added (732 bytes), 1 removed    3 records  1.8 kB
      fetched 2 artifacts, 1.5 kB
      in the trash: 3 files, 301.9 kB; the first goes with the next run after <date>

    Mirror: <folder>/m
    "
  `)
  expect(steady(updated.stderr, folder)).toMatchInlineSnapshot(`
    "1 channel into <folder>/m, by <folder>/.cas-mirror
    file://<folder>/up: into up
      upstream's index of noarch is read
      upstream's index of linux-64 is read
      noarch: 1 to add (791 bytes), 0 to remove, 1 re-listed; it lists 2 records then
      linux-64: 1 to add (732 bytes), 1 to remove; it lists 3 records then
      fetching 2 artifacts, 1.5 kB; 0 there already
      published noarch
      published linux-64
      generation 2 is published
    "
  `)
  expect(existsSync(join(folder, 'wrong'))).toBe(false)
  expect((await run(['--config'], { program: 'cas-sync' })).stdout).toContain('concurrency: 32\n')
})

test('what the configuration says reaches the mirror: folders, platforms, variants and limits', async ({ expect, folder, run }) => {
  await buildChannel({ subdirs: { ...SMALL.subdirs, 'win-64': [{ name: 'w' }] }, index: { variants: ['zst', 'bz2'] } }, join(folder, 'up'))
  await buildChannel(SMALL, join(folder, 'other'))
  const lines = [
    'mirror_dir: m', 'channels:', '  - {url: ./up, path: team/up, platforms: win-64}', '  - ./other', 'platforms: linux-64', 'variants: {zst: false, shards: false, bz2: true}',
    'concurrency: 2', 'bandwidth: 100MB/s', 'timeouts: {connect: 5s, idle: 5s}', 'fetch_installers: false', '',
  ]
  await writeFile(join(folder, 'm.yaml'), lines.join('\n'))
  expect(await run(['sync', '-f', 'm.yaml'])).toMatchObject({ exitCode: 0 })
  expect((await readdir(join(folder, 'm/team/up'))).toSorted()).toEqual(['.mirror', 'noarch', 'win-64'])
  expect((await readdir(join(folder, 'm/team/up/win-64'))).toSorted()).toEqual(['repodata.json', 'repodata.json.bz2', 'w-1.0-0.conda'])
  expect((await readdir(join(folder, 'm/other'))).toSorted()).toEqual(['.mirror', 'linux-64', 'noarch'])
  expect(parseLines((await run(['status', '--mirror-dir', 'm', '--json'])).stdout)).toMatchObject([{ channels: [{ folder: 'other' }, { folder: 'team/up' }] }])
})

test('a mirror that another tool made is taken over: what is right is not fetched again; --no-adopt refuses it', async ({ expect, folder, run }) => {
  await buildChannel(SMALL, join(folder, 'up'))
  await cp(join(folder, 'up'), join(folder, 'm/up'), { recursive: true })
  await writeFile(join(folder, 'm/up/linux-64/big-1.0-0.conda'), 'broken')
  const argv = ['sync', '-c', './up', '--mirror-dir', 'm', '-p', 'linux-64']
  expect(await run([...argv, '--no-adopt'])).toMatchObject({ exitCode: 4 })
  const adopted = await run(argv)
  expect(adopted.exitCode).toBe(0)
  expect(adopted.stdout).toMatch(/fetched 1 artifact, [\d.]+ kB; 3 there already/)
  expect(await run(['verify', '--mirror-dir', 'm'])).toMatchObject({ exitCode: 0 })
})

test('the flags that accept once what a guard refuses do not refuse a new mirror', async ({ expect, folder, run }) => {
  await buildChannel(SMALL, join(folder, 'up'))
  const argv = ['sync', '-c', './up', '--mirror-dir', 'm', '-p', 'linux-64', '--allow-empty', '--allow-shrink', '--allow-selection', '--allow-rollback']
  expect(await run(argv)).toMatchObject({ exitCode: 0 })
  await changeChannel(join(folder, 'up'), { remove: { 'linux-64': ['big-1.0-0.conda', 'zlib-1.0-0.conda', 'zlib-1.0-0.tar.bz2'] } })
  expect(await run(argv.slice(0, 7))).toMatchObject({ exitCode: 4, stdout: expect.stringContaining('--allow-empty accepts it once') as unknown })
  expect(await run(argv)).toMatchObject({ exitCode: 0 })
})

test('--max-delete leaves the rest of the trash for the next run, and says so', async ({ expect, folder, run }) => {
  await buildChannel({ subdirs: { 'linux-64': [{ name: 'a' }, { name: 'b' }, { name: 'c' }, { name: 'd' }, { name: 'e' }] } }, join(folder, 'up'))
  const argv = ['sync', '-c', './up', '--mirror-dir', 'm', '-p', 'linux-64', '--grace', '0']
  expect(await run(argv)).toMatchObject({ exitCode: 0 })
  await changeChannel(join(folder, 'up'), { remove: { 'linux-64': ['a-1.0-0.conda', 'b-1.0-0.conda', 'c-1.0-0.conda'] } })
  const limited = await run([...argv, '--max-delete', '1'])
  expect(limited.exitCode).toBe(0)
  expect(limited.stdout).toMatch(/due, but left for the next run by --max-delete: \d+ artifacts?/)
  const rest = await run(argv)
  expect(rest.stdout).toContain('deleted from the trash:')
  expect(rest.stdout).not.toContain('--max-delete')
  expect((await readdir(join(folder, 'm/up/linux-64'))).filter((name) => name.endsWith('.conda'))).toEqual(['d-1.0-0.conda', 'e-1.0-0.conda'])
})

test('cas-sync --config is used by programs to judge a file', async ({ expect, folder, run }) => {
  await writeFile(join(folder, 'good.yaml'), 'fetch_installers: false\ncheck_md5: true\nverbose: 2\nplatforms: [linux-64]\nchannels: [https://u:pw-secret@a.example/t/tk-secret/main]\nmirror_dir: ./mirrors/main-linux-64\n')
  const good = await run(['--config', '-f', 'good.yaml'], { program: 'cas-sync' })
  expect(good).toMatchObject({ exitCode: 0, stderr: '' })
  expect(good.stdout).not.toContain('secret')
  expect((await run(['--config', '--show-secrets', '-f', 'good.yaml'], { program: 'cas-sync' })).stdout).toContain('https://u:pw-secret@a.example/t/tk-secret/main')
  await writeFile(join(folder, 'bad.yaml'), 'mirror_dir: x\ndelta: perhaps\n')
  const bad = await run(['--config', '-f', 'bad.yaml'], { program: 'cas-sync' })
  expect(bad).toMatchObject({ exitCode: 2, stdout: '' })
  expect(bad.stderr).toMatchInlineSnapshot(`
    "error: Cannot use the configuration: bad.yaml:2: "delta" takes true or false
    code: CONFIG_INVALID
    "
  `)
})

test('mirror status shows generations, counts, what waits and the last run, without the network', async ({ expect, folder, run }) => {
  await buildChannel(SMALL, join(folder, 'up'))
  await writeFile(join(folder, 'm.yaml'), 'mirror_dir: m\nchannels: [./up, ./other]\nplatforms: linux-64\n')
  expect(await run(['sync', '-c', './up', '-p', 'linux-64', '--mirror-dir', 'm'])).toMatchObject({ exitCode: 0 })
  await changeChannel(join(folder, 'up'), { remove: { 'linux-64': ['big-1.0-0.conda'] } })
  expect(await run(['sync', '-c', './up', '-p', 'linux-64', '--mirror-dir', 'm'])).toMatchObject({ exitCode: 0 })

  const status = await run(['status', '-f', 'm.yaml'])

  expect(status).toMatchObject({ exitCode: 0, stderr: '' })
  expect(steady(status.stdout, folder)).toMatchInlineSnapshot(`
    "file://<folder>/up: generation 2 of <date>, <age> ago; state <state>; 1.9 kB
      linux-64  2 records     1.1 kB
      noarch     1 record  791 bytes
      in the trash: 2 files, 301.6 kB; the first goes with the next run after <date>
      can be rolled back to:
        1  <date>
      last runs:
        <date> sync: committed, 0 added, 1 removed, 0 bytes fetched
        <date> sync: committed, 4 added, 0 removed, 303.3 kB fetched

    file://<folder>/other: nothing is published yet

    Mirror: <folder>/m
    "
  `)
  const alone = await run(['status', '--mirror-dir', 'm', '--json'])
  expect(parseLines(alone.stdout)).toMatchObject([{ type: 'result', command: 'status', exitCode: 0, channels: [{ folder: 'up', generation: 2, waiting: { count: 2 }, lastRun: { status: 'committed' } }] }])
  expect(await run(['status', '--mirror-dir', 'nowhere'])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('MIRROR_NOT_FOUND') as unknown })
})

test('--json tells every step as NDJSON, and the result last', async ({ expect, folder, run }) => {
  await buildChannel(SMALL, join(folder, 'up'))
  const ran = await run(['sync', '-c', './up', '--mirror-dir', 'm', '-p', 'linux-64', '--json'])
  const lines = parseLines(ran.stdout)
  expect(ran).toMatchObject({ exitCode: 0, stderr: '' })
  expect(lines.every(({ type, time }) => typeof type === 'string' && typeof time === 'string')).toBe(true)
  expect(lines.map(({ type }) => type)).toEqual(expect.arrayContaining(['run-started', 'channel-started', 'index-checked', 'subdir-planned', 'fetch-planned', 'artifact-done', 'committed', 'channel-finished']))
  expect(lines.at(-1)).toMatchObject({ type: 'result', command: 'sync', exitCode: 0, channels: [{ folder: 'up', report: { status: 'committed', fetched: { artifacts: 4 } } }] })
  const failed = await run(['sync', '-f', 'nowhere.yaml', '--json'])
  expect(failed).toMatchObject({ exitCode: 2, stderr: '' })
  expect(parseLines(failed.stdout)).toMatchObject([{ type: 'error', code: 'CONFIG_NOT_FOUND', exitCode: 2 }])
})

test('a channel that fails does not stop the others, and the worst exit code counts', async ({ expect, folder, run }) => {
  await buildChannel(SMALL, join(folder, 'up'))
  await using closed = await serveChannel(join(folder, 'up'), { mount: '/closed/', token: 'other' })
  await writeFile(join(folder, 'm.yaml'), `mirror_dir: m\nchannels: [${closed.url}, ./up]\nplatforms: linux-64\nremote_url: ""\n`)
  const ran = await run(['sync', '-f', 'm.yaml'])
  expect(ran.exitCode).toBe(1)
  expect(existsSync(join(folder, 'm/up/linux-64/repodata.json'))).toBe(true)
  expect(steady(ran.stdout, folder)).toMatchInlineSnapshot(`
    "http://127.0.0.1:<port>/closed: held: nothing was changed (<time>)
      noarch    held as it was  0 records  0 bytes
      linux-64  held as it was  0 records  0 bytes
      held: noarch: Cannot read http://127.0.0.1:<port>/closed/noarch/repodata.json.zst: the server answered 401 (CHANNEL_FORBIDDEN)
        hint: Give a token, or a user name and password, in the channel URL or in .netrc.
      held: linux-64: Cannot read http://127.0.0.1:<port>/closed/linux-64/repodata.json.zst: the server answered 401 (CHANNEL_FORBIDDEN)
        hint: Give a token, or a user name and password, in the channel URL or in .netrc.

    file://<folder>/up: updated, generation 1 (<time>)
      noarch    1 added (791 bytes)   1 record  791 bytes
      linux-64  3 added (302.5 kB)   3 records   302.5 kB
      fetched 4 artifacts, 303.3 kB

    Mirror: <folder>/m
    "
  `)
})

describe('exit codes', () => {
  test('2 for a command line that cannot be read', async ({ expect, run }) => {
    const ran = await run(['synch'])
    expect(ran.exitCode).toBe(2)
    expect(ran.stderr).toMatchInlineSnapshot(`
      "error: Cannot read the command line: there is no "synch"
      hint: Did you mean \`mirror sync\`? \`mirror --help\` shows all.
      code: USAGE
      "
    `)
    expect(await run(['sync', '-l', 'LOUD'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('"LOUD" is not a log level') as unknown })
  })

  test('3 when a subdir is held, while the others are published', async ({ expect, folder, run }) => {
    await buildChannel(SMALL, join(folder, 'up'))
    await using server = await serveChannel(join(folder, 'up'), { mount: '/team/' })
    server.misbehave({ path: 'big-1.0-0.conda', fault: faults.status(404) })
    const argv = ['sync', '-c', server.url, '--mirror-dir', 'm', '-p', 'linux-64']
    const ran = await run(argv)
    expect(ran.exitCode).toBe(3)
    expect(steady(ran.stdout, folder)).toMatchInlineSnapshot(`
      "http://127.0.0.1:<port>/team: updated, generation 1 (<time>)
        noarch    1 added (791 bytes)   1 record  791 bytes
        linux-64  held as it was       0 records    0 bytes
        held: linux-64: Cannot publish linux-64: 1 of its artifacts could not be had, big-1.0-0.conda first (Cannot fetch http://127.0.0.1:<port>/team/linux-64/big-1.0-0.conda: upstream lists it and answers 404) (ARTIFACTS_FAILED)
          hint: Run the sync again; with --partial the subdir is published without them.
        failed: linux-64/big-1.0-0.conda: Cannot fetch http://127.0.0.1:<port>/team/linux-64/big-1.0-0.conda: upstream lists it and answers 404 (ARTIFACT_MISSING)
        fetched 3 artifacts, 1.9 kB

      Mirror: <folder>/m
      "
    `)
    const partial = await run([...argv, '--partial'])
    expect(partial.exitCode).toBe(3)
    expect(steady(partial.stdout, folder)).toMatchInlineSnapshot(`
      "http://127.0.0.1:<port>/team: updated, generation 2 (<time>)
        noarch    unchanged          1 record  791 bytes
        linux-64  2 added (1.1 kB)  2 records     1.1 kB
        failed: linux-64/big-1.0-0.conda: Cannot fetch http://127.0.0.1:<port>/team/linux-64/big-1.0-0.conda: upstream lists it and answers 404 (ARTIFACT_MISSING)
        left out of linux-64: 1 record that could not be had (big-1.0-0.conda)
        fetched 0 artifacts, 0 bytes; 2 there already

      Mirror: <folder>/m
      "
    `)
  })

  test('4 when a guard refuses, with the flag that accepts it', async ({ expect, folder, run }) => {
    await buildChannel({ subdirs: { 'linux-64': fillSubdir('linux-64', 150, 64), noarch: [{ name: 'tz' }] } }, join(folder, 'up'))
    const argv = ['sync', '-c', './up', '--mirror-dir', 'm', '-p', 'linux-64']
    expect((await run(argv)).exitCode).toBe(0)
    const names = (await readdir(join(folder, 'up/linux-64'))).filter((name) => name.endsWith('.conda'))
    await changeChannel(join(folder, 'up'), { remove: { 'linux-64': names.slice(0, 120) } })
    const refused = await run(argv)
    expect(refused.exitCode).toBe(4)
    expect(steady(refused.stdout, folder)).toMatchInlineSnapshot(`
      "file://<folder>/up: refused by a guard: nothing was changed, generation 1 (<time>)
        noarch    unchanged        1 record  791 bytes
        linux-64  120 to remove  30 records     1.9 kB
        Cannot accept upstream's index of linux-64: it removes 120 of 150 records, more than 100; --allow-shrink accepts it once

      Mirror: <folder>/m
      "
    `)
    const published = await readFile(join(folder, 'm/up/linux-64/repodata.json'), 'utf8')
    expect(published).toContain(names[0])
    expect((await run([...argv, '--allow-shrink', '--grace', '0'])).exitCode).toBe(0)
    expect(await readdir(join(folder, 'm/up/linux-64'))).not.toContain(names[0])
  })

  test('4 for a folder that holds something else', async ({ expect, folder, run }) => {
    await buildChannel(SMALL, join(folder, 'up'))
    await mkdir(join(folder, 'm/up'), { recursive: true })
    await writeFile(join(folder, 'm/up/thesis.txt'), 'years of work')
    for (const flags of [[], ['--no-adopt']]) {
      const ran = await run(['sync', '-c', './up', '--mirror-dir', 'm', '-p', 'linux-64', ...flags])
      expect(ran).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('STORE_FOREIGN') as unknown })
    }
    expect(await readdir(join(folder, 'm/up'))).toEqual(['thesis.txt'])
    expect(await readFile(join(folder, 'm/up/thesis.txt'), 'utf8')).toBe('years of work')
  })

  test('5 while another run works on the channel', async ({ expect, folder, run }) => {
    await buildChannel(SMALL, join(folder, 'up'))
    const argv = ['sync', '-c', './up', '--mirror-dir', 'm', '-p', 'linux-64']
    const begun = await createDiskStore({ root: join(folder, 'm/up') }).begin({
      base: stateId(EMPTY_STATE), target: EMPTY_STATE, changes: [], withdrawn: [], filesAdded: [], filesRemoved: [],
    })
    if (begun.status !== 'begun') throw new Error(begun.status)
    await using transaction = begun.transaction
    expect(await run(argv)).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('STORE_LOCKED') as unknown })
    await transaction.abandon()
    expect(await run(argv)).toMatchObject({ exitCode: 0 })
  })

  test('130 when it is interrupted, with a mirror that is as it was', async ({ expect, folder, run }) => {
    await buildChannel(SMALL, join(folder, 'up'))
    await using server = await serveChannel(join(folder, 'up'), { mount: '/team/' })
    server.misbehave({ path: 'big-1.0-0.conda', fault: faults.stall({ bytes: 1000 }) })
    const controller = new AbortController()
    const stopAtDownload = (text: string): void => { if (text.includes('fetched linux-64/zlib')) controller.abort() }
    const ran = await run(['sync', '-c', server.url, '--mirror-dir', 'm', '-p', 'linux-64', '-v'], { signal: controller.signal, onOutput: stopAtDownload })
    expect(ran.exitCode).toBe(130)
    expect(ran.stderr).toContain('code: INTERRUPTED')
    expect(existsSync(join(folder, 'm/team/linux-64/repodata.json'))).toBe(false)
    expect(await readdir(join(folder, 'm'))).toEqual(['team'])
  })

  test('1 for a mirror that cannot be written', async ({ expect, folder, run }) => {
    await buildChannel(SMALL, join(folder, 'up'))
    await writeFile(join(folder, 'file'), '')
    const ran = await run(['sync', '-c', './up', '--mirror-dir', 'file/m', '-p', 'linux-64'])
    expect(ran).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('STORE_NOT_WRITABLE') as unknown })
    await chmod(join(folder, 'file'), 0o600)
  })
})

test('no secret is ever printed or kept: tokens, passwords, netrc and proxies', async ({ expect, folder, run }) => {
  await buildChannel(SMALL, join(folder, 'up'))
  await using token = await serveChannel(join(folder, 'up'), { mount: '/one/', token: 'tk-secret' })
  await using basic = await serveChannel(join(folder, 'up'), { mount: '/two/', auth: { user: 'us-secret', password: 'pw-secret' } })
  await using closed = await serveChannel(join(folder, 'up'), { mount: '/three/', token: 'other' })
  token.misbehave({ path: 'big-1.0-0.conda', fault: faults.status(500), times: 1 })
  const basicUrl = basic.url.replace('http://', 'http://us-secret:pw-secret@')
  const withToken = (server: { readonly origin: string }, path: string): string => `${server.origin}/t/tk-secret${path}`
  await writeFile(join(folder, '.netrc'), 'machine elsewhere.example login us-secret password nr-secret\n')
  const config = `mirror_dir: m\nplatforms: linux-64\nchannels: ["${withToken(token, '/one')}", "${basicUrl}", "${withToken(closed, '/three')}"]\nfetch_installers: false\n`
  await writeFile(join(folder, 'm.yaml'), config)
  const env = { HTTPS_PROXY: 'http://px-user:px-secret@127.0.0.1:9' }

  const texts = [
    await run(['sync', '-f', 'm.yaml', '-v'], { env }),
    await run(['sync', '-f', 'm.yaml', '--json', '-v'], { env }),
    await run(['status', '-f', 'm.yaml', '--json'], { env }),
    await run(['plan', '-f', 'm.yaml'], { env }),
    await run(['config', '-f', 'm.yaml'], { env }),
    await run(['sync', '--bogus', 'https://us-secret:pw-secret@a.example/t/tk-secret/x'], { env }),
    await run(['sync', 'https://us-secret:pw-secret@a.example/t/tk-secret/x'], { env }),
    await run(['sync', '-c', 'https://us-secret:pw-secret@a.example/t/tk-secret/x?a=b', '--json'], { env }),
  ].map(({ stdout, stderr }) => `${stdout}\n${stderr}`)

  expect(existsSync(join(folder, 'm/two/linux-64/big-1.0-0.conda'))).toBe(true)
  expect(existsSync(join(folder, 'm/one/noarch/repodata.json'))).toBe(true)
  for (const text of texts) expect(text).not.toMatch(/secret/)
  expect(await listAll(join(folder, 'm'))).not.toMatch(/-secret/)
})
