import { formatMatchSpec, isMirrorError } from '@mirror/core'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { parseSeedFile } from '../../src/seeds/parse-seed-file.ts'

const SHA256 = 'a'.repeat(64)
const MD5 = 'b'.repeat(32)
const HOME = 'https://conda.anaconda.org/conda-forge'

function parse(text: string, platforms?: readonly string[]) {
  const { format, specs, artifacts, notes } = parseSeedFile({ name: 'seeds', text, platforms })
  return { format, specs: specs.map(formatMatchSpec), artifacts, notes }
}

function refuse(text: string): string {
  try {
    parse(text)
  } catch (error) {
    if (isMirrorError(error, 'SEEDS_INVALID')) return `${error.message} | ${JSON.stringify(error.details)} | ${error.hint ?? ''}`
    throw error
  }
  return 'read'
}

describe('parseSeedFile() of an environment', () => {
  test('reads specs with their channels, and notes what pip installs', ({ expect }) => {
    const text = [
      '# made by hand', 'name: demo', 'channels: [conda-forge]', 'dependencies:', '  - python=3.11', '  - conda-forge::numpy >=1.26,<2', "  - 'scipy[build=\"py311*\"]'", '  - pip',
      '  - pip:', '    - requests', '    - flask', 'prefix: /home/x', '',
    ].join('\n')
    expect(parse(text)).toEqual({
      format: 'environment',
      specs: ['python=3.11', "conda-forge::numpy[version='>=1.26,<2']", "scipy[build='py311*']", 'pip'],
      artifacts: [],
      notes: ['2 dependencies of "pip" are no conda artifacts and are left alone'],
    })
  })

  test('reads Windows line ends and a byte order mark', ({ expect }) => {
    expect(parse('\uFEFFdependencies:\r\n- a\r\n- b 1\r\n').specs).toEqual(['a', 'b==1'])
  })

  test('takes an alias, and an empty list', ({ expect }) => {
    expect(parse('x: &p python\ndependencies: [*p]').specs).toEqual(['python'])
    expect(parse('dependencies: []').specs).toEqual([])
  })

  test('says line and reason of what is wrong', ({ expect }) => {
    expect(refuse('name: x\ndependencies:\n- a\n- 3.11\n')).toMatch('Cannot read seeds from "seeds": line 4: "3.11" is no text')
    expect(refuse('name: x\ndependencies:\n- a\n- b >>1\n')).toMatch('line 4: "b >>1" is no match spec: ')
    expect(refuse('name: x\ndependencies: a\n')).toMatch('line 2: dependencies is no list')
    expect(refuse('dependencies:\n- a\n- [b]\n')).toMatch('line 3: ')
    expect(refuse('dependencies:\n- a\ndependencies:\n- b\n')).toMatch('line 3: it is no YAML: DUPLICATE_KEY')
    expect(refuse('dependencies:\n- "a\n')).toMatch('it is no YAML: ')
  })
})

describe('parseSeedFile() of a pixi.lock', () => {
  const lock = (version: number, packages: string, more = ''): string => `version: ${version}
${more}environments:
  default:
    channels:
    - url: ${HOME}/
    packages:
      linux-64:
      - conda: ${HOME}/linux-64/a-1-0.conda
      - conda: ${HOME}/noarch/b-1-0.tar.bz2
      - pypi: https://files.example.org/c-1-py3-none-any.whl
      win-64:
      - conda: ${HOME}/win-64/a-1-0.conda
  test:
    packages:
      linux-64:
      - conda: ${HOME}/linux-64/a-1-0.conda
      - conda: ../sources
packages:
${packages}`
  const late = `- conda: ${HOME}/linux-64/a-1-0.conda\n  sha256: ${SHA256}\n  md5: ${MD5}\n- pypi: https://files.example.org/c-1-py3-none-any.whl\n`
  const early = `- kind: conda\n  name: a\n  url: ${HOME}/linux-64/a-1-0.conda\n  sha256: ${SHA256}\n  md5: ${MD5}\n- kind: pypi\n  url: https://files.example.org/c-1-py3-none-any.whl\n`
  const a = { subdir: 'linux-64', name: 'a-1-0.conda', url: `${HOME}/linux-64/a-1-0.conda`, sha256: SHA256, md5: MD5 }
  const b = { subdir: 'noarch', name: 'b-1-0.tar.bz2', url: `${HOME}/noarch/b-1-0.tar.bz2` }

  test.for([[4, early], [5, early], [6, late], [7, late]] as const)('reads version %s', ([version, packages], { expect }) => {
    const { format, specs, artifacts, notes } = parse(lock(version, packages))
    expect({ format, specs, notes }).toEqual({ format: 'pixi-lock', specs: [], notes: ['1 packages from PyPI are left alone', '1 packages that are built from sources are left alone'] })
    expect(artifacts).toEqual([a, b, { subdir: 'win-64', name: 'a-1-0.conda', url: `${HOME}/win-64/a-1-0.conda` }])
  })

  test('takes the wanted platforms, also under names of their own', ({ expect }) => {
    expect(parse(lock(6, late), ['linux-64']).artifacts).toEqual([a, b])
    const named = lock(7, late, 'platforms:\n- name: gpu\n  subdir: linux-64\n- name: win-64\n').replaceAll('      linux-64:', '      gpu:').replace('conda: ../sources', 'conda_source: x[1] @ .')
    expect(parse(named, ['linux-64']).artifacts).toEqual([a, b])
  })

  test('refuses what it does not know, and what cannot be', ({ expect }) => {
    expect(refuse(lock(8, late))).toMatch('line 1: a pixi.lock of version "8" is not known, only 4 to 7')
    expect(refuse(lock(6, late).replace('a-1-0.conda', '%2e%2e%2fa.exe'))).toMatch('line 8: ')
    expect(refuse(lock(6, late).replaceAll(SHA256, 'xyz'))).toMatch('its sha256 is not 64 hex digits')
    expect(refuse(lock(6, late).replace(`- conda: ${HOME}/linux-64`, `- wheel: ${HOME}/linux-64`))).toMatch('line 8: an entry is neither of conda nor of pypi')
    expect(refuse('version: 6\nenvironments: 5\n')).toMatch('line 2: environments is no mapping')
    expect(refuse('version: 6\nenvironments:\n  x:\n    packages: [1]\n')).toMatch('line 4: packages is no mapping of platforms')
  })
})

