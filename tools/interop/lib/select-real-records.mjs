// Arguments: the root, an empty folder. Upstream is a folder with the records of a real channel, and small artifacts made for them.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { checkMirror } from '@mirror/test-fixtures'
import { isLicenceExcluded } from '../../../packages/selection/test/licence/reference-licence.ts'
import { canRunOn } from '../../../packages/selection/test/python/reference-python.ts'
import { selectPlainly } from '../../../packages/selection/test/reference-selection.ts'
import { endParts, part, skipPart } from './run-parts.mjs'

const [root, folder] = process.argv.slice(2)
const data = resolve(process.env.MIRROR_TEST_DATA ?? join(root, '..', 'shared', 'data'), 'repodata', 'conda-subchannel-demo')
const execute = promisify(execFile)
const SUBDIRS = ['linux-64', 'noarch', 'win-64']
const SECTIONS = ['packages', 'packages.conda']
const ARTIFACT = /\.(?:conda|tar\.bz2)$/
const DAY = 86_400_000

/** The lines of a configuration, what they mean, and what speaks for a case that can fail: it keeps something and leaves something out. */
const CASES = [
  [['blacklist: [numpy, python, six]'], { blacklist: ['numpy', 'python', 'six'] }],
  [['license_blacklist: GPL3'], { licenseBlacklist: ['GPL3'] }],
  [['license_blacklist: [GPL, LGPL]', 'blacklist: [gettext, glib]', 'whitelist: [readline, gdbm]'], { licenseBlacklist: ['GPL', 'LGPL'], blacklist: ['gettext', 'glib'], whitelist: ['readline', 'gdbm'] }],
  [['license_blacklist: [MIT, BSD, Apache]'], { licenseBlacklist: ['MIT', 'BSD', 'Apache'] }],
  [['pkg_list: [python, openssl, zlib]'], { packages: ['python', 'openssl', 'zlib'] }],
  [["python_versions: ['3.8', '3.10']"], { pythonVersions: ['3.8', '3.10'] }],
  [['python_versions: [3.10]', 'blacklist: setuptools'], { pythonVersions: ['3.10'], blacklist: ['setuptools'] }],
  [['exclude: ["python <3.9", "*[license=MIT]"]'], { exclude: ['python <3.9', '*[license=MIT]'] }],
  [['include: ["python >=3.9", "openssl", "lib*"]'], { include: ['python >=3.9', 'openssl', 'lib*'] }],
  [['exclude: ["py*"]', 'include: "python >=3.10"'], { exclude: ['py*'], include: ['python >=3.10'] }],
  [['latest: 2'], { latest: { versions: 2 } }],
  [['latest: {versions: 3, builds: 1}'], { latest: { versions: 3, builds: 1 } }],
  [['formats: conda'], { formats: { allowed: ['conda'] } }],
  [['formats: {prefer: conda}'], { formats: { allowed: ['conda', 'tar.bz2'], prefer: 'conda' } }],
  [['newer_than: 2021-06-01'], { newerThan: Date.UTC(2021, 5, 1) }],
  [['older_than: 2021-06-01', 'undated: drop'], { olderThan: Date.UTC(2021, 5, 1), undated: 'drop' }],
  [['minimum_age: 30d', 'maximum_size: 200', 'latest: 5'], { minimumAge: 30 * DAY, maximumSize: 200, latest: { versions: 5 } }],
  [["python_versions: ['3.9']", 'license_blacklist: GPL', 'exclude: "*[build_number=0]"', 'include: "python"', 'latest: {versions: 2, builds: 1}', 'formats: {prefer: conda}'],
    { pythonVersions: ['3.9'], licenseBlacklist: ['GPL'], exclude: ['*[build_number=0]'], include: ['python'], latest: { versions: 2, builds: 1 }, formats: { allowed: ['conda', 'tar.bz2'], prefer: 'conda' } }],
]

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')
const sorted = (object) => Object.fromEntries(Object.entries(object).toSorted(([left], [right]) => (left < right ? -1 : 1)))

/** As conda-index would write it; the records are ASCII and stay as they are. */
const format = (document) => JSON.stringify(sorted({ ...document, ...Object.fromEntries(SECTIONS.map((key) => [key, sorted(document[key] ?? {})])) }))

