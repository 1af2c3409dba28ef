import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/**
 * Runs a script in a process of its own, and counts each line that it prints, `{"part":…,"text":…,"error":…,"skipped":…}`, as a part of the check. The script ends with
 * the line `{"end":true}`: without it the check has failed.
 */
export const runParts = async ({ node, check, skip, script, args = [], env = {} }) => {
  const child = spawn(node, ['--no-warnings', script, ...args], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } })
  const closed = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })))
  let ended = false
  for await (const line of createInterface({ input: child.stdout })) {
    const { part, error, text, skipped, end } = JSON.parse(line)
    if (end === true) ended = true
    else if (skipped !== undefined) skip(`${part}: ${skipped}`)
    else {
      await check(part, () => {
        if (error !== undefined) throw new Error(error)
        return text
      })
    }
  }
  const { code, signal } = await closed
  if (!ended || code !== 0) throw new Error(`${script} ended with ${signal ?? code}${ended ? '' : ', before its end'}`)
}

const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)

/** In the script: runs a part and prints what came of it; what the part returns is told. */
export const part = async (name, body) => {
  try {
    const text = await body()
    print({ part: name, ...(typeof text === 'string' ? { text } : {}) })
  } catch (error) {
    print({ part: name, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}

/** In the script: a part that cannot be run here. */
export const skipPart = (name, why) => print({ part: name, skipped: why })

/** In the script: says that it came to its end. */
export const endParts = () => print({ end: true })
