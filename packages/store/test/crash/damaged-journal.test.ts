import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { checkInvariant } from '../support/invariant.ts'
import { openReference, runReference } from '../support/reference.ts'
import { createSweep, type Sweep } from '../support/sweep.ts'

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** The same value, once for each place in it, with something there that does not belong. */
function* damaged(value: Json): Generator<Json> {
  for (const other of [null, 7, 'x', '../x', [], {}, -1]) if (JSON.stringify(other) !== JSON.stringify(value)) yield other
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) for (const changed of damaged(item)) yield value.with(index, changed)
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) for (const changed of damaged(item)) yield { ...value, [key]: changed }
  }
}

/** A mirror whose process died just after its point of no return. */
async function breakAfterJournal(sweep: Sweep): Promise<{ readonly root: string; readonly journal: string }> {
  const total = await sweep.countOperations()
  for (let at = 0; at < total; at += 1) {
    const root = sweep.freshRoot()
    await sweep.runFaulted(root, { type: 'crash', at, when: 'after' })
    const folder = join(root, '.mirror/journal')
    const [name] = fs.existsSync(folder) ? fs.readdirSync(folder) : []
    if (name !== undefined) return { root, journal: join(folder, name) }
    fs.rmSync(root, { recursive: true })
  }
  throw new Error('no run has a journal')
}

describe('a journal that someone changed, with a right seal', () => {
  test('is dropped or carried out, never half believed: no index lies, and the next run completes', { timeout: 300_000 }, async ({ expect }) => {
    using sweep = await createSweep()
    const { root, journal } = await breakAfterJournal(sweep)
    const [line = ''] = fs.readFileSync(journal, 'utf8').split('\n')
    const variants = [...damaged(JSON.parse(line) as Json)]
    expect(variants.length).toBeGreaterThan(500)
    const bad: string[] = []
    // Each place once, whatever stands there: one kind of damage after the other, so that all kinds are tried.
    for (const [index, variant] of variants.entries()) {
      if (index % 21 !== Math.floor(index / 21) % 21) continue
      const copy = `${root}-copy`
      fs.cpSync(root, copy, { recursive: true, preserveTimestamps: true })
      const text = JSON.stringify(variant)
      fs.writeFileSync(join(copy, '.mirror/journal', '2.json'), `${text}\n${createHash('sha256').update(text).digest('hex')}\n`)
      const store = openReference(copy)
      const error = await runReference(store).then(() => undefined, (reason: unknown) => reason)
      if (error !== undefined && !/STORE_TOO_NEW|STORE_DAMAGED/.test(JSON.stringify(error))) bad.push(`${text.slice(0, 200)}: ${String(error)}`)
      bad.push(...checkInvariant(copy).map((problem) => `${text.slice(0, 200)}: ${problem}`))
      fs.rmSync(copy, { recursive: true })
    }
    expect(bad.slice(0, 5)).toEqual([])
  })
})
