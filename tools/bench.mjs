// How fast everything is, beside other people's tools: npm run bench [-- --quick | --full]. Timings are printed beside their targets, never asserted.
// MIRROR_BENCH_PEER: the binary of conda-mirror (Rust), to measure beside it. MIRROR_BENCH_FOLDER: where there is room for some GB, default the temporary folder.
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { exitCodeOf, runMain } from './lib/fail.mjs'
import { prepareTool } from './lib/prepare-tool.mjs'
import { run } from './lib/run.mjs'
import { setUp } from './lib/setup.mjs'
import { findNode, root } from './lib/workspace.mjs'

const quick = process.argv.includes('--quick')

/** What each of the packages' own benchmarks takes to be short. */
const QUICK = {
  'index-bench.mjs': ['--quick'],
  'select-bench.mjs': ['--quick'],
  'fetch-bench.mjs': ['--rounds', '1', '--small', '1000', '--large', '2'],
  'put-bench.mjs': ['--rounds', '1'],
  'verify-bench.mjs': ['--rounds', '1'],
}
const FULL = { 'verify-bench.mjs': ['--full'] }

const runNode = async (script, args = []) => exitCodeOf(await run(findNode(), ['--no-warnings', join(root, script), ...args]))

const benchmarks = () => globSync('packages/*/benchmarks/*-bench.mjs', { cwd: root }).sort()

await runMain(async () => {
  await setUp()
  const codes = []
  const nginx = await prepareTool('nginx')
  if (nginx.path === undefined) process.stdout.write(`skipped - whole runs: nginx: ${nginx.why}\n`)
  else codes.push(await runNode('tools/bench/whole-runs.mjs', [JSON.stringify({ quick, nginx: nginx.path, command: join(root, 'apps/cli/bin/mirror.js') })]))
  const wrk = await prepareTool('wrk')
  if (nginx.path === undefined || wrk.path === undefined) process.stdout.write(`skipped - the server beside nginx: ${nginx.why ?? wrk.why}\n`)
  else codes.push(await runNode('tools/bench/serve.mjs', [JSON.stringify({ quick, nginx: nginx.path, wrk: wrk.path, command: [findNode(), join(root, 'apps/cli/bin/mirror.js')] })]))
  const peer = await prepareTool('conda-mirror')
  if (peer.path === undefined) process.stdout.write(`skipped - conda-diff-tar 0.10.0 beside ours: ${peer.why}\n`)
  codes.push(await runNode('tools/bench/deltas.mjs', [JSON.stringify({ quick, full: process.argv.includes('--full'), command: join(root, 'packages/difftar/bin/conda-diff-tar.js'), python: peer.path })]))
  for (const script of benchmarks()) {
    process.stdout.write(`\n${script}\n`)
    codes.push(await runNode(script, (quick ? QUICK : FULL)[script.split('/').at(-1)] ?? []))
  }
  return codes.find((code) => code !== 0) ?? 0
})
