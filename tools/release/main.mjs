// Makes what tools/dist.mjs describes, on Node 24. What cannot be made here is named at the end; nothing is left out in silence.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runMain, ToolError } from '../lib/fail.mjs'
import { packAll } from '../lib/pack.mjs'
import { run } from '../lib/run.mjs'
import { findNode, root } from '../lib/workspace.mjs'
import { formatSums, readKey, sumFiles, writeSums } from './checksums.mjs'
import { writeCondaChannel } from './conda-channel.mjs'
import { buildCondaPackages } from './conda-packages.mjs'
import { buildImage } from './image.mjs'
import { hasChanges, readCommitTime } from './read-commit.mjs'
import { findVersionFaults, readReleaseTags, readVersions } from './versions.ts'
import { writeBills } from './write-bills.mjs'

const PARTS = ['conda', 'executable', 'image']

const readArguments = () => {
  try {
    const { values } = parseArgs({
      options: {
        out: { type: 'string', default: join(root, 'dist') },
        sign: { type: 'string' },
        without: { type: 'string', multiple: true, default: [] },
        'node-image': { type: 'string' },
        'base-image': { type: 'string' },
      },
    })
    const unknown = values.without.find((part) => !PARTS.includes(part))
    if (unknown !== undefined) throw new Error(`there is no part "${unknown}", only ${PARTS.join(', ')}`)
    return { ...values, out: resolve(values.out) }
  } catch (error) {
    throw new ToolError(`Cannot make a release: ${error.message}`, 'The flags are at the top of tools/dist.mjs.', { exitCode: 2 })
  }
}

const needOneVersion = () => {
  const faults = findVersionFaults({ packages: readVersions(root), tags: readReleaseTags(root) })
  if (faults.length > 0) throw new ToolError(`Cannot make a release:\n${faults.join('\n')}`, '`npx changeset version` writes versions and changelogs, `npx changeset tag` the tags.')
}

/** What is replaced is a release, or nothing: anything else in that folder would be lost. */
const needReplaceable = (out) => {
  if (!existsSync(out) || readdirSync(out).length === 0 || existsSync(join(out, 'SHA256SUMS'))) return
  throw new ToolError(`Cannot make a release in ${out}: it is not empty, and no release.`, 'Name another folder with --out.')
}

const buildExecutable = async ({ to }) => {
  if (process.platform !== 'linux') return { why: 'it is made on Linux' }
  const target = join(to, `conda-diff-tar-linux-${process.arch}`)
  const { code, output } = await run(findNode(), [join(root, 'packages/difftar/scripts/build-executable.mjs'), target], { quiet: true })
  if (code !== 0) throw new ToolError(`${output.trimEnd()}\n\nCannot build the executable: the lines above say why.`)
  return { path: target }
}

/** The single file as it is in the tarball of its package. */
const takeSingleFile = async ({ packed, to }) => {
  const { tarball } = packed.find(({ manifest }) => manifest.name === '@mirror/difftar')
  mkdirSync(to)
  const { code, output } = await run('tar', ['-xzf', tarball, '-C', to, '--strip-components=2', 'package/dist/difftar.mjs'], { quiet: true })
  if (code !== 0) throw new ToolError(`Cannot unpack ${tarball}: ${output.trimEnd()}`)
  return { path: join(to, 'difftar.mjs') }
}

const buildConda = async ({ packed, folder, work }) => {
  const artifacts = await buildCondaPackages({ packed, to: join(work, 'packages'), timestamp: readCommitTime() })
  await writeCondaChannel({ artifacts, to: join(folder, 'conda'), work })
  return artifacts.map(({ path, ...rest }) => ({ ...rest, path: join(folder, 'conda', rest.subdir, basename(path)) }))
}

/** Builds all parts into the folder: what was made, as `{ kind, path, manifest }`, and what was not. */
const buildAll = async ({ folder, work, options }) => {
  const missing = []
  const attempt = async (part, body) => {
    const result = options.without.includes(part) ? { why: 'left out by --without' } : await body()
    if (result.why !== undefined) missing.push({ part, why: result.why })
    return result
  }
  const packed = await packAll(join(folder, 'npm'))
  const manifestOf = (name) => packed.find(({ manifest }) => manifest.name === name).manifest
  const difftar = manifestOf('@mirror/difftar')
  const offline = join(folder, 'offline')
  const made = [...packed.map(({ manifest, tarball }) => ({ kind: 'npm', path: tarball, manifest })), { kind: 'file', ...(await takeSingleFile({ packed, to: offline })), manifest: difftar }]
  const executable = await attempt('executable', () => buildExecutable({ to: offline }))
  if (executable.path !== undefined) made.push({ kind: 'executable', ...executable, manifest: difftar })
  const { artifacts = [] } = await attempt('conda', async () => ({ artifacts: await buildConda({ packed, folder, work }) }))
  made.push(...artifacts.map((artifact) => ({ ...artifact, kind: 'conda' })))
  const image = await attempt('image', () => buildImage({ packed, to: join(folder, 'image'), work, nodeImage: options['node-image'], baseImage: options['base-image'], timestamp: readCommitTime() }))
  if (image.path !== undefined) made.push({ kind: 'image', ...image, manifest: manifestOf('@mirror/cli') })
  return { packed, made, missing }
}

const report = ({ out, sums, missing, signed }) => {
  process.stdout.write(formatSums(sums.filter(({ path }) => !path.startsWith('sbom/') && !path.includes('/shards/'))))
  process.stdout.write(`\n${relative(process.cwd(), out) || '.'}: ${sums.length} files, listed in SHA256SUMS${signed ? ', which is signed' : ''}\n`)
  if (hasChanges()) process.stdout.write('made of a checkout with changes that are in no commit\n')
  for (const { part, why } of missing) process.stdout.write(`not made: ${part}: ${why}\n`)
}

await runMain(async () => {
  const options = readArguments()
  needOneVersion()
  needReplaceable(options.out)
  const key = options.sign === undefined ? undefined : readKey(options.sign)
  const work = mkdtempSync(join(tmpdir(), 'release-'))
  const folder = join(work, 'dist')
  try {
    mkdirSync(folder)
    const { packed, made, missing } = await buildAll({ folder, work, options })
    writeBills({ made, packed, to: join(folder, 'sbom') })
    const sums = sumFiles(folder)
    writeSums({ folder, sums, key })
    rmSync(options.out, { recursive: true, force: true })
    cpSync(folder, options.out, { recursive: true })
    report({ out: options.out, sums, missing, signed: options.sign !== undefined })
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
})
