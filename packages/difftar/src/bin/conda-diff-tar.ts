import { createRequire } from 'node:module'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runDiffTar } from '../cli/run-diff-tar.ts'

declare const DIFFTAR_VERSION: string | undefined

const here = fileURLToPath(import.meta.url)
const controller = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort())

/** Nobody reads any more: `| head`. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

function readVersion(): string {
  if (typeof DIFFTAR_VERSION === 'string') return DIFFTAR_VERSION
  const manifest: unknown = createRequire(import.meta.url)('../../package.json')
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : ''
}

process.exitCode = await runDiffTar(process.argv.slice(2), {
  stdout: (text) => new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
  }),
  stderr: (text) => {
    process.stderr.write(text)
  },
  stdin: process.stdin,
  directory: process.cwd(),
  version: readVersion(),
  tool: basename(here) === 'difftar.mjs' ? here : undefined,
  signal: controller.signal,
})
