import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildChannel, type ChannelDescription } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { parseLines, steady, test } from './support.ts'

const UP: ChannelDescription = {
  subdirs: {
    noarch: [{ name: 'tz' }],
    'linux-64': [
      { name: 'zlib', version: '1.2' }, { name: 'zlib', version: '1.3' }, { name: 'app', depends: ['zlib >=1.3', 'tz'] }, { name: 'big', size: 300_000 },
      { name: 'gplish', record: { license: 'GPL-3.0-or-later', license_family: 'GPL' } },
    ],
  },
}

async function listed(folder: string, channel: string, subdir = 'linux-64'): Promise<readonly string[]> {
  const { packages, 'packages.conda': condas } = JSON.parse(await readFile(join(folder, 'm', channel, subdir, 'repodata.json'), 'utf8')) as Record<string, Record<string, unknown>>
  return [...Object.keys(packages ?? {}), ...Object.keys(condas ?? {})].toSorted()
}

async function writeConfig(folder: string, ...lines: readonly string[]): Promise<void> {
  await writeFile(join(folder, 'mirror.yaml'), ['mirror_dir: m', 'platforms: linux-64', 'fetch_installers: false', ...lines, ''].join('\n'))
}

describe('a configuration with rules', () => {
  test('is planned rule by rule, with the time that fetching takes', async ({ expect, folder, run }) => {
    await buildChannel(UP, join(folder, 'up'))
    await writeConfig(folder, 'channels: ./up', 'license_blacklist: GPL', 'blacklist: [big, tz]', 'whitelist: [tz]', 'latest: 1', 'bandwidth: 1kB/s')
    const planned = await run(['plan', '-f', 'mirror.yaml'])
    expect(planned).toMatchObject({ exitCode: 0 })
    expect(steady(planned.stdout, folder).replaceAll(/ {2,}/g, '  ').replaceAll(/\d+ bytes/g, '<bytes>').replaceAll(/\d+\.\d k?B\b/g, '<bytes>')).toMatchInlineSnapshot(`
      "channel  subdir  records  size  add  to fetch  remove  re-listed
      file://<folder>/up  noarch  1  <bytes>  1  <bytes>  0  0
      file://<folder>/up  linux-64  2  <bytes>  2  <bytes>  0  0
      total  3  <bytes>  3  <bytes>  0  0

      channel  subdir  rule  did  records  size
      file://<folder>/up  noarch  whitelist  added back  1  <bytes>
      file://<folder>/up  linux-64  license_blacklist  left out  1  <bytes>
      file://<folder>/up  linux-64  blacklist  left out  1  <bytes>
      file://<folder>/up  linux-64  latest  left out  1  <bytes>

      <bytes> at <bytes>/s take 2.3 s
      "
    `)
  })

  test('is carried out, and each decision can be explained', async ({ expect, folder, run }) => {
    await buildChannel(UP, join(folder, 'up'))
    await writeConfig(folder, 'channels: ./up', 'license_blacklist: GPL', 'blacklist: big', 'latest: 1')
    expect(await run(['sync', '-f', 'mirror.yaml'])).toMatchObject({ exitCode: 0 })
    expect(await listed(folder, 'up')).toEqual(['app-1.0-0.conda', 'zlib-1.3-0.conda'])
    expect(await run(['verify', '-f', 'mirror.yaml'])).toMatchObject({ exitCode: 0 })
    const old = await run(['explain', 'zlib-1.2-0.conda', '-f', 'mirror.yaml'])
    expect(old.exitCode).toBe(0)
    expect(steady(old.stdout, folder)).toMatchInlineSnapshot(`
      "file://<folder>/up/linux-64/zlib-1.2-0.conda
        left out: decided by "latest"
        nothing depends on it
      "
    `)
    expect(steady((await run(['explain', 'linux-64/zlib-1.3-0.conda', '-f', 'mirror.yaml'])).stdout, folder)).toMatchInlineSnapshot(`
      "file://<folder>/up/linux-64/zlib-1.3-0.conda
        kept: no rule says otherwise
        1 record can use it, 1 of them kept
          linux-64/app-1.0-0.conda needs "zlib >=1.3"
      "
    `)
    const json = await run(['explain', 'gplish-1.0-0.conda', '-f', 'mirror.yaml', '--json'])
    expect(parseLines(json.stdout).at(-1)).toMatchObject({ type: 'result', command: 'explain', exitCode: 0, channels: [{ explanation: { records: [{ rule: 'license_blacklist', isKept: false }] } }] })
    const nobody = await run(['explain', 'nobody-1.0-0.conda', '-f', 'mirror.yaml'])
    expect(nobody).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('no index lists nobody-1.0-0.conda') })
    expect(await run(['explain', '-f', 'mirror.yaml'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('mirror explain --help') })
  })

  test('that wants more than its budget is refused before the first artifact', async ({ expect, folder, run }) => {
    await buildChannel(UP, join(folder, 'up'))
    await writeConfig(folder, 'channels: ./up', 'budget: {bytes: 100kB}')
    const refused = await run(['sync', '-f', 'mirror.yaml'])
    expect(refused).toMatchObject({ exitCode: 4, stdout: expect.stringContaining('Cannot keep within the budget') })
    await writeConfig(folder, 'channels: ./up', 'budget: {bytes: 100kB}', 'exclude: big')
    expect(await run(['sync', '-f', 'mirror.yaml'])).toMatchObject({ exitCode: 0 })
  })

  test('that leaves nothing is refused', async ({ expect, folder, run }) => {
    await buildChannel(UP, join(folder, 'up'))
    await writeConfig(folder, 'channels: ./up', 'include: nobody')
    const refused = await run(['sync', '-f', 'mirror.yaml'])
    expect(refused).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('SELECTION_EMPTY') })
  })
})

