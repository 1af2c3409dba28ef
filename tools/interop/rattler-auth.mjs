// Whom the real rattler takes us for at a server, and whom we do: for the same files of secrets.
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

export const name = 'secrets of rattler'
export const needs = ['python']

export const run = ({ node, tools, folder, check, skip }) =>
  runParts({ node, check, skip, script: fileURLToPath(new URL('lib/compare-rattler-auth.mjs', import.meta.url)), args: [tools.python, folder] })
