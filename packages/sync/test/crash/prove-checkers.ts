// The checkers that share no code with the packages see planted violations of each kind: part of `npm run prove`.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { checkMirror, compressBzip2, createFound, printFound, readGiven } from '@mirror/test-fixtures'
import { buildChannel } from '@mirror/test-fixtures'
import { runSync } from '../run-sync.ts'
import { SMALL } from '../small.ts'
import { checkEveryIndex } from './every-index.ts'
import { WHOLE } from './sync-scenarios.ts'

const { folder } = readGiven(process.argv[2])
const upstream = join(folder, 'upstream')
const whole = join(folder, 'whole')
await buildChannel(SMALL, upstream)
await runSync(pathToFileURL(upstream).href, { folder, mirror: whole }, WHOLE)

const flip = (path: string): void => { fs.writeFileSync(path, fs.readFileSync(path).map((byte, index) => (index === 40 ? byte ^ 1 : byte))) }
const edit = (path: string, change: (text: string) => string): void => { fs.writeFileSync(path, change(fs.readFileSync(path, 'utf8'))) }
const firstShard = (mirror: string): string => join(mirror, 'linux-64/shards', fs.readdirSync(join(mirror, 'linux-64/shards'))[0] ?? '')
type Records = Record<string, { size: number; sha256: string }>
const relist = (path: string, change: (records: Records) => void): void => {
  const document = JSON.parse(fs.readFileSync(path, 'utf8')) as { readonly 'packages.conda': Records }
  change(document['packages.conda'])
  fs.writeFileSync(path, JSON.stringify(document))
}

/** What is planted, and which of the checkers must see it: the one of whole mirrors, the one that a broken run is judged by, or both. */
const PLANTED: readonly { readonly name: string; readonly by: 'both' | 'whole'; readonly plant: (mirror: string) => void | Promise<void> }[] = [
  { name: 'an artifact is missing', by: 'both', plant: (mirror) => fs.rmSync(join(mirror, 'noarch/alpha-1.0-0.conda')) },
  { name: 'an artifact is empty', by: 'both', plant: (mirror) => fs.truncateSync(join(mirror, 'noarch/alpha-1.0-0.conda'), 0) },
  { name: 'an artifact is cut by a byte', by: 'both', plant: (mirror) => fs.truncateSync(join(mirror, 'linux-64/delta-1.0-0.tar.bz2'), fs.statSync(join(mirror, 'linux-64/delta-1.0-0.tar.bz2')).size - 1) },
  { name: 'an artifact has one more byte', by: 'both', plant: (mirror) => fs.appendFileSync(join(mirror, 'linux-64/delta-1.0-0.tar.bz2'), 'x') },
  { name: 'one bit of an artifact is flipped', by: 'both', plant: (mirror) => flip(join(mirror, 'noarch/alpha-1.0-0.conda')) },
  { name: 'an artifact is a folder', by: 'both', plant: (mirror) => { fs.rmSync(join(mirror, 'noarch/alpha-1.0-0.conda')); fs.mkdirSync(join(mirror, 'noarch/alpha-1.0-0.conda')) } },
  { name: 'an artifact is a symlink to nothing', by: 'both', plant: (mirror) => { fs.rmSync(join(mirror, 'noarch/alpha-1.0-0.conda')); fs.symlinkSync('nowhere', join(mirror, 'noarch/alpha-1.0-0.conda')) } },
  { name: 'two artifacts are exchanged', by: 'both', plant: (mirror) => { fs.renameSync(join(mirror, 'noarch/alpha-1.0-0.conda'), join(mirror, 'x')); fs.renameSync(join(mirror, 'noarch/beta-1.0-0.conda'), join(mirror, 'noarch/alpha-1.0-0.conda')); fs.renameSync(join(mirror, 'x'), join(mirror, 'noarch/beta-1.0-0.conda')) } },
  { name: 'repodata.json is cut', by: 'both', plant: (mirror) => fs.truncateSync(join(mirror, 'linux-64/repodata.json'), 100) },
  { name: 'repodata.json is no JSON', by: 'both', plant: (mirror) => fs.writeFileSync(join(mirror, 'linux-64/repodata.json'), '<html>') },
  { name: 'repodata.json.zst is cut', by: 'both', plant: (mirror) => fs.truncateSync(join(mirror, 'linux-64/repodata.json.zst'), 60) },
  { name: 'repodata.json.bz2 is cut', by: 'both', plant: (mirror) => fs.truncateSync(join(mirror, 'linux-64/repodata.json.bz2'), 60) },
  { name: 'a shard is missing', by: 'both', plant: (mirror) => fs.rmSync(firstShard(mirror)) },
  { name: 'a shard has other bytes', by: 'both', plant: (mirror) => flip(firstShard(mirror)) },
  { name: 'the index of shards is cut', by: 'both', plant: (mirror) => fs.truncateSync(join(mirror, 'linux-64/repodata_shards.msgpack.zst'), 30) },
  { name: 'repodata.json lists one that never was', by: 'both', plant: (mirror) => edit(join(mirror, 'linux-64/repodata.json'), (text) => text.replace('gamma-1.0-0.conda', 'ghost-1.0-0.conda')) },
  { name: 'repodata.json.zst lists one that never was', by: 'both', plant: (mirror) => { const path = join(mirror, 'linux-64/repodata.json.zst'); fs.writeFileSync(path, zstdCompressSync(Buffer.from(zstdDecompressSync(fs.readFileSync(path)).toString().replace('gamma-1.0-0.conda', 'ghost-1.0-0.conda')))) } },
  { name: 'repodata.json.bz2 lists one that never was', by: 'both', plant: async (mirror) => { fs.writeFileSync(join(mirror, 'linux-64/repodata.json.bz2'), await compressBzip2(Buffer.from(fs.readFileSync(join(mirror, 'linux-64/repodata.json'), 'utf8').replace('gamma-1.0-0.conda', 'ghost-1.0-0.conda')))) } },
  { name: 'a digest in repodata.json is another', by: 'both', plant: (mirror) => relist(join(mirror, 'linux-64/repodata.json'), (records) => { for (const record of Object.values(records)) record.sha256 = record.sha256.replaceAll('a', 'b') }) },
  { name: 'a size in repodata.json is another', by: 'both', plant: (mirror) => relist(join(mirror, 'linux-64/repodata.json'), (records) => { for (const record of Object.values(records)) record.size += 1 }) },
  { name: 'repodata.json.zst is of another state', by: 'whole', plant: (mirror) => fs.copyFileSync(join(mirror, 'noarch/repodata.json.zst'), join(mirror, 'linux-64/repodata.json.zst')) },
  { name: 'repodata.json lists less than its variants', by: 'whole', plant: (mirror) => relist(join(mirror, 'linux-64/repodata.json'), (records) => { for (const name of Object.keys(records)) Reflect.deleteProperty(records, name) }) },
  { name: 'there is no noarch', by: 'whole', plant: (mirror) => fs.rmSync(join(mirror, 'noarch'), { recursive: true }) },
]

