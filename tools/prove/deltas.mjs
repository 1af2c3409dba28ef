// X1-X4, X6-X9, A11: what writes a delta and what takes it (conda-diff-tar --create and --apply, cas-sync with delta: true, cas-merge), broken off at every change that it makes through node:fs: part of `npm run prove`. Runs itself once for
// each command, two at once.
import { spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { addSweep, createFound, printFound } from '@mirror/test-fixtures'
import { CHECKS } from './deltas/checks.mjs'
import { MUTANTS } from './deltas/mutants.mjs'
import { canTrace, killProcesses, runCounted, runKilled, traceProcess } from './deltas/processes.mjs'
import { createScenarios } from './deltas/scenarios.mjs'
import { breakScenario } from './deltas/sweeps.mjs'

const [text = '{}', ...rest] = process.argv.slice(2)
const given = { quick: true, folder: process.env.TMPDIR ?? '/tmp', seed: 1, options: {}, ...JSON.parse(text) }
const { quick, folder, seed } = given
const AT_ONCE = 2
/** In a quick run, so many changes are passed over: none in the full one. */
const QUICK_STEP = 11
/** Left to the full run. */
const FULL = ['recovery', 'strace', 'processes']
const CODES = ['ENOSPC', 'EIO', 'EROFS', 'EDQUOT']

const proveOne = async (scenario) => {
  const found = createFound()
  const broken = await breakScenario(scenario, { folder, ...(quick ? { step: QUICK_STEP } : { step: 1, rare: scenario.rare }) })
  const told = (what) => `${scenario.name}, ${what}`
  found.notes.push(told(`one run makes ${broken.changes} changes`))
  const parts = {
    kills: async () => addSweep(found, told('X1 killed before and after changes'), await broken.sweepKills()),
    recovery: async () => addSweep(found, told('X2 killed again during recovery'), await broken.sweepRecovery()),
    errors: async () => { for (const code of quick ? CODES.slice(0, 1) : CODES) addSweep(found, told(`X3 ${code} at ${code === CODES[0] ? 'changes' : 'each place that changes something'}`), await broken.sweepErrors(code, { everywhere: code === CODES[0] })) },
    'short writes': async () => addSweep(found, told('X4 short writes'), await broken.sweepShortWrites()),
    'weak disk': async () => addSweep(found, told('X6 states of a disk that keeps nothing in order'), await broken.sweepWeakDisk(quick ? { seed, recover: 20, every: 25 } : { seed, recover: 5, every: 4 })),
    strace: async () => (canTrace() ? addSweep(found, told('X8 changes that the kernel counts'), await traceProcess(scenario, broken, { folder })) : found.notes.push(told('X8: skipped, strace cannot be run here'))),
    processes: async () => addSweep(found, told('X1 SIGKILL of real processes'), await killProcesses(scenario, broken, { folder, step: 8 })),
  }
  for (const [name, run] of Object.entries(parts)) if ((given.options.parts ?? (quick ? Object.keys(parts).filter((part) => !FULL.includes(part)) : Object.keys(parts))).includes(name)) await run()
  return found
}

const startOne = (name, place) => new Promise((resolve) => {
  const own = join(folder, String(place))
  mkdirSync(own)
  const child = spawn(process.execPath, ['--no-warnings', fileURLToPath(import.meta.url), JSON.stringify({ ...given, folder: own }), 'one', name, join(folder, 'made')], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, TMPDIR: own } })
  let output = ''
  child.stdout.on('data', (chunk) => { output += chunk })
  child.once('close', (code, signal) => {
    const last = output.trimEnd().split('\n').at(-1) ?? ''
    resolve(code === 0 ? JSON.parse(last).prove : { points: 0, failed: 1, findings: [`${name}: ended with ${signal ?? code}`], notes: [] })
  })
})

const proveAll = async () => {
  const found = createFound()
  mkdirSync(join(folder, 'made'))
  const names = (await createScenarios(join(folder, 'made'))).map(({ name }) => name).filter((name) => given.options.only?.includes(name) ?? true)
  const queue = names.entries()
  const notes = new Map()
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (const [place, name] of queue) {
      const { points, failed, findings, notes: own } = await startOne(name, place)
      found.points += points
      found.failed += failed
      found.findings.push(...findings)
      notes.set(place, own)
    }
  }))
  found.notes.push(...names.flatMap((_, place) => notes.get(place) ?? []))
  if (given.options.parts?.includes('mutants') ?? true) {
    const { points, failed, findings, notes: own } = await proveMutants()
    found.points += points
    found.failed += failed
    found.findings.push(...findings)
    found.notes.push(...own)
  }
  return found
}

/** What a check finds wrong, with a discipline left out or with none. */
const runCheck = async (check, mutant) => {
  const own = join(folder, `check-${check}-${mutant ?? 'none'}`.replaceAll(/[^a-z-]/g, '-'))
  mkdirSync(own)
  const hook = mutant === undefined ? [] : ['--import', fileURLToPath(new URL('mutate-deltas.mjs', import.meta.url))]
  const child = spawn(process.execPath, ['--no-warnings', ...hook, fileURLToPath(import.meta.url), JSON.stringify({ ...given, folder: own }), 'check', check, join(folder, 'made')], {
    stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, TMPDIR: own, ...(mutant === undefined ? {} : { MIRROR_MUTANT: mutant }) },
  })
  let output = ''
  child.stdout.on('data', (chunk) => { output += chunk })
  const code = await new Promise((resolve) => { child.once('close', resolve) })
  rmSync(own, { recursive: true, force: true })
  if (code !== 0) throw new Error(`the check ended with ${code}`)
  return JSON.parse(output.trimEnd().split('\n').at(-1))
}

/** X9: each is seen by the check that is named for it, which sees nothing where nothing is left out. */
const proveMutants = async () => {
  const found = createFound()
  const judge = async (name, run) => {
    found.points += 1
    const problem = await run().catch((error) => String(error))
    if (problem === undefined) return
    found.failed += 1
    found.findings.push(`${name}: ${problem}`)
  }
  const whole = [...new Set(MUTANTS.map(({ check }) => check))].filter((check) => !quick || !/^(?:kills|errors|weak disk)/.test(check)).map((check) => () => judge(`${check}, with nothing left out`, async () => (await runCheck(check))[0]))
  const mutated = MUTANTS.map(({ name, check }) => () => judge(name, async () => {
    const [problem] = await runCheck(check, name)
    if (problem === undefined) return `not seen by "${check}"`
    found.notes.push(`mutant: ${name}: seen by "${check}": ${problem.replaceAll(folder, '').slice(0, 110)}`)
    return undefined
  }))
  const queue = [...mutated, ...whole].values()
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (const run of queue) await run()
  }))
  return found
}

const find = async (name, made) => (await createScenarios(made, { isMade: true })).find((scenario) => scenario.name === name)

const check = async (name, made) => {
  const scenarios = await createScenarios(made, { isMade: true })
  const problems = await CHECKS[name](folder, { media: join(made, 'media'), find: (wanted) => scenarios.find((scenario) => scenario.name === wanted) }).catch((error) => [String(error)])
  process.stdout.write(`${JSON.stringify(problems.slice(0, 3))}\n`)
}

const [mode, name = '', made = '', w = '', at = ''] = rest
if (mode === 'counted') await runCounted(await find(name, made), { w })
else if (mode === 'check') await check(name, made)
else if (mode === 'killed') await runKilled(await find(name, made), { w, at: Number(at) })
else printFound(mode === 'one' ? await proveOne(await find(name, made)) : await proveAll())
process.exitCode = 0
