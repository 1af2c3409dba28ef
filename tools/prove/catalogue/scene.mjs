import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildChannel, changeChannel, checkMirror, serveChannel } from '@mirror/test-fixtures'
import { root } from '../../lib/workspace.mjs'

/** The commands of the product, in this process. */
const { runMirror } = await import(pathToFileURL(join(root, 'apps/cli/src/run-mirror.ts')).href)

const captureStream = () => {
  const chunks = []
  return { write: (text) => { chunks.push(text); return true }, on: () => undefined, off: () => undefined, text: () => chunks.join('') }
}

/** Runs `mirror <argv>` in a folder: `{ exitCode, stdout, stderr, lines }`; lines are those of `--json`. */
export const runCommand = async (argv, { cwd, now, env = {} }) => {
  const [stdout, stderr] = [captureStream(), captureStream()]
  const exitCode = await runMirror(argv, { stdout, stderr, env: { HOME: cwd, ...env }, cwd, signal: new AbortController().signal, systemConfig: join(cwd, 'etc'), ...(now ? { now } : {}) })
  const lines = stdout.text().split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
  return { exitCode, stdout: stdout.text(), stderr: stderr.text(), lines }
}

/** The public files of a mirror with digests of their bytes; links and odd files by their kind. */
export const digestTree = async (folder) => {
  const digests = new Map()
  const visit = async (path, name) => {
    for (const entry of existsSync(path) ? await readdir(path, { withFileTypes: true }) : []) {
      if (entry.name === '.mirror') continue
      const own = `${name}/${entry.name}`
      if (entry.isDirectory()) await visit(join(path, entry.name), own)
      else digests.set(own, entry.isFile() ? createHash('sha256').update(await readFile(join(path, entry.name))).digest('hex') : 'no file')
    }
  }
  await visit(folder, '')
  return JSON.stringify([...digests].sort())
}

const DESCRIPTION = { subdirs: { noarch: [{ name: 'alpha' }], 'linux-64': [{ name: 'gamma', size: 30_000 }, { name: 'delta', format: 'tar.bz2' }] }, index: { variants: ['zst'] } }

/** Makes what every case starts from: an upstream, the mirror of it, and the upstream as it is a day later. */
export const createTemplates = async (folder) => {
  const templates = { folder, before: join(folder, 'before'), after: join(folder, 'after'), mirror: join(folder, 'mirror') }
  await buildChannel(DESCRIPTION, templates.before)
  await cp(templates.before, templates.after, { recursive: true, preserveTimestamps: true })
  const { exitCode, stdout, stderr } = await sync(templates.before, templates.mirror)
  if (exitCode !== 0) throw new Error(`The first sync fails: ${stdout}${stderr}`)
  await changeChannel(templates.after, { add: { 'linux-64': [{ name: 'zeta', size: 5000 }] } })
  return templates
}

const sync = async (upstream, cwd) => {
  await mkdir(cwd, { recursive: true })
  await using server = await serveChannel(upstream, { mount: '/team/' })
  return await runCommand(['sync', '-c', server.url, '--mirror-dir', 'm', '-p', 'linux-64', '--json'], { cwd })
}

let scenes = 0

/**
 * A case's own copies: `upstream` (a folder), `server`, `cwd`, `mirror`, `argv` of a sync, `run(argv)`, `sync(flags)`, `digest()`, and `findProblems()`: what is not as upstream has it.
 * `fresh`: nothing is mirrored yet. `moved: false`: upstream has not changed since. `serve`: options of the server.
 */
export const openScene = async (templates, { fresh = false, moved = true, serve = {} } = {}) => {
  scenes += 1
  const cwd = join(templates.folder, `case-${scenes}`)
  const upstream = join(cwd, 'up')
  if (fresh) await mkdir(cwd)
  else await cp(templates.mirror, cwd, { recursive: true, preserveTimestamps: true })
  await cp(moved ? templates.after : templates.before, upstream, { recursive: true, preserveTimestamps: true })
  const server = await serveChannel(upstream, { mount: '/team/', ...serve })
  const mirror = join(cwd, 'm/team')
  const argv = ['sync', '-c', server.url, '--mirror-dir', 'm', '-p', 'linux-64', '--json']
  return {
    cwd, upstream, server, mirror, argv,
    run: (line, options = {}) => runCommand(line, { cwd, ...options }),
    sync: (flags = [], options = {}) => runCommand([...argv, ...flags], { cwd, ...options }),
    digest: () => digestTree(mirror),
    findProblems: async () => {
      const read = (where) => readFile(join(where, 'linux-64/repodata.json')).catch(() => undefined)
      const [{ problems }, theirs, ours] = [await checkMirror(mirror), await read(upstream), await read(mirror)]
      return [...problems, ...(theirs === undefined || (ours !== undefined && theirs.equals(ours)) ? [] : ["the index is not upstream's"])]
    },
    close: async () => {
      await server.close()
      await rm(cwd, { recursive: true, force: true })
    },
  }
}

/** Everything that a run says went wrong: code, message, hint. */
export const namedProblems = ({ lines, stderr, stdout }) => {
  const last = lines.at(-1) ?? {}
  const reports = (last.channels ?? []).map(({ report }) => report).filter(Boolean)
  const failures = [last.type === 'error' ? last : undefined, last.error, ...(last.channels ?? []).map(({ error }) => error)].filter(Boolean)
  return [
    ...failures.map(({ code, message, hint }) => ({ code, message, hint })),
    ...reports.flatMap(({ held = [], failed = [], verdicts = [], subdirs = [], faults = [] }) => [
      ...faults.map(({ path, fault }) => ({ code: `fault:${fault}`, message: `Cannot trust ${path}: ${fault}`, hint: 'verify --repair' })),
      ...held.map(({ code, reason, hint }) => ({ code, message: reason, hint })),
      ...failed.map(({ code, reason }) => ({ code, message: reason, hint: undefined })),
      ...verdicts.filter(({ severity }) => severity === 'refuse').map(({ guard, message, override }) => ({ code: guard, message, hint: override })),
      ...subdirs.flatMap(({ leftOut = [] }) => leftOut.map(({ name, reason }) => ({ code: `left-out:${reason}`, message: `Cannot list ${name}: ${reason}`, hint: reason }))),
    ]),
    ...(lines.length === 0 ? [{ code: /code: (\w+)/.exec(stderr)?.[1], message: stderr || stdout, hint: /hint/i.exec(stderr)?.[0] }] : []),
  ]
}

/** What is wrong with how a run that did not succeed tells about it: every such exit says what, where and what to do. */
export const judgeNames = (ran) => {
  if (ran.exitCode === 0) return []
  const problems = namedProblems(ran)
  if (problems.length === 0) return [`exit code ${ran.exitCode} without a word: ${ran.stdout.slice(-300)} ${ran.stderr.slice(-300)}`]
  return [
    ...problems.filter(({ code }) => code === undefined || code === 'INTERNAL').map(({ message }) => `an error without a name: ${String(message).slice(0, 300)}`),
    ...problems.filter(({ message }) => !/Cannot .+/s.test(String(message))).map(({ message }) => `does not say what: ${String(message).slice(0, 200)}`),
    // A configuration is corrected where the message says that it is wrong.
    ...(problems.some(({ code, hint }) => String(code).startsWith('CONFIG_') || (hint !== undefined && hint !== '')) ? [] : [`does not say what to do: ${String(problems[0].message).slice(0, 200)}`]),
  ]
}
