// Where the real anaconda-client 1.16.0 would send something, with which token and which certificates, and where we would: for the same files and variables.
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

export const name = 'sites and tokens of anaconda-client'
export const needs = ['anaconda-client']

export const run = ({ node, tools, folder, check, skip }) =>
  runParts({ node, check, skip, script: fileURLToPath(new URL('lib/compare-anaconda-config.mjs', import.meta.url)), args: [tools['anaconda-client'], folder] })
