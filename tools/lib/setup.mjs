import { accessSync, constants } from 'node:fs'
import { ToolError } from './fail.mjs'
import { installDependencies } from './install.mjs'
import { run } from './run.mjs'
import { withSetupLock } from './setup-lock.mjs'
import { installHash, isInstalled } from './setup-stamp.mjs'
import { binPath, majorOf, root } from './workspace.mjs'

const OLDEST_NODE = 20

const needNode = () => {
  if (majorOf(process.versions.node) >= OLDEST_NODE) return
  throw new ToolError(`Cannot run: Node ${OLDEST_NODE} or later is needed, this is ${process.version}.`, 'Install a newer Node and put it first on PATH.')
}

const isWritable = () => {
  try {
    accessSync(root, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** Builds what runs: the bundle of the commands. Throws a `ToolError`. */
const build = async () => {
  const { code, output } = await run(binPath('turbo'), ['run', 'bundle', '--output-logs=errors-only'], { quiet: true })
  if (code === 0) return
  process.stderr.write(output)
  throw new ToolError('Cannot build the commands: the lines above say where.', 'Running `npm run setup` again tries once more.')
}

const needWritable = () => {
  if (isWritable()) return
  throw new ToolError('Cannot set up: this folder is not writable.', 'Clone the repository into a folder of your own, or ask its owner to run `npm run setup`.')
}

/** Installs the dependencies, if something changed since the last time. Throws a `ToolError`. */
export const setUpDependencies = async () => {
  needNode()
  // Somebody else's checkout: what its owner set up can be run, nothing can be added.
  if (isInstalled(installHash())) return
  needWritable()
  await withSetupLock(installDependencies)
}

/** Installs the dependencies and builds the commands, each only if something changed since the last time. Throws a `ToolError`. */
export const setUp = async () => {
  await setUpDependencies()
  if (isWritable()) await withSetupLock(build)
}
