import fc from 'fast-check'
import { describe, test } from 'vitest'
import { unknownLicenceFamilies } from '../../src/licence/blacklisted-licences.ts'
import { parseLicence } from '../../src/licence/licence-expression.ts'
import { LICENCE_FAMILIES } from '../../src/licence/licence-families.ts'
import { createLicenceRule } from '../../src/licence/licence-rule.ts'
import { LICENCES } from '../../src/licence/licences.ts'

const RULES = LICENCE_FAMILIES.map(({ name }) => ({ name, excludes: createLicenceRule([name]) }))

/** The families that leave a record out, each alone. */
function excludersOf(license: unknown, family?: unknown): string {
  return RULES.filter(({ excludes }) => excludes({ license, license_family: family })).map(({ name }) => name).join(' ')
}

function isExcluded(blacklist: string | readonly string[], license: unknown, family?: unknown): boolean {
  return createLicenceRule([blacklist].flat())({ license, license_family: family })
}

describe('createLicenceRule()', () => {
  test.for<readonly [string, string]>([
    ['MIT', 'MIT'],
    ['mit', 'MIT'],
    ['BSD 3-Clause', 'BSD'],
    ['BSD-3-Clause', 'BSD'],
    ['new BSD', 'BSD'],
    ['BSD 3-clause "New" or "Revised" License', 'BSD'],
    ['Apache 2.0', 'Apache'],
    ['Apache License, Version 2.0', 'Apache'],
    ['PSF', 'PSF'],
    ['Python-2.0', 'PSF'],
    ['Public-Domain', 'Public-Domain'],
    ['CC0-1.0', 'Public-Domain'],
    ['CC-BY-4.0', 'CC Other'],
    ['MPL-2.0', 'Mozilla Other'],
    ['zlib', 'Other'],
    ['proprietary', 'Proprietary'],
    ['LicenseRef-Proprietary', 'Proprietary'],
    ['LicenseRef-Our-Own', 'Other'],
    ['GPL', 'GPL'],
    ['GPL-2', 'GPL GPL2'],
    ['GPL (>= 2)', 'GPL GPL2'],
    ['GPL (> 2)', 'GPL GPL3'],
    ['GPL v2 or later', 'GPL GPL2'],
    ['GPL v2 or (at your option) any later version', 'GPL GPL2'],
    ['GPL-2.0-or-later', 'GPL GPL2'],
    ['GPL-2.0+', 'GPL GPL2'],
    ['GPLv3', 'GPL GPL3'],
    ['gpl-3.0-only', 'GPL GPL3'],
    ['GPL-3.0-only WITH GCC-exception-3.1', 'GPL GPL3'],
    ['GPL-3.0-with-GCC-exception', 'GPL GPL3'],
    ['GNU General Public License v3 or later (GPLv3+)', 'GPL GPL3'],
    ['LGPLv3+', 'LGPL'],
    ['GNU Lesser General Public License v2.1', 'LGPL'],
    ['GNU Library or Lesser General Public License (LGPL)', 'LGPL'],
    ['AGPL-3.0-only', 'AGPL'],
    ['GNU Affero GPL v3', 'AGPL'],
    ['MIT + file LICENSE', 'MIT'],
    ['GPL-2 | file LICENSE', 'GPL GPL2'],
    ['file LICENSE', 'Other'],
    ['PSF (GPL compatible)', 'PSF'],
    ['free for non-commercial use', 'Other'],
    ['None', 'None Other'],
    ['', 'None Other'],
  ])('%s is left out by: %s', ([license, expected], { expect }) => {
    expect(excludersOf(license)).toBe(expected)
  })

  test('of A AND B either is enough', ({ expect }) => {
    expect(excludersOf('MIT AND GPL-3.0-only')).toBe('GPL GPL3 MIT')
    expect(excludersOf('LGPLv2+ and GPLv3+')).toBe('GPL GPL3 LGPL')
    expect(excludersOf('LGPL, MIT')).toBe('LGPL MIT')
    expect(excludersOf('Public Domain/MIT')).toBe('MIT Public-Domain')
  })

  test('of A OR B both have to be unwanted', ({ expect }) => {
    expect(excludersOf('MIT OR GPL-3.0-only')).toBe('')
    expect(isExcluded(['MIT', 'GPL3'], 'MIT OR GPL-3.0-only')).toBe(true)
    expect(excludersOf('LGPL-2.1 | GPL-3')).toBe('')
    expect(isExcluded(['LGPL', 'GPL'], 'LGPL-2.1 | GPL-3')).toBe(true)
    expect(isExcluded('GPL', 'GPL-2 | GPL-3')).toBe(true)
    expect(excludersOf('GPL-2 | GPL-3')).toBe('GPL')
    expect(excludersOf('GPL v2 or v3')).toBe('GPL')
    expect(isExcluded('BSD', 'BSD-3-Clause (or Apache 2.0)')).toBe(false)
  })

  test('AND binds tighter than OR, OR tighter than a comma, and parentheses tighter than all', ({ expect }) => {
    expect(excludersOf('MIT AND GPL-3.0-only OR Apache-2.0')).toBe('')
    expect(excludersOf('(MIT OR GPL-3.0-only) AND Apache-2.0')).toBe('Apache')
    expect(excludersOf('Apache 2.0 or BSD 3-Clause, PSF 2')).toBe('PSF')
    expect(excludersOf('((((MIT))))')).toBe('MIT')
    expect(excludersOf('MIT) AND (GPL-3.0-only')).toBe('GPL GPL3 MIT')
  })

  test('an exception belongs to its licence, and what follows it does not', ({ expect }) => {
    expect(excludersOf('Apache-2.0 WITH LLVM-exception AND MIT')).toBe('MIT Apache')
    expect(excludersOf('GPL-2.0-or-later WITH LGPL-like exception')).toBe('GPL GPL2')
    expect(excludersOf('GPL-3.0-only WITH GCC-exception-3.1 OR MIT')).toBe('')
  })

  test('a version that is left open is left out by GPL, and by GPL2 and GPL3 together', ({ expect }) => {
    expect(excludersOf('GPL')).toBe('GPL')
    expect(isExcluded(['GPL2', 'GPL3'], 'GPL')).toBe(true)
    expect(isExcluded(['GPL2', 'GPL3'], undefined, 'GPL')).toBe(true)
    expect(isExcluded(['GPL2', 'GPL3'], 'LGPL')).toBe(false)
  })

  test('a family on the blacklist leaves out whatever the licence says', ({ expect }) => {
    expect(excludersOf('MIT', 'GPL3')).toBe('GPL GPL3 MIT')
    expect(excludersOf('GPL-2.0-or-later', 'GPL3')).toBe('GPL GPL2 GPL3')
    expect(excludersOf('MIT OR GPL-2.0-only', 'GPL2')).toBe('GPL GPL2')
    expect(excludersOf('MIT', 'Other')).toBe('MIT Other')
    expect(excludersOf('Foo', 'PUBLIC-DOMAIN')).toBe('Public-Domain')
    expect(excludersOf(null, 'apache')).toBe('Apache')
  })

  test('a licence of no family is Other unless license_family names one', ({ expect }) => {
    expect(excludersOf('ISC', 'MIT')).toBe('MIT')
    expect(excludersOf('ISC', 'Permissive')).toBe('Other')
    expect(excludersOf('ISC', 'OTHER')).toBe('Other')
    expect(excludersOf('something of ours', 'BSD')).toBe('BSD')
    expect(excludersOf('MPL-2.0', 'MIT')).toBe('MIT Mozilla Other')
    expect(excludersOf(undefined, 'BSD-3-Clause')).toBe('BSD')
    expect(excludersOf('x', 'LicenseRef-NVIDIA-End-User-License-Agreement')).toBe('Proprietary')
  })

  test('an identifier on the blacklist is compared with identifiers, in any spelling of theirs', ({ expect }) => {
    expect(isExcluded('GPL-3.0-only', 'GPL-3')).toBe(true)
    expect(isExcluded('GPL-3.0-only', 'GPL-3.0-or-later')).toBe(false)
    expect(isExcluded('gpl-3.0-or-later', 'GPLv3+')).toBe(true)
    expect(isExcluded('BSD-3-Clause', '3-clause BSD')).toBe(true)
    expect(isExcluded('BSD-3-Clause', 'BSD')).toBe(false)
    expect(isExcluded('BSD-3-Clause', 'MIT', 'BSD')).toBe(false)
    expect(isExcluded('Apache-2.0', 'Apache Software License 2.0')).toBe(true)
    expect(isExcluded('LGPL-2.1', 'LGPL-2.1-or-later')).toBe(true)
    expect(isExcluded('LGPL-2.1', 'LGPL-3.0-or-later')).toBe(false)
    expect(isExcluded('GPL-3.0', undefined, 'GPL3')).toBe(true)
    expect(isExcluded('LicenseRef-our-own', 'MIT AND LicenseRef-Our-Own')).toBe(true)
    expect(isExcluded('Zlib', 'zlib (http://zlib.net/zlib_license.html)')).toBe(true)
  })

  test('words that stand in other words, and other types than text, are nothing', ({ expect }) => {
    expect(excludersOf('limited permitted gplike')).toBe('Other')
    expect(excludersOf(7, ['MIT'])).toBe('MIT')
    expect(excludersOf(['MIT', 'GPL-2'])).toBe('GPL GPL2 MIT')
    expect(excludersOf({}, {})).toBe('None Other')
  })

  test('every licence of the table, by every spelling, is of its families', ({ expect }) => {
    const found = LICENCES.flatMap(({ id, spellings }) => [id, ...spellings].map((name) => ({ id, name, node: parseLicence(name) })))
    const wrong = found.filter(({ id, node }) => {
      const { families } = LICENCES.find((licence) => licence.id === id) ?? { families: [] }
      return node.type !== 'licence' || node.isUnknown || node.families.join() !== families.join()
    })
    expect(wrong.map(({ name }) => name)).toEqual([])
  })
})

