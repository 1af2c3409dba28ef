import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildChannel, serveChannel } from '@mirror/test-fixtures'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { renderAllHelp, renderHelp } from '../scripts/render-help.ts'
import { COMMANDS } from '../src/command-line/flags.ts'
import type { Program } from '../src/command-line/invocation.ts'
import { readHelp } from '../src/command-line/read-help.ts'

const cli = fileURLToPath(new URL('..', import.meta.url))
let folder = ''
let help = new URL('file:///')

/** The commands as they are published, in a folder of their own. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mirror-bundle-'))
  for (const name of ['bin', 'package.json']) cpSync(join(cli, name), join(folder, name), { recursive: true })
  const { status, stderr } = spawnSync(process.execPath, [join(cli, 'build.mjs'), join(folder, 'dist')], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`The bundle cannot be built: ${stderr}`)
  help = pathToFileURL(join(folder, 'dist/help/'))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const SPY = `import { registerHooks } from 'node:module'
registerHooks({ load(url, context, next) { process.stderr.write('loaded ' + url + '\\n'); return next(url, context) } })`

interface Ran {
  readonly code: number | null
  readonly stdout: string
  /** Names of the bundle's files that were loaded, without their hashes. */
  readonly loaded: readonly string[]
}

/** Runs a bundled command with nothing of this machine's environment. */
async function run(program: 'mirror' | 'cas-sync', argv: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(SPY)}`, join(folder, 'bin', `${program}.js`), ...argv], {
    cwd: folder, env: { PATH: process.env['PATH'], HOME: folder }, stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve) => { child.on('close', resolve) })
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)])
  const loaded = [...stderr.matchAll(/^loaded file:.*\/dist\/bin\/(.*)\.js$/gm)].map(([, name = '']) => name.replace(/-[\w-]{8}$/, ''))
  return { code, stdout, loaded }
}

test.for<readonly [Program, ...string[]]>([['mirror'], ['cas-sync'], ['cas-merge'], ['cas-sync-api-v4'], ['cas-sync-api-v5'], ['cas-server'], ['mirror', 'delta'], ...COMMANDS.map(({ name }) => ['mirror', ...name.split(' ')] as const)])('the bundled help of %j is what yargs prints, at every width', async ([program, ...words]) => {
  for (const columns of [80, 110, 200]) {
    const expected = await renderHelp([program, ...words], columns)
    for (const flag of ['--help', '-h']) expect(readHelp({ program, argv: [...words, flag], columns }, help)).toBe(expected)
  }
})

test('readHelp() leaves other widths, and everything that is not a question for help, to yargs', () => {
  for (const columns of [40, 79, 81, 109]) expect(readHelp({ program: 'mirror', argv: ['--help'], columns }, help)).toBeUndefined()
  for (const argv of [[], ['help'], ['sync'], ['--help', 'sync'], ['snyc', '--help'], ['sync', '--json', '--help'], ['sync', 'x', '--help'], ['../mirror', '--help'], ['--help', '--version']]) {
    expect(readHelp({ program: 'mirror', argv, columns: 80 }, help)).toBeUndefined()
  }
})

test('the bundle brings the program that travels with a delta', async () => {
  await buildChannel({ subdirs: { 'linux-64': [{ name: 'zlib' }] } }, join(folder, 'near'))
  const made = await run('mirror', ['delta', 'create', 'carried', '--mirror-dir', 'near', '--with-tool'])
  expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining('difftar.mjs') })
  mkdirSync(join(folder, 'far'))
  expect(spawnSync(process.execPath, ['difftar.mjs', '--apply', '-i', '.', join(folder, 'far')], { cwd: join(folder, 'carried'), encoding: 'utf8', env: {} })).toMatchObject({ status: 0, stdout: expect.stringContaining('1 added') })
  // What lies beside it does not make it another delta.
  expect(await run('mirror', ['delta', 'inspect', 'carried', '--verify'])).toMatchObject({ code: 0 })
  expect(await run('mirror', ['delta', 'create', 'carried', '--mirror-dir', 'near', '--with-tool'])).toMatchObject({ code: 0 })
})

test('the bundle has no help of commands that are gone', async () => {
  const stale = join(folder, 'dist/help/mirror.gone.80.txt')
  writeFileSync(stale, 'gone')
  expect(spawnSync(process.execPath, [join(cli, 'build.mjs'), join(folder, 'dist')]).status).toBe(0)
  expect(readdirSync(join(folder, 'dist/help')).toSorted()).toEqual([...(await renderAllHelp()).keys()].toSorted())
})

test.for([['mirror', ['--help']], ['mirror', ['status', '-h']], ['cas-sync', ['--help']], ['mirror', ['--version']]] as const)('%s %j loads nothing but what starts it', async ([program, argv]) => {
  const { code, stdout, loaded } = await run(program, argv)
  expect(code).toBe(0)
  expect(stdout).not.toBe('')
  expect(loaded).toEqual([program])
})

test('the bundle carries a sync out, and its commands load no more than they need', async () => {
  await buildChannel({ subdirs: { 'linux-64': [{ name: 'zlib' }] } }, join(folder, 'up'))
  await using server = await serveChannel(join(folder, 'up'), { mount: '/team/' })
  const flags = ['-c', server.url, '-p', 'linux-64', '--mirror-dir', 'm']
  expect(await run('mirror', ['sync', ...flags])).toMatchObject({ code: 0, stdout: expect.stringContaining('generation 1') as unknown })
  const status = await run('mirror', ['status', ...flags])
  expect(status).toMatchObject({ code: 0, stdout: expect.stringContaining('generation 1') as unknown })
  expect(status.loaded).toEqual(['mirror', 'run-program', 'status-sync'])
  expect((await run('mirror', ['config', ...flags])).loaded).toEqual(['mirror', 'run-program', 'yaml-config'])
  expect(await run('mirror', ['verify', ...flags])).toMatchObject({ code: 0, stdout: expect.stringContaining('whole') as unknown })
})

test('the bundle serves files without loading the pages, and pages with the thread that reads for them', async () => {
  await buildChannel({ subdirs: { 'linux-64': [{ name: 'zlib' }] } }, join(folder, 'served/team'))
  const child = spawn(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(SPY)}`, join(folder, 'bin/cas-server.js'), '--mirror-dir', 'served', '--host', '127.0.0.1', '--port', '0'], {
    cwd: folder, env: { PATH: process.env['PATH'], HOME: folder }, stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve) => { child.on('close', resolve) })
  let said = ''
  const address = await new Promise<string>((resolve) => {
    child.stderr.on('data', (piece: Buffer) => {
      said += piece.toString()
      const [found] = /http:\/\/127\.0\.0\.1:\d+\//.exec(said) ?? []
      if (found !== undefined) resolve(found)
    })
  })
  const get = async (path: string): Promise<readonly [number, string]> => {
    const answer = await fetch(`${address}${path}`, { headers: { accept: '*/*' } })
    return [answer.status, await answer.text()]
  }
  expect(await get('team/linux-64/repodata.json')).toEqual([200, expect.stringContaining('zlib')])
  expect(await get('team/linux-64/none.conda')).toEqual([404, 'Not found\n'])
  expect(said).not.toMatch(/create-pages/)
  expect(await get('')).toEqual([200, expect.stringContaining('team/')])
  let found = await get('-/api/package/zlib/team')
  while (found[0] === 503) found = await get('-/api/package/zlib/team')
  expect(found).toEqual([200, expect.stringContaining('zlib-1.0-0.conda')])
  expect(said).toMatch(/create-pages/)
  child.kill()
  expect(await ended).toBe(0)
})
