import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'

const median = (values) => values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)]

/** Prints a line. */
export const print = (line = '') => process.stdout.write(`${line}\n`)

/**
 * A benchmark of jobs, each a process of its own: wall is from start to exit, CPU is user and system, peak is its maximum resident size. `script` does the jobs, with what the module `used`
 * exports, as the command ships it: one file, with no more than they use. Targets are judged unless it is `quick`: with few records, starting Node is most of it.
 */
export function createBench({ name, script, used, quick, rounds }) {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`))
  const code = join(folder, 'used.mjs')
  const judged = !quick
  let missed = 0

  function runJob(job, args) {
    const start = performance.now()
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--max-old-space-size=12288', '--no-warnings', script, job, JSON.stringify({ code, ...args })], { encoding: 'utf8' })
    const wall = (performance.now() - start) / 1000
    if (status !== 0) return { failure: stderr.split('\n').find((line) => /Error/.test(line)) ?? `exit ${status}` }
    return { wall, ...JSON.parse(stdout.trim().split('\n').at(-1)) }
  }

  /** Runs all of them in turn, several times, so that a busy minute hurts all alike; gives the medians. */
  function runInTurn(contestants) {
    const all = contestants.map(() => [])
    for (let round = 0; round < rounds; round += 1) contestants.forEach((contestant, at) => { if (all[at].every(({ failure }) => failure === undefined)) all[at].push(contestant.run()) })
    return contestants.map(({ label }, at) => {
      const failed = all[at].find(({ failure }) => failure !== undefined)
      if (failed !== undefined) return { label, failure: failed.failure }
      const pickMedian = (key) => median(all[at].map((outcome) => outcome[key]))
      return { label, wall: pickMedian('wall'), cpu: pickMedian('cpu'), mebibytes: pickMedian('mebibytes'), result: all[at][0].result }
    })
  }

  function show(title, outcomes, describe) {
    print(`\n${title}`)
    for (const { label, failure, wall, cpu, mebibytes, result } of outcomes) {
      if (failure !== undefined) print(`  ${label.padEnd(34)} fails: ${failure.slice(0, 110)}`)
      else {
        const peak = mebibytes > 0 ? `${mebibytes.toFixed(0).padStart(5)} MiB` : '      -  '
        print(`  ${label.padEnd(34)} wall ${wall.toFixed(2).padStart(6)} s   CPU ${cpu.toFixed(2).padStart(6)} s   peak ${peak}   ${result === undefined ? '' : describe(result)}`)
      }
    }
  }

  function target(text, value, limit) {
    if (value === undefined || Number.isNaN(value)) return print(`  -    ${text}: nothing to compare with`)
    const good = 'least' in limit ? value >= limit.least : value <= limit.most
    if (judged && !good) missed += 1
    print(`  ${judged ? (good ? 'ok  ' : 'MISS') : '    '} ${text}: ${value.toFixed(2)} (target ${'least' in limit ? `>= ${limit.least}` : `<= ${limit.most}`})`)
  }

  function build() {
    const { buildSync } = createRequire(import.meta.url)('esbuild')
    buildSync({ entryPoints: [used], outfile: code, bundle: true, format: 'esm', platform: 'node', target: 'node24', minifySyntax: true, logLevel: 'warning' })
  }

  /** Calls `benchSize` for each of the sizes. The folder goes with the last. */
  function run(sizes, benchSize) {
    try {
      build()
      print(`Node ${process.version}, ${process.arch}, ${availableParallelism()} cores, medians of ${rounds}`)
      for (const size of sizes) benchSize(size)
      if (judged) print(`\n${missed === 0 ? 'Every target is met.' : `${missed} targets are missed.`}`)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }

  return { folder, judged, runJob, runInTurn, show, target, run }
}
