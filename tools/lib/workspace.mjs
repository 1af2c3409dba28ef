import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root folder, absolute, without a trailing slash. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[/\\]$/, '')

/** The oldest Node that the published code runs on. */
export const NEEDED_NODE = 24

const bin = join(root, 'node_modules', '.bin')
const windows = process.platform === 'win32'

/** Reads a JSON file; the path is relative to the root. */
export const readJson = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'))

/** The major version in `24.21.0` or `v24.21.0`. */
export const majorOf = (version) => Number(version.replace(/^v/, '').split('.')[0])

/** The environment for everything that is started here: the workspace's own tools first on PATH, no telemetry. */
export const environment = (extra = {}) => ({
  ...process.env,
  PATH: [bin, process.env['PATH'] ?? ''].join(delimiter),
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
  ...extra,
})

/** Where an installed tool starts: a path below `node_modules/.bin`. */
export const binPath = (name) => join(bin, windows ? `${name}.cmd` : name)

/** The path of a Node that is new enough: the workspace's own, else the running one, else `undefined`. */
export const findNode = () => {
  const own = join(bin, windows ? 'node.exe' : 'node')
  if (existsSync(own)) return own
  return majorOf(process.versions.node) >= NEEDED_NODE ? process.execPath : undefined
}
