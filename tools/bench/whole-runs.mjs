// Whole runs of the built command beside other people's tools: started by ../bench.mjs. Arguments as JSON: { quick, command, nginx }.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { startNginx } from '../interop/lib/start-nginx.mjs'
import { createChannel } from './create-channel.mjs'
import { compete, measure } from './measure.mjs'
import { number, print, printTable } from './print-table.mjs'

const { quick, command, nginx } = JSON.parse(process.argv[2])
const rounds = quick ? 1 : 3
const SUBDIRS = ['noarch', 'linux-64', 'osx-arm64']
const peer = process.env.MIRROR_BENCH_PEER
const folder = mkdtempSync(join(process.env.MIRROR_BENCH_FOLDER ?? tmpdir(), 'bench-'))

const environment = { env: { PATH: process.env.PATH, HOME: folder } }
const mirror = (args) => measure(process.execPath, [command, ...args], environment)
const sync = (url, mirrorDir) => mirror(['sync', '-q', '-c', url, '-p', 'linux-64', '-p', 'osx-arm64', '--mirror-dir', mirrorDir])

const shell = (script) => measure('sh', ['-ec', script])

/** curl, 32 at once, into a new folder; then openssl over all that came. Nothing is compared. */
const fetchWithCurl = (channel, url, target) => {
  for (const subdir of SUBDIRS) mkdirSync(join(target, subdir), { recursive: true })
  writeFileSync(join(target, 'urls'), channel.files.map((file) => `url=${url}/${file}\noutput=${target}/${file}\n`).join(''))
  writeFileSync(join(target, 'names'), channel.files.map((file) => `${target}/${file}\n`).join(''))
  const result = shell(`curl --silent --show-error --fail -Z --parallel-max 32 -K '${target}/urls'; xargs openssl dgst -sha256 -r < '${target}/names' > '${target}/sums'`)
  const sums = readFileSync(join(target, 'sums'), 'utf8').split('\n').length - 1
  if (sums !== channel.files.length) throw new Error(`curl brought ${sums} of ${channel.files.length} files`)
  return result
}

const countArtifacts = (mirrorDir, { name, files }) => {
  const there = SUBDIRS.reduce((sum, subdir) => sum + readdirSync(join(mirrorDir, name, subdir)).filter((file) => file.endsWith('.conda')).length, 0)
  if (there !== files.length) throw new Error(`${mirrorDir} has ${there} of ${files.length} artifacts`)
}

/** Its destination must exist and look like a path. */
const runPeer = (url, target) => {
  mkdirSync(target)
  return measure(peer, ['--source', url, '--destination', target, ...SUBDIRS.flatMap((subdir) => ['--subdir', subdir]), '--no-progress'], environment)
}

const benchFirstSync = (channel, url, title) => {
  const fresh = (kind, round) => join(folder, `${channel.name}-${kind}-${round}`)
  const results = compete({
    'mirror sync': (round) => {
      const result = sync(url, fresh('mirror', round))
      countArtifacts(fresh('mirror', round), channel)
      return result
    },
    'curl -Z + openssl dgst': (round) => fetchWithCurl(channel, url, fresh('curl', round)),
    ...(peer === undefined ? {} : { 'conda-mirror (Rust)': (round) => runPeer(url, fresh('peer', round)) }),
  }, rounds)
  printTable(title, results, { 'curl -Z + openssl dgst': 'none: it writes nothing durably and compares nothing', 'conda-mirror (Rust)': 'at most 0.50x' })
  const { wall } = results.get('mirror sync')
  print(`  ${(channel.files.length / wall).toFixed(0)} artifacts/s, ${(channel.bytes / wall / 1e6).toFixed(0)} MB/s, durable and verified${channel.files.length > 1000 ? '; target: more than 2,600 artifacts/s' : ''}`)
  return fresh('mirror', 0)
}

