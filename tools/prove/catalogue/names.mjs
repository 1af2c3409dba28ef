import { existsSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Names that no file of a mirror may have. */
const HOSTILE = {
  H01: ['../../x.conda', '..', '.', 'a/b.conda', '/abs.conda', '\\\\srv\\x.conda', 'a\\b.conda', 'C:x.conda', 'C:\\x.conda', '//x.conda'],
  H02: ['a\0b.conda', 'a\nb.conda', 'a\rb.conda', 'a\tb.conda', 'a\u001b[2Jb.conda', 'a\u007fb.conda', 'a\u00ffb.conda'],
  H03: ['', `${'a'.repeat(251)}.conda`, `${'a'.repeat(4090)}.conda`, 'a.conda.', 'a.conda ', '-a.conda', '.a.conda'],
  H04: ['e\u0301.conda', '\u00df.conda', '\ufb01.conda', 'a\u202eb.conda', 'a\u200bb.conda', 'a\uff0fb.conda', '\ud800.conda'],
  H05: ['CON.conda', 'NUL.conda', 'aux.tar.bz2', 'a:b.conda', 'x.conda::$DATA'],
  H06: ['repodata.json', 'repodata.json.zst', '.mirror', 'lock.db', 'index.html'],
  H07: ['%2e%2e%2f.conda', '%252e.conda', '%00.conda', 'a b.conda', 'a#b.conda', 'a?b.conda', 'a;b.conda'],
}

const indexOf = (scene, subdir = 'linux-64') => join(scene.upstream, subdir, 'repodata.json')

/** Everything below the folder of the case but the mirror and upstream: a name that breaks out would land there, or above. */
const strayFiles = async (scene) => {
  const here = (await readdir(scene.cwd)).filter((name) => !['m', 'up', 'x.yaml'].includes(name))
  const above = (await readdir(join(scene.cwd, '..'))).filter((name) => !/^(?:case-\d+|before|after|mirror)$/.test(name))
  return [...here.map((name) => `${name} is beside the mirror`), ...above.map((name) => `${name} is above the mirror`), ...(existsSync('/abs.conda') ? ['/abs.conda is there'] : [])]
}

/** Nothing that a terminal would carry out is printed. */
const rawControls = ({ stdout, stderr }) => (/[\0\u0007\u001b\u007f\u202e]/.test(`${stdout}${stderr}`) ? ['a control character is printed'] : [])

/** The record of the new artifact under another key. */
const asKey = (id, name) => ({
  id, name: `as a key of an index: ${JSON.stringify(name).slice(0, 60)}`, expect: 'refused',
  arrange: async (scene) => {
    const document = JSON.parse(await readFile(indexOf(scene), 'utf8'))
    const { 'zeta-1.0-0.conda': zeta, ...others } = document['packages.conda']
    const text = JSON.stringify({ ...document, 'packages.conda': { ...others, HERE: zeta } }).replace('"HERE"', () => JSON.stringify(name))
    await writeFile(indexOf(scene), text)
    await rm(`${indexOf(scene)}.zst`)
  },
  also: async (scene, ran) => [...(await strayFiles(scene)), ...rawControls(ran)],
})

/** The folder of a channel by its URL, and a path in the configuration. */
const asFolder = (id, name) => ({
  id, name: `as the folder of a channel: ${JSON.stringify(name).slice(0, 60)}`, expect: 'refused', exits: [1, 2, 4],
  arrange: async (scene) => {
    await writeFile(join(scene.cwd, 'x.yaml'), `mirror_dir: m\nfetch_installers: false\nchannels:\n  - url: ${JSON.stringify(scene.server.url)}\n    path: ${JSON.stringify(name)}\nplatforms: [linux-64]\n`)
    return { argv: ['sync', '-f', 'x.yaml', '--json'] }
  },
  also: async (scene, ran) => [...(await strayFiles(scene)), ...rawControls(ran)],
})

const asPlatform = (name) => ({
  id: 'H08', name: `as a platform: ${JSON.stringify(name).slice(0, 60)}`, expect: 'refused', exits: [2, 1, 3],
  arrange: (scene) => ({ argv: ['sync', '-c', scene.server.url, '--mirror-dir', 'm', '-p', name, '--json'] }),
  also: async (scene, ran) => [...(await strayFiles(scene)), ...rawControls(ran)],
})

/** Odd names that are legal survive a round trip. */
const legal = ['plus+sign', 'epoch!', `${'long-'.repeat(40)}name`].map((name) => ({
  id: 'H07', name: `a legal name: ${name.slice(0, 30)}`, expect: 'complete', scene: { moved: false },
  arrange: async (scene) => {
    const file = `${name}-1.0-0.conda`
    const bytes = await readFile(join(scene.upstream, 'linux-64/gamma-1.0-0.conda'))
    await writeFile(join(scene.upstream, 'linux-64', file), bytes)
    const document = JSON.parse(await readFile(indexOf(scene), 'utf8'))
    document['packages.conda'][file] = { ...document['packages.conda']['gamma-1.0-0.conda'], name }
    await writeFile(indexOf(scene), JSON.stringify(document))
    await rm(`${indexOf(scene)}.zst`)
  },
}))

/** A folder may have a space or a percent sign in its name; it may not lead out, hide, or end in what another system drops. */
const FOLDERS = { H01: ['../../x', '..', '/abs', 'a/../../x', '//x'], H02: ['a\nb', 'a\u001bb'], H06: ['.mirror', 'a/.mirror'] }

export const nameCases = () => [
  ...Object.entries(HOSTILE).flatMap(([id, names]) => names.map((name) => asKey(id, name))),
  ...Object.entries(FOLDERS).flatMap(([id, names]) => names.map((name) => asFolder(id, name))),
  ...['../x', 'linux-64/../noarch', '.mirror', 'a'.repeat(65), 'linux_64', 'linux-64\u001b'].map(asPlatform),
  ...legal,
]

export const nameSkipped = ['H in manifests, archives, listings of object stores and URLs of a server: entry points that come with apply and serve']
