// A mirror that conda-mirror 0.10.0 (Python) made is adopted and continued: nothing is downloaded again, nothing that is foreign goes.
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

export const name = 'a mirror that conda-mirror made'
export const needs = ['conda-mirror']

export const run = ({ root, node, tools, folder, check, skip }) =>
  runParts({ node, check, skip, script: fileURLToPath(new URL('lib/continue-conda-mirror.mjs', import.meta.url)), args: [root, tools['conda-mirror'], folder] })
