// The named checks that have to see a mutant: node [--import mutate.ts] check-mutant.ts <check> <folder>. Prints what is wrong, as JSON.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readlinkSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { EMPTY_STATE, stateId } from '@mirror/delta'
import { createDiskIo, createDiskStore, type DiskIo } from '@mirror/store'
import { buildChannel, checkMirror, faults, serveChannel } from '@mirror/test-fixtures'
import { runSync } from '../run-sync.ts'
import { SMALL } from '../small.ts'
import { createBreakingIo } from './breaking-io.ts'
import { type KeepingScenario, openMirror } from './keeping-scenarios.ts'
import type { CheckName } from './mutants.ts'
import { breakScenario } from './scenario-sweeps.ts'
import { sweepWeakDisk } from './sweep-weak-disk.ts'
import { createAllScenarios, WHOLE } from './sync-scenarios.ts'

const [name = '', folder = '', root = ''] = process.argv.slice(2)

type Problems = readonly string[]

async function update(): Promise<KeepingScenario> {
  const scenario = (await createAllScenarios(folder)).find((candidate) => candidate.name === 'update')
  if (scenario === undefined) throw new TypeError('There is no update')
  return scenario
}

async function upstream(): Promise<string> {
  const path = join(folder, 'one-upstream')
  await buildChannel(SMALL, path)
  return path
}

/** What an unbroken run left wrong. */
async function unbroken(io: DiskIo): Promise<Problems> {
  const scenario = await update()
  const mirror = join(folder, 'unbroken')
  await scenario.prepare(mirror)
  const error = await scenario.run(openMirror(mirror, io), mirror).then(() => undefined, (reason: unknown) => reason)
  return [...(error === undefined ? [] : [String(error)]), ...await scenario.inTheEnd(mirror)]
}

async function failedSync(): Promise<Problems> {
  const from = await upstream()
  const real = createDiskIo()
  const seen = new Set<string>()
  const mirror = join(folder, 'failing')
  // What a kernel does: the first sync of these bytes fails, they are gone, and the next sync of them succeeds.
  const io: DiskIo = {
    ...real, syncDirectory: async () => undefined,
    async sync(fd) {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      if (seen.size > 0 || !path.includes('/staging/') || path.endsWith('-draft')) return
      seen.add(path)
      real.truncate(fd, 0)
      throw Object.assign(new Error('EIO: injected, fdatasync'), { code: 'EIO', syscall: 'fdatasync' })
    },
  }
  const outcome = await runSync(pathToFileURL(from).href, { folder, mirror }, { ...WHOLE, store: openMirror(mirror, io) }).then(({ report }) => report.status, () => 'failed')
  const published = existsSync(join(mirror, 'linux-64/repodata.json')) ? (await checkMirror(mirror)).problems : []
  return outcome === 'committed' && published.length > 0 ? published : []
}

async function wrongBytes(): Promise<Problems> {
  await using server = await serveChannel(await upstream())
  server.misbehave({ path: 'gamma-1.0-0.conda', fault: faults.sameSize() })
  const mirror = join(folder, 'mirror')
  const { report } = await runSync(server.url, { folder, mirror }, WHOLE)
  return report.failed.length > 0 ? [] : [`the sync ended as ${report.status}`, ...(await checkMirror(mirror)).problems]
}

async function rottenFiles(): Promise<Problems> {
  const from = await upstream()
  const mirror = join(folder, 'mirror')
  await cp(from, mirror, { recursive: true })
  const path = join(mirror, 'linux-64/gamma-1.0-0.conda')
  await writeFile(path, (await readFile(path)).map((byte, index) => (index === 50 ? byte ^ 1 : byte)))
  await runSync(pathToFileURL(from).href, { folder, mirror }, WHOLE)
  return (await checkMirror(mirror)).problems
}

async function guards(): Promise<Problems> {
  const from = await upstream()
  const mirror = join(folder, 'mirror')
  await runSync(pathToFileURL(from).href, { folder, mirror }, WHOLE)
  await rm(join(from, 'linux-64/repodata.json.zst'), { force: true })
  await writeFile(join(from, 'linux-64/repodata.json'), '{"info": {"subdir": "linux-64"}, "packages": {}, "packages.conda": {}}')
  const { report } = await runSync(pathToFileURL(from).href, { folder, mirror }, WHOLE)
  const left = (await readdir(join(mirror, 'linux-64'))).filter((file) => file.endsWith('.conda')).length
  return report.status === 'refused' && left > 0 ? [] : [`an empty upstream: ${report.status}, ${left} artifacts are left`]
}

