// Started by ../history.mjs: replay-histories.mjs FOLDER
import assert from 'node:assert/strict'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { hasHistory, judgeStep, readHistories, replayHistory } from '../../../packages/sync/test/history.ts'
import { endParts, part, skipPart } from './run-parts.mjs'

const [folder = ''] = process.argv.slice(2)

const replay = async (history) => {
  const own = join(folder, history.channel)
  mkdirSync(own)
  const seen = { add: 0, remove: 0, reused: 0, relisted: 0 }
  for await (const step of replayHistory(history, own)) {
    const { expected, found } = judgeStep(step)
    assert.deepEqual(found, expected)
    for (const kind of Object.keys(seen)) seen[kind] += step.difference[kind].length
  }
  rmSync(own, { recursive: true })
  return `${seen.add} added, ${seen.remove} removed, ${seen.reused} re-used, ${seen.relisted} re-listed`
}

const histories = hasHistory ? await readHistories() : []
for (const history of histories) await part(`${history.channel}, ${history.states.length} states`, () => replay(history))
if (!hasHistory) skipPart('all histories', 'MIRROR_TEST_DATA has no repodata/history.tar.zst')
endParts()
