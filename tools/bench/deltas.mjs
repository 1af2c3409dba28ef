// What carries a change over a gap, beside conda-diff-tar 0.10.0 and GNU tar: started by ../bench.mjs. Arguments as JSON: { quick, full, command, python }; without the python of conda-mirror, ours alone.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { makeRepodata } from '../../packages/core/benchmarks/make-repodata.mjs'
import { createChannel } from './create-channel.mjs'
import { compete, measure } from './measure.mjs'
import { number, print, printTable } from './print-table.mjs'

const { quick, full, command, python } = JSON.parse(process.argv[2])
const rounds = quick ? 1 : 3
const folder = mkdtempSync(join(process.env.MIRROR_BENCH_FOLDER ?? tmpdir(), 'bench-deltas-'))
const at = (...names) => join(folder, ...names)

const environment = { env: { PATH: process.env.PATH, HOME: folder } }
const ours = (...args) => measure(process.execPath, [command, ...args], environment)
const theirs = (...args) => measure(join(dirname(python), 'conda-diff-tar'), args, environment)
const shell = (script) => measure('sh', ['-ec', script])

/** Of made-up repodata this share is in `packages`, all that the old tool reads. */
const SHARE = 0.42

/** A mirror of one subdir with an index and nothing else: so many records in `packages`. */
const writeIndex = (mirror, { records, changed }) => {
  mkdirSync(join(mirror, 'linux-64'), { recursive: true })
  const path = join(mirror, 'linux-64', 'repodata.json')
  makeRepodata({ path, records: records / SHARE, changed })
  const bytes = readFileSync(path)
  const document = Buffer.concat([bytes.subarray(0, bytes.indexOf(',"packages.conda":{')), Buffer.from(',"packages.conda":{},"removed":[],"repodata_version":1}')])
  writeFileSync(path, document)
  // Without it the old tool does not see the folder; it does not read it.
  writeFileSync(`${path}.bz2`, 'x')
  return document.length
}

const tell = (results) => {
  const [own, other] = [results.get('conda-diff-tar, ours'), results.get('conda-diff-tar 0.10.0')]
  if (other === undefined) return
  print(`  ${(other.wall / own.wall).toFixed(1)}x faster${own.cpu > 0 ? `, ${(other.cpu / own.cpu).toFixed(1)}x less CPU, ${(other.peak / own.peak).toFixed(1)}x less memory` : ''}; target: 20x faster, 10x less memory`)
}

const benchReferences = () => {
  const records = quick ? 50_000 : 300_000
  const bytes = writeIndex(at('base'), { records, changed: false })
  writeIndex(at('next'), { records, changed: true })
  const pair = (own, other) => ({ 'conda-diff-tar, ours': own, ...(python === undefined ? {} : { 'conda-diff-tar 0.10.0': other }) })
  const title = `${records.toLocaleString('en')} records, ${(bytes / 1e6).toFixed(0)} MB`
  const written = compete(pair(() => ours('--reference', '-o', at('ours.json'), at('base')), () => theirs('--reference', '-o', at('theirs.json'), at('base'))), rounds)
  printTable(`--reference, ${title}`, written)
  tell(written)
  // Its reference names the folder where it lay.
  if (python !== undefined) writeFileSync(at('theirs.json'), readFileSync(at('theirs.json'), 'latin1').replace(`"${at('base')}/`, `"${at('next')}/`), 'latin1')
  const shown = compete(pair(() => ours('--show', '-i', at('ours.json'), at('next')), () => theirs('--show', '-i', at('theirs.json'), at('next'))), rounds)
  printTable(`--show of what changed, ${title}`, shown)
  tell(shown)
  for (const name of ['base', 'next', 'ours.json', 'theirs.json']) rmSync(at(name), { recursive: true, force: true })
}

const benchTarballs = () => {
  const count = quick ? 100 : full ? 2000 : 500
  const near = at('near')
  createChannel(near, { count, size: 2_000_000, subdirs: ['noarch', 'linux-64'] })
  const title = `${(count * 2_000_000 / 1e9).toFixed(1)} GB in ${count.toLocaleString('en')} artifacts`
  const fresh = (name, round) => {
    rmSync(at(`${name}-${round - 1}`), { recursive: true, force: true })
    mkdirSync(at(`${name}-${round}`))
    return at(`${name}-${round}`)
  }
  const created = compete({
    'conda-diff-tar --create': (round) => ours('--create', '--full', '-o', join(fresh('create', round), 'update.tar'), near),
    'GNU tar cf': (round) => shell(`tar cf '${fresh('tar', round)}/update.tar' -C '${near}' .`),
  }, rounds)
  printTable(`--create, ${title}, every file verified`, created, { 'GNU tar cf': 'at most 0.85x' })
  const tarball = at(`create-${rounds - 1}`, 'update.tar')
  const applied = compete({
    'conda-diff-tar --apply': (round) => ours('--apply', '-i', tarball, fresh('apply', round)),
    'GNU tar xf + openssl dgst': (round) => shell(`cd '${fresh('both', round)}'; tar xf '${tarball}'; find . -type f -print0 | xargs -0 openssl dgst -sha256 -r > sums`),
    'GNU tar xf': (round) => shell(`tar xf '${tarball}' -C '${fresh('extract', round)}'`),
  }, rounds)
  printTable(`--apply of ${(statSync(tarball).size / 1e9).toFixed(1)} GB: verified, then staged, synced and switched`, applied, { 'GNU tar xf + openssl dgst': 'at most 0.90x for one pass; this one reads twice' })
  print(`  peak ${number(applied.get('conda-diff-tar --apply').peak, 'MiB', 0)}; target: at most 128 MiB, whatever the size`)
}

try {
  benchReferences()
  benchTarballs()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
