import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { checkMirror } from '@mirror/test-fixtures'
import { createDiskIo, createDiskStore, type DiskIo } from '@mirror/store'
import { applyDelta } from '../../src/index.ts'
import { createWorld, FIRST, readTree, type World } from '../world.ts'

/** What happens at one change of the disk. */
export type Fault =
  | { readonly type: 'none' }
  /** Nothing is written any more from there on. */
  | { readonly type: 'kill'; readonly at: number; readonly when: 'before' | 'after' }
  /** This one fails. */
  | { readonly type: 'error'; readonly at: number; readonly code: string }

/** What a sweep found. */
export interface SweepResult {
  readonly points: number
  readonly bad: readonly string[]
}

/** A mirror, and a delta that adds, removes, corrects and re-uses names; each point starts from a copy of it. */
export interface ApplySweep extends Disposable {
  readonly countOperations: () => Promise<number>
  /** Breaks the apply off at one change, and looks at what readers of the folder see then, and after the next run. */
  readonly check: (fault: Fault) => Promise<readonly string[]>
}

/** Prepares a sweep in a folder. `adopt`: the mirror is a tree that another tool made. */
export async function createApplySweep(folder: string, { adopt }: { readonly adopt: boolean }): Promise<ApplySweep> {
  const world = await createWorld(folder)
  const base = join(folder, 'base')
  if (adopt) cpSync(world.near, base, { recursive: true })
  else {
    await world.create([], { tarball: join(folder, 'seed.tar') })
    await applyDelta({ from: join(folder, 'seed.tar'), mirror: base })
  }
  const reference = await world.refer('reference.json')
  const old = new Set((await documentsOf(world)).split(' '))
  await world.change({ ...FIRST, add: { 'linux-64': [...FIRST.add?.['linux-64'] ?? [], { name: 'gamma', version: '1.0', format: 'conda', salt: 'again' }] }, relist: {} })
  const tarball = join(folder, 'update.tar')
  await world.create([reference], { tarball })
  const wanted = readTree(world.near)

  const run = async (mirror: string, fault: Fault): Promise<{ readonly operations: number; readonly error: unknown }> => {
    const { io, count } = createFaultyIo(fault)
    try {
      await applyDelta({ from: tarball, mirror, grace: 0, openStore: (root) => createDiskStore({ root, io }) })
      return { operations: count(), error: undefined }
    } catch (error) {
      return { operations: count(), error }
    }
  }
  const problems = async (mirror: string): Promise<readonly string[]> => (await checkMirror(mirror)).problems
  return {
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
    async countOperations() {
      const mirror = freshCopy(folder, base)
      const { operations, error } = await run(mirror, { type: 'none' })
      if (error !== undefined) throw new Error('the apply itself fails', { cause: error })
      rmSync(mirror, { recursive: true })
      return operations
    },
    async check(fault) {
      const mirror = freshCopy(folder, base)
      const name = JSON.stringify(fault)
      const bad: string[] = []
      await run(mirror, fault)
      bad.push(...(await problems(mirror)).filter((problem) => !PASSING.test(problem)).map((problem) => `${name}: then ${problem}`))
      // What was journalled is completed without the medium.
      if (existsSync(join(mirror, '.mirror', 'head')) || existsSync(join(mirror, '.mirror', 'journal'))) {
        await createDiskStore({ root: mirror }).tidy({ grace: 0 })
        bad.push(...(await problems(mirror)).map((problem) => `${name}: recovered, then ${problem}`))
      }
      const { error } = await run(mirror, { type: 'none' })
      if (error !== undefined) bad.push(`${name}: the next run failed: ${String(error)}`)
      const now = readTree(mirror)
      for (const [path, sha256] of wanted) if (now.get(path) !== sha256) bad.push(`${name}: ${path} is not what it should be`)
      for (const path of now.keys()) if (!wanted.has(path) && !old.has(path)) bad.push(`${name}: ${path} is left`)
      rmSync(mirror, { recursive: true })
      return bad
    },
  }
}

/** While the files of an index are switched one after the other, some are new already: what each of them lists is there. */
const PASSING = /not the content of repodata\.json|listed in shards, not in|^channeldata\.json: |run_exports\.json: .* is not in repodata\.json|there is no \w+\.json beside it|listed in repodata\.json, not in shards|shards and repodata\.json differ$/

/** Files that only the earlier state has: they wait until their grace, counted from the commit, is over. */
async function documentsOf(world: World): Promise<string> {
  return [...readTree(world.near).keys()].join(' ')
}

function freshCopy(folder: string, base: string): string {
  const mirror = join(mkdtempSync(join(folder, 'point-')), 'mirror')
  cpSync(base, mirror, { recursive: true, preserveTimestamps: true })
  return mirror
}

function createFaultyIo(fault: Fault): { readonly io: DiskIo; readonly count: () => number } {
  const real = createDiskIo()
  let operations = 0
  let dead = false
  const enter = (): number => {
    if (dead) throw new Error('dead')
    const number = operations
    operations += 1
    if (fault.type === 'error' && fault.at === number) throw Object.assign(new Error(`${fault.code}: injected`), { code: fault.code, syscall: 'injected' })
    if (fault.type === 'kill' && fault.at === number && fault.when === 'before') die()
    return number
  }
  const leave = (number: number): void => {
    if (fault.type === 'kill' && fault.at === number && fault.when === 'after') die()
  }
  const die = (): never => {
    dead = true
    throw new Error('killed')
  }
  const around = <T>(work: () => T): T => {
    const number = enter()
    const result = work()
    leave(number)
    return result
  }
  // Real syncs take time, and none of these faults takes what is written away.
  const later = async (): Promise<void> => leave(enter())
  return {
    count: () => operations,
    io: {
      mkdir: (path, mode) => around(() => real.mkdir(path, mode)),
      create: (path, mode) => around(() => real.create(path, mode)),
      append: (path) => around(() => real.append(path)),
      write: (fd, bytes) => around(() => real.write(fd, bytes)),
      truncate: (fd, length) => around(() => real.truncate(fd, length)),
      sync: later,
      syncDirectory: later,
      link: (from, to) => around(() => real.link(from, to)),
      rename: (from, to) => around(() => real.rename(from, to)),
      unlink: (path) => around(() => real.unlink(path)),
      removeDirectory: (path) => around(() => real.removeDirectory(path)),
      close: (fd) => real.close(fd),
    },
  }
}
