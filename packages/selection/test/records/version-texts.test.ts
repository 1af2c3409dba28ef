import { compareVersions, findVersion } from '@mirror/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createVersionTexts } from '../../src/records/version-texts.ts'

const parts = fc.array(fc.constantFrom('0', '00', '1', '01', '2', '10', '999999999', '1234567890123', 'a', '1a', '1.post1', '1!1', '1+2', '_', '!!'), { minLength: 1, maxLength: 4 })

test('ranks() orders versions as compareVersions() does, and what is none before all that are', () => {
  fc.assert(fc.property(fc.array(parts.map((all) => all.join('.')), { maxLength: 12 }), (all) => {
    const versions = createVersionTexts()
    const ids = all.map((text) => versions.texts.idOf(text))
    const ranks = versions.ranks()
    const rankAt = (at: number) => ranks[ids[at] ?? -1] ?? Number.NaN
    all.forEach((leftText, left) => all.forEach((rightText, right) => {
      const leftVersion = findVersion(leftText)
      const rightVersion = findVersion(rightText)
      if (leftVersion !== undefined && rightVersion !== undefined) expect(Math.sign(rankAt(left) - rankAt(right))).toBe(Math.sign(compareVersions(leftVersion, rightVersion)))
      else if (leftVersion !== undefined) expect(rankAt(left)).toBeGreaterThan(rankAt(right))
    }))
  }), { numRuns: 1000 })
})