describe('parseSeedFile() of a conda-lock.yml', () => {
  const entry = (platform: string, manager: string, url: string): string =>
    `- name: a\n  version: '1'\n  manager: ${manager}\n  platform: ${platform}\n  dependencies: {}\n  url: ${url}\n  hash:\n    md5: ${MD5.toUpperCase()}\n    sha256: ${SHA256}\n  category: main\n`
  const text = `version: 1\nmetadata:\n  platforms: [linux-64, osx-64]\npackage:\n${entry('linux-64', 'conda', `${HOME}/noarch/a-1-0.conda`)}${entry('osx-64', 'conda', `${HOME}/noarch/a-1-0.conda`)}`
    + `${entry('osx-64', 'conda', `${HOME}/osx-64/b-1-0.conda`)}${entry('linux-64', 'pip', 'https://files.example.org/c.whl')}`

  test('reads artifacts of conda for the wanted platforms, each once', ({ expect }) => {
    const a = { subdir: 'noarch', name: 'a-1-0.conda', url: `${HOME}/noarch/a-1-0.conda`, sha256: SHA256, md5: MD5 }
    expect(parse(text)).toEqual({
      format: 'conda-lock',
      specs: [],
      artifacts: [a, { subdir: 'osx-64', name: 'b-1-0.conda', url: `${HOME}/osx-64/b-1-0.conda`, sha256: SHA256, md5: MD5 }],
      notes: ['1 packages from PyPI are left alone'],
    })
    expect(parse(text, ['linux-64']).artifacts).toEqual([a])
  })

  test('refuses entries without a usable URL', ({ expect }) => {
    expect(refuse('version: 1\npackage:\n- manager: conda\n')).toMatch('line 3: an entry has no url')
    expect(refuse('version: 1\npackage:\n- 5\n')).toMatch('line 3: an entry is no mapping')
    expect(refuse('version: 1\npackage: {}\n')).toMatch('line 2: package is no list')
    expect(refuse(`version: 1\npackage:\n${entry('linux-64', 'conda', '/some/where/a.conda')}`)).toMatch('"/some/where/a.conda": it is no URL')
  })
})

