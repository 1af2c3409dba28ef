import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { ToolError } from '../lib/fail.mjs'
import { prepareTool } from '../lib/prepare-tool.mjs'
import { run } from '../lib/run.mjs'

const assembler = join(import.meta.dirname, 'assemble-conda.py')
const BUILD = '0'
/** What its own code asks for: see packages/difftar/scripts/bundle-options.mjs. */
const NODE_OF_DIFFTAR = 'nodejs >=22.15'
const NODE_OF_COMMANDS = 'nodejs >=24'

const runOrThrow = async (what, [command, ...args]) => {
  const { code, output, error } = await run(command, args, { quiet: true })
  if (code !== 0) throw new ToolError(`${output}${error?.message ?? ''}\nCannot ${what}: the lines above say why.`)
}

/**
 * Builds packages with rattler-build, which is installed into an environment of its own. Each of them has `formats` beside what `assemble_package` takes; the time is in seconds. Resolves to
 * `{ name, version, subdir, format, path }` of each. Throws a `ToolError`.
 */
export const assembleConda = async (packages, { to }) => {
  const { path: python, why } = await prepareTool('rattler-build')
  if (python === undefined) throw new ToolError(`Cannot build conda packages: rattler-build cannot be had here: ${why}`, 'It comes from PyPI once. `--without conda` makes the rest.')
  mkdirSync(to, { recursive: true })
  const work = mkdtempSync(join(tmpdir(), 'assemble-'))
  try {
    writeFileSync(join(work, 'packages.json'), JSON.stringify(packages.map((one) => ({ ...one, output_dir: to }))))
    await runOrThrow('build conda packages', [python, assembler, join(work, 'packages.json')])
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return packages.flatMap(({ name, version, build_string: build, target_platform: subdir, formats }) =>
    formats.map((format) => ({ name, version, subdir, format, path: join(to, `${name}-${version}-${build}.${format}`) })))
}

/** Runs the Node of the same environment, whether that is active or not, also when it is reached through links. */
const unixLauncher = (target) => `#!/bin/sh
self=$0
case $self in */*) ;; *) self=./$self ;; esac
while [ -h "$self" ]; do
  link=$(readlink "$self")
  case $link in /*) self=$link ;; *) self=\${self%/*}/$link ;; esac
done
bin=\${self%/*}
exec "$bin/node" "$bin/../${target}" "$@"
`

/** The same on Windows, where Node lies at the root of the environment. */
const windowsLauncher = (target) => `@echo off
setlocal
set "_node=%~dp0..\\node.exe"
if not exist "%_node%" set "_node=node"
"%_node%" "%~dp0..\\${target.replaceAll('/', '\\')}" %*
exit /b %ERRORLEVEL%
`.replaceAll('\n', '\r\n')

const writeLaunchers = (files, bins) => {
  for (const folder of ['bin', 'Scripts']) mkdirSync(join(files, folder), { recursive: true })
  for (const [name, target] of Object.entries(bins)) {
    writeFileSync(join(files, 'bin', name), unixLauncher(target), { mode: 0o755 })
    writeFileSync(join(files, 'Scripts', `${name}.bat`), windowsLauncher(target))
  }
}

/** Where shells look for completions in an environment. */
const PLACES = { bash: 'share/bash-completion/completions', zsh: 'share/zsh/site-functions', fish: 'share/fish/vendor_completions.d' }

const placeCompletions = (from, files) => {
  for (const [shell, place] of Object.entries(PLACES)) cpSync(join(from, 'completions', shell), join(files, place), { recursive: true })
  rmSync(join(from, 'completions'), { recursive: true })
}

/** The permissions that everybody else's packages have, whatever the umask here. */
const setModes = (files) => {
  for (const entry of readdirSync(files, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    chmodSync(path, entry.isDirectory() || (statSync(path).mode & 0o100) !== 0 ? 0o755 : 0o644)
  }
}

const describePackage = ({ name, manifest, files, licences, depends, summary, timestamp }) => ({
  name, version: manifest.version, target_platform: 'noarch', noarch: 'generic', build_string: BUILD, build_number: 0, files_dir: files, license_files: licences,
  license: manifest.license, homepage: manifest.repository.url.replace(/^git\+|\.git$/g, ''), summary, depends, timestamp, formats: ['conda', 'tar.bz2'],
})

const unpack = async (tarball, into) => {
  mkdirSync(into, { recursive: true })
  await runOrThrow(`unpack ${basename(tarball)}`, ['tar', '-xzf', tarball, '-C', into, '--strip-components=1', '--no-same-owner'])
}

/** The whole command line, as it is published; `conda-diff-tar` comes with it as a package of its own. */
const stageTools = async ({ cli, difftar, work, timestamp }) => {
  const files = join(work, 'mirror-tools')
  const home = `lib/node_modules/${cli.manifest.name}`
  await unpack(cli.tarball, join(files, home))
  writeLaunchers(files, Object.fromEntries(Object.entries(cli.manifest.bin).map(([name, target]) => [name, `${home}/${target.replace('./', '')}`])))
  placeCompletions(join(files, home), files)
  return describePackage({
    name: 'mirror-tools', manifest: cli.manifest, files, timestamp, depends: [NODE_OF_COMMANDS, `conda-diff-tar >=${difftar.manifest.version}`],
    licences: [join(files, home, 'LICENSE'), join(files, home, 'dist/third-party-licences.txt')],
    summary: 'Private mirrors of conda channels: sync, serve, carry across an air gap, upload',
  })
}

/** The single file, which has nothing of others in it. */
const stageDifftar = async ({ difftar, work, timestamp }) => {
  const files = join(work, 'conda-diff-tar')
  const unpacked = join(work, 'unpacked')
  const target = 'share/conda-diff-tar/difftar.mjs'
  await unpack(difftar.tarball, unpacked)
  mkdirSync(dirname(join(files, target)), { recursive: true })
  cpSync(join(unpacked, 'dist/difftar.mjs'), join(files, target))
  writeLaunchers(files, { 'conda-diff-tar': target })
  placeCompletions(unpacked, files)
  return describePackage({
    name: 'conda-diff-tar', manifest: difftar.manifest, files, timestamp, depends: [NODE_OF_DIFFTAR], licences: [join(unpacked, 'LICENSE')],
    summary: 'Carries what changed in a mirror of conda channels to networks that cannot be reached',
  })
}

/** Builds `mirror-tools` and `conda-diff-tar` of what was packed: as `assembleConda`, with the manifest of each. */
export const buildCondaPackages = async ({ packed, to, timestamp }) => {
  const [cli, difftar] = ['@mirror/cli', '@mirror/difftar'].map((name) => packed.find(({ manifest }) => manifest.name === name))
  const work = mkdtempSync(join(tmpdir(), 'conda-'))
  try {
    const packages = [await stageTools({ cli, difftar, work, timestamp }), await stageDifftar({ difftar, work, timestamp })]
    for (const { files_dir: files } of packages) setModes(files)
    const built = await assembleConda(packages, { to })
    return built.map((one) => ({ ...one, manifest: one.name === 'mirror-tools' ? cli.manifest : difftar.manifest }))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}