const benchNoChange = (channel, server, mirrorDir) => {
  const url = `${server.url}${channel.name}`
  server.takeRequests()
  sync(url, mirrorDir)
  const requests = server.takeRequests()
  const conditional = requests.map((request) => /^GET (\S+) 304 (".*)$/.exec(request)).filter((found) => found !== null)
  const asked = conditional.map(([, path, etag]) => `curl --silent -o /dev/null -H 'If-None-Match: ${etag}' '${new URL(path, server.url)}'`)
  const results = compete({ 'mirror sync': () => sync(url, mirrorDir), 'curl, the same requests': () => shell(asked.join('\n')), 'node -e 0': () => measure(process.execPath, ['-e', '0']) }, quick ? 3 : 7)
  printTable(`Nothing changed, ${channel.files.length} artifacts`, results)
  print(`  ${requests.length} requests, ${conditional.length} of them answered 304; target: one a subdir (${SUBDIRS.length})`)
}

/** What it costs to start: the least that a command of each kind does, beside an empty Node. */
const benchStart = (upstream, mirrorDir) => {
  const casSync = join(dirname(command), 'cas-sync.js')
  const selection = ['-c', pathToFileURL(upstream).href, '-p', 'linux-64']
  const own = join(folder, 'start')
  const syncNothing = () => mirror(['sync', '-q', ...selection, '--mirror-dir', own])
  syncNothing()
  const kinds = {
    'mirror --version': [() => mirror(['--version']), 2],
    'mirror --help': [() => mirror(['--help']), 2],
    'cas-sync --help': [() => measure(process.execPath, [casSync, '--help'], environment), 2],
    'mirror config': [() => mirror(['config', ...selection, '--mirror-dir', own]), 2],
    'mirror status': [() => mirror(['status', '--mirror-dir', mirrorDir]), 2],
    'mirror sync of a folder, nothing changed': [syncNothing, 4.5],
  }
  const results = compete({ 'node -e 0': () => measure(process.execPath, ['-e', '0']), ...Object.fromEntries(Object.entries(kinds).map(([name, [body]]) => [name, body])) }, quick ? 5 : 21)
  const empty = results.get('node -e 0')
  print('\nStart-up')
  for (const [name, { wall, cpu }] of results) {
    const ratios = `${(wall / empty.wall).toFixed(2)}x the wall${cpu === undefined ? '' : `, ${(cpu / empty.cpu).toFixed(2)}x the CPU`} of node -e 0`
    print(`  ${name.padEnd(40)}  ${number(wall * 1000, 'ms', 0)}${name in kinds ? `  ${ratios}; target: at most ${kinds[name][1].toFixed(1)}x` : ''}`)
  }
}

const make = (name, options) => ({ name, bytes: options.count * options.size, ...createChannel(join(folder, 'upstream', name), { ...options, subdirs: SUBDIRS }) })

const server = await startNginx(nginx, { folder: join(folder, 'nginx'), root: join(folder, 'upstream') })
try {
  const cores = execFileSync('nproc').toString().trim()
  print(`${cores} cores, Node ${process.versions.node}, load ${readFileSync('/proc/loadavg', 'utf8').split(' ')[0]} before; ${rounds} rounds; nginx on loopback; medians. Timings are told, never judged.`)
  if (peer === undefined) print('MIRROR_BENCH_PEER names no binary of conda-mirror (Rust): it is not in this run.')
  const small = make('small', { count: 5000, size: 20_000 })
  const mirrorDir = benchFirstSync(small, `${server.url}small`, 'First sync, 5,000 artifacts of 20 KB in 3 subdirs')
  benchNoChange(small, server, mirrorDir)
  const large = make('large', { count: quick ? 4 : 12, size: 50_000_000 })
  benchFirstSync(large, `${server.url}large`, `First sync, ${large.files.length} artifacts of 50 MB`)
  const few = make('few', { count: 3, size: 1000 })
  benchStart(join(folder, 'upstream', few.name), mirrorDir)
} finally {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
}
