import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test as base } from 'vitest'
import { findVersionFaults, readReleaseTags, readVersions } from '../release/versions.ts'

const root = join(import.meta.dirname, '../..')

const test = base.extend<{ write: (files: Readonly<Record<string, string>>) => string }>({
  write: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'versions-'))
    await use((files) => {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true })
        writeFileSync(join(folder, path), text)
      }
      return folder
    })
    rmSync(folder, { recursive: true, force: true })
  },
})

const manifest = (name: string, version: string, more = {}) => JSON.stringify({ name, version, ...more })

test('the manifests, the changelogs and the tags of this checkout agree', ({ expect }) => {
  const packages = readVersions(root)
  expect(packages.map(({ name }) => name)).toEqual(expect.arrayContaining(['@mirror/cli', '@mirror/core', '@mirror/difftar']))
  expect(findVersionFaults({ packages, tags: readReleaseTags(root) })).toEqual([])
})

test('a command prints the version of its manifest', ({ expect }) => {
  const packages = readVersions(root)
  for (const [name, bin] of [['@mirror/cli', 'apps/cli/bin/mirror.js'], ['@mirror/cli', 'apps/cli/bin/cas-sync.js'], ['@mirror/difftar', 'packages/difftar/bin/conda-diff-tar.js']] as const) {
    const said = execFileSync(process.execPath, [join(root, bin), '--version'], { encoding: 'utf8' }).trim()
    expect(said.split(' ').at(-1), bin).toBe(packages.find((one) => one.name === name)?.version)
  }
})

test('readVersions() reads the newest version of a changelog, and leaves out what is private', ({ expect, write }) => {
  const folder = write({
    'packages/one/package.json': manifest('@mirror/one', '0.2.0'),
    'packages/one/CHANGELOG.md': '# @mirror/one\n\n## 0.2.0\n\n### Minor Changes\n\n- More\n\n## 0.1.0\n',
    'packages/two/package.json': manifest('@mirror/two', '0.0.0'),
    'apps/three/package.json': manifest('@mirror/three', '1.0.0', { private: true }),
  })
  expect(readVersions(folder)).toEqual([{ name: '@mirror/one', version: '0.2.0', released: '0.2.0' }, { name: '@mirror/two', version: '0.0.0', released: undefined }])
})

test('readReleaseTags() reads those of the commit that name a package', ({ expect, write }) => {
  const folder = write({ file: 'a file\n' })
  const git = (...args: readonly string[]) => execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], { cwd: folder, stdio: 'pipe' })
  git('init', '--quiet')
  expect(readReleaseTags(folder)).toEqual([])
  for (const step of [['add', '.'], ['commit', '--quiet', '-m', 'one'], ['tag', '@mirror/one@0.2.0'], ['tag', 'another']]) git(...step)
  expect(readReleaseTags(folder)).toEqual([{ name: '@mirror/one', version: '0.2.0' }])
})

test('findVersionFaults() names each disagreement', ({ expect }) => {
  const packages = [{ name: '@mirror/one', version: '0.2.0', released: '0.1.0' }, { name: '@mirror/two', version: '0.1.0', released: undefined }]
  const tags = [{ name: '@mirror/one', version: '0.3.0' }, { name: '@mirror/two', version: '0.1.0' }, { name: '@mirror/gone', version: '0.1.0' }]
  expect(findVersionFaults({ packages, tags })).toEqual([
    '@mirror/one is 0.2.0, and the newest in its changelog is 0.1.0',
    '@mirror/one is 0.2.0, and the tag of this commit says 0.3.0',
    'the tag of this commit is @mirror/two@0.1.0, of which no changelog says anything',
    'the tag @mirror/gone@0.1.0 names no published package',
  ])
})
