import { createDigest, type Digest, isSha256, parseArtifactName, parseSubdirName } from '@mirror/core'
import { describe, expect, test } from 'vitest'
import type { ArtifactInfo } from '../../../src/artifact-info/read-artifact-info.ts'
import { describePackage, describeRelease, describeStage } from '../../../src/targets/anaconda/describe-artifact.ts'
import { describeDependencies } from '../../../src/targets/anaconda/describe-dependencies.ts'
import { distPlace } from '../../../src/targets/anaconda/dist-place.ts'
import { condaUrl } from '../../../src/targets/anaconda/listing-url.ts'
import { compareDist, digestOf, isEmptyPackage, isEmptyRelease, lookOf, readDist, readStageReply } from '../../../src/targets/anaconda/read-answers.ts'

const SHA256 = 'a'.repeat(64)
const MD5 = 'b'.repeat(32)

function infoOf(index: Readonly<Record<string, unknown>>, more: Partial<ArtifactInfo> = {}): ArtifactInfo {
  return { index: { name: 'foo', version: '0.1', ...index }, about: undefined, recipe: undefined, hasPrefix: false, icon: undefined, ...more }
}

function stageOf(info: ArtifactInfo, subdir = 'osx-64') {
  if (!isSha256(SHA256)) throw new TypeError('no digest')
  const artifact = { subdir: parseSubdirName(subdir), name: parseArtifactName('foo-0.1-0.tar.bz2'), size: 1, digest: createDigest('sha256', SHA256) }
  return describeStage({ info, artifact, sha256: SHA256, labels: ['dev', 'main'], isPublic: true })
}

describe('condaUrl()', () => {
  test.for([
    ['https://api.anaconda.org', 'https://conda.anaconda.org'], ['http://host:8080/api', 'http://host:8080/conda'], ['http://host/a/api/v4', 'http://host/a/conda/v4'],
    ['https://api.host/api', 'https://conda.host/api'], ['http://host', undefined], ['https://apis.host/apix', undefined],
  ] as const)('makes of %s', ([url, expected]) => {
    expect(condaUrl(url)).toBe(expected)
  })
})

describe('distPlace()', () => {
  test('escapes the file of stage and commit, and nothing else', () => {
    const artifact = { subdir: parseSubdirName('noarch'), name: parseArtifactName('c++-1!2.0+local-h_0.conda'), size: 1, digest: createDigest('sha256', SHA256) }
    expect(distPlace({ url: 'http://h/api', owner: 'eggs' }, artifact)).toEqual({
      name: 'c++',
      version: '1!2.0+local',
      basename: 'noarch/c++-1!2.0+local-h_0.conda',
      packageUrl: 'http://h/api/package/eggs/c++',
      releaseUrl: 'http://h/api/release/eggs/c++/1!2.0+local',
      distUrl: 'http://h/api/dist/eggs/c++/1!2.0+local/noarch/c++-1!2.0+local-h_0.conda',
      stageUrl: 'http://h/api/stage/eggs/c++/1!2.0+local/noarch/c%2B%2B-1%212.0%2Blocal-h_0.conda',
      commitUrl: 'http://h/api/commit/eggs/c++/1!2.0+local/noarch/c%2B%2B-1%212.0%2Blocal-h_0.conda',
    })
  })
})

describe('describeDependencies()', () => {
  test.for([
    ['zlib', 'zlib', []], [' zlib ', 'zlib', []], ['python >=3', 'python', [['>=', '3']]], ['python 3.6*', 'python', [['==', '3.6']]], ['python *', 'python', [['==', '']]],
    ['numpy 1.8 py27_0', 'numpy', [['==', '1.8 py27_0']]], ['a !=1.0', 'a', [['==', '!=1.0']]], ['a >=1.0,<2.0a0', 'a', [['>=', '1.0,<2.0a0']]], ['a ~=1.0', 'a', [['==', '~=1.0']]],
    ['a =1.0', 'a', [['=', '1.0']]], ['a  1.0', 'a', [['==', ' 1.0']]],
  ] as const)('files %j as the real client does', ([depend, name, specs]) => {
    expect(describeDependencies([depend])).toEqual({ depends: [{ name, specs }] })
  })

  test('has none where there is no list', () => {
    expect([describeDependencies(undefined), describeDependencies({}), describeDependencies([1, null])]).toEqual([{ depends: [] }, { depends: [] }, { depends: [] }])
  })
})

describe('describeStage()', () => {
  test('has five computed attributes, then index.json without name and version', () => {
    const index = { arch: 'x86_64', build: '0', build_number: 0, depends: [], license: null, platform: 'osx', subdir: 'osx-64' }
    expect(JSON.stringify(stageOf(infoOf(index)))).toBe(JSON.stringify({
      distribution_type: 'conda',
      description: null,
      attrs: {
        'operatingsystem': 'darwin', 'machine': 'x86_64', 'target-triplet': 'x86_64-any-darwin', 'has_prefix': false, 'subdir': 'osx-64', 'arch': 'x86_64', 'build': '0',
        'build_number': 0, 'depends': [], 'license': null, 'platform': 'osx',
      },
      dependencies: { depends: [] },
      channels: ['dev', 'main'],
      sha256: SHA256,
    }))
  })

  test.for([[{ arch: null, platform: null }, null, 'None-any-None'], [{ platform: 'win', arch: 'x86' }, 'win32', 'x86-any-win32'], [{ platform: 'linux', arch: 'x86_64' }, 'linux', 'x86_64-any-linux']] as const)(
    'computes the system of %j', ([index, operatingsystem, triplet]) => {
      expect(stageOf(infoOf(index))).toMatchObject({ attrs: { operatingsystem, 'target-triplet': triplet } })
    })

  test('files an artifact where its channel has it, and takes requires of old ones', () => {
    expect(stageOf(infoOf({ subdir: 'linux-64', requires: ['a'] }, { hasPrefix: true }), 'noarch')).toMatchObject({
      attrs: { subdir: 'noarch', has_prefix: true }, dependencies: { depends: [{ name: 'a', specs: [] }] },
    })
  })
})

