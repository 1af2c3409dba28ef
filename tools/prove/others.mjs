// conda-mirror 0.10.0 (Python) on the same upstreams, broken off at the same places: what it leaves is told, not judged. Part of `npm run prove`.
import { spawn, spawnSync } from 'node:child_process'
import { cp, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { buildChannel, changeChannel, checkMirror, faults, serveChannel } from '@mirror/test-fixtures'
import { prepareTool } from '../lib/prepare-tool.mjs'

const { folder } = JSON.parse(process.argv[2] ?? '{}')
const SUBDIR = 'linux-64'
const found = { points: 0, failed: 0, findings: [], notes: [] }

const { path: python, why } = await prepareTool('conda-mirror')
const program = join(dirname(python ?? ''), 'conda-mirror')

const start = (command, args) => new Promise((resolve) => {
  const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.resume()
  child.stderr.resume()
  child.once('error', () => resolve({ code: 127, signal: null }))
  child.once('close', (code, signal) => resolve({ code, signal }))
})

const lineOf = (url, mirror) => [program, '--upstream-channel', url.replace(/\/$/, ''), '--platform', SUBDIR, '--target-directory', mirror, '--no-progress']

/** What is left of a mirror: artifacts on the disk, and how many promises of its indexes are broken. */
const look = async (mirror) => {
  const files = (await readdir(join(mirror, SUBDIR)).catch(() => [])).filter((name) => /\.(?:conda|tar\.bz2)$/.test(name))
  const { problems } = await checkMirror(mirror).catch((error) => ({ problems: [String(error)] }))
  return { files: files.length, broken: problems.filter((problem) => !problem.startsWith('noarch')).length }
}

const describe = ({ exit, before, after }) => `exit code ${exit}, ${after.files} of ${before.files} artifacts are left, ${after.broken} promises are broken`

const prove = async () => {
  const [upstream, moved, base] = ['upstream', 'moved', 'base'].map((name) => join(folder, name))
  await buildChannel({ subdirs: { [SUBDIR]: [{ name: 'alpha' }, { name: 'beta' }, { name: 'gamma' }, { name: 'delta', format: 'tar.bz2' }] } }, upstream)
  await cp(upstream, moved, { recursive: true })
  await changeChannel(moved, { add: { [SUBDIR]: [{ name: 'zeta' }, { name: 'eta' }] }, remove: { [SUBDIR]: ['alpha-1.0-0.conda', 'delta-1.0-0.tar.bz2'] } })
  await using first = await serveChannel(upstream, { mount: '/c/' })
  await using server = await serveChannel(moved, { mount: '/c/' })
  const [command, ...args] = lineOf(first.url, base)
  if ((await start(command, args)).code !== 0) throw new Error('conda-mirror does not make a mirror here')
  const before = await look(base)

  const attempt = async (run) => {
    const mirror = join(folder, 'mirror')
    await cp(base, mirror, { recursive: true, preserveTimestamps: true })
    const exit = await run(mirror)
    const after = await look(mirror)
    await rm(mirror, { recursive: true })
    found.points += 1
    return { exit, before, after }
  }

  const withFault = async (name, rule) => {
    server.misbehave(rule)
    const outcome = await attempt(async (mirror) => {
      const [tool, ...line] = lineOf(server.url, mirror)
      return (await start(tool, line)).code
    })
    server.reset()
    found.notes.push(`${name}: ${describe(outcome)}`)
  }

  const INDEX = /repodata\.json/
  await withFault('nothing goes wrong', { path: /nothing/, fault: faults.htmlPage() })
  await withFault('an empty index', { path: INDEX, fault: faults.content('{"info": {"subdir": "linux-64"}, "packages": {}, "packages.conda": {}}') })
  await withFault('a JSON error instead of an index', { path: INDEX, fault: faults.jsonError() })
  await withFault('a login page instead of an index', { path: INDEX, fault: faults.htmlPage() })
  await withFault('a new artifact answers 500', { path: /zeta/, fault: faults.status(500) })
  await withFault('a new artifact is a login page', { path: /zeta/, fault: faults.htmlPage() })
  await withFault('a new artifact has other bytes', { path: /zeta/, fault: faults.sameSize() })
  await withFault('a new artifact is cut', { path: /zeta/, fault: faults.truncateMatching() })

  if (spawnSync('strace', ['-qq', '-o', '/dev/null', '-e', 'trace=none', 'true']).status !== 0) return
  for (const call of ['unlink', 'rename']) {
    const lies = []
    for (let ordinal = 1; ordinal <= 40; ordinal += 1) {
      const { exit, after } = await attempt(async (mirror) => {
        const { signal, code } = await start('strace', ['-f', '-qq', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${ordinal}`, ...lineOf(server.url, mirror)])
        return signal ?? code
      })
      if (exit === 0) break
      lies.push(after.broken > 0)
    }
    found.notes.push(`killed in each ${call}: ${lies.filter(Boolean).length} of ${lies.length} leave an index that lists what is not there`)
  }
}

if (python === undefined) process.stdout.write(`${JSON.stringify({ prove: { skipped: `conda-mirror: ${why}` } })}\n`)
else {
  await prove().catch((error) => { found.findings.push(String(error?.stack ?? error)) })
  found.failed = found.findings.length
  process.stdout.write(`${JSON.stringify({ prove: found })}\n`, () => process.exit())
}
