import { test } from 'vitest'
import { formatConfig } from '../../src/config/format-config.ts'
import { comparable, fail, resolve } from './config-support.ts'

test('resolveConfig() has the defaults of cas-mirror without a file', ({ expect }) => {
  const config = resolve(undefined)
  expect(config.mirrorDir).toBe('/opt/cas-mirror')
  expect(config.channels.map(({ channel }) => channel.url)).toEqual(['main', 'free', 'pro'].map((name) => `https://repo.anaconda.com/pkgs/${name}`))
  expect(config.channels[0]?.channel.folder).toBe('pkgs/main')
  expect(config.channels[0]?.subdirs.map(({ subdir }) => subdir)).toEqual([
    'osx-32', 'osx-64', 'win-32', 'win-64', 'linux-32', 'linux-64', 'linux-armv6l', 'linux-armv7l', 'linux-ppc64le', 'noarch',
  ])
  expect(config.channels[0]?.subdirs.every(({ required }) => !required)).toBe(true)
  expect(config).toMatchObject({ grace: 86_400_000, concurrency: 32, reuse: 'replace', retain: 0, installers: { latest: 1, remote: { url: 'https://repo.anaconda.com' } }, variants: { zst: true, shards: true, bz2: 'upstream' } })
})

test('resolveConfig() lets flags win over the file', ({ expect }) => {
  const config = resolve('mirror_dir: a\nplatforms: [win-64]\ngrace: 1h\nchannels: [https://a.example/x]\n', {
    'mirror-dir': 'b', platform: ['linux-64,osx-64'], grace: '0', channel: ['https://b.example/y'], concurrency: '4', bandwidth: '1MB/s', reuse: 'keep', timeout: '5s',
  })
  expect(config).toMatchObject({ mirrorDir: '/srv/here/b', grace: 0, concurrency: 4, bandwidth: 1_000_000, reuse: 'keep', timeouts: { idle: 5000 } })
  expect(config.channels.map(({ channel }) => channel.url)).toEqual(['https://b.example/y'])
  expect(config.channels[0]?.subdirs.map(({ subdir }) => subdir)).toEqual(['linux-64', 'osx-64', 'noarch'])
})

test('resolveConfig() takes a scalar where a list is expected, and an empty key as left out', ({ expect }) => {
  const config = resolve('channels: https://a.example/x\nplatforms: linux-64\nblacklist:\nmirror_dir:\n')
  expect(config.channels.map(({ channel }) => channel.folder)).toEqual(['x'])
  expect(config.channels[0]?.subdirs.map(({ subdir }) => subdir)).toEqual(['linux-64', 'noarch'])
  expect(config.mirrorDir).toBe('/opt/cas-mirror')
})

test('resolveConfig() reads truth values as PyYAML does', ({ expect }) => {
  expect(resolve('fetch_installers: no\nnoarch: yes\n')).toMatchObject({ installers: undefined, noarch: true })
})

test('resolveConfig() takes an empty remote_url as a word about installers only', ({ expect }) => {
  const config = resolve('remote_url: ""\n')
  expect(config.installers).toBeUndefined()
  expect(config.channels[0]?.channel.url).toBe('https://repo.anaconda.com/pkgs/main')
})

test('resolveConfig() makes the default channels of remote_url', ({ expect }) => {
  expect(resolve('remote_url: http://repo.example.org/\n').channels.map(({ channel }) => channel.url)).toEqual([
    'http://repo.example.org/pkgs/main', 'http://repo.example.org/pkgs/free', 'http://repo.example.org/pkgs/pro',
  ])
})

test('resolveConfig() reads the long form of a channel, with its folder and platforms', ({ expect }) => {
  const config = resolve('channels:\n  - {url: conda-forge, path: forge, platforms: linux-64}\n  - https://a.example/x\nplatforms: [win-64]\nnoarch: false\n')
  expect(config.channels.map(({ channel, subdirs }) => [channel.url, channel.folder, subdirs.map(({ subdir }) => subdir)])).toEqual([
    ['https://conda.anaconda.org/conda-forge', 'forge', ['linux-64']],
    ['https://a.example/x', 'x', ['win-64']],
  ])
})

