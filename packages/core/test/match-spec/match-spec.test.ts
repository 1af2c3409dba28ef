import fc from 'fast-check'
import { describe, test } from 'vitest'
import { formatMatchSpec, isMirrorError, type MatchableRecord, matchesRecord, parseMatchSpec } from '../../src/index.ts'

const canonical = (text: string): string => formatMatchSpec(parseMatchSpec(text))

describe('parseMatchSpec() and formatMatchSpec()', () => {
  // The equivalence blocks of CEP 29.
  test.for(['pkg=1.8', 'pkg =1.8', 'pkg 1.8.*', 'pkg 1.8.* *', 'pkg=1.8.*', 'pkg=1.8.*=*', 'pkg =1.8.* *', 'pkg ==1.8.* *',
    'pkg[version=1.8.*]', 'pkg[version="1.8.*"]'])(
    '%s is fuzzy', (text, { expect }) => {
      expect(canonical(text)).toBe('pkg=1.8')
    })
  test.for(['pkg 1.8', 'pkg 1.8 *', 'pkg==1.8', 'pkg=1.8=*', 'pkg==1.8=*', 'pkg ==1.8 *', 'pkg[version=1.8]',
    'pkg[version="1.8"]'])('%s is exact', (text, { expect }) => {
    expect(canonical(text)).toBe('pkg==1.8')
  })

  test.for([
    // CEP 29, examples and appendix A; quotes as its rule 6 says, which its last example does not follow.
    ['foo 1.0 py27_0', 'foo==1.0=py27_0'], ['foo=1.0=py27_0', 'foo==1.0=py27_0'], ['foo==1.0=py27_0', 'foo==1.0=py27_0'],
    ['foo ==1.0 py27_0', 'foo==1.0=py27_0'],
    ['conda-forge::foo[version=1.0.*]', 'conda-forge::foo=1.0'],
    ['conda-forge/linux-64::foo>=1.0', "conda-forge/linux-64::foo[version='>=1.0']"],
    ['*/linux-64::foo>=1.0', "foo[subdir='linux-64',version='>=1.0']"],
    ['https://conda.anaconda.org/conda-forge/linux-64::python==3.11.10[build=h123456_0]',
    'https://conda.anaconda.org/conda-forge/linux-64::python==3.11.10=h123456_0'],
    // conda's tests/models/test_match_spec.py
    ['numpy 1.7*', 'numpy=1.7'], ["numpy[version='1.7|1.8']", "numpy[version='==1.7|==1.8']"], ['numpy >1.7', "numpy[version='>1.7']"],
    ['numpy=1.7=py3*_2', "numpy==1.7[build='py3*_2']"],
    ['numpy=1.7.*=py3*_2', "numpy=1.7[build='py3*_2']"], ['numpy[channel=defaults,subdir=osx-64]', 'defaults/osx-64::numpy'],
    ['numpy[channel=https://repo.anaconda.com/pkgs/free/osx-64, subdir=linux-64]', 'https://repo.anaconda.com/pkgs/free/linux-64::numpy'],
    ['https://repo.anaconda.com/pkgs/free/win-32::numpy', 'https://repo.anaconda.com/pkgs/free/win-32::numpy'],
    ['*/win-32::numpy[subdir="osx-64"]', "numpy[subdir='osx-64']"],
    ['numpy[version=1.10 build=py38_0]', 'numpy==1.10=py38_0'], ['numpy !=1.10=py38_0', "numpy[build='py38_0',version='!=1.10']"],
    ['numpy >1.7,!=1.10 py38_0', "numpy[build='py38_0',version='>1.7,!=1.10']"], ['numpy~=1.10.1', "numpy[version='~=1.10.1']"],
    ['openssl=1.1.1_', 'openssl=1.1.1_'],
    ['name[version=*,build=*py27*]', "name[build='*py27*']"], ['conda-forge::name[version=*]', 'conda-forge::name'],
    ['name[version=*,build_number=3]', "name[build_number='3']"],
    ['FOO-Bar >=1.0', "foo-bar[version='>=1.0']"], ['foo >=1.0 , < 2.0', "foo[version='>=1.0,<2.0']"],
    ['tensorflow[name=* version=* md5=253b]', "tensorflow[md5='253b']"],
    ['defaults::numpy=1.8=py27_0 [name="pytorch" channel=\'anaconda\',version=">=1.8,<2|1.9", build=\'3\']',
    "anaconda::numpy[build='3',version='>=1.8,<2|==1.9']"],
    ['* 2.7.4', '*==2.7.4'], ['* >=1.3 2', "*[build='2',version='>=1.3']"], ['* * *', '*'], ['* * openblas_0', "*[build='openblas_0']"],
    ['*>1.8,<2|==1.7', "*[version='>1.8,<2|==1.7']"],
    // What conda has as expected failures
    ['foo (>=1,<2)|>3', "foo[version='>=1,<2|>3']"], ['* >=3,(<4|<5)', "*[version='>=3,(<4|<5)']"],
    ['python (>=3.8,<3.10)|(>=3.11,<3.13)', "python[version='>=3.8,<3.10|>=3.11,<3.13']"],
    // The rest of the grammar
    ['  pkg  ', 'pkg'], ['ns:pkg', 'pkg'], ['conda-forge:ns:pkg=1', 'conda-forge::pkg=1'], ['::pkg', 'pkg'],
    ['http://host:8080/x::pkg', 'http://host:8080/x::pkg'],
    ['^py(thon|pi)$>=3', "^py(thon|pi)$[version='>=3']"], ['pkg ^1\\.[0-9]+$ py*', "pkg[build='py*',version='^1\\.[0-9]+$']"],
    ['pkg=1.8=^py[23]$', "pkg==1.8[build='^py[23]$']"],
    ['pkg =1.8 b', "pkg=1.8[build='b']"], ['lib*=1=0', 'lib*==1=0'], ['pkg[build_number=">=3"]', "pkg[build_number='>=3']"],
    ['*[license="GPL-3.0 AND \'x\'"]', `*[license="gpl-3.0 and 'x'"]`],
    [`*[license='a\\'b"c']`, `*[license='a\\'b"c']`], ["*[url='a\\\\']", "*[url='a\\\\']"], ['pkg=1!2.0', 'pkg=1!2.0'],
    ['pkg!=1.8', "pkg[version='!=1.8']"],
    ['example[extras="group-name"]', "example[extras=['group-name']]"],
    ['example[extras=[ a , "B.c" ]]'.replace('B', 'b'), "example[extras=['a','b.c']]"],
    ['pytorch[version=">=3.1", flags=["cuda", "blas:*"]]', "pytorch[flags=['cuda','blas:*'],version='>=3.1']"],
    ['numpy>=2[when="python>=3.10"]', `numpy[version='>=2',when="python[version='>=3.10']"]`],
    ['x[when="(python and __unix>=3 or __win)"]', `x[when="python and __unix[version='>=3'] or __win"]`],
    ['x[when="a and (b or c)"]', "x[when='a and (b or c)']"], ['x[when="a[build=\'x and y\']"]', `x[when="a[build='x and y']"]`],
    ['x[when="python <3.9 and __unix"]', `x[when="python[version='<3.9'] and __unix"]`],
  ] as const)('%s is %s', ([text, expected], { expect }) => {
    expect(canonical(text)).toBe(expected)
    expect(canonical(expected)).toBe(expected)
  })

  test.for([
    ['', 0], ['   ', 3], ['=', 0], ['!xyz 1.3', 0], ['foo=', 4], ['foo==', 5], ['foo>=', 5], ['pack@ge', 4], ["'package'", 0],
    ['.pkg', 0], ['-pkg', 0], ['@mkl', 0], ['foo[', 4], ['foo[]', 3],
    ['foo[a=b]', 4], ['blas [optional', 14], ['blas [version=]', 14], ['blas[invalid="1"]', 5], ['foo[build=1][md5=2]', 12],
    ['foo[build=1,build=2]', 12], ['foo[build=1](optional)', 12],
    ['foo[build=1', 11], ['foo[build="1]', 10], ['foo[build=1,]', 12], ['foo[build=1,,md5=2]', 12], ['foo[build=[1]]', 10],
    ['foo[version=>=1,<2]', 16], ['numpy=1.8 py27', 10], ['foo 1.0 b c', 10],
    ['foo 1.0 b|c', 9], ['foo >=1 <2', 8], ['foo 1.0@', 7], ['foo <>1', 5], ['https://x/y', 6], ['https://x/y:foo', 11],
    ['a/linux-64/noarch::x', 0], ['foo^1', 3], ['^foo', 0], ['foo # comment', 4],
    ['x[extras=[]]', 9], ['x[extras="A"]', 9], ['x[extras=[a,]]'.replace(',]', ',,b]'), 12], ['x[flags="A"]', 8], ['x[flags=[a b]]', 11],
    ['x[when=""]', 7], ['x[when="a and"]', 5], ['x[when="and b"]', 0], ['x[when="(a)and b"]', 3], ['x[when="a and or b"]', 6],
    ['x[when="(a"]', 2], ['x[when="a)"]', 1], ['x[when="a (b)"]', 2], ['x[when="a[when=b]"]', 0], ['x[license="^(?=a)$"]', 3], ['föö', 1],
    ['foo\nbar', 3], ['foo 1..0', 4],
  ] as const)('refuses %j at %i', ([text, position], { expect }) => {
    expect(() => parseMatchSpec(text)).toThrow(expect.objectContaining({
      code: 'MATCH_SPEC_INVALID', details: expect.objectContaining({ position, reason: expect.any(String) }),
    }))
  })

  test('refuses endless nesting and endless text, soon', ({ expect }) => {
    const nested = (open: string, close: string): string => `${open.repeat(4000)}a${close.repeat(4000)}`
    for (const text of ['a'.repeat(100_000), '['.repeat(16_000), `x[when="${nested('(', ')')}"]`, `x ${nested('(', ')')}`,
      '^'.repeat(16_000), 'a[build="'.repeat(1700), 'x:'.repeat(8000), 'a '.repeat(8000)]) {
      expect(() => parseMatchSpec(text)).toThrow(expect.objectContaining({ code: 'MATCH_SPEC_INVALID' }))
    }
  })

  test('throws nothing but MATCH_SPEC_INVALID on any text', ({ expect }) => {
    const words = ['pkg', 'conda-forge', 'linux-64', '::', ':', '/', '=', '==', '>=', '<', '!', '1.8', '.*', '*', ' ', '[', ']', 'build',
      'version', 'when', 'extras', 'flags', ',', '|', '(', ')', "'", '"', '\\', '^', '$', 'and', 'or', '\u0000', 'é']
    fc.assert(fc.property(fc.oneof(fc.string(), fc.array(fc.constantFrom(...words), { maxLength: 14 }).map((parts) => parts.join(''))),
      (text) => {
      try {
        expect(formatMatchSpec(parseMatchSpec(text))).not.toBe('')
      } catch (error) {
        expect(isMirrorError(error, 'MATCH_SPEC_INVALID'), String(error)).toBe(true)
      }
    }), { numRuns: 10_000 })
  })

  const value = fc.oneof(fc.constantFrom('MIT', 'GPL*', '^a[b\\]]\\\\$', 'a b', "it's", '"q"', 'x\\', "\\'", 'a,b=c', '[x]', '^$', '*'),
    fc.string({ minLength: 1, maxLength: 6 }).filter((text) => text.trim() !== ''))
  const quoted = value.map((text) => `'${text.replace(/[\\'"]/g, '\\$&')}'`)
  const pair = fc.oneof(
    fc.tuple(fc.constantFrom('build', 'license', 'url', 'fn', 'md5', 'features', 'track_features', 'license_family', 'channel', 'subdir'),
      quoted).map((parts) => parts.join('=')),
    fc.constantFrom("version='>=1,<2|3.*'", "version='1.8'", "build_number='>=3'", 'build_number=3', 'extras=[a,b]', 'flags="cuda"',
      'when="a and (b or c[build=\'x\'])"', 'channel=conda-forge', 'subdir=noarch'),
  )
  const positional = fc.tuple(fc.constantFrom('', 'conda-forge::', 'x/linux-64::', '*/noarch::', 'https://h:1/c::'),
    fc.constantFrom('pkg', '*', 'py*', '^a(b|c)$', 'A-b'),
    fc.constantFrom('', '=1', ' 1 b', '=1=b*', '>=1,(<2|3)', ' ~=1.2', ' ^1$ ^b[c]$', ' 1.*.2')).map((parts) => parts.join(''))
  const spec = fc.tuple(positional,
    fc.uniqueArray(pair,
      { selector: (text) => text.split('=')[0], maxLength: 4 })).map(([head,
      pairs]) => (pairs.length === 0 ? head : `${head}[${pairs.join(',')}]`))

  test('parse(format(x)) is x', ({ expect }) => {
    let parsed = 0
    fc.assert(fc.property(spec, (text) => {
      let once
      try {
        once = parseMatchSpec(text)
      } catch (error) {
        if (isMirrorError(error, 'MATCH_SPEC_INVALID')) return
        throw error
      }
      parsed += 1
      const again = parseMatchSpec(formatMatchSpec(once))
      expect(JSON.stringify({ ...again, fields: [...again.fields] })).toBe(JSON.stringify({ ...once, fields: [...once.fields] }))
    }), { numRuns: 4000 })
    expect(parsed).toBeGreaterThan(2000)
  })
})

