import { type Artifact, createArtifactSet, createDigest, parseArtifactName, parseSubdirName } from '@mirror/core'
import { describe, test } from 'vitest'
import { type ChannelState, type Changeset, changesetTotals, EMPTY_STATE, isEmptyChangeset, type PublishedFile, stateId, type SubdirChange, type SubdirState } from '../src/index.ts'
import { isSha256 } from '@mirror/core'

function file(path: string, fill: string, size = 10): PublishedFile {
  const sha256 = fill.repeat(64)
  if (!isSha256(sha256)) throw new Error(sha256)
  return { path, sha256, size }
}

function state(subdir: string, fill: string, variants: readonly PublishedFile[] = []): SubdirState {
  return { subdir: parseSubdirName(subdir), document: file(`${subdir}/repodata.json`, fill), variants, artifacts: { count: 1, bytes: 10 } }
}

function artifact(subdir: string, name: string, size: number): Artifact {
  return { subdir: parseSubdirName(subdir), name: parseArtifactName(name), digest: createDigest('sha256', 'a'.repeat(64)), size }
}

function change(subdir: string, parts: Partial<SubdirChange> = {}): SubdirChange {
  const empty = createArtifactSet(parseSubdirName(subdir), [])
  return {
    subdir: parseSubdirName(subdir), add: empty, remove: empty, reused: { before: empty, after: empty }, relisted: 0, target: state(subdir, 'b'), interim: undefined,
    interimShards: [], shardsAdded: [], shardsRemoved: [], ...parts,
  }
}

function changeset(target: ChannelState, changes: readonly SubdirChange[]): Changeset {
  return { base: stateId(EMPTY_STATE), target, changes, withdrawn: [], filesAdded: [], filesRemoved: [] }
}

describe('stateId()', () => {
  test('is the sha256 of a line a document, so that a second implementation can compute it', ({ expect }) => {
    expect(stateId(EMPTY_STATE)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    expect(stateId({ subdirs: [state('noarch', '0')], files: [] })).toBe('a649f1ca9cee1875e90f4a0b4b3dd81c63d7679708ed950334e7260b1ad4df70')
  })

  test('does not depend on order, nor on variants', ({ expect }) => {
    const one = { subdirs: [state('noarch', '0'), state('linux-64', '1')], files: [file('a', '2'), file('b', '3')] }
    const other = { subdirs: [state('linux-64', '1', [file('linux-64/repodata.json.zst', '9')]), state('noarch', '0')], files: [file('b', '3'), file('a', '2')] }
    expect(stateId(one)).toBe(stateId(other))
  })

  test('depends on every document and every plain file', ({ expect }) => {
    const ids = [
      EMPTY_STATE,
      { subdirs: [state('noarch', '0')], files: [] },
      { subdirs: [state('noarch', '1')], files: [] },
      { subdirs: [state('linux-64', '0')], files: [] },
      { subdirs: [state('noarch', '0')], files: [file('a', '2')] },
      { subdirs: [state('noarch', '0')], files: [file('a', '2', 11)] },
    ].map(stateId)
    expect(new Set(ids).size).toBe(ids.length)
  })
})

describe('changesetTotals()', () => {
  test('adds up all subdirs, with the bytes of re-used names', ({ expect }) => {
    const before = createArtifactSet(parseSubdirName('noarch'), [artifact('noarch', 'c-1-0.conda', 5)])
    const after = createArtifactSet(parseSubdirName('noarch'), [artifact('noarch', 'c-1-0.conda', 7)])
    const add = createArtifactSet(parseSubdirName('noarch'), [artifact('noarch', 'a-1-0.conda', 100), artifact('noarch', 'b-1-0.conda', 20)])
    const remove = createArtifactSet(parseSubdirName('linux-64'), [artifact('linux-64', 'd-1-0.conda', 3)])
    const whole = changeset(EMPTY_STATE, [change('noarch', { add, reused: { before, after }, relisted: 4 }), change('linux-64', { remove, relisted: 1 })])
    expect(changesetTotals(whole)).toEqual({ add: 2, addBytes: 127, remove: 1, removeBytes: 3, reused: 1, relisted: 5 })
  })
})

describe('isEmptyChangeset()', () => {
  const none = changeset(EMPTY_STATE, [])

  test('is true when nothing changes that a reader can see', ({ expect }) => {
    expect(isEmptyChangeset(none)).toBe(true)
  })

  test.for<readonly [string, Partial<Changeset>]>([
    ['a subdir that changes', { changes: [change('noarch')] }],
    ['a subdir that goes', { withdrawn: [{ state: state('noarch', 'b'), artifacts: createArtifactSet(parseSubdirName('noarch'), []), shards: [] }] }],
    ['a file that comes', { filesAdded: [file('a', '2')] }],
    ['a file that goes', { filesRemoved: [file('a', '2')] }],
  ])('is false for %s', ([, parts], { expect }) => {
    expect(isEmptyChangeset({ ...none, ...parts })).toBe(false)
  })
})
