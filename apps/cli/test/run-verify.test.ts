import { rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildChannel } from '@mirror/test-fixtures'
import { parseLines, steady, test } from './support.ts'

const CHANNEL = { subdirs: { 'linux-64': [{ name: 'a' }, { name: 'b', size: 5000 }, { name: 'c', size: 5000 }, { name: 'd' }], noarch: [{ name: 'tz' }] } } as const

test('mirror verify finds a mirror whole, then everything that is done to it; following its hint repairs it', async ({ expect, folder, run }) => {
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
    '  hint: Move the channel\'s folder .mirror away and run `mirror sync`: it looks at every file, and fetches anew what is not right.',
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

  // A link is never written through or taken away: that is for people.
  await rm(join(folder, 'm/up/linux-64/d-1.0-0.conda'))
  await rename(join(folder, 'm/up/.mirror'), join(folder, 'away'))
  expect(await run(['sync', '-f', 'm.yaml'])).toMatchObject({ exitCode: 0 })
  expect(await run(['verify', '-f', 'm.yaml'])).toMatchObject({ exitCode: 0 })
})

test('mirror verify stops when it is interrupted', async ({ expect, folder, run }) => {
  await buildChannel(CHANNEL, join(folder, 'up'))
  expect(await run(['sync', '-c', './up', '-p', 'linux-64', '--mirror-dir', 'm'])).toMatchObject({ exitCode: 0 })
  const controller = new AbortController()
  const ran = await run(['verify', '--mirror-dir', 'm'], { signal: controller.signal, onOutput: () => { controller.abort() } })
  expect(ran.exitCode).toBe(130)
})
