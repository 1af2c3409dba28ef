import { readFileSync } from 'node:fs'
import { test } from 'vitest'
import { isMirrorError } from '@mirror/core'
import { importConfig } from '../../../src/config/import/import-config.ts'
import type { ImportableTool } from '../../../src/config/import/import-types.ts'
import { resolve } from '../config-support.ts'

function importExample(name: string, from?: ImportableTool): ReturnType<typeof importConfig> {
  return importConfig({ path: `${name}.yaml`, text: readFileSync(new URL(`examples/${name}.yaml`, import.meta.url), 'utf8') }, from)
}

/** What is written where the other tool took all that upstream has. */
const EVERY_PLATFORM = [
  'emscripten-wasm32', 'emscripten-wasm64', 'wasi-wasm32', 'freebsd-32', 'freebsd-64', 'freebsd-arm64', 'linux-32', 'linux-64', 'linux-aarch64',
  'linux-armv6l', 'linux-armv7l', 'linux-loongarch64', 'linux-ppc', 'linux-ppc64', 'linux-ppc64le', 'linux-riscv32', 'linux-riscv64', 'linux-s390x', 'osx-32',
  'osx-64', 'osx-arm64', 'win-32', 'win-64', 'win-arm64', 'zos-z', 'android-32', 'android-64', 'android-aarch64', 'android-armv7a', 'ios-arm64',
  'iossimulator-64', 'iossimulator-arm64',
].map((platform) => `  - ${platform}\n`).join('')

/** The text of an imported configuration, with the list of every platform in one line. */
function importShortly(name: string): string {
  return importExample(name).text.replace(EVERY_PLATFORM, '  (every known platform)\n')
}

function failToImport(text: string, from?: ImportableTool): string {
  try {
    return importConfig({ path: 'theirs.yaml', text }, from).text
  } catch (error) {
    if (isMirrorError(error)) return `${error.code}: ${error.message}\nhint: ${error.hint}`
    throw error
  }
}

test('importConfig() carries a configuration of conda-mirror 0.10 over, with a comment for all that is not as it was', ({ expect }) => {
  const { tool, text } = importExample('conda-mirror')
  expect(tool).toBe('conda-mirror')
  expect(text).toMatchInlineSnapshot(`
    "# From the configuration conda-mirror.yaml of conda-mirror (until 0.10).
    #
    # Left out, because there is nothing here that says the same:
    # - conda-mirror.yaml:17: {"license":"None"} of "blacklist" also matched records whose "license" is null, which a match spec cannot name.
    # - conda-mirror.yaml:18: {"license":""} of "blacklist": it asks for records without "license", which a match spec cannot name.
    # - conda-mirror.yaml:23: {"arch":"x86_64"} of "blacklist": match specs have no field "arch".
    # - conda-mirror.yaml:25: "just-a-name" of "blacklist": it is no mapping of fields to globs.
    # - conda-mirror.yaml:14: "include_depends" took back the dependencies of what the whitelist names; "include" takes back only what it names, so name them, or use "closure".
    # - conda-mirror.yaml:10: certificates are always verified; "ssl_verify" takes a file with those to trust.
    # - conda-mirror.yaml:8: "minimum_free_space" is no key of a configuration here: give "--reserve" on the command line, such as "--reserve 1000MB".
    # - conda-mirror.yaml:9: "proxy" is no key of a configuration here: set HTTPS_PROXY or HTTP_PROXY in the environment.
    # - conda-mirror.yaml:11: "max_packages" is no key of a configuration here: it mirrored an arbitrary part; "budget" refuses instead, and "exclude", "include" and "latest" choose.
    #
    # Worth a look:
    # - conda-mirror.yaml:3: "noarch: false" mirrors this platform alone, as conda-mirror did; without that line noarch is mirrored as well, which most packages need.
    # - conda-mirror.yaml:24: {"version":">=1.0 0"} of "blacklist" is not carried over: nothing ever matched it, as conda-mirror compared the build with the number 0, which no build is.
    # - conda-mirror.yaml:4: "temp_directory" is not needed: what is not verified yet is kept in the mirror itself, out of sight.
    # - conda-mirror.yaml:6: "max_retries" is not needed: each request is tried again for as long as that is of use.
    # - conda-mirror.yaml:7: "num_threads" is not needed: verifying uses as many threads as are worth it.
    # - conda-mirror.yaml:12: "log_dir" was no key of conda-mirror, and had no effect.
    # - conda-mirror.yaml:13: "verbose" is not needed: conda-mirror read it from the command line only; here it is "verbose", "--log-level" or "--quiet".
    mirror_dir: mirrors
    channels:
      - url: conda-forge
        path: forge
    platforms:
      - linux-64
    noarch: false
    fetch_installers: false
    exclude:
      - "*[license='*agpl*']"
      - "*[license='none']"
      - numpy[version='^1\\.10$']
      - python[version='>=3.8,<3.10']
    include:
      - r-*
      - ^py[test]$
    variants:
      bz2: true
    timeouts:
      connect: 60s
      idle: 60s
    "
  `)
})

