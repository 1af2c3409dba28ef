// Writes completions/ of the packages that have commands. The test of the same name fails when they differ from the code.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { COMPLETED, createCompletionFiles } from './completion-files.ts'

for (const [folder, programs] of Object.entries(COMPLETED)) {
  const completions = new URL(`../../../${folder}/completions/`, import.meta.url)
  rmSync(completions, { recursive: true, force: true })
  for (const [name, text] of createCompletionFiles(programs)) {
    const file = new URL(name, completions)
    mkdirSync(new URL('.', file), { recursive: true })
    writeFileSync(file, text)
  }
}
