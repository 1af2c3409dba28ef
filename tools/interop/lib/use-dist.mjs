/** Started by ../dist.mjs, with its arguments as JSON: `{ root, folder, tools }`. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { parsePublicKey, verifySignature } from '@mirror/difftar'
import { changeChannel, checkMirror, createSampleChannel } from '@mirror/test-fixtures'
import { startMirrorServer } from '../../lib/start-mirror-server.mjs'
import { writeCondaChannel } from '../../release/conda-channel.mjs'
import { assembleConda } from '../../release/conda-packages.mjs'
import { readCommitTime } from '../../release/read-commit.mjs'
import { changeRoot, copyLibraries, execute, filesIn, installWithoutNetwork, withoutNetwork } from './offline-places.mjs'
import { endParts, part, skipPart } from './run-parts.mjs'

const { root, folder, tools } = JSON.parse(process.argv[2])
const start = promisify(execFile)
const inFolder = (name) => {
  mkdirSync(join(folder, name), { recursive: true })
  return join(folder, name)
}
const dist = join(folder, 'first')
const epoch = readCommitTime()
const arch = { x64: '64', arm64: 'aarch64' }[process.arch]
const PLATFORM = `linux-${arch}`
const COMPLETED = { 'share/bash-completion/completions': (name) => name, 'share/zsh/site-functions': (name) => `_${name}`, 'share/fish/vendor_completions.d': (name) => `${name}.fish` }
const readManifest = (path) => JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'))
const [cli, difftar] = [readManifest('apps/cli'), readManifest('packages/difftar')]

const replaceFile = (from, to) => {
  rmSync(to)
  copyFileSync(from, to)
}

/** A checkout without what was built in it, but with what was installed, in another place. */
const copyCheckout = (to) => {
  const made = new Set(['node_modules', 'dist', 'build', '.git', '.turbo', '.work', 'tarballs', 'coverage'])
  cpSync(root, to, { recursive: true, filter: (path) => !made.has(basename(path)) && !path.endsWith('.tsbuildinfo'), verbatimSymlinks: true })
  for (const place of ['.', ...['packages', 'apps'].flatMap((parent) => readdirSync(join(root, parent)).map((name) => `${parent}/${name}`)), 'test-fixtures', 'tools']) {
    const from = join(root, place, 'node_modules')
    if (!existsSync(from)) continue
    const target = join(to, place, 'node_modules')
    // As links to the same files where that is possible: it is a gigabyte.
    assert.ok(['-al', '-a'].some((how) => spawnSync('cp', [how, from, target]).status === 0), from)
    // What pnpm may write again is no link.
    for (const entry of readdirSync(from, { withFileTypes: true })) if (entry.isFile()) replaceFile(join(from, entry.name), join(target, entry.name))
  }
}

/** With another umask, time zone and language it shall be the same. */
const ODD = { umask: '077', TZ: 'Asia/Kathmandu', LC_ALL: 'C' }

const buildDist = async ({ checkout, out, flags = [], umask = '022', ...env }) => {
  const begun = performance.now()
  const command = [process.execPath, join(checkout, 'tools/dist.mjs'), '--out', out, '--without', 'image', ...flags]
  await start('sh', ['-c', `umask ${umask}; exec "$@"`, 'sh', ...command], { cwd: checkout, env: { ...process.env, ...env, SOURCE_DATE_EPOCH: String(epoch) }, maxBuffer: 1e8 })
  return ((performance.now() - begun) / 1000).toFixed(0)
}

const sumsOf = (place) => readFileSync(join(place, 'SHA256SUMS'), 'utf8')
const published = (place, ending) => filesIn(place).filter((path) => path.endsWith(ending))
const sizes = (place, paths) => paths.map((path) => `${relative(place, path)} ${(statSync(path).size / 1024).toFixed(0)} KiB`).join(', ')

