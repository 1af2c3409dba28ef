import { createHash, randomFillSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'

/** Artifacts of one name in a subdir; conda-forge has about 25. */
const VERSIONS = 8

const digest = (algorithm, bytes) => createHash(algorithm).update(bytes).digest('hex')

/** Different bytes for each artifact without making so many random ones: compression is nobody's job here. */
const fill = (bytes, at) => {
  bytes.writeUInt32LE(at, 0)
  bytes.writeUInt32LE(at ^ 0x5bd1e995, bytes.length - 4)
  return bytes
}

const recordOf = ({ name, version, subdir, bytes }) => ({
  arch: null,
  build: 'h0123456_0',
  build_number: 0,
  depends: ['libgcc-ng >=12', 'python >=3.11,<3.12.0a0'],
  license: 'BSD-3-Clause',
  md5: digest('md5', bytes),
  name,
  platform: null,
  sha256: digest('sha256', bytes),
  size: bytes.length,
  subdir,
  timestamp: 1_700_000_000_000,
  version,
})

/** A channel of `count` artifacts of `size` bytes, spread over the subdirs, with `repodata.json` and its `.zst`: `{ folder, files }`. */
export const createChannel = (folder, { count, size, subdirs }) => {
  const bytes = randomFillSync(Buffer.alloc(size))
  const files = []
  for (const [place, subdir] of subdirs.entries()) {
    mkdirSync(join(folder, subdir), { recursive: true })
    const packages = {}
    for (let at = place; at < count; at += subdirs.length) {
      const row = Math.floor(at / subdirs.length)
      const name = `package-${String(Math.floor(row / VERSIONS)).padStart(5, '0')}`
      const version = `1.0.${row % VERSIONS}`
      const file = `${name}-${version}-h0123456_0.conda`
      fill(bytes, at)
      packages[file] = recordOf({ name, version, subdir, bytes })
      writeFileSync(join(folder, subdir, file), bytes)
      files.push(`${subdir}/${file}`)
    }
    const document = Buffer.from(JSON.stringify({ info: { subdir }, packages: {}, 'packages.conda': packages, removed: [], repodata_version: 1 }))
    writeFileSync(join(folder, subdir, 'repodata.json'), document)
    writeFileSync(join(folder, subdir, 'repodata.json.zst'), zstdCompressSync(document))
  }
  return { folder, files }
}
