// X9: each discipline left out once, and seen by the check that is named for it: part of `npm run prove`.
import { spawn } from 'node:child_process'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { createFound, printFound, readGiven } from '@mirror/test-fixtures'
import { type CheckName, MUTANTS } from './mutants.ts'

const { folder, quick } = readGiven(process.argv[2])
const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

/** What a check finds wrong, with a discipline left out or with all of them. */
async function runCheck(check: CheckName, mutant: string | undefined): Promise<readonly string[]> {
  const own = join(folder, `${check}-${mutant ?? 'none'}`.replaceAll(/[ ,]/g, '-'))
  await mkdir(own)
  const hook = mutant === undefined ? [] : ['--import', path('mutate.ts')]
  const child = spawn(process.execPath, ['--no-warnings', ...hook, path('check-mutant.ts'), check, own], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...(mutant === undefined ? {} : { MIRROR_MUTANT: mutant }) } })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => { output += chunk.toString() })
  const code = await new Promise((resolve) => { child.once('close', resolve) })
  await rm(own, { recursive: true, force: true })
  if (code !== 0) throw new Error(`the check ended with ${String(code)}`)
  return JSON.parse(output) as readonly string[]
}

const found = createFound()
async function judge(name: string, run: () => Promise<string | undefined>): Promise<void> {
  found.points += 1
  const problem = await run().catch((error: unknown) => String(error))
  if (problem === undefined) return
  found.failed += 1
  found.findings.push(`${name}: ${problem}`)
}

/** Of these a whole family is the run with nothing left out. */
const FAMILIES: readonly CheckName[] = ['kills', 'weak disk']
const AT_ONCE = 2

const whole = [...new Set(MUTANTS.map((mutant) => mutant.check))].filter((check) => !quick || !FAMILIES.includes(check)).map((check) => () => judge(`${check}, with nothing left out`, async () => {
  const [problem] = await runCheck(check, undefined)
  return problem
}))
const mutated = MUTANTS.map(({ name, check }) => () => judge(name, async () => {
  const [problem] = await runCheck(check, name)
  if (problem === undefined) return `not seen by "${check}"`
  found.notes.push(`${name}: seen by "${check}": ${problem.replaceAll(folder, '').slice(0, 110)}`)
  return undefined
}))
const queue = [...mutated, ...whole].values()
await Promise.all(Array.from({ length: AT_ONCE }, async () => {
  for (const run of queue) await run()
}))
printFound(found)
