// Real bash, zsh and fish complete command lines of every program: what they offer is what the tables of the code say.
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

export const name = 'completion'
export const needs = ['bash-completion', 'zsh', 'fish']

export const run = ({ root, node, folder, tools, check, skip }) =>
  runParts({ node, check, skip, script: fileURLToPath(new URL('lib/complete-lines.mjs', import.meta.url)), args: [JSON.stringify({ root, folder, tools })] })
