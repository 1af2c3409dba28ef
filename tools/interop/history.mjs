// Every recorded state of real channels, one after the other: an independent reading of each pair of states against what the sync did.
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

export const name = 'real histories (MIRROR_TEST_DATA)'
export const needs = []

export const run = ({ node, folder, check, skip }) => runParts({ node, check, skip, script: fileURLToPath(new URL('lib/replay-histories.mjs', import.meta.url)), args: [folder] })
