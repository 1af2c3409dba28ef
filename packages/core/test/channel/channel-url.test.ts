import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import {
  authorizeUrl, type ChannelUrl, isMirrorError, isOwnBaseUrl, isSafeRelativeFolder, parseArtifactName, parseChannelUrl,
  parseSubdirName, resolveArtifactUrl, resolveBaseUrl, resolveSubdirUrl,
} from '../../src/index.ts'
import { isChannelUrl } from '../../src/channel/channel-url.ts'

const LINUX = parseSubdirName('linux-64')
const invalid = (hint?: RegExp): object => ({ code: 'CHANNEL_INVALID', ...(hint === undefined ? {} : { hint }) })

function failure(text: string, options: Parameters<typeof parseChannelUrl>[1] = {}): { readonly message: string; readonly hint: string } {
  try {
    parseChannelUrl(text, options)
  } catch (error) {
    if (isMirrorError(error, 'CHANNEL_INVALID')) return { message: error.message, hint: error.hint ?? '' }
    throw error
  }
  throw new Error(`${text} was accepted`)
}

describe('parseChannelUrl()', () => {
  test.for([
    ['https://conda.anaconda.org/conda-forge', 'https://conda.anaconda.org/conda-forge', 'conda-forge'],
    ['https://conda.anaconda.org/conda-forge///', 'https://conda.anaconda.org/conda-forge', 'conda-forge'],
    ['HTTPS://Conda.Anaconda.ORG:443/conda-forge/', 'https://conda.anaconda.org/conda-forge', 'conda-forge'],
    ['http://127.0.0.1:8080/a/b', 'http://127.0.0.1:8080/a/b', 'a/b'],
    ['https://repo.anaconda.com/pkgs/main', 'https://repo.anaconda.com/pkgs/main', 'pkgs/main'],
    ['https://repo.anaconda.com//pkgs//main/', 'https://repo.anaconda.com/pkgs/main', 'pkgs/main'],
    ['https://conda.anaconda.org/conda-forge/label/Some.Label_rc', 'https://conda.anaconda.org/conda-forge/label/Some.Label_rc',
    'conda-forge/label/Some.Label_rc'],
    ['https://conda.anaconda.org/t/SECRET-1/conda-forge', 'https://conda.anaconda.org/conda-forge', 'conda-forge'],
    ['https://host/api/t/SECRET/team/x', 'https://host/api/team/x', 'api/team/x'],
    ['https://host//t/SECRET/x', 'https://host/x', 'x'],
    ['conda-forge', 'https://conda.anaconda.org/conda-forge', 'conda-forge'],
    ['pkgs/main', 'https://conda.anaconda.org/pkgs/main', 'pkgs/main'],
    ['conda-forge/label/rc/', 'https://conda.anaconda.org/conda-forge/label/rc', 'conda-forge/label/rc'],
    ['file:///srv/mirror/conda-forge/', 'file:///srv/mirror/conda-forge', 'conda-forge'],
    ['file:///installer/anaconda-suite/pkgs/', 'file:///installer/anaconda-suite/pkgs', 'pkgs'],
    ['file://localhost/srv/x', 'file:///srv/x', 'x'],
    ['/srv/mirror/pkgs/main', 'file:///srv/mirror/pkgs/main', 'pkgs/main'],
    ['/srv/conda-forge/label/rc', 'file:///srv/conda-forge/label/rc', 'conda-forge/label/rc'],
    ['/srv/t/x', 'file:///srv/t/x', 'x'],
    ['/srv/My%20x/y', 'file:///srv/My%2520x/y', 'y'],
    ['/srv/a b/Channel', 'file:///srv/a%20b/Channel', 'Channel'],
    ['./x', 'file:///base/here/x', 'x'],
    ['../x/y', 'file:///base/x/y', 'y'],
    ['.', 'file:///base/here', 'here'],
  ] as const)('%s', ([text, url, folder], { expect }) => {
    expect(parseChannelUrl(text, { workingDirectory: '/base/here' })).toMatchObject({ url, folder,
      kind: url.startsWith('file') ? 'file' : 'http' })
  })

  test('keeps secrets apart, and shows them to nobody who does not ask', ({ expect }) => {
    const channel = parseChannelUrl('https://us%40er:p%3Aw@host/t/tk-1/x')
    expect(channel.url).toBe('https://host/x')
    expect(channel.username).toBe('us@er')
    expect(channel.password?.reveal()).toBe('p:w')
    expect(channel.token?.reveal()).toBe('tk-1')
    expect(`${JSON.stringify(channel)} ${inspect(channel)} ${channel.token} ${channel.password}`).not.toMatch(/tk-1|p:w/)
    expect(parseChannelUrl('https://host/x')).toMatchObject({ token: undefined, username: undefined, password: undefined })
  })

  test('makes values that nothing else can make', ({ expect }) => {
    const channel = parseChannelUrl('conda-forge')
    expect(isChannelUrl(channel)).toBe(true)
    expect(isChannelUrl({ ...channel })).toBe(false)
    expect(Object.isFrozen(channel)).toBe(true)
  })

  test('takes the alias and the folder from the options', ({ expect }) => {
    expect(parseChannelUrl('conda-forge',
      { channelAlias: 'https://u:p@mirror.example/t/TK/c//' })).toMatchObject({ url: 'https://mirror.example/c/conda-forge',
      folder: 'c/conda-forge', username: 'u' })
    expect(parseChannelUrl('https://host/JuliaStats', { folder: 'julia' }).folder).toBe('julia')
    expect(parseChannelUrl('https://host/', { folder: 'team/all' })).toMatchObject({ url: 'https://host', folder: 'team/all' })
    expect(failure('https://host/x', { folder: '../x' }).message).toContain('"../x" is no plain relative folder')
  })

  test('says what to leave out behind a subdir', ({ expect }) => {
    expect(failure('https://conda.anaconda.org/t/TK/conda-forge/linux-64/')).toEqual({
      message: 'Cannot use "https://conda.anaconda.org/conda-forge/linux-64" as a channel: it ends in the subdir linux-64',
      hint: 'Leave the subdir out: https://conda.anaconda.org/conda-forge',
    })
    expect(failure('/srv/x/noarch').hint).toBe('Leave the subdir out: file:///srv/x')
    expect(parseChannelUrl('https://host/my-channel').folder).toBe('my-channel')
  })

  test.for(['https://host/JuliaStats', 'https://host/', 'https://host', 'https://host/a%2Fb', 'https://host/-x', 'https://host/.x',
    'https://host/a+b', 'https://host/con', 'https://host/a.', 'https://host/aux.x/y',
    `https://host/${'x'.repeat(129)}`, 'https://host/x/label/a~b', '/', 'https://host/%7Ex', 'https://host/%', 'https://host/t/TOKEN',
    '/srv/a b'])('asks for path: for %s', (text, { expect }) => {
    expect(failure(text).hint).toContain('path:')
    expect(failure(text).message).not.toContain('TOKEN')
  })

  test.for(['', ' ', 'https://', 'https://host/a/../b', 'https://host/a/%2e%2E/b', 'https://host/./x', 'https://host/x?token=SECRET',
    'https://host/x#SECRET', 'https://host/x?', 'ftp://host/x', 'oci://host/x',
    'javascript:alert(1)', 'https://host\\x', 'https://ho st/x', 'https://host/x\ny', 'https://host/\u0000', 'file://server/share',
    'file:///x?y', 'C:\\x', '\\\\srv\\x', './x', '../x', '~/x', 'a b', '@x', 'defaults',
    'https://user:SECRET@host:99999/x', 'https://user:SEC/RET@host/x', 'https://u:SECRET@host/a/../b', 'x'.repeat(3000), '/srv/\u0000',
    'host:8080/x'])('refuses %j', (text, { expect }) => {
    expect(() => parseChannelUrl(text)).toThrow(expect.objectContaining(invalid()))
    expect(JSON.stringify(failure(text))).not.toMatch(/SEC|RET/)
  })

  test('throws nothing but CHANNEL_INVALID on any text, and never tells a secret', ({ expect }) => {
    const parts = ['https://', 'file://', '/', 'host', 't', 'SECRET', 'conda-forge', 'linux-64', '.', '..', '%2e', '%', ':', '@', '?',
      '#', '\\', ' ', 'label', 'é', '[', ']', '\u0000', 'C:']
    fc.assert(fc.property(fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true }),
      fc.array(fc.constantFrom(...parts), { maxLength: 10 }).map((some) => some.join(''))), (text) => {
      let channel: ChannelUrl
      try {
        channel = parseChannelUrl(text, { workingDirectory: '/work' })
      } catch (error) {
        return isMirrorError(error, 'CHANNEL_INVALID')
      }
      expect(isSafeRelativeFolder(channel.folder)).toBe(true)
      expect(parseChannelUrl(channel.url)).toMatchObject({ url: channel.url, folder: channel.folder })
      return true
    }), { numRuns: 5000 })
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'/.:@?#% \\[x'), maxLength: 5 }),
      fc.string({ unit: fc.constantFrom(...'/.:@?#% \\[x'), maxLength: 5 }), (before, behind) => {
      for (const text of [`https://us:S3CRET@ho${before}st/${behind}`, `https://us:S3CRET${before.replace('/', '')}@host/${behind}`,
        `https://host/t/S3CRET/${before}x${behind}`]) {
        try {
          expect(JSON.stringify(parseChannelUrl(text))).not.toContain('S3CRET')
        } catch (error) {
          if (!isMirrorError(error, 'CHANNEL_INVALID')) throw error
          expect(JSON.stringify([error.message, error.hint, error.details])).not.toContain('S3CRET')
        }
      }
    }), { numRuns: 3000 })
  })
})

