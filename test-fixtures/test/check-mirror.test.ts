import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFile, copyFile, cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'

import { describe } from 'vitest'

import { buildChannel, checkMirror } from '../src/index.ts'
import { decodeMsgpack, encodeMsgpack, type PackableMap } from '../src/msgpack.ts'
import { test as base } from './raw-client.ts'

const test = base.extend<{ channel: string }>({
  channel: async ({ folder }, use) => {
    const channel = join(folder, 'channel')
    await buildChannel(
      {
        channeldata: true,
        index: { variants: ['zst', 'bz2', 'shards', 'current_repodata', 'run_exports'] },
        subdirs: {
          noarch: [{ name: 'tool', depends: ['base'], runExports: { weak: ['base'] } }],
          'linux-64': [{ name: 'base', format: 'both' }, { name: 'next', section: 'v3' }],
        },
      },
      channel,
    )
    await use(channel)
  },
})

async function editText(path: string, edit: (text: string) => string): Promise<void> {
  const text = await readFile(path, 'utf8')
  const edited = edit(text)
  if (edited === text) throw new Error('the edit changed nothing')
  await writeFile(path, edited)
}

interface Index {
  info: { subdir?: string; base_url?: string; repodata_revisions: { v3: { n_packages: number } } }
  packages: Record<string, Record<string, unknown>>
  'packages.conda': Record<string, Record<string, unknown>>
  removed: string[]
}

/** Edits repodata.json and drops the variants, so that only the planted fault is there. */
async function editIndex(channel: string, edit: (document: Index) => void): Promise<void> {
  const folder = join(channel, 'linux-64')
  for (const name of await readdir(folder)) {
    if (name !== 'repodata.json' && !/\.(?:conda|tar\.bz2)$/.test(name)) await rm(join(folder, name))
  }
  await editText(join(folder, 'repodata.json'), (text) => {
    const document = JSON.parse(text) as Index
    edit(document)
    return JSON.stringify(document)
  })
}

interface Violation {
  readonly name: string
  readonly plant: (channel: string) => Promise<void>
  readonly problem: RegExp
}

