// Everything that must hold beside the tests: npm run check. With arguments only the checks of these names: npm run check -- lint types
import { join } from 'node:path'
import { checkBoundaries } from './lib/check-boundaries.mjs'
import { runMain, ToolError } from './lib/fail.mjs'
import { setUpDependencies } from './lib/setup.mjs'
import { reportCounts, runSteps } from './lib/steps.mjs'
import { binPath, findNode, root } from './lib/workspace.mjs'

const LINTED = ['packages', 'apps', 'test-fixtures', 'tools', 'vitest.config.ts']

const tool = (name, bin, ...args) => ({ name, command: binPath(bin), args })
const script = (name, path) => ({ name, command: findNode(), args: [join(root, path)] })

const allSteps = () => [
  tool('lint', 'oxlint', '--type-aware', '--deny-warnings', ...(process.env['CI'] ? ['--format=unix'] : []), ...LINTED),
  tool('types', 'tsc', '-b'),
  tool('types of tests', 'tsc', '-p', 'tsconfig.test.json'),
  { name: 'boundaries', check: checkBoundaries },
  tool('unused', 'knip', '--no-progress', '--no-config-hints'),
  script('docs', 'tools/check-docs.mjs'),
  script('publish', 'tools/check-publish.mjs'),
]

const chosen = (steps, names) => {
  const unknown = names.find((name) => steps.every((step) => step.name !== name))
  if (unknown !== undefined) throw new ToolError(`Cannot check "${unknown}": there is no such check.`, `There are: ${steps.map((step) => step.name).join(', ')}.`)
  return names.length > 0 ? steps.filter((step) => names.includes(step.name)) : steps
}

await runMain(async () => {
  await setUpDependencies()
  const steps = chosen(allSteps(), process.argv.slice(2))
  const { failed, interrupted } = await runSteps(steps)
  reportCounts({ passed: steps.length - failed.length, failed: failed.length })
  process.stdout.write(`\n${steps.length - failed.length} of ${steps.length} checks passed${failed.length > 0 ? `; failed: ${failed.join(', ')}` : ''}\n`)
  return interrupted ?? (failed.length > 0 ? 1 : 0)
})
