// What selecting costs, beside JSON.parse, filter and JSON.stringify: node benchmarks/select-bench.mjs [--quick]
// Each job is a process of its own, reads the index from a file and writes what is kept to a new one; wall is from start to exit, CPU is user and system, peak is its
// maximum resident size. Both sides keep the same records, and the share that they keep is shown: the peer's time has reading all and writing what is kept in it, so where
// little is kept it has only the half of its work to do, and is less far behind. What needs objects keeps about as much on both sides.
import { closeSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createBench, print } from '../../core/benchmarks/create-bench.mjs'
import { makeRepodata, packageName } from '../../core/benchmarks/make-repodata.mjs'

const quick = process.argv.includes('--quick')
// JSON.parse cannot read a million: its text does not fit into a string. Its speed there is taken to be that of the smaller index.
const sizes = quick ? [100_000] : [500_000, 1_000_000]
const [script, used] = ['select-job.mjs', 'selection-used.mjs'].map((file) => join(import.meta.dirname, file))
const { folder, judged, runJob: runAny, runInTurn, show, target, run } = createBench({ name: 'select-bench', script, used, quick, rounds: quick ? 1 : 3 })

function runJob(job, args) {
  // Truncating what is there is work that the file system does for one job and charges to the next.
  rmSync(args.output, { force: true })
  return runAny(job, args)
}

function shareOf({ kept, records }) {
  return `keeps ${kept} of ${records} (${(kept / records * 100).toFixed(1)} %)`
}

const peers = new Map()
/** A peer that could not do it: as it did the smaller one, times as much. Memory is not guessed. */
function measureOf(peer, { job, records }) {
  if (peer.failure === undefined) peers.set(job, { ...peer, records })
  const known = peers.get(job)
  if (peer.failure === undefined || known === undefined) return peer
  print(`  ${peer.label} is taken to need ${(records / known.records).toFixed(2)} times what it needed for ${known.records} records`)
  return { wall: known.wall * records / known.records, cpu: known.cpu * records / known.records }
}

function bench({ title, job, rules, input, records, least, compares }) {
  const output = join(folder, 'out.json')
  const outcomes = runInTurn([
    { label: 'one scan + writeIndex', run: () => runJob('select', { input, output, rules }) },
    { label: 'JSON.parse + filter + stringify', run: () => runJob(job, { input, output, rules }) },
    { label: 'scan, selectRecords + writeIndex', run: () => runJob('select-again', { input, output, rules }) },
  ])
  show(`${title}, ${records} records`, outcomes, shareOf)
  const [ours, theirs, again] = outcomes
  if (ours.result?.kept !== again.result?.kept) throw new Error('One scan and two do not keep the same')
  if (compares && theirs.failure === undefined && ours.result?.kept !== theirs.result.kept) throw new Error('The two do not keep the same')
  const peer = measureOf(theirs, { job, records })
  target('x faster than JSON.parse', peer.wall / ours.wall, { least })
  target('x less CPU than JSON.parse', peer.cpu / ours.cpu, { least })
  target('x less memory than JSON.parse', peer.mebibytes === undefined ? undefined : peer.mebibytes / ours.mebibytes, { least: judged ? 20 : 1 })
  target('MiB at the peak', ours.mebibytes, { most: 100 })
}

/** Real records ask for few Pythons, by their minor version, where the made-up ones ask for any version of anything. */
function pinPythons(from, to) {
  const source = openSync(from, 'r')
  const pinned = openSync(to, 'w')
  const bytes = Buffer.alloc(1 << 24)
  const pin = (_, minor) => `"python >=3.${minor % 6 + 8},<3.${minor % 6 + 9}.0a0"`
  for (let count = readSync(source, bytes); count > 0; count = readSync(source, bytes)) {
    writeSync(pinned, bytes.toString('latin1', 0, count).replaceAll(/"python >=\d+\.(\d+)\.\d+,<\d+\.0a0"/g, pin), null, 'latin1')
  }
  closeSync(source)
  closeSync(pinned)
}

function benchSize(wanted) {
  const plain = join(folder, 'plain.json')
  const input = join(folder, 'repodata.json')
  const records = makeRepodata({ path: plain, records: wanted })
  pinPythons(plain, input)
  rmSync(plain)
  const bytes = statSync(input).size
  print(`\n== ${records} records, ${(bytes / 1e6).toFixed(0)} MB, ${(bytes / records).toFixed(0)} bytes a record`)
  const names = Array.from({ length: Math.round(wanted / 22) }, (_, number) => packageName(number))
  const blacklist = names.filter((_, at) => at % 5 === 0).slice(0, 2000)
  const whitelist = blacklist.filter((_, at) => at % 10 === 0)
  bench({ title: 'blacklist and whitelist', job: 'json-names', rules: { blacklist, whitelist }, input, records, least: 10, compares: true })
  // Of what the peer parses it writes a tenth.
  bench({ title: 'latest: 2 versions', job: 'json-latest', rules: { latest: { versions: 2 } }, input, records, least: 5, compares: true })
  const dates = { newerThan: 1_600_000_000_000, formats: { allowed: ['conda', 'tar.bz2'], prefer: 'conda' } }
  bench({ title: 'formats and dates', job: 'json-dates', rules: dates, input, records, least: 10, compares: true })
  bench({ title: 'python_versions and license_blacklist', job: 'json-objects', rules: { pythonVersions: ['3.11', '3.12'], licenseBlacklist: ['GPL3'] }, input, records, least: 4, compares: false })
}

run(sizes, benchSize)
