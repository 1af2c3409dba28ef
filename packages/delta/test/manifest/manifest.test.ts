import { createHash } from 'node:crypto'
import { isSha256, parseSubdirName, type Sha256 } from '@mirror/core'
import { describe, test } from 'vitest'
import {
  type ChannelState, type DeltaEntry, type DeltaManifest, deltaTotals, EMPTY_STATE, formatManifest, type KnownState, manifestSeal, parseManifest, type PublishedFile, sortEntries, stateId,
} from '../../src/index.ts'

const sha = (text: string): Sha256 => {
  const hex = createHash('sha256').update(text).digest('hex')
  if (isSha256(hex)) return hex
  throw new Error(hex)
}
const file = (path: string, text: string): PublishedFile => ({ path, sha256: sha(text), size: text.length })
const known = (state: ChannelState): KnownState => ({ id: stateId(state), state })

const base = known({ subdirs: [{ subdir: parseSubdirName('noarch'), document: file('noarch/repodata.json', 'old'), variants: [], artifacts: { count: 1, bytes: 3 } }], files: [] })
const state: ChannelState = {
  subdirs: [
    { subdir: parseSubdirName('linux-64'), document: file('linux-64/repodata.json', 'linux'), variants: [file('linux-64/repodata.json.zst', 'zst')], artifacts: { count: 1, bytes: 5 } },
    { subdir: parseSubdirName('noarch'), document: file('noarch/repodata.json', 'new'), variants: [], artifacts: { count: 2, bytes: 9 } },
  ],
  files: [file('channeldata.json', '{}')],
}
const entries: readonly DeltaEntry[] = sortEntries([
  { ...file('noarch/repodata.json', 'new'), kind: 'index' },
  { ...file('linux-64/repodata.json', 'linux'), kind: 'index' },
  { ...file('linux-64/repodata.json.zst', 'zst'), kind: 'index' },
  { ...file('channeldata.json', '{}'), kind: 'file' },
  { ...file(`linux-64/shards/${sha('shard')}.msgpack.zst`, 'shard'), kind: 'shard' },
  { ...file('noarch/b-1-0.conda', 'bbb'), kind: 'artifact' },
  { ...file('linux-64/a-1-0.tar.bz2', 'aaaaa'), kind: 'artifact' },
], state)
const manifest: DeltaManifest = {
  reader: 1, sequence: 42, created: '2026-01-02T03:04:05.678Z', guards: 'satisfied', volumes: [],
  channels: [{ folder: 'team/label/dev', bases: [base], target: known(state), entries, remove: ['noarch/gone-1-0.conda', `noarch/shards/${sha('gone')}.msgpack.zst`] }],
}
const text = formatManifest(manifest)

/** Changes the manifest and seals it again, as somebody would who knows the format. */
function reseal(edit: (unsealed: string) => string): Uint8Array {
  const unsealed = edit(text.slice(0, text.lastIndexOf(',"seal":"')))
  return Buffer.from(`${unsealed},"seal":"${createHash('sha256').update(unsealed).digest('hex')}"}\n`)
}

function change(edit: (channel: DeltaManifest['channels'][number]) => DeltaManifest['channels'][number]): Uint8Array {
  return Buffer.from(formatManifest({ ...manifest, channels: manifest.channels.map((channel) => edit(channel)) }))
}

