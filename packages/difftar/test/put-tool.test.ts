import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from 'vitest'
import { applyDelta, putTool } from '../src/index.ts'
import { test } from './test.ts'
import { FIRST, readTree } from './world.ts'

describe('putTool()', () => {
  test('puts the program, a few words and checksums of all of it beside a tarball', async ({ world, expect }) => {
    const [folder, tool] = [join(world.folder, 'medium'), join(world.folder, 'any.mjs')]
    mkdirSync(folder)
    writeFileSync(tool, 'the program')
    const { written } = await world.create([], { tarball: join(folder, 'update.tar') })
    expect(await putTool(folder, { tool, written })).toEqual(['difftar.mjs', 'difftar-readme.txt', 'difftar.sha256'].map((name) => join(folder, name)))
    expect(readFileSync(join(folder, 'difftar.mjs'), 'utf8')).toBe('the program')
    expect(readFileSync(join(folder, 'difftar-readme.txt'), 'utf8')).toContain('node difftar.mjs --apply -i update.tar /path/of/the/mirror\n')
    expect(execFileSync('sha256sum', ['-c', 'difftar.sha256'], { cwd: folder, encoding: 'utf8' })).toBe('difftar.mjs: OK\ndifftar-readme.txt: OK\nupdate.tar: OK\n')
  })

  test('names the tarball that volumes are parts of, and can be checked on each medium alone', async ({ world, expect }) => {
    const [folder, tool] = [join(world.folder, 'medium'), join(world.folder, 'conda-diff-tar')]
    mkdirSync(folder)
    writeFileSync(tool, 'an executable')
    const { written } = await world.create([], { tarball: join(folder, 'update.tar'), volumeSize: 40_960 })
    expect(written.length).toBeGreaterThan(1)
    await putTool(folder, { tool, written })
    expect(statSync(join(folder, 'conda-diff-tar')).mode & 0o100).toBe(0o100)
    expect(readFileSync(join(folder, 'difftar-readme.txt'), 'utf8')).toContain('./conda-diff-tar --apply -i update.tar ')
    execFileSync('rm', [written[0] ?? ''])
    execFileSync('sha256sum', ['-c', '--quiet', '--ignore-missing', 'difftar.sha256'], { cwd: folder })
  })

  test('leaves a delta directory a delta directory, whose next delta takes it away', async ({ world, expect }) => {
    const [directory, tool] = [join(world.folder, 'delta_pkgs'), join(world.folder, 'difftar.mjs')]
    writeFileSync(tool, 'the program')
    const { written } = await world.create([], { directory })
    await putTool(directory, { tool, written })
    expect(readFileSync(join(directory, 'difftar-readme.txt'), 'utf8')).toContain('--apply -i . ')
    expect((await applyDelta({ from: directory, mirror: world.far })).status).toBe('applied')
    expect(readTree(world.far)).toEqual(readTree(world.near))
    await world.change(FIRST)
    await world.create([], { directory })
    expect(readdirSync(directory)).not.toContain('difftar.mjs')
  })

  test('twice is once, also for a program that runs from there', async ({ world, expect }) => {
    const folder = join(world.folder, 'medium')
    mkdirSync(folder)
    const tool = join(folder, 'difftar.mjs')
    writeFileSync(tool, 'the program')
    const { written } = await world.create([], { tarball: join(folder, 'update.tar') })
    await putTool(folder, { tool, written })
    const before = readTree(folder)
    await putTool(folder, { tool, written })
    expect(readTree(folder)).toEqual(before)
  })

  test('says when there is no program', async ({ world, expect }) => {
    await expect(putTool(world.folder, { tool: join(world.folder, 'absent.mjs'), written: [] })).rejects.toMatchObject({ code: 'TOOL_NOT_FOUND' })
  })
})