describe('unknownLicenceFamilies()', () => {
  test('takes families, identifiers and references in any case', ({ expect }) => {
    const names = ['GPL', 'gpl3', 'Public Domain', 'PUBLIC_DOMAIN', 'other', 'GPL-3.0-only', 'gplv2+', 'LGPL-2.1', 'mit-0', 'CC-BY-NC-4.0', 'LicenseRef-Ours', 'licenseref-x']
    expect(unknownLicenceFamilies([...names, ...LICENCE_FAMILIES.map(({ name }) => name), ...LICENCES.map(({ id }) => id)])).toEqual([])
  })

  test('gives what means nothing', ({ expect }) => {
    const unknown = ['GLP3', 'Apache-2.1', 'Propietary', 'MIT OR BSD', 'our own', '', 'LicenseRef-', 'LGPL-7', 'x'.repeat(10_000)]
    expect(unknownLicenceFamilies(['GPL', ...unknown])).toEqual(unknown)
  })

  test('what is unknown in a blacklist leaves nothing out', ({ expect }) => {
    expect(isExcluded(['our own', ''], 'our own')).toBe(false)
    expect(isExcluded([], 'GPL-3.0-only')).toBe(false)
  })
})

type Tree = { readonly of: readonly Tree[]; readonly operator: 'AND' | 'OR' } | { readonly id: string; readonly family: string }

