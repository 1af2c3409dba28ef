import { spawnSync } from 'node:child_process'
import { ToolError } from '../lib/fail.mjs'
import { root } from '../lib/workspace.mjs'

const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? ''

/** Whether anything in the checkout is not as in its commit. */
export const hasChanges = () => git('status', '--porcelain') !== ''

/** The time that goes into what carries one, in seconds: SOURCE_DATE_EPOCH, else that of the commit. Throws a `ToolError` where there is neither. */
export const readCommitTime = () => {
  const given = process.env['SOURCE_DATE_EPOCH'] ?? git('log', '-1', '--format=%ct')
  if (!/^\d{1,11}$/.test(given)) throw new ToolError(`Cannot make a release: "${given}" is no time.`, 'This is no clone: set SOURCE_DATE_EPOCH to seconds since 1970, those of the release.')
  return Number(given)
}
