import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.mjs'
import { root } from './workspace.mjs'

const cache = join(root, 'node_modules', '.cache', 'interop')

const lastLine = (output) => output.trim().split('\n').at(-1) ?? ''

const findCommand = async (name) => {
  const { code, output } = await run('sh', ['-c', `PATH="$PATH:/usr/sbin:/sbin"; command -v ${name}`], { quiet: true })
  return code === 0 ? output.trim() : undefined
}

const isRoot = () => process.getuid?.() === 0

/** Installs a Debian package where that is possible; resolves to why not, or undefined. */
const installDebian = async (packages) => {
  if (!(await findCommand('apt-get'))) return 'there is no apt-get here'
  if (!isRoot()) return `only root can install ${packages.join(' ')}`
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const args = ['install', '--yes', '--no-install-recommends', ...packages]
  if ((await run('apt-get', args, { quiet: true, env })).code === 0) return undefined
  await run('apt-get', ['update'], { quiet: true, env })
  const { code, output } = await run('apt-get', args, { quiet: true, env })
  return code === 0 ? undefined : `apt-get install ${packages.join(' ')}: ${lastLine(output)}`
}

const createVenv = async (folder) => {
  const attempt = () => run('python3', ['-m', 'venv', folder], { quiet: true })
  if ((await attempt()).code === 0) return undefined
  const why = await installDebian(['python3', 'python3-venv'])
  if (why) return `python3 cannot make virtual environments, and ${why}`
  const { code, output } = await attempt()
  return code === 0 ? undefined : lastLine(output)
}

/** A virtual environment with the pinned packages of tools/interop/requirements/<name>.txt, made once: `{ path }` of its python, or `{ why }`. */
const prepareVenv = async (name) => {
  const requirements = join(root, 'tools/interop/requirements', `${name}.txt`)
  const folder = join(cache, name)
  const path = join(folder, 'bin', 'python')
  const stamp = join(folder, 'stamp')
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex')
  if (existsSync(path) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return { path }
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(cache, { recursive: true })
  const why = await createVenv(folder)
  if (why) return { why }
  const { code, output } = await run(path, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements], { quiet: true })
  if (code !== 0) return { why: `pip: ${lastLine(output)}` }
  writeFileSync(stamp, hash)
  return { path }
}

/** A command of Debian's: of the packages, the first that can be had. */
const prepareCommand = async (name, ...packages) => {
  const there = await findCommand(name)
  if (there) return { path: there }
  let why
  for (const one of packages) {
    why = await installDebian([one])
    if (why === undefined) break
  }
  const path = await findCommand(name)
  return path ? { path } : { why: why ?? `${name} was installed and is not on PATH` }
}

/** A file of a Debian package, where it brings no command. */
const prepareFile = async (path, debian) => {
  if (existsSync(path)) return { path }
  const why = await installDebian([debian])
  return existsSync(path) ? { path } : { why: why ?? `${debian} was installed and has no ${path}` }
}

const preparations = {
  python: () => prepareVenv('python'),
  'conda-mirror': () => prepareVenv('conda-mirror'),
  'anaconda-client': () => prepareVenv('anaconda-client'),
  quetz: () => prepareVenv('quetz'),
  'rattler-build': () => prepareVenv('rattler-build'),
  nginx: () => prepareCommand('nginx', 'nginx-light', 'nginx'),
  aria2: () => prepareCommand('aria2c', 'aria2'),
  curl: () => prepareCommand('curl', 'curl'),
  chromium: () => prepareCommand('chromium', 'chromium'),
  faketime: () => prepareCommand('faketime', 'faketime'),
  wrk: () => prepareCommand('wrk', 'wrk'),
  buildah: () => prepareCommand('buildah', 'buildah'),
  runc: () => prepareCommand('runc', 'runc'),
  minisign: () => prepareCommand('minisign', 'minisign'),
  zsh: () => prepareCommand('zsh', 'zsh'),
  fish: () => prepareCommand('fish', 'fish'),
  'bash-completion': () => prepareFile('/usr/share/bash-completion/bash_completion', 'bash-completion'),
  debootstrap: () => prepareCommand('debootstrap', 'debootstrap'),
}

/** The names that a check may put into its `needs`. */
export const knownTools = Object.keys(preparations)

const prepared = new Map()

/** Makes another project's tool available, once a run: resolves to `{ path }`, or to `{ why }` where it cannot be had here. */
export const prepareTool = (name) => {
  if (!prepared.has(name)) prepared.set(name, preparations[name]())
  return prepared.get(name)
}
