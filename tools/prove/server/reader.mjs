// Reads indexes from a server again and again, and believes them at once: node reader.mjs <port> <seed>. Tells its parent what it read: each second, and when it is asked to stop.
import { createHash } from 'node:crypto'
import { Agent, get } from 'node:http'
import process from 'node:process'
import { zstdDecompressSync } from 'node:zlib'
import { decodeMsgpack } from '@mirror/test-fixtures'
import { createRandom } from '../../../packages/sync/test/crash/random.ts'

const [port, seed] = process.argv.slice(2).map(Number)
const agent = new Agent({ keepAlive: true, maxSockets: 8 })
const random = createRandom(seed)
const FORMS = ['noarch', 'linux-64'].flatMap((subdir) => ['repodata.json', 'repodata.json.zst', 'repodata_shards.msgpack.zst'].map((file) => ({ subdir, file })))
const counts = { reads: 0, artifacts: 0, indexes: new Set(), violations: new Set() }
const AT_ONCE = 4

const fetchBytes = (path) => new Promise((resolve, reject) => {
  get({ port, host: '127.0.0.1', path, agent }, (response) => {
    const pieces = []
    response.on('data', (piece) => pieces.push(piece))
    response.once('end', () => resolve({ status: response.statusCode, bytes: Buffer.concat(pieces) }))
    response.once('error', reject)
  }).once('error', reject)
})

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')
const toHex = (digest) => (typeof digest === 'string' ? digest : Buffer.from(digest).toString('hex'))

/** What is fetched by a name that its bytes give: once is enough as long as the server says the same of it, and it is asked again for each index all the same. */
const fetchRight = async (path, { sha256: expected, size }, why) => {
  const { status, bytes } = await fetchBytes(path)
  counts.artifacts += 1
  if (status !== 200) counts.violations.add(`${path}: ${status}, though ${why} names it`)
  else if (sha256(bytes) !== expected || (size !== undefined && bytes.length !== size)) counts.violations.add(`${path}: other bytes than ${why} says`)
  return bytes
}

const recordsOf = (document) => ['packages', 'packages.conda'].flatMap((section) => Object.entries(document[section] ?? {}).map(([name, { sha256: digest, size }]) => ({ name, sha256: toHex(digest), size })))

/** Artifacts that an index names: of shards, those of one of them, or of all. */
const readListed = async ({ subdir, file, bytes, isNew }) => {
  const why = `${subdir}/${file}`
  if (file === 'repodata.json') return recordsOf(JSON.parse(bytes.toString()))
  if (file === 'repodata.json.zst') return recordsOf(JSON.parse(zstdDecompressSync(bytes).toString()))
  const digests = Object.values(decodeMsgpack(zstdDecompressSync(bytes)).shards).map(toHex)
  const chosen = isNew ? digests : digests.slice(random(digests.length)).slice(0, 1)
  const shards = await Promise.all(chosen.map((digest) => fetchRight(`/channel/${subdir}/shards/${digest}.msgpack.zst`, { sha256: digest }, why)))
  return shards.flatMap((shard) => recordsOf(decodeMsgpack(zstdDecompressSync(shard))))
}

/** Of an index that was not seen before, every artifact; of one that was, one of them. */
const readIndex = async () => {
  const { subdir, file } = FORMS[random(FORMS.length)]
  const { status, bytes } = await fetchBytes(`/channel/${subdir}/${file}`)
  counts.reads += 1
  if (status !== 200) return void counts.violations.add(`${subdir}/${file}: ${status}`)
  const key = `${file} ${sha256(bytes)}`
  const isNew = !counts.indexes.has(key)
  counts.indexes.add(key)
  const listed = await readListed({ subdir, file, bytes, isNew })
  const chosen = isNew ? listed : listed.slice(random(Math.max(1, listed.length))).slice(0, 1)
  await Promise.all(chosen.map((one) => fetchRight(`/channel/${subdir}/${one.name}`, one, `${subdir}/${file}`)))
}

const state = { isStopped: false }
const tell = () => process.send({ reads: counts.reads, artifacts: counts.artifacts, indexes: counts.indexes.size, violations: [...counts.violations].slice(0, 20), isLast: state.isStopped })
process.once('message', () => { state.isStopped = true })
const timer = setInterval(tell, 200)
await Promise.all(Array.from({ length: AT_ONCE }, async () => { while (!state.isStopped) await readIndex().catch((error) => counts.violations.add(String(error))) }))
clearInterval(timer)
tell()
process.disconnect()
agent.destroy()
