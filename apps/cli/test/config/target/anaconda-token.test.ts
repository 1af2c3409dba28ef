import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { isMirrorError } from '@mirror/core'
import { findAnacondaToken } from '../../../src/config/target/anaconda-token.ts'
import type { Site } from '../../../src/config/target/site.ts'
import { test } from '../../support.ts'
import { environmentOf, lay } from './anaconda-home.ts'

const FIRST = 'home/.config/binstar'
const SECOND = 'home/.continuum/anaconda-client/tokens'
const FILE = 'https%3A%2F%2Frepo.example%2Fapi.token'

function site(fields: Partial<Site> = {}): Site {
  return { name: 'repo', url: 'https://repo.example/api', writtenUrl: 'https://repo.example/api', verify: true, certificates: undefined, uploadUser: undefined, warnings: [], ...fields }
}

interface Case {
  readonly files?: Readonly<Record<string, string>>
  readonly variables?: Readonly<Record<string, string>>
  readonly site?: Partial<Site>
}

/** The token and its source, without the folder. */
async function find(folder: string, { files = {}, variables = {}, site: fields = {} }: Case): Promise<string> {
  await lay(folder, files)
  const { token, source, warnings } = await findAnacondaToken(site(fields), environmentOf(folder, variables))
  return [`${token.reveal()} of ${source}`, ...warnings.map(({ where, message }) => `${where}: ${message}`)].join('\n').replaceAll(`${folder}/`, '')
}

async function refusal(folder: string, one: Case): Promise<string> {
  try {
    return await find(folder, one)
  } catch (error) {
    if (!isMirrorError(error)) throw error
    return `${error.code}: ${error.message}\nhint: ${error.hint}`.replaceAll(`${folder}/`, '')
  }
}

const both = { [`${FIRST}/${FILE}`]: 'first', [`${SECOND}/${FILE}`]: 'second' }

test.for<[string, Case, string]>([
  ['BINSTAR_API_TOKEN before all else', { files: both, variables: { BINSTAR_API_TOKEN: ' tk-b\n', ANACONDA_API_TOKEN: 'tk-a' } }, 'tk-b of BINSTAR_API_TOKEN'],
  ['ANACONDA_API_TOKEN next, also where the other one is empty', { files: both, variables: { BINSTAR_API_TOKEN: '', ANACONDA_API_TOKEN: 'tk-a' } }, 'tk-a of ANACONDA_API_TOKEN'],
  ['the first folder', { files: both }, `first of ${FIRST}/${FILE}`],
  ['the second folder, where the file in the first is empty', { files: { ...both, [`${FIRST}/${FILE}`]: ' \n' } }, `second of ${SECOND}/${FILE}`],
  ['the token alone, without the end of its line', { files: { [`${SECOND}/${FILE}`]: '\ttk-1\r\n' } }, `tk-1 of ${SECOND}/${FILE}`],
  ['the URL as it is written, with its slash', { files: { [`${FIRST}/http%3A%2F%2Fh%2Fapi%2F.token`]: 'slash' }, site: { writtenUrl: 'http://h/api/', url: 'http://h/api' } }, `slash of ${FIRST}/http%3A%2F%2Fh%2Fapi%2F.token`],
  ['the URL as it is written, without a scheme', { files: { [`${SECOND}/repo.example.token`]: 'bare' }, site: { writtenUrl: 'repo.example', url: 'https://repo.example' } }, `bare of ${SECOND}/repo.example.token`],
  ['a URL that differs in its last slash, in conda\'s folder', { files: { [`${FIRST}/${FILE}`]: 'first' }, site: { writtenUrl: 'https://repo.example/api/' } }, `first of ${FIRST}/${FILE}`],
  ['of several beginnings in conda\'s folder the longest', { files: { [`${FIRST}/https%3A%2F%2Frepo.example.token`]: 'short', [`${FIRST}/${FILE}`]: 'long' }, site: { writtenUrl: 'https://repo.example/api/v4' } }, `long of ${FIRST}/${FILE}`],
  ['the very URL in the second folder before a beginning', { files: { [`${FIRST}/https%3A%2F%2Frepo.example.token`]: 'short', [`${SECOND}/${FILE}`]: 'exact' } }, `exact of ${SECOND}/${FILE}`],
  ['the folder of BINSTAR_CONFIG_DIR', { files: { ...both, [`b/data/tokens/${FILE}`]: 'own' }, variables: { BINSTAR_CONFIG_DIR: 'b' } }, 'own of '],
])('findAnacondaToken() takes %s', async ([, { variables = {}, ...rest }, found], { expect, folder }) => {
  const own = variables['BINSTAR_CONFIG_DIR']
  expect(await find(folder, { ...rest, variables: { ...variables, ...(own === undefined ? {} : { BINSTAR_CONFIG_DIR: join(folder, own) }) } })).toContain(found)
})

