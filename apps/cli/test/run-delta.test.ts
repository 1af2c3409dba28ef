import { appendFile, cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildChannel, changeChannel, checkMirror, serveChannel } from '@mirror/test-fixtures'
import { createDelta, diffTree } from '@mirror/difftar'
import { describe } from 'vitest'
import { parseLines, steady, test } from './support.ts'

const UP = { subdirs: { noarch: [{ name: 'tz' }], 'linux-64': [{ name: 'zlib' }, { name: 'app', depends: ['zlib'] }, { name: 'big', size: 300_000 }] }, index: { variants: ['zst'] } } as const

/** Everything that clients see, with its bytes. */
async function publicFiles(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && !`${entry.parentPath}/`.includes('/.mirror/')).map((entry) => join(entry.parentPath, entry.name))
  return new Map(await Promise.all(files.toSorted().map(async (path) => [path.slice(folder.length + 1), (await readFile(path)).toString('base64')] as const)))
}

async function writeConfigs(folder: string, url: string): Promise<void> {
  const common = `channels: ${url}\nplatforms: linux-64\nfetch_installers: false\ngrace: 0\n`
  await writeFile(join(folder, 'near.yaml'), `mirror_dir: near\n${common}`)
  await writeFile(join(folder, 'delta.yaml'), `mirror_dir: near\ndelta: true\ndelta_dir: delta_pkgs\n${common}`)
  await writeFile(join(folder, 'far.yaml'), `mirror_dir: far\ndelta_dir: delta_pkgs\n${common}`)
}

