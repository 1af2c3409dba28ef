import { spawnSync } from 'node:child_process'
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildChannel, changeChannel, serveChannel, startV4Server, type V4Server } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { parseLines, steady, test } from './support.ts'

const CHANNEL = { subdirs: { 'linux-64': [{ name: 'zlib', format: 'both' }, { name: 'big', size: 300_000 }], noarch: [{ name: 'tz' }] } } as const
const TOKEN = 'ab-0123-token'

const startServer = async (): Promise<V4Server> => await startV4Server({ users: { anaconda: { members: ['admin'] }, admin: { password: 'x', tokens: [TOKEN] } } })

interface Setting {
  readonly folder: string
  readonly server: V4Server
  readonly upstream: string
  readonly more?: string
}

/** A configuration of ours, one of anaconda-client with the site, and a token as `anaconda login` leaves it. */
async function configure({ folder, server, upstream, more = '' }: Setting): Promise<void> {
  await writeFile(join(folder, 'mirror.yaml'), `channels: [${upstream}]\nplatforms: [linux-64]\nmirror_dir: ${folder}/none\nfetch_installers: false\ndest_site: ours\n${more}`)
  const site = join(folder, '.config/binstar')
  await mkdir(site, { recursive: true })
  await writeFile(join(site, 'config.yaml'), `sites:\n  ours: {url: "${server.url}"}\n`)
  await writeFile(join(site, `${encodeURIComponent(server.url)}.token`), TOKEN)
  await chmod(join(site, `${encodeURIComponent(server.url)}.token`), 0o600)
}

const namesOf = (server: V4Server): readonly string[] => server.files('anaconda').map(({ basename }) => basename).toSorted()
const ALL = ['linux-64/big-1.0-0.conda', 'linux-64/zlib-1.0-0.conda', 'linux-64/zlib-1.0-0.tar.bz2', 'noarch/tz-1.0-0.conda']
const V5 = { program: 'cas-sync-api-v5' } as const
const V4 = { program: 'cas-sync-api-v4' } as const

test('cas-sync-api-v4 uploads a channel; again it has nothing to do; a change uploads the change alone', async ({ expect, folder, run }) => {
  await buildChannel(CHANNEL, join(folder, 'up'))
  await using server = await startServer()
  await using upstream = await serveChannel(join(folder, 'up'), { mount: '/team/' })
  await configure({ folder, server, upstream: upstream.url })

  const planned = await run(['-f', 'mirror.yaml', '--dry-run'], V4)
  expect(planned).toMatchObject({ exitCode: 0 })
  expect(steady(planned.stdout, folder)).toMatchInlineSnapshot(`
    "http://127.0.0.1:<port>/team to http://127.0.0.1:<port>/api/anaconda: planned (<time>)
                wanted  to upload               there  other bytes  to remove
      noarch    1               1  (791 bytes)      0            0          0
      linux-64  3               3   (302.5 kB)      0            0          0
    "
  `)
  expect(server.files('anaconda')).toEqual([])

  const first = await run(['-f', 'mirror.yaml'], V4)
  expect(first.exitCode).toBe(0)
  expect(steady(first.stdout, folder)).toMatchInlineSnapshot(`
    "http://127.0.0.1:<port>/team to http://127.0.0.1:<port>/api/anaconda: uploaded (<time>)
                wanted  to upload               there  other bytes  to remove
      noarch    1               1  (791 bytes)      0            0          0
      linux-64  3               3   (302.5 kB)      0            0          0
      uploaded 4 artifacts, 303.3 kB
    "
  `)
  expect(steady(first.stderr, folder)).toMatchInlineSnapshot(`
    "1 channel into http://127.0.0.1:<port>/api/anaconda, by mirror.yaml
    http://127.0.0.1:<port>/team: into http://127.0.0.1:<port>/api/anaconda
      upstream's index of noarch is read
      upstream's index of linux-64 is read
      the server lists 0 artifacts of noarch
      the server lists 0 artifacts of linux-64
      4 artifacts to upload (303.3 kB), 0 there already, 0 there with other bytes, 0 to remove
    "
  `)
  expect(namesOf(server)).toEqual(ALL)
  expect(server.refused).toEqual([])

  const again = await run(['-f', 'mirror.yaml'], V4)
  expect(again.exitCode).toBe(0)
  expect(steady(again.stdout, folder)).toMatchInlineSnapshot(`
    "http://127.0.0.1:<port>/team to http://127.0.0.1:<port>/api/anaconda: nothing was to be done (<time>)
                wanted  to upload    there  other bytes  to remove
      noarch    1               0        1            0          0
      linux-64  3               0        3            0          0
      uploaded 0 artifacts, 0 bytes
    "
  `)
  const uploads = server.calls.filter(({ kind }) => kind === 'POST storage').length
  expect(uploads).toBe(4)

  await changeChannel(join(folder, 'up'), { add: { 'linux-64': [{ name: 'new' }] } })
  const changed = await run(['-f', 'mirror.yaml', '--json'], V4)
  expect(changed.exitCode).toBe(0)
  expect(parseLines(changed.stdout).at(-1)).toMatchObject({ type: 'result', exitCode: 0, channels: [{ report: { status: 'uploaded', uploaded: { artifacts: 1 } } }] })
  expect(server.calls.filter(({ kind }) => kind === 'POST storage').length).toBe(uploads + 1)
  for (const { stdout, stderr } of [planned, first, again, changed]) expect(`${stdout}${stderr}`).not.toContain(TOKEN)
})