test.for<[string, string]>([
  ['a folder in the way', 'https%3A%2F%2Frepo.example%2Fa.token'],
  ['another host that begins alike', 'https%3A%2F%2Frepo.exam.token'],
  ['a longer URL', 'https%3A%2F%2Frepo.example%2Fapi%2Fv4.token'],
  ['a scheme alone', 'https%3A%2F%2F.token'],
  ['no name', '.token'],
  ['a name that is no quoted URL', '%zz.token'],
  ['another ending', 'https%3A%2F%2Frepo.example.tok'],
])('findAnacondaToken() does not send the token of %s', async ([, name], { expect, folder }) => {
  expect(await refusal(folder, { files: { [`${FIRST}/${name}`]: 'tk-secret' } })).toContain('NOT_LOGGED_IN')
})

test('findAnacondaToken() says how to log in', async ({ expect, folder }) => {
  expect(await refusal(folder, {})).toBe(`NOT_LOGGED_IN: Cannot upload to https://repo.example/api: there is no token for it
hint: Log in once with: anaconda -s repo login. Or put a token into the variable BINSTAR_API_TOKEN.`)
  expect(await refusal(folder, { site: { name: undefined } })).toContain('hint: Log in once with: anaconda config --set sites.NAME.url https://repo.example/api, and then anaconda -s NAME login. Or put')
})

test('findAnacondaToken() warns of a file that others can read, and takes it', async ({ expect, folder }) => {
  await lay(folder, both)
  await chmod(join(folder, FIRST, FILE), 0o644)
  expect(await findAnacondaToken(site(), environmentOf(folder))).toMatchObject({ warnings: [{ where: join(folder, FIRST, FILE), message: 'others can read this file, and it holds a secret' }] })
})

test('findAnacondaToken() says what it could not read, and removes nothing', async ({ expect, folder }) => {
  await lay(folder, { [`${FIRST}/${FILE}`]: 'two words\nof tk-secret', [`${SECOND}/${FILE}`]: '' })
  const refused = await refusal(folder, {})
  expect(refused).toContain(`there is no token for it; ${FIRST}/${FILE}: no token can be read here: it holds something else than one token`)
  expect(refused).not.toContain('secret')
  expect(await readFile(join(folder, SECOND, FILE), 'utf8')).toBe('')
  await writeFile(join(folder, FIRST, FILE), Buffer.from([0xff]))
  expect(await refusal(folder, {})).toContain('it is not UTF-8')
  expect(await refusal(folder, { variables: { BINSTAR_API_TOKEN: 'tk-secret\nmore' } })).toMatch(/^NOT_LOGGED_IN: .*BINSTAR_API_TOKEN: no token can be read here: it holds something else than one token\nhint/)
})

test('findAnacondaToken() gives a token that is not shown by accident', async ({ expect, folder }) => {
  const found = await findAnacondaToken(site(), environmentOf(folder, { BINSTAR_API_TOKEN: 'tk-secret' }))
  expect(JSON.stringify(found) + inspect(found, { depth: 9 })).not.toContain('tk-secret')
  expect(JSON.stringify(environmentOf(folder, { QUETZ_API_KEY: 'tk-secret', ARTIFACTORY_PASSWORD: 'tk-secret' }))).not.toContain('tk-secret')
})
