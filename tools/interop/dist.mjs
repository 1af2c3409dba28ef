// What is released: built twice, installed by real clients from a mirror of ours, run as its guides say.
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

export const name = 'the release'
export const needs = ['rattler-build', 'python']

export const run = ({ root, node, folder, tools, check, skip }) =>
  runParts({ node, check, skip, script: fileURLToPath(new URL('lib/use-dist.mjs', import.meta.url)), args: [JSON.stringify({ root, folder, tools })] })