test('importConfig() makes a closure of a whitelist with its dependencies, where all else is blacklisted', ({ expect }) => {
  const { text } = importExample('conda-mirror-whitelist-only')
  expect(text).toMatchInlineSnapshot(`
    "# From the configuration conda-mirror-whitelist-only.yaml of conda-mirror (until 0.10).
    #
    # Worth a look:
    # - conda-mirror-whitelist-only.yaml:8: "include_depends" over a blacklist of everything is "closure" here: it takes what some way of installing can need, in noarch too, where conda-mirror took every version that a dependency allows, in one subdir.
    mirror_dir: /srv/mirror
    channels:
      - url: https://conda.example.org/t/tk-secret/main
        path: main
    platforms:
      - noarch
    fetch_installers: false
    closure:
      - numpy
      - python[version='>=3.10']
    variants:
      bz2: true
    "
  `)
})

test('importConfig() carries a configuration of the newer conda-mirror over', ({ expect }) => {
  expect(importExample('conda-mirror-rs')).toMatchObject({ tool: 'conda-mirror-rs' })
  expect(importExample('conda-mirror-rs').text).toMatchInlineSnapshot(`
    "# From the configuration conda-mirror-rs.yaml of conda-mirror (from 0.11 on).
    #
    # Left out, because there is nothing here that says the same:
    # - conda-mirror-rs.yaml:11: {"name-glob":"r-*"} of "exclude": it is no text (conda-mirror took texts such as "numpy>=1" only).
    # - conda-mirror-rs.yaml:12: object storage is neither read nor written by this version.
    #
    # Worth a look:
    # - conda-mirror-rs.yaml:3: "noarch: false" is there because "subdirs" does not name noarch, which most packages need.
    # - conda-mirror-rs.yaml:10: "*[license=\\"MIT\\"]" of "exclude" is compared without regard to case, which conda-mirror had regard to.
    # - conda-mirror-rs.yaml:8: "pytorch[build=\\"*cuda*\\"]" of "include" is compared without regard to case, which conda-mirror had regard to.
    # - conda-mirror-rs.yaml:6: "include" adds back what "exclude" left out, as the documentation of conda-mirror has it; its versions until 0.12 left that out all the same.
    # - conda-mirror-rs.yaml:4: "max-retries" is not needed: each request is tried again for as long as that is of use.
    mirror_dir: mirrors
    channels:
      - url: conda-forge
        path: forge
    platforms:
      - linux-64
      - osx-arm64
    noarch: false
    fetch_installers: false
    exclude:
      - '*[license="MIT"]'
    include:
      - numpy >=1.26
      - pytorch[build="*cuda*"]
    concurrency: 64
    "
  `)
  expect(importShortly('conda-mirror-rs-s3')).toMatchInlineSnapshot(`
    "# From the configuration conda-mirror-rs-s3.yaml of conda-mirror (from 0.11 on).
    #
    # Left out, because there is nothing here that says the same:
    # - conda-mirror-rs-s3.yaml:2: a "destination" with s3:// is not carried out by this version.
    # - conda-mirror-rs-s3.yaml:3: "broken[[" of "exclude": key=value is expected; a value with , = or spaces needs quotes.
    #
    # Worth a look:
    # - conda-mirror-rs-s3.yaml: "platforms" names all that are known, because without "subdirs" conda-mirror took every one that upstream has.
    channels:
      - url: https://conda.example.org/main
    platforms:
      (every known platform)
    fetch_installers: false
    exclude:
      - jupyter*
    "
  `)
})

