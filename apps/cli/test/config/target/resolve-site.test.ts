import { join } from 'node:path'
import { isMirrorError } from '@mirror/core'
import { resolveSite } from '../../../src/config/target/resolve-site.ts'
import { test } from '../../support.ts'
import { OWN, read, siteOf } from './anaconda-home.ts'

/** Code, message and hint of what a configuration is refused with, without the folder. */
async function refusal(folder: string, text: string, name?: string): Promise<string> {
  try {
    return `no error: ${(await siteOf(folder, text, name)).url}`
  } catch (error) {
    if (!isMirrorError(error)) throw error
    return `${error.code}: ${error.message}${error.hint === undefined ? '' : `\nhint: ${error.hint}`}`.replaceAll(join(folder, OWN), 'FILE')
  }
}

const REPO = 'sites:\n  repo:\n    url: https://repo.example/api\n'

test('resolveSite() takes the named site, else the default one; its keys go over those on top', async ({ expect, folder }) => {
  const text = `default_site: repo\nupload_user: top\nssl_verify: /top.pem\n${REPO}    ssl_verify: false\n  other:\n    url: http://127.0.0.1:8/api/\n    upload_user: me\n`
  expect(await siteOf(folder, text)).toMatchObject({ name: 'repo', url: 'https://repo.example/api', writtenUrl: 'https://repo.example/api', verify: false, certificates: undefined, uploadUser: 'top' })
  expect(await siteOf(folder, text, 'other')).toEqual({
    name: 'other', url: 'http://127.0.0.1:8/api', writtenUrl: 'http://127.0.0.1:8/api/', verify: true, certificates: '/top.pem', uploadUser: 'me', warnings: [],
  })
})

test('resolveSite() has the public site under its two names, for those who mean it', async ({ expect, folder }) => {
  for (const name of ['anaconda', 'binstar']) expect(await siteOf(folder, '', name)).toMatchObject({ name, url: 'https://api.anaconda.org', verify: true })
  expect(await siteOf(folder, 'default_site: anaconda')).toMatchObject({ name: 'anaconda', url: 'https://api.anaconda.org' })
  expect(await siteOf(folder, 'sites: {anaconda: {url: https://inside.example}}', 'anaconda')).toMatchObject({ url: 'https://inside.example' })
})

test.for(['', 'url: https://api.anaconda.org', 'url: https://anaconda.org/', 'default_site: no', `default_site: ''\n${REPO}`, REPO])('resolveSite() never takes the public site because nothing else was said: %j', async (text, { expect, folder }) => {
  expect(await refusal(folder, text)).toBe(`SITE_UNDECIDED: Cannot choose a repository: neither "dest_site" nor the "default_site" of anaconda-client is set
hint: Set "dest_site" to a site of \`anaconda config --show\`, or to the URL of an API. "dest_site: anaconda" means the public anaconda.org.`)
})

test('resolveSite() takes a URL on top that a file sets, where no site is named', async ({ expect, folder }) => {
  expect(await siteOf(folder, 'url: repo.example/api/')).toMatchObject({ name: undefined, url: 'https://repo.example/api', writtenUrl: 'repo.example/api/' })
})

test('resolveSite() refuses a site that is not there, lists those that are, and names the nearest', async ({ expect, folder }) => {
  expect(await refusal(folder, REPO, 'rebo')).toBe(`SITE_UNKNOWN: Cannot use the site "rebo": the configuration of anaconda-client has only "anaconda", "binstar", "repo"
hint: Did you mean "repo"? A site is added with: anaconda config --set sites.NAME.url URL`)
  expect(await refusal(folder, 'upload_user: me\ndefault_site: Nowhere')).toBe(`SITE_UNKNOWN: Cannot use the site "Nowhere" (FILE:2): the configuration of anaconda-client has only "anaconda", "binstar"
hint: A site is added with: anaconda config --set sites.NAME.url URL`)
  for (const name of ['__proto__', 'constructor', 'toString']) expect(await refusal(folder, REPO, name)).toContain('SITE_UNKNOWN')
})

