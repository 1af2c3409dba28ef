import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test as base } from 'vitest'

const tools = dirname(import.meta.dirname)
const registry = ['registry', 'npmjs', 'org'].join('.')
const picture = '<!-- dependencies:start -->\n```\npackages/one → –\n```\n<!-- dependencies:end -->\n'

const complete: Readonly<Record<string, string>> = {
  'package.json': '{}',
  'README.md': '# A heading\n\nSee [the docs](docs/architecture.md) and [above](#a-heading).\n',
  'docs/architecture.md': picture,
  '.changeset/one.md': '---\n"@mirror/one": minor\n---\n\nDo more\n',
  'packages/one/README.md': 'One.\n',
  'packages/one/package.json': JSON.stringify({
    name: '@mirror/one', version: '0.1.0', description: 'One', license: 'BSD-3-Clause', engines: {}, repository: {}, publishConfig: {}, files: [],
  }),
}

const test = base.extend<{ check: (changes: Readonly<Record<string, string>>) => string[] }>({
  check: async ({}, use) => {
    const root = mkdtempSync(join(tmpdir(), 'check-docs-'))
    await use((changes) => {
      for (const [file, text] of Object.entries({ ...complete, ...changes })) {
        mkdirSync(dirname(join(root, file)), { recursive: true })
        writeFileSync(join(root, file), text)
      }
      mkdirSync(join(root, 'apps'), { recursive: true })
      mkdirSync(join(root, 'tools'), { recursive: true })
      cpSync(join(tools, 'check-docs.mjs'), join(root, 'tools', 'check-docs.mjs'))
      cpSync(join(tools, 'lib'), join(root, 'tools', 'lib'), { recursive: true })
      execFileSync('git', ['init', '--quiet', root])
      const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'tools', 'check-docs.mjs')], { encoding: 'utf8' })
      if (status !== 0 && stdout === '') throw new Error(stderr)
      return stdout.trim().split('\n')
    })
    rmSync(root, { recursive: true, force: true })
  },
})

test('check-docs finds nothing in a repository that is in order', ({ check, expect }) => {
  expect(check({})).toEqual([''])
})

test.for([
  ['a link to nothing', { 'docs/page.md': 'See [it](gone.md).\n' }, 'docs/page.md:1 links to gone.md, which does not exist'],
  ['a link to a heading that is gone', { 'docs/page.md': '[it](../README.md#gone)\n' }, 'docs/page.md:1 links to ../README.md#gone, whose heading does not exist'],
  ['a registry', { 'packages/one/x.ts': `\n'https://${registry}/x'\n` }, `packages/one/x.ts:2 names a registry host: ${registry}`],
  ['a machine', { 'docs/page.md': ['', 'root', '.cache/x'].join('/') }, `docs/page.md:1 names a folder of one machine: ${['', 'root', ''].join('/')}`],
  ['a changeset of an unknown package', { '.changeset/two.md': '---\n"@mirror/two": minor\n---\n\nDo\n' }, '.changeset/two.md is no changeset of published packages'],
  ['a changeset that says nothing', { '.changeset/two.md': '---\n"@mirror/one": minor\n---\n\n' }, '.changeset/two.md is no changeset of published packages'],
] as const)('check-docs finds %s', ([, changes, fault], { check, expect }) => {
  expect(check(changes)).toEqual([fault])
})

test('check-docs finds a picture that is not what the manifests say', ({ check, expect }) => {
  expect(check({ 'docs/architecture.md': picture.replace('–', 'two') })[0]).toContain('docs/architecture.md shows other dependencies')
})

test('check-docs takes no notice of links in code', ({ check, expect }) => {
  expect(check({ 'docs/page.md': '```\n[it](gone.md)\n```\n`[it](gone.md)`\n' })).toEqual([''])
})