test('a short name of a channel in a match spec is completed by the alias of the configuration', async ({ expect, folder, run }) => {
  await buildChannel(UP, join(folder, 'up'))
  await writeConfig(folder, 'channels: up', `channel_alias: "file://${folder}/"`, 'exclude: ["up::zlib", "other::app"]')
  expect(await run(['sync', '-f', 'mirror.yaml'])).toMatchObject({ exitCode: 0 })
  expect(await listed(folder, 'up')).toEqual(['app-1.0-0.conda', 'big-1.0-0.conda', 'gplish-1.0-0.conda'])
})

describe('a configuration with a closure', () => {
  test('takes its seeds from the file and from environment files and lock files beside it', async ({ expect, folder, run }) => {
    await buildChannel(UP, join(folder, 'up'))
    await writeFile(join(folder, 'environment.yml'), 'name: x\ndependencies:\n  - app\n')
    await writeConfig(folder, 'channels: ./up', 'closure:', '  environments: environment.yml')
    expect(await run(['sync', '-f', 'mirror.yaml'])).toMatchObject({ exitCode: 0 })
    expect(await listed(folder, 'up')).toEqual(['app-1.0-0.conda', 'zlib-1.3-0.conda'])
    expect(await listed(folder, 'up', 'noarch')).toEqual(['tz-1.0-0.conda'])
  })

  test('keeps exactly what a lock file names', async ({ expect, folder, run }) => {
    await buildChannel(UP, join(folder, 'up'))
    await writeFile(join(folder, 'lock.txt'), `# platform: linux-64\n@EXPLICIT\nfile://${folder}/up/linux-64/zlib-1.2-0.conda\n`)
    await writeConfig(folder, 'channels: ./up', 'closure:', '  locks: lock.txt')
    expect(await run(['sync', '-f', 'mirror.yaml'])).toMatchObject({ exitCode: 0 })
    expect(await listed(folder, 'up')).toEqual(['zlib-1.2-0.conda'])
  })

  test('follows a changed environment file, though upstream did not change', async ({ expect, folder, run }) => {
    await buildChannel(UP, join(folder, 'up'))
    await writeFile(join(folder, 'environment.yml'), 'dependencies: [zlib]\n')
    await writeConfig(folder, 'channels: ./up', 'closure:', '  environments: environment.yml')
    expect(await run(['sync', '-f', 'mirror.yaml'])).toMatchObject({ exitCode: 0 })
    await writeFile(join(folder, 'environment.yml'), 'dependencies: [zlib, big]\n')
    expect(await run(['sync', '-f', 'mirror.yaml'])).toMatchObject({ exitCode: 0 })
    expect(await listed(folder, 'up')).toEqual(['big-1.0-0.conda', 'zlib-1.2-0.conda', 'zlib-1.3-0.conda'])
  })

  test('says what cannot be had, before anything is downloaded', async ({ expect, folder, run }) => {
    await buildChannel(UP, join(folder, 'up'))
    await writeConfig(folder, 'channels: ./up', 'blacklist: zlib', 'closure: [app]')
    const refused = await run(['sync', '-f', 'mirror.yaml'])
    expect(refused.exitCode).toBe(4)
    expect(refused.stderr).toContain('CLOSURE_UNSOLVABLE')
    expect(refused.stderr).toContain('zlib')
    const missing = await run(['sync', '-f', 'mirror.yaml', '--mirror-dir', 'other'])
    expect(missing.exitCode).toBe(4)
  })

  test('finds what it needs in any channel of the configuration', async ({ expect, folder, run }) => {
    await buildChannel(UP, join(folder, 'up'))
    await buildChannel({ subdirs: { 'linux-64': [{ name: 'tool', depends: ['app'] }, { name: 'idle' }] } }, join(folder, 'extra'))
    await writeConfig(folder, 'channels: [./up, ./extra]', 'closure: tool')
    expect(await run(['sync', '-f', 'mirror.yaml'])).toMatchObject({ exitCode: 0 })
    expect(await listed(folder, 'extra')).toEqual(['tool-1.0-0.conda'])
    expect(await listed(folder, 'up')).toEqual(['app-1.0-0.conda', 'zlib-1.3-0.conda'])
  })
})
