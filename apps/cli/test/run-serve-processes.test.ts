import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { buildChannel } from '@mirror/test-fixtures'
import { test as base } from 'vitest'

const MIRROR = fileURLToPath(new URL('../src/bin/mirror.ts', import.meta.url))

interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<unknown[]>
  readonly said: () => string
  /** Resolves as soon as stderr has a line like it. */
  readonly line: (pattern: RegExp) => Promise<RegExpExecArray>
}

function startMirror(args: readonly string[], cwd: string): Started {
  const child = spawn(process.execPath, ['--no-warnings', MIRROR, ...args], { cwd, env: { PATH: process.env['PATH'], HOME: cwd }, stdio: ['ignore', 'ignore', 'pipe'] })
  const lines: string[] = []
  const waiting = new Set<() => void>()
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line)
    for (const look of waiting) look()
  })
  return {
    child,
    ended: once(child, 'close'),
    said: () => lines.join('\n'),
    line: (pattern) => new Promise((resolve) => {
      const look = (): void => {
        const found = lines.map((line) => pattern.exec(line)).find((match) => match !== null)
        if (found === undefined || found === null) return
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
    }),
  }
}

const test = base.extend<{ folder: string; start: (...args: readonly string[]) => Started }>({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'processes-'))
    await buildChannel({ subdirs: { noarch: [{ name: 'alpha' }], 'linux-64': [] }, index: { variants: ['zst'] } }, join(folder, 'mirror/team'))
    await use(folder)
    await rm(folder, { recursive: true, force: true })
  },
  start: async ({ folder }, use) => {
    const all: Started[] = []
    await use((...args) => {
      const started = startMirror(['serve', '--mirror-dir', join(folder, 'mirror'), '--host', '127.0.0.1', '--access-log', 'none', ...args], folder)
      all.push(started)
      return started
    })
    for (const { child, ended } of all) {
      child.kill('SIGKILL')
      await ended
    }
  },
})

async function readMetrics(url: string): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(new URL('metrics', url), { headers: { connection: 'close' } })).text()
  return new Map(text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
}

const processesOf = (metrics: ReadonlyMap<string, number>): readonly string[] => [...metrics.keys()].flatMap((key) => /^process_start_time_seconds\{process="(?<name>\d+)"\}$/.exec(key)?.groups?.['name'] ?? []).toSorted()
const ARTIFACTS = 'mirror_http_requests_total{kind="artifact",status="2xx"}'

async function untilMetrics(url: string, isSo: (metrics: ReadonlyMap<string, number>) => boolean): Promise<ReadonlyMap<string, number>> {
  for (;;) {
    const metrics = await readMetrics(url)
    if (isSo(metrics)) return metrics
  }
}

test('two processes serve at one address, count together, and one that is killed comes back without what was counted being lost', { timeout: 60_000 }, async ({ expect, start }) => {
  const server = start('--port', '0', '--processes', '2')
  const url = (await server.line(/with 2 processes at (\S+)/))[1] ?? ''
  await untilMetrics(url, (metrics) => processesOf(metrics).length === 2)
  for (let at = 0; at < 6; at += 1) {
    const answer = await fetch(new URL('team/noarch/alpha-1.0-0.conda', url), { headers: { connection: 'close' } })
    expect([answer.status, (await answer.arrayBuffer()).byteLength > 0]).toEqual([200, true])
  }
  expect((await readMetrics(url)).get(ARTIFACTS)).toBe(6)
  const { stdout } = spawn('pgrep', ['-P', String(server.child.pid)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [pid = ''] = (await stdout.toArray()).join('').split('\n')
  process.kill(Number(pid), 'SIGKILL')
  await server.line(/Process 1 ended by itself \(SIGKILL\): it is started again/)
  const after = await untilMetrics(url, (metrics) => processesOf(metrics).length === 2)
  expect(after.get(ARTIFACTS)).toBe(6)
  server.child.kill('SIGTERM')
  expect(await server.ended).toEqual([0, null])
  await expect(fetch(url)).rejects.toThrow()
})

test('an address that is taken is told once, with the exit code of one process', { timeout: 60_000 }, async ({ expect, start }) => {
  const other = net.createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const address = other.address()
  const port = typeof address === 'object' ? String(address?.port) : ''
  const [alone, together] = [start('--port', port), start('--port', port, '--processes', '2')]
  const [expected, found] = [await alone.ended, await together.ended]
  expect(found).toEqual(expected)
  expect(found).not.toEqual([0, null])
  expect(together.said().match(/SERVER_ADDRESS/g)).toHaveLength(1)
  other.close()
})

test('SIGHUP reaches each of the processes', { timeout: 60_000 }, async ({ expect, start }) => {
  const server = start('--port', '0', '--processes', '2')
  const url = (await server.line(/with 2 processes at (\S+)/))[1] ?? ''
  await untilMetrics(url, (metrics) => processesOf(metrics).length === 2)
  server.child.kill('SIGHUP')
  await server.line(/RENEWED|read again/)
  server.child.kill('SIGTERM')
  expect(await server.ended).toEqual([0, null])
  expect(server.said().match(/The configuration was read again/g)).toHaveLength(2)
})
