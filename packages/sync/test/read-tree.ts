import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

/** Every public file below a folder with its content; dot-folders are left out. */
export async function readTree(root: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => relative(root, join(entry.parentPath, entry.name))).filter((path) => !path.split('/').some((name) => name.startsWith('.')))
  return new Map(await Promise.all(paths.toSorted().map(async (path) => [path, await readFile(join(root, path), 'latin1')] as const)))
}
