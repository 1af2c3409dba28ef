import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildChannel } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { parseLines, test } from './support.ts'

const UP = { subdirs: { noarch: [{ name: 'tz' }], 'linux-64': [{ name: 'zlib' }] } } as const

async function writeConfig(folder: string): Promise<void> {
  await buildChannel(UP, join(folder, 'up'))
  await writeFile(join(folder, 'mirror.yaml'), 'mirror_dir: m\nchannels: ./up\nplatforms: linux-64\nfetch_installers: false\n')
}

describe('the first run', () => {
  test('over a mirror that another tool filled says that it takes it over; the second one does not', async ({ expect, folder, run }) => {
    await writeConfig(folder)
    await cp(join(folder, 'up'), join(folder, 'm/up'), { recursive: true })
    const first = await run(['-f', 'mirror.yaml'], { program: 'cas-sync' })
    expect(first).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('up was filled by another tool'), stdout: expect.stringContaining('fetched 0 artifacts, 0 bytes; 2 there already') })
    expect((await run(['-f', 'mirror.yaml'], { program: 'cas-sync' })).stderr).not.toContain('another tool')
    await rm(join(folder, 'm/up/.mirror'), { recursive: true })
    expect(parseLines((await run(['sync', '-f', 'mirror.yaml', '--json'])).stdout)).toContainEqual(expect.objectContaining({ type: 'notice', code: 'ADOPTING' }))
  })

  test('into a folder that is new or empty says nothing of the kind', async ({ expect, folder, run }) => {
    await writeConfig(folder)
    await mkdir(join(folder, 'm/lost+found'), { recursive: true })
    expect(await run(['sync', '-f', 'mirror.yaml'])).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('another tool') })
  })

  test.for(['sync', 'plan'])('refuses a folder that is something else: %s', async (command, { expect, folder, run }) => {
    await writeConfig(folder)
    await mkdir(join(folder, 'm/letters'), { recursive: true })
    await writeFile(join(folder, 'm/letters/mother.txt'), 'dear')
    const refused = await run([command, '-f', 'mirror.yaml'])
    expect(refused).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('STORE_FOREIGN') })
    expect(refused.stderr).toContain('letters')
    expect(await readdir(join(folder, 'm'))).toEqual(['letters'])
    await mkdir(join(folder, 'm/up'))
    expect(await run(['sync', '-f', 'mirror.yaml'])).toMatchObject({ exitCode: 0 })
    expect(existsSync(join(folder, 'm/letters/mother.txt'))).toBe(true)
  })

  test('takes a folder with channels of the organisation for a mirror, and leaves them alone', async ({ expect, folder, run }) => {
    await writeConfig(folder)
    await cp(join(folder, 'up'), join(folder, 'm/internal-pkgs'), { recursive: true })
    await writeFile(join(folder, 'm/index.html'), 'welcome')
    const before = await readdir(join(folder, 'm/internal-pkgs'), { recursive: true })
    expect(await run(['sync', '-f', 'mirror.yaml'])).toMatchObject({ exitCode: 0 })
    expect(await readdir(join(folder, 'm/internal-pkgs'), { recursive: true })).toEqual(before)
  })
})
