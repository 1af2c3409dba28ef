// Runs the families one after the other and prints one table; started by tools/prove.mjs on Node 24.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runMain, ToolError } from '../lib/fail.mjs'
import { findMemory } from '../lib/find-memory.mjs'
import { reportCounts } from '../lib/steps.mjs'
import { root } from '../lib/workspace.mjs'
import { families, minutesOf, MOST } from './families.mjs'
import { runSideBySide } from './side-by-side.mjs'

const SHOWN = 20
/** How many times its budget a family may take before it counts as hung: others may be using the machine. */
const PATIENCE = 4

const parseLast = (output) => {
  try {
    return JSON.parse(output.trimEnd().split('\n').at(-1) ?? '').prove
  } catch {
    return undefined
  }
}

/** Set by Ctrl-C and SIGTERM: the families that run are ended, and no other is started. */
const interruption = { isAsked: false, ends: new Set() }
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    interruption.isAsked = true
    for (const end of interruption.ends) end()
  })
}

/** Starts a family's script in a group of its own, so that all that it started ends with it: resolves to what it printed and how it ended. */
const runScript = (script, given, { minutes, folder }) => new Promise((resolve) => {
  const env = { ...process.env, TMPDIR: folder, NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/prove') }
  const child = spawn(process.execPath, ['--no-warnings', '--disable-warning=ExperimentalWarning', join(root, script), JSON.stringify(given)], { cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
  const chunks = []
  let late = false
  const end = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It has ended, with all that it started.
    }
  }
  const timer = setTimeout(() => {
    late = true
    end()
  }, minutes * 60_000)
  interruption.ends.add(end)
  child.stdout.on('data', (chunk) => chunks.push(chunk))
  child.once('error', (error) => resolve({ output: '', why: error.message }))
  child.once('close', (code, signal) => {
    clearTimeout(timer)
    end()
    interruption.ends.delete(end)
    const why = late ? `not done after ${minutes} minutes` : `ended with ${signal ?? code}`
    resolve({ output: Buffer.concat(chunks).toString('utf8'), why: code === 0 ? undefined : why })
  })
})

/** What a family found: `{ points, failed, findings, notes, skipped, seconds }`. One that checked nothing has failed. */
const runFamily = async ({ name, script, minutes: [quickMinutes, fullMinutes], memory, options = {} }, { quick, seed }) => {
  const minutes = quick ? quickMinutes : fullMinutes
  if (minutes === 0) return { points: 0, failed: 0, findings: [], notes: [], skipped: 'only in the full run', seconds: 0 }
  const folder = mkdtempSync(join(memory ? findMemory() : tmpdir(), `prove-${name}-`))
  const start = performance.now()
  try {
    const { output, why } = await runScript(script, { quick, seed, seconds: minutes * 60, folder, options }, { minutes: minutes * PATIENCE, folder })
    const { points = 0, failed = 0, findings = [], notes = [], skipped } = parseLast(output) ?? { failed: 1, findings: [`no result: ${why ?? output.slice(-500)}`] }
    const seconds = (performance.now() - start) / 1000
    if (why !== undefined && failed === 0) return { points, failed: 1, findings: [...findings, why], notes, seconds }
    if (skipped === undefined && points === 0 && failed === 0) return { points, failed: 1, findings: ['checked nothing'], notes, seconds }
    return { points, failed, findings, notes, skipped, seconds }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const row = (cells) => `${String(cells[0]).padEnd(14)} ${String(cells[1]).padStart(10)} ${String(cells[2]).padStart(8)} ${String(cells[3]).padStart(8)}  ${cells[4]}\n`

const print = ({ name, about }, { points, failed, findings, notes, skipped, seconds }) => {
  process.stdout.write(row(skipped === undefined ? [name, points, failed, seconds.toFixed(0), about] : [name, '-', '-', '-', `skipped: ${skipped}`]))
  for (const note of notes) process.stdout.write(`    ${note}\n`)
  for (const finding of findings.slice(0, SHOWN)) process.stdout.write(`    FAILED ${finding.replaceAll('\n', '\n      ')}\n`)
  if (findings.length > SHOWN) process.stdout.write(`    and ${findings.length - SHOWN} more\n`)
}

const chosen = (only) => {
  const names = only?.split(',')
  const unknown = names?.find((name) => families.every((family) => family.name !== name))
  if (unknown !== undefined) throw new ToolError(`Cannot run "${unknown}": there is no such family.`, `There are: ${families.map(({ name }) => name).join(', ')}.`)
  return names === undefined ? families : families.filter(({ name }) => names.includes(name))
}

await runMain(async () => {
  const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false }, list: { type: 'boolean', default: false }, only: { type: 'string' }, seed: { type: 'string', default: '1' } } })
  const over = [true, false].find((quick) => minutesOf(families, { quick }) > MOST[quick ? 0 : 1])
  if (over !== undefined) throw new ToolError(`Cannot run the families: their minutes are ${minutesOf(families, { quick: over })} together, more than ${MOST[over ? 0 : 1]}.`, 'Correct tools/prove/families.mjs.')
  if (values.list) {
    for (const { name, about, minutes } of families) process.stdout.write(`${name.padEnd(14)} ${String(minutes[values.quick ? 0 : 1]).padStart(4)} min  ${about}\n`)
    process.stdout.write(`${'all'.padEnd(14)} ${String(minutesOf(families, { quick: values.quick })).padStart(4)} min  on two processors, where those that need one run side by side\n`)
    return 0
  }
  process.stdout.write(row(['family', 'points', 'faults', 'seconds', 'what']))
  const sum = { points: 0, failed: 0, passed: 0, seconds: 0 }
  const start = performance.now()
  await runSideBySide(chosen(values.only), async (family) => {
    if (interruption.isAsked) return
    const result = await runFamily(family, { quick: values.quick, seed: Number(values.seed) })
    if (interruption.isAsked) return
    print(family, result)
    sum.points += result.points
    if (result.skipped === undefined) sum[result.failed === 0 ? 'passed' : 'failed'] += 1
  })
  sum.seconds = (performance.now() - start) / 1000
  if (interruption.isAsked) return 130
  reportCounts({ passed: sum.passed, failed: sum.failed })
  process.stdout.write(row(['all', sum.points, sum.failed, sum.seconds.toFixed(0), `${sum.passed} families passed, ${sum.failed} failed`]))
  return sum.failed > 0 ? 1 : 0
})
