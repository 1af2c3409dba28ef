import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildChannel } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { test } from './support.ts'

describe('cas-sync with delta: true, on a disk that does not take the delta', () => {
  test('names it, and leaves nothing that could be taken for a delta in which nothing changed', async ({ expect, folder, run }) => {
    const up = join(folder, 'up')
    await buildChannel({ subdirs: { noarch: [], 'linux-64': [{ name: 'zlib' }] }, index: { variants: ['zst'] } }, up)
    await writeFile(join(folder, 'delta.yaml'), `mirror_dir: near\ndelta: true\ndelta_dir: delta_pkgs\nchannels:\n  - url: ${pathToFileURL(up).href}\n    path: team\nplatforms: linux-64\nfetch_installers: false\n`)
    await writeFile(join(folder, 'far.yaml'), 'mirror_dir: far\ndelta_dir: delta_pkgs\nchannels: https://a.example/team\nplatforms: linux-64\nfetch_installers: false\n')
    // A folder has the name that an artifact is to have.
    await mkdir(join(folder, 'delta_pkgs/.conda-delta'), { recursive: true })
    await mkdir(join(folder, 'delta_pkgs/team/linux-64/zlib-1.0-0.conda/x'), { recursive: true })
    const failed = await run(['-f', 'delta.yaml'], { program: 'cas-sync' })
    expect(failed.exitCode).not.toBe(0)
    expect(failed.stderr).toContain('FILE_NOT_WRITTEN')
    expect(existsSync(join(folder, 'delta_pkgs/.conda-delta/manifest.json'))).toBe(false)
    expect(await run(['-f', 'far.yaml'], { program: 'cas-merge' })).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('DELTA_NO_MANIFEST') })

    await rm(join(folder, 'delta_pkgs/team/linux-64/zlib-1.0-0.conda'), { recursive: true })
    expect(await run(['-f', 'delta.yaml'], { program: 'cas-sync' })).toMatchObject({ exitCode: 0 })
    expect(await run(['-f', 'far.yaml'], { program: 'cas-merge' })).toMatchObject({ exitCode: 0 })
  })
})