test('resolveConfig() wants a platform that nobody knows to be there', ({ expect }) => {
  expect(resolve('platforms: [linux-64, plan9-mips]\nchannels: [./x]\n').channels[0]?.subdirs).toEqual([
    { subdir: 'linux-64', required: false }, { subdir: 'plan9-mips', required: true }, { subdir: 'noarch', required: false },
  ])
})

test('resolveConfig() puts neither token nor password into a folder', ({ expect }) => {
  expect(resolve('channels: ["https://u:pw@a.example/t/tk-secret/team/x"]\n').channels[0]?.channel.folder).toBe('team/x')
})

test('resolveConfig() takes certificates of the file before those of the environment', ({ expect }) => {
  expect(resolve('ssl_verify: ca.pem\n', {}, { SSL_CERT_FILE: '/etc/x.pem' }).certificates).toBe('/srv/here/ca.pem')
  expect(resolve('', {}, { SSL_CERT_FILE: '/etc/x.pem' }).certificates).toBe('/etc/x.pem')
  expect(resolve('', {}, { SSL_CERT_FILE: '/etc/x.pem', REQUESTS_CA_BUNDLE: '/etc/y.pem' }).certificates).toBe('/etc/y.pem')
})

test('resolveConfig() names the key that a comment swallowed, as in the documented example', ({ expect }) => {
  const example = 'mirror_dir: /srv/mirror\n# possible platforms are: linux-64, linux-32, osx-64, win-32, win-64 platforms:\n  - linux-64\n'
  expect(fail(example)).toMatchInlineSnapshot(`
    "CONFIG_INVALID: Cannot use the configuration: mirror.yaml:2: the key "platforms:" stands at the end of a comment, so the comment swallows it and the list below belongs to nothing
    hint: Put "platforms:" on a line of its own, below the comment."
  `)
  expect(fail(`channels:\n  - https://a.example/x\n${example.split('\n').slice(1).join('\n')}`)).toContain('mirror.yaml:3: the key "platforms:"')
  expect(fail('platforms:\n  # our platforms:\n  - linux-64\nchannels: [./x]\n')).toBe('no error')
})

test.for([
  ['platform: [linux-64]\n', 'CONFIG_UNKNOWN_KEY: Cannot use the configuration: mirror.yaml:1: "platform" is not a key; the nearest is "platforms"'],
  ['noarch: true\nmirror-dir: x\n', 'CONFIG_UNKNOWN_KEY: Cannot use the configuration: mirror.yaml:2: "mirror-dir" is not a key; the nearest is "mirror_dir"'],
  ['variants:\n  zts: true\n', 'CONFIG_UNKNOWN_KEY: Cannot use the configuration: mirror.yaml:2: "variants.zts" is not a key; the nearest is "variants.zst"'],
  ['channels:\n  - url: ./a\n    paht: x\n', 'CONFIG_UNKNOWN_KEY: Cannot use the configuration: mirror.yaml:3: "channels[0].paht" is not a key; the nearest is "channels[0].path"'],
  ['concurrency: many\n', 'CONFIG_INVALID: Cannot use the configuration: mirror.yaml:1: "concurrency" takes a whole number from 1 to 256'],
  ['\n\ngrace: 24\n', 'CONFIG_INVALID: Cannot use the configuration: mirror.yaml:3: "grace" takes a duration with its unit, such as 24h, or 0'],
  ['variants:\n  bz2: maybe\n', 'CONFIG_INVALID: Cannot use the configuration: mirror.yaml:2: "variants.bz2" takes true, false or upstream'],
  ['bandwidth: fast\n', 'CONFIG_INVALID: Cannot use the configuration: mirror.yaml:1: "bandwidth" takes a rate such as 10MB/s'],
  ['reuse: never\n', 'CONFIG_INVALID: Cannot use the configuration: mirror.yaml:1: "reuse" takes replace, after-grace, keep or drop'],
  ['ssl_verify: false\n', 'CONFIG_INVALID: Cannot use the configuration: mirror.yaml:1: "ssl_verify" takes true or the path of a file with certificates; switching verification off is not offered'],
  ['channels:\n  - 7\n', 'CONFIG_INVALID: Cannot use the configuration: mirror.yaml:2: "channels[0]" takes a URL, a path or a name, or a mapping with "url", "path", "platforms" and keys of the selection'],
  ['noarch: false\nchannels: [./x]\nplatforms: [linux-64, noarch]\n', 'CONFIG_INVALID: Cannot use the configuration: mirror.yaml:3: "platforms" names noarch, while "noarch" is false'],
  ['channels: []\n', 'CONFIG_INVALID: Cannot use the configuration: mirror.yaml:1: "channels" lists nothing: leave the key out for its default'],
  ['channels: [./x]\nplatforms: []\n', 'CONFIG_INVALID: Cannot use the configuration: mirror.yaml:2: "platforms" lists nothing: leave the key out for its default'],
  ['- linux-64\n', 'CONFIG_INVALID: Cannot use the configuration: mirror.yaml:1: this is not a mapping of keys to values'],
] as const)('resolveConfig() refuses %j with its line', ([text, expected], { expect }) => {
  expect(fail(text)).toBe(expected)
})

