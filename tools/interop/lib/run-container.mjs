/** Started by ../container.mjs, with its arguments as JSON: `{ root, folder, tools }`. MIRROR_CONTAINER_BASE names the folder of a base system that is there already. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createSampleChannel } from '@mirror/test-fixtures'
import { binPath } from '../../lib/workspace.mjs'
import { endParts, part } from './run-parts.mjs'

const { root, folder, tools } = JSON.parse(process.argv[2])
const start = promisify(execFile)
// Overlay file systems are refused inside of other containers.
const env = { ...process.env, STORAGE_DRIVER: 'vfs', BUILDAH_ISOLATION: 'chroot', HOME: folder, XDG_DATA_HOME: join(folder, 'data') }
const run = async (program, ...args) => (await start(program, args, { env, cwd: root, maxBuffer: 1e8 })).stdout.trim()
const storage = ['--root', join(folder, 'storage'), '--runroot', join(folder, 'runroot')]
const buildah = (...args) => run(tools.buildah, ...storage, ...args)

/** The suite that this machine has, and where it comes from: either form of apt's sources. */
const findSource = () => {
  const texts = ['/etc/apt/sources.list', ...globSync('/etc/apt/sources.list.d/*')].filter((path) => existsSync(path)).map((path) => readFileSync(path, 'utf8'))
  for (const text of texts) {
    const { uri, suite } = /^deb (?:\[.*?\] )?(?<uri>\S+) (?<suite>\S+)/m.exec(text)?.groups ?? { uri: /^URIs: (?<uri>\S+)/m.exec(text)?.[1], suite: /^Suites: (?<suite>\S+)/m.exec(text)?.[1] }
    if (uri !== undefined && suite !== undefined) return { uri, suite }
  }
  throw new Error('apt has no source')
}

const makeBase = async () => {
  const given = process.env.MIRROR_CONTAINER_BASE
  if (given !== undefined) return given
  const { uri, suite } = findSource()
  await run(tools.debootstrap, '--variant=minbase', suite, join(folder, 'base'), uri)
  return join(folder, 'base')
}

/** An image of a folder, for what others would take from a registry. */
const makeImage = async (name, from, files) => {
  const container = await buildah('from', from)
  for (const [source, target] of files) await buildah('copy', container, source, target)
  await buildah('commit', '--quiet', container, name)
  await buildah('rm', container)
}

const findPort = async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  return port
}

