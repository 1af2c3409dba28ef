// The guide of installing, as written: from a release that is built for it, with npm, rattler in the place of conda, and minisign; no registry can be reached.
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

export const name = 'the guide of installing, as written'
export const needs = ['rattler-build', 'python', 'minisign']

export const run = ({ root, node, folder, tools, check, skip }) =>
  runParts({ node, check, skip, script: fileURLToPath(new URL('lib/run-guides.mjs', import.meta.url)), args: [JSON.stringify({ root, folder, guides: ['install.md'], tools })] })
