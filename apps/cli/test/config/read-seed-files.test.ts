import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatMatchSpec } from '@mirror/core'
import { readAllSeedFiles, readSeedFiles, type SeededSelection } from '../../src/config/read-seed-files.ts'
import { test } from '../support.ts'
import { resolve } from './config-support.ts'

const SHA = 'a'.repeat(64)
const EXPLICIT = `# platform: linux-64\n@EXPLICIT\nhttps://conda.example.org/main/linux-64/zlib-1.3-0.conda#${'b'.repeat(32)}\nhttps://conda.example.org/other/noarch/tz-1.0-0.conda\n`

async function read(folder: string, keys: string): Promise<SeededSelection> {
  const config = resolve(`channels: [https://conda.example.org/main, https://conda.example.org/other]\nplatforms: [linux-64]\nclosure: ${keys.replaceAll('@', folder)}\n`)
  const [main] = config.channels
  if (main === undefined) throw new Error('There is no channel')
  return await readSeedFiles(main, { readText: (path) => readFile(path, 'utf8'), channels: config.channels.map(({ channel }) => channel.url) })
}

test('readSeedFiles() leaves a closure without files as it is, and reads nothing', async ({ folder, expect }) => {
  expect((await read(folder, '[numpy]')).selection.closure?.specs.map(formatMatchSpec)).toEqual(['numpy'])
  const [channel] = resolve('channels: [./x]\n').channels
  expect(channel === undefined ? undefined : await readSeedFiles(channel, { readText: () => Promise.reject(new Error('It was read')), channels: [] })).toEqual({ selection: {}, notes: [] })
})

test('readSeedFiles() makes a set of seeds of each environment file, and seeds of a list', async ({ folder, expect }) => {
  await writeFile(join(folder, 'a.yml'), 'name: a\ndependencies:\n  - python=3.12\n  - numpy\n  - pip:\n      - requests\n')
  await writeFile(join(folder, 'b.yml'), 'dependencies: [zlib]\n')
  await writeFile(join(folder, 'list.txt'), 'app>=1\nother\n')
  const { selection, notes } = await read(folder, '{specs: tool, environments: ["@/a.yml", "@/b.yml", "@/list.txt"]}')
  expect(selection.closure?.specs.map(formatMatchSpec)).toEqual(['tool', "app[version='>=1']", 'other'])
  expect(selection.closure?.environments?.map((specs) => specs.map(formatMatchSpec))).toEqual([['python=3.12', 'numpy'], ['zlib']])
  expect(notes.join('\n')).toContain('pip')
})

test('readSeedFiles() takes of a lock file what belongs to the channel and its platforms', async ({ folder, expect }) => {
  await writeFile(join(folder, 'lock.txt'), EXPLICIT)
  const { selection } = await read(folder, '{locks: "@/lock.txt"}')
  expect(selection.closure?.artifacts.map(({ subdir, name }) => `${subdir}/${name}`)).toEqual(['linux-64/zlib-1.3-0.conda'])
  expect(selection.closure?.specs).toEqual([])
})

test('readSeedFiles() reads a pixi.lock', async ({ folder, expect }) => {
  await writeFile(join(folder, 'pixi.lock'), `version: 6
environments:
  default:
    channels:
    - url: https://conda.example.org/main/
    packages:
      linux-64:
      - conda: https://conda.example.org/main/linux-64/zlib-1.3-0.conda
packages:
- conda: https://conda.example.org/main/linux-64/zlib-1.3-0.conda
  sha256: ${SHA}
`)
  expect((await read(folder, '{locks: ["@/pixi.lock"]}')).selection.closure?.artifacts).toMatchObject([{ subdir: 'linux-64', name: 'zlib-1.3-0.conda', sha256: SHA }])
})

test('readSeedFiles() refuses a file under the wrong key, and passes on what cannot be read', async ({ folder, expect }) => {
  await writeFile(join(folder, 'lock.txt'), EXPLICIT)
  await writeFile(join(folder, 'env.yml'), 'dependencies: [zlib]\n')
  await writeFile(join(folder, 'odd.yml'), 'what: ever\n')
  await expect(read(folder, '{environments: "@/lock.txt"}')).rejects.toMatchObject({ code: 'SEEDS_INVALID', message: expect.stringContaining('it is a lock file'), hint: 'Put it under "locks".' })
  await expect(read(folder, '{locks: "@/env.yml"}')).rejects.toMatchObject({ code: 'SEEDS_INVALID', message: expect.stringContaining('it asks for packages and locks none') })
  await expect(read(folder, '{environments: "@/odd.yml"}')).rejects.toMatchObject({ code: 'SEEDS_INVALID' })
  await expect(read(folder, '{locks: "@/absent.lock"}')).rejects.toMatchObject({ code: 'ENOENT' })
})

test('readAllSeedFiles() gives each channel its own, and tells a note once', async ({ folder, expect }) => {
  await writeFile(join(folder, 'lock.txt'), EXPLICIT)
  await writeFile(join(folder, 'env.yml'), 'dependencies: [zlib, {pip: [requests]}]\n')
  const config = resolve(`channels: [https://conda.example.org/main, https://conda.example.org/other]\nplatforms: [linux-64]\nclosure: {locks: ${folder}/lock.txt, environments: ${folder}/env.yml}\n`)
  const { config: whole, notes } = await readAllSeedFiles(config, (path) => readFile(path, 'utf8'))
  expect(whole.channels.map(({ selection }) => selection.closure?.artifacts.map(({ name }) => name))).toEqual([['zlib-1.3-0.conda'], ['tz-1.0-0.conda']])
  expect(notes).toHaveLength(1)
})
