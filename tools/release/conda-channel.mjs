import { createHash } from 'node:crypto'
import { cpSync, linkSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { readArtifactInfo } from '@mirror/repository-client'
import { ToolError } from '../lib/fail.mjs'
import { run } from '../lib/run.mjs'
import { findNode, root } from '../lib/workspace.mjs'

const sum = (kind, bytes) => createHash(kind).update(bytes).digest('hex')

/** The record that an index has of an artifact, and what channeldata.json says of it. */
const describeArtifact = async ({ path, format }) => {
  await using file = await open(path)
  const { index, about } = await readArtifactInfo(file, { format, name: basename(path) })
  const bytes = readFileSync(path)
  return { file: basename(path), format, about, record: { ...index, md5: sum('md5', bytes), sha256: sum('sha256', bytes), size: bytes.length } }
}

const sectionOf = (format) => (format === 'conda' ? 'packages.conda' : 'packages')

const fillSections = (described, valueOf) => {
  const sections = { packages: {}, 'packages.conda': {} }
  for (const one of described) sections[sectionOf(one.format)][one.file] = valueOf(one)
  return sections
}

const formatChanneldata = (described, subdir) => {
  const packages = Object.fromEntries(described.map(({ file, about, record: { name, version, license, timestamp } }) =>
    [name, { version, license, timestamp, summary: about?.summary, home: about?.home, reference_package: `${subdir}/${file}`, subdirs: [subdir] }]))
  return { channeldata_version: 1, packages, subdirs: [subdir] }
}

const writeJson = (path, value) => writeFileSync(path, JSON.stringify(value))

/** A channel as a builder leaves it: artifacts, and each index once. */
const writeUpstream = async ({ artifacts, subdir, to }) => {
  mkdirSync(join(to, subdir), { recursive: true })
  for (const { path } of artifacts) linkSync(path, join(to, subdir, basename(path)))
  const described = (await Promise.all(artifacts.map((artifact) => describeArtifact(artifact)))).sort((one, other) => (one.file < other.file ? -1 : 1))
  const index = { info: { subdir }, ...fillSections(described, ({ record }) => record), removed: [], repodata_version: 1 }
  for (const name of ['repodata.json', 'current_repodata.json']) writeJson(join(to, subdir, name), index)
  writeJson(join(to, subdir, 'run_exports.json'), { info: { subdir }, ...fillSections(described, () => ({ run_exports: {} })) })
  writeJson(join(to, 'channeldata.json'), formatChanneldata(described, subdir))
}

const CONFIG = `mirror_dir: ./mirror
fetch_installers: false
channels: [./channel]
variants: { zst: true, shards: true, bz2: true }
derivatives: { current_repodata: true, run_exports: true, channeldata: true }
`

/**
 * Writes a channel of artifacts of one subdir, with everything that clients may ask for: our own sync derives it, and verifies each artifact on the way. `artifacts` as from `assembleConda`, on the same
 * file system as `work`, an empty folder. Throws a `ToolError`.
 */
export const writeCondaChannel = async ({ artifacts, to, work }) => {
  const [{ subdir }] = artifacts
  await writeUpstream({ artifacts, subdir, to: join(work, 'channel') })
  writeFileSync(join(work, 'channel.yaml'), `${CONFIG}platforms: [${subdir}]\n`)
  const { code, output } = await run(findNode(), [join(root, 'apps/cli/bin/mirror.js'), 'sync', '--quiet', '--file', 'channel.yaml'], { quiet: true, cwd: work })
  if (code !== 0) throw new ToolError(`${output}\nCannot write the conda channel: the lines above say why.`)
  // What the store keeps for itself says when and where it was made.
  cpSync(join(work, 'mirror/channel'), to, { recursive: true, filter: (path) => basename(path) !== '.mirror' })
}
