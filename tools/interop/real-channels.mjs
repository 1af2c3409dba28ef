// Real channels from real nginx and from folders, by the built command; real clients read the mirrors.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

export const name = 'real channels'
export const needs = ['nginx', 'python']

export const run = ({ root, node, folder, tools, check, skip }) =>
  runParts({
    node,
    check,
    skip,
    script: fileURLToPath(new URL('lib/mirror-real-channels.mjs', import.meta.url)),
    args: [JSON.stringify({ folder, command: join(root, 'apps/cli/bin/mirror.js'), nginx: tools.nginx, python: tools.python })],
  })
