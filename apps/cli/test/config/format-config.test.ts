import fc from 'fast-check'
import { test } from 'vitest'
import { stringify } from 'yaml'
import { formatConfig } from '../../src/config/format-config.ts'
import { comparable, fail, resolve } from './config-support.ts'

const name = fc.constantFrom('numpy', '7', 'y', 'on', '3.10', 'null', 'libgcc-ng', '1e3', '_x', '0644')
const spec = fc.constantFrom(
  'numpy', 'numpy>=1.26,<2', 'numpy=1.26', 'numpy==1.26=py310_0', '*[license=\'*gpl*\']', 'conda-forge/linux-64::python=3.12', '^py.*$', 'x[version=\'^1\\.(?:2|3)$\',build="it\'s"]', '7zip',
  'pytorch[build=\'*cuda*\',build_number=\'>=3\']', 'x[track_features=mkl]', 'x!=1.0|>2',
)
const list = <Item>(item: fc.Arbitrary<Item>): fc.Arbitrary<readonly Item[] | Item | false> => fc.oneof(fc.array(item, { maxLength: 3 }), item, fc.constant(false as const))
const duration = fc.constantFrom('7d', '90m', '1500ms', '1h30m', '2w')
const moment = fc.oneof(fc.constantFrom('2024-01-31', '2020-02-29T12:30:00Z', '2024-06-01 10:00:00.250'), fc.constantFrom('900d', '2000d'))
const size = fc.constantFrom(1, 1_000_000, '500MB', '2GiB', '1.5 GB')
const count = fc.integer({ min: 1, max: 9 })
const virtual = fc.dictionary(fc.constantFrom('linux-64', 'osx-arm64'), fc.array(fc.constantFrom('__glibc=2.28', '__cuda', '__archspec=1=x86_64'), { minLength: 1, maxLength: 3 }))
const closure = fc.oneof(
  fc.array(spec, { minLength: 1, maxLength: 2 }), spec, fc.constant(false as const),
  fc.record({ specs: list(spec), environments: fc.constantFrom('env.yml', '/srv/env.yml'), locks: list(fc.constantFrom('pixi.lock', '../a/conda-lock.yml')), virtual_packages: virtual, elsewhere: fc.boolean(), exact: fc.boolean() }, { requiredKeys: ['environments'] }),
)
const names = { license_blacklist: list(fc.constantFrom('GPL', 'AGPL', 'Public-Domain')), blacklist: list(name), whitelist: list(name) }
const rules = {
  exclude: list(spec),
  include: list(spec),
  python_versions: list(fc.constantFrom('3.10', '3.9', '2.7', '3')),
  maximum_size: fc.oneof(size, fc.constant(false as const)),
  older_than: fc.oneof(fc.constantFrom('2025-10-01', '30d'), fc.constant(false as const)),
  newer_than: fc.oneof(moment, fc.constant(false as const)),
  minimum_age: fc.oneof(duration, fc.constant(false as const)),
  undated: fc.constantFrom('keep', 'drop'),
  formats: fc.oneof(fc.constantFrom('conda', 'tar.bz2', ['conda', 'tar.bz2'], { prefer: 'conda' }, { allow: ['tar.bz2'], prefer: 'tar.bz2' }), fc.constant(false as const)),
  latest: fc.oneof(count, fc.record({ versions: count, builds: count }), fc.record({ builds: count }), fc.constant(false as const)),
  closure,
  budget: fc.oneof(fc.record({ bytes: size, artifacts: count }, { requiredKeys: ['bytes'] }), fc.constant(false as const)),
}
const selection = fc.oneof(fc.record({ ...names, ...rules }, { requiredKeys: [] }), fc.record({ pkg_list: list(name), ...rules }, { requiredKeys: [] }))
const platforms = fc.uniqueArray(fc.constantFrom('linux-64', 'win-64', 'osx-arm64', 'noarch', 'plan9-mips'), { minLength: 1, maxLength: 3 })
const url = fc.constantFrom('https://conda.example.org/', 'https://us%20er:p%2Fw@conda.example.org:8443/pre/t/tk-secret/', 'file:///media/', './', 'team/')

/** Channels whose folders differ, some with a selection of their own. */
const channels = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }).chain((folders) => fc.tuple(...folders.map((folder) => fc.oneof(
  url.map((start) => `${start}${folder}`),
  fc.record({ url: url.map((start) => `${start}${folder}`), path: fc.constant(`kept/${folder}`), platforms, own: selection }, { requiredKeys: ['url'] }).map(({ own, ...entry }) => ({ ...entry, ...own })),
))))

