/**
 * Started by ../serve.mjs, with its arguments as JSON. A mirror of the sample channel is served by `mirror serve`, and used by real clients in every way in which a channel can be reached. Each of them must
 * get from it what it gets from upstream, and the server's own log tells what it asked for that.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { checkMirror, createSampleChannel } from '@mirror/test-fixtures'
import { solveAll } from '../../../packages/sync/test/solve.ts'
import { startMirrorServer } from '../../lib/start-mirror-server.mjs'
import { endParts, part } from './run-parts.mjs'
import { startNginx } from './start-nginx.mjs'

const { root, folder, command, tools } = JSON.parse(process.argv[2])
const SPECS = ['libgamma', 'libzeta >=1,<2', 'hello', 'report-templates', 'tz-tables ==2024.1', 'pure-maths', 'no-such-name']
/** The largest of the sample, and one that is small. */
const LARGE = 'linux-64/libzeta-2.0.0-hlinux_2.conda'
const SMALL = 'noarch/hello-1.0-0.conda'
const LATER = '+2m'
const WHOLE_INDEX = /\/(?:current_)?repodata(?:_from_packages)?\.json(?:\.zst|\.bz2)?$/

const upstream = join(folder, 'upstream/sample')
const served = join(folder, 'served')
const USER = 'ann'
const PASSWORD = 'pass:word'
const PASSWORD_HASH = '$2y$08$eOnPm.mPg4CPkiPBmywqw.WJbTHm7e42Bk9UMg3G/bjLt84pIMGfa'
/** JavaScript's fetch, which it uses, takes no login in a URL. */
const LOGINLESS = new Set(['rattler solves, through shards'])
/** It is judged by the bytes that it read. */
const MEASURED = new Set(['conda-package-streaming reads what it needs of an artifact'])
const onDisk = (path) => join(upstream, path)
const sum = (path) => createHash('sha256').update(readFileSync(path)).digest('hex')
const environment = { PATH: process.env.PATH, HOME: folder }

const start = promisify(execFile)
const runProgram = async (program, args, env = {}) => {
  const { stdout } = await start(program, args, { cwd: folder, env: { ...environment, ...env }, maxBuffer: 1e8 })
  return stdout
}
const runMirror = (...args) => runProgram(process.execPath, [command, ...args])

let places = 0
/** An empty folder for one client. */
const findPlace = (name) => {
  places += 1
  const place = join(folder, `${name}-${places}`)
  mkdirSync(place)
  return place
}

/** Every answer was one that was to be expected; resolves to them. */
const takeGood = async (server) => {
  const requests = await server.takeRequests()
  const bad = requests.filter(({ status }) => ![200, 206, 304].includes(status))
  assert.deepEqual(bad, [], 'answers that nobody expects')
  return requests
}

const assertNoWholeIndex = (requests) => assert.deepEqual(requests.filter(({ path, method }) => method === 'GET' && WHOLE_INDEX.test(path)), [], 'whole indexes, though there are shards')

const countsOf = (requests) => {
  const counts = Map.groupBy(requests, ({ status }) => status)
  return `${requests.length} requests: ${[...counts].map(([status, list]) => `${list.length} answered ${status}`).join(', ')}`
}

/** Solves and installs with py-rattler: what was chosen, what was installed. */
const install = async (url, { spec, cache, sharded = '1', prefix = findPlace('prefix'), offset = '+0m' }) => {
  const args = ['-f', offset, tools.python, join(import.meta.dirname, 'rattler-install.py'), url, prefix, cache, 'linux-64', spec]
  const chosen = (await runProgram(tools.faketime, args, { SHARDED: sharded })).split('\n').filter((line) => line !== '')
  const installed = prefix === '-' ? 0 : readdirSync(join(prefix, 'conda-meta')).filter((name) => name.endsWith('.json')).length
  return { chosen, installed }
}

