import { readFileSync } from 'node:fs'
import net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { print } from './print-table.mjs'

const READERS = 1000
const ALLOWED = (connections) => 150e6 + connections * 65_536

/** Bytes of memory that a process holds, and has held at most. */
const memoryOf = (pid) => {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  const read = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1024
  return { now: read('VmRSS'), most: read('VmHWM') }
}

/** One that asks for a file, and takes a little of it now and then. */
const startSlowReader = (port, path) => new Promise((resolve, reject) => {
  const socket = net.connect({ port, host: '127.0.0.1' })
  socket.once('error', reject)
  // What came stays with the system until it is taken, so that the other side has to wait.
  socket.once('readable', () => resolve({ socket, take: () => socket.read(Math.min(4096, socket.readableLength)) }))
  socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`)
})

/** The memory of a server that was just started, with a thousand who read slowly. */
export const measureSlowReaders = async ({ path, start }) => {
  const server = await start()
  const before = memoryOf(server.pid)
  const readers = []
  try {
    while (readers.length < READERS) readers.push(...await Promise.all(Array.from({ length: 50 }, () => startSlowReader(server.port, path))))
    let most = 0
    for (let round = 0; round < 10; round += 1) {
      for (const { take } of readers) take()
      await delay(200)
      most = Math.max(most, memoryOf(server.pid).now)
    }
    const allowed = ALLOWED(READERS)
    const mb = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`
    const peak = Math.max(most, memoryOf(server.pid).most)
    print(`\n${READERS} slow readers of a file of 50 MB\n  mirror serve: ${mb(before.now)} before, ${mb(peak)} at most; target: at most ${mb(allowed)}${peak > allowed ? ', MISSED' : ''}`)
  } finally {
    for (const { socket } of readers) socket.destroy()
    await server.stop()
  }
}