const settings = fc.record({
  mirror_dir: fc.constantFrom('/srv/mirror', 'relative', '~/mirror'),
  channels,
  platforms,
  channel_alias: fc.constantFrom('https://conda.example.org', 'https://u:p@conda.example.org/t/tk-alias/pre/'),
  remote_url: fc.constantFrom('', 'https://repo.example.org/', 'https://u:p@repo.example.org/t/tk-remote/x', './media'),
  fetch_installers: fc.boolean(),
  installers: fc.oneof(fc.constant('all'), fc.record({ latest: count })),
  variants: fc.record({ zst: fc.boolean(), shards: fc.boolean(), bz2: fc.constantFrom(true, false, 'upstream') }, { requiredKeys: [] }),
  derivatives: fc.record({ current_repodata: fc.boolean(), run_exports: fc.boolean(), channeldata: fc.boolean(), repodata_from_packages: fc.boolean(), patch_instructions: fc.boolean() }, { requiredKeys: [] }),
  reuse: fc.constantFrom('replace', 'after-grace', 'keep', 'drop'),
  grace: fc.oneof(duration, fc.constant(0)),
  retain: fc.nat(9),
  file_mode: fc.constantFrom('0644', '0o640', '664'),
  directory_mode: fc.constantFrom('0755', '2775'),
  group: fc.constantFrom('conda', '1000', 'on'),
  metrics_file: fc.constantFrom('/var/lib/m.prom', 'm.prom'),
  concurrency: count,
  bandwidth: fc.constantFrom('10MB/s', 512),
  timeouts: fc.record({ connect: duration, idle: duration }, { requiredKeys: [] }),
  ssl_verify: fc.constantFrom(true, 'ca.pem'),
  check_md5: fc.boolean(),
  verbose: fc.oneof(fc.boolean(), fc.nat(4)),
  delta: fc.boolean(),
  delta_dir: fc.constantFrom('delta_pkgs', '1'),
  dest_site: fc.constantFrom('mine', ''),
  dest_channel: fc.constantFrom('main', '7'),
  dest_url: fc.constantFrom('quetz+https://q.example.org/main'),
  dest_labels: fc.constantFrom('dev', ['main', 'rc']),
  dest_access: fc.constantFrom('public', 'private'),
  dest_concurrency: count,
}, { requiredKeys: ['channels'] })

const configuration = fc.tuple(settings, selection).map(([top, general]) => stringify({ ...top, ...general }, { version: '1.1' }))

test('formatConfig() prints what means the same, whatever the configuration is', ({ expect }) => {
  let usable = 0
  fc.assert(fc.property(configuration, (text) => {
    const refusal = fail(text)
    // Chance makes contradictions, which are tested elsewhere; nothing else may be refused.
    if (refusal !== 'no error') {
      expect(refusal).toMatch(/cannot be used together|leave no time between them|names nothing to start from/)
      return
    }
    usable += 1
    const config = resolve(text)
    expect(comparable(resolve(formatConfig(config, true)))).toBe(comparable(config))
  }), { numRuns: 150, seed: 7 })
  expect(usable).toBeGreaterThan(60)
})

test('formatConfig() hides secrets, and the file it prints then is refused where they are', ({ expect }) => {
  const text = 'remote_url: https://u:remote-secret@repo.example.org/\nchannels:\n  - https://us%20er:pw-secret@a.example:8443/pre/t/tk-secret/x\n  - https://a.example/t/other-secret/y\n  - https://user-secret@a.example/z\n'
  const hidden = formatConfig(resolve(text), false)
  expect(hidden).not.toContain('secret')
  expect(fail(hidden)).toMatchInlineSnapshot(`
    "CONFIG_INVALID: Cannot use the configuration:
      mirror.yaml:4: "channels" has *** where a secret was hidden when this file was printed
      mirror.yaml:6: "channels" has *** where a secret was hidden when this file was printed
      mirror.yaml:8: "channels" has *** where a secret was hidden when this file was printed
      mirror.yaml:21: "remote_url" has *** where a secret was hidden when this file was printed
    hint: Print it again with --show-secrets, or write the token or password in its place."
  `)
  expect(fail('channel_alias: https://a.example/t/***/\nchannels: [x]\n')).toMatchInlineSnapshot(`
    "CONFIG_INVALID: Cannot use the configuration: mirror.yaml:1: "channel_alias" has *** where a secret was hidden when this file was printed
    hint: Print it again with --show-secrets, or write the token or password in its place."
  `)
  const withSpec = formatConfig(resolve('channels: [./x]\nexclude: ["https://u:pw-secret@a.example/t/tk-secret/y::numpy"]\nclosure: ["https://a.example/t/tk-secret/y::numpy"]\n'), false)
  expect(withSpec).not.toContain('secret')
  expect(fail(withSpec)).toContain('"exclude[0]" has *** where a secret was hidden')
  expect(fail(withSpec)).toContain('"closure.specs[0]" has *** where a secret was hidden')
  expect(fail('channels: ["https://a.example/t/***b/x"]\n')).toBe('no error')
})

test('formatConfig() writes keys that all channels share once, at the top', ({ expect }) => {
  const printed = formatConfig(resolve('channels: [./x, {url: ./y, exclude: [b]}]\nblacklist: [a]\nexclude: [c]\nfetch_installers: false\n'), false)
  expect(printed.split('\n').slice(0, 12).join('\n')).toMatchInlineSnapshot(`
    "# From mirror.yaml, with flags and defaults.
    mirror_dir: /opt/cas-mirror
    channels:
      - url: file:///srv/here/x
        path: x
        exclude:
          - c
      - url: file:///srv/here/y
        path: "y"
        exclude:
          - b
    platforms:"
  `)
  expect(printed).toContain('\nblacklist:\n  - a\n')
})