/** The real channel has each artifact in one format only; here every seventh `.tar.bz2` also exists as `.conda`. */
function addTwins(document) {
  for (const [position, [file, record]] of Object.entries(document.packages).entries()) {
    if (position % 7 === 0) document['packages.conda'][file.replace(/\.tar\.bz2$/, '.conda')] ??= { ...record }
  }
}

async function buildUpstream(upstream) {
  const documents = new Map()
  for (const subdir of SUBDIRS) {
    const document = JSON.parse(await readFile(join(data, subdir, 'repodata.json'), 'utf8'))
    addTwins(document)
    await mkdir(join(upstream, subdir), { recursive: true })
    for (const section of SECTIONS) {
      for (const [file, record] of Object.entries(document[section] ?? {})) {
        const bytes = Buffer.alloc(40 + record.size % 300, `${subdir}/${file} `)
        Object.assign(record, { size: bytes.length, md5: createHash('md5').update(bytes).digest('hex'), sha256: sha256(bytes) })
        await writeFile(join(upstream, subdir, file), bytes)
      }
    }
    const text = format(document)
    assert.ok(/^[\0-\x7f]*$/.test(text), `${subdir}: not ASCII`)
    await writeFile(join(upstream, subdir, 'repodata.json'), text)
    documents.set(subdir, text)
  }
  return documents
}

/** What the second implementation publishes. */
function expectedOf(documents, selection, now) {
  const kept = selectPlainly(documents, selection, { now, isLicenceOut: isLicenceExcluded, runsOn: canRunOn })
  return new Map([...documents].map(([subdir, text]) => {
    const document = JSON.parse(text)
    const flags = kept.get(subdir)
    const names = Object.entries(document).filter(([key]) => SECTIONS.includes(key)).flatMap(([, section]) => Object.keys(section))
    assert.equal(names.length, flags.length)
    const wanted = new Set(names.filter((_, position) => flags[position]))
    const sections = SECTIONS.map((key) => [key, Object.fromEntries(Object.entries(document[key] ?? {}).filter(([file]) => wanted.has(file)))])
    return [subdir, { text: format({ ...document, ...Object.fromEntries(sections) }), files: [...wanted].toSorted(), all: names.length }]
  }))
}

async function tryCase(lines, selection, { documents, upstream }) {
  const mirror = join(folder, 'mirror')
  await rm(mirror, { recursive: true, force: true })
  await writeFile(join(folder, 'mirror.yaml'), [`mirror_dir: ${mirror}`, `channels: ${upstream}`, `platforms: [${SUBDIRS.join(', ')}]`, 'fetch_installers: false', ...lines, ''].join('\n'))
  const now = Date.now()
  await execute(process.execPath, [join(root, 'apps/cli/bin/mirror.js'), 'sync', '-f', 'mirror.yaml', '--quiet'], { cwd: folder })
  const expected = expectedOf(documents, selection, now)
  let kept = 0
  let all = 0
  for (const [subdir, { text, files, all: listed }] of expected) {
    const channel = join(mirror, 'upstream')
    assert.deepEqual((await readdir(join(channel, subdir))).filter((file) => ARTIFACT.test(file)).toSorted(), files, `${subdir}: other artifacts`)
    const published = await readFile(join(channel, subdir, 'repodata.json'), 'utf8')
    assert.ok(published === text, `${subdir}: another index, ${published.length} bytes instead of ${text.length}`)
    kept += files.length
    all += listed
  }
  assert.ok(kept > 0 && kept < all, `a case that decides nothing: ${kept} of ${all}`)
  assert.deepEqual((await checkMirror(join(mirror, 'upstream'))).problems, [])
  return `${kept} of ${all} records`
}

if (existsSync(data)) {
  const upstream = join(folder, 'upstream')
  const documents = await buildUpstream(upstream)
  for (const [lines, selection] of CASES) await part(lines.join('; '), () => tryCase(lines, selection, { documents, upstream }))
} else {
  skipPart('conda-subchannel-demo', 'the data is not here')
}
endParts()