test.for([
  ['a: [1\nmirror_dir: x\n', 'mirror.yaml:2: this is not YAML'],
  ['mirror_dir: x\nmirror_dir: y\n', 'mirror.yaml:2: this is not YAML: Map keys must be unique'],
  [`channels: ${'['.repeat(20_000)}`, 'this is not YAML'],
  [`a: &a [x, x, x, x, x, x, x, x, x, x]\n${['b', 'c', 'd', 'e'].map((name, index) => `${name}: &${name} [${Array.from({ length: 10 }, () => `*${'abcd'[index]}`).join(', ')}]\n`).join('')}`, 'this is not YAML: it nests or repeats too much'],
] as const)('resolveConfig() refuses a file that is not YAML (%#)', ([text, expected], { expect }) => {
  expect(fail(text)).toContain(expected)
  expect(fail(text)).toMatch(/^CONFIG_INVALID: /)
})

test('resolveConfig() tells the nearest platform', ({ expect }) => {
  expect(fail('channels: [./x]\nplatforms:\n  - linux-64\n  - Linux_64\n')).toMatchInlineSnapshot(`
    "CONFIG_INVALID: Cannot use the configuration: mirror.yaml:4: "Linux_64" is not the name of a platform, such as linux-64
    hint: The nearest platform is linux-64."
  `)
})

test('resolveConfig() tells everything that is wrong at once', ({ expect }) => {
  expect(fail('concurrency: 0\nplatfroms: [linux-64]\nchannels: [./x]\n')).toMatchInlineSnapshot(`
    "CONFIG_INVALID: Cannot use the configuration:
      mirror.yaml:2: "platfroms" is not a key; the nearest is "platforms"
      mirror.yaml:1: "concurrency" takes a whole number from 1 to 256"
  `)
})

test('resolveConfig() only warns of a key that is near to none, unless it is strict', ({ expect }) => {
  expect(resolve('log_directory_of_ours: x\n').warnings).toEqual([{
    code: 'CONFIG_UNKNOWN_KEY', where: 'mirror.yaml:1', key: 'log_directory_of_ours', message: '"log_directory_of_ours" is not a key that this version knows, so it has no effect',
  }])
  expect(fail('log_directory_of_ours: x\n', { strict: true })).toContain('CONFIG_UNKNOWN_KEY: Cannot use the configuration: mirror.yaml:1:')
})

test('resolveConfig() reads where a delta goes, whether one is recorded, and the keys of deltas', ({ expect }) => {
  expect(resolve('delta: true\ndelta_dir: out\n').delta).toEqual({ directory: '/srv/here/out', isRecorded: true, secretKey: undefined, keys: [] })
  expect(resolve('').delta).toEqual({ directory: '/srv/here/delta_pkgs', isRecorded: false, secretKey: undefined, keys: [] })
  const text = `RW${'A'.repeat(54)}`
  expect(resolve(`delta_sign: near.key\ndelta_keys: [near.pub, ${text}, ${text}x]\n`).delta).toMatchObject({ secretKey: '/srv/here/near.key', keys: ['/srv/here/near.pub', text, `/srv/here/${text}x`] })
  for (const wrong of ['delta_sign: 7', 'delta_keys: []', 'delta_keys: [7]']) expect(() => resolve(`${wrong}\n`), wrong).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
})

test('resolveConfig() accepts what belongs to other commands, and keeps it', ({ expect }) => {
  expect(resolve('delta: false\ndelta_dir: delta_pkgs\ndest_site: mine\ndest_channel: main\ncheck_md5: true\n').upload).toMatchObject({ site: 'mine', channel: 'main' })
})

