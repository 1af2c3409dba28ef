import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../lib/run.mjs'
import { binPath, root } from '../../lib/workspace.mjs'

/** Access and certificates have whole worlds of their own: their tests are the cases. By id: `{ cases, failed, findings }`. */
const PARTS = { V08: ['test/serve-access.test.ts', 'test/access'], V12: ['test/tls'] }

export const runAccessTests = async (file) => {
  const results = {}
  for (const [id, paths] of Object.entries(PARTS)) {
    const { output } = await run(binPath('vitest'), ['run', ...paths, '--testTimeout=60000', '--reporter=json', `--outputFile=${file}`], { quiet: true, cwd: join(root, 'apps/server') })
    if (!existsSync(file)) throw new Error(`vitest: ${output.slice(-1000)}`)
    const tests = JSON.parse(readFileSync(file, 'utf8')).testResults.flatMap(({ assertionResults, message, name }) => (assertionResults.length === 0 ? [{ status: 'failed', fullName: name, failureMessages: [message] }] : assertionResults))
    const failed = tests.filter(({ status }) => status === 'failed')
    results[id] = { cases: tests.length, failed: failed.length, findings: failed.map(({ fullName, failureMessages }) => `${fullName}: ${String(failureMessages?.[0]).slice(0, 300)}`) }
  }
  return results
}
