/* oxlint-disable max-params -- a row of a table has its columns */
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'
import { buildChannel, changeChannel } from '@mirror/test-fixtures'
import { createChannel } from '../../bench/create-channel.mjs'

const SUBDIR = 'linux-64'
const indexOf = (scene, subdir = SUBDIR) => join(scene.upstream, subdir, 'repodata.json')

/** Publishes these bytes as the index of a subdir, plain or compressed alone. */
const publish = async (scene, bytes, { subdir = SUBDIR, compressed = false } = {}) => {
  for (const name of await readdir(join(scene.upstream, subdir))) if (name.startsWith('repodata')) await rm(join(scene.upstream, subdir, name))
  await writeFile(compressed ? `${indexOf(scene, subdir)}.zst` : indexOf(scene, subdir), bytes)
}

/** An index of other text. */
const text = (id, name, change, expect, more = {}) => ({
  id, name, expect, ...more,
  arrange: async (scene) => {
    const [before, whole] = [await readFile(indexOf(scene)), { zst: await readFile(`${indexOf(scene)}.zst`) }]
    await publish(scene, typeof change === 'function' ? change(before.toString()) : change)
    return { stop: async () => { await writeFile(indexOf(scene), before); await writeFile(`${indexOf(scene)}.zst`, whole.zst) } }
  },
})

/** An index whose record of the new artifact is changed, or whose document is. */
const edited = (id, name, change, expect, more = {}) => text(id, name, (before) => {
  const document = JSON.parse(before)
  const changed = change(document, document['packages.conda']['zeta-1.0-0.conda'])
  return JSON.stringify(document).replace('"RAW"', () => changed ?? '"RAW"')
}, expect, more)

/** A compressed index of other bytes. */
const compressed = (id, name, change, expect, more = {}) => ({
  id, name, expect, ...more,
  arrange: async (scene) => {
    const before = await readFile(indexOf(scene))
    await publish(scene, change(before), { compressed: true })
    return { stop: () => publish(scene, before) }
  },
})

const digests = [
  edited('U07', 'no sha256', (_, record) => { delete record.sha256 }, 'complete'),
  edited('U07', 'no digest at all', (_, record) => { delete record.sha256; delete record.md5 }, 'partly'),
  edited('U07', 'a sha256 in capitals', (_, record) => { record.sha256 = record.sha256.toUpperCase() }, 'whole'),
  edited('U07', 'a sha256 that is too short', (_, record) => { record.sha256 = record.sha256.slice(1) }, 'partly'),
  edited('U07', 'a sha256 that is no hex', (_, record) => { record.sha256 = 'z'.repeat(64) }, 'partly'),
  edited('U07', 'no size', (_, record) => { delete record.size }, 'partly'),
  ...[['-1', -1], ['a text', '"12"'], ['1e400', '1e400'], ['2^53+1', '9007199254740993'], ['2^63', '9223372036854775808'], ['0', '0'], ['1.5', '1.5']].map(([name, value]) =>
    edited('U08', `a size of ${name}`, (_, record) => { record.size = 'RAW'; return String(value) }, name === '0' ? 'stays' : 'partly')),
]

const keys = [
  ...['__proto__', 'constructor', 'toString', ''].map((key) => text('U09', `a record called ${JSON.stringify(key)}`, (before) => before.replace('"zeta-1.0-0.conda"', JSON.stringify(key)), 'refused', { also: noPrototype })),
  text('U09', 'a record twice', (before) => before.replace(/"zeta-1\.0-0\.conda": ?(\{[^}]*\})/, '"zeta-1.0-0.conda": $1, "zeta-1.0-0.conda": $1'), 'refused'),
]

async function noPrototype() {
  return {}.size === undefined && {}.name === undefined ? [] : ['the prototype of all objects has changed']
}

const malformed = [
  ...Array.from({ length: 10 }, (_, index) => text('U10', `cut after ${index + 1} of 11 parts`, (before) => before.slice(0, Math.floor((before.length * (index + 1)) / 11)), 'stays')),
  text('U10', 'a byte order mark', (before) => `\uFEFF${before}`, 'stays'), text('U10', 'NaN', (before) => before.replace(/"size": ?\d+/, '"size": NaN'), 'stays'),
  text('U10', 'bytes that are no UTF-8', (before) => Buffer.concat([Buffer.from(before.slice(0, -3)), Buffer.from([0xff]), Buffer.from(before.slice(-3))]), 'stays'),
  text('U10', 'half a surrogate pair', (before) => before.replace('"name"', '"\\ud800": 1, "name"'), 'whole'), text('U10', 'bytes behind it', (before) => `${before}x`, 'stays'),
]

