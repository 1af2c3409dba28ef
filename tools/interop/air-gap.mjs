// What is carried, and how it gets there: real histories, state by state, and real channels with their packages, across the gap by every documented way, and by each way after each other.
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

export const name = 'real histories and channels across the air gap (MIRROR_TEST_DATA)'
export const needs = []

export const run = ({ node, folder, check, skip }) => runParts({ node, check, skip, script: fileURLToPath(new URL('lib/carry-histories.mjs', import.meta.url)), args: [folder] })
