import { existsSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename } from 'node:path'

const parents = ['packages', 'apps']
const folders = [...parents.flatMap((parent) => readdirSync(new URL(parent, import.meta.url)).map((name) => `${parent}/${name}`)), 'test-fixtures', 'tools']
const projectFolders = folders.filter((folder) => existsSync(new URL(`${folder}/test`, import.meta.url)))

// One process tree for all packages. A folder's own vitest.config.ts, where it has one, counts as if it ran alone.
const projectOf = (folder: string) =>
  existsSync(new URL(`${folder}/vitest.config.ts`, import.meta.url)) ? folder : { extends: true as const, test: { name: basename(folder), root: folder } }

const config: { test: { include: string[]; maxWorkers: number; testTimeout: number; projects: (string | ReturnType<typeof projectOf>)[] } } = {
  test: {
    include: ['test/**/*.test.ts'],
    // Half of the tests wait for disks and servers; vitest would leave one core to itself.
    maxWorkers: availableParallelism(),
    // Not a measure of anything: only what hangs shall end. A busy machine takes ten times as long as a quiet one.
    testTimeout: 60_000,
    projects: projectFolders.map((folder) => projectOf(folder)),
  },
}

export default config
