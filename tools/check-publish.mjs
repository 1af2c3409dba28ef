// What a user installs: every published package is packed, looked at by publint and attw, then installed into an empty folder and started there.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { findTarballFaults, readPackedManifest } from './lib/check-tarball.mjs'
import { runMain } from './lib/fail.mjs'
import { packAll } from './lib/pack.mjs'
import { run } from './lib/run.mjs'
import { binPath, findNode, root } from './lib/workspace.mjs'

const complaint = (what, { code, output }) => (code === 0 ? [] : [`${what}:\n${output.trimEnd()}`])

const lintPackage = async ({ manifest, tarball }) => {
  const publint = await run(binPath('publint'), ['run', tarball, '--strict'], { quiet: true })
  // A package of commands only has no types to look at.
  const attw = manifest.bin ? { code: 0 } : await run(binPath('attw'), [tarball, '--profile', 'esm-only', '--no-emoji'], { quiet: true })
  return [...complaint(`publint of ${manifest.name}`, publint), ...complaint(`attw of ${manifest.name}`, attw)]
}

/** Commands are installed by npm with no network at all: the tarball holds everything. */
const checkCommands = async ({ manifest, tarball }, folder) => {
  mkdirSync(folder)
  const install = await run('npm', ['install', '--offline', '--no-audit', '--no-fund', '--prefix', folder, tarball], { quiet: true, cwd: folder })
  if (install.code !== 0) return complaint(`installing ${manifest.name}`, install)
  const started = Object.keys(manifest.bin).map(async (name) => {
    const result = await run(findNode(), [join(folder, 'node_modules', manifest.name, manifest.bin[name]), '--version'], { quiet: true, cwd: folder })
    const right = result.output.trim().endsWith(manifest.version)
    return right ? complaint(`${name} --version`, result) : [`${name} --version says "${result.output.trim()}", not ${manifest.version}`]
  })
  return (await Promise.all(started)).flat()
}

const linkDependency = (name, { from, to }) => {
  const link = join(to, 'node_modules', name)
  mkdirSync(dirname(link), { recursive: true })
  symlinkSync(realpathSync(join(root, from, 'node_modules', name)), link)
}

/** Unpacked as an installer would, each beside its own declared dependencies and nothing else. */
const unpackLibrary = ({ folder, manifest, tarball }, modules) => {
  const to = join(modules, manifest.name)
  mkdirSync(to, { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '-C', to, '--strip-components=1'])
  const dependencies = Object.keys(readPackedManifest(tarball).dependencies ?? {})
  for (const name of dependencies.filter((dependency) => !dependency.startsWith('@mirror/'))) linkDependency(name, { from: folder, to })
}

const checkLibraries = async (libraries, folder) => {
  for (const library of libraries) unpackLibrary(library, join(folder, 'node_modules'))
  const results = libraries.map(async ({ manifest }) => {
    const file = join(folder, `${manifest.name.split('/')[1]}.mjs`)
    writeFileSync(file, `const all = await import('${manifest.name}')\nif (Object.keys(all).length === 0) throw new Error('it exports nothing')\n`)
    return complaint(`import of ${manifest.name}`, await run(findNode(), [file], { quiet: true, cwd: folder }))
  })
  return (await Promise.all(results)).flat()
}

const checkAll = async (work) => {
  const packed = await packAll(join(work, 'tarballs'))
  const faults = packed.flatMap((item) => findTarballFaults(item))
  for (const item of packed) faults.push(...(await lintPackage(item)))
  const commands = packed.filter(({ manifest }) => manifest.bin)
  for (const item of commands) faults.push(...(await checkCommands(item, join(work, item.manifest.name.replace('/', '-')))))
  mkdirSync(join(work, 'libraries'))
  faults.push(...(await checkLibraries(packed.filter(({ manifest }) => !manifest.bin), join(work, 'libraries'))))
  return faults
}

await runMain(async () => {
  const work = mkdtempSync(join(tmpdir(), 'check-publish-'))
  try {
    const faults = await checkAll(work)
    for (const fault of faults) process.stdout.write(`${fault}\n`)
    return faults.length > 0 ? 1 : 0
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
})