describe('cas-sync with delta: true, and cas-merge', () => {
  test('carry a change to the other side, which is equal then; the near mirror is only read', async ({ expect, folder, run }) => {
    const up = join(folder, 'up/team')
    await buildChannel(UP, up)
    await using server = await serveChannel(up, { mount: '/team/' })
    await writeConfigs(folder, server.url)
    expect(await run(['-f', 'near.yaml'], { program: 'cas-sync' })).toMatchObject({ exitCode: 0 })
    await cp(join(folder, 'near'), join(folder, 'far'), { recursive: true })
    await changeChannel(up, { add: { 'linux-64': [{ name: 'fresh', size: 40_000 }] }, remove: { 'linux-64': ['big-1.0-0.conda'] }, relist: { 'linux-64': { 'app-1.0-0.conda': { depends: [] } } } })
    const before = await publicFiles(join(folder, 'near'))

    const recorded = await run(['-f', 'delta.yaml'], { program: 'cas-sync' })
    expect(recorded).toMatchObject({ exitCode: 0 })
    expect(recorded.stdout).toContain('Delta 2: ')
    expect(await publicFiles(join(folder, 'near'))).toEqual(before)
    expect((await readdir(join(folder, 'delta_pkgs/team/linux-64'))).filter((name) => name.endsWith('.conda'))).toEqual(['fresh-1.0-0.conda'])

    const looked = await run(['-f', 'far.yaml', '--dry-run'], { program: 'cas-merge' })
    expect(looked).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('would be updated: 1 added, 1 removed') })
    const merged = await run(['-f', 'far.yaml'], { program: 'cas-merge' })
    expect(merged).toMatchObject({ exitCode: 0 })
    expect(steady(merged.stdout, folder)).toContain('team updated, generation 2: 1 added, 1 removed, 0 re-used, 1 re-listed')
    expect((await checkMirror(join(folder, 'far/team'))).problems).toEqual([])

    expect(await run(['merge', 'delta_pkgs', 'near', '--grace', '0'])).toMatchObject({ exitCode: 0 })
    expect(parseLines((await run(['status', '--mirror-dir', 'near', '--json'])).stdout).at(-1)).toMatchObject({ channels: [{ lastRun: { command: 'merge', status: 'committed' } }] })
    expect(await publicFiles(join(folder, 'near'))).toEqual(await publicFiles(join(folder, 'far')))
    expect((await readFile(join(folder, 'far/team/linux-64/repodata.json'))).equals(await readFile(join(up, 'linux-64/repodata.json')))).toBe(true)

    const again = await run(['-f', 'far.yaml', '--json'], { program: 'cas-merge' })
    expect(parseLines(again.stdout).at(-1)).toMatchObject({ type: 'result', command: 'merge', exitCode: 0, channels: [{ folder: 'team', status: 'unchanged' }] })
    expect(await run(['-f', 'delta.yaml'], { program: 'cas-sync' })).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('nothing changed, so it is empty') })
  })

  test('sign what is recorded, and take nothing else where keys are pinned', async ({ expect, folder, run }) => {
    const up = join(folder, 'up/team')
    await buildChannel(UP, up)
    await using server = await serveChannel(up, { mount: '/team/' })
    await writeConfigs(folder, server.url)
    await run(['delta', 'new-key', 'near'])
    await run(['delta', 'new-key', 'other'])
    const text = (await readFile(join(folder, 'near.pub'), 'utf8')).split('\n')[1]
    await appendFile(join(folder, 'delta.yaml'), 'delta_sign: near.key\n')
    await cp(join(folder, 'far.yaml'), join(folder, 'unpinned.yaml'))
    await appendFile(join(folder, 'far.yaml'), `delta_keys: [other.pub, ${text}]\n`)
    expect(await run(['config', '-f', 'far.yaml'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`- ${join(folder, 'other.pub')}\n  - ${text}`) })
    expect(await run(['config', '-f', 'delta.yaml'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`delta_sign: ${join(folder, 'near.key')}`) })

    expect(await run(['-f', 'delta.yaml'], { program: 'cas-sync' })).toMatchObject({ exitCode: 0 })
    expect(await run(['delta', 'inspect', 'delta_pkgs', '--key', 'near.pub'])).toMatchObject({ exitCode: 0 })
    expect(await run(['delta', 'inspect', 'delta_pkgs', '--key', 'other.pub'])).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('DELTA_SIGNATURE_WRONG') })
    // What is said on the command line counts instead.
    expect(await run(['-f', 'far.yaml', '--key', 'other.pub'], { program: 'cas-merge' })).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('DELTA_SIGNATURE_WRONG') })
    expect(await run(['-f', 'far.yaml'], { program: 'cas-merge' })).toMatchObject({ exitCode: 0 })
    expect((await checkMirror(join(folder, 'far/team'))).problems).toEqual([])

    await rm(join(folder, 'far'), { recursive: true })
    await rm(join(folder, 'delta_pkgs/.conda-delta/manifest.json.minisig'))
    for (const words of [['merge', '-f', 'far.yaml'], ['delta', 'apply', '-f', 'far.yaml'], ['delta', 'inspect', '-f', 'far.yaml']]) {
      expect(await run(words), words.join(' ')).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('DELTA_UNSIGNED') })
    }
    expect(await readdir(folder)).not.toContain('far')
    expect(await run(['merge', '-f', 'unpinned.yaml'])).toMatchObject({ exitCode: 0 })
  })

  test('a key that cannot be read is told before anything is done', async ({ expect, folder, run }) => {
    const up = join(folder, 'up/team')
    await buildChannel(UP, up)
    await writeConfigs(folder, `file://${up}`)
    await appendFile(join(folder, 'delta.yaml'), 'delta_sign: nowhere.key\n')
    expect(await run(['-f', 'delta.yaml'], { program: 'cas-sync' })).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('KEY_INVALID') })
    expect(await readdir(folder)).not.toContain('delta_pkgs')
  })

  test('claim no more than was recorded when a channel fails', async ({ expect, folder, run }) => {
    const [team, other] = [join(folder, 'up/team'), join(folder, 'up/other')]
    await buildChannel(UP, team)
    await buildChannel(UP, other)
    const config = `channels: [file://${team}, file://${other}]\nplatforms: linux-64\nfetch_installers: false\n`
    await writeFile(join(folder, 'near.yaml'), `mirror_dir: near\n${config}`)
    await writeFile(join(folder, 'delta.yaml'), `mirror_dir: near\ndelta: true\n${config}`)
    await run(['-f', 'near.yaml'], { program: 'cas-sync' })
    await rm(join(other, 'noarch/repodata.json'))
    await rm(join(other, 'noarch/repodata.json.zst'))
    await writeFile(join(other, 'linux-64/repodata.json'), 'nothing')
    await rm(join(other, 'linux-64/repodata.json.zst'))

    const { exitCode, stdout } = await run(['-f', 'delta.yaml'], { program: 'cas-sync' })
    expect(exitCode).not.toBe(0)
    expect(stdout).not.toContain('nothing changed')
    expect(stdout).toContain(`delta_pkgs: nothing was recorded, so it is no delta. Not everything of file://${other} could be, as said above.`)
    expect(await readdir(join(folder, 'delta_pkgs/.conda-delta'))).toEqual([])

    await changeChannel(team, { add: { 'linux-64': [{ name: 'fresh' }] } })
    const partly = await run(['-f', 'delta.yaml'], { program: 'cas-sync' })
    expect(partly.exitCode).toBe(exitCode)
    expect(partly.stdout).toMatch(/^Delta 2: .* Not everything of \S+other could be recorded, as said above\./m)
  })

  test('seed an empty other side from a full delta', async ({ expect, folder, run }) => {
    const up = join(folder, 'up/team')
    await buildChannel(UP, up)
    await writeConfigs(folder, `file://${up}`)
    const recorded = await run(['-f', 'delta.yaml'], { program: 'cas-sync' })
    expect(recorded).toMatchObject({ exitCode: 0 })
    const merged = await run(['-f', 'far.yaml'], { program: 'cas-merge' })
    expect(merged.exitCode, merged.stderr).toBe(0)
    const [channel = ''] = await readdir(join(folder, 'far'))
    expect((await checkMirror(join(folder, 'far', channel))).problems).toEqual([])
    expect(await run(['verify', '--mirror-dir', 'far'])).toMatchObject({ exitCode: 0 })
  })

  test('end with 6 when the delta does not fit, is damaged or is not there, and change nothing', async ({ expect, folder, run }) => {
    const up = join(folder, 'up/team')
    await buildChannel(UP, up)
    await writeConfigs(folder, `file://${up}`)
    expect(await run(['-f', 'far.yaml'], { program: 'cas-merge' })).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('DELTA_NOT_FOUND') })
    await run(['-f', 'near.yaml'], { program: 'cas-sync' })
    await cp(join(folder, 'near'), join(folder, 'far'), { recursive: true })
    await changeChannel(up, { add: { 'linux-64': [{ name: 'one' }] } })
    await run(['-f', 'near.yaml'], { program: 'cas-sync' })
    await changeChannel(up, { add: { 'linux-64': [{ name: 'two' }] } })
    await run(['-f', 'delta.yaml'], { program: 'cas-sync' })
    const before = await publicFiles(join(folder, 'far'))
    const refused = await run(['-f', 'far.yaml'], { program: 'cas-merge' })
    expect(refused).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('DELTA_BASE_MISMATCH') })
    expect(await readFile(join(folder, 'request.jsonl'), 'utf8')).not.toBe('')
    expect(await publicFiles(join(folder, 'far'))).toEqual(before)

    const [name = ''] = (await readdir(join(folder, 'delta_pkgs'))).filter((entry) => !entry.startsWith('.'))
    const found = (await readdir(join(folder, 'delta_pkgs', name), { recursive: true })).find((path) => path.endsWith('two-1.0-0.conda')) ?? ''
    await writeFile(join(folder, 'delta_pkgs', name, found), 'damaged')
    expect(await run(['merge', 'delta_pkgs', 'near'])).toMatchObject({ exitCode: 6, stderr: expect.stringMatching(/DELTA_(?:DAMAGED|INCOMPLETE)/) })
    await rm(join(folder, 'delta_pkgs', name, found))
    expect((await run(['merge', 'delta_pkgs', 'near'])).exitCode).toBe(6)
  })

  test('take the volumes of a delta one at a time, keep what came, and end with 6 until all did', async ({ expect, folder, run }) => {
    const near = join(folder, 'near/team')
    await buildChannel(UP, near)
    const { channels, sequence } = await diffTree({ mirror: join(folder, 'near'), references: [] })
    const { written } = await createDelta({ diffs: channels, sequence, to: { tarball: join(folder, 'update.tar'), volumeSize: 310_000 } })
    expect(written.length).toBe(3)
    const [first = '', second = '', third = ''] = written
    await run(['merge', third, 'far'])
    const kept = await run(['merge', second, 'far'])
    expect(kept).toMatchObject({ exitCode: 6, stdout: expect.stringContaining('kept: volumes 2, 3 of 3, verified\n  missing: volumes 1\n') })
    for (const path of [second, third]) await rm(path)
    expect(await publicFiles(join(folder, 'far'))).toEqual(new Map())
    expect(await run(['merge', first, 'far', '--json'])).toMatchObject({ exitCode: 0 })
    expect(await publicFiles(join(folder, 'far'))).toEqual(await publicFiles(join(folder, 'near')))
  })

  test('refuse a folder for the delta that holds something else', async ({ expect, folder, run }) => {
    const up = join(folder, 'up/team')
    await buildChannel(UP, up)
    await writeConfigs(folder, `file://${up}`)
    await cp(up, join(folder, 'delta_pkgs'), { recursive: true })
    expect(await run(['-f', 'delta.yaml'], { program: 'cas-sync' })).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('DELTA_TARGET_FOREIGN') })
  })

  test('show the configuration, and help', async ({ expect, folder, run }) => {
    await writeConfigs(folder, 'https://a.example/team')
    expect(await run(['-f', 'far.yaml', '--config'], { program: 'cas-merge' })).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('delta_dir: ') })
    expect(await run(['--help'], { program: 'cas-merge' })).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('--allow-older') })
    expect(await run(['--key', 'nonsense', '-f', 'far.yaml'], { program: 'cas-merge' })).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('KEY_INVALID') })
  })
})