describe('URLs below a channel', () => {
  const channel = parseChannelUrl('https://user:pw@host/api/t/TK/x')

  test('resolveSubdirUrl() and resolveArtifactUrl() have no secrets and keep + and !', ({ expect }) => {
    expect(resolveSubdirUrl(channel, LINUX)).toBe('https://host/api/x/linux-64/')
    expect(resolveArtifactUrl(channel, LINUX,
      parseArtifactName('a-1!2.0+b-h_0.conda'))).toBe('https://host/api/x/linux-64/a-1!2.0+b-h_0.conda')
    const url = resolveArtifactUrl(channel, LINUX, parseArtifactName('a-1!2.0+b-h_0.conda'))
    expect(new URL(url).href).toBe(url)
  })

  test('authorizeUrl() puts the token back where it was, and the password into a header', ({ expect }) => {
    const authorization = `Basic ${Buffer.from('user:pw').toString('base64')}`
    expect(authorizeUrl(channel, resolveSubdirUrl(channel, LINUX))).toEqual({ url: 'https://host/api/t/TK/x/linux-64/',
      headers: { authorization } })
    expect(authorizeUrl(channel, 'https://host/api/other/f.conda')).toEqual({ url: 'https://host/api/t/TK/other/f.conda',
      headers: { authorization } })
    expect(authorizeUrl(channel, 'https://host/elsewhere/f.conda')).toEqual({ url: 'https://host/elsewhere/f.conda',
      headers: { authorization } })
    expect(authorizeUrl(parseChannelUrl('https://host//t/TK/x'), 'https://host/x/f.conda').url).toBe('https://host/t/TK/x/f.conda')
    expect(authorizeUrl(parseChannelUrl('https://host/t/TK/x'),
      'https://host/x/noarch/repodata.json').url).toBe('https://host/t/TK/x/noarch/repodata.json')
    expect(authorizeUrl(parseChannelUrl('https://host/x'),
      'https://host/x/noarch/repodata.json?a=b')).toEqual({ url: 'https://host/x/noarch/repodata.json?a=b', headers: {} })
  })

  test.for(['https://other/api/x/f', 'http://host/api/x/f', 'https://host:444/api/x/f', 'https://host.evil/api/x', 'not a url',
    'file:///x'])('authorizeUrl() gives nothing away to %s', (url, { expect }) => {
    expect(authorizeUrl(channel, url)).toEqual({ url, headers: {} })
  })
})

