// The real quetz-server 0.10.4 takes what we upload, its index is read by rattler, and the double answers as it does.
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

export const name = 'uploads to a real quetz'
export const needs = ['quetz', 'python']

export const run = ({ node, tools, folder, check, skip }) =>
  runParts({ node, check, skip, script: fileURLToPath(new URL('lib/use-quetz.mjs', import.meta.url)), args: [tools.quetz, tools.python, folder] })
