// Every documented key over real records, through the command line: the mirror has what a second implementation of the documented rules keeps, record for record and byte for byte.
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

export const name = 'selections over real records (MIRROR_TEST_DATA)'
export const needs = []

export const run = ({ root, node, folder, check, skip }) => runParts({ node, check, skip, script: fileURLToPath(new URL('lib/select-real-records.mjs', import.meta.url)), args: [root, folder] })
