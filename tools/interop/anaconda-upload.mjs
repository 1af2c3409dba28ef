// The same artifacts, uploaded by the real anaconda-client 1.16.0 and by our target to a v4 server each: the same calls in the same order, with the same headers, bodies and forms.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

export const name = 'uploads by anaconda-client and by us'
export const needs = ['anaconda-client']

export const run = ({ root, node, tools, folder, check, skip }) => runParts({
  node, check, skip, script: fileURLToPath(new URL('lib/compare-uploads.mjs', import.meta.url)),
  args: [tools['anaconda-client'], folder, process.env.MIRROR_TEST_DATA ?? join(root, '../shared/data')],
})