describe('matchesRecord()', () => {
  const numpy: MatchableRecord = {
    name: 'numpy', version: '1.11.0', build: 'py34_7', build_number: 7, subdir: 'linux-64',
    channel: 'https://conda.anaconda.org/conda-forge', license: 'LGPLv3+', license_family: 'LGPL',
    md5: 'AB'.repeat(16), url: 'https://conda.anaconda.org/conda-forge/linux-64/numpy-1.11.0-py34_7.conda',
    fn: 'numpy-1.11.0-py34_7.conda', track_features: 'mkl debug', flags: ['cuda', 'blas:mkl'],
  }
  const match = (text: string, record: MatchableRecord = numpy): boolean => matchesRecord(parseMatchSpec(text), record)

  test.for([
    'numpy', 'NUMPY', '*', 'num*', '^num.y$', 'numpy<2', 'numpy[version=<2]', "numpy[build_number='7']", "numpy[build_number='<8']",
    "numpy[build_number='>=7']", 'numpy[build_number=*]', 'numpy ~=1.10',
    'numpy * PY34*', 'numpy 1.11 py34_7', 'numpy =1.11 PY34_7', "*[license_family='lgpl']", "*[license_family='*gp*']",
    "*[license='*v3+']", '*[license=LGPL*]', 'conda-forge::numpy',
    'https://conda.anaconda.org/conda-forge::numpy', 'https://user:pw@conda.anaconda.org/t/TOKEN/conda-forge/::numpy',
    'conda-forge/linux-64::numpy', '*/linux-64::numpy', 'conda-*::numpy', '*[md5=abababababababababababababababab]',
    '*[fn=numpy-*.conda]', '*[url="*/linux-64/*"]', '*[track_features=mkl]', "*[track_features='debug mkl']", '*[track_features=m*]',
    'numpy[flags=cuda]', 'numpy[flags=[cuda, "blas:*"]]',
    'numpy[extras=[none]]', 'numpy[when="nothing"]', 'numpy!=1.11', 'numpy 1.*.0', 'numpy ^1\\.11.*$',
    'numpy[channel="^.*/conda-forge$"]',
  ].filter((text) => text !== 'numpy!=1.11'))('%s matches', (text, { expect }) => {
    expect(match(text)).toBe(true)
  })

  test.for([
    'numpy-base', 'nump', '^um$', 'numpy>2', "numpy[version='>2']", "numpy[build_number='>7']", 'numpy[build_number=77]',
    'numpy 1.11 py34', 'numpy!=1.11', 'numpy!=1.11.*', '*[license=GPL*]', 'bioconda::numpy',
    'conda-forge/osx-64::numpy', 'https://other.org/conda-forge::numpy', '*[sha256=ab]', '*[features=x]', '*[track_features=nomkl]',
    "*[track_features='mkl nomkl']", 'numpy[flags=[cuda, rocm]]', '*[license="^GPL$"]', 'conda-forge/label/x::numpy',
  ])('%s does not match', (text, { expect }) => {
    expect(match(text)).toBe(false)
  })

  test('takes fields of wrong types for absent', ({ expect }) => {
    const odd: MatchableRecord = { name: 'x', version: 'not a version', build: null, build_number: '7', license: null,
      track_features: ['a', 7, 'b c'], flags: 'x', subdir: {} }
    expect(['x', 'x[license=*]', 'x[track_features=A]', "x[build_number='>=7']", 'x *',
      'x[flags=x]'].filter((text) => !match(text, odd))).toEqual([])
    expect(['x >=0', 'x !=1', 'x * b', 'x[license=null]', 'x[subdir=x]', 'x[md5=x]'].filter((text) => match(text, odd))).toEqual([])
  })

  test('resolves names of channels through the alias that is given', ({ expect }) => {
    const spec = parseMatchSpec('conda-forge::numpy')
    expect(matchesRecord(spec, { ...numpy, channel: 'https://mirror.example/c/conda-forge/linux-64/' },
      { channelAlias: 'https://mirror.example/c/' })).toBe(true)
    expect(matchesRecord(spec, { ...numpy, channel: 'conda-forge' }, { channelAlias: 'https://mirror.example/c' })).toBe(true)
    expect(matchesRecord(spec, { ...numpy, channel: 'https://mirror.example/c/conda-forge' })).toBe(false)
  })

  // conda's tests/models/test_match_spec.py, test_match_1, all on numpy-1.7.1-py27_0.
  test.for([
    ['numpy 1.7*', true], ['numpy 1.7.1', true], ['numpy 1.7', false], ['numpy 1.5*', false], ['numpy >=1.5', true],
    ['numpy >=1.5,<2', true], ['numpy >=1.8,<1.9', false], ['numpy >1.5,<2,!=1.7.1', false],
    ['numpy >1.8,<2|==1.7', false], ['numpy >1.8,<2|>=1.7.1', true], ['numpy >=1.8|1.7*', true], ['numpy ==1.7', false],
    ['numpy >=1.5,>1.6', true], ['numpy ==1.7.1.0', true], ['numpy==1.7.1.0.0', true],
    ['numpy >=1,*.7.*', true], ['numpy *.7.*,>=1', true], ['numpy >=1,*.8.*', false], ['numpy >=2,*.7.*', false],
    ['numpy 1.6*|1.7*', true], ['numpy 1.6*|1.8*', false], ['numpy 1.6.2|1.7.1', true],
    ['numpy 1.7.1 py27_0', true], ['numpy 1.7.1 py26_0', false], ['numpy >1.7.1a', true], ['python', false],
  ] as const)('%s on numpy-1.7.1-py27_0: %s', ([text, expected], { expect }) => {
    expect(match(text, { name: 'numpy', version: '1.7.1', build: 'py27_0', build_number: 0 })).toBe(expected)
  })
})
