// What the byte-slice index costs, beside JSON.parse and beside copying: node benchmarks/index-bench.mjs [--quick]
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { createBench, print } from './create-bench.mjs'
import { makeRepodata } from './make-repodata.mjs'

const quick = process.argv.includes('--quick')
const sizes = quick ? [100_000] : [500_000, 1_500_000]
const [script, used] = ['index-job.mjs', 'core-used.mjs'].map((file) => join(import.meta.dirname, file))
const { folder, runJob, runInTurn, show: showAs, target, run } = createBench({ name: 'index-bench', script, used, quick, rounds: quick ? 1 : 3 })

const show = (title, outcomes) => showAs(title, outcomes, (result) => JSON.stringify(result).slice(0, 90))

function runShell(command) {
  const start = performance.now()
  const { status, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', `TIMEFORMAT='%U %S'; time { ${command}; }`], { encoding: 'utf8' })
  const wall = (performance.now() - start) / 1000
  if (status !== 0) return { failure: stderr.trim().split('\n').at(0) }
  const [user = 0, system = 0] = stderr.trim().split('\n').at(-1).split(' ').map(Number)
  return { wall, cpu: user + system, mebibytes: 0 }
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

run(sizes, benchSize)