describe('parseSeedFile() of lines', () => {
  test('reads what conda lists with --explicit', ({ expect }) => {
    const text = `# platform: linux-64\n@EXPLICIT\n${HOME}/linux-64/a-1-0.conda#${MD5}\n${HOME}/noarch/b-1-0.conda#sha256:${SHA256}\n${HOME}/noarch/c-1!2+x-0.tar.bz2#${SHA256}\nfile:///srv/channel/noarch/d-1-0.conda\n\n`
    expect(parse(text)).toEqual({
      format: 'explicit',
      specs: [],
      artifacts: [
        { subdir: 'linux-64', name: 'a-1-0.conda', url: `${HOME}/linux-64/a-1-0.conda`, md5: MD5 },
        { subdir: 'noarch', name: 'b-1-0.conda', url: `${HOME}/noarch/b-1-0.conda`, sha256: SHA256 },
        { subdir: 'noarch', name: 'c-1!2+x-0.tar.bz2', url: `${HOME}/noarch/c-1!2+x-0.tar.bz2`, sha256: SHA256 },
        { subdir: 'noarch', name: 'd-1-0.conda', url: 'file:///srv/channel/noarch/d-1-0.conda' },
      ],
      notes: [],
    })
    expect(parse(text, ['osx-64'])).toEqual({ format: 'explicit', specs: [], artifacts: [], notes: ['the file is for "linux-64", which is not wanted'] })
  })

  test('says the line of what is no artifact', ({ expect }) => {
    expect(refuse(`@EXPLICIT\n${HOME}/linux-64/a.exe\n`)).toMatch('line 2: ')
    expect(refuse('@EXPLICIT\na-1-0.conda\n')).toMatch('line 2: "a-1-0.conda": it is no URL')
    expect(refuse('@EXPLICIT\nhttps://host.example/a-1-0.conda\n')).toMatch('its URL has no subdir before the name')
    expect(refuse(`@EXPLICIT\n${HOME}/noarch/a-1-0.conda#zz\n`)).toMatch('its md5 is not 32 hex digits')
  })

  test('reads a spec a line', ({ expect }) => {
    expect(parse('# ours\nnumpy >=1.26  # with reason\n\n  python=3.11\nfoo[build=x#y]\n').specs).toEqual(["numpy[version='>=1.26']", 'python=3.11', "foo[build='x#y']"])
    expect(parse('')).toEqual({ format: 'list', specs: [], artifacts: [], notes: [] })
  })

  test('says the line of what is no spec, and what to do', ({ expect }) => {
    expect(refuse('numpy\n-r other.txt\n')).toMatch(/line 2: "-r other.txt" is no match spec.*Files of pip cannot be used/)
    expect(refuse('a\nb >>1\n')).toMatch('line 2: "b >>1" is no match spec')
    expect(refuse('- a\n- b\n')).toMatch('it has neither dependencies nor environments nor package')
  })
})

describe('parseSeedFile() of hostile files', () => {
  test('stops aliases that multiply', ({ expect }) => {
    const letters = 'abcdefghijkl'
    const lines = [...letters].map((letter, at) => (at === 0 ? 'a: &a [x, x, x, x, x, x, x, x, x]' : `${letter}: &${letter} [${Array.from({ length: 9 }, () => `*${letters[at - 1] ?? ''}`).join(', ')}]`))
    expect(refuse(`${lines.join('\n')}\ndependencies: *l\n`)).toMatch('its aliases lead nowhere, or to too much')
    expect(refuse('dependencies: [*nothing]')).toMatch('Cannot read seeds')
  })

  test('stops nesting without end, in every form', ({ expect }) => {
    expect(refuse(`dependencies: ${'['.repeat(5000)}`)).toMatch('it nests too deep')
    expect(refuse(`dependencies:\n${'- '.repeat(5000)}`)).toMatch('it nests too deep')
    expect(refuse(`dependencies: ${'{a: '.repeat(5000)}`)).toMatch('it nests too deep')
  })

  test('does not read what is too long', ({ expect }) => {
    expect(refuse('a\n'.repeat(9 * 1024 * 1024))).toMatch('it is longer than 16 MiB')
  })

  test('never shows a secret of a URL', ({ expect }) => {
    const secret = 'https://user:s3cret@host.example/t/t0ken-s3cret/channel'
    const texts = [
      `@EXPLICIT\n${secret}/noarch/a.exe\n`,
      `@EXPLICIT\n${secret}/a.conda\n`,
      `dependencies:\n- ${secret}::numpy >>1\n`,
      `dependencies:\n- "${secret}\n`,
      `dependencies: ${secret} x: y\n`,
      `${secret}::numpy >>1\n`,
      `version: 6\nenvironments:\n  default:\n    packages:\n      linux-64:\n      - conda: ${secret}/noarch/a.exe\n`,
      `version: 1\npackage:\n- manager: conda\n  url: ${secret}/noarch/a.exe\n`,
    ]
    for (const text of texts) {
      const message = refuse(text)
      expect(message).toMatch('Cannot read seeds')
      expect(message).not.toMatch('s3cret')
    }
    expect(parse(`@EXPLICIT\n${secret}/noarch/a-1-0.conda\n`).artifacts).toEqual([{ subdir: 'noarch', name: 'a-1-0.conda', url: 'https://host.example/channel/noarch/a-1-0.conda' }])
  })

  test('throws nothing but SEEDS_INVALID', ({ expect }) => {
    const words = fc.constantFrom('dependencies:', 'environments:', 'package:', 'version: 6', '- ', '  ', '\n', 'a', '@EXPLICIT', '&a', '*a', '{', '}', '[', ']', '#', ':', "'", '"', '!!js', '? ', '|', `${HOME}/noarch/a-1-0.conda`, 'conda: ', 'packages:', '<<: ', '__proto__:')
    fc.assert(fc.property(fc.array(words, { maxLength: 25 }), (parts) => {
      expect(typeof refuse(parts.join(''))).toBe('string')
    }), { numRuns: 500 })
  })
})