const clients = {
  'rattler solves, through shards': async ({ url, server, expected }) => {
    assert.deepEqual(await solveAll(`${url}/`, SPECS, 'linux-64'), expected.solved)
    const requests = await takeGood(server)
    assertNoWholeIndex(requests)
    assert.ok(requests.some(({ path }) => path.includes('/shards/')), 'no shard was asked for')
    return `${SPECS.length} specs, ${countsOf(requests)}`
  },
  'py-rattler solves and installs, and only asks whether anything is new later': async ({ url, server, expected }) => {
    const cache = findPlace('cache')
    assert.deepEqual(await install(url, { spec: 'libgamma', cache }), expected.installed)
    const first = await takeGood(server)
    assertNoWholeIndex(first)
    assert.equal(first.filter(({ path, status }) => path.endsWith('.conda') && status === 200).length, expected.installed.installed)
    assert.deepEqual(await install(url, { spec: 'libgamma', cache, offset: LATER }), expected.installed)
    const second = await takeGood(server)
    assert.deepEqual(second.map(({ path, status }) => `${path.split('/').at(-1)} ${status}`), ['repodata_shards.msgpack.zst 304', 'repodata_shards.msgpack.zst 304'])
    return `${countsOf(first)}; then ${countsOf(second)}`
  },
  'py-rattler without shards': async ({ url, server, expected }) => {
    const cache = findPlace('cache')
    assert.deepEqual(await install(url, { spec: 'libgamma', cache, sharded: '0' }), expected.installed)
    const first = (await takeGood(server)).filter(({ method, path }) => method === 'GET' && WHOLE_INDEX.test(path))
    assert.deepEqual(first.map(({ path, status }) => `${path.split('/').slice(-2).join('/')} ${status}`).toSorted(), ['linux-64/repodata.json.zst 200', 'noarch/repodata.json.zst 200'])
    await install(url, { spec: 'libgamma', cache, sharded: '0', prefix: '-', offset: LATER })
    const second = (await takeGood(server)).filter(({ method }) => method === 'GET')
    assert.deepEqual(second.map(({ path, status }) => `${path.split('/').slice(-2).join('/')} ${status}`).toSorted(), ['linux-64/repodata.json.zst 304', 'noarch/repodata.json.zst 304'])
    return countsOf([...first, ...second])
  },
  'conda-package-streaming reads what it needs of an artifact': async ({ url, server }) => {
    const paths = [LARGE, SMALL, 'linux-64/libalpha-1.0.0-hlinux_0.tar.bz2']
    const lines = (await runProgram(tools.python, [join(import.meta.dirname, 'range-read.py'), ...paths.map((path) => `${url}/${path}`)])).trimEnd().split('\n').map((line) => JSON.parse(line))
    assert.equal(lines.length, paths.length)
    for (const { names, url: asked } of lines) assert.ok(names.includes('info/index.json'), asked)
    const large = (await takeGood(server)).filter(({ path }) => path.endsWith(LARGE))
    assert.ok(large.length > 0 && large.every(({ status }) => status === 206), JSON.stringify(large))
    const read = large.reduce((total, { bytes }) => total + bytes, 0)
    assert.ok(read < 50_000, `${read} bytes were read of ${statSync(onDisk(LARGE)).size}`)
    return `${read} bytes of ${statSync(onDisk(LARGE)).size}`
  },
  'aria2 fetches parts side by side, and goes on where it stopped': async ({ url, server }) => {
    const place = findPlace('aria2')
    const args = ['--quiet', '--no-conf', '--dir', place, '--max-connection-per-server=4', '--split=4', '--min-split-size=1M', `--checksum=sha-256=${sum(onDisk(LARGE))}`]
    // So slowly that the first part is not all there before the others are asked for.
    await runProgram(tools.aria2, [...args, '--max-download-limit=3M', '--out=whole', `${url}/${LARGE}`])
    assert.equal(sum(join(place, 'whole')), sum(onDisk(LARGE)))
    const parts = (await takeGood(server)).filter(({ method, status }) => method === 'GET' && status === 206)
    assert.ok(parts.length > 0, 'it asked for no parts')
    writeFileSync(join(place, 'begun'), readFileSync(onDisk(LARGE)).subarray(0, 1_000_000))
    await runProgram(tools.aria2, [...args, '--continue=true', '--out=begun', `${url}/${LARGE}`])
    assert.equal(sum(join(place, 'begun')), sum(onDisk(LARGE)))
    const rest = await takeGood(server)
    assert.ok(rest.some(({ status }) => status === 206), 'it did not go on')
    return `${parts.length} parts, then the rest`
  },
  'curl goes on where it stopped, and asks on condition': async ({ url, server }) => {
    const place = findPlace('curl')
    const [part1, etag] = [join(place, 'part'), join(place, 'etag')]
    const curl = (...args) => runProgram(tools.curl, ['--silent', '--show-error', '--fail', ...args])
    writeFileSync(part1, readFileSync(onDisk(LARGE)).subarray(0, 700_001))
    await curl('--continue-at', '-', '--output', part1, `${url}/${LARGE}`)
    assert.equal(sum(part1), sum(onDisk(LARGE)))
    const index = `${url}/linux-64/repodata.json.zst`
    await curl('--etag-save', etag, '--output', join(place, 'index'), index)
    await curl('--etag-compare', etag, '--output', join(place, 'none'), index)
    const head = await curl('--head', `${url}/${SMALL}`)
    assert.match(head, new RegExp(`content-length: ${statSync(onDisk(SMALL)).size}\\r`, 'i'))
    await curl('--compressed', '--output', join(place, 'json'), `${url}/linux-64/repodata.json`)
    assert.equal(sum(join(place, 'json')), sum(join(served, 'sample/linux-64/repodata.json')))
    const requests = await takeGood(server)
    assert.deepEqual(requests.map(({ method, status }) => `${method} ${status}`), ['GET 206', 'GET 200', 'GET 304', 'HEAD 200', 'GET 200'])
    return countsOf(requests)
  },
  'a mirror is made of the mirror, and the next run asks on condition alone': async ({ url, server, checked }) => {
    const mirrorDir = findPlace('mirror')
    const sync = () => runMirror('sync', '-q', '-c', url, '-p', 'linux-64', '--mirror-dir', mirrorDir)
    await sync()
    const first = (await server.takeRequests()).filter(({ status }) => ![200, 206, 304].includes(status))
    // What upstream may have, and the sample mirror has not.
    assert.deepEqual(first.filter(({ path, status }) => status !== 404 || !OPTIONAL.test(path)), [])
    const found = await checkMirror(join(mirrorDir, checked))
    assert.deepEqual(found.problems, [])
    for (const name of readdirSync(join(served, 'sample/linux-64')).filter((one) => one.includes('.'))) {
      assert.equal(sum(join(mirrorDir, checked, 'linux-64', name)), sum(join(served, 'sample/linux-64', name)), name)
    }
    await sync()
    const second = await takeGood(server)
    assert.deepEqual(second.map(({ method, status }) => `${method} ${status}`), ['GET 304', 'GET 304'])
    return countsOf(second)
  },
}

