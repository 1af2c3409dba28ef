// The server beside nginx on the same files, with wrk: started by ../bench.mjs. Arguments as JSON: { quick, command: [program, ...args], nginx, wrk }.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startNginx } from '../interop/lib/start-nginx.mjs'
import { startMirrorServer } from '../lib/start-mirror-server.mjs'
import { createChannel } from './create-channel.mjs'
import { number, print } from './print-table.mjs'
import { measureSlowReaders } from './slow-readers.mjs'

const { quick, command, nginx, wrk } = JSON.parse(process.argv[2])
const SECONDS = quick ? 2 : 3
const ROUNDS = quick ? 1 : 3
const SUBDIR = 'linux-64'
const folder = mkdtempSync(join(process.env.MIRROR_BENCH_FOLDER ?? tmpdir(), 'bench-serve-'))
const mirrorDir = join(folder, 'mirror')

/** What is measured: `paths` are asked for in turn; the targets are parts of what nginx does. */
const CASES = {
  'artifacts of 20 KB, 64 clients': { connections: 64, channel: 'small', targets: { 1: 0.6, 2: 0.75 } },
  'artifacts of 200 KB, 64 clients': { connections: 64, channel: 'middle', targets: {} },
  'artifacts of 50 MB, 16 clients': { connections: 16, channel: 'large', unit: 'bytes', targets: { 1: 1 } },
  'repodata.json.zst that has not changed, 64 clients': { connections: 64, channel: 'small', index: true, targets: { 1: 0.45, 2: 0.9 } },
}

const make = (name, options) => ({ name, ...createChannel(join(folder, 'upstream', name), { ...options, subdirs: ['noarch', SUBDIR] }) })

const mirror = (channel) => {
  const [program, ...args] = command
  execFileSync(program, [...args, 'sync', '-q', '-c', channel.folder, '-p', SUBDIR, '--mirror-dir', mirrorDir], { env: { PATH: process.env.PATH, HOME: folder }, stdio: 'inherit' })
}

/** Asks for the paths in turn, each with the tag that the server itself gives for it, where it is to say that nothing changed. A server that looks at nothing takes any. */
const writeScript = async ({ url, tag }, { name, paths, index }) => {
  const askTag = async (path) => tag ?? (await fetch(new URL(path, url), { method: 'HEAD' })).headers.get('etag')
  const tags = index === true ? await Promise.all(paths.map(askTag)) : []
  const file = join(folder, `${name}.lua`)
  const requests = paths.map((path, at) => `wrk.format('GET', '${path}', { ${index === true ? `['If-None-Match'] = [[${tags[at]}]]` : ''} })`)
  writeFileSync(file, `local requests\nlocal at = 0\ninit = function(args) requests = { ${requests.join(', ')} } end\nrequest = function() at = at % #requests + 1; return requests[at] end\n`)
  return file
}

const UNITS = { us: 0.001, ms: 1, s: 1000, m: 60_000 }
const BYTES = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 }

/** Requests a second, bytes a second, milliseconds within which 99 of 100 were answered. */
const askWithWrk = (url, { script, connections }) => {
  const { stdout, status } = spawnSync(wrk, ['-t1', `-c${connections}`, `-d${SECONDS}s`, '--timeout', '10s', '--latency', '-s', script, url], { encoding: 'utf8' })
  const { groups: rate } = /Requests\/sec:\s+(?<rate>[\d.]+)/.exec(stdout) ?? {}
  const { groups: transfer } = /Transfer\/sec:\s+(?<size>[\d.]+)(?<unit>[KMG]?B)/.exec(stdout) ?? {}
  const { groups: late } = /99%\s+(?<time>[\d.]+)(?<unit>us|ms|s|m)/.exec(stdout) ?? {}
  if (status !== 0 || rate === undefined || transfer === undefined || /Non-2xx/.test(stdout) || /Socket errors/.test(stdout)) throw new Error(`wrk: ${stdout}`)
  return { rate: Number(rate.rate), bytes: Number(transfer.size) * BYTES[transfer.unit], late: late === undefined ? undefined : Number(late.time) * UNITS[late.unit] }
}