const shapes = [
  ...[['no bytes', ''], ['{}', '{}'], ['empty sections', '{"info": {"subdir": "linux-64"}, "packages": {}, "packages.conda": {}}'], ['null', 'null'], ['an array', '[]'], ['a number', '1']].map(([name, bytes]) => text('U01', name, bytes, 'stays')),
  text('U11', 'repodata_version 2', (before) => before.replace(/"repodata_version": ?1/, '"repodata_version": 2'), 'complete'),
  text('U11', 'repodata_version 4', (before) => before.replace(/"repodata_version": ?1/, '"repodata_version": 4'), 'stays'),
  text('U11', 'repodata_version "1"', (before) => before.replace(/"repodata_version": ?1/, '"repodata_version": "1"'), 'whole'),
  edited('U11', 'keys that nobody knows', (document, record) => { document.novelty = { deep: [1, { x: null }] }; record.novelty = 'kept' }, 'complete'),
  edited('U11', 'removed names', (document) => { document.removed = ['old-1.0-0.tar.bz2'] }, 'complete'),
  edited('U12', 'another subdir in info', (document) => { document.info.subdir = 'osx-64' }, 'stays'),
  ...[['to another host', 'http://192.0.2.1/x/'], ['without a scheme', '//192.0.2.1/x/'], ['to a file', 'file:///etc/']].map(([name, base]) =>
    edited('U12', `a base_url ${name}`, (document) => { document.info.base_url = base; document.repodata_version = 2 }, 'whole', { flags: ['--timeout', '1s'] })),
  edited('U12', 'a .conda among packages', (document, record) => { document.packages['zeta-1.0-0.conda'] = record; delete document['packages.conda']['zeta-1.0-0.conda'] }, 'whole'),
  edited('U12', 'a .tar.bz2 among packages.conda', (document) => { document['packages.conda']['delta-1.0-0.tar.bz2'] = document.packages['delta-1.0-0.tar.bz2']; delete document.packages['delta-1.0-0.tar.bz2'] }, 'whole'),
]

const packed = [
  compressed('U13', 'a bomb', () => zstdCompressSync(Buffer.alloc(50_000_000, ' ')), 'stays'),
  compressed('U13', 'two frames of one document', (before) => Buffer.concat([zstdCompressSync(before.subarray(0, 100)), zstdCompressSync(before.subarray(100))]), 'whole', { exits: [0] }),
  compressed('U13', 'bytes behind the frame', (before) => Buffer.concat([zstdCompressSync(before), Buffer.from('x')]), 'stays'),
  compressed('U13', 'a cut frame', (before) => zstdCompressSync(before).subarray(0, -1), 'stays'),
  compressed('U13', 'a window of 2 GiB', () => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00]), 'stays'),
  text('U14', 'five million brackets', (before) => `${before.trimEnd().slice(0, -1)}, "deep": ${'['.repeat(5_000_000)}`, 'stays'),
  edited('U14', 'a text of 1 MiB', (_, record) => { record.license = 'x'.repeat(1_048_576) }, 'complete'),
  edited('U14', '100,000 dependencies', (_, record) => { record.depends = Array.from({ length: 100_000 }, (__, at) => `name-${at}`) }, 'complete'),
]

/** 1,500 records, of which some are gone: what is less than a tenth is accepted. */
const LARGE = 1500
const shrunk = [['1 %', 0.01, 'whole', [0]], ['9.9 %', 0.099, 'whole', [0]], ['10.1 %', 0.101, 'refused', [4]], ['half', 0.5, 'refused', [4]], ['99 %', 0.99, 'refused', [4]]].map(([name, share, expect, exits]) => ({
  id: 'U02', name: `${name} of ${LARGE} records are gone`, expect: 'whole', exits, scene: { fresh: true },
  arrange: async (scene) => {
    await rm(scene.upstream, { recursive: true })
    createChannel(scene.upstream, { count: LARGE, size: 64, subdirs: [SUBDIR] })
    await mkdir(join(scene.upstream, 'noarch'))
    await writeFile(join(scene.upstream, 'noarch/repodata.json'), '{"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": {}}')
    const { exitCode, stdout } = await scene.sync()
    if (exitCode !== 0) throw new Error(stdout.slice(-500))
    const document = JSON.parse(await readFile(indexOf(scene), 'utf8'))
    for (const key of Object.keys(document['packages.conda']).slice(0, Math.floor(LARGE * share))) delete document['packages.conda'][key]
    await publish(scene, JSON.stringify(document))
    scene.kept = await scene.digest()
    return {}
  },
  also: async (scene) => (expect === 'refused' && (await scene.digest()) !== scene.kept ? ['the mirror has changed'] : []),
}))

const DAY = 86_400_000

const times = [
  {
    id: 'U03', name: 'an index that is a week older than the last one', expect: 'stays', exits: [4], codes: ['rollback'],
    arrange: async (scene) => {
      const { exitCode } = await scene.sync()
      if (exitCode !== 0) throw new Error('the first sync fails')
      scene.kept = await scene.digest()
      const [after, stamp] = [await readFile(indexOf(scene)), (await stat(indexOf(scene))).mtime]
      const document = JSON.parse(after.toString())
      delete document['packages.conda']['zeta-1.0-0.conda']
      await publish(scene, JSON.stringify(document))
      const old = new Date(Date.now() - 7 * DAY)
      await utimes(indexOf(scene), old, old)
      return { stop: async () => { await writeFile(indexOf(scene), after); await utimes(indexOf(scene), stamp, stamp) } }
    },
  },
  edited('U03', 'a record of the year 2200', (_, record) => { record.timestamp = 7_258_118_400_000 }, 'complete'),
]

