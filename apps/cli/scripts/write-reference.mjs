// Writes docs/reference from the code. The test of the same name fails when they differ.
import { mkdirSync, writeFileSync } from 'node:fs'
import { createReferencePages } from './reference-pages.ts'

const folder = new URL('../../../docs/reference/', import.meta.url)
mkdirSync(folder, { recursive: true })
for (const [name, text] of createReferencePages()) writeFileSync(new URL(name, folder), text)
