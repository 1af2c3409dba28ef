// The code by which rattler-build 0.73 uploads, against the doubles: what it sends is what they take, and what ours send, call by call.
import { fileURLToPath } from 'node:url'
import { runParts } from './lib/run-parts.mjs'

export const name = 'uploads of rattler-build and the doubles'
export const needs = ['rattler-build']

export const run = ({ node, tools, folder, check, skip }) =>
  runParts({ node, check, skip, script: fileURLToPath(new URL('lib/drive-rattler-upload.mjs', import.meta.url)), args: [tools['rattler-build'], folder] })