test('cas-sync-api-v4 --config shows the configuration and exits; an unknown site, no site and no token are errors before anything is sent', async ({ expect, folder, run }) => {
  await buildChannel(CHANNEL, join(folder, 'up'))
  await using server = await startServer()
  await configure({ folder, server, upstream: join(folder, 'up') })
  const shown = await run(['-f', 'mirror.yaml', '--config'], V4)
  expect(shown.exitCode).toBe(0)
  expect(shown.stdout).toContain('dest_site: ours')

  await writeFile(join(folder, 'typo.yaml'), `channels: [${folder}/up]\ndest_site: uors\n`)
  const unknown = await run(['-f', 'typo.yaml'], V4)
  expect(unknown.exitCode).toBe(2)
  expect(steady(unknown.stderr, folder)).toMatchInlineSnapshot(`
    "error: Cannot use the site "uors": the configuration of anaconda-client has only "anaconda", "binstar", "ours"
    hint: Did you mean "ours"? A site is added with: anaconda config --set sites.NAME.url URL
    code: SITE_UNKNOWN
    "
  `)
  await writeFile(join(folder, 'none.yaml'), `channels: [${folder}/up]\n`)
  expect(await run(['-f', 'none.yaml'], V4)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('SITE_UNDECIDED') })
  await writeFile(join(folder, 'other.yaml'), `channels: [${folder}/up]\ndest_site: http://127.0.0.1:9/api\n`)
  const nobody = await run(['-f', 'other.yaml'], V4)
  expect(nobody.exitCode).toBe(2)
  expect(steady(nobody.stderr, folder)).toMatchInlineSnapshot(`
    "error: Cannot upload to http://127.0.0.1:<port>/api: there is no token for it
    hint: Log in once with: anaconda config --set sites.NAME.url http://127.0.0.1:<port>/api, and then anaconda -s NAME login. Or put a token into the variable BINSTAR_API_TOKEN.
    code: NOT_LOGGED_IN
    "
  `)
  expect(server.calls).toEqual([])
})

test('mirror upload reports what is there with other bytes, leaves it, and replaces it with --replace', async ({ expect, folder, run }) => {
  await buildChannel(CHANNEL, join(folder, 'up'))
  await using server = await startServer()
  await configure({ folder, server, upstream: join(folder, 'up') })
  expect((await run(['upload', '-f', 'mirror.yaml'])).exitCode).toBe(0)
  await changeChannel(join(folder, 'up'), { add: { 'linux-64': [{ name: 'big', size: 300_000, salt: 'other' }] } })

  const refused = await run(['upload', '-f', 'mirror.yaml'])
  expect(refused.exitCode).toBe(3)
  expect(refused.stdout).toMatch(/differs: linux-64\/big-1\.0-0\.conda: upstream has sha256:[0-9a-f]{64}, the server sha256:[0-9a-f]{64}; --replace replaces it/)
  const before = server.files('anaconda').find(({ basename }) => basename.includes('big'))?.sha256

  const replaced = await run(['upload', '-f', 'mirror.yaml', '--replace'])
  expect(replaced.exitCode).toBe(0)
  expect(replaced.stdout).toContain('1 of them in place of other bytes')
  expect(server.files('anaconda').find(({ basename }) => basename.includes('big'))?.sha256).not.toBe(before)
  expect(namesOf(server)).toEqual(ALL)
})

