import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { isMirrorError } from '@mirror/core'
import { stateId } from '@mirror/delta'
import { readWhole, wholeChannel } from './carry-out.ts'
import { Crash, createFaultyIo, type Fault, type FaultyIo } from './faulty-io.ts'
import { checkInvariant, readTree } from './invariant.ts'
import { AFTER, BEFORE, openReference, prepareReference, runReference } from './reference.ts'

/** What a sweep found. */
export interface SweepResult {
  readonly points: number
  readonly bad: readonly string[]
}

/** Copies of one prepared mirror, each to be broken in its own way. */
export interface Sweep extends Disposable {
  readonly prepared: string
  readonly freshRoot: () => string
  /** How many operations the reference transaction has. */
  readonly countOperations: () => Promise<number>
  readonly runFaulted: (root: string, fault: Fault) => Promise<{ readonly io: FaultyIo; readonly error: unknown }>
  readonly checkAfter: (root: string) => Promise<readonly string[]>
  readonly sweepKills: () => Promise<SweepResult>
  readonly sweepErrors: (code: string) => Promise<SweepResult>
  readonly sweepRecovery: () => Promise<SweepResult>
}

export async function createSweep(): Promise<Sweep> {
  const folder = fs.mkdtempSync(join(os.tmpdir(), 'store-crash-'))
  const prepared = join(folder, 'prepared')
  let runs = 0
  await prepareReference(prepared)

  /** A fresh copy of the mirror before the reference transaction. The lock file stays a file of its own. */
  function freshRoot(): string {
    runs += 1
    const root = join(folder, `run-${runs}`)
    fs.cpSync(prepared, root, { recursive: true, preserveTimestamps: true })
    return root
  }

  async function runFaulted(root: string, fault: Fault): Promise<{ readonly io: FaultyIo; readonly error: unknown }> {
    const io = createFaultyIo({ fault })
    try {
      await runReference(openReference(root, io))
      return { io, error: undefined }
    } catch (error) {
      return { io, error }
    }
  }

  /** Old or new, never in between, as far as an index tells; and a plain run again leads to the target. */
  async function checkAfter(root: string): Promise<readonly string[]> {
    const bad = [...checkInvariant(root)]
    const store = openReference(root, createFaultyIo())
    const head = await store.head()
    const expected = head?.id === stateId(AFTER.state) ? AFTER : BEFORE
    const whole = await readWhole(await store.read(), expected.subdirs.keys())
    if (JSON.stringify(Object.entries(whole).toSorted()) !== JSON.stringify(Object.entries(wholeChannel(expected)).toSorted())) bad.push('the head reads differently from what it was')
    await runReference(store)
    return [...bad, ...checkInvariant(root), ...await checkTarget(root)]
  }

  async function checkTarget(root: string): Promise<readonly string[]> {
    const store = openReference(root, createFaultyIo())
    const bad: string[] = []
    if ((await store.head())?.id !== stateId(AFTER.state)) bad.push('the target was not reached')
    if ((await store.publicState()).status !== 'as-published') bad.push(`public state: ${JSON.stringify(await store.publicState())}`)
    const tree = readTree(root)
    for (const [path, text] of Object.entries(wholeChannel(AFTER))) if (tree[path] !== text) bad.push(`${path}: not as in the target`)
    if ('noarch/repodata.json.bz2' in tree || 'linux-64/repodata.json.bz2' in tree) bad.push('a variant that is off is still there')
    await store.tidy({ grace: 0 })
    const left = Object.keys(readTree(root)).filter((path) => !AFTER.files.has(path) && !(path in wholeChannel(AFTER)))
    if (left.length > 0) bad.push(`left over: ${left.join()}`)
    for (const name of ['staging', 'journal', 'trash', 'objects']) if (fs.readdirSync(join(root, '.mirror', name)).length > 0) bad.push(`${name} is not empty: ${fs.readdirSync(join(root, '.mirror', name)).join()}`)
    return bad
  }

  async function countOperations(): Promise<number> {
    const { io, error } = await runFaulted(freshRoot(), { type: 'none' })
    if (error !== undefined) throw new Error('the reference transaction fails', { cause: error })
    return io.operations.length
  }

  async function sweepKills(): Promise<SweepResult> {
    const total = await countOperations()
    const bad: string[] = []
    let points = 0
    for (const when of ['before', 'after'] as const) {
      for (let at = 0; at < total; at += 1) {
        const root = freshRoot()
        const { io, error } = await runFaulted(root, { type: 'crash', at, when })
        if (!(error instanceof Crash)) bad.push(`${when} ${at}: did not crash but ${String(error)}`)
        for (const fault of await checkAfter(root)) bad.push(`${when} ${at} (${io.operations.at(-1) ?? ''}): ${fault}`)
        points += 1
        fs.rmSync(root, { recursive: true })
      }
    }
    return { points, bad }
  }

  async function sweepErrors(code: string): Promise<SweepResult> {
    const total = await countOperations()
    const bad: string[] = []
    let points = 0
    for (let at = 0; at < total; at += 1) {
      const root = freshRoot()
      const { io, error } = await runFaulted(root, { type: 'error', at, code })
      if (error !== undefined && !isMirrorError(error)) bad.push(`${at} (${io.operations[at] ?? ''}): ${String(error)}`)
      for (const fault of await checkAfter(root)) bad.push(`${at} (${io.operations[at] ?? ''}): ${fault}`)
      points += 1
      fs.rmSync(root, { recursive: true })
    }
    return { points, bad }
  }

  /** Kills after each operation, then kills the run after that at its first, middle and last operation. */
  async function sweepRecovery(): Promise<SweepResult> {
    const total = await countOperations()
    const bad: string[] = []
    let points = 0
    const broken = join(folder, 'broken')
    for (let at = 0; at < total; at += 1) {
      const root = freshRoot()
      await runFaulted(root, { type: 'crash', at, when: 'after' })
      fs.cpSync(root, broken, { recursive: true, preserveTimestamps: true })
      const { length } = (await runFaulted(broken, { type: 'none' })).io.operations
      fs.rmSync(broken, { recursive: true })
      for (const second of new Set([0, length >> 1, length - 1])) {
        if (second < 0 || second >= length) continue
        fs.cpSync(root, broken, { recursive: true, preserveTimestamps: true })
        await runFaulted(broken, { type: 'crash', at: second, when: second === 0 ? 'before' : 'after' })
        for (const fault of await checkAfter(broken)) bad.push(`${at}, then ${second}: ${fault}`)
        points += 1
        fs.rmSync(broken, { recursive: true })
      }
      fs.rmSync(root, { recursive: true })
    }
    return { points, bad }
  }

  return {
    prepared, freshRoot, countOperations, runFaulted, checkAfter, sweepKills, sweepErrors, sweepRecovery,
    [Symbol.dispose]: () => fs.rmSync(folder, { recursive: true }),
  }
}
