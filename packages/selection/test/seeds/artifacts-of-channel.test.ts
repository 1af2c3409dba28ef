import { describe, test } from 'vitest'
import { artifactsOfChannel } from '../../src/seeds/artifacts-of-channel.ts'

const FORGE = 'https://conda.anaconda.org/conda-forge'
const BIO = 'https://conda.anaconda.org/bioconda'
const lock = (base: string, name = 'a-1-0.conda') => ({ subdir: 'noarch', name, url: `${base}/noarch/${name}` })

describe('artifactsOfChannel()', () => {
  test('takes what lies below the channel, whatever scheme, case and slashes', ({ expect }) => {
    const artifacts = [lock(FORGE), lock('http://CONDA.anaconda.org/conda-forge', 'b-1-0.conda'), lock(BIO)]
    expect(artifactsOfChannel(artifacts, `${FORGE}/`, [FORGE, BIO]).map(({ name }) => name)).toEqual(['a-1-0.conda', 'b-1-0.conda'])
    expect(artifactsOfChannel(artifacts, BIO, [FORGE, BIO])).toEqual([artifacts[2]])
    expect(artifactsOfChannel(artifacts, 'https://conda.anaconda.org/t/secret/bioconda', [FORGE])).toEqual([artifacts[2]])
  })

  test('leaves out what is of a channel that is not mirrored', ({ expect }) => {
    expect(artifactsOfChannel([lock(FORGE), lock('https://conda.anaconda.org/nvidia')], FORGE)).toEqual([lock(FORGE)])
  })

  test('knows a channel of another mirror by its name', ({ expect }) => {
    const artifacts = [lock('https://mirror.example/api/conda/conda-forge'), lock('https://mirror.example/api/conda/bioconda')]
    expect(artifactsOfChannel(artifacts, FORGE, [FORGE, BIO])).toEqual([artifacts[0]])
    expect(artifactsOfChannel(artifacts, BIO, [FORGE, BIO])).toEqual([artifacts[1]])
  })

  test('guesses no name that two channels have', ({ expect }) => {
    const other = 'https://other.example/conda-forge'
    const artifacts = [lock('https://mirror.example/conda-forge'), lock(FORGE)]
    expect(artifactsOfChannel(artifacts, FORGE, [FORGE, other])).toEqual([artifacts[1]])
    expect(artifactsOfChannel(artifacts, other, [FORGE, other])).toEqual([])
  })

  test('takes all of a file that names no mirrored channel: for the only one, or wherever each is found', ({ expect }) => {
    const artifacts = [lock('https://mirror.example/cf-remote'), lock('https://mirror.example/cf-remote', 'b-1-0.conda')]
    expect(artifactsOfChannel(artifacts, FORGE)).toEqual(artifacts)
    expect(artifactsOfChannel(artifacts, FORGE, [FORGE, BIO])).toEqual(artifacts.map((artifact) => ({ ...artifact, isOptional: true })))
  })
})
