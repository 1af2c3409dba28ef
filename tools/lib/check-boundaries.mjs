import { run } from './run.mjs'
import { binPath } from './workspace.mjs'

// What turbo colours its output with.
const colours = /\u001B\[[0-9;]*m/g

// AssemblyScript's decorators are no TypeScript; these files are compiled by their own compiler and import nothing.
const unparsable = /x failed to parse file \S*\/packages\/core\/assembly\/\S+:/g

/**
 * `turbo boundaries`: no package imports what its tag does not allow or its manifest does not declare. Files that are not TypeScript do not count.
 * Anything that is not understood counts as a failure.
 */
export const checkBoundaries = async () => {
  const { output: raw } = await run(binPath('turbo'), ['boundaries'], { quiet: true })
  const output = raw.replace(colours, '')
  const found = /(\d+|no) issues? found/.exec(output)
  const known = output.match(unparsable)?.length ?? 0
  const issues = found?.[1] === 'no' ? 0 : Number(found?.[1])
  return { ok: issues - known === 0, output }
}