const violations: readonly Violation[] = [
  { name: 'a missing artifact', plant: (c) => rm(join(c, 'noarch/tool-1.0-0.conda')), problem: /^noarch: tool-1\.0-0\.conda: listed but missing$/ },
  { name: 'an artifact with a byte more', plant: (c) => appendFile(join(c, 'noarch/tool-1.0-0.conda'), 'x'), problem: /bytes, listed as \d+$/ },
  {
    name: 'an artifact with one flipped bit',
    plant: async (c) => {
      const path = join(c, 'linux-64/base-1.0-0.tar.bz2')
      const bytes = await readFile(path)
      bytes.writeUInt8(bytes.readUInt8(50) ^ 1, 50)
      await writeFile(path, bytes)
    },
    problem: /base-1\.0-0\.tar\.bz2: wrong sha256$/,
  },
  { name: 'a wrong md5 alone', plant: (c) => editIndex(c, (d) => { Object.assign(d.packages['base-1.0-0.tar.bz2'] ?? {}, { md5: '0'.repeat(32) }) }), problem: /: wrong md5$/ },
  {
    name: 'a missing artifact that only v3 lists',
    plant: (c) => rm(join(c, 'linux-64/next-1.0-0.conda')),
    problem: /next-1\.0-0\.conda: listed but missing$/,
  },
  {
    name: 'a link in place of an artifact',
    plant: async (c) => {
      await rename(join(c, 'noarch/tool-1.0-0.conda'), join(c, '..', 'elsewhere'))
      await symlink(join(c, '..', 'elsewhere'), join(c, 'noarch/tool-1.0-0.conda'))
    },
    problem: /tool-1\.0-0\.conda: not a plain file$/,
  },
  { name: 'a name that leaves the folder', plant: (c) => editIndex(c, (d) => { d.packages['../x-1-0.tar.bz2'] = { name: 'x' } }), problem: /unsafe name "\.\.\/x/ },
  { name: 'no noarch', plant: (c) => rm(join(c, 'noarch'), { recursive: true }), problem: /^noarch\/repodata\.json is missing$/ },
  { name: 'an index that is not JSON', plant: (c) => writeFile(join(c, 'noarch/repodata.json'), '{"packages":'), problem: /^noarch: repodata\.json: / },
  { name: 'an index that is not UTF-8', plant: (c) => writeFile(join(c, 'noarch/repodata.json'), Buffer.from('{"a":"\xff"}', 'latin1')), problem: /^noarch: repodata\.json: / },
  { name: 'an index of another subdir', plant: (c) => editIndex(c, (d) => { d.info.subdir = 'osx-64' }), problem: /linux-64: info\.subdir is "osx-64"/ },
  { name: 'a base_url', plant: (c) => editIndex(c, (d) => { d.info.base_url = 'https://upstream.invalid/' }), problem: /info\.base_url is/ },
  { name: 'a wrong count of v3 records', plant: (c) => editIndex(c, (d) => { d.info.repodata_revisions.v3.n_packages = 7 }), problem: /says 7 packages, v3 has 1/ },
  { name: 'a listed name in removed', plant: (c) => editIndex(c, (d) => { d.removed.push('base-1.0-0.conda') }), problem: /base-1\.0-0\.conda: listed and in removed/ },
  { name: 'a name in two sections', plant: (c) => editIndex(c, (d) => { d.packages['base-1.0-0.conda'] = d['packages.conda']['base-1.0-0.conda'] ?? {} }), problem: /listed twice/ },
  { name: 'a stale zst', plant: (c) => writeFile(join(c, 'noarch/repodata.json.zst'), zstdCompressSync('{}')), problem: /repodata\.json\.zst: not the content of repodata\.json/ },
  { name: 'bytes after a zst', plant: (c) => appendFile(join(c, 'noarch/repodata.json.zst'), 'tail'), problem: /repodata\.json\.zst: RangeError: 4 bytes after/ },
  {
    name: 'a second zst frame',
    plant: (c) => appendFile(join(c, 'noarch/repodata.json.zst'), zstdCompressSync('')),
    problem: /repodata\.json\.zst: RangeError: \d+ bytes after/,
  },
  {
    name: 'a cut zst',
    plant: async (c) => {
      const path = join(c, 'noarch/repodata.json.zst')
      await writeFile(path, (await readFile(path)).subarray(0, -1))
    },
    problem: /repodata\.json\.zst: RangeError/,
  },
  { name: 'a stale bz2', plant: (c) => copyFile(join(c, 'linux-64/repodata.json.bz2'), join(c, 'noarch/repodata.json.bz2')), problem: /repodata\.json\.bz2: not the content/ },
  { name: 'a broken bz2', plant: (c) => writeFile(join(c, 'noarch/repodata.json.bz2'), 'BZh9 no'), problem: /repodata\.json\.bz2: Error: bzip2/ },
  { name: 'a stale current_repodata', plant: (c) => copyFile(join(c, 'linux-64/current_repodata.json'), join(c, 'noarch/current_repodata.json')), problem: /current_repodata\.json: .*is not in repodata\.json/ },
  {
    name: 'another record in current_repodata',
    plant: (c) => editText(join(c, 'noarch/current_repodata.json'), (text) => text.replace('"depends":["base"]', '"depends":[]')),
    problem: /current_repodata\.json: .*differs from repodata\.json/,
  },
  { name: 'a variant of current_repodata that is left alone', plant: (c) => rm(join(c, 'noarch/current_repodata.json')), problem: /current_repodata\.json\.zst: there is no current_repodata\.json/ },
  { name: 'stale run_exports', plant: (c) => editText(join(c, 'noarch/run_exports.json'), (text) => text.replace('tool-1.0-0', 'gone-1.0-0')), problem: /run_exports\.json: .*gone-1\.0-0\.conda is not in/ },
  { name: 'a name in channeldata only', plant: (c) => editText(join(c, 'channeldata.json'), (text) => text.replace('"tool"', '"gone"')), problem: /channeldata\.json: gone is not in any index/ },
  { name: 'a shard index that is not one', plant: (c) => writeFile(join(c, 'noarch/repodata_shards.msgpack.zst'), 'x'), problem: /repodata_shards\.msgpack\.zst: RangeError/ },
  { name: 'a missing shard', plant: async (c) => rm(join(c, 'noarch', await findShard(c))), problem: /shard of "tool": [0-9a-f]{64} is missing/ },
  { name: 'a shard with other bytes', plant: async (c) => appendFile(join(c, 'noarch', await findShard(c)), 'x'), problem: /shard of "tool": [0-9a-f]{64} has other bytes/ },
  { name: 'shards that point elsewhere', plant: (c) => editShardIndex(c, (index) => ({ ...index, info: { subdir: 'noarch', shards_base_url: 'https://upstream.invalid/' } })), problem: /shards_base_url is "https:/ },
  { name: 'artifacts that shards place elsewhere', plant: (c) => editShardIndex(c, (index) => ({ ...index, info: { subdir: 'noarch', base_url: 'https://upstream.invalid/' } })), problem: /info\.base_url is "https:/ },
  { name: 'a shard index of another subdir', plant: (c) => editShardIndex(c, (index) => ({ ...index, info: { subdir: 'osx-64' } })), problem: /info\.subdir is "osx-64"/ },
  { name: 'a name that shards lack', plant: (c) => editShardIndex(c, (index) => ({ ...index, shards: {} })), problem: /tool-1\.0-0\.conda: listed in repodata\.json, not in shards/ },
  {
    name: 'a record that only shards have',
    plant: (c) => editShard(c, (shard) => ({ ...shard, 'packages.conda': { ...child(shard, 'packages.conda'), 'tool-2.0-0.conda': { name: 'tool' } } })),
    problem: /tool-2\.0-0\.conda: listed in shards, not in repodata\.json/,
  },
  {
    name: 'another record in a shard',
    plant: (c) => editShard(c, (shard) => {
      const record = child(child(shard, 'packages.conda'), 'tool-1.0-0.conda')
      return { ...shard, 'packages.conda': { 'tool-1.0-0.conda': { ...record, depends: [] } } }
    }),
    problem: /tool-1\.0-0\.conda: shards and repodata\.json differ/,
  },
  {
    name: 'the shard of another package',
    plant: (c) => editShardIndex(c, (index) => ({ ...index, shards: { other: child(index, 'shards')['tool'] ?? null } })),
    problem: /a record of "tool" in the shard of "other"/,
  },
]

function child(parent: PackableMap, key: string): PackableMap {
  return parent[key] as PackableMap
}

async function findShard(channel: string): Promise<string> {
  const names = await readdir(join(channel, 'noarch'))
  const found = names.find((name) => /^[0-9a-f]{64}\.msgpack\.zst$/.test(name))
  if (found === undefined) throw new Error('there is no shard')
  return found
}

async function editShardIndex(channel: string, edit: (index: PackableMap) => PackableMap): Promise<void> {
  const path = join(channel, 'noarch/repodata_shards.msgpack.zst')
  const index = decodeMsgpack(zstdDecompressSync(await readFile(path))) as PackableMap
  await writeFile(path, zstdCompressSync(encodeMsgpack(edit(index))))
}

async function editShard(channel: string, edit: (shard: PackableMap) => PackableMap): Promise<void> {
  const path = join(channel, 'noarch', await findShard(channel))
  const shard = decodeMsgpack(zstdDecompressSync(await readFile(path))) as PackableMap
  const bytes = zstdCompressSync(encodeMsgpack(edit(shard)))
  const digest = createHash('sha256').update(bytes).digest()
  await rm(path)
  await writeFile(join(channel, 'noarch', `${digest.toString('hex')}.msgpack.zst`), bytes)
  await editShardIndex(channel, (index) => ({ ...index, shards: { tool: digest } }))
}

describe('checkMirror()', () => {
  test('finds nothing wrong with a channel that was just built', async ({ channel, expect }) => {
    expect(await checkMirror(channel, { subdirs: ['linux-64', 'noarch'] })).toEqual({ artifacts: 4, problems: [], extra: [] })
  })

  for (const { name, plant, problem } of violations) {
    test(`finds ${name}`, async ({ channel, expect }) => {
      await plant(channel)
      const { problems } = await checkMirror(channel)
      expect(problems).toEqual(expect.arrayContaining([expect.stringMatching(problem)]))
    })
  }

  test('finds a subdir that was asked for and is not there, and one that was not asked for', async ({ channel, expect }) => {
    const { problems } = await checkMirror(channel, { subdirs: ['noarch', 'win-64'] })
    expect(problems).toEqual(['win-64/repodata.json is missing', 'linux-64: not asked for'])
  })

  test('names files that nothing accounts for, and leaves dot-folders alone', async ({ channel, expect }) => {
    await writeFile(join(channel, 'noarch/old-1.0-0.conda'), 'x')
    await writeFile(join(channel, 'noarch/.part'), 'x')
    await writeFile(join(channel, 'notes.txt'), 'x')
    await mkdir(join(channel, '.state/deep'), { recursive: true })
    await cp(join(channel, 'noarch', await findShard(channel)), join(channel, 'noarch', `${'0'.repeat(64)}.msgpack.zst`))
    const { problems, extra } = await checkMirror(channel)
    expect(problems).toEqual([])
    expect(extra.toSorted()).toEqual([`noarch/${'0'.repeat(64)}.msgpack.zst`, 'noarch/.part', 'noarch/old-1.0-0.conda', 'notes.txt'].toSorted())
  })

  test('tells by exit code and output when it is run as a command', async ({ channel, expect }) => {
    const script = join(import.meta.dirname, '../src/check-mirror.ts')
    const good = await promisify(execFile)(process.execPath, [script, channel])
    expect(good.stdout).toBe(`${channel}: artifacts=4 problems=0 extra=0\n`)
    await rm(join(channel, 'noarch/tool-1.0-0.conda'))
    await expect(promisify(execFile)(process.execPath, [script, channel])).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('problems=1') })
  })
})
