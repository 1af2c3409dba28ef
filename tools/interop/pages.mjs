// People's pages in a real browser: what is found, downloaded, copied and taken away, with a script and without, for those who see and those who do not.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

export const name = 'pages'
export const needs = ['chromium', 'faketime']

export const run = ({ root, node, folder, tools, check, skip }) =>
  runParts({ node, check, skip, script: fileURLToPath(new URL('lib/drive-pages.mjs', import.meta.url)), args: [JSON.stringify({ root, folder, command: join(root, 'apps/cli/bin/mirror.js'), tools })] })
