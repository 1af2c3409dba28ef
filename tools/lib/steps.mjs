import { writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { run } from './run.mjs'

const seconds = (start) => ((performance.now() - start) / 1000).toFixed(1).padStart(6)

/** Runs one step: `{ name, command, args }` with exit code 0 for ok, or `{ name, check }` that resolves to `{ ok, output }`. */
const outcomeOf = async ({ command, args, check }) => {
  if (check) return check()
  const { code, signal, output, error } = await run(command, args, { quiet: true })
  if (signal) return { ok: false, output: `${output}ended by ${signal}`, signal }
  return { ok: code === 0, output: error ? `${output}${error.message}\n` : output }
}

/** Runs steps one after another, with a line for each and the output of each that failed. Resolves to the names that failed. */
export const runSteps = async (steps) => {
  const failed = []
  for (const step of steps) {
    const start = performance.now()
    const { ok, output, signal } = await outcomeOf(step)
    process.stdout.write(`${ok ? 'ok    ' : 'FAILED'} ${seconds(start)} s  ${step.name}\n`)
    if (!ok) process.stdout.write(`${output.trimEnd().replace(/^/gm, '    ')}\n`)
    if (!ok) failed.push(step.name)
    if (signal) return { failed, interrupted: 128 + constants.signals[signal] }
  }
  return { failed, interrupted: undefined }
}

/** Writes `{ passed, failed }` for the caller in MIRROR_COUNTS, where one is given: how `.ci/run` adds up. */
export const reportCounts = (counts) => {
  const path = process.env['MIRROR_COUNTS']
  if (path) writeFileSync(path, JSON.stringify(counts))
}
