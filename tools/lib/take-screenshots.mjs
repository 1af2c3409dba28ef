/** Started by ../screenshots.mjs, with its arguments as JSON: pictures of the pages, for the documentation. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { createDemoMirror } from '../interop/lib/demo-mirror.mjs'
import { startMirrorServer } from './start-mirror-server.mjs'

const { root, to, tools, command = join(root, 'apps/cli/bin/mirror.js') } = JSON.parse(process.argv[2])
const LARGEST = 150_000
const DESK = { width: 1120, height: 780 }

const SHOTS = [
  { name: 'channels', path: '', viewport: { width: 1120, height: 560 } },
  { name: 'channel', path: 'robotics/' },
  { name: 'package', path: 'robotics/-/package/linear-solver' },
  { name: 'artifact', path: 'robotics/-/artifact/linux-64/grasp-planner-1.0.0-h7d2f_0.conda' },
  { name: 'history', path: 'robotics/-/history', viewport: { width: 1120, height: 1120 } },
  { name: 'history-dark', path: 'robotics/-/history', scheme: 'dark' },
  { name: 'take-away', path: 'robotics/-/take-away' },
  { name: 'use', path: 'robotics/-/use' },
  { name: 'phone', path: 'robotics/-/history', viewport: { width: 390, height: 760 } },
]

const folder = mkdtempSync(join(tmpdir(), 'screenshots-'))
let server
let browser
try {
  const { mirror, end } = await createDemoMirror({ folder, node: process.execPath, command, faketime: tools.faketime })
  const clock = new Date(end + 40 * 60_000).toISOString().slice(0, 19).replace('T', ' ')
  // What the wrapper sets: itself it would stand between the server and its signals.
  const preload = /^LD_PRELOAD=(.*)$/m.exec(execFileSync(tools.faketime, ['-f', `@${clock}`, 'env'], { encoding: 'utf8' }))?.[1] ?? ''
  server = await startMirrorServer([process.execPath, command], { cwd: folder, args: ['--mirror-dir', mirror], env: { TZ: 'UTC', LD_PRELOAD: preload, FAKETIME: `@${clock}` }, log: 'none' })
  browser = await chromium.launch({ executablePath: tools.chromium, args: ['--no-sandbox', '--disable-gpu', '--force-color-profile=srgb', '--hide-scrollbars'] })
  mkdirSync(to, { recursive: true })
  for (const { name, path, viewport = DESK, scheme = 'light' } of SHOTS) {
    const page = await browser.newPage({ viewport, colorScheme: scheme, baseURL: server.url })
    // Pages of what an index lists say so, and show themselves again, until it is read.
    for (let answer = await page.goto(path), round = 0; answer.status() === 503 && round < 20; round += 1) {
      await page.waitForTimeout(300)
      answer = await page.goto(path)
    }
    const file = join(to, `${name}.png`)
    await page.screenshot({ path: file })
    const { size } = statSync(file)
    process.stdout.write(`${file} ${size}${size > LARGEST ? ' is too large' : ''}\n`)
    if (size > LARGEST) process.exitCode = 1
    await page.close()
  }
} finally {
  await browser?.close()
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
}
