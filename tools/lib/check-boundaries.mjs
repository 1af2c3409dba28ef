import { run } from './run.mjs'
import { binPath } from './workspace.mjs'

// What turbo colours its output with.
const colours = /\u001B\[[0-9;]*m/g

// Where turbo breaks a long line, such as one with a path.
const lineBreaks = /\n\s+\| /g

// AssemblyScript's decorators are no TypeScript; these files are compiled by their own compiler and import nothing.
const unparsable = /x failed to parse file \S*\/packages\/core\/assembly\/\S+:/g

// A check against other people's tools, and a proof, may use what a package's own tests are made of.
const testHelpers = /x import `[^`]*\/test\/[^`]*`\s*leaves\s*the\s*package\s+,-\[\S*\/tools\/(?:interop|prove)\//g

// Benchmarks may measure with the documents that those of another package are made of.
const benchHelpers = /x import `[^`]*\/benchmarks\/[^`]*`\s*leaves\s*the\s*package\s+,-\[\S*\/(?:benchmarks|tools\/bench)\//g

/**
 * `turbo boundaries`: no package imports what its tag does not allow or its manifest does not declare. Three kinds of finding do not count, see above.
 * Anything that is not understood counts as a failure.
 */
export const checkBoundaries = async () => {
  const { output: raw } = await run(binPath('turbo'), ['boundaries'], { quiet: true })
  const output = raw.replace(colours, '')
  const found = /(\d+|no) issues? found/.exec(output)
  const unbroken = output.replace(lineBreaks, '')
  const known = [unparsable, testHelpers, benchHelpers].reduce((sum, pattern) => sum + (unbroken.match(pattern)?.length ?? 0), 0)
  const issues = found?.[1] === 'no' ? 0 : Number(found?.[1])
  return { ok: issues - known === 0, output }
}
