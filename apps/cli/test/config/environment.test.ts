import { readFileSync } from 'node:fs'
import { test } from 'vitest'
import { readEnvironment } from '../../src/config/environment.ts'

/** Everybody knows what these are. */
const PLAIN = ['HOME', 'USERPROFILE', 'http_proxy', 'https_proxy', 'all_proxy', 'no_proxy']

test('every variable that is read is on the page of the configuration', ({ expect }) => {
  const names = new Set<string>()
  const env = new Proxy<Record<string, string>>({}, {
    get(_, name) {
      names.add(String(name))
      return undefined
    },
  })
  for (const platform of ['linux', 'darwin', 'win32']) readEnvironment(env, platform)
  const page = readFileSync(new URL('../../../../docs/reference/config.md', import.meta.url), 'utf8').split('## Environment\n')[1] ?? ''
  expect(names.size).toBeGreaterThan(20)
  expect([...names].filter((name) => !PLAIN.includes(name) && !page.includes(`\`${name}\``))).toEqual([])
})