const moving = [
  { id: 'U04', name: 'the index lists what is not there', expect: 'stays', codes: ['ARTIFACT_MISSING'], arrange: async (scene) => {
    const path = join(scene.upstream, SUBDIR, 'zeta-1.0-0.conda')
    const bytes = await readFile(path)
    await rm(path)
    return { stop: () => writeFile(path, bytes) }
  } },
  { id: 'U04', name: 'the same name has other bytes by now', expect: 'stays', codes: ['DIGEST_MISMATCH', 'SIZE_MISMATCH'], arrange: async (scene) => {
    const path = join(scene.upstream, SUBDIR, 'zeta-1.0-0.conda')
    const bytes = await readFile(path)
    await writeFile(path, bytes.map((byte) => byte ^ 1))
    return { stop: () => writeFile(path, bytes) }
  } },
  ...['replace', 'keep', 'drop', 'after-grace'].map((policy) => ({
    id: 'U05', name: `a name with other bytes, ${policy}`, expect: policy === 'replace' ? 'complete' : 'whole', flags: ['--reuse', policy],
    arrange: async (scene) => { await changeChannel(scene.upstream, { add: { [SUBDIR]: [{ name: 'gamma', size: 30_000, salt: 'other' }] } }) },
  })),
  { id: 'U06', name: 'repodata.json.zst is of another day than repodata.json', expect: 'whole', arrange: async (scene) => {
    await writeFile(`${indexOf(scene)}.zst`, zstdCompressSync(await readFile(join(scene.upstream, '../../before', SUBDIR, 'repodata.json')).catch(() => readFile(indexOf(scene, 'noarch')))))
  } },
]

/** An upstream that has nothing but shards in one subdir. */
const buildSharded = async (scene, packages) => {
  await rm(scene.upstream, { recursive: true, force: true })
  await buildChannel({ subdirs: { noarch: [{ name: 'alpha' }], [SUBDIR]: packages }, index: { variants: ['shards'] } }, scene.upstream)
  const plain = await readFile(indexOf(scene))
  await rm(indexOf(scene))
  return plain
}

const shardsOf = async (scene) => {
  const files = await readdir(join(scene.upstream, SUBDIR), { recursive: true })
  return files.filter((file) => /[0-9a-f]{64}\.msgpack\.zst$/.test(file)).map((file) => join(scene.upstream, SUBDIR, file))
}

const sharded = [['is missing', (path) => rm(path)], ['has other bytes', async (path) => writeFile(path, (await readFile(path)).map((byte, at) => (at === 30 ? byte ^ 1 : byte)))], ['is a bomb', (path) => writeFile(path, zstdCompressSync(Buffer.alloc(50_000_000)))]].map(([name, damage]) => ({
  id: 'U15', name: `a shard ${name}`, expect: 'stays', scene: { fresh: true },
  arrange: async (scene) => {
    await buildSharded(scene, [{ name: 'gamma' }])
    const known = await shardsOf(scene)
    const { exitCode, stdout } = await scene.sync()
    if (exitCode !== 0) throw new Error(`the first sync: ${stdout.slice(-500)}`)
    scene.kept = await scene.digest()
    const plain = await buildSharded(scene, [{ name: 'gamma' }, { name: 'zeta' }])
    const [path = ''] = (await shardsOf(scene)).filter((shard) => !known.includes(shard))
    const bytes = await readFile(path)
    await damage(path)
    return { stop: async () => { await writeFile(path, bytes); await writeFile(indexOf(scene), plain) } }
  },
}))

/** Patterns that a backtracking engine never ends with. */
const patterns = ['*a*a*a*a*a*a*a*a*a*b', '^(a+)+$', '^(a|a)*b$'].map((pattern) => ({
  id: 'U16', name: `excluded by ${pattern}`, expect: 'whole',
  arrange: async (scene) => {
    const document = JSON.parse(await readFile(indexOf(scene), 'utf8'))
    const record = document['packages.conda']['zeta-1.0-0.conda']
    document['packages.conda']['zeta-1.0-0.conda'] = { ...record, name: 'a'.repeat(100_000) }
    await publish(scene, JSON.stringify(document))
    await writeFile(join(scene.cwd, 'mirror.yaml'), `mirror_dir: m\nchannels: [${JSON.stringify(scene.server.url)}]\nplatforms: [linux-64]\nfetch_installers: false\nexclude: [${JSON.stringify(pattern)}]\n`)
    scene.started = performance.now()
    return { argv: ['sync', '-f', 'mirror.yaml', '--json'] }
  },
  also: async (scene) => (performance.now() - scene.started > 20_000 ? [`took ${((performance.now() - scene.started) / 1000).toFixed(0)} s`] : []),
}))

export const contentCases = () => [...shapes, ...shrunk, ...times, ...moving, ...digests, ...keys, ...malformed, ...packed, ...sharded, ...patterns]

export const contentSkipped = ['U03 two nodes that alternate and 30 days without a change: tests of packages/delta and packages/sync', 'U14 a million records: the family scale']
