import { createHash } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'
import { type Artifact, type ArtifactSet, createArtifactSet, createDigest, isSha256, parseArtifactName, parseSubdirName, type Sha256, type SubdirName } from '@mirror/core'
import { type Changeset, type ChannelState, EMPTY_STATE, type PublishedFile, stateId, type SubdirChange, type SubdirState } from '@mirror/delta'

/** Names and bytes of the artifacts of each subdir, and what else a channel has. Built by hand, sharing nothing with the packages. */
export interface ChannelContent {
  readonly [subdir: string]: Readonly<Record<string, string>>
}

export interface ChannelOptions {
  readonly zst?: boolean
  readonly bz2?: boolean
  readonly shards?: boolean
  readonly runExports?: boolean
  readonly md5?: boolean
  readonly files?: Readonly<Record<string, string>>
}

export interface SubdirFixture {
  readonly state: SubdirState
  readonly artifacts: ArtifactSet
  readonly shards: readonly PublishedFile[]
}

export interface ChannelFixture {
  readonly content: ChannelContent
  readonly options: ChannelOptions
  readonly state: ChannelState
  readonly subdirs: ReadonlyMap<SubdirName, SubdirFixture>
  /** Bytes by path: indexes, shards, plain files; artifacts by their identity are in `bytesOf`. */
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly bytesOf: (artifact: Artifact) => Uint8Array
}

export const EMPTY_CHANNEL: ChannelFixture = {
  content: {}, options: {}, state: EMPTY_STATE, subdirs: new Map(), files: new Map(), bytesOf: () => new Uint8Array(),
}

export function sha256(bytes: Uint8Array | string): Sha256 {
  const hex = createHash('sha256').update(bytes).digest('hex')
  if (!isSha256(hex)) throw new Error('no sha256')
  return hex
}

export function md5(bytes: Uint8Array | string): string {
  return createHash('md5').update(bytes).digest('hex')
}

export function published(path: string, bytes: Uint8Array): PublishedFile {
  return { path, sha256: sha256(bytes), size: bytes.length }
}

export function makeArtifact(subdir: string, name: string, bytes: string): Artifact {
  return { subdir: parseSubdirName(subdir), name: parseArtifactName(name), digest: createDigest('sha256', sha256(bytes)), size: Buffer.byteLength(bytes) }
}

/** Builds a channel; `without` leaves names out of the index (an interim one), not out of anything else. */
export function makeChannel(content: ChannelContent, options: ChannelOptions = {}, without: ReadonlySet<string> = new Set()): ChannelFixture {
  const files = new Map<string, Uint8Array>()
  const subdirs = new Map<SubdirName, SubdirFixture>()
  for (const subdir of Object.keys(content).toSorted()) {
    const listed = Object.fromEntries(Object.entries(content[subdir] ?? {}).filter(([name]) => !without.has(name)))
    subdirs.set(parseSubdirName(subdir), makeSubdir(subdir, listed, { options, files }))
  }
  const plain = Object.entries(options.files ?? {}).map(([path, text]) => {
    files.set(path, Buffer.from(text))
    return published(path, Buffer.from(text))
  })
  const state = { subdirs: [...subdirs.values()].map((subdir) => subdir.state), files: plain.toSorted((left, right) => (left.path < right.path ? -1 : 1)) }
  const bytesOf = (artifact: Artifact): Uint8Array => Buffer.from(content[artifact.subdir]?.[artifact.name] ?? '')
  return { content, options, state, subdirs, files, bytesOf }
}

interface Making {
  readonly options: ChannelOptions
  readonly files: Map<string, Uint8Array>
}

function makeSubdir(subdir: string, listed: Readonly<Record<string, string>>, { options, files }: Making): SubdirFixture {
  const artifacts = createArtifactSet(parseSubdirName(subdir), Object.entries(listed).map(([name, text]) => ({ ...makeArtifact(subdir, name, text), ...(options.md5 === true ? { digest: createDigest('md5', md5(text)) } : {}) })))
  const keep = (name: string, bytes: Uint8Array): PublishedFile => {
    const file = published(`${subdir}/${name}`, bytes)
    files.set(file.path, bytes)
    return file
  }
  const json = Buffer.from(makeRepodata(subdir, listed, options.md5 === true))
  const shards = options.shards === true ? Object.entries(listed).map(([name, text]) => makeShard(name, text)).map((bytes) => keep(`shards/${sha256(bytes)}.msgpack.zst`, bytes)) : []
  const variants = [
    ...(options.shards === true ? [keep('repodata_shards.msgpack.zst', makeShardIndex(Object.keys(listed), shards))] : []),
    ...(options.runExports === true ? [keep('run_exports.json', Buffer.from(JSON.stringify({ names: Object.keys(listed) })))] : []),
    ...(options.zst === false ? [] : [keep('repodata.json.zst', zstdCompressSync(json))]),
    ...(options.bz2 === true ? [keep('repodata.json.bz2', Buffer.from(`bz2 of ${sha256(json)}`))] : []),
  ]
  const state = { subdir: parseSubdirName(subdir), document: keep('repodata.json', json), variants, artifacts: { count: artifacts.count, bytes: artifacts.bytes } }
  return { state, artifacts, shards }
}

