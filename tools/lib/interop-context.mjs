import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './run.mjs'
import { findNode, root } from './workspace.mjs'

/** Runs a command without a terminal; resolves to its output, throws with it where the exit code is not 0. */
const runCommand = async (command, args, options = {}) => {
  const { code, signal, output, error } = await run(command, args, { ...options, quiet: true })
  if (code === 0) return output
  throw new Error(`${[command, ...args].join(' ')}: ${error?.message ?? (signal ? `ended by ${signal}` : `exit code ${code}`)}\n${output}`)
}

/**
 * What a check gets: `root`, `node` (24 or later), `tools` (path of each of its needs), `folder` (empty, removed afterwards), `run(command, args, { cwd, env })`
 * that resolves to the output, `mirror(args, options)` that runs our command, `check(name, body)`, which counts
 * each part of its own (a text that the body resolves to is shown), and `skip(why)`.
 */
export const createContext = ({ tools, check, skip }) => {
  const folder = mkdtempSync(join(tmpdir(), 'interop-'))
  const node = findNode()
  const mirror = (args, options) => runCommand(node, [join(root, 'apps/cli/bin/mirror.js'), ...args], { cwd: folder, ...options })
  const context = { root, node, tools, folder, run: runCommand, mirror, check, skip }
  return { context, close: () => rmSync(folder, { recursive: true, force: true }) }
}
