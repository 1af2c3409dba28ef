import { createHash } from 'node:crypto'
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { buildChannel, type ChannelChanges, changeChannel, serveChannel } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { parseLines, test as base } from './support.ts'

const UP = { subdirs: { noarch: [{ name: 'tz' }], 'linux-64': [{ name: 'zlib', size: 1000 }, { name: 'app', depends: ['zlib'] }, { name: 'big', size: 300_000 }] }, index: { variants: ['zst'] } } as const

const CHANGE: ChannelChanges = {
  add: { 'linux-64': [{ name: 'fresh', size: 40_000 }, { name: 'zlib', size: 2000, salt: 'again' }] }, remove: { 'linux-64': ['big-1.0-0.conda'] }, relist: { 'linux-64': { 'app-1.0-0.conda': { depends: [] } } },
}

/** What CHANGE does, as `--json` tells it. */
const CHANGED = { subdir: 'linux-64', status: 'changed', added: 1, removed: 1, changed: 1, relisted: 1, unchanged: 0 }

/** A mirror in `mirror` at generation 2, of which 1 is `@before`, too; `old` as it was then; `up/team` is what upstream has. */
const test = base.extend<{ readonly up: string }>({
  up: async ({ folder, run }, use) => {
    const up = join(folder, 'up/team')
    await buildChannel(UP, up)
    await writeFile(join(folder, 'm.yaml'), `mirror_dir: mirror\nchannels: {url: "file://${up}", path: team}\nplatforms: linux-64\nfetch_installers: false\n`)
    await writeFile(join(folder, '.cas-mirror'), 'mirror_dir: mirror\nfetch_installers: false\n')
    await run(['sync', '-f', 'm.yaml'])
    await run(['snapshot', 'create', 'before', '-f', 'm.yaml'])
    await cp(join(folder, 'mirror'), join(folder, 'old'), { recursive: true })
    await run(['delta', 'request', 'r.jsonl', '-f', 'm.yaml'])
    await changeChannel(up, CHANGE)
    const synced = await run(['sync', '-f', 'm.yaml'])
    if (synced.exitCode !== 0) throw new Error(synced.stderr)
    await run(['delta', 'create', 'd.tar', '-f', 'm.yaml', '--since', '@1'])
    await run(['delta', 'create', 'd', '-f', 'm.yaml', '--since', '@1'])
    await use(up)
  },
})

interface Told {
  readonly differs: boolean
  readonly channels: readonly { readonly folder: string; readonly status: string; readonly subdirs: readonly Readonly<Record<string, unknown>>[]; readonly files: readonly unknown[] }[]
}

function toldOf(stdout: string): Told {
  const last = parseLines(stdout).at(-1)
  if (last?.['type'] !== 'result') throw new Error(stdout)
  return last as unknown as Told
}

