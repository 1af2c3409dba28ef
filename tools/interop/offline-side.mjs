// What the offline side installs, where there is no network and where there is nothing at all.
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

export const name = 'the offline side'
export const needs = []

export const run = ({ root, node, folder, check, skip }) => runParts({ node, check, skip, script: fileURLToPath(new URL('lib/run-offline-side.mjs', import.meta.url)), args: [root, folder] })
