import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildChannel, createGate, faults, serveChannel } from '@mirror/test-fixtures'
import { test } from './support.ts'

const source = (path: string): string => fileURLToPath(new URL(`../src/${path}`, import.meta.url))

interface Child {
  readonly kill: (signal: NodeJS.Signals) => void
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>
  /** Resolves when that text was printed on stderr. */
  readonly printed: (text: string) => Promise<void>
  readonly closeStdout: () => void
}

function start(argv: readonly string[], cwd: string): Child {
  const child = spawn(process.execPath, [...argv], { cwd, env: { PATH: process.env['PATH'], HOME: cwd }, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  let changed = (): void => undefined
  child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    changed()
  })
  return {
    kill: (signal) => { child.kill(signal) },
    closeStdout: () => { child.stdout.destroy() },
    ended: new Promise((resolve) => { child.on('close', (code) => { resolve({ code, stdout, stderr }) }) }),
    printed: (text) => new Promise((resolve) => {
      changed = () => { if (stderr.includes(text)) resolve() }
      changed()
    }),
  }
}

test.for<'SIGINT' | 'SIGTERM' | 'SIGHUP'>(['SIGINT', 'SIGTERM', 'SIGHUP'])('%s in the middle of a download ends with a good mirror, and the next run goes on', async (signal, { expect, folder, run }) => {
  await buildChannel({ subdirs: { 'linux-64': [{ name: 'zlib' }, { name: 'big', size: 2_000_000 }], noarch: [{ name: 'tz' }] } }, join(folder, 'up'))
  await using server = await serveChannel(join(folder, 'up'), { mount: '/team/' })
  const argv = ['sync', '-c', server.url, '--mirror-dir', 'm', '-p', 'linux-64']
  const gate = createGate()
  const slow = server.misbehave({ path: 'big-1.0-0.conda', fault: faults.waitFor(gate) })
  const child = start([source('bin/mirror.ts'), ...argv], folder)
  await gate.reached

  child.kill(signal)

  const { code, stderr } = await child.ended
  expect(code).toBe(130)
  expect(stderr).toContain('the mirror stays whole')
  expect(stderr).toContain('code: INTERRUPTED')
  expect(existsSync(join(folder, 'm/team/linux-64/repodata.json'))).toBe(false)
  expect(await readdir(join(folder, 'm'))).toEqual(['team'])
  slow.stop()
  expect(await run(argv)).toMatchObject({ exitCode: 0 })
  expect(await readFile(join(folder, 'm/team/linux-64/big-1.0-0.conda'))).toEqual(await readFile(join(folder, 'up/linux-64/big-1.0-0.conda')))
  expect(await readdir(join(folder, 'm'))).toEqual(['team'])
})

/** A process whose command never stops by itself. */
async function startDeaf(folder: string, patience: number): Promise<Child> {
  const script = `import { runProcess } from ${JSON.stringify(source('run-process.ts'))}
    setInterval(() => {}, 1000)
    await runProcess(() => { process.stderr.write('ready'); return new Promise(() => {}) }, { patience: ${patience} })`
  await writeFile(join(folder, 'deaf.mts'), script)
  return start([join(folder, 'deaf.mts')], folder)
}

test('a second Ctrl-C ends a command that does not stop, at once', async ({ expect, folder }) => {
  const child = await startDeaf(folder, 1_000_000_000)
  await child.printed('ready')
  child.kill('SIGINT')
  await child.printed('Stopping')
  child.kill('SIGINT')
  expect(await child.ended).toMatchObject({ code: 130 })
})

test('a command that does not stop is ended when the patience is over', async ({ expect, folder }) => {
  const child = await startDeaf(folder, 1)
  await child.printed('ready')
  child.kill('SIGTERM')
  expect(await child.ended).toMatchObject({ code: 130 })
})

test('a reader of stdout who leaves does no harm', async ({ expect, folder }) => {
  await buildChannel({ subdirs: { 'linux-64': [{ name: 'zlib' }] } }, join(folder, 'up'))
  await using server = await serveChannel(join(folder, 'up'), { mount: '/team/' })
  const gate = createGate()
  server.misbehave({ path: 'zlib-1.0-0.conda', fault: faults.waitFor(gate) })
  const child = start([source('bin/mirror.ts'), 'sync', '-c', server.url, '--mirror-dir', 'm', '-p', 'linux-64', '--json'], folder)
  await gate.reached
  child.closeStdout()
  gate.open()
  expect(await child.ended).toMatchObject({ code: 0, stderr: '' })
  expect(existsSync(join(folder, 'm/team/linux-64/zlib-1.0-0.conda'))).toBe(true)
})

const HEAVY = /node_modules\/(?:got|undici|zod|yaml|@msgpack)\/|packages\/(?:sync|store|repository-client)\//
const SPY = `import { registerHooks } from 'node:module'
registerHooks({ load(url, context, next) { process.stderr.write('loaded ' + url + '\\n'); return next(url, context) } })`

test.for<readonly string[]>([['--version'], ['--help'], ['sync', '--help'], ['sync', '--nonsense']])('mirror %j loads nothing heavy', async (argv, { expect, folder }) => {
  const child = start(['--import', `data:text/javascript,${encodeURIComponent(SPY)}`, source('bin/mirror.ts'), ...argv], folder)
  const { stderr } = await child.ended
  const loaded = stderr.split('\n').filter((line) => line.startsWith('loaded '))
  expect(loaded.some((line) => line.includes('/src/output.ts'))).toBe(true)
  expect(loaded.filter((line) => HEAVY.test(line))).toEqual([])
})
