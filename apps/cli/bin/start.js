// Read by any Node that knows modules: older ones shall get a sentence, not a syntax error. Imports nothing: that alone would double what it takes.
const NEEDED = 24

const complain = (message) => {
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
}

/** Starts the bundled command of that name, or says what is missing. */
export const start = async (name) => {
  if (Number(process.versions.node.split('.')[0]) < NEEDED) {
    return complain(`Cannot start ${name}: it needs Node ${NEEDED} or later, this is ${process.version}.\nInstall a newer Node and put it first on PATH.`)
  }
  const bundle = new URL(`../dist/bin/${name}.js`, import.meta.url).href
  try {
    await import(bundle)
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || error.url !== bundle) throw error
    complain(`Cannot start ${name}: it is not built yet.\nRun \`npm run setup\` in the repository.`)
  }
}
