import { existsSync } from 'node:fs'
import { exitCodeOf, ToolError } from './fail.mjs'
import { run } from './run.mjs'
import { installHash, isInstalled, removeStamp, writeStamp } from './setup-stamp.mjs'
import { binPath, findNode, NEEDED_NODE, readJson } from './workspace.mjs'

const pinnedPnpm = () => readJson('package.json').devEngines.packageManager.version

const isVersion = async (command, version) => {
  const { code, output } = await run(command, ['--version'], { quiet: true, env: { COREPACK_ENABLE_NETWORK: '0' } })
  return code === 0 && output.trim().endsWith(version)
}

/** The command that runs the pinned pnpm: the workspace's own, one on PATH, or through npx. */
const findPnpm = async () => {
  const version = pinnedPnpm()
  const own = binPath('pnpm')
  if (existsSync(own) && (await isVersion(own, version))) return [own]
  if (await isVersion('pnpm', version)) return ['pnpm']
  return ['npx', '--yes', '--prefer-offline', `pnpm@${version}`]
}

const hints = [
  [/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|fetch failed|error sending request|dns error|network/i, 'The package registry cannot be reached. The first installation needs it once; check the network and proxy settings, then run the same command again.'],
  [/EACCES|EROFS|[Pp]ermission denied/, 'A folder is not writable: this checkout, or the cache folder of npm or pnpm in the home folder.'],
  [/ENOSPC|No space left/, 'The disk is full.'],
  [/OUTDATED_LOCKFILE|frozen-lockfile/i, 'A package.json changed and pnpm-lock.yaml did not: run `npx pnpm install` and commit both.'],
]

const hintFor = (output) => hints.find(([pattern]) => pattern.test(output))?.[1] ?? 'The lines above say why. Running the same command again continues.'

// Without a network this ends within seconds; by default it would be minutes.
const patience = {
  npm_config_fetch_retries: '2',
  npm_config_fetch_retry_mintimeout: '1000',
  npm_config_fetch_retry_maxtimeout: '4000',
  pnpm_config_fetch_retries: '2',
  pnpm_config_fetch_retry_mintimeout: '1000',
  pnpm_config_fetch_retry_maxtimeout: '4000',
}

const install = async () => {
  const [command, ...prefix] = await findPnpm()
  const args = [...prefix, 'install', '--frozen-lockfile', '--prefer-offline', '--config.confirm-modules-purge=false', '--reporter=append-only']
  process.stderr.write(`Installing dependencies (pnpm ${pinnedPnpm()}) ...\n`)
  const { code, signal, output, error } = await run(command, args, { quiet: true, env: patience })
  if (signal) throw new ToolError(`Installing was interrupted by ${signal}.`, 'Running the same command again continues.', { exitCode: exitCodeOf({ code, signal }) })
  if (code === 0) return
  process.stderr.write(output)
  throw new ToolError('Cannot install the dependencies.', hintFor(`${output} ${error?.message ?? ''}`))
}

/** Installs what the lockfile says, unless that was done already. Throws a `ToolError` that says what to do. */
export const installDependencies = async () => {
  const hash = installHash()
  // Another setup may have done it while this one waited.
  if (isInstalled(hash)) return
  removeStamp()
  await install()
  if (!findNode()) throw new ToolError(`Cannot continue: Node ${NEEDED_NODE} or later is needed, this is ${process.version}.`, 'On Linux it comes with the dependencies; elsewhere install it and put it first on PATH.')
  writeStamp(hash)
}
