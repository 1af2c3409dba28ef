import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'

import { describe } from 'vitest'

import { decompressBzip2 } from '../src/bzip2.ts'
import {
  advanceSampleChannel,
  buildChannel,
  changeChannel,
  type ChannelDescription,
  checkMirror,
  createSampleChannel,
  fillSubdir,
  formatPythonJson,
  type Json,
  type JsonObject,
  serveChannel,
  writeIndexFiles,
} from '../src/index.ts'
import { parseJson } from '../src/json.ts'
import { decodeMsgpack, encodeMsgpack } from '../src/msgpack.ts'
import { createShards } from '../src/shards.ts'
import { test } from './raw-client.ts'

const ALL = ['zst', 'bz2', 'shards', 'current_repodata', 'run_exports'] as const

const SMALL: ChannelDescription = {
  channeldata: true,
  index: { variants: ALL },
  subdirs: {
    noarch: [{ name: 'tool', depends: ['base >=1'], runExports: { weak: ['base'] } }],
    'linux-64': [
      { name: 'base', version: '1.9', format: 'both', size: 5000, files: { 'bin/base': { content: '#!/bin/sh\n', mode: 0o755 } } },
      { name: 'base', version: '1.10' },
      { name: 'next', section: 'v3' },
    ],
  },
}

/** Every file of a folder with its digest. */
async function digestTree(folder: string): Promise<Record<string, string>> {
  const tree: Record<string, string> = {}
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile()) tree[path.slice(folder.length + 1)] = createHash('sha256').update(await readFile(path)).digest('hex')
  }
  return tree
}

interface Index {
  packages: Record<string, Record<string, unknown>>
  'packages.conda': Record<string, Record<string, unknown>>
  [key: string]: unknown
}

async function readIndex(folder: string, subdir: string): Promise<Index> {
  return JSON.parse(await readFile(join(folder, subdir, 'repodata.json'), 'utf8')) as Index
}