const middle = (values) => values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)]

const compareOn = async (title, { connections, channel, index, targets, unit = 'rate' }, servers) => {
  const { files } = channels[channel]
  const paths = (index === true ? ['repodata.json.zst'] : files.map((file) => file.split('/')).filter(([subdir]) => subdir === SUBDIR).map(([, name]) => name)).map((name) => `/${channel}/${SUBDIR}/${name}`)
  const runs = new Map(Object.keys(servers).map((name) => [name, []]))
  const scripts = new Map()
  for (const [at, [name, server]] of Object.entries(servers).entries()) scripts.set(name, await writeScript(server, { name: `wrk-${at}`, paths, index }))
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, { url }] of Object.entries(servers)) runs.get(name).push(askWithWrk(url, { script: scripts.get(name), connections }))
  }
  print(`\n${title}`)
  const rates = new Map([...runs].map(([name, list]) => [name, { rate: middle(list.map(({ rate }) => rate)), bytes: middle(list.map(({ bytes }) => bytes)), late: middle(list.map(({ late }) => late)) }]))
  for (const [name, found] of rates) {
    const { rate, bytes, late } = found
    const target = targets[servers[name].processes]
    const ratio = found[unit] / rates.get('nginx')[unit]
    const verdict = target === undefined ? '' : `; target: at least ${target.toFixed(2)}x${ratio < target ? ', MISSED' : ''}`
    print(`  ${name.padEnd(34)} ${rate.toFixed(0).padStart(7)} requests/s  ${(bytes / 1e9).toFixed(2)} GB/s  99 % within ${number(late, 'ms', 1)}${name === 'nginx' ? '' : `  ${ratio.toFixed(2)}x nginx${verdict}`}`)
  }
}

const channels = { small: make('small', { count: 400, size: 20_000 }), middle: make('middle', { count: 100, size: 200_000 }), large: make('large', { count: 4, size: 50_000_000 }) }
mkdirSync(mirrorDir)
for (const channel of Object.values(channels)) mirror(channel)
/** What a server in Node can reach, whatever it serves. */
const startBare = async (processes) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'bare-server.mjs'), String(processes)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = await once(child.stdout, 'data')
  const stop = async () => {
    child.kill()
    await once(child, 'exit')
  }
  return { url: `http://127.0.0.1:${String(port).trim()}/`, tag: '"any"', stop }
}

const start = (...args) => startMirrorServer(command, { args: ['--mirror-dir', mirrorDir, ...args], cwd: folder, log: 'none' })
const front = await startNginx(nginx, { folder: join(folder, 'nginx'), root: mirrorDir, rules: 'access_log off;' })
const single = await start()
const double = await start('--processes', '2')
const bare = [await startBare(1), await startBare(2)]
try {
  print(`${execFileSync('nproc').toString().trim()} cores, shared with wrk; Node ${process.versions.node}; load ${readFileSync('/proc/loadavg', 'utf8').split(' ')[0]} before; ${ROUNDS} rounds of ${SECONDS} s; nginx: one worker, sendfile, no log, as mirror serve. Timings are told, never judged.`)
  const servers = { nginx: front, 'mirror serve': { ...single, processes: 1 }, 'mirror serve --processes 2': { ...double, processes: 2 } }
  const floor = { 'node:http alone': bare[0], 'node:http alone, two processes': bare[1] }
  for (const [title, one] of Object.entries(CASES)) await compareOn(title, one, one.index === true ? { ...servers, ...floor } : servers)
  await measureSlowReaders({ path: `/large/${SUBDIR}/${channels.large.files.find((file) => file.startsWith(SUBDIR)).split('/')[1]}`, start })
} finally {
  await front.close()
  for (const one of [single, double, ...bare]) await one.stop()
  rmSync(folder, { recursive: true, force: true })
}