await part('it is built by one command, signed by a key of ours, and all of it is listed', async () => {
  await start(process.execPath, [join(root, 'apps/cli/bin/mirror.js'), 'delta', 'new-key', 'release'], { cwd: folder })
  const seconds = await buildDist({ checkout: root, out: dist, flags: ['--sign', join(folder, 'release.key')] })
  await start('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: dist })
  const listed = sumsOf(dist).trimEnd().split('\n').map((line) => line.slice(66))
  assert.deepEqual(listed, filesIn(dist).map((path) => relative(dist, path)).filter((path) => !path.startsWith('SHA256SUMS')).toSorted())
  const keys = [parsePublicKey(readFileSync(join(folder, 'release.pub'), 'utf8'))]
  assert.equal(verifySignature(readFileSync(join(dist, 'SHA256SUMS')), { signature: readFileSync(join(dist, 'SHA256SUMS.minisig'), 'utf8'), keys }).status, 'right')
  const large = filesIn(dist).filter((path) => statSync(path).size > 65_536)
  return `${listed.length} files in ${seconds} s: ${sizes(dist, large)}`
})

await part('another build, in another folder and with other settings, gives the same bytes', async () => {
  const other = join(folder, 'elsewhere/checkout')
  copyCheckout(other)
  const seconds = await buildDist({ checkout: other, out: join(folder, 'second'), ...ODD })
  assert.equal(sumsOf(join(folder, 'second')), sumsOf(dist))
  return `from nothing in ${seconds} s`
})

await part('every file has a bill of materials that names what is in it', () => {
  const files = [...published(join(dist, 'npm'), '.tgz'), ...filesIn(join(dist, 'offline')), ...published(join(dist, 'conda'), '.conda'), ...published(join(dist, 'conda'), '.tar.bz2')]
  const bills = new Map(files.map((path) => [basename(path), JSON.parse(readFileSync(join(dist, 'sbom', `${basename(path)}.cdx.json`), 'utf8'))]))
  for (const path of files) {
    const { metadata, specVersion } = bills.get(basename(path))
    assert.equal(specVersion, '1.6')
    assert.equal(metadata.component.hashes[0].content, createHash('sha256').update(readFileSync(path)).digest('hex'), path)
  }
  const namesOf = (name) => bills.get(name).components.filter(({ properties }) => properties === undefined).map((one) => one.name)
  assert.deepEqual(namesOf('difftar.mjs').toSorted(), ['@mirror/core', '@mirror/delta', '@mirror/difftar', '@mirror/store'])
  assert.ok(['node', 'v8', 'openssl'].every((name) => namesOf(`conda-diff-tar-linux-${process.arch}`).includes(name)))
  for (const name of [`mirror-cli-${cli.version}.tgz`, `mirror-tools-${cli.version}-0.conda`]) assert.ok(['express', 'undici', 'yaml', '@mirror/server'].every((one) => namesOf(name).includes(one)), name)
  assert.deepEqual(namesOf(`mirror-core-${readManifest('packages/core').version}.tgz`), [])
  return `${files.length} bills, ${namesOf(`mirror-cli-${cli.version}.tgz`).length} packages in the command line`
})

/** What stands for the nodejs of other channels: the Node that runs this. */
const createNodeChannel = async () => {
  const files = inFolder('nodejs/files/bin')
  copyFileSync(realpathSync(process.execPath), join(files, 'node'))
  const artifacts = await assembleConda([{
    name: 'nodejs', version: process.versions.node, target_platform: PLATFORM, build_string: '0', files_dir: dirname(files), license: 'MIT', summary: 'The Node that runs the tests', depends: [], timestamp: epoch, compression_level: 1,
    formats: ['conda'],
  }], { to: inFolder('nodejs/packages') })
  await writeCondaChannel({ artifacts, to: join(folder, 'runtime'), work: inFolder('nodejs') })
}

const install = async (urls, prefix, ...specs) => {
  const { stdout } = await start(tools.python, [join(import.meta.dirname, 'rattler-install.py'), urls.join(','), prefix, inFolder('cache'), PLATFORM, ...specs], { env: { PATH: process.env.PATH, HOME: folder } })
  return stdout.trim().split('\n')
}

const everything = join(folder, 'environments/everything')
const offline = join(folder, 'environments/offline')
/** No Node but that of the environment is on the PATH: nothing is. */
const run = async (prefix, [name, ...args], options = {}) => (await start(join(prefix, 'bin', name), args, { env: { PATH: inFolder('empty'), HOME: inFolder('home') }, ...options })).stdout
const filesOf = (prefix, name) => {
  const meta = readdirSync(join(prefix, 'conda-meta')).find((one) => one.startsWith(`${name}-`))
  return JSON.parse(readFileSync(join(prefix, 'conda-meta', meta), 'utf8')).files
}

await part('rattler installs both conda packages from a mirror that cas-sync made and mirror serve serves', async () => {
  await createNodeChannel()
  cpSync(join(dist, 'conda'), join(folder, 'channels/tools'), { recursive: true })
  writeFileSync(join(folder, 'mirror.yaml'), `mirror_dir: ./mirror\nfetch_installers: false\nplatforms: [${PLATFORM}]\nchannels: [./channels/tools, ./runtime]\n`)
  await start(process.execPath, [join(root, 'apps/cli/bin/cas-sync.js'), '-f', 'mirror.yaml', '--quiet'], { cwd: folder })
  const server = await startMirrorServer([process.execPath, join(root, 'apps/cli/bin/mirror.js')], { args: ['--mirror-dir', join(folder, 'mirror')], cwd: folder })
  try {
    const urls = ['tools', 'runtime'].map((name) => `${server.url}${name}`)
    const node = `${PLATFORM}/nodejs-${process.versions.node}-0.conda`
    const tool = `noarch/conda-diff-tar-${difftar.version}-0.conda`
    assert.deepEqual(await install(urls, everything, 'mirror-tools'), [node, tool, `noarch/mirror-tools-${cli.version}-0.conda`].toSorted())
    assert.deepEqual(await install(urls, offline, 'conda-diff-tar'), [node, tool].toSorted())
    const folders = [join(dist, 'conda'), join(folder, 'runtime')].map((place) => pathToFileURL(place).href)
    assert.deepEqual(await install(folders, '-', 'mirror-tools'), [node, tool, `noarch/mirror-tools-${cli.version}-0.conda`].toSorted(), 'from the folder itself')
    const bad = (await server.takeRequests()).filter(({ status, path }) => ![200, 206, 304].includes(status) && !(status === 404 && path.includes('/tools/linux-')))
    assert.deepEqual(bad, [])
  } finally {
    await server.stop()
  }
})

await part('they share no file, have their licences, completions for three shells, and what starts them on each system', () => {
  const [ofTools, ofDifftar] = [filesOf(everything, 'mirror-tools'), filesOf(everything, 'conda-diff-tar')]
  assert.deepEqual(ofTools.filter((path) => ofDifftar.includes(path)), [])
  const bins = [[Object.keys(cli.bin), ofTools], [Object.keys(difftar.bin), ofDifftar]]
  for (const [names, files] of bins) {
    for (const name of names) {
      for (const path of [`bin/${name}`, `Scripts/${name}.bat`, ...Object.entries(COMPLETED).map(([place, file]) => `${place}/${file(name)}`)]) assert.ok(files.includes(path), path)
      const target = /%~dp0\.\.\\(?<path>\S+js)"/.exec(readFileSync(join(everything, 'Scripts', `${name}.bat`), 'utf8'))?.groups.path.replaceAll('\\', '/')
      assert.ok(files.includes(target), target)
    }
  }
  assert.ok(readFileSync(join(everything, `lib/node_modules/${cli.name}/dist/third-party-licences.txt`), 'utf8').includes('undici'))
  return `${ofTools.length} and ${ofDifftar.length} files`
})

await part('every installed command starts without an active environment, and says the version of its package', async () => {
  for (const name of Object.keys(cli.bin)) assert.ok((await run(everything, [name, '--version'])).trim().endsWith(cli.version), name)
  for (const prefix of [everything, offline]) assert.equal((await run(prefix, ['conda-diff-tar', '--version'])).trim(), `conda-diff-tar: ${difftar.version}`)
  symlinkSync(join(everything, 'bin/mirror'), join(inFolder('links'), 'one'))
  symlinkSync('one', join(folder, 'links/two'))
  const { stdout } = await start('./two', ['--version'], { cwd: join(folder, 'links'), env: { PATH: '/usr/bin:/bin' } })
  assert.ok(stdout.trim().endsWith(cli.version))
  await assert.rejects(run(everything, ['cas-sync', '--no-such-flag']), ({ code }) => code === 2)
})

const publicOf = (place) => filesIn(place).map((path) => relative(place, path)).filter((path) => !path.split('/').some((name) => name.startsWith('.'))).toSorted()

await part('the installed commands carry a channel across a gap, as the guide says', async () => {
  const upstream = inFolder('upstream/team')
  await createSampleChannel(upstream)
  const work = inFolder('work')
  writeFileSync(join(work, 'near.yaml'), 'mirror_dir: ./near\nfetch_installers: false\nplatforms: [linux-64]\ngrace: 0\nchannels: [../upstream/team]\n')
  const near = (name, ...args) => run(everything, [name, ...args], { cwd: work })
  const far = (...args) => run(offline, ['conda-diff-tar', ...args], { cwd: work })
  await near('cas-sync', '-f', 'near.yaml', '--quiet')
  await near('conda-diff-tar', '--create', '--full', '-o', 'full.tar', 'near')
  mkdirSync(join(work, 'far'))
  await far('--apply', '-i', 'full.tar', 'far')
  await near('conda-diff-tar', '--reference', 'near')
  await changeChannel(upstream, { add: { 'linux-64': [{ name: 'another', version: '1.0', size: 50_000 }] } })
  await near('cas-sync', '-f', 'near.yaml', '--quiet')
  await near('conda-diff-tar', '--create', 'near')
  await far('--apply', 'far')
  await far('--verify', 'far')
  assert.deepEqual((await checkMirror(join(work, 'far/team'))).problems, [])
  assert.deepEqual(publicOf(join(work, 'far')), publicOf(join(work, 'near')))
  for (const path of publicOf(join(work, 'near'))) assert.ok(readFileSync(join(work, 'far', path)).equals(readFileSync(join(work, 'near', path))), path)
  await near('mirror', 'verify', '--mirror-dir', 'near')
  return `${publicOf(join(work, 'far')).length} files on both sides, ${statSync(join(work, 'update.tar')).size} bytes carried the second time`
})

const tarball = join(dist, 'npm', `mirror-difftar-${difftar.version}.tgz`)
if (withoutNetwork === undefined) skipPart('npm install of the tarball of the offline tool without a network', 'unshare may not make a network namespace here')
else {
  await part('npm installs the tarball of the offline tool without a network, and what it installed applies a delta', async () => {
    const home = inFolder('npm')
    const env = installWithoutNetwork(tarball, home)
    mkdirSync(join(home, 'far'))
    execute(withoutNetwork, [join(home, 'node_modules/.bin/conda-diff-tar'), '--apply', '-i', join(folder, 'work/full.tar'), join(home, 'far')], { env })
    assert.deepEqual((await checkMirror(join(home, 'far/team'))).problems, [])
  })
}

const executable = join(dist, 'offline', `conda-diff-tar-linux-${process.arch}`)
if (changeRoot === undefined) skipPart('the executable in an empty root', 'chroot is not allowed here')
else {
  await part('the executable applies a delta in an empty root', async () => {
    const empty = inFolder('root')
    mkdirSync(join(empty, 'far'))
    copyFileSync(executable, join(empty, 'conda-diff-tar'))
    copyFileSync(join(folder, 'work/full.tar'), join(empty, 'full.tar'))
    copyLibraries(executable, empty)
    execute(changeRoot, [empty, '/conda-diff-tar', '--apply', '-i', '/full.tar', '/far'], { env: {} })
    assert.deepEqual((await checkMirror(join(empty, 'far/team'))).problems, [])
  })
}

const ROUNDS = 15

/** The median of each command's times as a multiple of that of the first one, in turns. */
const compareStarts = (commands) => {
  const times = commands.map(() => [])
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [place, { command: [program, ...args] }] of commands.entries()) {
      const begun = performance.now()
      assert.equal(spawnSync(program, args, { stdio: 'ignore', env: { PATH: inFolder('empty'), HOME: inFolder('home') } }).status, 0, program)
      times[place].push(performance.now() - begun)
    }
  }
  const medians = times.map((list) => list.toSorted((one, other) => one - other)[Math.floor(ROUNDS / 2)])
  return commands.map(({ what }, place) => `${what} ${(medians[place] / medians[0]).toFixed(2)}`).slice(1).join(', ') + `; node -e 0: ${medians[0].toFixed(0)} ms`
}

await part('how long starting takes, as multiples of node -e 0', () => {
  const bin = (name) => join(everything, 'bin', name)
  return compareStarts([
    { what: 'node', command: [bin('node'), '-e', '0'] },
    { what: 'mirror --version', command: [bin('mirror'), '--version'] },
    { what: 'mirror --help', command: [bin('mirror'), '--help'] },
    { what: 'cas-sync --help', command: [bin('cas-sync'), '--help'] },
    { what: 'mirror status', command: [bin('mirror'), 'status', '--mirror-dir', join(folder, 'mirror')] },
    { what: 'conda-diff-tar --version', command: [bin('conda-diff-tar'), '--version'] },
    { what: 'node difftar.mjs --version', command: [bin('node'), join(dist, 'offline/difftar.mjs'), '--version'] },
    { what: 'the executable --version', command: [executable, '--version'] },
    { what: 'cas-sync without the launcher, --help', command: [bin('node'), join(everything, `lib/node_modules/${cli.name}/bin/cas-sync.js`), '--help'] },
  ])
})
endParts()
