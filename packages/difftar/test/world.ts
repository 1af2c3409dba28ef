import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildChannel, changeChannel, type ChannelChanges, checkMirror } from '@mirror/test-fixtures'
import { createDelta, type CreateDeltaOptions, type CreatedDelta, diffTree, findChannels, formatReference, readChannel, readReference, type ReferenceFormat, type TreeChannel } from '../src/index.ts'

/** A near mirror that another tool made, and room for a far one. */
export interface World {
  readonly folder: string
  readonly near: string
  readonly far: string
  /** Writes a reference of the near mirror; answers its path. */
  readonly refer: (name: string, format?: ReferenceFormat) => Promise<string>
  /** Makes the delta from references to the near mirror as it is. */
  readonly create: (references: readonly string[], to: CreateDeltaOptions['to'], more?: Partial<CreateDeltaOptions>) => Promise<CreatedDelta>
  readonly change: (changes: ChannelChanges) => Promise<void>
  /** Copies the near mirror to the far one, as rsync does. */
  readonly copy: () => void
}

export const FIRST: ChannelChanges = {
  add: { 'linux-64': [{ name: 'new', version: '1.0' }, { name: 'alpha', version: '2.0', format: 'conda' }] },
  remove: { 'linux-64': ['beta-1.0-0.tar.bz2'] },
  relist: { 'linux-64': { 'gamma-1.0-0.conda': { depends: ['alpha'] } } },
}

export const SECOND: ChannelChanges = {
  add: { noarch: [{ name: 'late', version: '3.0', format: 'both' }] },
  remove: { 'linux-64': ['alpha-1.0-0.conda'] },
}

/** Makes a world in a folder that goes with the test. */
export async function createWorld(folder: string, { channel = '' }: { readonly channel?: string } = {}): Promise<World> {
  const near = join(folder, 'near')
  const built = join(near, channel)
  await buildChannel({
    channeldata: true,
    index: { variants: ['zst', 'bz2', 'shards', 'run_exports'], shardsFolder: './shards/' },
    subdirs: {
      noarch: [{ name: 'text', version: '1.0', format: 'both' }],
      'linux-64': [
        { name: 'alpha', version: '1.0', format: 'conda', size: 20_000 }, { name: 'beta', version: '1.0', format: 'tar.bz2' }, { name: 'gamma', version: '1.0', format: 'conda' },
      ],
    },
  }, built)
  return {
    folder, near, far: join(folder, 'far'),
    async refer(name, format = 'compatible') {
      const path = join(folder, name)
      writeFileSync(path, await formatTree(near, format))
      return path
    },
    async create(references, to, more = {}) {
      const channels = findChannels(near, () => undefined)
      const diff = await diffTree({ mirror: near, references: references.map((path) => readReference(path, channels)) })
      return createDelta({ diffs: diff.channels, sequence: diff.sequence, to, ...more })
    },
    change: (changes) => changeChannel(built, changes),
    copy: () => cpSync(near, join(folder, 'far'), { recursive: true }),
  }
}

/** The reference of a tree, as bytes. */
export async function formatTree(mirror: string, format: ReferenceFormat): Promise<Buffer> {
  const pieces: Buffer[] = []
  const channels: TreeChannel[] = []
  for (const found of findChannels(mirror, () => undefined)) channels.push(await readChannel(found, { signal: undefined, observe: () => undefined, md5: true }))
  await formatReference(channels, format, { write: (bytes) => void pieces.push(Buffer.from(bytes)) })
  return Buffer.concat(pieces)
}

/** All public files of a folder with the sha256 of their bytes; dot-folders are left out. */
export function readTree(folder: string, path = ''): Map<string, string> {
  const files = new Map<string, string>()
  for (const name of readdirSync(join(folder, path)).toSorted()) {
    if (name.startsWith('.')) continue
    const place = path === '' ? name : `${path}/${name}`
    if (statSync(join(folder, place)).isDirectory()) for (const [inner, bytes] of readTree(folder, place)) files.set(inner, bytes)
    else files.set(place, createHash('sha256').update(readFileSync(join(folder, place))).digest('hex'))
  }
  return files
}

/** What a client would say of a mirror: nothing when all is well. */
export async function problemsOf(folder: string): Promise<readonly string[]> {
  const { problems, extra } = await checkMirror(folder)
  return [...problems, ...extra.map((file) => `extra ${file}`)]
}

/** The members of a tar, as GNU tar lists them. */
export function listTar(path: string): readonly string[] {
  return execFileSync('tar', ['tf', path], { encoding: 'utf8' }).split('\n').filter((line) => line !== '')
}
