// docs/guide/upload.md, run as written: against a real quetz-server, and against the strict doubles of the other servers.
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

export const name = 'the guide to uploading, as written'
export const needs = ['quetz']

export const run = ({ root, node, tools, folder, check, skip }) =>
  runParts({ node, check, skip, script: fileURLToPath(new URL('lib/run-guides.mjs', import.meta.url)), args: [JSON.stringify({ root, folder, guides: ['upload.md'], tools: { quetz: tools.quetz } })] })
