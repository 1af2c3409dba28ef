import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe } from 'vitest'
import { runDiffTar } from '../src/cli/run-diff-tar.ts'
import { test } from './test.ts'
import { FIRST, listTar, readTree, SECOND, type World } from './world.ts'

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
  readonly bytes: Buffer
}

/** Runs the command in the folder of a world. */
async function run(world: World, words: readonly string[], input: Uint8Array = new Uint8Array()): Promise<Run> {
  const [out, err]: [Buffer[], string[]] = [[], []]
  const code = await runDiffTar(words, {
    stdout: async (text) => void out.push(Buffer.from(text)),
    stderr: (text) => void err.push(text),
    stdin: Readable.from([input]), directory: world.folder, version: '1.2.3', tool: undefined, signal: new AbortController().signal,
  })
  return { code, out: Buffer.concat(out).toString('utf8'), err: err.join(''), bytes: Buffer.concat(out) }
}

describe('conda-diff-tar', () => {
  test('has the exit codes and sentences of the old one', async ({ world, expect }) => {
    expect(await run(world, ['--version'])).toMatchObject({ code: 0, out: 'conda-diff-tar: 1.2.3\n' })
    expect(await run(world, [])).toMatchObject({ code: 2, err: expect.stringContaining('conda-diff-tar: error: exactly one REPOSITORY is required, try -h\n') })
    expect(await run(world, ['--create', 'absent'])).toMatchObject({ code: 1, err: `No such directory: '${world.folder}/absent'\n` })
    expect(await run(world, ['near'])).toMatchObject({ code: 0, out: 'Nothing done.\n' })
    expect(await run(world, ['--reference', '-i', 'x', 'near'])).toMatchObject({ code: 2, err: expect.stringContaining('error: --infile not allowed with --reference\n') })
    expect(await run(world, ['--show', '-o', 'x', 'near'])).toMatchObject({ code: 2, err: expect.stringContaining('error: --outfile not allowed with --show\n') })
    expect(await run(world, ['--wrong', 'near'])).toMatchObject({ code: 2, err: expect.stringContaining('error: unrecognized arguments: --wrong\n') })
    expect(await run(world, ['near', 'far'])).toMatchObject({ code: 2, err: expect.stringContaining('error: unrecognized arguments: far\n') })
    expect(await run(world, ['--create', 'near', '-o'])).toMatchObject({ code: 2, err: expect.stringContaining('error: argument -o/--outfile: expected one argument\n') })
  })

  test('says which reference is missing, and does not touch the tarball', async ({ world, expect }) => {
    writeFileSync(join(world.folder, 'update.tar'), 'precious')
    expect(await run(world, ['--create', 'near'])).toMatchObject({ code: 1, err: 'Error: no such file: ./reference.json\nPlease use the --reference option before creating a differential tarball.\n' })
    expect((await run(world, ['--show', '-i', 'other.json', 'near'])).err).toContain('Error: no such file: other.json\n')
    expect(readFileSync(join(world.folder, 'update.tar'), 'utf8')).toBe('precious')
  })

  test('carries the documented four steps, there and back again', async ({ world, expect }) => {
    world.copy()
    expect(await run(world, ['--reference', 'near'])).toMatchObject({ code: 0, out: '', err: '' })
    await world.change(FIRST)
    expect(await run(world, ['--show', 'near'])).toMatchObject({ code: 0, out: expect.stringMatching(/^channeldata\.json\nlinux-64\/repodata\.json\nlinux-64\/.*linux-64\/alpha-2\.0-0\.conda\nlinux-64\/new-1\.0-0\.conda\n$/s) })
    expect(await run(world, ['--create', 'near'])).toMatchObject({ code: 0, out: 'Wrote: update.tar\n', err: '' })
    execFileSync('tar', ['xf', 'update.tar', '-C', 'far'], { cwd: world.folder })
    for (const [path, bytes] of readTree(world.near)) expect(readTree(world.far).get(path), path).toBe(bytes)
    expect(await run(world, ['--verify', 'far'])).toMatchObject({ code: 0, out: '' })
    expect(await run(world, ['--reference', 'near'])).toMatchObject({ code: 0 })
    expect(await run(world, ['--show', 'near'])).toMatchObject({ code: 0, out: '' })
  })

  test('puts artifacts before the indexes that list them, and names them with -v', async ({ world, expect }) => {
    await run(world, ['--reference', 'near'])
    await world.change(SECOND)
    const { out } = await run(world, ['--create', '-v', 'near', '-o', 'x.tar'])
    expect(out).toMatch(/^adding: noarch\/late-3\.0-0\.conda\nadding: noarch\/late-3\.0-0\.tar\.bz2\n.*Wrote: x\.tar\n$/s)
    const members = listTar(join(world.folder, 'x.tar'))
    expect(members[0]).toBe('.conda-delta/manifest.json')
    const last = Math.max(members.indexOf('noarch/late-3.0-0.conda'), members.indexOf('noarch/late-3.0-0.tar.bz2'))
    expect(members.findIndex((path) => /repodata/.test(path))).toBeGreaterThan(last)
    expect(members.at(-1)).toBe('linux-64/repodata.json')
    expect(members.indexOf('linux-64/repodata.json.zst')).toBeLessThan(members.indexOf('linux-64/repodata.json'))
  })

  test('does the first of several modes, and says so', async ({ world, expect }) => {
    expect(await run(world, ['--reference', '--verify', 'near'])).toMatchObject({ code: 0, err: expect.stringContaining('Warning: --verify is done, and not --reference\n') })
    expect(existsSync(join(world.folder, 'reference.json'))).toBe(false)
    expect(await run(world, ['--apply', '--create', 'near'])).toMatchObject({ code: 2 })
  })

  test('takes shortened flags, joined values and words in any place', async ({ world, expect }) => {
    expect(await run(world, ['near', '--ref', '-oa.json'])).toMatchObject({ code: 0 })
    expect(await run(world, ['--ref', '--outfile=b.json', 'near'])).toMatchObject({ code: 0 })
    expect(readFileSync(join(world.folder, 'a.json'), 'utf8')).toBe(readFileSync(join(world.folder, 'b.json'), 'utf8'))
    expect((await run(world, ['--ver', 'near'])).err).toContain('ambiguous option: --ver could match')
  })

  test('writes an empty tarball where nothing changed, as large as that of others', async ({ world, expect }) => {
    await run(world, ['--reference', 'near'])
    expect(await run(world, ['--create', '-v', 'near'])).toMatchObject({ code: 0, out: 'Wrote: update.tar\n', err: 'Nothing changed: the tarball is empty.\n' })
    expect(readFileSync(join(world.folder, 'update.tar'))).toEqual(Buffer.alloc(10_240))
    mkdirSync(world.far)
    expect(await run(world, ['--apply', 'far'])).toMatchObject({ code: 0, out: 'Nothing to do.\n' })
  })

  test('two references of one tree are the same, wherever it lies for the compact one', async ({ world, expect }) => {
    world.copy()
    await run(world, ['--reference', '--compact', 'near', '-o', 'near.ref'])
    await run(world, ['--reference', '--compact', 'far', '-o', 'far.ref'])
    expect(readFileSync(join(world.folder, 'near.ref'), 'utf8')).toBe(readFileSync(join(world.folder, 'far.ref'), 'utf8'))
    await run(world, ['--reference', 'near'])
    expect(await run(world, ['--show', '-i', 'reference.json', 'far'])).toMatchObject({ out: '' })
  })

  test('finds what is missing, cut, changed or stale, and goes on to the end', async ({ world, expect }) => {
    const place = (path: string): string => join(world.near, path)
    rmSync(place('linux-64/beta-1.0-0.tar.bz2'))
    writeFileSync(place('linux-64/gamma-1.0-0.conda'), 'short')
    const bytes = readFileSync(place('linux-64/alpha-1.0-0.conda'))
    bytes[100] = (bytes[100] ?? 0) ^ 1
    writeFileSync(place('linux-64/alpha-1.0-0.conda'), bytes)
    writeFileSync(place('noarch/repodata.json.zst'), readFileSync(place('linux-64/repodata.json.zst')))
    const { code, out } = await run(world, ['--verify', 'near'])
    expect(code).toBe(1)
    expect(out.split('\n').toSorted()).toEqual([
      '', `MD5 mismatch: ${place('linux-64/alpha-1.0-0.conda')}`, `Missing: ${place('linux-64/beta-1.0-0.tar.bz2')}`, `Size mismatch: ${place('linux-64/gamma-1.0-0.conda')}`, `Stale: ${place('noarch/repodata.json.zst')}`,
    ])
  })

  test('shards beside the artifacts are not wrong, and do not travel', async ({ world, expect }) => {
    const shards = readdirSync(join(world.near, 'noarch/shards'))
    for (const name of shards) renameSync(join(world.near, 'noarch/shards', name), join(world.near, 'noarch', name))
    expect(await run(world, ['--verify', 'near'])).toMatchObject({ code: 0, out: '' })
    expect(await run(world, ['--create', '--full', 'near'])).toMatchObject({ code: 0, err: 'Warning: noarch/repodata_shards.msgpack.zst: left out: its shards are not in shards/\n' })
    expect(listTar(join(world.folder, 'update.tar'))).not.toContain('noarch/repodata_shards.msgpack.zst')
    for (const name of shards) rmSync(join(world.near, 'noarch', name))
    expect(await run(world, ['--verify', 'near'])).toMatchObject({ code: 1, out: `Stale: ${join(world.near, 'noarch/repodata_shards.msgpack.zst')}\n` })
  })

  test('leaves nothing behind when the mirror is not whole', async ({ world, expect }) => {
    rmSync(join(world.near, 'linux-64/beta-1.0-0.tar.bz2'))
    expect(await run(world, ['--create', '--full', 'near'])).toMatchObject({ code: 1, err: expect.stringContaining('it is missing') })
    writeFileSync(join(world.near, 'linux-64/beta-1.0-0.tar.bz2'), 'x')
    expect(await run(world, ['--create', '--full', 'near'])).toMatchObject({ code: 1 })
    expect([...readTree(world.folder).keys()].filter((path) => !path.startsWith('near/'))).toEqual([])
  })

  test('reads a pipe and writes one', async ({ world, expect }) => {
    mkdirSync(world.far)
    const { bytes, err } = await run(world, ['--create', '--full', '-o', '-', 'near'])
    expect(err).toBe('')
    expect(await run(world, ['--apply', '-i', '-', 'far'], bytes)).toMatchObject({ code: 0, out: expect.stringContaining('Applied: the channel: 5 added, 0 removed') })
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })

  test('makes keys, signs with them, and trusts only them', async ({ world, expect }) => {
    mkdirSync(world.far)
    expect(await run(world, ['--new-key', 'site'])).toMatchObject({ code: 0 })
    expect(await run(world, ['--new-key', 'site'])).toMatchObject({ code: 1, err: expect.stringContaining('is there already') })
    await run(world, ['--create', '--full', 'near'])
    expect(await run(world, ['--apply', '--key', 'site.pub', 'far'])).toMatchObject({ code: 1, err: expect.stringContaining('it is not signed') })
    await run(world, ['--create', '--full', '--sign', 'site.key', 'near'])
    expect(await run(world, ['--apply', '--key', 'site.pub', '--json', 'far'])).toMatchObject({ code: 0 })
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })

  test('applies volumes that lie where the tarball would', async ({ world, expect }) => {
    mkdirSync(world.far)
    const { out } = await run(world, ['--create', '--full', '--volume-size', '30K', 'near'])
    expect(out).toContain('Wrote: update.vol001.tar\nWrote: update.vol002.tar\n')
    expect(await run(world, ['--apply', 'far'])).toMatchObject({ code: 0 })
    expect(readTree(world.far)).toEqual(readTree(world.near))
    expect(await run(world, ['--create', '--full', '--volume-size', '1K', 'near'])).toMatchObject({ code: 1, err: expect.stringContaining('does not fit into one') })
    expect(await run(world, ['--create', '--full', '--volume-size', 'much', 'near'])).toMatchObject({ code: 2 })
  })

  test('takes volumes one at a time, and says what is missing', async ({ world, expect }) => {
    mkdirSync(world.far)
    await run(world, ['--create', '--full', '--volume-size', '30K', 'near'])
    const volumes = readdirSync(world.folder).filter((name) => name.startsWith('update.vol'))
    const [first = '', ...others] = volumes
    const waiting = await run(world, ['--apply', ...others.flatMap((name) => ['-i', name]), 'far'])
    expect(waiting).toMatchObject({ code: 1, out: `Kept: volume${others.length === 1 ? '' : 's'} ${others.map((_, place) => place + 2).join(', ')} of ${volumes.length}, verified\nMissing: volume 1\nRun this again with what is missing. Nothing was applied yet.\n` })
    for (const name of others) rmSync(join(world.folder, name))
    expect([...readTree(world.far).keys()]).toEqual([])
    expect(await run(world, ['--apply', '--json', '-i', first, '--dry-run', 'far'])).toMatchObject({ code: 0, out: expect.stringContaining('"status":"planned"') })
    expect(await run(world, ['--apply', 'far'])).toMatchObject({ code: 0, out: expect.stringContaining('Applied: the channel') })
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })

  test('asks for the delta that fits', async ({ world, expect }) => {
    await run(world, ['--create', '--full', 'near'])
    mkdirSync(world.far)
    await run(world, ['--apply', 'far'])
    await world.change(FIRST)
    await run(world, ['--reference', 'near'])
    await world.change(SECOND)
    await run(world, ['--create', 'near'])
    expect(await run(world, ['--apply', 'far'])).toMatchObject({ code: 1, err: expect.stringContaining('it starts from another state') })
    expect(await run(world, ['--create', '-i', 'request.jsonl', 'near'])).toMatchObject({ code: 0 })
    expect(await run(world, ['--apply', '--grace', '0', 'far'])).toMatchObject({ code: 0 })
    expect(readTree(world.far)).toEqual(readTree(world.near))
  })

  test('the same mirror gives the same tarball, byte for byte', async ({ world, expect }) => {
    for (const path of readTree(world.near).keys()) utimesSync(join(world.near, path), 1_600_000_000, 1_600_000_000)
    await run(world, ['--create', '--full', '-o', 'a.tar', 'near'])
    await run(world, ['--create', '--full', '-o', 'b.tar', 'near'])
    const sum = spawnSync('sha256sum', ['a.tar', 'b.tar'], { cwd: world.folder, encoding: 'utf8' }).stdout
    expect(sum.match(/^\w{64}/gm)).toEqual([GOLDEN, GOLDEN])
  })
})

/** Changes only with the format. */
const GOLDEN = '4f6501a631cb970da95cc096b72f32f157bcf787cd8ebf97847958e154bd700e'
