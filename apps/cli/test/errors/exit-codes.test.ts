import { test } from 'vitest'
import { isSubdirName, type SubdirName } from '@mirror/core'
import type { SubdirSummary, SyncReport } from '@mirror/sync'
import { exitOfReport, worstExit } from '../../src/errors/exit-codes.ts'

function subdir(name: string, fields: Partial<SubdirSummary> = {}): SubdirSummary {
  return {
    subdir: parse(name), status: 'changed', records: 1, bytes: 1, add: 1, addBytes: 1, remove: 0, removeBytes: 0, reused: 0, relisted: 0, rules: [], leftOut: [], ...fields,
  }
}

function parse(name: string): SubdirName {
  if (isSubdirName(name)) return name
  throw new Error(name)
}

function report(fields: Partial<SyncReport>): SyncReport {
  return {
    channel: 'https://a.example/x', status: 'committed', generation: 1, state: undefined, subdirs: [subdir('noarch'), subdir('linux-64')],
    totals: { add: 0, addBytes: 0, remove: 0, removeBytes: 0, reused: 0, relisted: 0 }, fetched: { artifacts: 0, bytes: 0 }, copied: { artifacts: 0, bytes: 0 }, present: 0,
    failed: [], held: [], verdicts: [], warnings: [], tidy: undefined, duration: 1, ...fields,
  }
}

const held = { subdir: parse('linux-64'), code: 'ARTIFACTS_FAILED', reason: '', hint: undefined }
const leftOut = (reason: 'failed' | 'no-digest' | 'elsewhere' | 'reused'): Partial<SyncReport> => ({ subdirs: [subdir('noarch', { leftOut: [{ name: 'a', reason }] })] })

test.for<[string, Partial<SyncReport>, number]>([
  ['a commit', {}, 0],
  ['a run that changes nothing', { status: 'unchanged' }, 0],
  ['a plan', { status: 'planned' }, 0],
  ['a plan that would hold a subdir', { status: 'planned', held: [held] }, 3],
  ['a subdir that is held', { held: [held], subdirs: [subdir('noarch'), subdir('linux-64', { status: 'held' })] }, 3],
  ['an artifact that failed', { failed: [{ subdir: parse('noarch'), name: 'a', code: 'X', reason: '' }] }, 3],
  ['a record that is left out for a fault', leftOut('no-digest'), 3],
  ['a record that is left out by policy', leftOut('reused'), 0],
  ['a record that lies elsewhere', leftOut('elsewhere'), 0],
  ['a guard that refuses', { status: 'refused' }, 4],
  ['a channel that is held while a part of it was as it should be', { status: 'held', held: [held], subdirs: [subdir('noarch', { status: 'unchanged' }), subdir('linux-64', { status: 'held' })] }, 3],
  ['a channel of which nothing can be had', { status: 'held', held: [held], subdirs: [subdir('noarch', { status: 'held' }), subdir('linux-64', { status: 'held' })] }, 1],
  ['a channel that is empty', { subdirs: [subdir('noarch', { records: 0 }), subdir('linux-64', { records: 0 })] }, 0],
])('exitOfReport() judges %s', ([, fields, expected], { expect }) => {
  expect(exitOfReport(report(fields))).toBe(expected)
})

test('worstExit() takes the worst by the documented order', ({ expect }) => {
  expect(worstExit([])).toBe(0)
  expect(worstExit([3, 0, 4])).toBe(4)
  expect(worstExit([5, 1, 3])).toBe(1)
  expect(worstExit([1, 130, 2])).toBe(130)
})
