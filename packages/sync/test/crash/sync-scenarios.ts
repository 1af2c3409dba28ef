import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { MirrorError } from '@mirror/core'
import { buildChannel, changeChannel, checkMirror } from '@mirror/test-fixtures'
import type { SyncOptions } from '../../src/index.ts'
import { runSync } from '../run-sync.ts'
import { SMALL } from '../small.ts'
import { checkEveryIndex } from './every-index.ts'
import { createScenarios, type KeepingScenario } from './keeping-scenarios.ts'

const SUBDIRS = ['noarch', 'linux-64']
const FORMS = 4

/** Everything at once: all variants; no grace, so that the trash is emptied in the same run; one artifact after the other, so that changes have one order. */
export const WHOLE: Partial<SyncOptions> = { grace: 0, concurrency: 1, variants: { zst: true, shards: true, bz2: true } }

/** The syncs, and everything else that changes a mirror: what each sweep goes through. */
export async function createAllScenarios(folder: string): Promise<readonly KeepingScenario[]> {
  const first = join(folder, 'sync-upstream')
  const moved = join(folder, 'sync-moved')
  await buildChannel(SMALL, first)
  await cp(first, moved, { recursive: true })
  await changeChannel(moved, {
    add: { 'linux-64': [{ name: 'zeta' }, { name: 'gamma', depends: ['beta >=1'], salt: 'other bytes' }] },
    remove: { noarch: ['alpha-1.0-0.conda'] },
    relist: { 'linux-64': { 'epsilon-2.0-0.conda': { depends: ['beta >=2'] } } },
  })
  return [...syncScenarios(folder), ...await createScenarios(folder)]
}

/** One of them, in a folder where they were made before. */
export async function readScenario(folder: string, name: string): Promise<KeepingScenario> {
  const scenario = [...syncScenarios(folder), ...await createScenarios(folder)].find((candidate) => candidate.name === name)
  if (scenario === undefined) throw new TypeError(`There is no ${name}`)
  return scenario
}

function syncScenarios(folder: string): readonly KeepingScenario[] {
  const first = join(folder, 'sync-upstream')
  return [sync('first sync', { folder, upstream: first, before: undefined }), sync('update', { folder, upstream: join(folder, 'sync-moved'), before: first })]
}

interface SyncScenarioOptions {
  readonly folder: string
  readonly upstream: string
  /** What the mirror was synced from before; undefined for no mirror. */
  readonly before: string | undefined
}

function sync(name: string, { folder, upstream, before }: SyncScenarioOptions): KeepingScenario {
  return {
    name,
    async prepare(mirror) {
      if (before !== undefined) await runSync(pathToFileURL(before).href, { folder, mirror }, WHOLE)
    },
    async run(store, mirror) {
      const { report } = await runSync(pathToFileURL(upstream).href, { folder, mirror }, { ...WHOLE, store })
      const [held] = report.held
      if (held !== undefined) throw new MirrorError(held.code, held.reason, { hint: held.hint ?? '' })
      if (report.failed.length > 0) throw new TypeError('an artifact failed, and nothing is held')
      if (report.status !== 'committed' && report.status !== 'unchanged') throw new TypeError(`the sync ended as ${report.status}`)
    },
    async afterBreak(mirror) {
      const { indexes, problems } = await checkEveryIndex(mirror)
      return before !== undefined && indexes < SUBDIRS.length * FORMS ? [...problems, `only ${indexes} indexes are there`] : problems
    },
    async inTheEnd(mirror) {
      const { problems, extra } = await checkMirror(mirror, { subdirs: SUBDIRS })
      const differ = await Promise.all(SUBDIRS.map(async (subdir) => {
        const [wanted, found] = await Promise.all([upstream, mirror].map(async (root) => readFile(join(root, subdir, 'repodata.json'))))
        return wanted !== undefined && found?.equals(wanted) ? [] : [`${subdir}: another index than upstream's`]
      }))
      return [...problems, ...extra.map((file) => `extra ${file}`), ...differ.flat()]
    },
  }
}