const OPTIONAL = /\/(?:repodata\.json\.bz2|run_exports\.json.*|patch_instructions\.json.*|channeldata\.json|notices\.json)$/

/** The configuration of nginx as the guide shows it: the block that has some text in it, without what is of its own machine. */
const readGuideRules = (text) => {
  const guide = readFileSync(join(root, 'docs/guide/serve.md'), 'utf8')
  const block = [...guide.matchAll(/^```nginx\n(?<body>[\s\S]*?)^```$/gm)].map(({ groups }) => groups.body).find((body) => body.includes(text))
  assert.ok(block !== undefined, `the guide shows no nginx with ${text}`)
  return block
}

mkdirSync(upstream, { recursive: true })
await createSampleChannel(upstream)
await runMirror('sync', '-q', '-c', upstream, '-p', 'linux-64', '--mirror-dir', served)
await runMirror('snapshot', 'create', 'frozen', '-c', upstream, '--mirror-dir', served)
const original = await startNginx(tools.nginx, { folder: join(folder, 'nginx-upstream'), root: join(folder, 'upstream') })
const expected = {
  solved: await solveAll(`${original.url}sample/`, SPECS, 'linux-64'),
  installed: await install(`${original.url}sample`, { spec: 'libgamma', cache: findPlace('cache') }),
}
assert.ok(expected.installed.installed === expected.installed.chosen.length && expected.installed.installed > 3)
const serve = (...args) => startMirrorServer([process.execPath, command], { args: ['--mirror-dir', served, ...args], cwd: folder })
const server = await serve()
// Nobody is let in who does not say who they are.
const token = (await runMirror('token', 'new', 'ci', '--quiet', '--tokens', 'tokens')).trim()
writeFileSync(join(folder, 'users'), `${USER}:${PASSWORD_HASH}\n`)
const closed = await serve('--tokens', 'tokens', '--htpasswd', 'users')
const front = await startNginx(tools.nginx, { folder: join(folder, 'nginx-front'), root: join(folder, 'nothing'), rules: readGuideRules('location /conda/').replaceAll('127.0.0.1:8080', `127.0.0.1:${server.port}`) })
const alone = await startNginx(tools.nginx, { folder: join(folder, 'nginx-alone'), root: served, rules: readGuideRules('max-age=31536000') })

