// How fast a mirror is verified, beside `openssl dgst` over the same files in the same run (page cache warm).
// node benchmarks/verify-bench.mjs [--size 1000] [--full] [--rounds 3] [--folder /tmp]      sizes in MB; --full is 4,000
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createDigest } from '@mirror/core'
import { createDiskStore, verifyStore } from '../src/index.ts'
import { fillSubdir, sha256 } from './fill-subdir.mjs'

const { values } = parseArgs({ options: { size: { type: 'string', default: '1000' }, full: { type: 'boolean', default: false }, rounds: { type: 'string', default: '3' }, folder: { type: 'string', default: os.tmpdir() } } })
const total = (values.full ? 4000 : Number(values.size)) * 1_000_000
// A median of 84 KB and a few large ones, as channels have them.
const SIZES = [12_000, 20_000, 40_000, 84_000, 84_000, 150_000, 400_000, 1_500_000, 6_000_000, 30_000_000]

const root = fs.mkdtempSync(join(values.folder, 'verify-bench-'))
try {
  const seed = randomBytes(Math.max(...SIZES))
  const make = (index) => {
    const bytes = Buffer.from(seed.subarray(0, SIZES[index % SIZES.length]))
    bytes.writeUInt32LE(index, 0)
    return bytes
  }
  const artifacts = []
  for (let index = 0, sum = 0; sum < total; index += 1) {
    const bytes = make(index)
    artifacts.push({ name: `p${String(index).padStart(6, '0')}-1.0-0.conda`, digest: createDigest('sha256', sha256(bytes)), size: bytes.length })
    sum += bytes.length
  }
  const { changeset, document, json } = fillSubdir(artifacts)
  const { transaction } = await createDiskStore({ root: join(root, 'mirror') }).begin(changeset)
  for await (const artifact of transaction.missing()) await transaction.put(artifact, make(Number(artifact.name.slice(1, 7))))
  await transaction.putFile(document, json)
  await transaction.commit()

  const files = artifacts.map(({ name }) => join(root, 'mirror/linux-64', name))
  const openssl = () => {
    const start = performance.now()
    for (let from = 0; from < files.length; from += 2000) {
      const { status, stderr } = spawnSync('openssl', ['dgst', '-sha256', ...files.slice(from, from + 2000)], { stdio: ['ignore', 'ignore', 'pipe'] })
      if (status !== 0) throw new Error(`openssl: ${stderr}`)
    }
    return performance.now() - start
  }
  const ours = async (threads) => {
    const cpu = process.cpuUsage()
    const start = performance.now()
    const report = await verifyStore({ root: join(root, 'mirror'), threads })
    if (report?.faults.length !== 0 || report.artifacts !== artifacts.length) throw new Error(`faults: ${JSON.stringify(report?.faults.slice(0, 3))}`)
    const used = process.cpuUsage(cpu)
    return { wall: performance.now() - start, cpu: (used.user + used.system) / 1000 }
  }
  openssl()
  console.log(`${artifacts.length} artifacts, ${(changeset.changes[0].add.bytes / 1e9).toFixed(2)} GB`)
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const peer = openssl()
    const zero = await ours(0)
    const two = await ours(2)
    console.log(`openssl ${peer.toFixed(0)} ms; in thread ${zero.wall.toFixed(0)} ms (${(zero.wall / peer).toFixed(2)}x, CPU ${zero.cpu.toFixed(0)} ms); 2 threads ${two.wall.toFixed(0)} ms (${(two.wall / peer).toFixed(2)}x openssl, ${(two.wall / zero.wall).toFixed(2)}x in thread, CPU ${two.cpu.toFixed(0)} ms)`)
  }
} finally {
  fs.rmSync(root, { recursive: true })
}