describe('mirror diff', () => {
  test('tells the same of the same change, whatever describes the two states', async ({ expect, run, up }) => {
    await using server = await serveChannel(up, { mount: '/team/' })
    const befores = ['@1', '@before', 'old', 'old/team']
    const afters = [undefined, '@2', 'mirror', 'mirror/team', 'd', 'd.tar', up, `file://${up}`, server.url]
    for (const before of befores) {
      for (const after of afters) {
        const { exitCode, stdout, stderr } = await run(['diff', before, ...(after === undefined ? [] : [after]), '-f', 'm.yaml', '--json'])
        expect(exitCode, `${before} ${after ?? ''}: ${stderr}`).toBe(0)
        const { differs, channels: [channel] } = toldOf(stdout)
        expect(differs).toBe(true)
        expect(channel?.subdirs.find(({ subdir }) => subdir === 'linux-64'), `${before} ${after ?? ''}`).toMatchObject(CHANGED)
        expect(channel?.subdirs.filter(({ subdir }) => subdir !== 'linux-64'), `${before} ${after ?? ''}`).toMatchObject([{ subdir: 'noarch', status: 'same' }])
      }
    }
    const { channels: [ofReference] } = toldOf((await run(['diff', 'r.jsonl', '-f', 'm.yaml', '--json'])).stdout)
    expect(ofReference?.subdirs[0]).toMatchObject({ ...CHANGED, relisted: null, unchanged: 1 })
  })

  test('finds no difference between what is the same', async ({ expect, run, up, folder }) => {
    await run(['delta', 'request', 'now.jsonl', '-f', 'm.yaml'])
    for (const [before, after] of [['mirror', 'd.tar'], ['@2', 'd'], ['now.jsonl', 'mirror'], ['r.jsonl', '@before'], ['old', 'r.jsonl'], ['mirror', up], [`file://${up}`, 'mirror']] as const) {
      const { exitCode, stdout } = await run(['diff', before, after, '-f', 'm.yaml', '--exit-code'])
      expect(exitCode, `${before} ${after}`).toBe(0)
      expect(stdout, `${before} ${after}`).toContain('Nothing differs.')
    }
    expect(await run(['diff', '@1', '-f', 'm.yaml', '--exit-code'])).toMatchObject({ exitCode: 1 })
    expect(await run(['diff', '@1', '-f', 'm.yaml'])).toMatchObject({ exitCode: 0 })
    // The manifest of a delta that was unpacked onto a mirror does not make it a delta.
    execFileSync('tar', ['xf', join(folder, 'd.tar'), '-C', join(folder, 'old')])
    expect(toldOf((await run(['diff', '@1', 'old', '-f', 'm.yaml', '--json'])).stdout)).toMatchObject({ after: { kind: 'mirror' }, differs: true })
    expect(await run(['diff', 'mirror', 'old', '-f', 'm.yaml', '--exit-code'])).toMatchObject({ exitCode: 0 })
  })

  test('shows a table, and names with --list', async ({ expect, run, folder, up }) => {
    const { stdout } = await run(['diff', '@1', '-f', 'm.yaml', '--list'])
    expect(up).not.toBe('')
    expect(stdout.replaceAll(folder, '<folder>')).toBe(`from @1
to   <folder>/mirror
channel  subdir    added     size  removed      size  changed  re-listed
team     linux-64      1  41.0 kB        1  301.4 kB        1          1
+ team/linux-64/fresh-1.0-0.conda (41.0 kB)
- team/linux-64/big-1.0-0.conda (301.4 kB)
! team/linux-64/zlib-1.0-0.conda (2.0 kB, now 3.0 kB)
~ team/linux-64/app-1.0-0.conda
`)
  })

  test('tells of channels, subdirs and plain files that only one side has', async ({ expect, run, folder, up }) => {
    expect(up).not.toBe('')
    await cp(join(folder, 'mirror'), join(folder, 'more'), { recursive: true })
    await rm(join(folder, 'more/team/noarch'), { recursive: true })
    await rm(join(folder, 'more/team/.mirror'), { recursive: true })
    await buildChannel({ subdirs: { 'osx-64': [{ name: 'x' }] } }, join(folder, 'more/second'))
    await writeFile(join(folder, 'more/team/channeldata.json'), '{"other": 1}')
    const { channels } = toldOf((await run(['diff', 'mirror', 'more', '-f', 'm.yaml', '--json'])).stdout)
    expect(channels.map(({ folder: name, status }) => [name, status])).toEqual([['second', 'added'], ['team', 'changed']])
    expect(channels[1]?.subdirs).toMatchObject([{ subdir: 'linux-64', status: 'same' }, { subdir: 'noarch', status: 'removed', removed: 1 }])
    const text = (await run(['diff', 'mirror', 'more', '-f', 'm.yaml'])).stdout
    expect(text).toContain('second (new)')
    expect(text).toContain('noarch (gone)')
    // A delta says nothing of channels that it does not change.
    expect(toldOf((await run(['diff', 'more', 'd.tar', '-f', 'm.yaml', '--json'])).stdout).channels.map(({ folder: name }) => name)).toEqual(['team'])
  })

  test('says that a delta does not carry the index of what it does not change', async ({ expect, run, folder, up }) => {
    expect(up).not.toBe('')
    await cp(join(folder, 'old'), join(folder, 'other'), { recursive: true })
    await writeFile(join(folder, 'other/team/noarch/repodata.json'), '{"packages": {}}')
    const { stdout } = await run(['diff', 'other', 'd.tar', '-f', 'm.yaml'])
    expect(stdout).toContain('noarch differs, and the delta does not carry its index')
  })

  test('reads references of the old conda-diff-tar', async ({ expect, run, folder, up }) => {
    expect(up).not.toBe('')
    const records = { 'a-1.0-0.tar.bz2': { size: 10, md5: 'a'.repeat(32), name: 'a' }, 'b-1.0-0.tar.bz2': { size: 10, md5: 'b'.repeat(32), name: 'b' }, 'c-1.0-0.tar.bz2': { size: 10, md5: 'c'.repeat(32), name: 'c' } }
    await mkdir(join(folder, 'plain/linux-64'), { recursive: true })
    await writeFile(join(folder, 'plain/linux-64/repodata.json'), JSON.stringify({ packages: { ...records, 'a-1.0-0.tar.bz2': { ...records['a-1.0-0.tar.bz2'], name: 'new' }, 'c-1.0-0.tar.bz2': { ...records['c-1.0-0.tar.bz2'], md5: 'd'.repeat(32) } } }))
    await writeFile(join(folder, 'old.json'), JSON.stringify({ '/elsewhere/plain/linux-64': records }))
    const { channels } = toldOf((await run(['diff', 'old.json', 'plain', '--json'])).stdout)
    expect(channels[0]?.subdirs).toMatchObject([{ subdir: 'linux-64', added: 0, removed: 0, changed: 1, relisted: 1, unchanged: 1 }])
  })

  test('shows nothing that a terminal would act on, whatever a reference says', async ({ expect, run, folder, up }) => {
    expect(up).not.toBe('')
    const seal = (text: string): string => `${text}{"seal":"${createHash('sha256').update(text).digest('hex')}"}\n`
    const state = { id: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', state: { subdirs: [], files: [] } }
    const header = (channels: readonly unknown[]): string => `${JSON.stringify({ kind: 'conda-mirror-reference', format: 1, sequence: 1, channels })}\n`
    const folderOf = (name: string): string => `${header([{ folder: name, ...state }])}${JSON.stringify({ channel: name, subdir: 'linux-64', artifacts: 1, shards: [] })}\n["a-1-0.conda",1,"md5:${'a'.repeat(32)}"]\n`
    for (const name of ['\u001b]0;owned\u0007', '../../etc', '__proto__', 'a\u202eb']) {
      await writeFile(join(folder, 'hostile.jsonl'), seal(folderOf(name)))
      const told = await run(['diff', 'hostile.jsonl', '-f', 'm.yaml', '--list'])
      expect(told.exitCode).toBe(0)
      expect(told.stdout + told.stderr).not.toMatch(/[\u001b\u0007\u202e]/)
      // A delta from it has only what is here, where it is here.
      expect(await run(['delta', 'create', 'hostile.tar', '-f', 'm.yaml', '--since', 'hostile.jsonl'])).toMatchObject({ exitCode: 0 })
      expect(execFileSync('tar', ['tf', join(folder, 'hostile.tar')], { encoding: 'utf8' })).not.toMatch(/etc|proto|owned/)
    }
    const whole = await readFile(join(folder, 'r.jsonl'), 'utf8')
    for (const text of [whole.slice(0, -10), whole.replace('linux-64', 'linux-65'), `${whole}{}`, seal(header([{ folder: 'x', id: 'f'.repeat(64), state: state.state }])), seal(header([])).replace('"format":1', '"format":2'), '{"kind":"conda-mirror-reference"']) {
      await writeFile(join(folder, 'hostile.jsonl'), text)
      for (const argv of [['diff', 'hostile.jsonl'], ['delta', 'create', 'never.tar', '--since', 'hostile.jsonl']]) {
        expect(await run([...argv, '-f', 'm.yaml']), text.slice(-80)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('REFERENCE_INVALID') })
      }
    }
  })

  test('refuses what cannot be compared, and says what to do', async ({ expect, run, folder, up }) => {
    await cp(join(folder, 'mirror/team'), join(folder, 'two/one'), { recursive: true })
    await cp(join(folder, 'mirror/team'), join(folder, 'two/other'), { recursive: true })
    await mkdir(join(folder, 'foreign'))
    await writeFile(join(folder, 'foreign/file'), '')
    await writeFile(join(folder, 'broken.json'), '{"kind":')
    await run(['delta', 'create', 'empty.tar', '-f', 'm.yaml', '--since', '@2'])
    const tarball = await readFile(join(folder, 'd.tar'))
    tarball[tarball.length >> 1] = (tarball[tarball.length >> 1] ?? 0) ^ 1
    await writeFile(join(folder, 'damaged.tar'), tarball)
    await mkdir(join(folder, 'none'))
    for (const [words, exitCode, text] of [
      [['absent'], 2, 'STATE_UNKNOWN'], [['foreign'], 2, 'STATE_UNKNOWN'], [['empty.tar'], 2, 'STATE_UNKNOWN'], [['broken.json'], 1, 'REFERENCE_INVALID'], [['damaged.tar'], 6, 'DELTA_DAMAGED'], [['absent.tar'], 6, 'DELTA_NOT_FOUND'],
      [['@none'], 1, 'SNAPSHOT_NOT_FOUND'], [['@7'], 4, 'GENERATION_ABSENT'], [['mirror/team', 'two'], 2, 'CHANNELS_UNMATCHED'], [['two', `file://${up}`], 2, 'CHANNELS_UNMATCHED'], [['mirror', `file://${join(folder, 'none')}`], 1, 'CHANNEL_NOT_FOUND'],
      [['mirror', 'https://user:secret@[bad'], 2, 'CHANNEL_INVALID'],
    ] as const) {
      const { stderr, ...ran } = await run(['diff', ...words, '-f', 'm.yaml'])
      expect({ ...ran, stderr }, words.join(' ')).toMatchObject({ exitCode, stderr: expect.stringContaining(text) })
      expect(stderr).not.toContain('secret')
    }
  })
})
