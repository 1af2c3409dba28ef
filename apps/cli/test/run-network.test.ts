import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buildChannel, serveChannel } from '@mirror/test-fixtures'
import { test } from './support.ts'

const CHANNEL = { subdirs: { 'linux-64': [{ name: 'a' }] } } as const

test('mirror sync takes name and password from ~/.netrc, and from the file in NETRC', async ({ expect, folder, run }) => {
  await buildChannel(CHANNEL, join(folder, 'up'))
  await using server = await serveChannel(join(folder, 'up'), { mount: '/x/', auth: { user: 'ann', password: 'pw' } })
  const argv = ['sync', '-c', server.url, '--mirror-dir', 'm', '-p', 'linux-64']
  expect(await run(argv)).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('CHANNEL_FORBIDDEN') as unknown })
  await writeFile(join(folder, '.netrc'), 'machine 127.0.0.1 login ann password pw\n')
  expect(await run(argv)).toMatchObject({ exitCode: 0 })
  await writeFile(join(folder, 'bad'), 'machine 127.0.0.1 login\n')
  expect(await run(argv, { env: { NETRC: join(folder, 'bad') } })).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('NETRC_INVALID') as unknown })
  expect(await run(argv, { env: { NETRC: join(folder, 'absent') } })).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('CONFIG_UNREADABLE') as unknown })
})

test('mirror sync goes through the proxy of the environment, unless NO_PROXY names the host', async ({ expect, folder, run }) => {
  await buildChannel(CHANNEL, join(folder, 'up'))
  await using server = await serveChannel(join(folder, 'up'), { mount: '/x/' })
  const asked: string[] = []
  const proxy = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(407).end()
  })
  await new Promise<void>((resolve) => { proxy.listen(0, '127.0.0.1', resolve) })
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const argv = ['sync', '-c', server.url, '--mirror-dir', 'm', '-p', 'linux-64']
  try {
    expect(await run(argv, { env: { HTTP_PROXY: address } })).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('PROXY_REFUSED') as unknown })
    expect(asked[0]).toBe(`${server.url}noarch/repodata.json.zst`)
    expect(server.requests).toEqual([])
    expect(await run(argv, { env: { HTTP_PROXY: address, no_proxy: '127.0.0.1' } })).toMatchObject({ exitCode: 0 })
  } finally {
    proxy.closeAllConnections()
    proxy.close()
  }
})

test('a file of certificates that cannot be read is told before anything is fetched', async ({ expect, folder, run }) => {
  const ran = await run(['sync', '-c', './up', '--mirror-dir', 'm', '-p', 'linux-64'], { env: { SSL_CERT_FILE: 'no.pem' } })
  expect(ran).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`Cannot read the certificates "${join(folder, 'no.pem')}": ENOENT`) as unknown })
})

test('a platform that upstream lacks is skipped when it is known, and told with the nearest name when nobody knows it', async ({ expect, folder, run }) => {
  await buildChannel(CHANNEL, join(folder, 'up'))
  const ran = await run(['sync', '-c', './up', '--mirror-dir', 'm', '-p', 'linux-64', '-p', 'win-64', '-p', 'linux-46'])
  expect(ran.exitCode).toBe(3)
  expect(ran.stdout).toContain('win-64  not in this channel')
  expect(ran.stdout).toContain('held: linux-46: Cannot mirror linux-46: the channel does not have it (SUBDIR_MISSING)')
  expect(ran.stdout).toContain('hint: The nearest known platform is linux-64.')
})

test('every command tells what it did not understand of the configuration', async ({ expect, folder, run }) => {
  await buildChannel(CHANNEL, join(folder, 'up'))
  await writeFile(join(folder, 'm.yaml'), 'mirror_dir: m\nchannels: ./up\nplatforms: linux-64\nfetch_installers: false\nour_own_note: 1\n')
  for (const command of ['config', 'plan', 'sync', 'status', 'verify']) {
    const ran = await run([command, '-f', 'm.yaml'])
    expect([command, ran.exitCode, ran.stderr.includes('warning: m.yaml:5: "our_own_note" is not a key that this version knows')]).toEqual([command, 0, true])
    expect(await run([command, '-f', 'm.yaml', '--strict'])).toMatchObject({ exitCode: 2 })
  }
})

test('a channel where nothing is found counts as failed', async ({ expect, folder, run }) => {
  await using server = await serveChannel(join(folder, 'nothing'), { mount: '/x/' })
  for (const command of ['plan', 'sync']) {
    const ran = await run([command, '-c', server.url, '--mirror-dir', 'm', '-p', 'linux-64'])
    expect(ran).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('failed (CHANNEL_NOT_FOUND)') as unknown })
    expect(existsSync(join(folder, 'm', 'x'))).toBe(false)
  }
})

test('noarch: false mirrors an empty noarch, because clients refuse a channel without', async ({ expect, folder, run }) => {
  await buildChannel(CHANNEL, join(folder, 'up'))
  await writeFile(join(folder, 'm.yaml'), 'mirror_dir: m\nchannels: ./up\nplatforms: linux-64\nnoarch: false\nfetch_installers: false\n')
  expect((await run(['sync', '-f', 'm.yaml'])).exitCode).toBe(0)
  expect(existsSync(join(folder, 'm/up/linux-64/repodata.json'))).toBe(true)
  expect(JSON.parse(await readFile(join(folder, 'm/up/noarch/repodata.json'), 'utf8'))).toMatchObject({ packages: {}, 'packages.conda': {} })
})

test('--reserve refuses before the first byte when too little of the disk would stay free', async ({ expect, folder, run }) => {
  await buildChannel(CHANNEL, join(folder, 'up'))
  const ran = await run(['sync', '-c', './up', '--mirror-dir', 'm', '-p', 'linux-64', '--reserve', '9000000GB'])
  expect(ran).toMatchObject({ exitCode: 1 })
  expect(ran.stderr).toContain('STORE_NO_SPACE')
  expect(existsSync(join(folder, 'm/up/linux-64/repodata.json'))).toBe(false)
  expect((await run(['sync', '-c', './up', '--mirror-dir', 'm', '-p', 'linux-64', '--reserve', '0'])).exitCode).toBe(0)
})
