import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { readEnvironment } from '../../../src/config/environment.ts'
import { listConfigFolders, listTokenFolders } from '../../../src/config/target/anaconda-folders.ts'
import { test } from '../../support.ts'
import { lay, OWN, read } from './anaconda-home.ts'

const HOME = { HOME: '/h' }

test.for<[string, Readonly<Record<string, string>>, string, readonly string[], readonly string[]]>([
  ['Linux', HOME, 'linux', ['/usr/local/share/binstar', '/etc/anaconda-client', '/h/.config/binstar', '/h/.continuum/anaconda-client'], ['/h/.config/binstar', '/h/.continuum/anaconda-client/tokens']],
  ['macOS', HOME, 'darwin', ['/Library/Application Support/binstar', '/etc/anaconda-client', '/h/Library/Application Support/binstar', '/h/.continuum/anaconda-client'],
    ['/h/Library/Application Support/binstar', '/h/.continuum/anaconda-client/tokens']],
  ['an environment of conda', { ...HOME, CONDA_ROOT: '/c', CONDA_PREFIX: '/c/envs/e' }, 'linux',
    ['/usr/local/share/binstar', '/etc/anaconda-client', '/c/etc/anaconda-client', '/h/.config/binstar', '/h/.continuum/anaconda-client', '/c/envs/e/etc/anaconda-client'], []],
  ['a conda that is known by its program, with its base active', { ...HOME, CONDA_EXE: '/c/bin/conda', CONDA_PREFIX: '/c' }, 'linux',
    ['/usr/local/share/binstar', '/etc/anaconda-client', '/c/etc/anaconda-client', '/h/.config/binstar', '/h/.continuum/anaconda-client'], []],
  ['XDG', { ...HOME, XDG_CONFIG_HOME: '/x', XDG_DATA_DIRS: 'relative:/d1:/d2' }, 'linux', ['/d1/binstar', '/etc/anaconda-client', '/x/binstar', '/h/.continuum/anaconda-client'],
    ['/x/binstar', '/h/.continuum/anaconda-client/tokens']],
  ['XDG without absolute paths', { ...HOME, XDG_CONFIG_HOME: 'x', XDG_DATA_DIRS: 'd' }, 'linux', ['/usr/local/share/binstar', '/etc/anaconda-client', '/h/.config/binstar', '/h/.continuum/anaconda-client'], []],
  ['BINSTAR_CONFIG_DIR', { ...HOME, BINSTAR_CONFIG_DIR: '/b' }, 'linux', ['/b/data', '/etc/anaconda-client', '/h/.continuum/anaconda-client'], ['/b/data', '/b/data/tokens']],
  ['no home', {}, 'linux', ['/usr/local/share/binstar', '/etc/anaconda-client'], []],
])('listConfigFolders(), listTokenFolders(): %s', ([, variables, platform, folders, tokens], { expect }) => {
  const env = readEnvironment(variables, platform)
  expect(listConfigFolders(env)).toEqual(folders)
  if (tokens.length > 0) expect(listTokenFolders(env)).toEqual(tokens)
})

test('readEnvironment() on Windows has the folders of programs there, and XDG counts for nothing', ({ expect }) => {
  expect(readEnvironment({ LOCALAPPDATA: 'C:\\l', ALLUSERSPROFILE: 'C:\\p', XDG_CONFIG_HOME: '/x', USERPROFILE: 'C:\\u' }, 'win32')).toMatchObject({
    home: 'C:\\u', targets: { userFolder: 'C:\\l', siteFolder: 'C:\\p', namesAuthor: true },
  })
})

test('readAnacondaConfig() has defaults where there are no files', async ({ expect, folder }) => {
  const config = await read(folder)
  expect(config).toMatchObject({ files: [], warnings: [], values: { url: 'https://api.anaconda.org', default_site: null, sites: { anaconda: {}, binstar: {} } } })
  expect(config.where(['url'])).toBeUndefined()
})

