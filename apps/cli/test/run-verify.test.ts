import { rm, stat, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildChannel, changeChannel } from '@mirror/test-fixtures'
import { parseLines, steady, test } from './support.ts'

const CHANNEL = { subdirs: { 'linux-64': [{ name: 'a' }, { name: 'b', size: 5000 }, { name: 'c', size: 5000 }, { name: 'd' }], noarch: [{ name: 'tz' }] } } as const

test('mirror verify finds a mirror whole, then everything that is done to it; following its hint repairs all but what only people may touch', async ({ expect, folder, run }) => {
  await buildChannel(CHANNEL, join(folder, 'up'))
  await writeFile(join(folder, 'm.yaml'), 'mirror_dir: m\nchannels: ./up\nplatforms: linux-64\nfetch_installers: false\n')
  expect(await run(['verify', '-f', 'm.yaml'])).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('nothing is published') as unknown })
  expect(await run(['sync', '-f', 'm.yaml'])).toMatchObject({ exitCode: 0 })

  const whole = await run(['verify', '-f', 'm.yaml'])
  expect(whole.exitCode).toBe(0)
  expect(steady(whole.stdout, folder)).toMatch(/^file:\/\/<folder>\/up: generation 1, 5 artifacts, [\d.]+ kB: whole\nMirror: <folder>\/m\n$/)

  await rm(join(folder, 'm/up/linux-64/a-1.0-0.conda'))
  await truncate(join(folder, 'm/up/linux-64/b-1.0-0.conda'), 10)
  const size = (await buildChannel(CHANNEL, join(folder, 'other'))).artifacts.find(({ fileName }) => fileName.startsWith('c-'))?.size ?? 0
  await writeFile(join(folder, 'm/up/linux-64/c-1.0-0.conda'), Buffer.alloc(size))
  await rm(join(folder, 'm/up/linux-64/d-1.0-0.conda'))
  await symlink(join(folder, 'up/linux-64/d-1.0-0.conda'), join(folder, 'm/up/linux-64/d-1.0-0.conda'))
  await writeFile(join(folder, 'm/up/noarch/repodata.json'), '{}')
  await writeFile(join(folder, 'm/up/notes.txt'), 'ours')

  const damaged = await run(['verify', '--mirror-dir', 'm'])
  expect(damaged.exitCode).toBe(1)
  expect(damaged.stdout.split('\n').slice(1, -2).toSorted()).toEqual([
    '  hint: `mirror verify --repair` fetches anew what is not right, with a configuration that names the channel.',
    '  linux-64/a-1.0-0.conda is missing',
    '  linux-64/b-1.0-0.conda has another size',
    '  linux-64/c-1.0-0.conda has other bytes',
    '  linux-64/d-1.0-0.conda is not a plain file',
    '  noarch/repodata.json has another size',
    '  not of the mirror, and left alone: notes.txt',
  ])
  const lines = parseLines((await run(['verify', '--mirror-dir', 'm', '--json'])).stdout)
  expect(lines.filter(({ type }) => type === 'fault')).toHaveLength(5)
  expect(lines.at(-1)).toMatchObject({ type: 'result', command: 'verify', exitCode: 1, channels: [{ folder: 'up', report: { generation: 1, faults: { length: 5 } } }] })

  // Without a configuration, what the store has itself is repaired; a link is never written through or taken away: that is for people.
  const alone = await run(['verify', '--mirror-dir', 'm', '--repair'])
  expect(alone.exitCode).toBe(3)
  expect(alone.stdout).toContain('repaired: 1 file; fetched 0 artifacts')
  expect(alone.stdout).toContain('linux-64/a-1.0-0.conda is missing: no configuration names its upstream (ARTIFACT_MISSING)')
  const most = await run(['verify', '-f', 'm.yaml', '--repair'])
  expect(most.exitCode).toBe(3)
  expect(most.stdout).toContain('repaired: 3 files; fetched 3 artifacts')
  const status = await run(['status', '-f', 'm.yaml', '--json'])
  expect(parseLines(status.stdout).at(-1)).toMatchObject({ channels: [{ runs: [{ command: 'verify --repair', added: 0, removed: 0 }, { command: 'verify --repair', fetchedBytes: 0 }, { command: 'sync' }] }] })
  expect(most.stdout).toContain('linux-64/d-1.0-0.conda is not a plain file: something that is no plain file has its name; remove it (STORE_UNSAFE_PATH)')
  await rm(join(folder, 'm/up/linux-64/d-1.0-0.conda'))
  expect(await run(['verify', '-f', 'm.yaml', '--repair'])).toMatchObject({ exitCode: 0 })
  expect(await run(['verify', '-f', 'm.yaml'])).toMatchObject({ exitCode: 0 })
  expect(parseLines((await run(['verify', '-f', 'm.yaml', '--json'])).stdout).at(-1)).toMatchObject({ exitCode: 0, channels: [{ report: { faults: [], foreign: ['notes.txt'] } }] })
})

test('mirror verify reads what has changed since the last time; --full reads everything', async ({ expect, folder, run }) => {
  await buildChannel(CHANNEL, join(folder, 'up'))
  await run(['sync', '-c', './up', '-p', 'linux-64', '--mirror-dir', 'm'])
  const now = (): number => Date.now() + 120_000
  expect((await run(['verify', '--mirror-dir', 'm'], { now })).stdout).not.toContain('have not changed')
  expect((await run(['verify', '--mirror-dir', 'm'], { now })).stdout).toContain('5 of them have not changed since they were read; --full reads them, too')
  const path = join(folder, 'm/up/linux-64/b-1.0-0.conda')
  const { size, atime, mtime } = await stat(path)
  await writeFile(path, Buffer.alloc(size))
  await utimes(path, atime, mtime)
  expect(await run(['verify', '--mirror-dir', 'm'], { now })).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('linux-64/b-1.0-0.conda has other bytes') as unknown })
  expect((await run(['verify', '--mirror-dir', 'm', '--full'], { now })).stdout).not.toContain('have not changed')
})

test('mirror verify while a sync publishes begins anew, and finds nothing', async ({ expect, folder, run }) => {
  await buildChannel(CHANNEL, join(folder, 'up'))
  await run(['sync', '-c', './up', '-p', 'linux-64', '--mirror-dir', 'm'])
  let changed: Promise<unknown> | undefined
  const verified = run(['verify', '--mirror-dir', 'm', '--json'], {
    onOutput(text) {
      if (!text.includes('verify-started') || changed !== undefined) return
      changed = changeChannel(join(folder, 'up'), { add: { noarch: [{ name: 'zz' }] }, remove: { 'linux-64': ['a-1.0-0.conda'] } }).then(() => run(['sync', '-c', './up', '-p', 'linux-64', '--mirror-dir', 'm', '--grace', '0']))
    },
  })
  expect((await verified).exitCode).toBe(0)
  expect(await changed).toMatchObject({ exitCode: 0 })
  expect(await run(['verify', '--mirror-dir', 'm'])).toMatchObject({ exitCode: 0 })
})

test('mirror verify stops when it is interrupted', async ({ expect, folder, run }) => {
  await buildChannel(CHANNEL, join(folder, 'up'))
  expect(await run(['sync', '-c', './up', '-p', 'linux-64', '--mirror-dir', 'm'])).toMatchObject({ exitCode: 0 })
  const controller = new AbortController()
  const ran = await run(['verify', '--mirror-dir', 'm'], { signal: controller.signal, onOutput: () => { controller.abort() } })
  expect(ran.exitCode).toBe(130)
})