test('importConfig() carries a configuration of anaconda-mirror over', ({ expect }) => {
  expect(importExample('anaconda-mirror')).toMatchObject({ tool: 'anaconda-mirror' })
  expect(importShortly('anaconda-mirror')).toMatchInlineSnapshot(`
    "# From the configuration anaconda-mirror.yaml of anaconda-mirror.
    #
    # Left out, because there is nothing here that says the same:
    # - anaconda-mirror.yaml:8: "dry_run": give "--dry-run" on the command line, or use "mirror plan".
    # - anaconda-mirror.yaml:9: "concurrency_of_theirs" is no key that is known here.
    #
    # Worth a look:
    # - anaconda-mirror.yaml:3: "dest_site" is "mirror_dir" here; each channel has the folder of its URL's path below it, or the one that "path" names.
    # - anaconda-mirror.yaml: "platforms" names all that are known, because without it anaconda-mirror took every one that upstream has.
    # - anaconda-mirror.yaml:5: "clean" is not needed: what upstream removed is removed, after the grace.
    mirror_dir: /srv/mirror
    platforms:
      (every known platform)
    fetch_installers: false
    channels:
      - main
      - https://conda.example.org/team
    channel_alias: https://repo.example.org/pkgs
    formats:
      - conda
    python_versions:
      - "3.10"
    pkg_list:
      - numpy
    "
  `)
  expect(importExample('anaconda-mirror-site').text).toMatchInlineSnapshot(`
    "# From the configuration anaconda-mirror-site.yaml of anaconda-mirror.
    #
    # Left out, because there is nothing here that says the same:
    # - anaconda-mirror-site.yaml:5: "clean: false" kept what upstream removed; here that goes after the grace ("grace"), or can be kept for a while with "retain".
    #
    # Worth a look:
    # - anaconda-mirror-site.yaml:4: "dest_site" is where cas-sync-api-v5 uploads to; cas-sync keeps a mirror in "mirror_dir".
    dest_site: https://ae5.example.org
    fetch_installers: false
    channels:
      - https://repo.example.org/pkgs/main
    platforms:
      - linux-64
      - noarch
    dest_channel: main
    "
  `)
})

test.for([
  ['conda-mirror'], ['conda-mirror-whitelist-only'], ['conda-mirror-rs'], ['conda-mirror-rs-s3'], ['anaconda-mirror'], ['anaconda-mirror-site'],
] as const)('importConfig() makes of %s what can be used as it is', ([name], { expect }) => {
  const config = resolve(importExample(name).text, { strict: true })
  expect(config.channels.length).toBeGreaterThan(0)
  expect(config.installers).toBeUndefined()
})

test('importConfig() keeps the channel in the folder in which the other tool kept it', ({ expect }) => {
  const { mirrorDir, channels } = resolve(importExample('conda-mirror').text)
  expect([mirrorDir, channels[0]?.channel.folder, channels[0]?.subdirs.map(({ subdir }) => subdir)]).toEqual(['/srv/here/mirrors', 'forge', ['linux-64']])
  expect(resolve(importExample('conda-mirror-whitelist-only').text).channels[0]?.channel.token?.reveal()).toBe('tk-secret')
})

test('importConfig() says what it cannot tell', ({ expect }) => {
  expect(failToImport('channels: [main]\nmirror_dir: /srv\n')).toMatchInlineSnapshot(`
    "CONFIG_INVALID: Cannot import the configuration "theirs.yaml": its keys do not tell which tool it is of
    hint: A configuration of cas-mirror needs no import: give it after -f. If it is of anaconda-mirror, say --from anaconda-mirror."
  `)
  expect(failToImport('what: ever\n')).toMatchInlineSnapshot(`
    "CONFIG_INVALID: Cannot import the configuration "theirs.yaml": its keys do not tell which tool it is of
    hint: Say which one: --from conda-mirror, conda-mirror-rs or anaconda-mirror."
  `)
  expect(failToImport('a: [\n')).toContain('theirs.yaml:2: this is not YAML')
  expect(failToImport('upstream_channel: x\n')).toMatchInlineSnapshot(`
    "# From the configuration theirs.yaml of conda-mirror (until 0.10).
    #
    # Left out, because there is nothing here that says the same:
    # - theirs.yaml: no "target_directory" is given (it may have stood on the command line): without "mirror_dir", /opt/cas-mirror is used.
    # - theirs.yaml: no "platform" is given (conda-mirror took it from the command line): without "platforms", all that cas-mirror had are mirrored.
    channels:
      - url: x
    fetch_installers: false
    variants:
      bz2: true
    "
  `)
})

test('importConfig() carries no whitelist over that had no effect', ({ expect }) => {
  const text = failToImport('upstream_channel: x\ntarget_directory: /srv/x\nplatform: linux-64\nwhitelist: [{name: numpy}]\n')
  expect(text).not.toMatch(/^include:/m)
  expect(text).toContain('"whitelist" had no effect without a blacklist')
})
