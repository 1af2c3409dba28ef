// Real processes, killed by SIGKILL at every change of a sync and at every fourth of what keeps a mirror: part of `npm run prove`.
import { spawn } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { createFound, printFound } from '@mirror/test-fixtures'

const LINE = /^(?<name>[^:]+): points=(?<points>\d+) bad=(?<bad>\d+)/
const found = createFound()

/** Reads what a sweep that prints for people has found. */
async function runSweep(file: string): Promise<void> {
  const child = spawn(process.execPath, ['--no-warnings', fileURLToPath(new URL(file, import.meta.url))], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => { output += chunk.toString() })
  const code = await new Promise((resolve) => { child.once('close', resolve) })
  for (const line of output.split('\n')) {
    const { name, points = '0', bad = '0' } = LINE.exec(line)?.groups ?? {}
    if (name === undefined) {
      if (line.startsWith('  ')) found.findings.push(line.trim())
      continue
    }
    found.points += Number(points)
    found.failed += Number(bad)
    found.notes.push(`${name}: ${points} points, ${bad} faults`)
  }
  if (code !== 0 && found.failed === 0) found.failed += 1
}

await runSweep('sweep.ts')
await runSweep('keeping-sweep.ts')
printFound(found)