const LEAVES: readonly Tree[] = [
  { id: 'MIT', family: 'MIT' }, { id: 'BSD-2-Clause', family: 'BSD' }, { id: 'GPL-2.0-or-later', family: 'GPL2' }, { id: 'GPL-3.0-only WITH GCC-exception-3.1', family: 'GPL3' },
  { id: 'LGPL-2.1-only', family: 'LGPL' }, { id: 'AGPL-3.0+', family: 'AGPL' }, { id: 'LicenseRef-Ours', family: 'Other' }, { id: 'Zlib', family: 'Other' },
]

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(...LEAVES),
    fc.record({ operator: fc.constantFrom<'AND' | 'OR'>('AND', 'OR'), of: fc.array(tie('tree'), { minLength: 2, maxLength: 3 }) }),
  ),
}))

function format(node: Tree, change: (text: string) => string): string {
  if (!('of' in node)) return change(node.id)
  return node.of.map((part) => ('of' in part ? `(${format(part, change)})` : format(part, change))).join(` ${change(node.operator)} `)
}

function expectExcluded(node: Tree, families: ReadonlySet<string>): boolean {
  if (!('of' in node)) return families.has(node.family)
  return node.operator === 'AND' ? node.of.some((part) => expectExcluded(part, families)) : node.of.every((part) => expectExcluded(part, families))
}

test('createLicenceRule() judges every expression as its tree does, in any case', ({ expect }) => {
  const families = ['MIT', 'BSD', 'GPL2', 'GPL3', 'LGPL', 'AGPL', 'Other']
  const cases = fc.constantFrom((text: string) => text, (text: string) => text.toLowerCase(), (text: string) => text.toUpperCase())
  fc.assert(fc.property(tree, fc.subarray(families), cases, (node, blacklist, change) => {
    expect(createLicenceRule(blacklist)({ license: format(node, change) })).toBe(expectExcluded(node, new Set(blacklist)))
  }), { numRuns: 300 })
})

test('createLicenceRule() never leaves out less when more is on the blacklist, and never throws', ({ expect }) => {
  const word = fc.constantFrom('MIT', 'GPL', '2', '3.0', 'or', 'and', 'with', 'later', '(', ')', '|', ',', '+', '>=', '/', 'BSD', 'file', 'LICENSE', 'lesser', 'any', '-', '"', '\u0130', '')
  const text = fc.oneof(fc.array(word, { maxLength: 30 }).map((words) => words.join(' ')), fc.string({ maxLength: 60, unit: 'binary' }))
  const families = LICENCE_FAMILIES.map(({ name }) => name)
  fc.assert(fc.property(fc.tuple(text, fc.option(text, { nil: undefined })), fc.subarray(families), fc.subarray(families), ([license, family], some, more) => {
    const fewer = createLicenceRule(some)({ license, license_family: family })
    expect(fewer && !createLicenceRule([...some, ...more])({ license, license_family: family })).toBe(false)
  }), { numRuns: 500 })
})

test('createLicenceRule() reads a licence of any length and depth', ({ expect }) => {
  const long = 300_000
  expect(isExcluded('GPL3', `${'('.repeat(long)}GPL-3.0-only${')'.repeat(long)}`)).toBe(true)
  expect(isExcluded('GPL3', `${'MIT OR '.repeat(long)}GPL-3.0-only`)).toBe(true)
  for (const piece of ['(', ')', 'or ', 'and ', 'with ', '+', '>=', '1.0', 'gpl ', 'gpl or any ', 'general public ', 'a', '(or ', 'gpl (>= ', ', version']) {
    expect(isExcluded('GPL3', `GPL-3 ${piece.repeat(long / piece.length)}`)).toBe(true)
    expect(isExcluded('GPL3', `GPL-3 ${piece.repeat(4000 / piece.length)}`)).toBe(true)
  }
})
