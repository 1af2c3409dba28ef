import { createRequire } from 'node:module'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runProcess } from './run-process.ts'

declare const DIFFTAR_VERSION: string | undefined

const here = fileURLToPath(import.meta.url)

function readVersion(): string {
  if (typeof DIFFTAR_VERSION === 'string') return DIFFTAR_VERSION
  const manifest: unknown = createRequire(import.meta.url)('../../package.json')
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : ''
}

await runProcess({ version: readVersion(), tool: basename(here) === 'difftar.mjs' ? here : undefined })
