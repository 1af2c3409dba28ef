import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { isMirrorError } from '@mirror/core'
import { stateId } from '@mirror/delta'
import { Crash, createFaultyIo, type Fault, type FaultyIo } from './support/faulty-io.ts'
import { checkInvariant, readTree } from './support/invariant.ts'
import { AFTER, BEFORE, openReference, prepareReference, runReference } from './support/reference.ts'
import { readWhole, wholeChannel } from './support/carry-out.ts'

let folder = ''
let prepared = ''
let runs = 0

beforeAll(async () => {
  folder = fs.mkdtempSync(join(os.tmpdir(), 'store-crash-'))
  prepared = join(folder, 'prepared')
  await prepareReference(prepared)
})

afterAll(() => fs.rmSync(folder, { recursive: true }))

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
  if (error !== undefined) throw error
  return io.operations.length
}

describe('a transaction that breaks off', () => {
  test('the checker sees what is wrong: a missing artifact, other bytes, a truncated one', ({ expect }) => {
    expect(checkInvariant(prepared)).toEqual([])
    for (const damage of [(path: string) => fs.rmSync(path), (path: string) => fs.writeFileSync(path, 'kEpt'), (path: string) => fs.writeFileSync(path, 'ke')]) {
      const root = freshRoot()
      damage(join(root, 'noarch/kept-1.0-0.conda'))
      expect(checkInvariant(root).length).toBeGreaterThanOrEqual(3)
    }
  })

  test('killed before or after any operation: every index is true, and the next run completes', { timeout: 120_000 }, async ({ expect }) => {
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
    console.info(`points=${points} bad=${bad.length}`)
    expect(bad).toEqual([])
    expect(points).toBeGreaterThan(100)
  })

  test('killed again during recovery, at its first, middle and last operation: the run after that completes', { timeout: 120_000 }, async ({ expect }) => {
    const total = await countOperations()
    const bad: string[] = []
    let points = 0
    for (let at = 0; at < total; at += 1) {
      const root = freshRoot()
      await runFaulted(root, { type: 'crash', at, when: 'after' })
      if (fs.readdirSync(join(root, '.mirror/journal')).length === 0) {
        fs.rmSync(root, { recursive: true })
        continue
      }
      const broken = join(folder, 'broken')
      fs.cpSync(root, broken, { recursive: true, preserveTimestamps: true })
      const { io } = await runFaulted(broken, { type: 'none' })
      const length = io.operations.length
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
    console.info(`points=${points} bad=${bad.length}`)
    expect(bad).toEqual([])
    expect(points).toBeGreaterThan(50)
  })

  for (const code of ['ENOSPC', 'EIO']) {
    test(`${code} at any operation: a named error or none, every index is true, and the next run completes`, { timeout: 120_000 }, async ({ expect }) => {
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
      console.info(`${code} points=${points} bad=${bad.length}`)
      expect(bad).toEqual([])
      expect(points).toBeGreaterThan(50)
    })
  }

  test('short writes, of one byte and of half of what was asked, change nothing', async ({ expect }) => {
    for (const bytes of [1, 7, 100]) {
      const root = freshRoot()
      const { io, error } = await runFaulted(root, { type: 'short', bytes })
      expect(error).toBeUndefined()
      expect(io.operations.filter((operation) => operation.startsWith('write')).length).toBeGreaterThan(50)
      expect(await checkAfter(root)).toEqual([])
    }
  })
})
