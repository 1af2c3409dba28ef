import { spawn } from 'node:child_process'
import { environment, root } from './workspace.mjs'

const windows = process.platform === 'win32'
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP']

const hasTerminal = () => [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY)

/**
 * Signals go to the child, and this process lives until the child has ended. A terminal's Ctrl-C reaches both by itself,
 * so SIGINT is only sent on where there is no terminal.
 */
const forwardSignals = (child) => {
  const send = (signal) => {
    if (signal !== 'SIGINT' || !hasTerminal()) child.kill(signal)
  }
  for (const signal of forwarded) process.on(signal, send)
  return () => {
    for (const signal of forwarded) process.off(signal, send)
  }
}

const collect = (stream, chunks) => stream?.on('data', (chunk) => chunks.push(chunk))

/**
 * Runs a command and resolves to how it ended, never rejecting for an exit code: `{ code, signal, output, error }`. `output` holds stdout and
 * stderr with `quiet: true`, else both are inherited. `error` is set where the command could not be started.
 */
export const run = (command, args, { quiet = false, cwd = root, env = {}, stdin = quiet ? 'ignore' : 'inherit' } = {}) =>
  new Promise((resolve) => {
    const stdio = quiet ? [stdin, 'pipe', 'pipe'] : [stdin, 'inherit', 'inherit']
    const child = spawn(command, args, { cwd, env: environment(env), stdio, shell: windows && !command.endsWith('.exe') })
    const stop = forwardSignals(child)
    const chunks = []
    collect(child.stdout, chunks)
    collect(child.stderr, chunks)
    const end = (result) => {
      stop()
      resolve({ output: Buffer.concat(chunks).toString('utf8'), ...result })
    }
    child.once('error', (error) => end({ code: 127, signal: null, error }))
    child.once('close', (code, signal) => end({ code, signal }))
  })