test('mirror upload --clean removes what upstream lists no more, spares what is merely not wanted and what another channel lists, and guards against much', async ({ expect, folder, run }) => {
  await buildChannel({ subdirs: { 'linux-64': [{ name: 'a' }, { name: 'b' }, { name: 'c' }], noarch: [{ name: 'tz' }] } }, join(folder, 'up'))
  await buildChannel({ subdirs: { 'linux-64': [{ name: 'own' }], noarch: [] } }, join(folder, 'own'))
  await using server = await startServer()
  await configure({ folder, server, upstream: `${join(folder, 'up')}, ${join(folder, 'own')}` })
  expect((await run(['upload', '-f', 'mirror.yaml'])).exitCode).toBe(0)
  await changeChannel(join(folder, 'up'), { remove: { 'linux-64': ['b-1.0-0.conda'] } })

  expect((await run(['upload', '-f', 'mirror.yaml'])).exitCode).toBe(0)
  expect(namesOf(server)).toContain('linux-64/b-1.0-0.conda')
  await configure({ folder, server, upstream: `${join(folder, 'up')}, ${join(folder, 'own')}`, more: 'blacklist: [c]\n' })
  const cleaned = await run(['upload', '-f', 'mirror.yaml', '--clean'])
  expect(cleaned.exitCode).toBe(0)
  expect(cleaned.stdout).toContain('removed 1 artifact')
  expect(namesOf(server)).toEqual(['linux-64/a-1.0-0.conda', 'linux-64/c-1.0-0.conda', 'linux-64/own-1.0-0.conda', 'noarch/tz-1.0-0.conda'])
  expect(server.refused).toEqual([])
})

test('mirror upload --clean refuses an upstream that lists nothing any more', async ({ expect, folder, run }) => {
  await buildChannel(CHANNEL, join(folder, 'up'))
  await using server = await startServer()
  await configure({ folder, server, upstream: join(folder, 'up') })
  expect((await run(['upload', '-f', 'mirror.yaml'])).exitCode).toBe(0)
  await changeChannel(join(folder, 'up'), { remove: { 'linux-64': ['big-1.0-0.conda', 'zlib-1.0-0.conda', 'zlib-1.0-0.tar.bz2'] } })
  const refused = await run(['upload', '-f', 'mirror.yaml', '--clean'])
  expect(refused.exitCode).toBe(4)
  expect(refused.stdout).toContain('--allow-empty accepts it once')
  expect(namesOf(server)).toEqual(ALL)
  expect((await run(['upload', '-f', 'mirror.yaml', '--clean', '--allow-empty'])).exitCode).toBe(0)
  expect(namesOf(server)).toEqual(['noarch/tz-1.0-0.conda'])
})

test('mirror upload --clean removes no more than --max-delete at once, and nothing while something is missing', async ({ expect, folder, run }) => {
  await buildChannel({ subdirs: { 'linux-64': Array.from({ length: 12 }, (_, index) => ({ name: `p${String(index).padStart(2, '0')}` })), noarch: [] } }, join(folder, 'up'))
  await using server = await startServer()
  await configure({ folder, server, upstream: join(folder, 'up') })
  expect((await run(['upload', '-f', 'mirror.yaml'])).exitCode).toBe(0)
  const names = namesOf(server)
  await changeChannel(join(folder, 'up'), { remove: { 'linux-64': names.slice(0, 3).map((name) => name.replace('linux-64/', '')) }, add: { 'linux-64': [{ name: 'late' }] } })
  server.misbehave({ kind: 'POST stage', fault: { do: 'status', status: 400, error: 'not today' } })
  const failed = await run(['upload', '-f', 'mirror.yaml', '--clean'])
  expect(failed.exitCode).toBe(3)
  expect(failed.stdout).toContain('not today')
  expect(failed.stdout).toContain('not removed in this run: 3 artifacts')
  expect(namesOf(server)).toEqual(names)
  server.reset()
  expect((await run(['upload', '-f', 'mirror.yaml', '--clean', '--max-delete', '2'])).exitCode).toBe(3)
  expect(namesOf(server)).toHaveLength(11)
  expect((await run(['upload', '-f', 'mirror.yaml', '--clean'])).exitCode).toBe(0)
  expect(namesOf(server)).toHaveLength(10)
})

test('mirror upload takes from the mirror what that has, and nothing from upstream', async ({ expect, folder, run }) => {
  await buildChannel(CHANNEL, join(folder, 'up'))
  await using server = await startServer()
  await using upstream = await serveChannel(join(folder, 'up'), { mount: '/team/' })
  await configure({ folder, server, upstream: upstream.url })
  expect((await run(['sync', '-f', 'mirror.yaml'])).exitCode).toBe(0)
  upstream.reset()
  const done = await run(['upload', '-f', 'mirror.yaml'])
  expect(done.exitCode).toBe(0)
  expect(done.stdout).toContain('taken from the mirror: 4 artifacts')
  expect(upstream.requests.filter(({ path }) => /\.(?:conda|tar\.bz2)$/.test(path))).toEqual([])
  expect(namesOf(server)).toEqual(ALL)
  expect(await readdir(join(folder, 'none'))).toEqual(['team'])
})

