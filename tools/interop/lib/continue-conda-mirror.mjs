// Arguments: the root, the python of conda-mirror, an empty folder.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { advanceSampleChannel, checkMirror, createSampleChannel, serveChannel } from '@mirror/test-fixtures'
import { endParts, part } from './run-parts.mjs'

const [root, python, folder] = process.argv.slice(2)
const execute = promisify(execFile)
const upstream = join(folder, 'upstream')
const mirrorDir = join(folder, 'mirror')
const channel = join(mirrorDir, 'sample')
const PLATFORMS = ['linux-64', 'osx-arm64', 'noarch']
const ARTIFACT = /\.(?:conda|tar\.bz2)$/

await createSampleChannel(upstream)
const server = await serveChannel(upstream, { mount: '/sample' })
const fetched = () => server.requests.filter(({ path, method }) => method === 'GET' && ARTIFACT.test(path)).length

async function mirror(...args) {
  const { stdout } = await execute(process.execPath, [join(root, 'apps/cli/bin/mirror.js'), ...args], { cwd: folder, maxBuffer: 64 * 1024 * 1024 })
  return stdout
}

const sync = async (...more) => {
  const lines = (await mirror('sync', '-f', 'mirror.yaml', '--json', ...more)).trim().split('\n')
  return JSON.parse(lines.at(-1)).channels[0].report
}

const artifactsOf = async (subdir) => (await readdir(join(channel, subdir))).filter((name) => ARTIFACT.test(name)).toSorted()

try {
  await mkdir(channel, { recursive: true })
  await writeFile(join(folder, 'mirror.yaml'), `mirror_dir: mirror\nchannels: ['${server.url}']\nplatforms: [linux-64, osx-arm64]\nfetch_installers: false\n`)
  await part('conda-mirror 0.10.0 makes it', async () => {
    for (const platform of PLATFORMS) {
      await execute(join(dirname(python), 'conda-mirror'), ['--upstream-channel', server.url.replace(/\/$/, ''), '--platform', platform, '--target-directory', channel, '--no-progress'], { cwd: folder })
    }
    const count = (await Promise.all(PLATFORMS.map(artifactsOf))).flat().length
    assert.ok(count > 10, `only ${count} artifacts`)
    return `${count} artifacts`
  })
  await writeFile(join(channel, 'linux-64', 'notes.txt'), 'of someone else')
  await mkdir(join(mirrorDir, 'internal-pkgs', 'linux-64'), { recursive: true })
  await writeFile(join(mirrorDir, 'internal-pkgs', 'linux-64', 'repodata.json'), '{"info":{"subdir":"linux-64"},"packages":{},"packages.conda":{}}')
  await part('the first run adopts it: verified, nothing downloaded again, nothing deleted', async () => {
    const before = await Promise.all(PLATFORMS.map(artifactsOf))
    server.reset()
    const report = await sync()
    assert.equal(report.status, 'committed')
    assert.equal(fetched(), 0, `${fetched()} artifacts were downloaded again`)
    assert.deepEqual(await Promise.all(PLATFORMS.map(artifactsOf)), before)
    assert.equal(await readFile(join(channel, 'linux-64', 'notes.txt'), 'utf8'), 'of someone else')
    for (const subdir of PLATFORMS) assert.ok((await readFile(join(channel, subdir, 'repodata.json'))).equals(await readFile(join(upstream, subdir, 'repodata.json'))), `${subdir}: another index`)
    assert.deepEqual((await checkMirror(channel)).problems, [])
    await mirror('verify', '-f', 'mirror.yaml')
    return `${report.present} artifacts were there already`
  })
  await part('upstream moves on: only what changed is fetched', async () => {
    await advanceSampleChannel(upstream)
    server.reset()
    const report = await sync()
    assert.equal(report.status, 'committed')
    assert.ok(fetched() > 0 && fetched() === report.fetched.artifacts)
    assert.deepEqual((await checkMirror(channel)).problems, [])
    assert.equal((await sync()).status, 'unchanged')
    return `${report.fetched.artifacts} fetched, ${report.totals.remove} removed`
  })
  await part('the channel beside it, which the organisation keeps itself, is untouched', async () => {
    assert.deepEqual(await readdir(join(mirrorDir, 'internal-pkgs', 'linux-64')), ['repodata.json'])
  })
} finally {
  await server.close()
}
endParts()
