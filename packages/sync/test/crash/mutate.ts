// Leaves one discipline out of the product while it is loaded: `node --import mutate.ts …` with MIRROR_MUTANT=<its name>. Nothing in the product knows of it.
import { registerHooks } from 'node:module'
import process from 'node:process'
import { MUTANTS } from './mutants.ts'

const mutant = MUTANTS.find(({ name }) => name === process.env['MIRROR_MUTANT'])
if (mutant === undefined) throw new TypeError(`There is no mutant ${process.env['MIRROR_MUTANT'] ?? ''}`)
const left = new Set(mutant.edits)

function readSource(source: unknown): string {
  if (typeof source === 'string') return source
  if (source instanceof Uint8Array) return Buffer.from(source).toString()
  throw new TypeError('The module has no text')
}

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    const edits = mutant.edits.filter(({ file }) => url.endsWith(`/${file}`))
    if (edits.length === 0) return loaded
    const source = edits.reduce((text, edit) => {
      if (text.split(edit.from).length !== 2) throw new TypeError(`${edit.file} has not once: ${edit.from}`)
      left.delete(edit)
      return text.replace(edit.from, () => edit.to)
    }, readSource(loaded.source))
    return { ...loaded, source }
  },
})

process.once('exit', () => {
  if (left.size > 0) {
    process.stderr.write(`mutant ${mutant.name}: ${left.size} edits were not used\n`)
    process.exitCode = 3
  }
})
