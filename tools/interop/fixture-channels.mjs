// The channels that our tests are made of, judged by those whose formats they imitate.
import { dirname, join } from 'node:path'

export const name = 'fixture channels'
export const needs = ['python']

const checks = join('test-fixtures', 'test', 'interop')

export const run = async ({ root, node, tools, check, run: runCommand }) => {
  const env = { PYTHON: tools.python, CPH: join(dirname(tools.python), 'cph') }
  const start = (file) => runCommand(node, [join(root, checks, file)], { env })
  await check('rattler solves, installs and runs, with shards and without', () => start('rattler-check.mjs'))
  await check('conda-package-handling lists and extracts every artifact', () => start('cph-check.mjs'))
}
