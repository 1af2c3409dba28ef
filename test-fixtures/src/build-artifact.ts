import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { zstdCompressSync } from 'node:zlib'

import { pack } from 'tar-stream'
import { ZipFile } from 'yazl'

import { compressBzip2 } from './bzip2.ts'
import type { Json, JsonObject } from './json.ts'
import { type ArtifactFormat, formatsOf, type PackageDescription, type PackageFile, stemOf } from './package-description.ts'
import { createPadding } from './padding.ts'
import { formatPythonJson } from './python-json.ts'

/** One artifact: its file name, its bytes and what an index says about it. */
export interface BuiltArtifact {
  readonly fileName: string
  readonly bytes: Buffer
  readonly size: number
  readonly md5: string
  readonly sha256: string
  readonly record: JsonObject
  readonly runExports: JsonObject
  readonly section: 'v3' | undefined
}

interface Member {
  readonly path: string
  readonly bytes: Buffer
  readonly mode: number
}

const DEFAULT_TIMESTAMP = Date.UTC(2024, 0, 15)
// Local time on purpose: a ZIP header holds local time, so these fields are the same in every time zone.
const ZIP_TIME = new Date(2024, 0, 15)
const TAR_TIME = new Date(DEFAULT_TIMESTAMP)

/** Builds the artifacts of one package, one or two of them; the same description gives the same bytes everywhere. */
export async function buildArtifacts(subdir: string, description: PackageDescription): Promise<BuiltArtifact[]> {
  const index = createIndexJson(subdir, description)
  const members = description.content === 'raw' ? undefined : createMembers(subdir, description, index)
  const artifacts: BuiltArtifact[] = []
  for (const format of formatsOf(description)) {
    const bytes = members === undefined ? createRaw(subdir, description, format) : await packMembers(format, stemOf(description), members)
    const truth = { size: bytes.length, md5: digestOf('md5', bytes), sha256: digestOf('sha256', bytes) }
    artifacts.push({
      fileName: `${stemOf(description)}.${format}`,
      bytes,
      ...truth,
      record: createRecord({ ...index, ...truth }, description),
      runExports: description.runExports ?? {},
      section: description.section,
    })
  }
  return artifacts
}

function createIndexJson(subdir: string, description: PackageDescription): JsonObject {
  const noarch = description.noarch ?? (subdir === 'noarch' ? 'generic' : undefined)
  const license = description.license === undefined ? 'BSD-3-Clause' : description.license
  return {
    build: description.build ?? '0',
    build_number: description.buildNumber ?? 0,
    ...(description.constrains === undefined ? {} : { constrains: description.constrains }),
    depends: description.depends ?? [],
    ...(license === null ? {} : { license }),
    name: description.name,
    ...(noarch === undefined ? {} : { noarch }),
    subdir,
    timestamp: description.timestamp ?? DEFAULT_TIMESTAMP,
    version: description.version ?? '1.0',
  }
}

function digestOf(algorithm: 'md5' | 'sha256', bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex')
}

function createRecord(truth: JsonObject, description: PackageDescription): JsonObject {
  const record: Record<string, Json> = { ...truth }
  for (const [key, value] of Object.entries(description.record ?? {})) {
    if (value === undefined) delete record[key]
    else record[key] = value
  }
  return record
}

function seedOf(subdir: string, description: PackageDescription): string {
  return `${subdir}/${stemOf(description)}/${description.salt ?? ''}`
}

function createRaw(subdir: string, description: PackageDescription, format: ArtifactFormat): Buffer {
  return createPadding(`${seedOf(subdir, description)}.${format}`, description.size ?? 64)
}

interface Members {
  readonly info: readonly Member[]
  readonly pkg: readonly Member[]
}

function createMembers(subdir: string, description: PackageDescription, index: JsonObject): Members {
  const pkg = createPayload(subdir, description)
  const text = (path: string, content: string): Member => ({ path, bytes: Buffer.from(content), mode: 0o644 })
  const json = (path: string, value: Json): Member => text(path, formatPythonJson(value, { indent: 2 }))
  const info = [
    json('info/about.json', { license: index['license'] ?? null, summary: `Fixture ${description.name}`, ...description.about }),
    text('info/files', pkg.map((member) => `${member.path}\n`).join('')),
    json('info/index.json', index),
    json('info/paths.json', { paths: pkg.map(describePath), paths_version: 1 }),
    ...(index['noarch'] === undefined ? [] : [json('info/link.json', createLink(index['noarch']))]),
    ...(description.runExports === undefined ? [] : [json('info/run_exports.json', description.runExports)]),
    ...(description.salt === undefined ? [] : [text('info/salt', description.salt)]),
  ]
  return { info, pkg }
}

function createPayload(subdir: string, description: PackageDescription): Member[] {
  const files: Record<string, string | Uint8Array | PackageFile> = { ...description.files }
  if (description.size !== undefined && description.size > 0) {
    files[`share/${description.name}/padding.bin`] = createPadding(seedOf(subdir, description), description.size)
  }
  return Object.entries(files)
    .map(([path, file]) => createMember(path, typeof file === 'string' || file instanceof Uint8Array ? { content: file } : file))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

function createMember(path: string, file: PackageFile): Member {
  return { path, bytes: Buffer.from(file.content), mode: file.mode ?? 0o644 }
}

function describePath(member: Member): JsonObject {
  return {
    _path: member.path,
    path_type: 'hardlink',
    sha256: digestOf('sha256', member.bytes),
    size_in_bytes: member.bytes.length,
  }
}

function createLink(noarch: Json): JsonObject {
  const link = noarch === 'python' ? { type: noarch, entry_points: [] } : { type: noarch }
  return { noarch: link, package_metadata_version: 1 }
}

async function packMembers(format: ArtifactFormat, stem: string, members: Members): Promise<Buffer> {
  if (format === 'tar.bz2') return await compressBzip2(await packTar([...members.info, ...members.pkg]))
  return await packZip([
    ['metadata.json', Buffer.from('{"conda_pkg_format_version": 2}')],
    [`pkg-${stem}.tar.zst`, zstdCompressSync(await packTar(members.pkg))],
    [`info-${stem}.tar.zst`, zstdCompressSync(await packTar(members.info))],
  ])
}

async function packTar(members: readonly Member[]): Promise<Buffer> {
  const tar = pack()
  for (const { path, bytes, mode } of members) tar.entry({ name: path, size: bytes.length, mode, mtime: TAR_TIME }, bytes)
  tar.finalize()
  return await buffer(tar)
}

async function packZip(members: readonly (readonly [name: string, bytes: Buffer])[]): Promise<Buffer> {
  const zip = new ZipFile()
  for (const [name, bytes] of members) zip.addBuffer(bytes, name, { compress: false, mtime: ZIP_TIME, mode: 0o100644, forceDosTimestamp: true })
  zip.end()
  return await buffer(zip.outputStream)
}
