import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createKeyPair } from '@mirror/difftar'
import { buildChannel, type ChannelChanges, changeChannel, checkMirror } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { parseLines, test as base } from './support.ts'

const UP = { subdirs: { noarch: [{ name: 'tz' }], 'linux-64': [{ name: 'zlib' }, { name: 'app', depends: ['zlib'] }, { name: 'big', size: 300_000 }] }, index: { variants: ['zst'] } } as const

const CHANGE: ChannelChanges = { add: { 'linux-64': [{ name: 'fresh', size: 40_000 }] }, remove: { 'linux-64': ['big-1.0-0.conda'] }, relist: { 'linux-64': { 'app-1.0-0.conda': { depends: [] } } } }

interface World {
  readonly change: (changes: ChannelChanges) => Promise<void>
  /** Syncs the near mirror. */
  readonly sync: () => Promise<void>
}

/** A near mirror in `near` at generation 1, and `far` with the same. */
const test = base.extend<{ readonly world: World }>({
  world: async ({ folder, run }, use) => {
    const up = join(folder, 'up/team')
    await buildChannel(UP, up)
    await writeFile(join(folder, 'near.yaml'), `mirror_dir: near\nchannels: {url: "file://${up}", path: team}\nplatforms: linux-64\nfetch_installers: false\ngrace: 7d\nretain: 5\n`)
    const sync = async (): Promise<void> => {
      const { exitCode, stderr } = await run(['sync', '-f', 'near.yaml'])
      if (exitCode !== 0) throw new Error(stderr)
    }
    await sync()
    await cp(join(folder, 'near'), join(folder, 'far'), { recursive: true })
    await use({ sync, change: (changes) => changeChannel(up, changes) })
  },
})

/** Everything that clients see, with its bytes. */
async function publicFiles(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && !`${entry.parentPath}/`.includes('/.')).map((entry) => join(entry.parentPath, entry.name))
  return new Map(await Promise.all(files.toSorted().map(async (path) => [path.slice(folder.length + 1), (await readFile(path)).toString('base64')] as const)))
}

const resultOf = (stdout: string): Readonly<Record<string, unknown>> | undefined => parseLines(stdout).at(-1)