describe('resolveBaseUrl() and isOwnBaseUrl()', () => {
  const home = 'https://host/x/linux-64/'

  test.for([
    ['https://repo.example/main/linux-64/', 'https://repo.example/main/linux-64/', false],
    ['https://repo.example/main/linux-64', 'https://repo.example/main/linux-64/', false],
    ['../noarch', 'https://host/x/noarch/', false], ['/pkgs', 'https://host/pkgs/', false],
    ['//cdn.example/y', 'https://cdn.example/y/', false], ['', home, true], ['.', home, true], ['./', home, true],
    ['../linux-64', home, true], ['https://host/x/linux-64', home, true], ['HTTPS://HOST:443/x/linux-64/', home, true],
    ['https://u:p@host/t/TK/x/linux-64/', home, true], ['sub/', 'https://host/x/linux-64/sub/', false],
  ] as const)('%s', ([baseUrl, expected, isOwn], { expect }) => {
    expect(resolveBaseUrl(home, baseUrl)).toBe(expected)
    expect(resolveBaseUrl('https://host/x/linux-64', baseUrl)).toBe(expected)
    expect(isOwnBaseUrl(home, baseUrl)).toBe(isOwn)
  })

  test('refuses what would read local files or run', ({ expect }) => {
    for (const baseUrl of ['file:///etc/', 'javascript:alert(1)', 'ftp://host/', 'data:,x', 'https://', 's3://bucket/x']) {
      expect(() => resolveBaseUrl(home, baseUrl)).toThrow(expect.objectContaining(invalid()))
    }
    expect(resolveBaseUrl('file:///srv/x/noarch', '../linux-64')).toBe('file:///srv/x/linux-64/')
    expect(resolveBaseUrl('file:///srv/x/noarch/', 'https://host/y')).toBe('https://host/y/')
  })
})

describe('isSafeRelativeFolder()', () => {
  test('takes plain folders only', ({ expect }) => {
    const safe = ['x', 'conda-forge', 'pkgs/main', 'Team_1/x.y', 'x/label/rc', '_x', 'a-b', 'x-', 'console', 'linux-64/x']
    const unsafe = ['', '.', '..', 'a/../b', '/a', 'a/', 'a//b', '.cm', 'a/.b', '-a', 'a\\b', 'C:', 'C:/x', 'a b', 'a\u0000', 'a\n',
      'con', 'x/NUL.txt', 'lpt1', 'a.', 'a./b', 'a:b', 'é', 'a%2e', '~', 'x/linux-64', 'noarch', 'x'.repeat(129), 'x/'.repeat(600) + 'x']
    expect(safe.filter((folder) => !isSafeRelativeFolder(folder))).toEqual([])
    expect(unsafe.filter((folder) => isSafeRelativeFolder(folder))).toEqual([])
  })
})