test('mirror upload fetches what the mirror has with other bytes', async ({ expect, folder, run }) => {
  await buildChannel(CHANNEL, join(folder, 'up'))
  await using server = await startServer()
  await configure({ folder, server, upstream: join(folder, 'up') })
  expect((await run(['sync', '-f', 'mirror.yaml'])).exitCode).toBe(0)
  await writeFile(join(folder, 'none/up/linux-64/big-1.0-0.conda'), 'something else')
  const done = await run(['upload', '-f', 'mirror.yaml'])
  expect(done.exitCode).toBe(0)
  expect(done.stdout).toContain('taken from the mirror: 3 artifacts')
  expect(namesOf(server)).toEqual(ALL)
})

describe('mirror upload and what goes wrong: a named error, the exit code, nothing half visible, and a run that completes', () => {
  const completes = async (server: V4Server, run: (argv: readonly string[]) => Promise<{ readonly exitCode: number }>): Promise<void> => {
    server.reset()
    const done = await run(['upload', '-f', 'mirror.yaml'])
    if (done.exitCode !== 0) throw new Error(`The run that should complete ended with ${done.exitCode}`)
  }

  test('a token that is revoked on the way', async ({ expect, folder, run }) => {
    await buildChannel(CHANNEL, join(folder, 'up'))
    await using server = await startServer()
    await configure({ folder, server, upstream: join(folder, 'up'), more: 'dest_concurrency: 1\n' })
    server.misbehave({ kind: 'POST commit', skip: 1, times: 1, fault: { do: 'call', callback: () => server.revoke(TOKEN) } })
    const stopped = await run(['upload', '-f', 'mirror.yaml'])
    expect(stopped.exitCode).toBe(1)
    expect(stopped.stdout).toMatch(/stopped: Cannot .* 401.*\(TARGET_FORBIDDEN\)\n\s+hint: Log in again: `anaconda -s ours login`/)
    expect(server.files('anaconda').length).toBeLessThan(4)
    await using next = await startServer()
    await configure({ folder, server: next, upstream: join(folder, 'up') })
    await completes(next, run)
    expect(namesOf(next)).toEqual(ALL)
  })

  test.for(['POST package', 'POST release', 'POST stage', 'POST commit', 'GET dist', 'POST storage'])('a lost answer to each %s costs neither a duplicate nor a loss', async (kind, { expect, folder, run }) => {
    await buildChannel(CHANNEL, join(folder, 'up'))
    await using server = await startServer()
    await configure({ folder, server, upstream: join(folder, 'up') })
    server.misbehave({ kind, times: 2, fault: { do: 'lose-answer' } })
    const done = await run(['upload', '-f', 'mirror.yaml'])
    expect(done).toMatchObject({ exitCode: 0 })
    expect(namesOf(server)).toEqual(ALL)
  })

  test('a server that only fails: the artifacts are named, and the next run uploads them', async ({ expect, folder, run }) => {
    await buildChannel({ subdirs: { 'linux-64': [{ name: 'a' }], noarch: [] } }, join(folder, 'up'))
    await using server = await startServer()
    await configure({ folder, server, upstream: join(folder, 'up') })
    server.misbehave({ kind: 'POST stage', fault: { do: 'status', status: 409, error: 'somebody else' } })
    const failed = await run(['upload', '-f', 'mirror.yaml'])
    expect(failed.exitCode).toBe(3)
    expect(failed.stdout).toMatch(/failed: linux-64\/a-1\.0-0\.conda: Cannot .*\(TARGET_\w+\)/)
    expect(server.packages('anaconda')).toEqual({})
    await completes(server, run)
    expect(namesOf(server)).toEqual(['linux-64/a-1.0-0.conda'])
  })

  test('Ctrl-C in the middle of an upload', async ({ expect, folder, run }) => {
    await buildChannel(CHANNEL, join(folder, 'up'))
    await using server = await startServer()
    await configure({ folder, server, upstream: join(folder, 'up'), more: 'dest_concurrency: 1\n' })
    const interrupt = new AbortController()
    server.misbehave({ kind: 'POST storage', skip: 1, times: 1, fault: { do: 'call', callback: () => interrupt.abort() } })
    const ended = await run(['upload', '-f', 'mirror.yaml'], { signal: interrupt.signal })
    expect(ended.exitCode).toBe(130)
    expect(server.files('anaconda').length).toBeLessThan(4)
    expect(await readdir(folder)).not.toContain('none')
    await completes(server, run)
    expect(namesOf(server)).toEqual(ALL)
    expect(server.refused).toEqual([])
  })

  test('a disk that is full while artifacts wait', async ({ expect, folder, run, skip }) => {
    await buildChannel({ subdirs: { 'linux-64': [{ name: 'a' }, { name: 'large', size: 3_000_000 }], noarch: [] } }, join(folder, 'up'))
    await using server = await startServer()
    await configure({ folder, server, upstream: join(folder, 'up'), more: 'dest_concurrency: 1\n' })
    const small = join(folder, 'none')
    await mkdir(small)
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small]).status !== 0) skip('a file system cannot be mounted here')
    try {
      const stopped = await run(['upload', '-f', 'mirror.yaml'])
      expect(stopped.exitCode).toBe(1)
      expect(stopped.stdout).toMatch(/stopped: .*\(SPOOL_NO_SPACE\)\n\s+hint: Make room/)
      expect(await readdir(small)).toEqual([])
    } finally {
      spawnSync('umount', [small])
    }
    await completes(server, run)
    expect(namesOf(server)).toEqual(['linux-64/a-1.0-0.conda', 'linux-64/large-1.0-0.conda'])
    expect(server.refused).toEqual([])
  })

  test('an artifact that upstream has with other bytes than it lists', async ({ expect, folder, run }) => {
    await buildChannel(CHANNEL, join(folder, 'up'))
    await writeFile(join(folder, 'up/linux-64/big-1.0-0.conda'), Buffer.alloc(300_000))
    await using server = await startServer()
    await configure({ folder, server, upstream: join(folder, 'up') })
    const failed = await run(['upload', '-f', 'mirror.yaml'])
    expect(failed.exitCode).toBe(3)
    expect(failed.stdout).toMatch(/failed: linux-64\/big-1\.0-0\.conda: .*\((?:DIGEST|SIZE)_MISMATCH\)/)
    expect(namesOf(server)).toEqual(ALL.filter((name) => !name.includes('big')))
  })

  test('a subdir of upstream that cannot be read is held, and the others are uploaded', async ({ expect, folder, run }) => {
    await buildChannel(CHANNEL, join(folder, 'up'))
    for (const name of await readdir(join(folder, 'up/linux-64'))) if (name.startsWith('repodata')) await writeFile(join(folder, 'up/linux-64', name), 'no index')
    await using server = await startServer()
    await configure({ folder, server, upstream: join(folder, 'up') })
    const held = await run(['upload', '-f', 'mirror.yaml'])
    expect(held.exitCode).toBe(3)
    expect(held.stdout).toContain('held: linux-64')
    expect(namesOf(server)).toEqual(['noarch/tz-1.0-0.conda'])
  })

  test('an account that is not there, and a server that is not there', async ({ expect, folder, run }) => {
    await buildChannel(CHANNEL, join(folder, 'up'))
    await using server = await startServer()
    await configure({ folder, server, upstream: join(folder, 'up'), more: 'dest_channel: nobody\n' })
    const absent = await run(['upload', '-f', 'mirror.yaml'])
    expect(absent.exitCode).toBe(1)
    expect(absent.stderr).toContain('TARGET_NOT_FOUND')
    await configure({ folder, server, upstream: join(folder, 'up') })
    await server.close()
    expect(await run(['upload', '-f', 'mirror.yaml'])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('TARGET_UNREACHABLE') })
  })
})

test('mirror upload --to and cas-sync-api-v5 say what is missing before anything is sent: the server, the channel, a token', async ({ expect, folder, run }) => {
  await writeFile(join(folder, 'mirror.yaml'), 'channels: [./up]\n')
  expect(await run(['upload', '-f', 'mirror.yaml', '--to', 'quetz+http://127.0.0.1:9/main'])).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/NOT_LOGGED_IN/) })
  expect(await run(['upload', '-f', 'mirror.yaml', '--to', 'quets+http://127.0.0.1:9/main'])).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/Did you mean quetz\?[^]*TARGET_INVALID/) })
  expect(await run(['-f', 'mirror.yaml', '-vc'], V5)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('TARGET_INVALID') })
  await writeFile(join(folder, 'v5.yaml'), 'channels: [./up]\ndest_site: http://127.0.0.1:9\ndest_channel: main\n')
  expect(await run(['-f', 'v5.yaml', '-vc'], V5)).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/ANACONDA_API_KEY[^]*NOT_LOGGED_IN/) })
})
