import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

const ADDRESS = /at (?<url>https?:\/\/\S+:(?<port>\d+)\/)/

/**
 * `mirror serve` in a process of its own, on a port that is free: `{ url, port, pid, child, takeRequests, said, stop }`. `command` is what runs `mirror`: a program and its first arguments;
 * `args` are more of its flags. A request is an event of its access log. `said()` is what it wrote to stderr.
 */
export const startMirrorServer = async ([program, ...first], { args = [], cwd, env = {}, log = 'json' }) => {
  const flags = ['serve', '--port', '0', '--host', '127.0.0.1', '--access-log', log, ...args]
  const child = spawn(program, [...first, ...flags], { cwd, env: { PATH: process.env.PATH, HOME: cwd, ...env }, stdio: ['ignore', log === 'json' ? 'pipe' : 'ignore', 'pipe'] })
  const ended = once(child, 'close')
  let said = ''
  const { url, port } = await new Promise((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      said += chunk
      const found = ADDRESS.exec(said)?.groups
      if (found !== undefined) resolve(found)
    })
    child.once('error', reject)
    child.once('close', (code) => reject(new Error(`mirror serve ended with ${code}: ${said}`)))
  })
  return {
    url, port: Number(port), pid: child.pid, child,
    said: () => said,
    takeRequests: log === 'json' ? collectRequests(child.stdout, url) : undefined,
    /** Resolves to the exit code. */
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal)
      const [code] = await ended
      return code
    },
  }
}

/** Gives what was asked since the last call. What was asked before it has arrived: a request of its own comes behind. */
const collectRequests = (stdout, url) => {
  let lines = []
  let marks = 0
  const waiting = new Map()
  createInterface({ input: stdout }).on('line', (line) => {
    const event = JSON.parse(line)
    const arrived = waiting.get(event.path)
    if (arrived === undefined) lines.push(event)
    else arrived()
  })
  return async () => {
    marks += 1
    const path = `/-/mark-${process.pid}-${marks}`
    const seen = new Promise((resolve) => { waiting.set(path, resolve) })
    await (await fetch(new URL(path, url))).arrayBuffer()
    await seen
    const taken = lines
    lines = []
    return taken
  }
}
