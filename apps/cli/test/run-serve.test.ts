import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildChannel } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { parseLines, test } from './support.ts'

const MIRROR = fileURLToPath(new URL('../src/bin/mirror.ts', import.meta.url))
const ADDRESS = /http:\/\/127\.0\.0\.1:\d+\//

/** Something that is told later. */
function watchOutput(pattern: RegExp): { readonly found: Promise<string>; readonly observe: (text: string) => void } {
  const { promise, resolve } = Promise.withResolvers<string>()
  let all = ''
  return {
    found: promise,
    observe(text) {
      all += text
      const [match] = pattern.exec(all) ?? []
      if (match !== undefined) resolve(match)
    },
  }
}

describe('mirror serve, and cas-server', () => {
  test('serves the mirror of the configuration until it is stopped, and tells every request', async ({ expect, folder, run }) => {
    await buildChannel({ subdirs: { 'linux-64': [{ name: 'zlib' }] } }, join(folder, 'up/team'))
    writeFileSync(join(folder, '.cas-mirror'), 'mirror_dir: m\nchannels: [./up/team]\nplatforms: [linux-64]\nfetch_installers: false\n')
    expect(await run(['sync', '-q'])).toMatchObject({ exitCode: 0 })
    const stop = new AbortController()
    const { found, observe } = watchOutput(ADDRESS)
    const running = run(['--host', '127.0.0.1', '--port', '0'], { program: 'cas-server', signal: stop.signal, onOutput: observe })
    const address = await found
    const index = await fetch(`${address}t/tk-secret/team/linux-64/repodata.json?q=hidden`)
    expect([index.status, await index.json()]).toEqual([200, expect.objectContaining({ info: { subdir: 'linux-64' } })])
    expect((await fetch(`${address}team/linux-64/%22none%0A.conda`)).status).toBe(404)
    expect((await fetch(`${address}team/linux-64/%22none.conda`)).status).toBe(404)
    stop.abort()
    const { exitCode, stdout, stderr } = await running
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining(`Serving ${join(folder, 'm')} at ${address}`)])
    expect(stdout.trim().split('\n')).toEqual([
      expect.stringMatching(/^127\.0\.0\.1 - - \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/team\/linux-64\/repodata\.json HTTP\/1\.1" 200 \d+ "-" "-"$/),
      expect.stringContaining('"GET (refused) HTTP/1.1" 404'),
      expect.stringContaining('"GET /team/linux-64/%22none.conda HTTP/1.1" 404'),
    ])
    expect(stdout + stderr).not.toMatch(/tk-secret|hidden/)
  })

  test('with --json, the log is NDJSON; --access-log says otherwise', async ({ expect, folder, run }) => {
    for (const [more, expected] of [[['--json'], 1], [['--access-log', 'json', '-l', 'INFO'], 1], [['--access-log', 'none'], 0]] as const) {
      const stop = new AbortController()
      const { found, observe } = watchOutput(ADDRESS)
      const running = run(['serve', '--mirror-dir', folder, '--host', '127.0.0.1', '--port', '0', ...more], { signal: stop.signal, onOutput: observe })
      expect((await fetch(`${await found}readyz`)).status).toBe(503)
      stop.abort()
      const { exitCode, stdout } = await running
      expect(exitCode).toBe(0)
      const lines = (stdout === '' ? [] : parseLines(stdout)).filter(({ type }) => type === 'request')
      expect(lines.length, more.join(' ')).toBe(expected)
      for (const line of lines) expect(line).toMatchObject({ method: 'GET', path: '/readyz', status: 503, isWhole: true })
    }
  })

  test.for([
    [['--port', '65536'], '--port: takes a number'], [['--port', 'http'], '--port: takes a number'], [['--max-age', 'old'], '--max-age: takes a duration'], [['--access-log', 'apache'], '--access-log: takes combined'],
    [['--tls-cert', 'a.pem'], '--tls-cert: needs --tls-key'], [['--tls-key', 'a.pem'], '--tls-key: needs --tls-cert'],
  ] as const)('refuses %j', async ([flags, reason], { expect, run }) => {
    expect(await run(['serve', '--mirror-dir', 'm', ...flags])).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(new RegExp(`${reason}[^]*code: CONFIG_INVALID`)) as unknown })
  })

  test('an address that this machine does not have is an error with a code', async ({ expect, run }) => {
    expect(await run(['serve', '--mirror-dir', 'm', '--host', '192.0.2.1', '--port', '0'])).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('SERVER_ADDRESS') as unknown })
  })

  test('SIGTERM lets it send to the end what it sends, and takes no more', async ({ expect, folder, run }) => {
    await buildChannel({ subdirs: { noarch: [{ name: 'large', size: 20_000_000 }] } }, join(folder, 'up/team'))
    expect(await run(['sync', '-q', '-c', join(folder, 'up/team'), '--mirror-dir', 'm', '-p', 'noarch'])).toMatchObject({ exitCode: 0 })
    const child = spawn(process.execPath, ['--no-warnings', MIRROR, 'serve', '--mirror-dir', 'm', '--host', '127.0.0.1', '--port', '0'], { cwd: folder, env: { PATH: process.env['PATH'], HOME: folder }, stdio: ['ignore', 'pipe', 'pipe'] })
    const { found, observe } = watchOutput(ADDRESS)
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => observe(text.toString()))
    const ended = new Promise<number | null>((resolve) => { child.once('close', resolve) })
    const response = await fetch(`${await found}team/noarch/large-1.0-0.conda`)
    child.kill('SIGTERM')
    expect((await response.arrayBuffer()).byteLength).toBe(Number(response.headers.get('content-length')))
    expect(await ended).toBe(0)
    await expect(fetch(await found)).rejects.toThrow()
  })
})
