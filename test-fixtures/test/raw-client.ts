import { connect } from 'node:net'
import { test as base } from 'vitest'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What came over one connection, byte for byte. */
export interface RawAnswer {
  readonly head: string
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
  readonly body: Buffer
  readonly bytes: Buffer
  /** How the connection ended: FIN, RST, or not before `until` was satisfied. */
  readonly end: 'fin' | 'rst' | 'open'
}

export interface RawRequest {
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: string
  /** Hang up as soon as this is true of what has arrived. */
  readonly until?: (bytes: Buffer) => boolean
}

/** Sends one request over a plain socket and keeps every byte of the answer. */
export async function requestRaw(url: string, options: RawRequest = {}): Promise<RawAnswer> {
  const { hostname, port, pathname, search } = new URL(url)
  const lines = Object.entries({ host: hostname, connection: 'close', ...options.headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  const socket = connect(Number(port), hostname)
  socket.write(`${options.method ?? 'GET'} ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n`)
  const chunks: Buffer[] = []
  const { promise, resolve } = Promise.withResolvers<RawAnswer['end']>()
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    if (options.until?.(Buffer.concat(chunks)) === true) resolve('open')
  })
  socket.on('end', () => resolve('fin'))
  socket.on('error', () => resolve('rst'))
  const end = await promise
  socket.destroy()
  return parseAnswer(Buffer.concat(chunks), end)
}

function parseAnswer(bytes: Buffer, end: RawAnswer['end']): RawAnswer {
  const at = bytes.indexOf('\r\n\r\n')
  const head = bytes.subarray(0, at < 0 ? bytes.length : at).toString('latin1')
  const [first = '', ...lines] = head.split('\r\n')
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const known = headers.get(name)
    headers.set(name, (known === undefined ? '' : `${known}, `) + line.slice(colon + 1).trim())
  }
  return { head, status: Number(first.split(' ')[1] ?? 0), headers, body: at < 0 ? Buffer.alloc(0) : bytes.subarray(at + 4), bytes, end }
}

/** A test with a temporary folder of its own. */
export const test = base.extend<{ folder: string }>({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'fixtures-'))
    await use(folder)
    await rm(folder, { recursive: true, force: true })
  },
})
