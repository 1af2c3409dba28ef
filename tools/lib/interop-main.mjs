// Runs the checks of tools/interop/ on Node 24; started by tools/interop.mjs. Each file there exports `name`, `needs` and `run(context)`.
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { runMain, ToolError } from './fail.mjs'
import { createContext } from './interop-context.mjs'
import { knownTools, prepareTool } from './prepare-tool.mjs'
import { reportCounts } from './steps.mjs'
import { root } from './workspace.mjs'

const folder = join(root, 'tools', 'interop')
const counts = { passed: 0, failed: 0, skipped: 0 }

const report = (outcome, name, text = '') => {
  counts[outcome] += 1
  const word = { passed: 'ok', failed: 'FAILED', skipped: 'skipped' }[outcome]
  process.stdout.write(`${word} - ${name}${text === '' ? '' : `: ${text.trimEnd().replace(/\n/g, '\n    ')}`}\n`)
}

/** The message and where in a check it happened. */
const describe = (error) => {
  if (!(error instanceof Error)) return String(error)
  const frames = (error.stack ?? '').split('\n').filter((line) => line.includes('/tools/interop/'))
  return [error.message.trimEnd(), ...frames.map((line) => line.trim())].join('\n')
}

/** Resolves to what the body resolves to as text, or to undefined after reporting that it failed. */
const attempt = async (name, body) => {
  try {
    const result = await body()
    return typeof result === 'string' ? result : ''
  } catch (error) {
    report('failed', name, describe(error))
    return undefined
  }
}

/** The paths of what the check needs, or why it cannot run here. */
const prepareNeeds = async (needs) => {
  const tools = {}
  for (const need of needs) {
    if (!knownTools.includes(need)) throw new ToolError(`Cannot prepare ${need}: only ${knownTools.join(', ')} are known.`)
    const { path, why } = await prepareTool(need)
    if (path === undefined) return { why: `${need}: ${why}` }
    tools[need] = path
  }
  return { tools }
}

/** A check that has parts, or is skipped, counts by these; another one counts by itself. */
const runCheck = async ({ name, needs, run }) => {
  const { tools, why } = await prepareNeeds(needs)
  if (why !== undefined) return report('skipped', name, why)
  let parts = 0
  const reportPart = (outcome, part, text) => {
    parts += 1
    report(outcome, part, text)
  }
  const check = async (part, body) => {
    const text = await attempt(`${name}: ${part}`, body)
    if (text === undefined) parts += 1
    else reportPart('passed', `${name}: ${part}`, text)
  }
  const skip = (because) => reportPart('skipped', name, because)
  const { context, close } = createContext({ tools, check, skip })
  try {
    const text = await attempt(name, () => run(context))
    if (text !== undefined && parts === 0) report('passed', name, text)
  } finally {
    close()
  }
}

const listChecks = async (wanted) => {
  const names = readdirSync(folder)
    .filter((file) => file.endsWith('.mjs'))
    .map((file) => basename(file, '.mjs'))
    .sort()
  const unknown = wanted.find((name) => !names.includes(name))
  if (unknown !== undefined) throw new ToolError(`Cannot run "${unknown}": there is no such check.`, `There are: ${names.join(', ')}.`)
  const chosen = wanted.length > 0 ? wanted : names
  return Promise.all(chosen.map((name) => import(new URL(`../interop/${name}.mjs`, import.meta.url).href)))
}

await runMain(async () => {
  for (const check of await listChecks(process.argv.slice(2))) await runCheck(check)
  reportCounts(counts)
  process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`)
  return counts.failed > 0 ? 1 : 0
})
