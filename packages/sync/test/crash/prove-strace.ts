// X8: the kernel's view. Every change of a mirror goes through the counter, and SIGKILL on entry of a system call leaves no lie: part of `npm run prove`.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { createFound, printFound, readGiven } from '@mirror/test-fixtures'
import type { KeepingScenario } from './keeping-scenarios.ts'
import { CHANGES, kindOf } from './strace-kinds.ts'
import { checkPoint } from './sweep-scenario.ts'
import { createAllScenarios } from './sync-scenarios.ts'

const { folder, quick } = readGiven(process.argv[2])
/** Where SIGKILL is injected: one thread does all of one kind, so that they can be counted. */
const KILLED = ['rename', 'link', 'unlink', 'mkdir', 'rmdir', 'ftruncate', 'fsync', 'fdatasync'] as const
const SCRIPT = fileURLToPath(new URL('run-scenario.ts', import.meta.url))
const ENV = { ...process.env, UV_USE_IO_URING: '0', UV_THREADPOOL_SIZE: '1', NODE_COMPILE_CACHE: join(folder, 'cache') }
const AT_ONCE = 2
const found = createFound()

function run(command: string, args: readonly string[]): Promise<{ readonly output: string; readonly code: number | null; readonly signal: NodeJS.Signals | null }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: ENV })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => { output += chunk.toString() })
    child.stderr.resume()
    child.once('close', (code, signal) => { resolve({ output, code, signal }) })
  })
}

async function startOver({ name }: KeepingScenario, mirror: string): Promise<void> {
  const prepared = join(folder, 'prepared', name)
  if (existsSync(prepared)) await cp(prepared, mirror, { recursive: true, preserveTimestamps: true })
}

/** The kernel counts what the counter counts. */
async function compare(scenario: KeepingScenario): Promise<ReadonlyMap<string, number>> {
  const mirror = join(folder, 'traced')
  const log = join(folder, 'trace')
  await startOver(scenario, mirror)
  const { output, code } = await run('strace', ['-f', '-y', '-qq', '-s', '0', '-o', log, '-e', `trace=${CHANGES}`, process.execPath, '--no-warnings', SCRIPT, folder, scenario.name, mirror])
  const seen = new Map<string, number>()
  for (const line of (await readFile(log, 'utf8')).split('\n')) {
    const kind = kindOf(line, mirror)
    if (kind !== undefined) seen.set(kind, (seen.get(kind) ?? 0) + 1)
  }
  await rm(mirror, { recursive: true, force: true })
  if (code !== 0) {
    found.findings.push(`${scenario.name}: ended with ${String(code)} under strace`)
    return new Map()
  }
  const counted = new Map(Object.entries(JSON.parse(output) as Readonly<Record<string, number>>))
  for (const kind of new Set([...seen.keys(), ...counted.keys()])) {
    const [kernel = 0, counter = 0] = [seen.get(kind), counted.get(kind)]
    found.points += kernel
    if (kernel !== counter) found.findings.push(`${scenario.name}: ${kind}: the kernel sees ${kernel}, the counter ${counter}`)
  }
  found.notes.push(`${scenario.name}: ${[...counted].map(([kind, count]) => `${count} ${kind}`).join(', ')}: the same in strace`)
  return counted
}

/** A process that dies on entry of the n-th call of one kind. */
async function kill(scenario: KeepingScenario, call: string, ordinal: number): Promise<void> {
  const mirror = join(folder, `killed-${call}-${ordinal}`)
  await startOver(scenario, mirror)
  await run('strace', ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${ordinal}`, process.execPath, '--no-warnings', SCRIPT, folder, scenario.name, mirror])
  found.points += 1
  const problems = await checkPoint(scenario, mirror).catch((error: unknown) => [`not recovered: ${String(error)}`])
  found.findings.push(...problems.map((problem) => `${scenario.name}, SIGKILL in ${call} ${ordinal}: ${problem}`))
  await rm(mirror, { recursive: true, force: true })
}

async function killAll(scenario: KeepingScenario, counted: ReadonlyMap<string, number>): Promise<void> {
  const points = KILLED.flatMap((call) => Array.from({ length: counted.get(call) ?? 0 }, (_, index) => ({ call, ordinal: index + 1 }))).values()
  const work = async (): Promise<void> => {
    for (const { call, ordinal } of points) await kill(scenario, call, ordinal)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

async function prove(): Promise<void> {
  await mkdir(join(folder, 'prepared'))
  for (const scenario of await createAllScenarios(folder)) {
    await scenario.prepare(join(folder, 'prepared', scenario.name))
    if (quick && scenario.name !== 'update' && scenario.name !== 'prune') continue
    const counted = await compare(scenario)
    if (!quick && scenario.name === 'update') await killAll(scenario, counted)
  }
  found.failed = found.findings.length
  printFound(found)
}

if (spawnSync('strace', ['-qq', '-o', '/dev/null', '-e', 'trace=none', 'true']).status === 0) await prove()
else printFound({ skipped: 'strace cannot be run here' })
