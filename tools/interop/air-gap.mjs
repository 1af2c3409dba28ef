// What is carried, and how it gets there: real histories, state by state, and real channels with their packages, across the gap by every documented way, and by each way after each other.
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findMemory } from '../lib/find-memory.mjs'
import { runParts } from './lib/run-parts.mjs'

export const name = 'real histories and channels across the air gap (MIRROR_TEST_DATA)'
export const needs = []

/** Tens of thousands of files, each written a dozen times. */
export const run = async ({ node, check, skip }) => {
  const folder = mkdtempSync(join(findMemory(), 'interop-air-gap-'))
  try {
    await runParts({ node, check, skip, script: fileURLToPath(new URL('lib/carry-histories.mjs', import.meta.url)), args: [folder] })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