test.for<[string, string, string]>([
  ['no URL of its own', 'sites: {repo: {ssl_verify: false}}', '"sites.repo" has no "url", and only the public anaconda.org would be left'],
  ['nothing at all', 'sites:\n  repo:\n', '"sites.repo" has no "url", and only the public anaconda.org would be left'],
  ['a word', 'sites:\n  repo: https://repo.example\n', '"sites.repo" takes keys and values, such as "url"'],
  ['a number as URL', 'sites:\n  repo:\n    url: 8080\n', '"sites.repo.url" takes the URL of an API'],
  ['no URL', 'sites:\n  repo:\n    url: "https://"\n', '"sites.repo.url" cannot be used: it is not a URL'],
  ['another protocol', 'sites:\n  repo:\n    url: "ftp://repo.example"\n', '"sites.repo.url" cannot be used'],
  ['a password', 'sites:\n  repo:\n    url: "https://me:tk-secret@repo.example"\n', '"sites.repo.url" cannot be used: it has a user name or password in it'],
  ['a token', 'sites:\n  repo:\n    url: "https://repo.example/t/tk-secret/x"\n', '"sites.repo.url" cannot be used: it has a token in it'],
  ['a number to verify', `${REPO}    ssl_verify: 1\n`, '"sites.repo.ssl_verify" takes true, false, or the path of a file with certificates'],
  ['a number to verify, on top', `ssl_verify: 0\n${REPO}`, '"ssl_verify" takes true, false, or the path of a file with certificates'],
  ['a list of users', `${REPO}    upload_user: [a]\n`, '"sites.repo.upload_user" takes a name'],
])('resolveSite() refuses a site with %s, and says where', async ([, text, what], { expect, folder }) => {
  const refused = await refusal(folder, text, 'repo')
  expect(refused).toContain(`CONFIG_INVALID: Cannot use the configuration: FILE:`)
  expect(refused).toContain(what)
  expect(refused).not.toContain('secret')
})

test('resolveSite() refuses a default site that is no name', async ({ expect, folder }) => {
  expect(await refusal(folder, 'upload_user: me\ndefault_site: [a]')).toContain('FILE:2: "default_site" takes the name of a site')
})

test('resolveSite() takes the URL of an API, with what the configuration says of that server', async ({ expect, folder }) => {
  const text = `upload_user: top\n${REPO}    ssl_verify: /repo.pem\n`
  expect(await siteOf(folder, text, 'https://REPO.example:443/api/')).toMatchObject({ name: 'repo', url: 'https://repo.example/api', certificates: '/repo.pem' })
  expect(await siteOf(folder, text, 'https://new.example/api/')).toEqual({
    name: undefined, url: 'https://new.example/api', writtenUrl: 'https://new.example/api/', verify: true, certificates: undefined, uploadUser: 'top', warnings: [],
  })
  expect(await refusal(folder, text, 'https://me:tk-secret@new.example/api')).toBe(`TARGET_INVALID: Cannot use the site "https://***@new.example/api": it has a user name or password in it
hint: Write https://HOST/PATH of its API. Tokens are kept by anaconda-client, or given in BINSTAR_API_TOKEN.`)
})

test('resolveSite() warns of what lets others read the token, and of the old key that does nothing', async ({ expect, folder }) => {
  const config = await read(folder, { [OWN]: `verify_ssl: false\nsites:\n  repo:\n    url: http://repo.example\n    ssl_verify: false\n` })
  const show = (name: string): readonly string[] => resolveSite(config, name).warnings.map(({ where, key, message }) => `${where?.replace(join(folder, OWN), 'FILE')} ${key}: ${message}`)
  expect(show('repo')).toEqual([
    'FILE:4 sites.repo.url: http://repo.example is not encrypted: whoever is on the way can read the token',
    'FILE:5 sites.repo.ssl_verify: certificates of http://repo.example are not verified: whoever is on the way can read the token',
  ])
  expect(show('anaconda')).toEqual(['FILE:1 verify_ssl: "verify_ssl" has no effect, as in anaconda-client; the name of the key is "ssl_verify"'])
  expect(show('http://other.example')).toEqual([
    'undefined undefined: http://other.example is not encrypted: whoever is on the way can read the token',
    'FILE:1 verify_ssl: "verify_ssl" has no effect, as in anaconda-client; the name of the key is "ssl_verify"',
  ])
})

test('resolveSite() takes verify_ssl where ssl_verify is null, as anaconda-client does', async ({ expect, folder }) => {
  expect(await siteOf(folder, `ssl_verify: null\nverify_ssl: no\n${REPO}`, 'repo')).toMatchObject({ verify: false })
  expect(await siteOf(folder, `ssl_verify: null\n${REPO}`, 'repo')).toMatchObject({ verify: true })
  expect(await siteOf(folder, `verify_ssl: no\n${REPO}`, 'repo')).toMatchObject({ verify: true })
})
