// Reads a mirror again and again as clients do: node reader.ts <mirror> <lag in ms> <patience in ms>. Tells its parent what it read, when it is asked to stop.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { zstdDecompressSync } from 'node:zlib'
import { decodeMsgpack } from '@mirror/test-fixtures'

const [mirror = '', lagText = '0', patienceText = '0'] = process.argv.slice(2)
const lag = Number(lagText)
/** From then on after an index was read, what it lists may be gone. */
const patience = Number(patienceText)

interface Listed {
  readonly path: string
  readonly size: number
  readonly sha256: string
}

/** An index that was read, to be believed when its time has come. */
interface Held {
  readonly form: string
  readonly read: number
  readonly listed: readonly Listed[]
}

const FORMS = ['noarch', 'linux-64'].flatMap((subdir) => ['repodata.json', 'repodata.json.zst', 'repodata_shards.msgpack.zst'].map((file) => ({ subdir, file })))
const counts = { reads: 0, late: 0, indexes: new Set<string>(), violations: new Set<string>() }
const parsed = new Map<string, readonly Listed[]>()
/** Files whose bytes were hashed: by inode, times and size. */
const hashed = new Map<string, string>()
const MOST = 20_000

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function listIn(subdir: string, document: object): readonly Listed[] {
  return Object.entries(document).filter(([section]) => section === 'packages' || section === 'packages.conda').flatMap(([, records]) =>
    Object.entries(records as Readonly<Record<string, { readonly size: number; readonly sha256: string | Uint8Array }>>).map(([name, record]) =>
      ({ path: join(mirror, subdir, name), size: record.size, sha256: typeof record.sha256 === 'string' ? record.sha256 : Buffer.from(record.sha256).toString('hex') })))
}

function parse(subdir: string, file: string, bytes: Buffer): readonly Listed[] {
  if (file === 'repodata.json') return listIn(subdir, JSON.parse(bytes.toString()) as object)
  if (file === 'repodata.json.zst') return listIn(subdir, JSON.parse(zstdDecompressSync(bytes).toString()) as object)
  const index = decodeMsgpack(zstdDecompressSync(bytes)) as { readonly shards: Readonly<Record<string, Uint8Array>> }
  return Object.values(index.shards).flatMap((digest) => {
    const hex = Buffer.from(digest).toString('hex')
    const shard = fs.readFileSync(join(mirror, subdir, 'shards', `${hex}.msgpack.zst`))
    if (sha256(shard) !== hex) throw new TypeError(`the shard ${hex} has other bytes`)
    return listIn(subdir, decodeMsgpack(zstdDecompressSync(shard)) as object)
  })
}

function readIndex({ subdir, file }: { readonly subdir: string; readonly file: string }): Held | undefined {
  const read = performance.now()
  try {
    const bytes = fs.readFileSync(join(mirror, subdir, file))
    const key = `${file} ${sha256(bytes)}`
    let listed = parsed.get(key)
    if (listed === undefined) {
      listed = parse(subdir, file, bytes)
      parsed.set(key, listed)
      counts.indexes.add(key)
    }
    return { form: `${subdir}/${file}`, read, listed }
  } catch (error) {
    counts.violations.add(`${subdir}/${file}: ${String(error)}`)
    return undefined
  }
}

function isThere({ path, size, sha256: wanted }: Listed): string | undefined {
  const stats = fs.statSync(path, { bigint: true, throwIfNoEntry: false })
  if (stats === undefined) return 'missing'
  if (Number(stats.size) !== size) return `${stats.size} bytes instead of ${size}`
  const key = `${stats.ino} ${stats.ctimeNs} ${stats.mtimeNs}`
  let hex = hashed.get(key)
  if (hex === undefined) {
    if (hashed.size > MOST) hashed.clear()
    hex = sha256(fs.readFileSync(path))
    hashed.set(key, hex)
  }
  return hex === wanted ? undefined : 'other bytes'
}

function believe({ form, read, listed }: Held): void {
  const problem = listed.map((one) => ({ path: one.path, fault: isThere(one) })).find(({ fault }) => fault !== undefined)
  if (problem === undefined) counts.reads += 1
  else if (performance.now() - read > patience) counts.late += 1
  else counts.violations.add(`${form}, read ${(performance.now() - read).toFixed(0)} ms before, lists ${problem.path}: ${problem.fault}`)
}

const held: Held[] = []
let next = 0
const HELD_AT_ONCE = 5000
const state = { isStopped: false }
process.once('message', () => { state.isStopped = true })

/** Reads the next index, and believes those whose time has come. */
function takeTurn(): void {
  const form = FORMS[next % FORMS.length]
  next += 1
  const index = form === undefined || held.length >= HELD_AT_ONCE ? undefined : readIndex(form)
  if (index !== undefined) held.push(index)
  for (let due = held[0]; due !== undefined && performance.now() - due.read >= lag; due = held[0]) {
    believe(due)
    held.shift()
  }
}

function tell(told: () => void = () => undefined): void {
  process.send?.({ reads: counts.reads, late: counts.late, indexes: counts.indexes.size, violations: [...counts.violations].slice(0, 20) }, told)
}

while (!state.isStopped) {
  for (let round = 0; round < 200; round += 1) takeTurn()
  await new Promise((resolve) => { setTimeout(resolve, held.length < HELD_AT_ONCE ? 0 : 5) })
  tell()
}
tell(() => { process.exit() })
