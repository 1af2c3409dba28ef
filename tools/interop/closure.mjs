// Closures of real channels: the real solver picks from them what it picks from the whole channel.
import { join } from 'node:path'
import { existsSync } from 'node:fs'

export const name = 'closures (MIRROR_TEST_DATA)'
export const needs = []

export const run = async ({ root, node, run: runCommand, check, skip }) => {
  const data = process.env.MIRROR_TEST_DATA ?? join(root, '../shared/data')
  if (!existsSync(join(data, 'repodata/conda-subchannel-demo'))) return skip(`there are no real channels in ${data}`)
  await check('rattler picks the same from the closure as from the whole', async () => {
    const output = await runCommand(node, [join(root, 'packages/selection/test/oracle/closure.ts'), '130'])
    return output.trimEnd()
  })
}
