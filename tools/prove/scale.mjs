// A million records and two: memory, time, recovery, retries; artifacts are made by the upstream from their names: part of `npm run prove`.
import { spawn, spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { pipeline } from 'node:stream/promises'
import { createZstdCompress } from 'node:zlib'
import { measure } from '../bench/measure.mjs'
import { root } from '../lib/workspace.mjs'

const given = JSON.parse(process.argv[2] ?? '{}')
const { folder, options = {} } = given
const MILLION = options.million ?? 1_000_000
const BIN = join(root, 'apps/cli/bin/mirror.js')
/** The command that is measured: as it is published, where it is built. */
const PROGRAM = options.program ?? (fs.existsSync(join(root, 'apps/cli/dist')) ? BIN : join(root, 'apps/cli/src/bin/mirror.ts'))
const MEBIBYTES = 512
const found = { points: 0, failed: 0, findings: [], notes: [] }
/** Times mean something only where nobody else works. */
const isIdle = loadavg()[0] < availableParallelism() * 0.75

const check = (name, value, { limit, unit, timed = false }) => {
  found.points += 1
  const isOver = value > limit
  const isFault = isOver && (!timed || isIdle)
  found.notes.push(`${name}: ${value.toFixed(value < 10 ? 2 : 0)} ${unit} (at most ${limit})${isOver && !isFault ? ', on a busy machine: not judged' : ''}`)
  if (isFault) found.findings.push(`${name}: ${value.toFixed(2)} ${unit}, at most ${limit}`)
}

const nameOf = (at) => `package-${String(Math.floor(at / 20)).padStart(6, '0')}-1.${at % 20}-h0123456_0.conda`
const NOISE = ['libgcc-ng >=12', 'python >=3.11,<3.12.0a0', 'numpy >=1.22.3,<2.0a0', 'libstdcxx-ng >=12']
const recordOf = (at, subdir) => {
  const name = nameOf(at)
  return `"${name}":{"build":"h0123456_0","build_number":0,"depends":${JSON.stringify(NOISE.slice(0, 1 + (at % 4)))},"license":"BSD-3-Clause","md5":"${hash('md5', name)}","name":"package-${String(Math.floor(at / 20)).padStart(6, '0')}","sha256":"${hash('sha256', name)}","size":${name.length},"subdir":"${subdir}","timestamp":1700000000000,"version":"1.${at % 20}"}`
}

/** An index of so many records, plain and packed. */
const writeIndex = async (upstream, subdir, count) => {
  const path = join(upstream, subdir, 'repodata.json')
  fs.mkdirSync(join(upstream, subdir), { recursive: true })
  const fd = fs.openSync(path, 'w')
  fs.writeSync(fd, `{"info":{"subdir":"${subdir}"},"packages":{},"packages.conda":{`)
  for (let from = 0; from < count; from += 10_000) {
    const to = Math.min(count, from + 10_000)
    fs.writeSync(fd, `${from === 0 ? '' : ','}${Array.from({ length: to - from }, (_, at) => recordOf(from + at, subdir)).join()}`)
  }
  fs.writeSync(fd, '},"removed":[],"repodata_version":1}')
  fs.closeSync(fd)
  await pipeline(fs.createReadStream(path), createZstdCompress(), fs.createWriteStream(`${path}.zst`))
}

const startUpstream = async (upstream, every = 0) => {
  const child = spawn(process.execPath, [join(root, 'tools/prove/scale-upstream.mjs'), upstream, String(every)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = await once(child.stdout, 'data')
  const origin = `http://127.0.0.1:${String(port).trim()}`
  return { url: `${origin}/big/`, counts: async () => (await fetch(`${origin}/counts`)).json(), close: () => child.kill() }
}

const config = (own, lines) => fs.writeFileSync(join(own, 'mirror.yaml'), `mirror_dir: m\nfetch_installers: false\nplatforms: [linux-64]\n${lines.join('\n')}\n`)
const run = (own, args = []) => measure(process.execPath, ['--no-warnings', PROGRAM, 'sync', '-f', 'mirror.yaml', '-q', '--reserve', '0', ...args], { cwd: own, env: { ...process.env, HOME: own } })

/** An index of so many records, of which few are wanted: index and selection alone. */
const selectFew = async (count) => {
  const own = join(folder, `select-${count}`)
  const upstream = join(own, 'up')
  await writeIndex(upstream, 'linux-64', count)
  await writeIndex(upstream, 'noarch', 0)
  const server = await startUpstream(upstream)
  config(own, [`channels: ['${server.url}']`, 'include: ["package-00000*"]'])
  const first = run(own)
  check(`${count} records, few of them wanted: peak`, first.peak, { limit: MEBIBYTES, unit: 'MiB' })
  found.notes.push(`${count} records, few of them wanted: ${first.wall.toFixed(1)} s`)
  check(`${count} records, nothing has changed`, run(own).wall, { limit: 1, unit: 's', timed: true })
  server.close()
  fs.rmSync(own, { recursive: true })
}

/** Every file of the subdir is there, as after a sync of everything: what is taken over, changed, broken off and recovered is a million artifacts. */
const wholeSubdir = async () => {
  const own = join(folder, 'whole')
  const upstream = join(own, 'up')
  const mirror = join(own, 'm/big/linux-64')
  await writeIndex(upstream, 'linux-64', MILLION)
  await writeIndex(upstream, 'noarch', 0)
  fs.mkdirSync(mirror, { recursive: true })
  for (let at = 0; at < MILLION; at += 1) fs.writeFileSync(join(mirror, nameOf(at)), nameOf(at))
  for (const subdir of ['linux-64', 'noarch']) {
    fs.mkdirSync(join(own, 'm/big', subdir), { recursive: true })
    fs.copyFileSync(join(upstream, subdir, 'repodata.json'), join(own, 'm/big', subdir, 'repodata.json'))
  }
  const server = await startUpstream(upstream)
  config(own, [`channels: ['${server.url}']`])
  const adopted = run(own)
  check(`a folder with ${MILLION} artifacts is taken over: peak`, adopted.peak, { limit: MEBIBYTES, unit: 'MiB' })
  found.notes.push(`a folder with ${MILLION} artifacts is taken over, each verified: ${adopted.wall.toFixed(0)} s, ${(await server.counts()).artifacts} fetched`)
  check(`${MILLION} artifacts, nothing has changed`, run(own).wall, { limit: 1, unit: 's', timed: true })
  await changeAndBreak({ own, upstream })
  server.close()
  fs.rmSync(own, { recursive: true })
}

const changeAndBreak = async ({ own, upstream }) => {
  await writeIndex(upstream, 'linux-64', MILLION + 1000)
  const changed = run(own)
  check(`1,000 new ones beside ${MILLION}: peak`, changed.peak, { limit: MEBIBYTES, unit: 'MiB' })
  found.notes.push(`1,000 new ones beside ${MILLION}: ${changed.wall.toFixed(1)} s, of which all variants of the index`)
  await writeIndex(upstream, 'linux-64', MILLION + 2000)
  const journal = join(own, 'm/big/.mirror/journal')
  const child = spawn(process.execPath, ['--no-warnings', PROGRAM, 'sync', '-f', 'mirror.yaml', '-q', '--reserve', '0'], { cwd: own, stdio: 'ignore', env: { ...process.env, HOME: own } })
  const ended = once(child, 'exit')
  while (child.exitCode === null && fs.readdirSync(journal).length === 0) await delay(1)
  const isKilled = child.kill('SIGKILL')
  await ended
  found.points += 1
  if (!isKilled) found.notes.push('the commit was over before it could be killed')
  const head = fs.readFileSync(join(own, 'm/big/.mirror/head'), 'utf8')
  const { milliseconds, generation, cpu } = JSON.parse(spawnSync(process.execPath, ['--no-warnings', join(root, 'tools/prove/scale-recover.mjs'), join(own, 'm/big')], { encoding: 'utf8' }).stdout)
  check(`after SIGKILL in the commit of ${MILLION + 2000}, the commit is completed within`, milliseconds / 1000, { limit: 10, unit: 's', timed: true })
  found.notes.push(`  of which ${(cpu / 1e6).toFixed(1)} s of processor; ${head.includes(`"generation":${generation}}`) ? 'there was nothing to complete' : `generation ${generation} is the head now`}`)
  check(`the run after that`, run(own).wall, { limit: 60, unit: 's', timed: true })
}

const retries = async () => {
  const own = join(folder, 'retries')
  const upstream = join(own, 'up')
  const count = 5000
  await writeIndex(upstream, 'linux-64', count)
  await writeIndex(upstream, 'noarch', 0)
  const server = await startUpstream(upstream, 10)
  config(own, [`channels: ['${server.url}']`])
  run(own)
  const { artifacts, failed } = await server.counts()
  found.notes.push(`${count} artifacts, one request in ten fails: ${artifacts} requests, ${failed} failed`)
  check('requests for each artifact when one in ten fails', artifacts / count, { limit: 1.2, unit: '' })
  server.close()
  fs.rmSync(own, { recursive: true })
}

if (!isIdle) found.notes.push('the machine was busy: times are told, not judged')
const PARTS = { retries, 'a million': () => selectFew(MILLION), 'two million': () => selectFew(2 * MILLION), whole: wholeSubdir }
for (const [name, part] of Object.entries(PARTS)) {
  if (options.parts !== undefined && !options.parts.includes(name)) continue
  await part().catch((error) => { found.findings.push(`${name}: ${String(error?.stack ?? error).slice(0, 800)}`) })
}
found.failed = found.findings.length
process.stdout.write(`${JSON.stringify({ prove: found })}\n`, () => process.exit())
