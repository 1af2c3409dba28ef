// The client for repocore that is in anaconda-client 1.16.0, against the double of Anaconda Server 6: what it sends is what the double takes, and what we send, call by call.
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

export const name = 'anaconda-client for repocore and the double'
export const needs = ['anaconda-client']

export const run = ({ node, tools, folder, check, skip }) =>
  runParts({ node, check, skip, script: fileURLToPath(new URL('lib/drive-repocore.mjs', import.meta.url)), args: [tools['anaconda-client'], folder] })
