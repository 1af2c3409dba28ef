// Started by ../real-channels.mjs, with its arguments as JSON.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { DATA, describeChannel, findRealChannels } from '../../../packages/sync/test/real-data.ts'
import { solveAll, VARIANT_FILES, VARIANTS } from '../../../packages/sync/test/solve.ts'
import { checkMirror, createSampleChannel } from '@mirror/test-fixtures'
import { endParts, part, skipPart } from './run-parts.mjs'
import { startNginx } from './start-nginx.mjs'

const { folder, command, nginx, python } = JSON.parse(process.argv[2])
const INSTALLED = ['conda-test-recipes', 'pixi/dummy_channel_1', 'pixi/multiple_versions_channel_1', 'ref-conda-index', 'sample']
const SPECS = 3
/** For channels that have noarch alone: a known platform that none of them has. */
const ABSENT = 'win-32'
const script = join(import.meta.dirname, 'rattler-install.py')
const TRACER = 'strace'
const hasStrace = spawnSync(TRACER, ['-V']).status === 0

const runMirror = (config, wrap = []) => {
  const [program, ...args] = [...wrap, process.execPath, command, 'sync', '-f', config, '--json']
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, env: { PATH: process.env.PATH, HOME: folder }, encoding: 'utf8' })
  assert.equal(status, 0, `exit code ${status}: ${stdout.slice(-2000)}${stderr}`)
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)).channels[0].report
}

const writeConfig = (name, { url, channel, mirrorDir }) => {
  const path = join(folder, `${name.replaceAll('/', '-')}.yaml`)
  const platforms = channel.subdirs.filter((subdir) => subdir !== 'noarch')
  writeFileSync(path, [
    `mirror_dir: ${mirrorDir}`,
    'remote_url: ""',
    'channels:',
    `  - url: ${url}`,
    `    path: ${channel.name}`,
    `    platforms: [${platforms.length === 0 ? ABSENT : platforms.join(', ')}]`,
    'variants:',
    '  bz2: true',
    '',
  ].join('\n'))
  return path
}

const stampsOf = (root) =>
  new Map(['.', ...readdirSync(root, { recursive: true })].map((name) => {
    const { ino, mtimeNs, ctimeNs, size } = lstatSync(join(root, name), { bigint: true })
    return [name, `${ino} ${mtimeNs} ${ctimeNs} ${size}`]
  }))

const assertMirror = async (channel, mirror) => {
  for (const subdir of channel.subdirs) {
    const [theirs, ours] = [channel.folder, mirror].map((root) => readFileSync(join(root, subdir, 'repodata.json')))
    assert.ok(theirs.equals(ours), `${subdir}/repodata.json is not upstream's`)
  }
  assert.deepEqual(await checkMirror(mirror, { subdirs: channel.subdirs }), { artifacts: channel.listed, problems: [], extra: [] })
}

const assertReport = (report, channel, status) => {
  const { held, failed, fetched } = report
  assert.deepEqual({ status: report.status, held, failed, artifacts: fetched.artifacts }, { status, held: [], failed: [], artifacts: status === 'unchanged' ? 0 : channel.listed })
}