describe('parseManifest()', () => {
  test('reads what formatManifest() wrote', ({ expect }) => {
    expect(parseManifest(Buffer.from(text))).toEqual(manifest)
    expect(deltaTotals(manifest)).toEqual({ entries: 7, bytes: 26, remove: 2 })
    expect(text.endsWith(`,"seal":"${manifestSeal(text)}"}\n`)).toBe(true)
  })

  test('reads a delta from nothing, one of an unknown base, one without channels and one of volumes', ({ expect }) => {
    for (const other of [
      { ...manifest, channels: manifest.channels.map((channel) => ({ ...channel, folder: '', bases: [known(EMPTY_STATE)], remove: [] })) },
      { ...manifest, channels: manifest.channels.map((channel) => ({ ...channel, bases: [] })) },
      { ...manifest, channels: [], created: undefined },
      { ...manifest, volumes: [3, 4] },
    ]) expect(parseManifest(Buffer.from(formatManifest(other)))).toEqual(other)
  })

  test('puts artifacts first, then shards, files and indexes, noarch before the others and documents last', ({ expect }) => {
    expect(entries.map(({ path }) => path)).toEqual([
      'linux-64/a-1-0.tar.bz2', 'noarch/b-1-0.conda', `linux-64/shards/${sha('shard')}.msgpack.zst`, 'channeldata.json', 'noarch/repodata.json', 'linux-64/repodata.json.zst', 'linux-64/repodata.json',
    ])
  })

  test('refuses a damaged one, at every byte', ({ expect }) => {
    for (let at = 0; at < text.length; at += 1) {
      const bytes = Buffer.from(text)
      bytes[at] = (bytes[at] ?? 0) ^ 1
      expect(() => parseManifest(bytes), `byte ${at}`).toThrow('Cannot read the delta')
    }
    for (const length of [0, 1, 75, text.length - 1]) expect(() => parseManifest(Buffer.from(text.slice(0, length)))).toThrow('Cannot read the delta')
  })

  test('refuses one that needs a later reader before anything else of it is looked at', ({ expect }) => {
    expect(() => parseManifest(reseal((unsealed) => unsealed.replace('"reader":1', '"reader":2').replace('"folder"', '"elsewhere"')))).toThrow(expect.objectContaining({ code: 'DELTA_TOO_NEW' }))
  })

  test.for<[string, (unsealed: string) => string]>([
    ['a member that is not known', (unsealed) => unsealed.replace('"guards"', '"more":1,"guards"')],
    ['a member twice', (unsealed) => unsealed.replace('"guards"', '"sequence":42,"guards"')],
    ['blanks', (unsealed) => unsealed.replace('"sequence":42', '"sequence": 42')],
    ['a number that is written otherwise', (unsealed) => unsealed.replace('"sequence":42', '"sequence":4.2e1')],
    ['sums that are wrong', (unsealed) => unsealed.replace('"bytes":26', '"bytes":27')],
    ['an identity that is wrong', (unsealed) => unsealed.replace(known(state).id, known(EMPTY_STATE).id)],
    ['no word about guards', (unsealed) => unsealed.replace('"satisfied"', '"perhaps"')],
    ['a prototype', (unsealed) => unsealed.replace('"guards"', '"__proto__":{},"guards"')],
    ['a size that is negative', (unsealed) => unsealed.replace(',5,"', ',-5,"')],
    ['a size that no double holds', (unsealed) => unsealed.replace(',5,"', ',9007199254740993,"')],
  ])('refuses %s', ([, edit], { expect }) => {
    const bytes = reseal(edit)
    expect(Buffer.from(bytes).toString()).not.toBe(text)
    expect(() => parseManifest(bytes)).toThrow(expect.objectContaining({ code: 'DELTA_MALFORMED' }))
  })

  test.for<[string, Uint8Array]>([
    ['a folder that climbs', change((channel) => ({ ...channel, folder: '../team' }))],
    ['a folder that is absolute', change((channel) => ({ ...channel, folder: '/team' }))],
    ['a folder that a subdir may have', change((channel) => ({ ...channel, folder: 'linux-64' }))],
    ['a path that climbs', change((channel) => ({ ...channel, entries: channel.entries.map((entry) => (entry.kind === 'file' ? { ...entry, path: '../x' } : entry)) }))],
    ['a path with a dot in front', change((channel) => ({ ...channel, remove: ['.mirror/head'] }))],
    ['a path that is no artifact to remove', change((channel) => ({ ...channel, remove: ['noarch/repodata.json'] }))],
    ['an artifact that is removed and added', change((channel) => ({ ...channel, remove: ['noarch/b-1-0.conda'] }))],
    ['an artifact of another subdir', change((channel) => ({ ...channel, entries: channel.entries.map((entry) => (entry.path === 'noarch/b-1-0.conda' ? { ...entry, path: 'osx-64/b-1-0.conda' } : entry)) }))],
    ['an artifact that is no artifact', change((channel) => ({ ...channel, entries: channel.entries.map((entry) => (entry.path === 'noarch/b-1-0.conda' ? { ...entry, path: 'noarch/evil.sh' } : entry)) }))],
    ['a shard with another name than its bytes', change((channel) => ({ ...channel, entries: channel.entries.map((entry) => (entry.kind === 'shard' ? { ...entry, sha256: sha('other') } : entry)) }))],
    ['an index that the target does not have', change((channel) => ({ ...channel, entries: channel.entries.map((entry) => (entry.kind === 'index' ? { ...entry, sha256: sha('other') } : entry)) }))],
    ['a file that the target does not have', change((channel) => ({ ...channel, entries: channel.entries.map((entry) => (entry.kind === 'file' ? { ...entry, size: 3 } : entry)) }))],
    ['indexes in another order', change((channel) => ({ ...channel, entries: channel.entries.toReversed() }))],
    ['an entry twice', change((channel) => ({ ...channel, entries: [...channel.entries.slice(0, 1), ...channel.entries] }))],
    ['two channels in one folder', Buffer.from(formatManifest({ ...manifest, channels: [...manifest.channels, ...manifest.channels] }))],
    ['volumes that lack an entry', Buffer.from(formatManifest({ ...manifest, volumes: [3, 3] }))],
    ['a time that is none', Buffer.from(formatManifest({ ...manifest, created: 'yesterday' }))],
  ])('refuses %s', ([, bytes], { expect }) => {
    expect(() => parseManifest(bytes)).toThrow(expect.objectContaining({ code: 'DELTA_MALFORMED' }))
  })
})