test('readAnacondaConfig() merges the files of all folders, by name within one, and knows where each value is from', async ({ expect, folder }) => {
  const config = await read(folder, {
    'share/binstar/a.yaml': 'default_site: share\nurl: https://share.example\n',
    'etc/b.yml': 'sites:\n  repo:\n    url: https://b.example\n    upload_user: b\n',
    'etc/a.yaml': 'sites:\n  repo:\n    url: https://a.example\n    ssl_verify: /a.pem\n',
    'conda/etc/anaconda-client/x.yaml': 'url: https://conda.example\n',
    'home/.config/binstar/config.yaml': 'default_site: user\n',
    [OWN]: '# mine\ndefault_site: own\n',
    'env/etc/anaconda-client/x.yaml': 'upload_user: env\n',
    'etc/notes.txt': 'default_site: txt\n',
    'etc/.hidden.yaml': 'hidden: true\n',
  }, { CONDA_ROOT: join(folder, 'conda'), CONDA_PREFIX: join(folder, 'env') })
  expect(config.warnings).toEqual([])
  expect(config.values).toMatchObject({
    default_site: 'own', url: 'https://conda.example', upload_user: 'env', hidden: true, sites: { repo: { url: 'https://b.example', upload_user: 'b', ssl_verify: '/a.pem' }, anaconda: { url: 'https://api.anaconda.org' } },
  })
  expect(config.files.map((file) => file.slice(folder.length + 1))).toEqual([
    'share/binstar/a.yaml', 'etc/.hidden.yaml', 'etc/a.yaml', 'etc/b.yml', 'conda/etc/anaconda-client/x.yaml', 'home/.config/binstar/config.yaml', OWN, 'env/etc/anaconda-client/x.yaml',
  ])
  expect(config.where(['default_site'])).toBe(`${join(folder, OWN)}:2`)
  expect(config.where(['sites', 'repo', 'url'])).toBe(`${join(folder, 'etc/b.yml')}:3`)
  expect(config.where(['sites', 'repo', 'ssl_verify'])).toBe(`${join(folder, 'etc/a.yaml')}:4`)
  expect(config.where(['sites', 'anaconda', 'url'])).toBeUndefined()
})

test('readAnacondaConfig() with BINSTAR_CONFIG_DIR: its folder has the first place, so others go over it, as in anaconda-client', async ({ expect, folder }) => {
  const files = { 'b/data/config.yaml': 'url: https://b.example\nupload_user: b\n', 'etc/a.yaml': 'url: https://etc.example\n', 'home/.config/binstar/config.yaml': 'url: https://unused.example\n' }
  expect((await read(folder, files, { BINSTAR_CONFIG_DIR: join(folder, 'b') })).values).toMatchObject({ url: 'https://etc.example', upload_user: 'b' })
})

test('readAnacondaConfig() warns of what is no YAML, with file and line, goes on with the others, and touches nothing', async ({ expect, folder }) => {
  const broken = 'sites:\n  repo: {url: "https://tk-secret@x"\nurl: [\n'
  const config = await read(folder, { 'etc/a.yaml': broken, 'etc/b.yaml': '- one\n- two\n', 'etc/c.yaml': 'url: https://c.example\n', 'etc/d.yaml': 'url: a\nurl: b\n', 'etc/e.yaml': '', 'etc/f.yaml': '# nothing\n' })
  expect(config.values['url']).toBe('https://c.example')
  expect(config.warnings.map(({ code, where }) => `${code} ${where?.slice(folder.length + 1)}`)).toEqual(['CONFIG_INVALID etc/a.yaml:3', 'CONFIG_INVALID etc/b.yaml:1', 'CONFIG_INVALID etc/d.yaml:2'])
  expect(JSON.stringify(config.warnings)).not.toContain('secret')
  expect(await readdir(join(folder, 'etc'))).toEqual(['a.yaml', 'b.yaml', 'c.yaml', 'd.yaml', 'e.yaml', 'f.yaml'])
  expect(await readFile(join(folder, 'etc/a.yaml'), 'utf8')).toBe(broken)
})

test('readAnacondaConfig() warns of what cannot be read, and waits for nothing', async ({ expect, folder }) => {
  await lay(folder, { 'etc/c.yaml': 'url: https://c.example\n' })
  await writeFile(join(folder, 'etc/a.yaml'), Buffer.from([0x6d, 0xfc]))
  await mkdir(join(folder, 'etc/b.yaml'))
  await symlink(join(folder, 'nowhere'), join(folder, 'etc/d.yaml'))
  execFileSync('mkfifo', [join(folder, 'etc/e.yaml')])
  const config = await read(folder)
  expect(config.values['url']).toBe('https://c.example')
  expect(config.warnings.map(({ where, message }) => `${where?.slice(folder.length + 1)}: ${message}`)).toEqual([
    'etc/a.yaml: the configuration of anaconda-client cannot be read here: it is not UTF-8',
    'etc/b.yaml: the configuration of anaconda-client cannot be read here: it is no file',
    'etc/e.yaml: the configuration of anaconda-client cannot be read here: it is no file',
  ])
})

test.skipIf(process.getuid?.() === 0)('readAnacondaConfig() warns of a folder and a file that it may not read', async ({ expect, folder }) => {
  await lay(folder, { 'etc/a.yaml': 'url: a\n', [OWN]: 'url: b\n' })
  await chmod(join(folder, 'etc'), 0o000)
  await chmod(join(folder, OWN), 0o000)
  const { warnings } = await read(folder)
  await chmod(join(folder, 'etc'), 0o700)
  expect(warnings.map(({ where, message }) => `${where?.slice(folder.length + 1)}: ${message}`)).toEqual([
    'etc: the configuration of anaconda-client cannot be read here: permission denied',
    `${OWN}: the configuration of anaconda-client cannot be read here: permission denied`,
  ])
})
