import { appendFile, cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildChannel, checkMirror, serveChannel } from '@mirror/test-fixtures'
import { steady, test } from './support.ts'

test('a mirror that an early cas-mirror left in pkgs/<platform> is copied from, verified, and left alone', async ({ expect, folder, run }) => {
  const up = join(folder, 'up')
  await buildChannel({ subdirs: { noarch: [{ name: 'tz' }], 'linux-64': [{ name: 'zlib' }, { name: 'app', size: 50_000 }, { name: 'fresh' }] }, index: { variants: ['bz2'] } }, join(up, 'pkgs/main'))
  await using server = await serveChannel(up, { mount: '/' })
  const old = join(folder, 'm/pkgs')
  await mkdir(old, { recursive: true })
  await cp(join(up, 'pkgs/main'), old, { recursive: true })
  await rm(join(old, 'linux-64/fresh-1.0-0.conda'))
  await appendFile(join(old, 'linux-64/zlib-1.0-0.conda'), 'x')
  await mkdir(join(folder, 'm/internal-pkgs/linux-64'), { recursive: true })
  await writeFile(join(folder, 'm/internal-pkgs/linux-64/repodata.json'), '{}')
  await writeFile(join(folder, 'mirror.yaml'), `mirror_dir: m\nremote_url: ""\nchannels: ${server.url}pkgs/main\nplatforms: linux-64\n`)
  const before = (await readdir(old, { recursive: true })).toSorted()

  const first = await run(['-f', 'mirror.yaml'], { program: 'cas-sync' })

  expect(first.exitCode).toBe(0)
  expect(first.stderr).toContain('pkgs has the layout of an early cas-mirror')
  expect(steady(first.stdout, folder)).toContain('copied 2 artifacts')
  expect(server.requests.filter(({ path }) => path.endsWith('.conda')).map(({ path }) => path).toSorted()).toEqual(['/pkgs/main/linux-64/fresh-1.0-0.conda', '/pkgs/main/linux-64/zlib-1.0-0.conda'])
  expect((await checkMirror(join(folder, 'm/pkgs/main'))).problems).toEqual([])
  expect((await readdir(old, { recursive: true })).filter((path) => !path.startsWith('main')).toSorted()).toEqual(before)
  expect(await readdir(join(folder, 'm/internal-pkgs/linux-64'))).toEqual(['repodata.json'])

  await rename(old, join(folder, 'away'))
  await mkdir(old, { recursive: true })
  await rename(join(folder, 'away/main'), join(old, 'main'))
  const second = await run(['-f', 'mirror.yaml'], { program: 'cas-sync' })
  expect(second).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('early cas-mirror') })
  expect(await run(['verify', '-f', 'mirror.yaml'])).toMatchObject({ exitCode: 0 })
})
