// The main job, on a sample channel that the repository builds and serves on loopback: plan, sync, upstream moves on, sync again, verify.
import { spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { advanceSampleChannel, createSampleChannel, serveChannel } from '@mirror/test-fixtures'

const root = resolve(import.meta.dirname, '..')
const work = resolve(root, '.work', 'demo')
const upstream = resolve(work, 'upstream')
const mirrorDir = resolve(work, 'mirror')
const mirrorBin = resolve(root, 'apps', 'cli', 'bin', 'mirror.js')

process.exitCode = await demonstrate()

async function demonstrate(): Promise<number> {
  await rm(work, { recursive: true, force: true })
  say('Building a sample channel: three subdirs, both formats, packages that conda can install')
  const sample = await createSampleChannel(upstream)
  await using server = await serveChannel(upstream, { mount: '/sample' })
  say(`${sample.artifacts.length} artifacts, ${formatMegabytes(sample.bytes)}, served at ${server.url}`)
  const common = ['--channel', server.url, '--mirror-dir', mirrorDir, ...['linux-64', 'osx-arm64'].flatMap((subdir) => ['--platform', subdir])]
  const steps: readonly (readonly [string, () => Promise<number>])[] = [
    ['What a sync would do', async () => await runMirror(['plan', ...common])],
    ['The first sync', async () => await runMirror(['sync', ...common])],
    ['The sample upstream moves on; the second sync fetches only what changed', async () => {
      await advanceSampleChannel(upstream)
      return await runMirror(['sync', ...common])
    }],
    ['Nothing changed: one conditional request a subdir', async () => await runMirror(['sync', ...common])],
    ['Verify: every artifact hashed again', async () => await runMirror(['verify', ...common])],
  ]
  for (const [title, step] of steps) {
    say(title)
    const code = await step()
    if (code !== 0) return code
  }
  explainUse(resolve(mirrorDir, new URL(server.url).pathname.replace(/^\/+/, '')))
  return 0
}

async function runMirror(args: readonly string[]): Promise<number> {
  process.stderr.write(`$ mirror ${args.map((arg) => arg.replace(`${root}/`, '')).join(' ')}\n`)
  const child = spawn(process.execPath, [mirrorBin, ...args], { stdio: ['ignore', 'inherit', 'inherit'] })
  const { promise, resolve: settle, reject } = Promise.withResolvers<number>()
  child.once('error', reject)
  child.once('exit', (code, signal) => settle(code ?? (signal === null ? 1 : 130)))
  return await promise
}

function explainUse(channel: string): void {
  const url = pathToFileURL(channel).href
  say('The mirror is a folder of plain files')
  process.stdout.write(`
  ${channel}

Look at it in a browser, and serve it (or let any web server do that):

  npm start -- serve --mirror-dir ${relative(root, mirrorDir)} --host 127.0.0.1 --port 8080

Or use it as it is:

  conda   conda create -n demo --override-channels -c ${url} hello
  mamba   micromamba create -n demo --override-channels -c ${url} hello
  pixi    pixi init demo --channel ${url} && cd demo && pixi add hello

For good, in ~/.condarc (conda and mamba):

  channels: [${url}]

In pixi.toml:

  [workspace]
  channels = ["${url}"]

Your own channels: write a mirror.yaml (see README.md) and run

  npm start -- sync --file mirror.yaml
`)
}

function formatMegabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}

function say(text: string): void {
  process.stderr.write(`\n== ${text}\n`)
}
