import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { openSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const LONGEST_START = 60_000

const findPort = async () => {
  const server = createServer()
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const { port } = server.address()
  await new Promise((resolve) => { server.close(resolve) })
  return port
}

const isReady = async (url) => await fetch(`${url}/health/ready`).then(({ ok }) => ok, () => false)

/**
 * Starts a real quetz-server in an empty folder: the channels `ch`, `other` and `own` (private), a server owner, and two keys. Resolves to `{ url, keys, log(), stop() }`; throws with its log when it does not come up.
 */
export const startQuetz = async (python, folder) => {
  const deploy = join(folder, 'deploy')
  await mkdir(deploy, { recursive: true })
  const env = { ...process.env, QUETZ_CONFIG_FILE: join(deploy, 'config.toml'), PYTHONWARNINGS: 'ignore' }
  await writeFile(env.QUETZ_CONFIG_FILE, `[sqlalchemy]\ndatabase_url = "sqlite:///${deploy}/quetz.sqlite"\n[session]\nsecret = "${randomBytes(32).toString('base64')}"\nhttps_only = false\n`)
  const quetz = join(dirname(python), 'quetz')
  await execute(quetz, ['create', deploy], { env, cwd: folder })
  const keyFile = join(folder, 'keys')
  await execute(python, [fileURLToPath(new URL('make-quetz.py', import.meta.url)), keyFile], { env, cwd: deploy })
  const [port, logFile] = [await findPort(), join(folder, 'server.log')]
  const output = openSync(logFile, 'a')
  const child = spawn(quetz, ['start', deploy, '--host', '127.0.0.1', '--port', String(port), '--no-supervisor', '--log-level', 'warning'], { env, cwd: folder, stdio: ['ignore', output, output] })
  const closed = new Promise((resolve) => { child.once('close', resolve) })
  const log = async () => await readFile(logFile, 'utf8')
  const stop = async () => {
    child.kill('SIGKILL')
    await closed
  }
  const url = `http://127.0.0.1:${port}`
  const end = performance.now() + LONGEST_START
  while (!await isReady(url)) {
    if (child.exitCode === null && performance.now() < end) await pause(200)
    else {
      await stop()
      throw new Error(`quetz did not start: ${(await log()).slice(-2000)}`)
    }
  }
  return { url, keys: (await readFile(keyFile, 'utf8')).split('\n'), log, stop }
}
