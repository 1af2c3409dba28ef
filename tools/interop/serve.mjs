// Real clients against a running server: plain, with a token in the path, from a snapshot, with a token or password that is needed, and below a sub-path of real nginx.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

export const name = 'serving'
export const needs = ['nginx', 'python', 'aria2', 'curl', 'faketime']

export const run = ({ root, node, folder, tools, check, skip }) =>
  runParts({
    node,
    check,
    skip,
    script: fileURLToPath(new URL('lib/use-server.mjs', import.meta.url)),
    args: [JSON.stringify({ root, folder, command: join(root, 'apps/cli/bin/mirror.js'), tools })],
  })
