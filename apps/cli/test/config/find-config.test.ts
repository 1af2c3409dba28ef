import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readEnvironment } from '../../src/config/environment.ts'
import { findConfig } from '../../src/config/find-config.ts'
import { findNearest } from '../../src/config/nearest.ts'
import { test } from '../support.ts'

test('findConfig() takes the named file, else that of the user, else that of the system, and never merges', async ({ expect, folder }) => {
  const lookup = { file: undefined, home: join(folder, 'home'), workingDirectory: folder, systemFile: join(folder, 'system') }
  await mkdir(lookup.home)
  expect(await findConfig(lookup)).toBeUndefined()
  await writeFile(lookup.systemFile, 'system')
  expect(await findConfig(lookup)).toEqual({ path: lookup.systemFile, text: 'system' })
  await writeFile(join(lookup.home, '.cas-mirror'), 'user')
  expect(await findConfig(lookup)).toEqual({ path: join(lookup.home, '.cas-mirror'), text: 'user' })
  await writeFile(join(folder, 'named.yaml'), 'named')
  expect(await findConfig({ ...lookup, file: 'named.yaml' })).toEqual({ path: 'named.yaml', text: 'named' })
})

test('findConfig() refuses a named file that is absent, a folder, and what is not UTF-8', async ({ expect, folder }) => {
  const lookup = { home: undefined, workingDirectory: folder, systemFile: join(folder, 'system') }
  await writeFile(join(folder, 'latin1'), Buffer.from([0x6d, 0xfc]))
  await expect(findConfig({ ...lookup, file: 'absent' })).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' })
  await expect(findConfig({ ...lookup, file: '.' })).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' })
  await expect(findConfig({ ...lookup, file: 'latin1' })).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE', message: 'Cannot read the configuration "latin1": it is not UTF-8' })
})

test('readEnvironment() reads both cases of the proxy variables, and takes an empty variable as unset', ({ expect }) => {
  expect(readEnvironment({ HTTPS_PROXY: 'a', https_proxy: 'b', HTTP_PROXY: 'c', NO_PROXY: 'd', no_proxy: '' }).proxies).toEqual({ https: 'b', http: 'c', none: 'd' })
  expect(readEnvironment({ ALL_PROXY: 'x' }).proxies).toEqual({ https: 'x', http: 'x', none: undefined })
})

test('readEnvironment() looks for netrc at home unless it is named', ({ expect }) => {
  expect(readEnvironment({ HOME: '/h' }).netrc).toEqual({ path: '/h/.netrc', required: false })
  expect(readEnvironment({ HOME: '/h', NETRC: '/n' }).netrc).toEqual({ path: '/n', required: true })
  expect(readEnvironment({}).netrc).toBeUndefined()
})

test('readEnvironment() knows when a terminal wants neither colour nor redrawing', ({ expect }) => {
  expect(readEnvironment({})).toMatchObject({ color: true, plain: false })
  expect(readEnvironment({ NO_COLOR: '1', CI: 'true' })).toMatchObject({ color: false, plain: true })
  expect(readEnvironment({ TERM: 'dumb' })).toMatchObject({ plain: true })
})

test.for([
  ['platfroms', 'platforms'], ['mirror-dir', 'mirror_dir'], ['Channels', 'channels'], ['chanels', 'channels'], ['proxies', undefined], ['log_dir', undefined], ['x', undefined],
] as const)('findNearest() finds for %s: %s', ([text, expected], { expect }) => {
  expect(findNearest(text, ['platforms', 'mirror_dir', 'channels', 'grace', 'reuse'])).toBe(expected)
})