test('resolveConfig() reads where and how to upload; --concurrency, --label and --private go over the file', ({ expect }) => {
  const text = 'dest_url: quetz+https://q.example.org/main\ndest_labels: dev\ndest_access: public\ndest_concurrency: 2\n'
  expect(resolve(text).upload).toEqual({ site: undefined, channel: undefined, url: 'quetz+https://q.example.org/main', labels: ['dev'], access: 'public', concurrency: 2 })
  expect(resolve(text, { concurrency: '3', label: ['rc'], private: true }).upload).toMatchObject({ labels: ['rc'], access: 'private', concurrency: 3 })
  for (const wrong of ['dest_labels: []', 'dest_access: secret', 'dest_concurrency: 0', 'dest_url: 7']) expect(() => resolve(`${wrong}\n`), wrong).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
})

test('resolveConfig() refuses two channels with one folder, and one inside of a subdir of another', ({ expect }) => {
  expect(fail('channels:\n  - https://a.example/x\n  - https://b.example/x/\n')).toMatchInlineSnapshot(`
    "CONFIG_INVALID: Cannot use the configuration: mirror.yaml:3: https://b.example/x would be kept in the folder "x", where https://a.example/x is
    hint: Give one of them another folder: {url: …, path: …}. If they are the same channel, remove one."
  `)
  expect(fail('channels:\n  - https://a.example/x\n  - {url: https://b.example/y, path: x/linux-64/y}\n')).toContain('lie in a subdir of one another')
  expect(fail('channels: [https://a.example/x, https://a.example/x/label/rc]\n')).toBe('no error')
})

test('resolveConfig() shows no secret of a file that it refuses', ({ expect }) => {
  const texts = [
    'channels: ["https://u:pw-secret@a.example/t/tk-secret/x?q=1"]\n',
    'channels: ["https://u:pw-secret@a.example/t/tk-secret/x"\nmirror_dir: x\n',
    'channels:\n  - url: "https://u:pw-secret@a.example/t/tk-secret/x"\n    path: ../x\n',
    'exclude: ["https://u:pw-secret@a.example/t/tk-secret/x::numpy 1 2 3"]\n',
    'remote_url: "https://u:pw-secret@a.example/t/tk-secret/x?y"\nchannels: [./x]\n',
  ]
  for (const text of texts) {
    const told = fail(text)
    expect(told).toContain('CONFIG_INVALID')
    expect(told).not.toContain('secret')
  }
})

test('formatConfig() prints a file that means the same, and hides secrets unless asked', ({ expect }) => {
  const text = 'mirror_dir: /srv/m\nchannels:\n  - "https://us%20er:pw-secret@a.example:8443/pre/t/tk-secret/x"\n  - {url: ./up, platforms: [win-64]}\n  - {url: ./only, platforms: noarch}\nplatforms: linux-64\ngrace: 90m\nbandwidth: 1MB/s\n'
  const config = resolve(text)
  const shown = formatConfig(config, true)
  const again = resolve(shown)
  expect(comparable(again)).toBe(comparable(config))
  expect(again.channels[0]?.channel.token?.reveal()).toBe('tk-secret')
  expect(again.channels[0]?.channel.password?.reveal()).toBe('pw-secret')
  expect(formatConfig(config, false)).toMatchInlineSnapshot(`
    "# From mirror.yaml, with flags and defaults.
    mirror_dir: /srv/m
    channels:
      - url: https://***:***@a.example:8443/pre/t/***/x
        path: pre/x
      - url: file:///srv/here/up
        path: up
        platforms:
          - win-64
      - url: file:///srv/here/only
        path: only
        platforms:
          - noarch
    platforms:
      - linux-64
    noarch: true
    remote_url: https://repo.anaconda.com
    fetch_installers: true
    installers:
      latest: 1
    variants:
      zst: true
      shards: true
      bz2: upstream
    derivatives:
      current_repodata: false
      run_exports: false
      channeldata: false
      repodata_from_packages: false
      patch_instructions: false
    reuse: replace
    grace: 90m
    retain: 0
    concurrency: 32
    bandwidth: 1000000
    timeouts:
      connect: 10s
      idle: 30s
    ssl_verify: true
    delta_dir: /srv/here/delta_pkgs
    "
  `)
})
