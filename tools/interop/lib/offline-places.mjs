/** Places without a network, and without anything at all. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The files below a folder, as whole paths. */
export const filesIn = (place) => readdirSync(place, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))

/** A command without a network: in a namespace of its own, with no interface that is up. Undefined where that is not allowed. */
export const withoutNetwork = [['unshare', '-n'], ['unshare', '-rn']].find(([program, ...args]) => spawnSync(program, [...args, 'true']).status === 0)

/** With whole paths: what runs in the new root has no environment, and no PATH. */
const pathOf = (program) => spawnSync('sh', ['-c', `PATH="$PATH:/usr/sbin:/sbin"; command -v ${program}`], { encoding: 'utf8' }).stdout.trim()

/** A command with another root folder, which comes first. Undefined where that is not allowed. */
export const changeRoot = [[pathOf('chroot')], [pathOf('unshare'), '-r', pathOf('chroot')]].find(([program, ...args]) => spawnSync(program, [...args, '/', 'true']).status === 0)

/** Runs such a command; answers what it said. */
export const execute = ([program, ...first], args, options = {}) => execFileSync(program, [...first, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], ...options })

/** The shared libraries that a program names, and the loader, where it will look for them. */
export const copyLibraries = (program, target) => {
  for (const [path] of execFileSync(pathOf('ldd'), [program], { encoding: 'utf8' }).matchAll(/\/\S+/g)) {
    mkdirSync(join(target, dirname(path)), { recursive: true })
    copyFileSync(path, join(target, path))
  }
}

/** Installs a tarball with npm into an empty folder, without a network, a registry or a cache; answers the environment in which it was done. */
export const installWithoutNetwork = (tarball, home) => {
  // What is known of a registry here stays outside.
  const env = { PATH: `${dirname(process.execPath)}:${process.env.PATH}`, HOME: home, npm_config_cache: join(home, '.npm'), npm_config_userconfig: join(home, 'no-npmrc'), npm_config_fetch_retries: '0', npm_config_registry: 'http://registry.invalid/' }
  const interfaces = execute(withoutNetwork, ['cat', '/proc/net/dev']).split('\n').slice(2).map((line) => line.split(':')[0].trim()).filter((name) => name !== '' && name !== 'lo')
  assert.deepEqual(interfaces, [], 'interfaces beside that of the machine itself, which is down')
  execute(withoutNetwork, ['npm', 'install', '--no-audit', '--no-fund', tarball], { cwd: home, env })
  return env
}
