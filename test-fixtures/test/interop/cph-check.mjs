// Do the real tools take our artifacts? Lists and extracts every artifact of a fixture channel with conda-package-handling.
// Needs its command: pip install conda-package-handling==2.6.0, then `CPH=…/bin/cph node cph-check.mjs` (default: cph on PATH).
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { buildChannel, createSampleChannel } from '../../src/index.ts'

const cph = process.env.CPH ?? 'cph'
const run = promisify(execFile)

const EDGE_CASES = {
  noarch: [
    { name: 'empty', format: 'both' },
    { name: 'long-path', format: 'both', files: { [`${'deep/'.repeat(30)}file.txt`]: 'long' } },
    { name: 'not-ascii', format: 'both', files: { 'share/näme.txt': 'ü' } },
    { name: 'epoch', version: '1!2.0+local', format: 'both' },
    { name: 'pure', noarch: 'python', format: 'both', files: { 'site-packages/pure.py': 'x = 1\n' } },
  ],
  'linux-64': [{ name: 'native', format: 'both', size: 3_000_000, files: { 'bin/native': { content: '#!/bin/sh\n', mode: 0o755 } } }],
}

const folder = await mkdtemp(join(tmpdir(), 'cph-check-'))
let failed = 0
let checked = 0
try {
  const channels = [await createSampleChannel(join(folder, 'sample')), await buildChannel({ subdirs: EDGE_CASES }, join(folder, 'edge'))]
  for (const { channel, subdir, fileName } of channels.flatMap((built) => built.artifacts.map((artifact) => ({ ...artifact, channel: built })))) {
    const problems = await checkArtifact(join(channel.folder, subdir), fileName)
    checked++
    failed += Math.min(1, problems.length)
    for (const problem of problems) print(`${subdir}/${fileName}: ${problem}`)
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
print(`cph: artifacts=${checked} failed=${failed}`)
process.exitCode = checked > 0 && failed === 0 ? 0 : 1

function print(line) {
  process.stdout.write(`${line}\n`)
}

async function checkArtifact(subdirFolder, fileName) {
  const destination = join(folder, 'extracted')
  await rm(destination, { recursive: true, force: true })
  try {
    const { stdout } = await run(cph, ['list', join(subdirFolder, fileName)])
    await run(cph, ['extract', join(subdirFolder, fileName), '--dest', destination])
    return await compare(subdirFolder, fileName, { destination, listed: stdout.split('\n').map((line) => line.trim()) })
  } catch (error) {
    return [String(error)]
  }
}

async function compare(subdirFolder, fileName, { destination, listed }) {
  const problems = []
  const index = JSON.parse(await readFile(join(destination, 'info/index.json'), 'utf8'))
  const repodata = JSON.parse(await readFile(join(subdirFolder, 'repodata.json'), 'utf8'))
  const record = repodata.packages[fileName] ?? repodata['packages.conda'][fileName]
  for (const [key, value] of Object.entries(index)) {
    if (JSON.stringify(record[key]) !== JSON.stringify(value)) problems.push(`${key} differs from the record`)
  }
  const { paths } = JSON.parse(await readFile(join(destination, 'info/paths.json'), 'utf8'))
  const files = (await readFile(join(destination, 'info/files'), 'utf8')).split('\n').filter((line) => line !== '')
  if (files.join() !== paths.map((path) => path._path).join()) problems.push('info/files and info/paths.json differ')
  for (const path of paths) {
    const bytes = await readFile(join(destination, path._path))
    if (bytes.length !== path.size_in_bytes) problems.push(`${path._path}: wrong size`)
    if (createHash('sha256').update(bytes).digest('hex') !== path.sha256) problems.push(`${path._path}: wrong sha256`)
    if (path._path.startsWith('bin/') && ((await stat(join(destination, path._path))).mode & 0o111) === 0) problems.push(`${path._path}: not executable`)
    if (!listed.some((line) => line.endsWith(path._path))) problems.push(`${path._path}: not in the list`)
  }
  return problems
}