const found = createFound()
for (const [index, { name, by, plant }] of PLANTED.entries()) {
  const mirror = join(folder, `planted-${index}`)
  fs.cpSync(whole, mirror, { recursive: true })
  await plant(mirror)
  const wholeSees = (await checkMirror(mirror)).problems.length > 0
  const eachSees = (await checkEveryIndex(mirror)).problems.length > 0
  found.points += by === 'both' ? 2 : 1
  if (!wholeSees) found.findings.push(`checkMirror does not see: ${name}`)
  if (by === 'both' && !eachSees) found.findings.push(`checkEveryIndex does not see: ${name}`)
  fs.rmSync(mirror, { recursive: true })
}

/** The reading process sees what is gone and what is other than listed, too. */
async function reads(name: string, plant: (mirror: string) => void): Promise<void> {
  const mirror = join(folder, 'read')
  fs.cpSync(whole, mirror, { recursive: true })
  plant(mirror)
  const child = spawn(process.execPath, ['--no-warnings', fileURLToPath(new URL('reader.ts', import.meta.url)), mirror, '0', '60000'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const [told] = await once(child, 'message') as [{ readonly violations: readonly string[] }]
  const ended = once(child, 'close')
  child.kill('SIGKILL')
  await ended
  found.points += 1
  if (told.violations.length === 0) found.findings.push(`the reader does not see: ${name}`)
  fs.rmSync(mirror, { recursive: true })
}

await reads('an artifact is missing', (mirror) => fs.rmSync(join(mirror, 'noarch/alpha-1.0-0.conda')))
await reads('one bit of an artifact is flipped', (mirror) => flip(join(mirror, 'linux-64/gamma-1.0-0.conda')))
await reads('a shard is missing', (mirror) => fs.rmSync(firstShard(mirror)))
const clean = await checkMirror(whole)
found.points += 2
if (clean.problems.length > 0 || clean.extra.length > 0) found.findings.push(`checkMirror sees in a whole mirror: ${[...clean.problems, ...clean.extra].join('; ')}`)
if ((await checkEveryIndex(whole)).problems.length > 0) found.findings.push('checkEveryIndex sees something in a whole mirror')
found.failed = found.findings.length
printFound(found)
