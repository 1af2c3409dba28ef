// The real anaconda-client 1.16.0 against the double of a v4 server: what it sends is what the double takes, and nothing that it sends is unknown there.
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

export const name = 'anaconda-client and the double of a v4 server'
export const needs = ['anaconda-client']

export const run = ({ node, tools, folder, check, skip }) =>
  runParts({ node, check, skip, script: fileURLToPath(new URL('lib/drive-anaconda-client.mjs', import.meta.url)), args: [tools['anaconda-client'], folder] })
