// conda-diff-tar 0.10.0 (Python) and ours, each reading what the other wrote: so that a site can move over step by step.
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

export const name = 'conda-diff-tar 0.10.0'
export const needs = ['conda-mirror']

export const run = ({ root, node, tools, folder, check, skip }) =>
  runParts({ node, check, skip, script: fileURLToPath(new URL('lib/exchange-with-conda-diff-tar.mjs', import.meta.url)), args: [root, tools['conda-mirror'], folder] })
