// Fetches, hashes and writes artifacts from a server on loopback, against `curl -Z` and `openssl dgst` in the same rounds.
//
//   node benchmarks/fetch-bench.mjs [--rounds 3] [--small 5000] [--large 12] [--folder /where/4/GB/are/free]
//
// The server is nginx where it is installed, else the fixture server (which shares the process, so its numbers say little).
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createDigest, parseArtifactName, parseChannelUrl, parseSubdirName } from '@mirror/core'
import { serveChannel } from '@mirror/test-fixtures'
import { createRepositoryClient } from '../src/index.ts'

const { values } = parseArgs({ options: {
  rounds: { type: 'string', default: '3' }, small: { type: 'string', default: '5000' }, large: { type: 'string', default: '12' }, child: { type: 'string' }, folder: { type: 'string', default: tmpdir() }, profile: { type: 'boolean' },
} })

const SUBDIR = parseSubdirName('linux-64')

if (values.child === undefined) await measure()
else await fetchAll(JSON.parse(readFileSync(values.child, 'utf8')))

/** The measured side: every artifact fetched, hashed, written under a temporary name and renamed. Prints its own wall time. */
async function fetchAll({ url, folder, artifacts, concurrency }) {
  const started = performance.now()
  const before = process.cpuUsage()
  await using client = createRepositoryClient({ channel: parseChannelUrl(url, { folder: 'bench' }), concurrency })
  const queue = artifacts.values()
  async function work() {
    for (const { name, size, sha256 } of queue) {
      const artifact = { subdir: SUBDIR, name: parseArtifactName(name), size, digest: createDigest('sha256', sha256) }
      const fetched = await client.fetchArtifact(artifact, { reclaim: true })
      const path = join(folder, name)
      const file = openSync(`${path}.part`, 'wx')
      if (fetched.bytes === undefined) for await (const chunk of fetched.body) writeAll(file, chunk)
      else writeAll(file, fetched.bytes)
      closeSync(file)
      renameSync(`${path}.part`, path)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  process.stdout.write(JSON.stringify({ inside: performance.now() - started, insideCpu: cpuSince(before) }))
}

function cpuSince(before) {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

function writeAll(file, bytes) {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done)
}

async function measure() {
  const work = mkdtempSync(join(values.folder, 'fetch-bench-'))
  try {
    const channel = join(work, 'channel')
    const sets = [
      { title: `${values.small} artifacts of 20 KB, 32 at a time`, prefix: 'small', count: Number(values.small), size: 20_000, concurrency: 32 },
      { title: `${values.large} artifacts of 50 MB, 4 at a time`, prefix: 'large', count: Number(values.large), size: 50_000_000, concurrency: 4 },
    ]
    mkdirSync(join(channel, SUBDIR), { recursive: true })
    const built = sets.map((set) => ({ ...set, artifacts: buildArtifacts(join(channel, SUBDIR), set) }))
    const server = await startServer(channel, work)
    try {
      for (const set of built) compare(set, server.url, work)
    } finally {
      await server.close()
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function buildArtifacts(folder, { prefix, count, size }) {
  return Array.from({ length: count }, (_, index) => {
    const bytes = randomBytes(size)
    const name = `${prefix}-${index}-0.conda`
    writeFileSync(join(folder, name), bytes)
    return { name, size, sha256: createHash('sha256').update(bytes).digest('hex') }
  })
}

/** One worker, sendfile, no log. */
async function startServer(channel, work) {
  const nginx = spawnSync('nginx', ['-v']).status === 0
  if (!nginx) {
    console.log('nginx is not installed: the fixture server stands in, and the numbers compare clients on a slow server')
    return serveChannel(channel)
  }
  const port = await freePort()
  const config = join(work, 'nginx.conf')
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${work}/${name};`).join(' ')
  writeFileSync(config, `worker_processes 1; daemon off; pid ${work}/nginx.pid; error_log ${work}/error.log; events { worker_connections 1024; }
    http { access_log off; sendfile on; keepalive_requests 1000000; ${paths} server { listen 127.0.0.1:${port}; root ${channel}; } }`)
  execFileSync('chmod', ['-R', 'a+rX', work])
  const server = spawn('nginx', ['-c', config, '-p', work], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}/`
  while (!(await fetch(url).then(() => true, () => false))) await new Promise((resolve) => setTimeout(resolve, 20))
  return { url, close: async () => {
    const gone = new Promise((resolve) => server.once('exit', resolve))
    server.kill()
    await gone
  } }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Rounds of ours, then curl and openssl, so that both meet the same weather; medians. */
function compare({ title, prefix, artifacts, concurrency }, url, work) {
  const rounds = Array.from({ length: Number(values.rounds) }, (_, round) => {
    const ours = inFreshFolder(work, `${prefix}-ours-${round}`, (folder) => runOurs({ url, folder, artifacts, concurrency }, work))
    const curl = inFreshFolder(work, `${prefix}-curl-${round}`, (folder) => runCurl({ url, folder, artifacts, concurrency }, work))
    return { ...ours, ...curl }
  })
  const column = (name) => median(rounds.map((round) => round[name]))
  const bytes = artifacts.reduce((sum, { size }) => sum + size, 0)
  const inside = column('inside')
  const peer = median(rounds.map(({ curl, openssl }) => curl + openssl))
  console.log(`${title}, median of ${rounds.length} rounds`)
  const ratio = (name, peerName) => median(rounds.map((round) => round[name] / peerName(round))).toFixed(2)
  const peerWall = (round) => round.curl + round.openssl
  const peerCpu = (round) => round.peerCpu
  console.log(`  ours, fetched, hashed, written: ${seconds(inside)} wall and ${seconds(column('insideCpu'))} CPU from the first call on; whole process ${seconds(column('wall'))} and ${seconds(column('cpu'))}`)
  console.log(`    ${Math.round(artifacts.length / (inside / 1000))} artifacts/s, ${Math.round(bytes / 1e6 / (inside / 1000))} MB/s; best round ${seconds(Math.min(...rounds.map((round) => round.inside)))}`)
  console.log(`  curl -Z, written: ${seconds(column('curl'))}; openssl dgst of it: ${seconds(column('openssl'))}; together ${seconds(peer)} wall, ${seconds(column('peerCpu'))} CPU`)
  console.log(`  ours / (curl + openssl), from the first call on: wall ${ratio('inside', peerWall)}, CPU ${ratio('insideCpu', peerCpu)}; whole process: wall ${ratio('wall', peerWall)}, CPU ${ratio('cpu', peerCpu)}`)
}

function inFreshFolder(work, name, run) {
  const folder = join(work, name)
  mkdirSync(folder)
  // Nothing is deleted before the end: ext4 makes files slowly where many were deleted just now.
  return run(folder)
}

function runOurs(job, work) {
  const path = join(work, 'job.json')
  writeFileSync(path, JSON.stringify(job))
  const flags = values.profile ? ['--cpu-prof', `--cpu-prof-dir=${join(tmpdir(), 'fetch-prof')}`] : []
  const { milliseconds, cpu, stdout } = timed(process.execPath, [...flags, import.meta.filename, '--child', path])
  return { wall: milliseconds, cpu, ...JSON.parse(stdout) }
}

function runCurl({ url, folder, artifacts, concurrency }, work) {
  const list = join(work, 'curl.txt')
  writeFileSync(list, artifacts.map(({ name }) => `url = "${url}${SUBDIR}/${name}"\noutput = "${join(folder, name)}"\n`).join(''))
  const curl = timed('curl', ['-sS', '-f', '-Z', '--parallel-immediate', '--parallel-max', String(concurrency), '-K', list])
  const sums = timed('sh', ['-c', `cd '${folder}' && ls | xargs openssl dgst -sha256 -r`])
  const found = new Map(sums.stdout.trim().split('\n').map((line) => {
    const [hex, name] = line.split(' *')
    return [name, hex]
  }))
  for (const { name, sha256 } of artifacts) if (found.get(name) !== sha256) throw new Error(`curl and openssl got ${name} wrong`)
  return { curl: curl.milliseconds, openssl: sums.milliseconds, peerCpu: curl.cpu + sums.cpu }
}

function timed(command, args) {
  const started = performance.now()
  // The shell tells the CPU time of what it ran; Node does not.
  const { status, stdout, stderr } = spawnSync('bash', ['-c', 'TIMEFORMAT="cpu %U %S"; time "$@"', 'timed', command, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 })
  if (status !== 0) throw new Error(`${command}: ${stderr}`)
  const [, user = '0', system = '0'] = /cpu ([\d.]+) ([\d.]+)/.exec(stderr) ?? []
  return { milliseconds: performance.now() - started, cpu: (Number(user) + Number(system)) * 1000, stdout }
}

function median(numbers) {
  const sorted = numbers.toSorted((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)]
}

function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(2)} s`
}