describe('mirror delta', () => {
  test('create and apply carry a change: what a request asks for, as a tarball', async ({ expect, folder, run, world }) => {
    const asked = await run(['delta', 'request', '--mirror-dir', 'far'])
    expect(asked).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Request: ') })
    await world.change(CHANGE)
    await world.sync()
    const looked = await run(['delta', 'create', 'update.tar', '-f', 'near.yaml', '--since', 'request.jsonl', '--dry-run'])
    expect(looked).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('would write') })
    expect(looked.stdout).toMatch(/linux-64 +1 artifacts +41\.0 kB/)
    await expect(readFile(join(folder, 'update.tar'))).rejects.toThrow('ENOENT')
    const created = await run(['delta', 'create', 'update.tar', '-f', 'near.yaml', '--since', 'request.jsonl', '--json'])
    expect(resultOf(created.stdout)).toMatchObject({
      type: 'result', command: 'delta create', exitCode: 0, status: 'written', written: [join(folder, 'update.tar')], totals: { remove: 3 },
      channels: [{ folder: 'team', fromNothing: false, carries: { artifact: { files: 1, bytes: 40_991 } }, remove: 3 }],
    })
    const applied = await run(['delta', 'apply', 'update.tar', '--mirror-dir', 'far', '--grace', '0'])
    expect(applied).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('team updated, generation 2: 1 added, 1 removed, 0 re-used, 1 re-listed') })
    expect((await checkMirror(join(folder, 'far/team'))).problems).toEqual([])
    await run(['prune', '-f', 'near.yaml', '--grace', '0'])
    const again = await run(['delta', 'apply', 'update.tar', '--mirror-dir', 'far', '--json'])
    expect(resultOf(again.stdout)).toMatchObject({ command: 'delta apply', exitCode: 0, status: 'unchanged' })
    for (const path of ['team/linux-64/repodata.json', 'team/linux-64/repodata.json.zst', 'team/linux-64/repodata_shards.msgpack.zst']) expect((await readFile(join(folder, 'far', path))).equals(await readFile(join(folder, 'near', path)))).toBe(true)
  })

  test('create makes the same delta from a request, a snapshot, a generation and an own reference; from nothing without any', async ({ expect, folder, run, world }) => {
    await run(['delta', 'request', '--mirror-dir', 'far', 'r.jsonl'])
    await run(['snapshot', 'create', 'before', '-f', 'near.yaml'])
    await world.change(CHANGE)
    await world.sync()
    const bytes: Buffer[] = []
    for (const [place, since] of ['r.jsonl', '@before', '@1'].entries()) {
      expect(await run(['delta', 'create', `${place}.tar`, '-f', 'near.yaml', '--since', since])).toMatchObject({ exitCode: 0 })
      bytes.push(await readFile(join(folder, `${place}.tar`)))
    }
    expect(bytes.every((one) => one.equals(bytes[0] ?? Buffer.alloc(0)))).toBe(true)
    const full = await run(['delta', 'create', 'full', '-f', 'near.yaml', '--json', '--list'])
    expect(resultOf(full.stdout)).toMatchObject({ channels: [{ fromNothing: true, carries: { artifact: { files: 4 } } }] })
    expect(await run(['delta', 'apply', 'full', '--mirror-dir', 'empty'])).toMatchObject({ exitCode: 0 })
    expect((await checkMirror(join(folder, 'empty/team'))).problems).toEqual([])
    // One that fits both: the state before and nothing.
    const both = await run(['delta', 'create', 'both.tar', '-f', 'near.yaml', '--since', '@1', '--since', 'r.jsonl', '--json'])
    expect(resultOf(both.stdout)).toMatchObject({ channels: [{ bases: [expect.any(String)] }] })
    const nothing = await run(['delta', 'create', 'nothing.tar', '-f', 'near.yaml', '--since', '@2', '--json'])
    expect(resultOf(nothing.stdout)).toMatchObject({ status: 'unchanged', totals: { entries: 0 } })
    expect(await run(['delta', 'apply', 'nothing.tar', '--mirror-dir', 'far'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('The delta is empty') })
    expect(await run(['delta', 'inspect', 'nothing.tar'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('The delta is empty') })
  })

  test('create fits two far sides at once, also old references', async ({ expect, folder, run, world }) => {
    const document: { readonly packages: unknown } = JSON.parse(await readFile(join(folder, 'near/team/linux-64/repodata.json'), 'utf8'))
    await writeFile(join(folder, 'old.json'), JSON.stringify({ '/another/machine/team/linux-64': document.packages }))
    await run(['delta', 'request', '--mirror-dir', 'near', 'one.jsonl'])
    await world.change(CHANGE)
    await world.sync()
    await run(['delta', 'request', '--mirror-dir', 'near', 'two.jsonl'])
    await world.change({ add: { noarch: [{ name: 'later' }] } })
    await world.sync()
    await cp(join(folder, 'far'), join(folder, 'far2'), { recursive: true })
    expect(await run(['delta', 'create', 'c.tar', '-f', 'near.yaml', '--since', 'one.jsonl', '--since', 'two.jsonl'])).toMatchObject({ exitCode: 0 })
    expect(await run(['delta', 'apply', 'c.tar', '--mirror-dir', 'far'])).toMatchObject({ exitCode: 0 })
    const old = await run(['delta', 'create', 'o.tar', '-f', 'near.yaml', '--since', 'old.json', '--json'])
    expect(resultOf(old.stdout)).toMatchObject({ exitCode: 0, channels: [{ bases: [] }] })
    expect(await run(['delta', 'apply', 'o.tar', '--mirror-dir', 'far2'])).toMatchObject({ exitCode: 0 })
    expect(await run(['diff', 'far', 'far2', '--exit-code'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Nothing differs.') })
  })

  test('write to a pipe and read from one; the result is told on stderr then', async ({ expect, folder, run, world }) => {
    await world.change(CHANGE)
    await world.sync()
    const pieces: Buffer[] = []
    const writeBytes = async (bytes: Uint8Array): Promise<void> => { pieces.push(Buffer.from(bytes)) }
    const created = await run(['delta', 'create', '-', '-f', 'near.yaml', '--since', '@1', '--json'], { writeBytes })
    expect(created).toMatchObject({ exitCode: 0, stdout: '' })
    expect(resultOf(created.stderr)).toMatchObject({ type: 'result', written: [] })
    await run(['delta', 'create', 'file.tar', '-f', 'near.yaml', '--since', '@1'])
    expect(Buffer.concat(pieces).equals(await readFile(join(folder, 'file.tar')))).toBe(true)
    async function* stdin(): AsyncGenerator<Uint8Array> {
      yield* pieces
    }
    const { length } = pieces
    const planned = await run(['delta', 'create', '-', '-f', 'near.yaml', '--since', '@1', '--dry-run'], { writeBytes })
    expect(planned).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('would write stdout') })
    expect(pieces.length).toBe(length)
    expect(await run(['delta', 'inspect', '-', '--verify'], { stdin: stdin() })).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('all files are right') })
    expect(await run(['delta', 'apply', '-', '--mirror-dir', 'far'], { stdin: stdin() })).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('1 added') })
    expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([])
    expect(await run(['-', 'seeded'], { program: 'cas-merge', stdin: stdin() })).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('DELTA_BASE_MISMATCH') })
    const asked: Buffer[] = []
    expect(await run(['delta', 'request', '-', '--mirror-dir', 'far'], { writeBytes: async (bytes) => { asked.push(Buffer.from(bytes)) } })).toMatchObject({ exitCode: 0, stdout: '' })
    await run(['delta', 'request', '--mirror-dir', 'far', 'asked.jsonl'])
    expect(Buffer.concat(asked).equals(await readFile(join(folder, 'asked.jsonl')))).toBe(true)
  })

  test('say what is wrong with a pipe', async ({ expect, run, world }) => {
    await world.change(CHANGE)
    await world.sync()
    const broken = await run(['delta', 'create', '-', '-f', 'near.yaml', '--json'], { writeBytes: () => Promise.reject(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })) })
    expect(broken).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('PIPE_BROKEN') })
    expect(await run(['delta', 'apply', '-', '--mirror-dir', 'far'])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('PIPE_BROKEN') })
    expect(await run(['delta', 'apply', '-', 'x.tar', '--mirror-dir', 'far'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('USAGE') })
    async function* cut(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('no tarball')
    }
    expect((await run(['delta', 'apply', '-', '--mirror-dir', 'far'], { stdin: cut() })).exitCode).toBe(6)
  })

  test('split into volumes, which come one at a time or all at once', async ({ expect, folder, run, world }) => {
    await world.change({ add: { 'linux-64': [{ name: 'one', size: 60_000 }, { name: 'two', size: 60_000 }, { name: 'three', size: 60_000 }] } })
    await world.sync()
    const created = await run(['delta', 'create', 'v.tar', '-f', 'near.yaml', '--since', '@1', '--volume-size', '100K', '--json'])
    const { written } = resultOf(created.stdout) ?? {}
    expect(written).toMatchObject([join(folder, 'v.vol001.tar'), join(folder, 'v.vol002.tar'), join(folder, 'v.vol003.tar')])
    expect(await run(['delta', 'create', 'v.tar', '-f', 'near.yaml', '--since', '@1', '--volume-size', '100K', '--dry-run', '--json'])).toMatchObject({ stdout: expect.stringContaining('v.vol003.tar') })
    expect(await run(['delta', 'inspect', 'v.tar', '--verify'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('volumes: 3') })
    await cp(join(folder, 'far'), join(folder, 'far2'), { recursive: true })
    const waiting = await run(['delta', 'apply', 'v.vol002.tar', '--mirror-dir', 'far'])
    expect(waiting).toMatchObject({ exitCode: 6, stdout: expect.stringContaining('missing: volumes 1, 3') })
    expect(resultOf((await run(['delta', 'apply', 'v.vol003.tar', '--mirror-dir', 'far', '--json'])).stdout)).toMatchObject({ exitCode: 6, status: 'waiting', volumes: { of: 3, missing: [1] } })
    expect(await run(['delta', 'apply', 'v.vol001.tar', '--mirror-dir', 'far'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('3 added') })
    expect(await run(['delta', 'apply', 'v.vol003.tar', 'v.vol001.tar', 'v.vol002.tar', '--mirror-dir', 'far2'])).toMatchObject({ exitCode: 0 })
    expect(await publicFiles(join(folder, 'far'))).toEqual(await publicFiles(join(folder, 'far2')))
    expect(await run(['delta', 'create', 'v.tar', '-f', 'near.yaml', '--volume-size', '10K'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('DELTA_VOLUME_TOO_SMALL') })
  })

  test('sign, and trust nothing else where a key is named', async ({ expect, folder, run, world }) => {
    const [ours, other] = [createKeyPair(), createKeyPair()]
    for (const [name, pair] of [['ours', ours], ['other', other]] as const) {
      await writeFile(join(folder, `${name}.key`), pair.secretKey)
      await writeFile(join(folder, `${name}.pub`), pair.publicKey)
    }
    await world.change(CHANGE)
    await world.sync()
    expect(await run(['delta', 'create', 's.tar', '-f', 'near.yaml', '--since', '@1', '--sign', 'ours.key'])).toMatchObject({ exitCode: 0 })
    expect(await run(['delta', 'create', 'plain.tar', '-f', 'near.yaml', '--since', '@1'])).toMatchObject({ exitCode: 0 })
    expect(await run(['delta', 'inspect', 's.tar'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('signature: there is one') })
    const seen = await run(['delta', 'inspect', 's.tar', '--key', 'other.pub', '--key', 'ours.pub', '--json'])
    expect(resultOf(seen.stdout)).toMatchObject({ exitCode: 0, delta: { isSigned: true, signedBy: ours.id } })
    for (const [delta, code] of [['s.tar', 'DELTA_SIGNATURE_WRONG'], ['plain.tar', 'DELTA_UNSIGNED']] as const) {
      for (const action of ['inspect', 'apply']) {
        const refused = await run(['delta', action, delta, '--key', 'other.pub', ...(action === 'apply' ? ['--mirror-dir', 'far'] : [])])
        expect(refused).toMatchObject({ exitCode: 6, stderr: expect.stringContaining(code) })
      }
    }
    expect(await run(['delta', 'apply', 's.tar', '--key', (ours.publicKey.split('\n')[1] ?? ''), '--mirror-dir', 'far'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`signed with the key ${ours.id}`) })
    for (const wrong of [['delta', 'create', 'x.tar', '-f', 'near.yaml', '--sign', 'absent.key'], ['delta', 'create', 'x.tar', '-f', 'near.yaml', '--sign', 'ours.pub'], ['delta', 'inspect', 's.tar', '--key', 'ours.key']]) {
      expect(await run(wrong)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('KEY_INVALID') })
    }
  })

  test('new-key makes a pair that signs and verifies, and replaces none', async ({ expect, folder, run, world }) => {
    await world.sync()
    const made = await run(['delta', 'new-key', 'site', '--json'])
    const { id, publicKey } = resultOf(made.stdout) ?? {}
    expect(made).toMatchObject({ exitCode: 0 })
    expect((await stat(join(folder, 'site.key'))).mode & 0o777).toBe(0o600)
    const before = await readFile(join(folder, 'site.key'))
    for (const [name, exitCode, code] of [['site', 4, 'KEY_EXISTS'], ['absent/site', 1, 'FILE_NOT_WRITTEN']] as const) expect(await run(['delta', 'new-key', name])).toMatchObject({ exitCode, stderr: expect.stringContaining(code) })
    expect((await readFile(join(folder, 'site.key'))).equals(before)).toBe(true)
    await writeFile(join(folder, 'half.pub'), '')
    expect((await run(['delta', 'new-key', 'half'])).exitCode).toBe(4)
    expect((await readdir(folder)).filter((name) => name.startsWith('half'))).toEqual(['half.pub'])
    await run(['delta', 'create', 's.tar', '-f', 'near.yaml', '--sign', 'site.key'])
    expect(await run(['delta', 'inspect', 's.tar', '--key', String(publicKey)])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`by the key ${String(id)}`) })
  })

  test('inspect shows what is carried, and verifies it where that is asked for', async ({ expect, folder, run, world }) => {
    await world.change(CHANGE)
    await world.sync()
    await run(['delta', 'create', 'd', '-f', 'near.yaml', '--since', '@1'])
    const seen = await run(['delta', 'inspect', 'd', '--list'])
    expect(seen).toMatchObject({ exitCode: 0 })
    for (const text of ['Delta 2', 'signature: none', 'checksums: not compared', '+ team/linux-64/fresh-1.0-0.conda (41.0 kB)', '- team/linux-64/big-1.0-0.conda']) expect(seen.stdout).toContain(text)
    expect(await run(['delta', 'inspect', 'd', '--verify'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('all files are right') })
    const machine = resultOf((await run(['delta', 'inspect', 'd', '--verify', '--json', '--list'])).stdout)
    expect(machine).toMatchObject({ status: 'verified', delta: { sequence: 2, guards: 'none', isSigned: false, totals: { remove: 3 } }, channels: [{ folder: 'team', removes: expect.arrayContaining(['linux-64/big-1.0-0.conda']) }] })
    await writeFile(join(folder, 'd/team/linux-64/fresh-1.0-0.conda'), 'damaged')
    expect(await run(['delta', 'inspect', 'd'])).toMatchObject({ exitCode: 0 })
    expect(await run(['delta', 'inspect', 'd', '--verify'])).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('fresh-1.0-0.conda') })
  })

  test('refuse what is no delta, or a hostile one, and change nothing', async ({ expect, folder, run, world }) => {
    await world.change(CHANGE)
    await world.sync()
    await run(['delta', 'create', 'd', '-f', 'near.yaml', '--since', '@1'])
    const before = await publicFiles(join(folder, 'far'))
    const manifest = await readFile(join(folder, 'd/.conda-delta/manifest.json'), 'utf8')
    const forged = [manifest.replaceAll('linux-64/fresh', '../../../fresh'), manifest.replace('"team"', '"../team"'), manifest.slice(0, -20), '{}', '\0'.repeat(100), `${manifest} `]
    for (const text of forged) {
      await writeFile(join(folder, 'd/.conda-delta/manifest.json'), text)
      for (const argv of [['inspect', 'd', '--verify'], ['apply', 'd', '--mirror-dir', 'far']]) expect((await run(['delta', ...argv])).exitCode, `${argv[0] ?? ''}: ${text.slice(0, 60)}`).toBe(6)
      expect((await run(['diff', 'far', 'd'])).exitCode).not.toBe(0)
    }
    await writeFile(join(folder, 'text.tar'), 'x'.repeat(2048))
    await mkdir(join(folder, 'nothing'))
    for (const path of ['text.tar', 'absent.tar', 'nothing', 'absent']) expect((await run(['delta', 'inspect', path])).exitCode, path).toBe(6)
    expect(await publicFiles(join(folder, 'far'))).toEqual(before)
  })

  test('leave a request when a delta does not fit, and the delta from it does', async ({ expect, folder, run, world }) => {
    await world.change(CHANGE)
    await world.sync()
    await world.change({ add: { 'linux-64': [{ name: 'second' }] } })
    await world.sync()
    await run(['delta', 'create', 'd.tar', '-f', 'near.yaml', '--since', '@2'])
    expect(await run(['delta', 'apply', 'd.tar', '--mirror-dir', 'far', '--request', 'ask.jsonl'])).toMatchObject({ exitCode: 6, stderr: expect.stringContaining('DELTA_BASE_MISMATCH') })
    expect(await run(['delta', 'create', 'e.tar', '-f', 'near.yaml', '--since', 'ask.jsonl'])).toMatchObject({ exitCode: 0 })
    expect(await run(['delta', 'apply', 'e.tar', '--mirror-dir', 'far'])).toMatchObject({ exitCode: 0 })
    await run(['delta', 'request', '--mirror-dir', 'far', 'same.jsonl'])
    expect((await readFile(join(folder, 'same.jsonl'))).equals(await readFile(join(folder, 'ask.jsonl')))).toBe(false)
    await rm(join(folder, 'near/team/linux-64/fresh-1.0-0.conda'))
    expect(await run(['delta', 'create', 'x.tar', '-f', 'near.yaml', '--dry-run'])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('TREE_DAMAGED') })
  })

  test('refuse a command line that cannot be meant, and say what to do', async ({ expect, folder, run, world }) => {
    await world.sync()
    await run(['snapshot', 'create', 'q1', '-f', 'near.yaml'])
    await mkdir(join(folder, 'foreign'))
    await writeFile(join(folder, 'foreign/file'), '')
    await writeFile(join(folder, 'broken.json'), '{"kind":')
    const create = ['delta', 'create', 'o.tar', '-f', 'near.yaml'] as const
    for (const [argv, exitCode, text] of [
      [[...create, '--since', 'q1'], 2, 'Did you mean `@q1`?'], [[...create, '--since', 'absent.json'], 2, 'STATE_UNKNOWN'], [[...create, '--since', '@none'], 1, 'There are: @1'],
      [[...create, '--since', '@9'], 4, 'GENERATION_ABSENT'], [[...create, '--since', 'broken.json'], 1, 'REFERENCE_INVALID'], [[...create, '--volume-size', 'huge'], 2, '--volume-size takes'],
      [['delta', 'create', 'o', '-f', 'near.yaml', '--volume-size', '4G'], 2, 'only a tarball'], [['delta', 'create', 'near/delta', '-f', 'near.yaml'], 2, 'lie in one another'], [['delta', 'create', '.', '-f', 'near.yaml'], 2, 'lie in one another'], [['delta', 'create', '-', '-f', 'near.yaml', '--with-tool'], 2, 'a pipe has none'], [['delta', 'create', 'o.tar.zst', '-f', 'near.yaml'], 2, 'compressed'], [['delta', 'create', 'broken.json', '-f', 'near.yaml'], 2, 'is a file'],
      [['delta', 'create', 'foreign', '-f', 'near.yaml'], 4, 'DELTA_TARGET_FOREIGN'], [['delta', 'create', 'o.tar', '--mirror-dir', 'foreign'], 1, 'MIRROR_NOT_FOUND'], [['delta', 'create', 'o.tar', '--mirror-dir', 'absent'], 1, 'TREE_NOT_FOUND'],
      [[...create, '-c', 'https://a.example/other'], 1, 'it has no channel other'], [['delta', 'request', '--mirror-dir', 'absent'], 1, 'TREE_NOT_FOUND'], [['delta', 'request', '--mirror-dir', 'near', '-c', 'https://a.example/other'], 1, 'MIRROR_NOT_FOUND'],
    ] as const) expect(await run([...argv]), argv.join(' ')).toMatchObject({ exitCode, stderr: expect.stringContaining(text) })
    expect((await readdir(folder)).filter((name) => name.startsWith('o'))).toEqual([])
    expect(await run(['delta', 'request', '--mirror-dir', 'foreign'])).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('asks for everything') })
  })
})
