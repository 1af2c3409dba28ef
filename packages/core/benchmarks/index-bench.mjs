// What the byte-slice index costs, beside JSON.parse and beside copying: node benchmarks/index-bench.mjs [--quick]
// Each job is a process of its own; wall is from start to exit, CPU is user and system, peak is its maximum resident size.
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeRepodata } from './make-repodata.mjs'

const quick = process.argv.includes('--quick')
const sizes = quick ? [100_000] : [500_000, 1_500_000]
const rounds = quick ? 1 : 3
const folder = mkdtempSync(join(tmpdir(), 'index-bench-'))
const script = join(dirname(fileURLToPath(import.meta.url)), 'index-job.mjs')
const core = join(folder, 'core.mjs')

const print = (line = '') => process.stdout.write(`${line}\n`)
const median = (values) => values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)]

function runJob(job, args) {
  const start = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--max-old-space-size=12288', '--no-warnings', script, job, JSON.stringify({ core, ...args })], { encoding: 'utf8' })
  const wall = (performance.now() - start) / 1000
  if (status !== 0) return { failure: stderr.split('\n').find((line) => /Error/.test(line)) ?? `exit ${status}` }
  return { wall, ...JSON.parse(stdout.trim().split('\n').at(-1)) }
}

function runShell(command) {
  const start = performance.now()
  const { status, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', `TIMEFORMAT='%U %S'; time { ${command}; }`], { encoding: 'utf8' })
  const wall = (performance.now() - start) / 1000
  if (status !== 0) return { failure: stderr.trim().split('\n').at(0) }
  const [user = 0, system = 0] = stderr.trim().split('\n').at(-1).split(' ').map(Number)
  return { wall, cpu: user + system, mebibytes: 0 }
}

/** Runs all of them in turn, several times, so that a busy minute hurts all alike; gives the medians. */
function runInTurn(contestants) {
  const all = contestants.map(() => [])
  for (let round = 0; round < rounds; round += 1) contestants.forEach(({ run }, at) => { if (all[at].every(({ failure }) => failure === undefined)) all[at].push(run()) })
  return contestants.map(({ label }, at) => {
    const failed = all[at].find(({ failure }) => failure !== undefined)
    if (failed !== undefined) return { label, failure: failed.failure }
    const pickMedian = (key) => median(all[at].map((outcome) => outcome[key]))
    return { label, wall: pickMedian('wall'), cpu: pickMedian('cpu'), mebibytes: pickMedian('mebibytes'), result: all[at][0].result }
  })
}

function show(title, outcomes) {
  print(`\n${title}`)
  for (const { label, failure, wall, cpu, mebibytes, result } of outcomes) {
    if (failure === undefined) print(`  ${label.padEnd(34)} wall ${wall.toFixed(2).padStart(6)} s   CPU ${cpu.toFixed(2).padStart(6)} s   peak ${mebibytes > 0 ? `${mebibytes.toFixed(0).padStart(5)} MiB` : '      -  '}   ${result === undefined ? '' : JSON.stringify(result).slice(0, 90)}`)
    else print(`  ${label.padEnd(34)} fails: ${failure.slice(0, 110)}`)
  }
}

let missed = 0
/** Targets are set for 500,000 records: below that, starting Node is most of it. */
const judged = !quick
function target(text, value, limit) {
  if (value === undefined || Number.isNaN(value)) return print(`  -    ${text}: nothing to compare with`)
  const good = 'least' in limit ? value >= limit.least : value <= limit.most
  if (judged && !good) missed += 1
  print(`  ${judged ? (good ? 'ok  ' : 'MISS') : '    '} ${text}: ${value.toFixed(2)} (target ${'least' in limit ? `>= ${limit.least}` : `<= ${limit.most}`})`)
}

const same = (left, right) => JSON.stringify(left?.result) === JSON.stringify(right?.result)
const ratio = (left, right, key) => (left?.[key] === undefined || right?.[key] === undefined ? undefined : left[key] / right[key])

function benchSize(records) {
  const input = join(folder, 'repodata.json')
  const next = join(folder, 'next.json')
  const output = join(folder, 'out.json')
  const made = makeRepodata({ path: input, records })
  makeRepodata({ path: next, records, changed: true })
  const bytes = statSync(input).size
  print(`\n== ${made} records, ${(bytes / 1e6).toFixed(0)} MB, ${(bytes / made).toFixed(0)} bytes a record`)
  const ours = (label, job, args) => ({ label, run: () => runJob(job, args) })
  const shell = (label, command) => ({ label, run: () => runShell(command) })

  const filter = runInTurn([ours('filter by name, 80 %', 'filter', { input, output }), ours('the same with a table', 'table', { input, output }), ours('JSON.parse + JSON.stringify', 'json-filter', { input, output }), shell('cp', `cp '${input}' '${output}'`)])
  show('filter', filter)
  target('x faster than JSON.parse', ratio(filter[2], filter[0], 'wall'), { least: 10 })
  target('x less CPU than JSON.parse', ratio(filter[2], filter[0], 'cpu'), { least: 10 })
  target('x less memory than JSON.parse', ratio(filter[2], filter[0], 'mebibytes'), { least: 20 })
  target('x the time of cp', ratio(filter[0], filter[3], 'wall'), { most: 3 })
  target('MiB at the peak', filter[0].mebibytes, { most: 100 })
  if (filter[2].failure === undefined && filter[2].result.kept !== filter[0].result?.kept) throw new Error('The two filters do not agree')

  const objects = runInTurn([ours('filter by depends', 'objects', { input, output }), ours('JSON.parse + JSON.stringify', 'json-objects', { input, output })])
  show('filter that needs objects', objects)
  target('x faster than JSON.parse', ratio(objects[1], objects[0], 'wall'), { least: 4 })
  if (objects[1].failure === undefined && !same(objects[0], objects[1])) throw new Error('The two filters do not agree')

  const diff = runInTurn([ours('compare two documents', 'diff', { input, next }), ours('compare two tables', 'tables', { input, next }), ours('JSON.parse both', 'json-diff', { input, next }), shell('cat both', `cat '${input}' '${next}' | cat > /dev/null`)])
  show('diff: 1 % removed, 2 % changed, 2 % added', diff)
  target('x faster than JSON.parse', ratio(diff[2], diff[0], 'wall'), { least: 15 })
  target('x less CPU than JSON.parse', ratio(diff[2], diff[0], 'cpu'), { least: 15 })
  target('x the time of cat', ratio(diff[0], diff[3], 'wall'), { most: 3 })
  target('MiB at the peak', diff[0].mebibytes, { most: 80 })
  if (!same(diff[0], diff[1]) || (diff[2].failure === undefined && !same(diff[0], diff[2]))) throw new Error('The comparisons do not agree')

  const compressed = `${input}.zst`
  const packed = runShell(`zstd -q -f -3 '${input}' -o '${compressed}'`)
  if (packed.failure !== undefined) return print('\nzst: skipped, there is no zstd')
  const pipeline = runInTurn([ours('zst -> filter -> json + zst', 'zst', { compressed, spool: join(folder, 'spool.json'), output, outputZst: `${output}.zst` }), shell('zstd -d | zstd -3', `zstd -q -d -c '${compressed}' | zstd -q -3 -T1 -c > '${output}.zst'`)])
  show('zst pipeline', pipeline)
  target('x the time of zstd -d | zstd -3', ratio(pipeline[0], pipeline[1], 'wall'), { most: 2 })
  target('MiB at the peak', pipeline[0].mebibytes, { most: 160 })
}

/** The jobs run what the command ships, one file with no more of core than they use. */
function build() {
  const { buildSync } = createRequire(import.meta.url)('esbuild')
  buildSync({ entryPoints: [join(dirname(script), 'core-used.mjs')], outfile: core, bundle: true, format: 'esm', platform: 'node', target: 'node24', minifySyntax: true, logLevel: 'warning' })
}

try {
  build()
  print(`Node ${process.version}, ${process.arch}, ${availableParallelism()} cores, medians of ${rounds}`)
  for (const records of sizes) benchSize(records)
  if (judged) print(`\n${missed === 0 ? 'Every target is met.' : `${missed} targets are missed.`}`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
