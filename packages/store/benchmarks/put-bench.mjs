// How fast a store takes artifacts, durably, beside the floor of writing and renaming the same bytes without hashing or syncing.
// node benchmarks/put-bench.mjs [--rounds 3] [--folder /tmp]
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createDigest } from '@mirror/core'
import { createDiskStore } from '../src/index.ts'
import { fillSubdir, sha256 } from './fill-subdir.mjs'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '3' }, folder: { type: 'string', default: os.tmpdir() } } })
const PIECE = 64 * 1024

function makeArtifacts(count, size) {
  const seed = randomBytes(size)
  return Array.from({ length: count }, (_, index) => {
    const bytes = Buffer.from(seed)
    bytes.writeUInt32LE(index, 0)
    return { name: `p${String(index).padStart(5, '0')}-1.0-0.conda`, bytes, digest: createDigest('sha256', sha256(bytes)), size }
  })
}

async function* inPieces(bytes) {
  for (let start = 0; start < bytes.length; start += PIECE) yield bytes.subarray(start, start + PIECE)
}

async function putAll(root, artifacts) {
  const store = createDiskStore({ root })
  const { changeset, document, json } = fillSubdir(artifacts)
  const byName = new Map(artifacts.map((artifact) => [artifact.name, artifact]))
  const start = performance.now()
  const { transaction } = await store.begin(changeset)
  for await (const artifact of transaction.missing()) {
    const { bytes } = byName.get(artifact.name)
    await transaction.put(artifact, bytes.length > 256 * 1024 ? inPieces(bytes) : bytes)
  }
  const put = performance.now()
  await transaction.putFile(document, json)
  await transaction.commit()
  return { put: put - start, commit: performance.now() - put }
}

function floor(root, artifacts) {
  fs.mkdirSync(join(root, 'draft'), { recursive: true })
  fs.mkdirSync(join(root, 'final'))
  const start = performance.now()
  for (const { name, bytes } of artifacts) {
    const fd = fs.openSync(join(root, 'draft', name), 'wx', 0o644)
    for (let position = 0; position < bytes.length; position += PIECE) fs.writeSync(fd, bytes, position, Math.min(PIECE, bytes.length - position))
    fs.closeSync(fd)
    fs.renameSync(join(root, 'draft', name), join(root, 'final', name))
  }
  return performance.now() - start
}

// Folders are removed at the very end: on ext4, creating files after many were deleted costs ten times as much.
const roots = []
try {
  for (const [label, count, size] of [['5,000 x 20 KB', 5000, 20_000], ['12 x 50 MB', 12, 50_000_000]]) {
    const artifacts = makeArtifacts(count, size)
    for (let round = 0; round < Number(values.rounds); round += 1) {
      const root = fs.mkdtempSync(join(values.folder, 'put-bench-'))
      roots.push(root)
      const plain = floor(join(root, 'floor'), artifacts)
      const cpu = process.cpuUsage()
      const { put, commit } = await putAll(join(root, 'store'), artifacts)
      const used = process.cpuUsage(cpu)
      console.log(`${label}: put ${put.toFixed(0)} ms + commit ${commit.toFixed(0)} ms = ${(put + commit).toFixed(0)} ms (CPU ${((used.user + used.system) / 1000).toFixed(0)} ms), write+rename ${plain.toFixed(0)} ms, ratio ${((put + commit) / plain).toFixed(2)}, peak ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`)
    }
  }
} finally {
  for (const root of roots) fs.rmSync(root, { recursive: true })
}
