import { mkdirSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isMirrorError } from '@mirror/core'
import { compressBzip2 } from '@mirror/test-fixtures'
import { root } from '../lib/workspace.mjs'

const load = (path) => import(pathToFileURL(join(root, path)).href)
const { readArtifactInfo } = await load('packages/repository-client/src/index.ts')
const { condaOf, INDEX, INDEX_PART, pax, tarOf } = await load('packages/repository-client/test/artifact-info/archives.ts')

/** What damaged artifacts say of themselves is a result or the one error; parts of the fuzzing, by `[name, share, body]`; a body answers what is wrong. */
export const artifactParts = async (folder, { mutate, random }) => {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'artifact')
  const tar = tarOf([
    { path: 'info/about.json', content: '{"summary":"a"}' }, { path: 'info/has_prefix' }, { path: 'info/icon.png', content: 'image' },
    { ...INDEX_PART, content: JSON.stringify({ ...INDEX, icon: 'icon.png' }) }, pax({ path: 'info/recipe.json' }), { path: 'x', content: '{"about":{}}' },
    { path: '././@LongLink', type: 'L', content: 'info/files\0' }, { path: 'y', content: 'bin/foo\n' }, { path: 'bin/foo', content: 'x' },
  ])
  const [conda, bzip2] = [condaOf(tar), await compressBzip2(tar)]
  const kinds = [() => ['conda', mutate(conda)], () => ['conda', condaOf(mutate(tar))], () => ['tar.bz2', mutate(bzip2)]]

  const body = async () => {
    const [format, bytes] = kinds[random(kinds.length)]()
    writeFileSync(path, bytes)
    await using file = await open(path)
    try {
      const { index, about, recipe } = await readArtifactInfo(file, { format })
      return [index, about ?? {}, recipe ?? {}].every((one) => typeof one === 'object' && !Array.isArray(one)) ? undefined : `${format}: gives what is no object`
    } catch (error) {
      return isMirrorError(error, 'ARTIFACT_UNREADABLE') ? undefined : `${format}: ${String(error?.stack ?? error)}`
    }
  }
  return [['what artifacts say of themselves', 1, body]]
}