describe('describePackage() and describeRelease()', () => {
  const about = { summary: 's', description: null, license: 'MIT', license_url: 'u', license_family: 'MIT', dev_url: 'd', doc_url: 'o', home: 'h', source_git_url: 'g', source_git_tag: 't' }
  const described = { license_url: 'u', license_family: 'MIT', dev_url: 'd', doc_url: 'o', home: 'h', source_git_url: 'g' }

  test('say what about.json says', () => {
    const info = infoOf({}, { about, recipe: {} })
    expect(describePackage({ info, isPublic: false })).toEqual({
      public: false, publish: false,
      public_attrs: { name: 'foo', summary: 's', description: null, ...described, license: { name: 'MIT', url: 'u', family: 'MIT' }, package_types: ['conda'] },
    })
    expect(describeRelease({ info })).toEqual({
      requirements: [], announce: null, version: '0.1', home_page: 'h', icon: null, summary: 's', description: null, source_git_tag: 't', license: 'MIT', ...described,
    })
  })

  test('say what the recipe says where there is one, and nothing of what is not told', () => {
    expect(describePackage({ info: infoOf({}, { about, recipe: { about: { home: 'x' } } }), isPublic: true })).toMatchObject({ public: true, public_attrs: { home: 'x', summary: '', description: '', dev_url: null } })
    expect(describeRelease({ info: infoOf({}, { about, recipe: { other: 1 } }) })).toMatchObject({ summary: '', home: null })
  })

  test('send the icon as it is in the artifact, or else its name', () => {
    expect(describeRelease({ info: infoOf({ icon: 'a.png' }, { icon: Buffer.from('png') }) })).toMatchObject({ icon: Buffer.from('png').toString('base64') })
    expect(describeRelease({ info: infoOf({ icon: 'a.png' }) })).toMatchObject({ icon: 'a.png' })
  })
})

describe('readDist()', () => {
  const digest: Digest = createDigest('sha256', SHA256)

  test('compares by sha256, or else by md5', () => {
    const ours = { sha256: SHA256, md5: MD5 }
    expect(compareDist(readDist({ sha256: SHA256.toUpperCase(), md5: 'no' }), ours)).toBe('same')
    expect(compareDist(readDist({ sha256: MD5, md5: MD5 }), ours)).toBe('other')
    expect(compareDist(readDist({ sha256: null, md5: MD5 }), ours)).toBe('same')
    expect(compareDist(readDist({ md5: SHA256 }), ours)).toBe('other')
    for (const reply of [{}, null, [], 'text', { sha256: 1, md5: {} }]) expect([compareDist(readDist(reply), ours), digestOf(readDist(reply))]).toEqual(['unknown', undefined])
  })

  test('tells the digest of what is there, sha256 before md5', () => {
    expect(lookOf(readDist({ sha256: SHA256, md5: MD5 }), digest)).toEqual({ status: 'present', bytes: 'same', digest })
    expect(lookOf(readDist({ md5: MD5 }), digest)).toEqual({ status: 'present', bytes: 'unknown', digest: `md5:${MD5}` })
    expect(lookOf(readDist({ md5: MD5 }), createDigest('md5', MD5))).toMatchObject({ bytes: 'same' })
  })

  test('reads labels under either name', () => {
    expect([readDist({ labels: ['a', 1] }).labels, readDist({ channels: ['b'] }).labels, readDist({}).labels]).toEqual([['a'], ['b'], undefined])
  })
})

describe('readStageReply()', () => {
  const reply = { dist_id: '1', post_url: 'https://bucket.example/x', form_data: { b: '1', a: '2' } }

  test('keeps the order of the fields', () => {
    expect(readStageReply(reply)).toEqual({ distId: '1', postUrl: new URL('https://bucket.example/x'), fields: [{ name: 'b', value: '1' }, { name: 'a', value: '2' }] })
  })

  test.for([
    null, [], {}, { ...reply, dist_id: 1 }, { ...reply, post_url: 'file:///etc/passwd' }, { ...reply, post_url: 'bucket' }, { ...reply, form_data: { a: 1 } }, { ...reply, form_data: [] },
  ])('takes nothing else: %j', (other) => {
    expect(readStageReply(other)).toBeUndefined()
  })
})

describe('isEmptyRelease() and isEmptyPackage()', () => {
  test('believe only what is told', () => {
    expect([{ distributions: [] }, {}, { distributions: [{}] }, null, { distributions: null }].map(isEmptyRelease)).toEqual([true, false, false, false, false])
    expect([{ files: [] }, { files: [], releases: [] }, { files: [], releases: [{}] }, { files: [{}] }, {}, []].map(isEmptyPackage)).toEqual([true, true, false, false, false, false])
  })
})
