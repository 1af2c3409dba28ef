// Arguments: the root, an empty folder.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { buildChannel, checkMirror } from '@mirror/test-fixtures'
import { packAll } from '../../lib/pack.mjs'
import { changeRoot, copyLibraries, execute, filesIn, installWithoutNetwork, withoutNetwork } from './offline-places.mjs'
import { endParts, part, skipPart } from './run-parts.mjs'

const [root, folder] = process.argv.slice(2)
const near = join(folder, 'near')
const medium = join(folder, 'medium')
const tool = join(root, 'packages/difftar/dist/difftar.mjs')

/** What is promised: packages beside our own, bytes on the disk. */
const MOST_PACKAGES = 4
const MOST_BYTES = 4 * 1024 ** 2

/** What the far side has, in the terms of the near one. */
const assertEqual = async (far) => {
  assert.deepEqual((await checkMirror(far)).problems, [])
  const publicOf = (place) => filesIn(place).map((path) => path.slice(place.length + 1)).filter((path) => !path.startsWith('.')).toSorted()
  assert.deepEqual(publicOf(far), publicOf(near))
  for (const path of publicOf(near)) assert.ok(readFileSync(join(far, path)).equals(readFileSync(join(near, path))), path)
}

await buildChannel({
  channeldata: true, index: { variants: ['zst', 'bz2', 'shards'], shardsFolder: './shards/' },
  subdirs: { noarch: [{ name: 'text', format: 'both' }], 'linux-64': [{ name: 'one', size: 60_000 }, { name: 'two', size: 60_000 }, { name: 'three', format: 'tar.bz2' }] },
}, near)
mkdirSync(medium)
const [packed] = (await packAll(join(folder, 'tarballs'), { only: '@mirror/difftar' })).filter(({ manifest }) => manifest.name === '@mirror/difftar')
execFileSync(process.execPath, [tool, '--create', '--full', '--with-tool', '--volume-size', '100K', '-o', join(medium, 'update.tar'), near])
const volumes = readdirSync(medium).filter((name) => name.endsWith('.tar'))

if (withoutNetwork === undefined) skipPart('npm install of one file without a network', 'unshare may not make a network namespace here')
else {
  await part('npm install of one file, without a network, a registry or a cache', () => {
    const home = join(folder, 'installed')
    mkdirSync(home)
    const env = installWithoutNetwork(packed.tarball, home)
    const modules = join(home, 'node_modules')
    const packages = filesIn(modules).filter((path) => /\/node_modules\/(?:@[^/]+\/)?[^/]+\/package\.json$/.test(path))
    const bytes = filesIn(modules).reduce((sum, path) => sum + statSync(path).size, 0)
    assert.ok(packages.length <= MOST_PACKAGES, `${packages.length} packages: ${packages.join(' ')}`)
    assert.ok(bytes <= MOST_BYTES, `${bytes} bytes`)
    assert.deepEqual(filesIn(modules).filter((path) => path.endsWith('.node') || basename(path) === 'binding.gyp'), [], 'native addons')
    mkdirSync(join(folder, 'far'))
    const command = join(modules, '.bin', 'conda-diff-tar')
    for (const volume of volumes) spawnSync(withoutNetwork[0], [...withoutNetwork.slice(1), command, '--apply', '-i', join(medium, volume), join(folder, 'far')], { env })
    return `${packages.length} packages, ${(bytes / 1024).toFixed(0)} KiB on disk, ${(statSync(packed.tarball).size / 1024).toFixed(0)} KiB as a tarball`
  })
  await part('what was installed applies volumes one after the other, without a network', () => assertEqual(join(folder, 'far')))
}

if (changeRoot === undefined) skipPart('the executable in an empty root', 'chroot is not allowed here')
else if (process.platform !== 'linux') skipPart('the executable in an empty root', 'it is made for Linux alone')
else {
  const empty = join(folder, 'root')
  mkdirSync(join(empty, 'far'), { recursive: true })
  const executable = join(empty, 'conda-diff-tar')
  await part('the executable is built by one command', () => {
    const said = execFileSync(process.execPath, [join(root, 'packages/difftar/scripts/build-executable.mjs'), executable], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
    assert.match(said, /^conda-diff-tar: /)
    return said.split(':').slice(0, 2).join(':').trim()
  })
  await part('it applies a delta where there is nothing but it and the C library: no Node, no environment, no /proc, no /dev, no /tmp', async () => {
    copyLibraries(executable, empty)
    cpSync(medium, join(empty, 'medium'), { recursive: true })
    rmSync(join(empty, 'medium', 'difftar.mjs'))
    assert.equal(execute(changeRoot, [empty, '/conda-diff-tar', '--verify', '/far'], { env: {} }), '')
    assert.match(execute(changeRoot, [empty, '/conda-diff-tar', '--apply', '-i', '/medium', '/far'], { env: {} }), /^Applied: /)
    assert.equal(execute(changeRoot, [empty, '/conda-diff-tar', '--apply', '-i', '/medium', '/far'], { env: {} }), 'Nothing to do.\n')
    await assertEqual(join(empty, 'far'))
    return `${(statSync(executable).size / 1024 ** 2).toFixed(0)} MiB; beside it ${filesIn(empty).filter((path) => /\.so/.test(path)).length} libraries`
  })
  await part('it puts itself beside a delta', () => {
    execFileSync(executable, ['--create', '--full', '--with-tool', '-o', join(folder, 'out.tar'), near], { env: {} })
    execFileSync('sha256sum', ['-c', '--quiet', 'difftar.sha256'], { cwd: folder })
    assert.equal(execFileSync(join(folder, 'conda-diff-tar'), ['--version'], { encoding: 'utf8', env: {} }), execFileSync(executable, ['--version'], { encoding: 'utf8' }))
  })
}
endParts()
