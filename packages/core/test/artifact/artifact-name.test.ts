import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { compareNames, isArtifactName, isMirrorError, parseArtifactName, splitArtifactName } from '../../src/index.ts'
import { DATA, hasData } from '../oracle/real-data.ts'

/** Pieces that no name may have: separators, control characters, foreign letters, escapes, wildcards (H01, H02, H04, H05, H07). */
const HOSTILE_PIECES = [
  '/', '\\', ':', '\u0000', '\n', '\r', '\t', '\u001b', '\u007f', '\u00ff', 'e\u0301', '\u00e9', '\u00df', '\ufb01', '\u202e', '\u200b',
  '\u212a', '\uff0f', '\ud800', ' ',
  '%2e%2e%2f', '%252e', '%00', '#', '?', ';', '*', '"', '<', '|', '~', '@', '(', '$',
] as const
/** Whole stems that no name may have (H01, H03, H05). */
const HOSTILE_STEMS = ['', '.', '..', '../../x', '/abs', '//x', '\\\\srv\\x', 'C:x', '-x', '.x', '+x', '!x', 'CON', 'nul', 'aux.', 'com1',
  'LPT9.x', 'PRN'] as const

describe('isArtifactName()', () => {
  test.for(HOSTILE_PIECES)('refuses %j anywhere', (piece, { expect }) => {
    expect([`${piece}x-1-0.conda`, `x${piece}-1-0.conda`, `x-1-0${piece}.conda`, `x-1-0.conda${piece}`,
      piece].filter((text) => isArtifactName(text))).toEqual([])
  })

  test.for(HOSTILE_STEMS)('refuses the stem %j', (stem, { expect }) => {
    expect([stem, `${stem}.conda`, `${stem}.tar.bz2`].filter((text) => isArtifactName(text))).toEqual([])
  })

  test.for(['repodata.json', 'repodata.json.zst', '.cm', 'lock.db', 'index.html',
    'repodata_shards.msgpack.zst'])('refuses %s, which a mirror has itself (H06)', (text, { expect }) => {
    expect(isArtifactName(text)).toBe(false)
  })

  test.for(['a-1-0.conda', 'a-1-0.tar.bz2', 'six-1.9.0-py3_none_any_0.whl', '_libgcc_mutex-0.1-main.conda',
    'cddlib-1!0.94i-h16a7912_0.tar.bz2', 'cnery-0.1.0.dev114+g85f06dfc-g85f06dfc.conda', 'R-3.1-0.tar.bz2',
    'libxgboost-0.6+218_omp_0.tar.bz2', 'a..b-1-0.conda', 'con-1-0.conda', 'console.conda', `${'x'.repeat(249)}.conda`])('accepts %s',
    (text, { expect }) => {
    expect(isArtifactName(text)).toBe(true)
    expect(parseArtifactName(text)).toBe(text)
  })

  test.for([`${'x'.repeat(250)}.conda`, 'x'.repeat(4096), '.conda', '.tar.bz2', 'x.CONDA', 'x.tar.gz', 'x.conda.', 'x.conda ',
    'x.conda\n', 'x.conda::$DATA', 'nul.conda', 'x.conda.zst', 'conda', 'x.zip'])('refuses %j', (text, { expect }) => {
    expect(isArtifactName(text)).toBe(false)
    expect(() => parseArtifactName(text)).toThrow(expect.objectContaining({ code: 'NAME_UNSAFE' }))
  })

  test('accepts only what stays one plain segment, whatever the text', ({ expect }) => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...'aZ0._-+!/\\:% ') })).map((text) => `${text}.conda`), (text) => {
      if (isArtifactName(text)) expect(encodeURI(text) === text && !/[/\\:%\s]|^\./.test(text) && Buffer.byteLength(text) <= 255).toBe(true)
      else {
        try {
          parseArtifactName(text)
          throw new Error('accepted')
        } catch (error) {
          expect(isMirrorError(error, 'NAME_UNSAFE')).toBe(true)
        }
      }
    }), { numRuns: 3000 })
  })

  test('names a hostile name in ASCII and in part only', ({ expect }) => {
    expect(() => parseArtifactName(`\u001b[2J\u0000${'x'.repeat(5000)}`)).toThrow(/^Cannot use "\\u001b\[2J\\u0000x{295}" as an artifact name/)
  })

  // The names are not in the repository (MIRROR_TEST_DATA).
  test.skipIf(!hasData)('accepts 650,000 real names, and takes them apart', ({ expect }) => {
    const paths = zstdDecompressSync(readFileSync(join(DATA,
      'names/conda-forge-artifacts-2020-2021.txt.zst'))).toString().trim().split('\n')
    const names = paths.map((path) => path.slice(path.lastIndexOf('/') + 1))
    expect(names.length).toBeGreaterThan(650_000)
    expect(names.filter((name) => !isArtifactName(name))).toEqual([])
    expect(names.filter((name) => isArtifactName(name) && splitArtifactName(name) === undefined)).toEqual([])
  })
})

describe('splitArtifactName()', () => {
  test.for([
    ['21cmfast-3.0.2-py36h1af98f8_1.tar.bz2', ['21cmfast', '3.0.2', 'py36h1af98f8_1']],
    ['a-b-c-1!2.0+x-0.conda', ['a-b-c', '1!2.0+x', '0']], ['six-1.9.0-py3_none_any_0.whl', ['six', '1.9.0', 'py3_none_any_0']],
    ['libxgboost-0.6+218_omp_0.tar.bz2', undefined], ['x.conda', undefined], ['a--b.conda', undefined], ['a-1-.conda', undefined],
    ['a-b.conda', undefined],
  ] as const)('%s', ([text, parts], { expect }) => {
    const split = splitArtifactName(parseArtifactName(text))
    expect(split === undefined ? undefined : [split.name, split.version, split.build]).toEqual(parts)
  })
})

test('compareNames() orders by code, not by language', ({ expect }) => {
  expect(['b', 'a', 'B', '_', '10', '9', 'a-', 'a+', 'a'].toSorted(compareNames)).toEqual(['10', '9', 'B', '_', 'a', 'a', 'a+', 'a-',
    'b'])
})
