#!/usr/bin/env node
// Read by any Node that knows modules: older ones shall get a sentence, not a syntax error.
const NEEDED = 22

if (Number(process.versions.node.split('.')[0]) < NEEDED) {
  process.stderr.write(`Cannot start conda-diff-tar: it needs Node ${NEEDED}.15 or later, this is ${process.version}.\n`)
  process.exitCode = 1
} else {
  const bundle = new URL('../dist/difftar.mjs', import.meta.url).href
  try {
    await import(bundle)
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || error.url !== bundle) throw error
    process.stderr.write('Cannot start conda-diff-tar: it is not built yet.\nRun `npm run setup` in the repository.\n')
    process.exitCode = 1
  }
}
