import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isSubdirName, type SubdirName } from '@mirror/core'

const INDEX_FILES = ['repodata.json', 'repodata.json.zst', 'repodata.json.bz2', 'repodata_shards.msgpack.zst']

/** The subdirs that have an index in a folder, by name. Walks nothing below them. */
export function listSubdirs(root: string): readonly SubdirName[] {
  const names = existsSync(root) ? readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name) : []
  return names.filter(isSubdirName).filter((name) => INDEX_FILES.some((file) => existsSync(join(root, name, file)))).toSorted()
}
