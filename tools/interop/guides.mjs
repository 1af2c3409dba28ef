// Every configuration and every command line of docs/guide, run as written: in an empty folder, against channels on loopback.
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

export const name = 'the guides, as written'
export const needs = []

export const run = ({ root, node, folder, check, skip }) => runParts({ node, check, skip, script: fileURLToPath(new URL('lib/run-guides.mjs', import.meta.url)), args: [root, folder] })
