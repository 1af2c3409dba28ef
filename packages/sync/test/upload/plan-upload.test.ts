import { createHash } from 'node:crypto'
import { type Artifact, type ArtifactSet, createArtifactSet, createDigest, type DigestKind, type IndexTable, parseArtifactName, parseSubdirName, readIndexTable } from '@mirror/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareWithTarget, removalFacts } from '../../src/upload/plan-upload.ts'

const subdir = parseSubdirName('linux-64')

function artifact(name: string, bytes: string, kind: DigestKind = 'sha256'): Artifact {
  return { subdir, name: parseArtifactName(`${name}-1.0-0.conda`), digest: createDigest(kind, createHash(kind).update(bytes).digest('hex')), size: 100 + bytes.length }
}

const setOf = (...artifacts: readonly Artifact[]): ArtifactSet => createArtifactSet(subdir, artifacts)

function tableOf(...artifacts: readonly Artifact[]): IndexTable {
  const records = artifacts.map(({ name, digest, size }) => [name, { name: 'x', version: '1.0', build: '0', build_number: 0, depends: [], size, sha256: digest.slice(7) }])
  return readIndexTable(Buffer.from(JSON.stringify({ info: { subdir }, 'packages': {}, 'packages.conda': Object.fromEntries(records) })), subdir)
}

const namesOf = (set: ArtifactSet): readonly string[] => [...set].map(({ name }) => name.replace('-1.0-0.conda', ''))

describe('compareWithTarget()', () => {
  test('tells what is missing, what is there, and what is there with other bytes', () => {
    const difference = compareWithTarget({ subdir, wanted: setOf(artifact('a', '1'), artifact('b', '1'), artifact('c', '1')), listed: setOf(artifact('b', '1'), artifact('c', '2'), artifact('d', '1')), upstream: [] })
    expect(namesOf(difference.upload)).toEqual(['a'])
    expect(difference.present).toBe(1)
    expect(difference.conflicts).toEqual([{ subdir, name: 'c-1.0-0.conda', wanted: artifact('c', '1').digest, there: artifact('c', '2').digest }])
    expect(namesOf(difference.replacements)).toEqual(['c'])
    expect(namesOf(difference.remove)).toEqual([])
  })

  test('leaves to the target what cannot be compared by digest, unless the size tells', () => {
    const difference = compareWithTarget({ subdir, wanted: setOf(artifact('a', '1'), artifact('b', '1')), listed: setOf(artifact('a', '1', 'md5'), artifact('b', '22', 'md5')), upstream: [] })
    expect(namesOf(difference.upload)).toEqual(['a'])
    expect(difference.conflicts.map(({ name }) => name)).toEqual(['b-1.0-0.conda'])
  })

  test('removes what no channel lists; what is merely not wanted stays, also with other bytes', () => {
    const upstream = [tableOf(artifact('a', '1'), artifact('c', '1')), tableOf(artifact('d', '1'))]
    const listed = setOf(artifact('a', '1'), artifact('b', '1'), artifact('c', '2'), artifact('d', '1'))
    const difference = compareWithTarget({ subdir, wanted: setOf(artifact('a', '1')), listed, upstream })
    expect(namesOf(difference.remove)).toEqual(['b'])
    expect(upstream.map((table) => removalFacts(difference, listed, table)).map(({ base, target, removedByUpstream }) => ({ base, target, removedByUpstream }))).toEqual([
      { base: 4, target: 2, removedByUpstream: 1 }, { base: 4, target: 1, removedByUpstream: 1 },
    ])
  })

  test('whatever is wanted and listed: each wanted name is uploaded, there, or in conflict, and nothing that any channel lists is removed', () => {
    const some = fc.uniqueArray(fc.record({ name: fc.constantFrom(...'abcdefgh'), bytes: fc.constantFrom('1', '2') }), { selector: ({ name }) => name })
    fc.assert(fc.property(some, some, some, (wanted, listed, others) => {
      const make = (list: readonly { readonly name: string; readonly bytes: string }[]): readonly Artifact[] => list.map(({ name, bytes }) => artifact(name, bytes))
      const difference = compareWithTarget({ subdir, wanted: setOf(...make(wanted)), listed: setOf(...make(listed)), upstream: [tableOf(...make(wanted)), tableOf(...make(others))] })
      expect(difference.upload.count + difference.present + difference.conflicts.length).toBe(wanted.length)
      const known = new Set([...wanted, ...others].map(({ name }) => name))
      expect(namesOf(difference.remove)).toEqual(listed.map(({ name }) => name).filter((name) => !known.has(name)).toSorted())
    }), { numRuns: 100 })
  })
})
