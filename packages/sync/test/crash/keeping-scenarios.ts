import { existsSync } from 'node:fs'
import { cp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseChannelUrl, parseSubdirName } from '@mirror/core'
import { createRepositoryClient } from '@mirror/repository-client'
import { createDiskStore, type DiskIo, type DiskStore, verifyStore } from '@mirror/store'
import { buildChannel, changeChannel, checkMirror } from '@mirror/test-fixtures'
import { adoptChannel, pruneChannel, repairChannel, rollbackChannel } from '../../src/index.ts'
import { readTree } from '../read-tree.ts'
import { runSync } from '../run-sync.ts'
import { SMALL } from '../small.ts'
import { checkEveryIndex } from './every-index.ts'

/** One thing that changes a mirror: how the mirror looks before, what is done, and what holds after a break and in the end. */
export interface KeepingScenario {
  readonly name: string
  /** Makes the mirror, once. */
  readonly prepare: (mirror: string) => Promise<void>
  /** Does it, from wherever a broken run left off. */
  readonly run: (store: DiskStore, mirror: string) => Promise<void>
  /** What is wrong right after a break. */
  readonly afterBreak: (mirror: string) => Promise<readonly string[]>
  /** What is wrong after a plain run. */
  readonly inTheEnd: (mirror: string) => Promise<readonly string[]>
}

const DAY = 86_400_000
const LINUX = parseSubdirName('linux-64')

const MEMORY = '/dev/shm'

/** Where to break things: in memory where there is a folder for it, because thousands of small files are made and removed. */
export function sweepPlace(): string {
  return existsSync(MEMORY) ? MEMORY : tmpdir()
}

/** The store of a mirror, with a disk that may break. */
export function openMirror(mirror: string, io?: DiskIo): DiskStore {
  return createDiskStore({ root: mirror, ...(io === undefined ? {} : { io }) })
}

/** Makes what the scenarios need below a folder: an upstream as it was first. */
export async function createScenarios(folder: string): Promise<readonly KeepingScenario[]> {
  const upstream = join(folder, 'upstream')
  const moved = join(folder, 'moved')
  if (!existsSync(upstream)) {
    await buildChannel(SMALL, upstream)
    await cp(upstream, moved, { recursive: true })
    await changeChannel(moved, {
      add: { 'linux-64': [{ name: 'zeta' }, { name: 'gamma', depends: ['beta >=1'], salt: 'other bytes' }] }, remove: { noarch: ['alpha-1.0-0.conda'] },
    })
  }
  const context: ScenarioContext = { folder, upstream, moved }
  return [rollback(context), prune(context), removal(context), snapshot(context), unnamed(context), adopt(context), repair(context)]
}

interface ScenarioContext {
  readonly folder: string
  readonly upstream: string
  readonly moved: string
}

async function twoGenerations({ folder, upstream, moved }: ScenarioContext, mirror: string): Promise<void> {
  await runSync(pathToFileURL(upstream).href, { folder, mirror }, { grace: DAY })
  await runSync(pathToFileURL(moved).href, { folder, mirror }, { grace: DAY })
}

/** No index promises what is not there. */
async function noLies(mirror: string): Promise<readonly string[]> {
  return (await checkEveryIndex(mirror)).problems
}

async function problemsOf(mirror: string): Promise<readonly string[]> {
  return (await checkMirror(mirror)).problems
}

async function differences(mirror: string, expected: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const tree = await readTree(mirror)
  return [...expected].flatMap(([path, content]) => (tree.get(path) === content ? [] : [`${path} is not as it should be`]))
}

function rollback(context: ScenarioContext): KeepingScenario {
  return {
    name: 'rollback',
    prepare: (mirror) => twoGenerations(context, mirror),
    run: async (store) => { await rollbackChannel({ store, to: 1, spoolFolder: context.folder }) },
    afterBreak: noLies,
    async inTheEnd(mirror) {
      const documents = await Promise.all(['noarch', 'linux-64'].map(async (subdir) => [join(subdir, 'repodata.json'), await readFile(join(context.upstream, subdir, 'repodata.json'), 'latin1')] as const))
      return [...await problemsOf(mirror), ...await differences(mirror, new Map(documents))]
    },
  }
}

function prune({ folder, upstream }: ScenarioContext): KeepingScenario {
  return {
    name: 'prune',
    async prepare(mirror) { await runSync(pathToFileURL(upstream).href, { folder, mirror }) },
    run: async (store) => { await pruneChannel({ store, keep: new Set([LINUX]), grace: 0 }) },
    afterBreak: noLies,
    async inTheEnd(mirror) {
      const left = [...(await readTree(mirror)).keys()].filter((path) => path.startsWith('noarch/') && !path.startsWith('noarch/repodata'))
      return [...await problemsOf(mirror), ...left.map((path) => `${path} is left`)]
    },
  }
}

