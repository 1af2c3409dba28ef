import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { buildChannel } from '@mirror/test-fixtures'
import { startMirrorServer } from '../../lib/start-mirror-server.mjs'
import { root } from '../../lib/workspace.mjs'

/** What runs `mirror`: the bundle, as people run it. */
export const COMMAND = [process.execPath, join(root, 'apps/cli/bin/mirror.js')]
export const LARGE = 12_000_000
export const INDEX = '/team/noarch/repodata.json'
export const ARTIFACT = '/team/noarch/large-1.0-0.conda'
export const SMALL = '/team/noarch/alpha-1.0-0.conda'

/** A mirror that the command made, and servers over it. */
export const openScene = async (folder) => {
  mkdirSync(folder, { recursive: true })
  const upstream = join(folder, 'upstream/team')
  await buildChannel({ subdirs: { noarch: [{ name: 'alpha' }, { name: 'large', size: LARGE }, { name: 'beta', depends: ['alpha <9'] }], 'linux-64': [{ name: 'gamma' }] }, index: { variants: ['zst'] } }, upstream)
  const mirror = join(folder, 'mirror')
  const [program, ...first] = COMMAND
  execFileSync(program, [...first, 'sync', '-q', '-c', upstream, '-p', 'linux-64', '--mirror-dir', mirror], { cwd: folder, env: { PATH: process.env.PATH, HOME: folder }, stdio: ['ignore', 'ignore', 'inherit'] })
  return {
    folder, mirror,
    onDisk: (path) => readFileSync(join(mirror, path)),
    copyMirror: (name) => {
      cpSync(mirror, join(folder, name), { recursive: true, preserveTimestamps: true })
      return join(folder, name)
    },
    serve: ({ mirrorDir = mirror, args = [], wrap = [] } = {}) => startMirrorServer([...wrap, ...COMMAND], { args: ['--mirror-dir', mirrorDir, ...args], cwd: folder, log: 'none' }),
  }
}

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')

/** Sends bytes as they are; resolves to all that came until the other side closed, and to how it did. */
export const exchange = async (port, bytes) => {
  const socket = net.connect(port, '127.0.0.1')
  const pieces = []
  let isReset = false
  socket.on('data', (piece) => pieces.push(piece))
  socket.on('error', () => { isReset = true })
  socket.write(bytes)
  const timer = setTimeout(() => socket.destroy(new Error('nothing came')), 30_000)
  await new Promise((resolve) => { socket.once('close', resolve) })
  clearTimeout(timer)
  return { bytes: Buffer.concat(pieces), isReset }
}

/** One answer of HTTP/1.1, read by the byte. */
export const parseAnswer = (bytes) => {
  const end = bytes.indexOf('\r\n\r\n')
  const [first = '', ...lines] = bytes.toString('latin1', 0, end === -1 ? bytes.length : end).split('\r\n')
  const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]))
  return { status: Number(first.split(' ')[1] ?? 0), headers, body: end === -1 ? Buffer.alloc(0) : bytes.subarray(end + 4) }
}

/** One request of a client that is not Node's. */
export const ask = async ({ port }, path, { method = 'GET', headers = {} } = {}) => {
  const lines = Object.entries({ host: 'mirror', connection: 'close', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return parseAnswer((await exchange(port, `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)).bytes)
}
