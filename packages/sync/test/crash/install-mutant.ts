import { registerHooks } from 'node:module'
import process from 'node:process'
import type { Edit } from './mutants.ts'

function readSource(source: unknown): string {
  if (typeof source === 'string') return source
  if (source instanceof Uint8Array) return Buffer.from(source).toString()
  throw new TypeError('The module has no text')
}

/** Replaces texts of sources while they are loaded, from now on. A process in which one was not used ends with 3. */
export function installMutant({ name, edits }: { readonly name: string; readonly edits: readonly Edit[] }): void {
  const left = new Set(edits)
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      const own = edits.filter(({ file }) => url.endsWith(`/${file}`))
      if (own.length === 0) return loaded
      const source = own.reduce((text, edit) => {
        if (text.split(edit.from).length !== 2) throw new TypeError(`${edit.file} has not once: ${edit.from}`)
        left.delete(edit)
        return text.replace(edit.from, () => edit.to)
      }, readSource(loaded.source))
      return { ...loaded, source }
    },
  })
  process.once('exit', () => {
    if (left.size === 0) return
    process.stderr.write(`mutant ${name}: ${left.size} edits were not used\n`)
    process.exitCode = 3
  })
}
