// Every configuration and every command line of docs/guide, run as written: in an empty folder, against channels on loopback.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

export const name = 'the guides, as written'
export const needs = []

/** How to install needs a release and other people's installers (install-guide.mjs), how to upload needs servers (upload-guide.mjs). */
const OTHERS = new Set(['install.md', 'upload.md'])

export const run = ({ root, node, folder, check, skip }) => {
  const guides = readdirSync(join(root, 'docs/guide')).filter((file) => file.endsWith('.md') && !OTHERS.has(file)).sort()
  return runParts({ node, check, skip, script: fileURLToPath(new URL('lib/run-guides.mjs', import.meta.url)), args: [JSON.stringify({ root, folder, guides, tools: {} })] })
}