function makeRepodata(subdir: string, listed: Readonly<Record<string, string>>, useMd5: boolean): string {
  const records = (extension: string): object => Object.fromEntries(Object.entries(listed).toSorted().filter(([name]) => name.endsWith(extension)).map(([name, text]) => [
    name, { build: '0', build_number: 0, depends: [], md5: md5(text), name: name.split('-')[0], ...(useMd5 ? {} : { sha256: sha256(text) }), size: Buffer.byteLength(text), subdir, version: '1.0' },
  ]))
  return JSON.stringify({ info: { subdir }, packages: records('.tar.bz2'), 'packages.conda': records('.conda'), removed: [], repodata_version: 1 })
}

function makeShard(name: string, text: string): Uint8Array {
  return zstdCompressSync(Buffer.from(JSON.stringify({ [name]: sha256(text) })))
}

/** `{"info":{},"shards":{<name>:<32 bytes>}}` in MessagePack, then zstd (CEP 16). */
function makeShardIndex(names: readonly string[], shards: readonly PublishedFile[]): Uint8Array {
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([0xd9, value.length]), Buffer.from(value)])
  const entries = names.map((name, index) => Buffer.concat([text(name), Buffer.from([0xc4, 32]), Buffer.from(shards[index]?.sha256 ?? '', 'hex')]))
  return zstdCompressSync(Buffer.concat([Buffer.from([0x82]), text('info'), Buffer.from([0x80]), text('shards'), Buffer.from([0xde, 0, names.length]), ...entries]))
}

/** The changeset from one channel to another, with interim indexes where names are re-used. `interim` has their bytes. */
export function makeChangeset(base: ChannelFixture, target: ChannelFixture): { readonly changeset: Changeset; readonly interim: ReadonlyMap<string, Uint8Array>; readonly target: ChannelFixture } {
  const interim = new Map<string, Uint8Array>()
  const changes = [...target.subdirs.values()].flatMap((after) => {
    const change = makeChange(base, target, { after, interim })
    return change === undefined ? [] : [change]
  })
  const withdrawn = [...base.subdirs.values()].filter((before) => !target.subdirs.has(before.state.subdir)).map(({ state, artifacts, shards }) => ({ state, artifacts, shards }))
  const isIn = (files: readonly PublishedFile[], file: PublishedFile): boolean => files.some(({ path, sha256: digest }) => path === file.path && digest === file.sha256)
  const changeset: Changeset = {
    base: stateId(base.state),
    target: target.state,
    changes,
    withdrawn,
    filesAdded: target.state.files.filter((file) => !isIn(base.state.files, file)),
    filesRemoved: base.state.files.filter((file) => !target.state.files.some(({ path }) => path === file.path)),
  }
  return { changeset, interim, target }
}

function makeChange(base: ChannelFixture, target: ChannelFixture, { after, interim }: { readonly after: SubdirFixture; readonly interim: Map<string, Uint8Array> }): SubdirChange | undefined {
  const { subdir } = after.state
  const before = base.subdirs.get(subdir)
  if (before !== undefined && JSON.stringify(before.state) === JSON.stringify(after.state)) return undefined
  const old = before?.artifacts ?? createArtifactSet(subdir, [])
  const reused = [...after.artifacts].filter((artifact) => old.find(artifact.name) !== undefined && old.find(artifact.name)?.digest !== artifact.digest)
  const names = new Set<string>(reused.map((artifact) => artifact.name))
  const between = names.size === 0 ? undefined : makeChannel({ [subdir]: target.content[subdir] ?? {} }, target.options, names)
  for (const [path, bytes] of between?.files ?? []) if (path.startsWith(`${subdir}/`)) interim.set(path, bytes)
  const isNew = (file: PublishedFile, known: readonly PublishedFile[] | undefined): boolean => known?.some(({ path }) => path === file.path) !== true
  const interimShards = between?.subdirs.get(subdir)?.shards ?? []
  return {
    subdir,
    add: createArtifactSet(subdir, [...after.artifacts].filter((artifact) => old.find(artifact.name) === undefined)),
    remove: createArtifactSet(subdir, [...old].filter((artifact) => after.artifacts.find(artifact.name) === undefined)),
    reused: { before: createArtifactSet(subdir, [...old].filter((artifact) => names.has(artifact.name))), after: createArtifactSet(subdir, reused) },
    relisted: 0,
    target: after.state,
    interim: between?.subdirs.get(subdir)?.state,
    interimShards: interimShards.filter((file) => isNew(file, before?.shards) && isNew(file, after.shards)),
    shardsAdded: after.shards.filter((file) => isNew(file, before?.shards)),
    shardsRemoved: (before?.shards ?? []).filter((file) => isNew(file, after.shards)),
  }
}
