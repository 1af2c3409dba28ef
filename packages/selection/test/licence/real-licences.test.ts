import { readFileSync } from 'node:fs'
import { describe, test } from 'vitest'
import { LICENCE_FAMILIES } from '../../src/licence/licence-families.ts'
import { createLicenceRule } from '../../src/licence/licence-rule.ts'
import { HAS_REAL_RECORDS, readRealRecords } from '../real-records.ts'
import { isLicenceExcluded } from './reference-licence.ts'

const NAMES = LICENCE_FAMILIES.map(({ name }) => name)
const RULES = NAMES.map((name) => ({ name, isExcluded: createLicenceRule([name]) }))

/** Licence, family, and the families that leave it out; looked at one by one. */
const TABLE = readFileSync(new URL('real-licences.tsv', import.meta.url), 'utf8').trimEnd().split('\n').map((line) => {
  const [license = '', family = '', excluders = ''] = line.split('\t')
  return { license: license === '' ? undefined : license, family: family === '' ? undefined : family, excluders }
})

test('createLicenceRule() judges the licences of real channels as the table says', ({ expect }) => {
  const found = TABLE.map(({ license, family }) => ({
    license, family, excluders: RULES.filter(({ isExcluded }) => isExcluded({ license, license_family: family })).map(({ name }) => name).join(' '),
  }))
  expect(TABLE.length).toBeGreaterThan(500)
  expect(found).toEqual(TABLE)
})

test.for([...NAMES.map((name) => [name]), ['GPL2', 'GPL3'], ['GPL', 'AGPL', 'LGPL'], ['MIT', 'BSD'], ['GPL', 'Other'], ['GPL2', 'LGPL', 'Proprietary']])(
  'createLicenceRule(%o) agrees with a second way of reading them', (blacklist, { expect }) => {
    const isExcluded = createLicenceRule(blacklist)
    const differing = TABLE.filter(({ license, family }) => {
      const record = { license, license_family: family }
      return isExcluded(record) !== isLicenceExcluded(record, blacklist)
    })
    expect(differing).toEqual([])
  })

// Real channels are not in the repository: skipped where their folder is absent.
describe.skipIf(!HAS_REAL_RECORDS)('real channels (MIRROR_TEST_DATA)', () => {
  test('have no licence that the table has not', ({ expect }) => {
    const known = new Set(TABLE.map(({ license, family }) => `${license}\t${family}`))
    const pairs = new Set((HAS_REAL_RECORDS ? readRealRecords() : []).map(({ license, license_family: family }) => `${license ?? undefined}\t${family ?? undefined}`))
    expect(pairs.size).toBeGreaterThan(300)
    expect([...pairs].filter((pair) => !known.has(pair) && !pair.startsWith('\t'))).toEqual([])
  })
})