describe('buildChannel()', () => {
  test('writes a channel in which everything fits', async ({ folder, expect }) => {
    const built = await buildChannel(SMALL, folder)
    expect(await checkMirror(folder)).toEqual({ artifacts: 5, problems: [], extra: [] })
    expect(built.artifacts.map(({ subdir, fileName }) => `${subdir}/${fileName}`)).toEqual([
      'noarch/tool-1.0-0.conda',
      'linux-64/base-1.9-0.conda',
      'linux-64/base-1.9-0.tar.bz2',
      'linux-64/base-1.10-0.conda',
      'linux-64/next-1.0-0.conda',
    ])
    const sizes = await Promise.all(built.artifacts.map(async ({ subdir, fileName }) => (await stat(join(folder, subdir, fileName))).size))
    expect(built.bytes).toBe(sizes.reduce((a, b) => a + b))
  })

  test('makes the same bytes each time', async ({ folder, expect }) => {
    await buildChannel(SMALL, join(folder, 'a'))
    await buildChannel(SMALL, join(folder, 'b'))
    const first = await digestTree(join(folder, 'a'))
    expect(Object.keys(first).length).toBeGreaterThan(20)
    expect(await digestTree(join(folder, 'b'))).toEqual(first)
  })

  test('makes the bytes that it made before, in every time zone', async ({ folder, expect }) => {
    const { artifacts } = await buildChannel({ subdirs: { noarch: [{ name: 'fixed', format: 'both', size: 100 }] } }, folder)
    expect(artifacts.map(({ sha256 }) => sha256)).toMatchInlineSnapshot(`
      [
        "868f41588777bc0e2a6134fa8fef0f8be7dfd5e3adf7d251d77c368d76c63e7b",
        "b09899076d570aab5ec8f392175b2717cb4ae075332248db14b95af3f5c67d4f",
      ]
    `)
  })

  test('adds an empty noarch unless told not to', async ({ folder, expect }) => {
    await buildChannel({ subdirs: { 'linux-64': [] } }, join(folder, 'with'))
    await buildChannel({ subdirs: { 'linux-64': [] }, noarch: false }, join(folder, 'without'))
    expect([existsSync(join(folder, 'with/noarch/repodata.json')), existsSync(join(folder, 'without/noarch'))]).toEqual([true, false])
  })

  test('gives other bytes and one name to other salts', async ({ folder, expect }) => {
    const digests = []
    for (const salt of ['a', 'b']) {
      const { artifacts } = await buildChannel({ subdirs: { noarch: [{ name: 'x', salt }] } }, join(folder, salt))
      digests.push(artifacts[0])
    }
    expect(digests[0]?.fileName).toBe(digests[1]?.fileName)
    expect(digests[0]?.sha256).not.toBe(digests[1]?.sha256)
  })

  test('leaves out digests, sets and drops record fields, and keeps unknown ones', async ({ folder, expect }) => {
    for (const digests of ['md5', 'sha256', 'none'] as const) {
      await buildChannel({ index: { digests }, subdirs: { noarch: [{ name: 'x', record: { size: undefined, future: [1], license: null } }] } }, folder)
      const record = (await readIndex(folder, 'noarch'))['packages.conda']['x-1.0-0.conda'] ?? {}
      expect(Object.keys(record).filter((key) => ['md5', 'sha256'].includes(key))).toEqual(digests === 'none' ? [] : [digests])
      expect(record).toMatchObject({ future: [1], license: null })
      expect(record).not.toHaveProperty('size')
    }
  })

  test('writes base_url, removed, versions and unknown keys, for all subdirs or one', async ({ folder, expect }) => {
    await buildChannel(
      {
        index: { baseUrl: '../pool/', removed: ['old-1-0.conda'], topLevel: { future: 1 }, info: { arch: 'x' } },
        subdirIndexes: { 'linux-64': { repodataVersion: 3 } },
        subdirs: { noarch: [], 'linux-64': [] },
      },
      folder,
    )
    expect(await readIndex(folder, 'noarch')).toEqual({
      info: { subdir: 'noarch', base_url: '../pool/', arch: 'x' }, packages: {}, 'packages.conda': {}, removed: ['old-1-0.conda'], repodata_version: 2, future: 1,
    })
    expect((await readIndex(folder, 'linux-64'))['repodata_version']).toBe(3)
  })

  test('writes three styles of one document', async ({ folder, expect }) => {
    const texts: string[] = []
    for (const style of ['compact', 'pretty', 'unsorted'] as const) {
      await buildChannel({ index: { style }, subdirs: { noarch: [{ name: 'z' }, { name: 'a', license: 'ü' }] } }, folder)
      texts.push(await readFile(join(folder, 'noarch/repodata.json'), 'utf8'))
    }
    const [compact = '', pretty = '', unsorted = ''] = texts
    expect(compact).toMatch(/^\{"info":\{"subdir":"noarch"\},"packages":\{\},"packages\.conda":\{"a-1\.0-0\.conda":.*"\\u00fc".*"repodata_version":1\}$/)
    expect(pretty).toMatch(/^\{\n {2}"info": \{\n {4}"subdir"[^]*\n\}\n$/)
    expect(unsorted.indexOf('z-1.0-0')).toBeLessThan(unsorted.indexOf('a-1.0-0'))
    expect([JSON.parse(pretty), JSON.parse(unsorted)]).toEqual([JSON.parse(compact), JSON.parse(compact)])
  })

  test('makes current_repodata of the newest versions only', async ({ folder, expect }) => {
    await buildChannel(SMALL, folder)
    const current = JSON.parse(await readFile(join(folder, 'linux-64/current_repodata.json'), 'utf8')) as Index
    expect([Object.keys(current['packages.conda']), Object.keys(current.packages)]).toEqual([['base-1.10-0.conda'], []])
  })

  test('fills a subdir with thousands of artifacts', async ({ folder, expect }) => {
    const { artifacts, bytes } = await buildChannel({ subdirs: { 'linux-64': fillSubdir('linux-64', 2000, 300) } }, folder)
    expect([artifacts.length, bytes, new Set(artifacts.map(({ sha256 }) => sha256)).size]).toEqual([2000, 600_000, 2000])
    expect(await checkMirror(folder)).toEqual({ artifacts: 2000, problems: [], extra: [] })
  })
})

describe('writeIndexFiles()', () => {
  test('writes any bytes as they are, and the compressed forms of them', async ({ folder, expect }) => {
    await writeIndexFiles(folder, '{"packages": nonsense', { variants: ['zst', 'bz2'] })
    expect(await readFile(join(folder, 'repodata.json'), 'utf8')).toBe('{"packages": nonsense')
    expect(zstdDecompressSync(await readFile(join(folder, 'repodata.json.zst'))).toString()).toBe('{"packages": nonsense')
    expect((await decompressBzip2(await readFile(join(folder, 'repodata.json.bz2')))).toString()).toBe('{"packages": nonsense')
  })

  test('removes the variants that are not asked for any more', async ({ folder, expect }) => {
    await writeIndexFiles(folder, { packages: {}, 'packages.conda': { 'a-1-0.conda': { name: 'a' } } }, { variants: ALL, shardsFolder: './shards/' })
    expect((await readdir(join(folder, 'shards'))).length).toBe(1)
    await writeIndexFiles(folder, {}, {})
    expect(await readdir(folder, { recursive: true })).toEqual(['repodata.json', 'shards'])
  })
})

describe('changeChannel()', () => {
  test('adds, removes, unlists and corrects, keeping style and variants', async ({ folder, expect }) => {
    await buildChannel({ ...SMALL, index: { variants: ALL, style: 'pretty', shardsFolder: './shards/' } }, folder)
    const before = await digestTree(folder)
    await changeChannel(folder, {
      add: { 'linux-64': [{ name: 'new', runExports: { weak: ['new'] } }] },
      remove: { 'linux-64': ['base-1.9-0.tar.bz2', 'next-1.0-0.conda'] },
      unlist: { 'linux-64': ['base-1.9-0.conda'] },
      relist: { 'linux-64': { 'base-1.10-0.conda': { depends: ['new'], license: undefined } } },
    })
    const after = await digestTree(folder)
    const index = await readIndex(folder, 'linux-64')
    expect(Object.keys(index['packages.conda'])).toEqual(['base-1.10-0.conda', 'new-1.0-0.conda'])
    expect([index['packages'], index['v3'], index['removed']]).toEqual([{}, { conda: {} }, ['base-1.9-0.conda']])
    expect(index['packages.conda']['base-1.10-0.conda']).toMatchObject({ depends: ['new'] })
    expect(index['packages.conda']['base-1.10-0.conda']).not.toHaveProperty('license')
    expect(await readFile(join(folder, 'linux-64/repodata.json'), 'utf8')).toMatch(/\n\}\n$/)
    expect(await checkMirror(folder)).toEqual({ artifacts: 3, problems: [], extra: ['linux-64/base-1.9-0.conda'] })
    const untouched = (tree: Record<string, string>) => Object.entries(tree).filter(([path]) => path.startsWith('noarch/'))
    expect(untouched(after)).toEqual(untouched(before))
    const runExports = JSON.parse(await readFile(join(folder, 'linux-64/run_exports.json'), 'utf8')) as Index
    expect(runExports['packages.conda']['new-1.0-0.conda']).toEqual({ run_exports: { weak: ['new'] } })
  })

  test('re-uses a name with new bytes', async ({ folder, expect }) => {
    await buildChannel(SMALL, folder)
    const before = await digestTree(folder)
    await changeChannel(folder, { add: { noarch: [{ name: 'tool', salt: 'again' }] } })
    const after = await digestTree(folder)
    expect(after['noarch/tool-1.0-0.conda']).not.toBe(before['noarch/tool-1.0-0.conda'])
    expect(await checkMirror(folder)).toMatchObject({ artifacts: 5, problems: [], extra: [] })
  })

  test('makes a subdir that was not there', async ({ folder, expect }) => {
    await buildChannel(SMALL, folder)
    await changeChannel(folder, { add: { 'win-64': [{ name: 'base' }] } })
    expect(await checkMirror(folder, { subdirs: ['noarch', 'linux-64', 'win-64'] })).toMatchObject({ artifacts: 6, problems: [] })
  })
})

describe('createSampleChannel()', () => {
  test('is of the promised size, whole, and moves on', async ({ folder, expect }) => {
    const built = await createSampleChannel(folder)
    expect(built.artifacts.length).toBe(56)
    expect(built.bytes).toBeGreaterThan(30e6)
    expect(built.bytes).toBeLessThan(50e6)
    expect(await checkMirror(folder, { subdirs: ['noarch', 'linux-64', 'osx-arm64'] })).toEqual({ artifacts: 56, problems: [], extra: [] })
    const before = await digestTree(folder)
    await advanceSampleChannel(folder, { reuseName: true })
    const after = await digestTree(folder)
    expect(await checkMirror(folder)).toEqual({ artifacts: 57, problems: [], extra: [] })
    const isArtifact = (path: string) => /\.(?:conda|tar\.bz2)$/.test(path)
    expect(Object.keys(after).filter((path) => isArtifact(path) && before[path] === undefined).length).toBe(3)
    expect(Object.keys(before).filter((path) => isArtifact(path) && after[path] === undefined).length).toBe(2)
    expect(Object.keys(after).filter((path) => isArtifact(path) && before[path] !== undefined && before[path] !== after[path])).toEqual(['noarch/tz-tables-2024.2-0.conda'])
  })
})

interface Rattler {
  simpleSolve: (...lists: [specs: string[], channels: string[], platforms: string[], virtual: string[]]) => Promise<{ packageName: string; url: string }[]>
}

describe('the rattler solver', () => {
  const rattler = createRequire(import.meta.url)('@conda-org/rattler') as Rattler
  const cases = [
    { variants: ['shards', 'zst', 'bz2'], file: 'repodata_shards.msgpack.zst' },
    { variants: ['zst', 'bz2'], file: 'repodata.json.zst' },
    { variants: ['bz2'], file: 'repodata.json.bz2' },
    { variants: [], file: 'repodata.json' },
  ] as const

  for (const { variants, file } of cases) {
    test(`solves through ${file}`, async ({ folder, expect }) => {
      await buildChannel({ ...SMALL, index: { variants: [...variants] } }, folder)
      await using server = await serveChannel(folder)
      const solved = await rattler.simpleSolve(['tool'], [server.url], ['linux-64', 'noarch'], [])
      expect(solved.map(({ url }) => url.slice(server.url.length)).toSorted()).toEqual(['linux-64/base-1.10-0.conda', 'noarch/tool-1.0-0.conda'])
      const read = server.requests.filter(({ method, path, status }) => method === 'GET' && status === 200 && path.includes('repodata'))
      expect(read.map(({ path }) => path).toSorted()).toEqual([`/linux-64/${file}`, `/noarch/${file}`])
    })
  }

  test('finds no solution when the record says so', async ({ folder, expect }) => {
    await buildChannel({ subdirs: { noarch: [{ name: 'tool', depends: ['nowhere'] }] } }, folder)
    await using server = await serveChannel(folder)
    await expect(rattler.simpleSolve(['tool'], [server.url], ['linux-64', 'noarch'], [])).rejects.toThrow()
  })
})

describe('formatPythonJson()', () => {
  // Each text is what CPython prints for the value.
  const cases: readonly (readonly [Json, string])[] = [
    [{ b: 1, a: [true, false, null], '10': {}, '9': [] }, '{"10":{},"9":[],"a":[true,false,null],"b":1}'],
    ['\u007f\u2028é\u{1f600}"\\\b\f\n\r\t\u0001', '"\\u007f\\u2028\\u00e9\\ud83d\\ude00\\"\\\\\\b\\f\\n\\r\\t\\u0001"'],
    [{ '\u{1f600}': 1, '\uffee': 2 }, '{"\\uffee":2,"\\ud83d\\ude00":1}'],
  ]
  for (const [value, expected] of cases) {
    test(`writes ${expected} as Python does`, ({ expect }) => {
      expect(formatPythonJson(value)).toBe(expected)
    })
  }

  test('indents as Python does', ({ expect }) => {
    expect(formatPythonJson({ a: [1, {}], b: [] }, { indent: 2 })).toBe('{\n  "a": [\n    1,\n    {}\n  ],\n  "b": []\n}')
  })
})

describe('encodeMsgpack()', () => {
  const cases = [
    [1_542_814_864_621, 'cf0000016736ee94ed'], [0, '00'], [127, '7f'], [128, 'cc80'], [65_535, 'cdffff'], [65_536, 'ce00010000'],
    [-1, 'ff'], [-33, 'd0df'], [-129, 'd1ff7f'], [-40_000, 'd2ffff63c0'], [-3_000_000_000, 'd3ffffffff4d2fa200'], [1.5, 'cb3ff8000000000000'],
    [null, 'c0'], [true, 'c3'], ['a', 'a161'], ['x'.repeat(32), `d920${'78'.repeat(32)}`], [Buffer.from([1, 2]), 'c4020102'],
    [{ a: [] }, '81a16190'], [Array.from({ length: 16 }, () => 0), `dc0010${'00'.repeat(16)}`],
  ] as const
  for (const [value, expected] of cases) {
    test(`writes ${expected.slice(0, 24)} and reads it back`, ({ expect }) => {
      expect(encodeMsgpack(value).toString('hex')).toBe(expected)
      expect(decodeMsgpack(Buffer.from(expected, 'hex'))).toEqual(value)
    })
  }

  test('refuses values that are cut off or followed by more', ({ expect }) => {
    expect(() => decodeMsgpack(Buffer.from('c40201', 'hex'))).toThrow(RangeError)
    expect(() => decodeMsgpack(Buffer.from('0000', 'hex'))).toThrow(RangeError)
  })
})

const data = process.env['MIRROR_TEST_DATA'] ?? join(import.meta.dirname, '../../../shared/data')

// Real channels are not in the repository (MIRROR_TEST_DATA): skipped where their folder is absent.
describe.skipIf(!existsSync(join(data, 'channels/ref-conda-index')))('against what conda-index made of real packages', () => {
  const channel = join(data, 'channels/ref-conda-index')

  for (const subdir of ['noarch', 'linux-64', 'osx-64', 'win-64']) {
    test(`writes the same repodata.json of ${subdir}, byte for byte, and shards too`, async ({ expect }) => {
      const text = await readFile(join(channel, subdir, 'repodata.json'), 'utf8')
      const document = parseJson(text) as JsonObject
      expect(formatPythonJson(document)).toBe(text)
      const { shards } = createShards(document, { shardsBaseUrl: '', hashes: 'bytes', runExports: undefined })
      const theirs = new Set<string>()
      for (const name of await readdir(join(channel, subdir))) {
        if (!/^[0-9a-f]{64}\.msgpack\.zst$/.test(name)) continue
        const bytes = await readFile(join(channel, subdir, name))
        const shard = decodeMsgpack(zstdDecompressSync(bytes))
        expect(zstdCompressSync(encodeMsgpack(shard)).equals(bytes)).toBe(true)
        theirs.add(name)
      }
      expect(shards.length).toBe(theirs.size)
      const names = shards.map((shard) => `${createHash('sha256').update(shard).digest('hex')}.msgpack.zst`)
      expect(names.toSorted()).toEqual([...theirs].toSorted())
    })
  }

  test('checkMirror() finds nothing wrong with it', async ({ expect }) => {
    expect(await checkMirror(channel)).toEqual({ artifacts: 141, problems: [], extra: [] })
  })
})
