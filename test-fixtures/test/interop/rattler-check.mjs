// Can a real client install from a fixture channel? Solves and installs with py-rattler over HTTP, with shards and without, and
// runs what was installed. Needs it: pip install py-rattler==0.28.0, then `PYTHON=…/bin/python node rattler-check.mjs`.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { createSampleChannel, serveChannel } from '../../src/index.ts'

const python = process.env.PYTHON ?? 'python3'
const run = promisify(execFile)
const script = join(import.meta.dirname, 'rattler_install.py')

const folder = await mkdtemp(join(tmpdir(), 'rattler-check-'))
let failed = 0
try {
  await createSampleChannel(join(folder, 'channel'))
  for (const sharded of ['1', '0']) {
    await using server = await serveChannel(join(folder, 'channel'))
    const prefix = join(folder, `prefix-${sharded}`)
    const args = [script, server.url, prefix, join(folder, `cache-${sharded}`), 'libzeta', 'report-templates']
    const { stdout } = await run(python, args, { env: { ...process.env, SHARDED: sharded, HOME: folder } })
    const installed = await run(join(prefix, 'bin/hello'), [])
    const indexes = server.requests.filter(({ method, path, status }) => method === 'GET' && status === 200 && /repodata/.test(path)).map(({ path }) => path)
    const isGood = installed.stdout === 'hello from the mirror\n' && indexes.every((path) => path.includes('shards') === (sharded === '1'))
    if (!isGood) failed++
    print(`sharded=${sharded} packages=${stdout.trim().split('\n').length} indexes=${indexes.join()} ${isGood ? 'ok' : 'FAILED'}`)
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
print(`rattler: installs=2 failed=${failed}`)
process.exitCode = failed === 0 ? 0 : 1

function print(line) {
  process.stdout.write(`${line}\n`)
}
