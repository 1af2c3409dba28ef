import { spawnSync } from 'node:child_process'

/** Runs what follows and prints, as JSON, what it took with all its children. */
const program = `
import json, resource, subprocess, sys, time
# A python3 that is a script of its own has had children before.
before = resource.getrusage(resource.RUSAGE_CHILDREN)
start = time.perf_counter()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
wall = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"code": code.returncode, "wall": wall, "cpu": used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime, "peak": used.ru_maxrss / 1024, "error": code.stderr.decode("utf8", "replace")[-2000:]}))
`

const hasPython = spawnSync('python3', ['-c', 'import resource']).status === 0

const measurePlain = (command, args, options) => {
  const start = performance.now()
  const { status, stderr } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8', ...options })
  return { code: status, wall: (performance.now() - start) / 1000, cpu: undefined, peak: undefined, error: stderr.slice(-2000) }
}

/** Runs a command to its end: `{ wall, cpu }` in seconds, `{ peak }` in MiB (of its largest process; undefined without python3). Throws where it fails. */
export const measure = (command, args, options = {}) => {
  const result = hasPython
    ? JSON.parse(spawnSync('python3', ['-c', program, command, ...args], { encoding: 'utf8', ...options }).stdout)
    : measurePlain(command, args, options)
  if (result.code !== 0) throw new Error(`${command} ${args.join(' ')}: exit code ${result.code}\n${result.error}`)
  return result
}

const middle = (values) => values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)]

/** Measures each contestant once a round, in turn, so that all meet the same machine: name → medians, with the least wall. */
export const compete = (contestants, rounds) => {
  const results = new Map(Object.keys(contestants).map((name) => [name, []]))
  for (let round = 0; round < rounds; round += 1) for (const [name, body] of Object.entries(contestants)) results.get(name).push(body(round))
  return new Map([...results].map(([name, runs]) => [name, {
    wall: middle(runs.map(({ wall }) => wall)),
    least: Math.min(...runs.map(({ wall }) => wall)),
    cpu: runs[0].cpu === undefined ? undefined : middle(runs.map(({ cpu }) => cpu)),
    peak: runs[0].peak === undefined ? undefined : middle(runs.map(({ peak }) => peak)),
  }]))
}