const NOTHING = { base: stateId(EMPTY_STATE), target: EMPTY_STATE, changes: [], withdrawn: [], filesAdded: [], filesRemoved: [] }

async function twoWriters(): Promise<Problems> {
  const mirror = join(folder, 'mirror')
  await mkdir(mirror)
  const first = await createDiskStore({ root: mirror }).begin(NOTHING)
  const second = await createDiskStore({ root: mirror }).begin(NOTHING)
  return first.status === 'begun' && second.status === 'busy' ? [] : [`the first ${first.status}, the second ${second.status}`]
}

async function holdLock(): Promise<void> {
  await createDiskStore({ root }).begin(NOTHING)
  process.stdout.write('holding\n')
  setInterval(() => undefined, 1000)
}

async function locksOfTheDead(): Promise<Problems> {
  const mirror = join(folder, 'mirror')
  await mkdir(mirror)
  const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), 'hold', folder, mirror], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const ended = once(child, 'close')
  child.kill('SIGKILL')
  await ended
  const { status } = await createDiskStore({ root: mirror }).begin(NOTHING)
  return status === 'begun' ? [] : [`after the death of the holder: ${status}`]
}

/** The switch of the indexes is longer than so many changes. */
const EVERY = 3

/** A commit that was killed between its first index and its head is completed by whatever comes next, with no word from upstream. */
async function rollForward(): Promise<Problems> {
  const scenario = await update()
  const prepared = join(folder, 'prepared')
  await scenario.prepare(prepared)
  const mirror = join(folder, 'mirror')
  const counted = createBreakingIo({ type: 'none' })
  await cp(prepared, mirror, { recursive: true, preserveTimestamps: true })
  await scenario.run(openMirror(mirror, counted.io), mirror)
  const target = await readFile(join(mirror, 'linux-64/repodata.json'))
  const problems: string[] = []
  for (let at = 1; at <= counted.count() && problems.length === 0; at += EVERY) {
    await rm(mirror, { recursive: true })
    await cp(prepared, mirror, { recursive: true, preserveTimestamps: true })
    await scenario.run(openMirror(mirror, createBreakingIo({ type: 'dead', at, when: 'before' }).io), mirror).catch(() => undefined)
    const isPublic = (await readFile(join(mirror, 'linux-64/repodata.json'))).equals(target)
    await openMirror(mirror, createBreakingIo({ type: 'none' }).io).tidy({ grace: 86_400_000 })
    const { status } = await openMirror(mirror).publicState()
    if (isPublic && status !== 'as-published') problems.push(`killed before change ${at}: ${status}`)
  }
  return problems
}

const CHECKS: Readonly<Record<CheckName, () => Promise<Problems>>> = {
  kills: async () => (await (await breakScenario(await update(), { folder, untilBad: true, step: 2 })).sweepKills()).bad,
  'weak disk': async () => (await sweepWeakDisk(await update(), { folder, seed: 1, recover: Number.POSITIVE_INFINITY, step: 2, untilBad: true })).bad,
  'short writes': () => unbroken({ ...createDiskIo(), write: (fd, bytes) => createDiskIo().write(fd, bytes.subarray(0, Math.ceil(bytes.length / 2))) }),
  'failed sync': failedSync, 'wrong bytes': wrongBytes, 'rotten files': rottenFiles, guards, 'two writers': twoWriters, 'locks of the dead': locksOfTheDead, 'roll forward': rollForward,
}

function isCheck(text: string): text is CheckName {
  return Object.hasOwn(CHECKS, text)
}

if (name === 'hold') await holdLock()
else if (isCheck(name)) {
  const problems = await CHECKS[name]().catch((error: unknown) => [String(error)])
  process.stdout.write(`${JSON.stringify(problems.slice(0, 3))}\n`)
  process.exit()
} else throw new TypeError(`There is no check ${name}`)