/** The second run: conditional requests and nothing else, nothing written, no folder of artifacts read. */
const assertSecondRun = (config, { channel, server, mirror }) => {
  const before = stampsOf(mirror)
  server.takeRequests()
  assertReport(runMirror(config), channel, 'unchanged')
  const requests = server.takeRequests().filter((request) => !request.includes(`/${ABSENT}/`))
  assert.equal(requests.length, channel.subdirs.length, requests.join('\n'))
  for (const request of requests) assert.match(request, /^GET \S+\/repodata\.json(?:\.zst|\.bz2)? 304 (?:W\/)?"/)
  assert.deepEqual(stampsOf(mirror), before)
}

const assertNoWalk = (config, { channel, mirror }) => {
  const trace = join(folder, 'trace')
  runMirror(config, [TRACER, '-f', '-y', '-e', 'trace=getdents64', '-o', trace])
  const walked = readFileSync(trace, 'utf8').split('\n').filter((line) => channel.subdirs.some((subdir) => line.includes(`<${join(mirror, subdir)}`)))
  assert.deepEqual(walked, [])
}

const mirrorChannel = async (channel, upstream) => {
  const fromNginx = { channel, server: upstream, mirrorDir: join(folder, 'from-nginx'), mirror: join(folder, 'from-nginx', channel.name) }
  const config = writeConfig(`nginx-${channel.name}`, { ...fromNginx, url: `${upstream.url}${channel.name}` })
  await part(`${channel.name}: from nginx, ${channel.listed} artifacts`, async () => {
    assertReport(runMirror(config), channel, 'committed')
    await assertMirror(channel, fromNginx.mirror)
  })
  await part(`${channel.name}: a second run asks on condition and writes nothing`, () => assertSecondRun(config, fromNginx))
  if (hasStrace) await part(`${channel.name}: a second run reads no folder`, () => assertNoWalk(config, fromNginx))
  await part(`${channel.name}: from a folder`, async () => {
    const mirrorDir = join(folder, 'from-folder')
    assertReport(runMirror(writeConfig(`folder-${channel.name}`, { channel, mirrorDir, url: pathToFileURL(channel.folder).href })), channel, 'committed')
    await assertMirror(channel, join(mirrorDir, channel.name))
  })
}

const isPlatform = (subdir) => !subdir.endsWith('-fake')

const solveChannel = async (channel, { upstream, mirrors }) => {
  for (const platform of channel.subdirs.filter(isPlatform)) {
    const expected = await solveAll(`${upstream.url}${channel.name}/`, channel.packages, platform)
    for (const [variant, server] of mirrors) {
      await part(`${channel.name}: ${platform}, ${channel.packages.length} specs solved through ${variant} as upstream`, async () => {
        server.takeRequests()
        assert.deepEqual(await solveAll(`${server.url}${channel.name}/`, channel.packages, platform), expected)
        const read = server.takeRequests().filter((line) => / 200 /.test(line)).map((line) => line.split(' ')[1].split('/').at(-1))
        const forms = Object.values(VARIANT_FILES).filter((file) => read.includes(file))
        assert.deepEqual(forms, channel.packages.length === 0 ? [] : [VARIANT_FILES[variant]])
      })
    }
  }
}

let installs = 0
const installFrom = (url, { platform, spec, sharded = '1' }) => {
  installs += 1
  const [prefix, cache] = ['prefix', 'cache'].map((kind) => join(folder, `${kind}-${installs}`))
  const env = { PATH: process.env.PATH, HOME: folder, SHARDED: sharded }
  const { status, stdout, stderr } = spawnSync(python, [script, url, prefix, cache, platform, spec], { env, encoding: 'utf8' })
  const chosen = stdout.split('\n').filter((line) => line !== '')
  const meta = join(prefix, 'conda-meta')
  const installed = existsSync(meta) ? readdirSync(meta).filter((file) => file.endsWith('.json')).length : 0
  for (const path of [prefix, cache]) rmSync(path, { recursive: true, force: true })
  return { status, chosen, installed, message: status === 0 ? '' : stderr }
}

const installChannel = async (channel, { upstream, mirrors }) => {
  const platform = channel.subdirs.includes('linux-64') ? 'linux-64' : 'noarch'
  const step = Math.ceil(channel.packages.length / SPECS)
  const specs = channel.packages.filter((_name, at) => at % step === 0)
  for (const spec of specs) {
    await part(`${channel.name}: py-rattler installs ${spec} as from upstream`, () => {
      const expected = installFrom(`${upstream.url}${channel.name}`, { platform, spec })
      const server = mirrors.get('shards')
      const found = {
        shards: installFrom(`${server.url}${channel.name}`, { platform, spec }),
        zst: installFrom(`${server.url}${channel.name}`, { platform, spec, sharded: '0' }),
        file: installFrom(pathToFileURL(join(folder, 'from-folder', channel.name)).href, { platform, spec, sharded: '0' }),
      }
      for (const [way, { status, chosen, installed, message }] of Object.entries(found)) {
        assert.deepEqual({ way, status, chosen, installed }, { way, status: expected.status, chosen: expected.chosen, installed: expected.installed }, message)
      }
      if (expected.status === 0) assert.ok(expected.installed > 0 && expected.installed === expected.chosen.length, expected.message)
      return expected.status === 0 ? `${expected.installed} packages` : 'no solution at both'
    })
  }
}

const rulesFor = (variant) =>
  VARIANTS.filter((other) => other !== variant && other !== 'json').map((other) => `location ~ /${VARIANT_FILES[other].replaceAll('.', '\\.')}$ { return 404; }`).join('\n')

const sampleFolder = join(folder, 'upstream-sample', 'sample')
mkdirSync(sampleFolder, { recursive: true })
await createSampleChannel(sampleFolder)
const real = findRealChannels()
for (const { name, listed, faults } of real.filter((channel) => channel.faults.length > 0)) {
  skipPart(name, `not complete: ${faults.length} faults in ${listed} artifacts, first ${faults[0]}`)
}
if (real.length === 0) skipPart('all real channels', 'MIRROR_TEST_DATA has no channels')
const channels = [...real.filter(({ faults }) => faults.length === 0), describeChannel(sampleFolder, 'sample')]
const upstreams = { real: join(DATA, 'channels'), sample: join(folder, 'upstream-sample') }
const servers = {}
for (const [key, root] of Object.entries(upstreams)) if (existsSync(root)) servers[key] = await startNginx(nginx, { folder: join(folder, `nginx-${key}`), root })
const upstreamOf = (channel) => (channel.name === 'sample' ? servers.sample : servers.real)
const mirrors = new Map()
mkdirSync(join(folder, 'from-nginx'))
try {
  for (const channel of channels) await mirrorChannel(channel, upstreamOf(channel))
  if (!hasStrace) skipPart('a second run reads no folder', 'there is no strace')
  for (const variant of VARIANTS) mirrors.set(variant, await startNginx(nginx, { folder: join(folder, `nginx-${variant}`), root: join(folder, 'from-nginx'), rules: rulesFor(variant) }))
  // Shards are asked for first, so nothing has to be hidden for them; then each form needs the ones before it away.
  for (const channel of channels) await solveChannel(channel, { upstream: upstreamOf(channel), mirrors })
  for (const channel of channels.filter(({ name }) => INSTALLED.includes(name))) await installChannel(channel, { upstream: upstreamOf(channel), mirrors })
} finally {
  for (const server of [...Object.values(servers), ...mirrors.values()]) await server.close()
}
endParts()
