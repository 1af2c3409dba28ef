// N, U, H, D, C: what goes wrong elsewhere, each with its expected outcome, through the command line: part of `npm run prove`.
import { join } from 'node:path'
import process from 'node:process'
import { runCase } from './catalogue/outcomes.mjs'
import { createTemplates } from './catalogue/scene.mjs'
import { networkCases, networkSkipped } from './catalogue/network.mjs'
import { contentCases, contentSkipped } from './catalogue/content.mjs'
import { nameCases, nameSkipped } from './catalogue/names.mjs'
import { diskCases, diskSkipped } from './catalogue/disk.mjs'
import { clockCases, clockSkipped } from './catalogue/clock.mjs'

const given = JSON.parse(process.argv[2] ?? '{}')
const AT_ONCE = 8
/** One case must not hold up the others. The slowest, a byte a second from a server that is asked again and again, takes 78 s where nobody else works. */
const PATIENCE = 180_000
const only = process.env['PROVE_ONLY']

const templates = await createTemplates(join(given.folder, 'templates'))
const cases = [...networkCases(), ...contentCases(), ...nameCases(), ...diskCases(), ...clockCases()].filter(({ id, name }) => only === undefined || `${id} ${name}`.includes(only))
const findings = []
const counts = new Map()

const withPatience = (one) => {
  let timer
  const late = new Promise((resolve) => { timer = setTimeout(() => resolve([`${one.id} ${one.name}: not done after ${PATIENCE / 1000} s`]), PATIENCE) })
  return Promise.race([runCase(templates, one), late]).finally(() => clearTimeout(timer))
}

const queue = cases.values()
await Promise.all(Array.from({ length: AT_ONCE }, async () => {
  for (const one of queue) {
    const problems = await withPatience(one)
    const row = counts.get(one.id) ?? { cases: 0, failed: 0 }
    counts.set(one.id, { cases: row.cases + 1, failed: row.failed + (problems.length > 0 ? 1 : 0) })
    if (problems.length > 0) findings.push(problems.slice(0, 3).join('\n'))
  }
}))

const rows = [...counts].sort(([left], [right]) => (left < right ? -1 : 1))
const notes = []
for (const kind of new Set(rows.map(([id]) => id[0]))) notes.push(rows.filter(([id]) => id[0] === kind).map(([id, { cases: all, failed }]) => `${id} ${all - failed}/${all}`).join('  '))
for (const why of [...networkSkipped, ...contentSkipped, ...nameSkipped, ...diskSkipped, ...clockSkipped]) notes.push(`elsewhere - ${why}`)
process.stdout.write(`${JSON.stringify({ prove: { points: cases.length, failed: findings.length, findings, notes } })}\n`, () => process.exit())