function removal({ folder, upstream }: ScenarioContext): KeepingScenario {
  return {
    name: 'removal of a channel',
    async prepare(mirror) { await runSync(pathToFileURL(upstream).href, { folder, mirror }) },
    async run(store) {
      await pruneChannel({ store, keep: 'nothing', grace: 0 })
      await store.removeEmpty()
    },
    afterBreak: noLies,
    inTheEnd: async (mirror) => (existsSync(join(mirror, '.mirror/head')) || existsSync(join(mirror, 'linux-64')) ? ['something is left'] : []),
  }
}

function snapshot(context: ScenarioContext): KeepingScenario {
  return {
    name: 'naming a generation',
    prepare: (mirror) => twoGenerations(context, mirror),
    async run(store) {
      await store.createSnapshot('first', 1)
      await store.tidy({ grace: 0 })
    },
    async afterBreak(mirror) {
      const store = openMirror(mirror)
      const named = await store.snapshots()
      // The name is there and keeps, or it is not: never a name without its generation.
      const readable = await Promise.all(named.map(async ({ generation }) => readsWhole(store, generation)))
      return [...await noLies(mirror), ...(await store.damagedSnapshots()).map((name) => `${name} is damaged`), ...readable.flat()]
    },
    async inTheEnd(mirror) {
      const store = openMirror(mirror)
      return [...await problemsOf(mirror), ...((await store.snapshots()).length === 1 ? [] : ['the name is not there']), ...await readsWhole(store, 1)]
    },
  }
}

async function readsWhole(store: DiskStore, generation: number): Promise<readonly string[]> {
  const reader = await store.read(generation)
  if (reader === undefined) return [`generation ${generation} cannot be read`]
  const missing: string[] = []
  for (const { subdir } of reader.generation.state.subdirs) {
    for (const artifact of await reader.readArtifacts(subdir)) if ((await reader.openArtifact(artifact)).status !== 'found') missing.push(`${subdir}/${artifact.name} of generation ${generation} is gone`)
  }
  return missing
}

function unnamed(context: ScenarioContext): KeepingScenario {
  return {
    name: 'taking a name away',
    async prepare(mirror) {
      await twoGenerations(context, mirror)
      const store = openMirror(mirror)
      await store.createSnapshot('first', 1)
      await store.tidy({ grace: 0 })
    },
    async run(store) {
      await store.removeSnapshot('first')
      await store.tidy({ grace: 0 })
    },
    async afterBreak(mirror) {
      const store = openMirror(mirror)
      const named = await Promise.all((await store.snapshots()).map(({ generation }) => readsWhole(store, generation)))
      return [...await noLies(mirror), ...named.flat()]
    },
    async inTheEnd(mirror) {
      const store = openMirror(mirror)
      return [...await problemsOf(mirror), ...((await store.generations()).length === 1 ? [] : ['more than one generation is left']), ...(await checkMirror(mirror)).extra]
    },
  }
}

function adopt({ folder, upstream }: ScenarioContext): KeepingScenario {
  const original = readTree(upstream)
  const keepsAll = async (mirror: string): Promise<readonly string[]> => differences(mirror, new Map([...await original].filter(([path]) => !path.endsWith('.zst'))))
  return {
    name: 'adopt',
    prepare: (mirror) => cp(upstream, mirror, { recursive: true }),
    run: async (store, mirror) => { await adoptChannel({ root: mirror, store, spoolFolder: folder }) },
    afterBreak: async (mirror) => [...await noLies(mirror), ...await keepsAll(mirror)],
    async inTheEnd(mirror) {
      const head = await openMirror(mirror).head()
      // A commit that was completed by the next run is followed by one of the same state.
      return [...await problemsOf(mirror), ...await keepsAll(mirror), ...(head?.number === 1 || head?.number === 2 ? [] : [`generation ${head?.number ?? 'none'}`])]
    },
  }
}

function repair({ folder, upstream }: ScenarioContext): KeepingScenario {
  const damaged = new Set(['alpha-1.0-0.conda', 'delta-1.0-0.tar.bz2', 'linux-64/repodata.json', 'noarch/repodata.json.zst'])
  return {
    name: 'repair',
    async prepare(mirror) {
      await runSync(pathToFileURL(upstream).href, { folder, mirror })
      await rm(join(mirror, 'noarch/alpha-1.0-0.conda'))
      await truncate(join(mirror, 'linux-64/delta-1.0-0.tar.bz2'), 10)
      await writeFile(join(mirror, 'linux-64/repodata.json'), '{"packages": {}, "packages.conda": {}}')
      await rm(join(mirror, 'noarch/repodata.json.zst'))
    },
    async run(store, mirror) {
      const channel = parseChannelUrl(pathToFileURL(upstream).href, { folder: 'channel' })
      await using client = createRepositoryClient({ channel })
      await repairChannel({ store, faults: (await verifyStore({ root: mirror, threads: 0 }))?.faults ?? [], client, spoolFolder: folder, concurrency: 1 })
    },
    afterBreak: async (mirror) => (await noLies(mirror)).filter((problem) => ![...damaged].some((name) => problem.includes(name))),
    async inTheEnd(mirror) {
      const report = await verifyStore({ root: mirror, threads: 0 })
      return [...await problemsOf(mirror), ...(report?.faults ?? []).map(({ path, fault }) => `${path}: ${fault}`)]
    },
  }
}
