import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { judgeNames } from '../catalogue/scene.mjs'
import { crashStates, writeTree } from '../../../packages/sync/test/crash/weak-disk.ts'
import { createRandom } from '../../../packages/sync/test/crash/random.ts'
import { Dead, runBroken } from './breaks.mjs'

/**
 * Makes a scenario ready to be broken off again and again: `changes` of one whole run, `sweepKills()`, `sweepRecovery()`, `sweepErrors(code)`, `sweepShortWrites()`, `sweepWeakDisk(options)`, each `{ points, bad }`. `step`: every change,
 * or every second one, and so on, the last one always; `rare` is that of failing disks and of deaths during recovery. `untilBad`: a sweep ends with the first fault.
 */
export const breakScenario = async (scenario, { folder, step = 1, rare = step, untilBad = false }) => {
  const prepared = join(folder, 'prepared')
  const w = join(folder, 'w')
  mkdirSync(prepared)
  await scenario.prepare(prepared)

  const startOver = () => {
    rmSync(w, { recursive: true, force: true })
    cpSync(prepared, w, { recursive: true, preserveTimestamps: true })
  }
  const attempt = (broken) => runBroken(w, broken, () => scenario.run(w))

  /** What is wrong after a plain run from wherever things are. */
  const goOn = async () => {
    const { error, answer } = await attempt({ type: 'none' })
    if (error !== undefined || answer.exitCode !== 0) return [`the next run: ${error ?? answer.told.slice(0, 600)}`]
    return scenario.inTheEnd(w)
  }

  const checkPoint = async (broken) => {
    startOver()
    const { error, answer } = await attempt(broken)
    const told = broken.type === 'error' ? await judge(scenario, { w, error, answer }) : isDead(error) ? [] : [`ends with ${error?.stack ?? error}`]
    const keep = broken.when === 'before'
    const between = await scenario.afterBreak(w, { keep })
    return [...told, ...between.map((problem) => `after the break: ${problem}`), ...await goOn()].map((problem) => `${JSON.stringify(broken)}: ${problem}`)
  }

  const sweep = async (breaks) => {
    const bad = []
    let points = 0
    for (const broken of breaks) {
      bad.push(...await checkPoint(broken))
      points += 1
      if (untilBad && bad.length > 0) break
    }
    return { points, bad }
  }

  startOver()
  const whole = await attempt({ type: 'traced' })
  const problems = [...whole.error === undefined && whole.answer.exitCode === 0 ? [] : [String(whole.error ?? whole.answer.told)], ...await scenario.inTheEnd(w)]
  if (problems.length > 0) throw new TypeError(`${scenario.name} fails unbroken: ${problems.join('; ')}`)
  const changes = whole.count
  const placesOf = (each) => Array.from({ length: changes }, (_, index) => changes - index).filter((_, index) => index % each === 0)
  const [places, fewer] = [placesOf(step), placesOf(rare)]
  /** One change for each place in our code that changes the disk: a fault of another kind takes the same way from there. */
  const firsts = new Set(whole.sites.flatMap((site, index) => (whole.sites.indexOf(site) === index ? [index + 1] : [])))

  const killTwice = async (at) => {
    const first = { type: 'dead', at, when: 'after' }
    startOver()
    await attempt(first)
    const { count } = await attempt({ type: 'none' })
    const all = [...new Set([1, (count >> 1) + 1, count])].filter((second) => second >= 1 && second <= count)
    // Each change is killed at, and recovery in each of its thirds; all three of them after every fourth.
    const seconds = at % 4 === 0 ? all : all.slice(at % all.length, (at % all.length) + 1)
    const bad = []
    for (const second of seconds) {
      startOver()
      await attempt(first)
      await attempt({ type: 'dead', at: second, when: second === 1 ? 'before' : 'after' })
      const between = await scenario.afterBreak(w, { keep: second !== count })
      bad.push(...[...between, ...await goOn()].map((problem) => `killed at ${at}, then at ${second}: ${problem}`))
    }
    return { points: seconds.length, bad }
  }

  return {
    changes, startOver, w, goOn,
    sweepKills: () => sweep(places.flatMap((at) => [{ type: 'dead', at, when: 'before' }, { type: 'dead', at, when: 'after' }])),
    sweepErrors: (code, { everywhere = true } = {}) => sweep(fewer.filter((at) => everywhere || firsts.has(at)).map((at) => ({ type: 'error', at, code }))),
    async sweepRecovery() {
      const all = []
      for (const at of fewer) all.push(await killTwice(at))
      return { points: all.reduce((sum, { points }) => sum + points, 0), bad: all.flatMap(({ bad }) => bad) }
    },
    async sweepShortWrites() {
      const bad = []
      const takes = [() => 1, (bytes) => Math.ceil(bytes / 2), () => 100]
      for (const take of takes) {
        startOver()
        const { error, answer } = await attempt({ type: 'short', take })
        bad.push(...(error === undefined && answer.exitCode === 0 ? [] : [`short writes: ${error ?? answer.told.slice(0, 600)}`]), ...await scenario.inTheEnd(w))
      }
      return { points: takes.length, bad }
    },
    /** One of `recover` states is also gone on from; 0: none. */
    async sweepWeakDisk({ seed, recover, every }) {
      startOver()
      const { operations } = await attempt({ type: 'none' })
      const bad = []
      let points = 0
      for (const { name, tree } of crashStates(prepared, operations, { random: createRandom(seed), step: every })) {
        if (untilBad && bad.length > 0) break
        rmSync(w, { recursive: true, force: true })
        writeTree(tree, w)
        const isRecovered = recover > 0 && points % recover === 0
        const found = [...await scenario.afterBreak(w, { keep: !isRecovered }), ...isRecovered ? await goOn() : []]
        bad.push(...found.map((problem) => `${name}: ${problem}`))
        points += 1
      }
      return { points, bad }
    },
  }
}

const isDead = (error) => error === undefined || error instanceof Dead

/** A disk that fails is told by name, with what to do; where it did not matter, all is as it is to be. */
const judge = async (scenario, { w, error, answer }) => {
  if (error !== undefined) return [`ends with ${error?.stack ?? error}`]
  const { exitCode, told } = answer
  if (exitCode === 0) return (await scenario.inTheEnd(w)).map((problem) => `done, and yet ${problem}`)
  const lines = told.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
  if (lines.length > 0) return judgeNames({ exitCode, lines, stdout: told, stderr: '' })
  const [first = '', hint = ''] = told.trim().split('\n').slice(-2)
  return /^Error: Cannot .+: ./.test(first) && hint !== '' ? [] : [`says not what failed, where and what to do: ${told}`]
}
