// X7 and A11: applying a delta, broken off at every change. Called as `tools/prove` calls its families: one argument of JSON, one line of JSON at the end.
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { createApplySweep, type Fault } from './apply-sweep.ts'

const { quick = true, folder = process.env['TMPDIR'] ?? '/tmp' }: { readonly quick?: boolean; readonly folder?: string } = JSON.parse(process.argv[2] ?? '{}')
const findings: string[] = []
const notes: string[] = []
let points = 0

async function sweep(name: string, adopt: boolean, faultsAt: (at: number) => readonly Fault[]): Promise<void> {
  using prepared = await createApplySweep(mkdtempSync(join(folder, 'apply-')), { adopt })
  const operations = await prepared.countOperations()
  let own = 0
  for (let at = 0; at < operations; at += quick ? 7 : 1) {
    for (const fault of faultsAt(at)) {
      own += 1
      findings.push(...(await prepared.check(fault)).map((problem) => `${name}: ${problem}`))
    }
  }
  points += own
  notes.push(`${name}: ${operations} changes, ${own} points`)
}

const kills = (at: number): readonly Fault[] => [{ type: 'kill', at, when: 'before' }, { type: 'kill', at, when: 'after' }]
await sweep('apply, killed', false, kills)
await sweep('adopt and apply, killed', true, kills)
for (const code of quick ? ['ENOSPC'] : ['ENOSPC', 'EIO', 'EROFS', 'EDQUOT']) await sweep(`apply, ${code}`, false, (at) => [{ type: 'error', at, code }])
process.stdout.write(`${JSON.stringify({ prove: { points, failed: findings.length, findings, notes } })}\n`)
