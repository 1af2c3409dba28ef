// X1-X4 of every command that writes: part of `npm run prove`. Runs itself once for each command, two at once.
import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { addSweep, createFound, type Found, type Given, printFound, readGiven } from '@mirror/test-fixtures'
import { breakScenario } from './scenario-sweeps.ts'
import { createAllScenarios } from './sync-scenarios.ts'

const AT_ONCE = 2
/** In a quick run, every third change is broken off: all are in the full one. */
const QUICK_STEP = 3
const NAMES = ['first sync', 'update', 'rollback', 'prune', 'removal of a channel', 'naming a generation', 'taking a name away', 'adopt', 'repair']

async function proveOne({ quick, folder }: Given, name: string): Promise<Found> {
  const found = createFound()
  const scenario = (await createAllScenarios(folder)).find((candidate) => candidate.name === name)
  if (scenario === undefined) throw new TypeError(`There is no ${name}`)
  const broken = await breakScenario(scenario, { folder, step: quick ? QUICK_STEP : 1 })
  found.notes.push(`${name}: one run makes ${broken.changes} changes`)
  addSweep(found, `${name}, X1 killed before and after changes`, await broken.sweepKills())
  if (!quick) addSweep(found, `${name}, X2 killed again during recovery`, await broken.sweepRecovery())
  for (const code of quick ? ['ENOSPC'] : ['ENOSPC', 'EIO', 'EROFS', 'EDQUOT']) addSweep(found, `${name}, X3 ${code} at changes`, await broken.sweepErrors(code))
  addSweep(found, `${name}, X4 short writes`, await broken.sweepShortWrites())
  return found
}

async function startOne(given: Given, name: string): Promise<Found> {
  const folder = join(given.folder, name.replaceAll(' ', '-'))
  await mkdir(folder)
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--no-warnings', fileURLToPath(import.meta.url), JSON.stringify({ ...given, folder }), name], { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => { output += chunk.toString() })
    child.once('close', (code, signal) => {
      const last = output.trimEnd().split('\n').at(-1) ?? ''
      resolve(code === 0 ? (JSON.parse(last) as { readonly prove: Found }).prove : { points: 0, failed: 1, findings: [`${name}: ended with ${signal ?? code}`], notes: [] })
    })
  })
}

async function proveAll(given: Given): Promise<Found> {
  const found = createFound()
  const queue = NAMES.values()
  const work = async (): Promise<void> => {
    for (const name of queue) {
      const { points, failed, findings, notes } = await startOne(given, name)
      found.points += points
      found.failed += failed
      found.findings.push(...findings)
      found.notes.push(...notes)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return found
}

const [text, name] = process.argv.slice(2)
printFound(name === undefined ? await proveAll(readGiven(text)) : await proveOne(readGiven(text), name))