/** Its log, as the server's own, but for the bytes, which it does not write down. */
const takeAlones = async () => alone.takeRequests().map((line) => {
  const [method, path, status] = line.split(' ')
  return { method, path, status: Number(status) }
})

const TOKEN = 'tk-0123456789'
const withUser = (url) => url.replace('://', `://${USER}:${encodeURIComponent(PASSWORD)}@`)
const ways = [
  { way: 'plain', url: `${server.url}sample`, checked: 'sample' },
  { way: 'with a token', url: `${server.url}t/${TOKEN}/sample`, checked: 'sample' },
  { way: 'from a snapshot', url: `${server.url}snapshots/frozen/sample`, checked: 'snapshots/frozen/sample' },
  { way: 'with the token that is needed', server: closed, url: `${closed.url}t/${token}/sample`, checked: 'sample' },
  { way: 'with user and password', server: closed, url: withUser(`${closed.url}sample`), checked: 'sample', without: LOGINLESS },
  { way: 'below a path of nginx', url: `${front.url}conda/sample`, checked: 'conda/sample' },
  { way: 'nginx instead', server: { takeRequests: takeAlones }, url: `${alone.url}sample`, checked: 'sample', without: MEASURED },
]

/** Every client that can go that way. */
const useWay = async ({ way, url, checked, without = new Set(), server: asked = server }) => {
  for (const [client, body] of Object.entries(clients).filter(([name]) => !without.has(name))) await part(`${way}: ${client}`, () => body({ url, server: asked, expected, checked }))
}

try {
  for (const take of [server.takeRequests, closed.takeRequests, takeAlones]) await take()
  for (const way of ways) await useWay(way)
  await part('who does not say who they are, or wrongly, is told so by each client, and gets nothing', async () => {
    for (const url of [`${closed.url}sample`, `${closed.url}t/wrong/sample`, withUser(`${closed.url}sample`).replace(USER, 'nobody')]) {
      await assert.rejects(runProgram(tools.curl, ['--silent', '--fail', `${url}/linux-64/repodata.json`]), ({ code }) => code === 22)
      await assert.rejects(runMirror('sync', '-q', '-c', url, '-p', 'linux-64', '--mirror-dir', findPlace('mirror')), ({ code, stderr }) => code === 1 && stderr.includes('CHANNEL_FORBIDDEN'))
      await assert.rejects(install(url, { spec: 'libgamma', cache: findPlace('cache'), prefix: '-' }), ({ stderr }) => stderr.includes('401'))
    }
    const requests = await closed.takeRequests()
    assert.ok(requests.length > 0 && requests.every(({ status }) => status === 401), countsOf(requests))
    return countsOf(requests)
  })
  await part('the server ends when it is told to, and has told nobody\'s token', async () => {
    const requests = await server.takeRequests()
    assert.equal(await server.stop(), 0)
    assert.ok(!`${server.said()}${JSON.stringify(requests)}`.includes(TOKEN))
    const ofClosed = await closed.takeRequests()
    assert.equal(await closed.stop(), 0)
    for (const secret of [token, PASSWORD, encodeURIComponent(PASSWORD)]) assert.ok(!`${closed.said()}${JSON.stringify(ofClosed)}`.includes(secret))
  })
} finally {
  for (const one of [front, alone, original]) await one.close()
}
endParts()
