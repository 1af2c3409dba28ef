import { type IndexTable, parseSubdirName, readIndexTable } from '@mirror/core'
import { describe, test } from 'vitest'
import { decideRecords, type DecideRecordsOptions, type RecordDecision } from '../src/decide-records.ts'

const NOARCH = parseSubdirName('noarch')
const NOW = 1_000_000

function record(fill: string, depends: readonly string[] = []): Record<string, unknown> {
  return { name: 'x', version: '1', build: '0', build_number: 0, depends, sha256: fill.repeat(64), md5: fill.repeat(32), size: 10, subdir: 'noarch' }
}

function table(packages: Record<string, unknown>): IndexTable {
  return readIndexTable(Buffer.from(JSON.stringify({ info: { subdir: 'noarch' }, packages: {}, 'packages.conda': packages })), NOARCH)
}

function decide(options: Partial<DecideRecordsOptions> & Pick<DecideRecordsOptions, 'target'>): RecordDecision {
  return decideRecords({ base: undefined, reuse: 'replace', waiting: [], failed: new Set(), now: NOW, grace: 500, ...options })
}

function kept(decision: RecordDecision, from: IndexTable): readonly string[] {
  return Array.from({ length: from.rows }, (_, row) => row).filter((row) => decision.keep?.[row] !== 0).map((row) => from.keyAt(row))
}

const OLD = table({ 'a-1-0.conda': record('1'), 'b-1-0.conda': record('2'), 'c-1-0.conda': record('3') })
const NEW = table({ 'a-1-0.conda': record('1'), 'b-1-0.conda': record('9'), 'd-1-0.conda': record('4') })

describe('decideRecords()', () => {
  test('publishes everything of a subdir that is new', ({ expect }) => {
    const decision = decide({ target: NEW })
    expect(decision.keep).toBeUndefined()
    expect(decision.interim).toBeUndefined()
    expect([...decision.comparison.added].map(({ name }) => name)).toEqual(['a-1-0.conda', 'b-1-0.conda', 'd-1-0.conda'])
  })

  test('leaves out records that cannot be verified, and says why', ({ expect }) => {
    const target = table({ 'a-1-0.conda': record('1'), 'n-1-0.conda': { name: 'n', size: 3 }, 's-1-0.conda': { ...record('5'), size: -1 } })
    const decision = decide({ target })
    expect(kept(decision, target)).toEqual(['a-1-0.conda'])
    expect(decision.leftOut).toEqual([{ name: 'n-1-0.conda', reason: 'no-digest' }, { name: 's-1-0.conda', reason: 'bad-size' }])
  })

  test('replace: publishes the new bytes, with an interim index without the name', ({ expect }) => {
    const decision = decide({ target: NEW, base: OLD })
    expect(decision.keep).toBeUndefined()
    expect(kept({ ...decision, keep: decision.interim }, NEW)).toEqual(['a-1-0.conda', 'd-1-0.conda'])
    expect([...decision.comparison.replaced.after].map(({ digest }) => digest)).toEqual([`sha256:${'9'.repeat(64)}`])
    expect([...decision.comparison.removed].map(({ name }) => name)).toEqual(['c-1-0.conda'])
    expect(decision.leftOut).toEqual([])
  })

  test('drop: leaves the name out; its old bytes are removed', ({ expect }) => {
    const decision = decide({ target: NEW, base: OLD, reuse: 'drop' })
    expect(kept(decision, NEW)).toEqual(['a-1-0.conda', 'd-1-0.conda'])
    expect([...decision.comparison.removed].map(({ name }) => name)).toEqual(['b-1-0.conda', 'c-1-0.conda'])
    expect(decision.comparison.replaced.after.count).toBe(0)
    expect(decision.leftOut).toEqual([{ name: 'b-1-0.conda', reason: 'reused' }])
    expect(decision.waiting).toEqual([])
  })

  test('keep: carries the old record, and removes nothing of it', ({ expect }) => {
    const decision = decide({ target: NEW, base: OLD, reuse: 'keep' })
    expect(kept(decision, NEW)).toEqual(['a-1-0.conda', 'd-1-0.conda'])
    expect(Array.from({ length: OLD.rows }, (_, row) => row).filter((row) => decision.carried?.[row] === 1).map((row) => OLD.keyAt(row))).toEqual(['b-1-0.conda'])
    expect([...decision.comparison.removed].map(({ name }) => name)).toEqual(['c-1-0.conda'])
  })

  test('after-grace: leaves the name out until the old bytes are gone, then adds it', ({ expect }) => {
    const first = decide({ target: NEW, base: OLD, reuse: 'after-grace' })
    expect(kept(first, NEW)).toEqual(['a-1-0.conda', 'd-1-0.conda'])
    expect(first.waiting).toEqual([{ name: 'b-1-0.conda', until: NOW + 500 }])
    const published = table({ 'a-1-0.conda': record('1'), 'd-1-0.conda': record('4') })
    const meanwhile = decide({ target: NEW, base: published, reuse: 'after-grace', waiting: first.waiting, now: NOW + 499 })
    expect(kept(meanwhile, NEW)).toEqual(['a-1-0.conda', 'd-1-0.conda'])
    expect(meanwhile.waiting).toEqual(first.waiting)
    const later = decide({ target: NEW, base: published, reuse: 'after-grace', waiting: first.waiting, now: NOW + 500 })
    expect(later.keep).toBeUndefined()
    expect(later.waiting).toEqual([])
    expect([...later.comparison.added].map(({ name }) => name)).toEqual(['b-1-0.conda'])
  })

  test('leaves out what failed', ({ expect }) => {
    const decision = decide({ target: NEW, base: OLD, failed: new Set(['d-1-0.conda']) })
    expect(kept(decision, NEW)).toEqual(['a-1-0.conda', 'b-1-0.conda'])
    expect(decision.comparison.added.count).toBe(0)
    expect(decision.leftOut).toEqual([{ name: 'd-1-0.conda', reason: 'failed' }])
  })

  test('counts re-listed records', ({ expect }) => {
    const target = table({ 'a-1-0.conda': record('1', ['python']), 'b-1-0.conda': record('2'), 'c-1-0.conda': record('3') })
    const decision = decide({ target, base: OLD })
    expect(decision.comparison).toMatchObject({ relisted: 1, unchanged: 2 })
    expect(decision.comparison.added.count + decision.comparison.removed.count).toBe(0)
  })
})