/** What runc is to do: the image's own command, with everything taken away that can be. The network is that of the machine, so that it can be asked. */
const writeBundle = async ({ rootfs, image, mirror, port }) => {
  const bundle = join(folder, 'bundle')
  mkdirSync(bundle)
  await run(tools.runc, 'spec', '--bundle', bundle)
  const path = join(bundle, 'config.json')
  const spec = JSON.parse(readFileSync(path, 'utf8'))
  const { Entrypoint, Env, User } = image
  const [uid, gid] = User.split(':').map(Number)
  spec.process = {
    ...spec.process, terminal: false, user: { uid, gid }, args: [...Entrypoint, '--mirror-dir', '/srv/mirror', '--host', '127.0.0.1', '--port', String(port), '--access-log', 'none'],
    env: [...Env.filter((one) => !one.startsWith('PORT=')), `PORT=${port}`], cwd: '/srv/mirror', noNewPrivileges: true, capabilities: {},
  }
  spec.root = { path: rootfs, readonly: true }
  spec.mounts = [...spec.mounts, { destination: '/srv/mirror', type: 'bind', source: mirror, options: ['rbind', 'ro'] }, { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev', 'mode=1777'] }]
  spec.linux.namespaces = spec.linux.namespaces.filter(({ type }) => type !== 'network' && type !== 'cgroup')
  writeFileSync(path, JSON.stringify(spec))
  return bundle
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`
const ID = `cas-server-${process.pid}`
const runc = (...args) => run(tools.runc, '--root', join(folder, 'runc'), ...args)
const inside = (script) => runc('exec', ID, '/usr/local/bin/node', '-e', script)

const built = {}
await part('it is built, in two stages, from the packed commands', async () => {
  const context = join(folder, 'context')
  mkdirSync(join(context, 'tarballs'), { recursive: true })
  // What `npm run pack` makes of it: the bundle, which needs no other package.
  await start(binPath('pnpm'), ['pack', '--out', join(context, 'tarballs/mirror-cli-0.tgz')], { env, cwd: join(root, 'apps/cli') })
  await makeImage('localhost/base', 'scratch', [[await makeBase(), '/']])
  copyFileSync(process.execPath, join(folder, 'node'))
  await makeImage('localhost/node', 'localhost/base', [[join(folder, 'node'), '/usr/local/bin/node']])
  await buildah('bud', '--quiet', '--isolation', 'chroot', '--format', 'docker', '--build-arg', 'BASE_IMAGE=localhost/base', '--build-arg', 'NODE_IMAGE=localhost/node', '-f', join(root, 'apps/server/Dockerfile'), '-t', 'localhost/cas-server', context)
  const sizes = Object.fromEntries(JSON.parse(await buildah('images', '--json')).map(({ names, size }) => [names?.[0]?.replace(/^localhost\/|:latest$/g, ''), size]))
  built.image = JSON.parse(await buildah('inspect', '--type', 'image', 'localhost/cas-server')).Docker.config
  assert.match(built.image.User, /^[1-9]\d*:[1-9]\d*$/)
  assert.equal(built.image.Healthcheck.Test[0], 'CMD')
  return `image ${JSON.stringify(sizes['cas-server'])} on a base of ${JSON.stringify(sizes.base)}`
})

await part('it serves with a read-only root, as nobody, and ends when it is told to', async () => {
  const upstream = join(folder, 'upstream/sample')
  mkdirSync(upstream, { recursive: true })
  await createSampleChannel(upstream)
  await run(process.execPath, join(root, 'apps/cli/bin/mirror.js'), 'sync', '-q', '-c', upstream, '-p', 'linux-64', '--mirror-dir', join(folder, 'mirror'))
  const container = await buildah('from', 'localhost/cas-server')
  const rootfs = await buildah('mount', container)
  const port = await findPort()
  const bundle = await writeBundle({ rootfs, image: built.image, mirror: join(folder, 'mirror'), port })
  const child = spawn(tools.runc, ['--root', join(folder, 'runc'), 'run', '--bundle', bundle, ID], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'close')
  let said = ''
  child.stderr.on('data', (chunk) => { said += chunk })
  try {
    const url = `http://127.0.0.1:${port}/`
    for (let isReady = false; !isReady;) {
      assert.equal(child.exitCode, null, said)
      isReady = await fetch(new URL('readyz', url)).then(({ ok }) => ok, () => false)
    }
    for (const path of ['sample/linux-64/repodata.json.zst', 'sample/linux-64/libzeta-2.0.0-hlinux_2.conda']) {
      const bytes = Buffer.from(await (await fetch(new URL(path, url))).arrayBuffer())
      assert.ok(bytes.equals(readFileSync(join(folder, 'mirror', path))), path)
    }
    const page = await fetch(url, { headers: { accept: 'text/html' } })
    assert.ok(page.status === 200 && (await page.text()).includes('sample'), `a page: ${page.status}`)
    assert.match(await inside("try { fs.writeFileSync('/x', '') } catch ({ code }) { console.log(code) }"), /^EROFS$/)
    assert.match(await inside("try { fs.writeFileSync('/srv/mirror/x', '') } catch ({ code }) { console.log(code) }"), /^E(?:ROFS|ACCES)$/)
    assert.equal(await inside('console.log(process.getuid(), process.getgid(), fs.readFileSync("/proc/self/status", "utf8").match(/CapEff:\\s+(\\w+)/)[1])'), `${built.image.User.replace(':', ' ')} 0000000000000000`)
    // The image's own question about its health.
    await runc('exec', ID, ...built.image.Healthcheck.Test.slice(1))
    const memory = /process_resident_memory_bytes\{process="1"\} (\d+)/.exec(await (await fetch(new URL('metrics', url))).text())?.[1]
    await runc('kill', ID, 'TERM')
    assert.deepEqual(await ended, [0, null], said)
    return `${megabytes(Number(memory))} of memory`
  } finally {
    child.kill('SIGKILL')
    await runc('delete', '--force', ID).catch(() => undefined)
    await buildah('umount', container).catch(() => undefined)
    await buildah('rm', container).catch(() => undefined)
  }
})
endParts()
