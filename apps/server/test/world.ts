import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildChannel, type ChannelDescription } from '@mirror/test-fixtures'
import { test as base } from 'vitest'
import { type RunningServer, type ServerEvent, type ServerOptions, startServer } from '../src/index.ts'

const MIRROR = fileURLToPath(new URL('../../cli/src/bin/mirror.ts', import.meta.url))

/** Two subdirs, both formats, all variants. */
export const SMALL: ChannelDescription = {
  subdirs: {
    noarch: [{ name: 'alpha' }, { name: 'beta', depends: ['alpha'], format: 'both' }],
    'linux-64': [{ name: 'gamma', depends: ['beta >=1'] }, { name: 'delta', format: 'tar.bz2', size: 300_000 }, { name: 'epsilon', version: '2.0+x!1' }],
  },
  index: { variants: ['zst'] },
}

/** What came back. */
export interface Answer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
}

/** A mirror that the commands made, and a server over it. */
export interface World {
  readonly folder: string
  readonly upstream: string
  readonly mirror: string
  readonly server: RunningServer
  readonly events: readonly ServerEvent[]
  /** Runs a command of `mirror` on the mirror. */
  readonly run: (...args: readonly string[]) => void
  readonly get: (path: string, headers?: Readonly<Record<string, string>>, method?: string) => Promise<Answer>
  /** Sends bytes as they are, and gives all that comes until the other side closes. */
  readonly send: (text: string | Buffer) => Promise<string>
}

/** Runs `mirror` as it lies in the repository. */
export function runMirror(args: readonly string[], cwd: string): void {
  const { status, stderr } = spawnSync(process.execPath, ['--no-warnings', MIRROR, ...args], { cwd, encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: cwd } })
  if (status !== 0) throw new Error(`mirror ${args.join(' ')}: ${stderr}`)
}

/** One request by a client that is not Node's. */
export async function exchange(port: number, text: string | Buffer): Promise<Buffer> {
  const socket = net.connect(port, '127.0.0.1')
  const pieces: Buffer[] = []
  socket.write(text)
  socket.on('data', (piece) => pieces.push(piece))
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve())
    socket.once('error', () => resolve())
  })
  return Buffer.concat(pieces)
}

/** Reads one answer, to the byte. */
export function readAnswer(bytes: Buffer): Answer {
  const end = bytes.indexOf('\r\n\r\n')
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]))
  return { status: Number(first.split(' ')[1]), headers, body: bytes.subarray(end + 4) }
}

/** Makes a mirror of a description, and serves it. */
export async function createWorld(description: ChannelDescription, { cleanUp, options = {} }: { readonly cleanUp: (step: () => Promise<void>) => void; readonly options?: Partial<ServerOptions> }): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'server-'))
  cleanUp(async () => await rm(folder, { recursive: true, force: true }))
  const upstream = join(folder, 'up/team')
  const mirror = join(folder, 'mirror')
  await buildChannel(description, upstream)
  const run = (...args: readonly string[]): void => runMirror([...args, '--mirror-dir', mirror], folder)
  run('sync', '-q', '-c', upstream, '-p', 'linux-64')
  const events: ServerEvent[] = []
  const server = await startServer({ mirrorDir: mirror, port: 0, host: '127.0.0.1', temporaryFolder: folder, observe: (event) => events.push(event), ...options })
  cleanUp(async () => await server.close(100))
  return {
    folder, upstream, mirror, server, events, run,
    async get(path, headers = {}, method = 'GET') {
      const lines = Object.entries({ host: 'mirror', connection: 'close', ...headers }).map(([name, value]) => `${name}: ${value}`)
      return readAnswer(await exchange(server.port, `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`))
    },
    send: async (text) => (await exchange(server.port, text)).toString('latin1'),
  }
}

/** A test with one world for all tests of its file. */
export const test = base.extend<{ createWorldOf: (description: ChannelDescription, options?: Partial<ServerOptions>) => Promise<World> }>({
  createWorldOf: async ({}, use) => {
    const steps: (() => Promise<void>)[] = []
    await use(async (description, options = {}) => await createWorld(description, { cleanUp: (step) => { steps.unshift(step) }, options }))
    for (const step of steps) await step()
  },
})
