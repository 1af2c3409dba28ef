import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildChannel, changeChannel, checkMirror } from '@mirror/test-fixtures'
import { root } from '../../lib/workspace.mjs'

const load = (path) => import(pathToFileURL(join(root, path)).href)
const { runCasMerge, runCasSync } = await load('apps/cli/src/run-mirror.ts')
const { applyDelta } = await load('packages/difftar/src/index.ts')
const { runDiffTar } = await load('packages/difftar/src/cli/run-diff-tar.ts')
const { createDiskStore } = await load('packages/store/src/index.ts')
const { checkEveryIndex } = await load('packages/sync/test/crash/every-index.ts')

const capture = () => {
  const chunks = []
  return { write: (text) => { chunks.push(text); return true }, on: () => undefined, off: () => undefined, text: () => chunks.join('') }
}

/** A command of ours in this process: exit code, and what it said went wrong: code, message and hint. */
const run = async (command, argv, cwd) => {
  const [stdout, stderr] = [capture(), capture()]
  const exitCode = await command(argv, { stdout, stderr, env: { HOME: cwd }, cwd, signal: new AbortController().signal, systemConfig: join(cwd, 'etc') })
  return { exitCode, told: stderr.text() + stdout.text() }
}

const runTar = async (argv, cwd) => {
  const said = []
  const say = (text) => { said.push(String(text)) }
  const exitCode = await runDiffTar(argv, { stdout: async (text) => { say(text) }, stderr: say, stdin: process.stdin, directory: cwd, version: '0', tool: undefined, signal: new AbortController().signal })
  return { exitCode, told: said.join('') }
}

const must = async (what, promise) => {
  const answer = await promise
  if (answer.exitCode !== 0) throw new TypeError(`${what} ended with ${answer.exitCode}: ${answer.told}`)
}

/** All public files of a folder with digests of their bytes. */
export const readTree = (folder, path = '') => {
  if (!existsSync(join(folder, path))) return []
  return readdirSync(join(folder, path), { withFileTypes: true }).flatMap((entry) => {
    const own = path === '' ? entry.name : `${path}/${entry.name}`
    if (entry.isDirectory()) return entry.name.startsWith('.') ? [] : readTree(folder, own)
    return [`${own} ${createHash('sha256').update(readFileSync(join(folder, own))).digest('hex')}`]
  }).sort()
}

const differ = (name, found, wanted) => {
  const [has, wants] = [new Set(found), new Set(wanted)]
  const lines = [...wanted.filter((line) => !has.has(line)).map((line) => `lacks ${line}`), ...found.filter((line) => !wants.has(line)).map((line) => `has ${line}`)]
  return lines.slice(0, 4).map((line) => `${name} ${line.slice(0, 120)}`)
}

const CHANNEL = {
  channeldata: true,
  index: { variants: ['zst', 'bz2', 'shards', 'run_exports'], shardsFolder: './shards/' },
  subdirs: {
    noarch: [{ name: 'text', format: 'both' }],
    'linux-64': [{ name: 'alpha', size: 20_000 }, { name: 'beta', format: 'tar.bz2' }, { name: 'gamma' }],
  },
}
/** Every kind of change: added, removed, corrected, and a name that is used again for other bytes. */
const CHANGES = {
  add: { 'linux-64': [{ name: 'new' }, { name: 'alpha', version: '2.0' }, { name: 'gamma', salt: 'other bytes' }] }, remove: { 'linux-64': ['beta-1.0-0.tar.bz2'] },
  relist: { noarch: { 'text-1.0-0.conda': { depends: ['alpha'] } } },
}
const HALF = { add: { 'linux-64': [{ name: 'half', size: 3000 }] } }

const writeConfigs = (w, { upstream, media }) => {
  const common = `channels:\n  - url: ${pathToFileURL(upstream).href}\n    path: team\nplatforms: linux-64\nfetch_installers: false\ngrace: 0\n`
  mkdirSync(w, { recursive: true })
  writeFileSync(join(w, 'near.yaml'), `mirror_dir: near\n${common}`)
  writeFileSync(join(w, 'delta.yaml'), `mirror_dir: near\ndelta: true\ndelta_dir: delta_pkgs\n${common}`)
  writeFileSync(join(w, 'far.yaml'), `mirror_dir: far\ndelta_dir: ${media}\n${common}`)
}

/**
 * Every command that carries or takes a delta, as people call it. Each: `prepare(w)` makes the folder that it changes, `run(w)` does it, `afterBreak(w)` is what is wrong right after a break, `inTheEnd(w)` after a run that was not
 * broken off. Everything else lies beside and is only read. `createScenarios` makes that once; `{ isMade: true }` where it is there.
 */
export const createScenarios = async (folder, { isMade = false } = {}) => {
  const at = (...names) => join(folder, ...names)
  const places = { before: at('up/before'), half: at('up/half'), after: at('up/after'), media: at('media'), folder }
  if (!isMade) await makePlaces(places)
  // The longest first, so that all end together.
  return [adopts(places), applies(places), merges(places), seeds(places), records(places), recordsFirst(places), creates(places)]
}

const makePlaces = async (places) => {
  const { before, half, after, media, folder } = places
  await buildChannel(CHANNEL, before)
  cpSync(before, half, { recursive: true, preserveTimestamps: true })
  await changeChannel(half, HALF)
  cpSync(before, after, { recursive: true, preserveTimestamps: true })
  await changeChannel(after, CHANGES)
  mkdirSync(media)
  await must('the reference', runTar(['--reference', '-o', join(media, 'reference.json'), before], folder))
  await must('the seed', runTar(['--create', '--full', '-o', join(media, 'seed.tar'), before], folder))
  await must('the tarball', runTar(['--create', '-i', join(media, 'reference.json'), '-o', join(media, 'update.tar'), after], folder))
  await must('the older tarball', runTar(['--create', '-i', join(media, 'reference.json'), '-o', join(media, 'older.tar'), half], folder))
  await must('a later reference', runTar(['--reference', '-o', join(media, 'later.json'), half], folder))
  await must('the newer tarball', runTar(['--create', '-i', join(media, 'later.json'), '-o', join(media, 'newer.tar'), after], folder))
  mkdirSync(join(media, 'updated'))
  execFileSync('tar', ['xf', join(media, 'update.tar'), '-C', join(media, 'updated')])
  mkdirSync(join(folder, 'made/seeded'), { recursive: true })
  await must('the other side', runTar(['--apply', '-i', join(media, 'seed.tar'), join(folder, 'made/seeded')], folder))
  // What cas-sync carries: a mirror, the delta from it to what upstream has, and all from nothing.
  const [near, full] = [join(folder, 'made/near'), join(folder, 'made/full')]
  writeConfigs(near, { upstream: before, media: 'nowhere' })
  await must('the mirror', run(runCasSync, ['-f', 'near.yaml'], near))
  cpSync(near, full, { recursive: true, preserveTimestamps: true })
  writeConfigs(near, { upstream: after, media: 'nowhere' })
  await must('the delta', run(runCasSync, ['-f', 'delta.yaml'], near))
  cpSync(join(near, 'delta_pkgs'), join(media, 'delta'), { recursive: true })
  // What a plain sync, from the same mirror, makes of either upstream.
  for (const [name, upstream] of [['half', half], ['wanted', after]]) {
    const w = join(folder, `made/${name}-run`)
    cpSync(full, w, { recursive: true, preserveTimestamps: true })
    writeConfigs(w, { upstream, media: 'nowhere' })
    await must(`the sync of ${name}`, run(runCasSync, ['-f', 'near.yaml'], w))
    cpSync(join(w, 'near/team'), join(folder, 'made', name), { recursive: true })
  }
  rmSync(join(full, 'near'), { recursive: true })
  writeConfigs(full, { upstream: after, media: 'nowhere' })
  await must('the delta from nothing', run(runCasSync, ['-f', 'delta.yaml'], full))
  cpSync(join(full, 'delta_pkgs'), join(media, 'full'), { recursive: true })
}

/** While the files of an index are switched one after the other, some are new already: what each of them lists is there. */
const PASSING = /not the content of repodata\.json|listed in shards, not in|^channeldata\.json: |run_exports\.json: .* is not in repodata\.json|there is no \w+\.json beside it|listed in repodata\.json, not in shards|shards and repodata\.json differ$/

/** What holds of a mirror that a delta is applied to. `wanted`: what it is to be in the end. */
const takes = (name, { prepare, command, channel, wanted, rare = 1 }) => ({
  name, prepare, runTar, rare, run: command,
  async afterBreak(w, { keep = false } = {}) {
    const mirror = join(w, channel)
    const { problems } = await checkEveryIndex(mirror)
    // Before an index is there at all, nothing is promised.
    const lies = existsSync(join(mirror, 'noarch/repodata.json')) ? (await checkMirror(mirror)).problems.filter((problem) => !PASSING.test(problem)) : []
    if (keep || !existsSync(join(mirror, '.mirror/head')) && !existsSync(join(mirror, '.mirror/journal'))) return [...problems, ...lies]
    // Whatever was journalled is completed without the medium.
    await createDiskStore({ root: mirror }).tidy({ grace: 0 })
    const recovered = existsSync(join(mirror, 'noarch/repodata.json')) && (await createDiskStore({ root: mirror }).head()) !== undefined ? (await checkMirror(mirror)).problems : []
    return [...problems, ...lies, ...recovered.map((problem) => `recovered, then ${problem}`)]
  },
  async inTheEnd(w) {
    const mirror = join(w, channel)
    // A run that finds that all is done already leaves what waits to the next command.
    await createDiskStore({ root: mirror }).tidy({ grace: 0 })
    return [...(await checkMirror(mirror)).problems, ...differ('the mirror', readTree(mirror), wanted()), ...leftIn(w, ['far', 'far.yaml', 'near.yaml', 'delta.yaml'])]
  },
})

const leftIn = (w, known) => readdirSync(w).filter((name) => !known.includes(name)).map((name) => `${name} is left`)

const seeded = async (w, { media }) => {
  mkdirSync(join(w, 'far'), { recursive: true })
  await must('the seed', runTar(['--apply', '-i', join(media, 'seed.tar'), join(w, 'far')], w))
}

const applies = (places) => takes('conda-diff-tar --apply', {
  channel: 'far', wanted: () => readTree(places.after), prepare: (w) => seeded(w, places),
  command: (w) => runTar(['--apply', '-i', join(places.media, 'update.tar'), '--grace', '0', join(w, 'far')], w),
})

/** Two commits in one run, of which the second is that of the scenario after this one: disks fail, and recovery is killed, at every second change. */
const adopts = (places) => takes('conda-diff-tar --apply to a tree of another tool', {
  rare: 2, channel: 'far', wanted: () => readTree(places.after), prepare: async (w) => cpSync(places.before, join(w, 'far'), { recursive: true }),
  command: (w) => runTar(['--apply', '-i', join(places.media, 'update.tar'), '--grace', '0', join(w, 'far')], w),
})

/** What a plain sync makes of the same upstream. */
const synced = (places) => memo(places, 'synced', () => readTree(join(places.folder, 'made/wanted')))

const memos = new Map()
const memo = ({ folder }, name, make) => {
  const key = `${folder} ${name}`
  if (!memos.has(key)) memos.set(key, make())
  return memos.get(key)
}

const merges = (places) => takes('cas-merge', {
  channel: 'far/team', wanted: () => synced(places),
  async prepare(w) {
    writeConfigs(w, { upstream: places.after, media: join(places.media, 'delta') })
    cpSync(join(places.folder, 'made/near/near'), join(w, 'far'), { recursive: true, preserveTimestamps: true })
  },
  command: (w) => run(runCasMerge, ['-f', 'far.yaml', '--json'], w),
})

const seeds = (places) => takes('cas-merge into nothing', {
  channel: 'far/team', wanted: () => synced(places), prepare: async (w) => writeConfigs(w, { upstream: places.after, media: join(places.media, 'full') }),
  command: (w) => run(runCasMerge, ['-f', 'far.yaml', '--json'], w),
})

/** Applies what lies in a delta directory to a copy of the other side: what comes of it, or the code of the refusal. */
const carry = async (delta, { from, scratch }) => {
  rmSync(scratch, { recursive: true, force: true })
  if (existsSync(from)) cpSync(from, scratch, { recursive: true, preserveTimestamps: true })
  try {
    const { status } = await applyDelta({ from: delta, mirror: scratch, grace: 0 })
    return { status, tree: readTree(scratch) }
  } catch (error) {
    return { code: error?.code ?? String(error) }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** No delta is there: it is refused by name, and nobody can take it for one in which nothing changed. */
const NO_DELTA = ['DELTA_NO_MANIFEST', 'DELTA_NOT_FOUND']

/** What holds of a delta that is written. `states`: what it may bring another side to; the last one is what it is to be. */
const writes = (name, { prepare, command, delta, from, states, only, scratch, kept }) => ({
  name, prepare, run: command,
  async afterBreak(w) {
    const { code, status, tree } = await carry(join(w, delta), { from: from(w), scratch: scratch(w) })
    const untouched = kept === undefined ? [] : differ('the mirror', readTree(join(w, kept.folder)), kept.tree(w))
    if (code !== undefined) return [...untouched, ...(NO_DELTA.includes(code) ? [] : [`what is there is refused with ${code}`])]
    const isOne = status === 'applied' && states().some((state) => JSON.stringify(state) === JSON.stringify(tree))
    return [...untouched, ...(isOne ? [] : [`what is there is taken, ${status}, and leads to neither state`])]
  },
  async inTheEnd(w) {
    const { code, tree } = await carry(join(w, delta), { from: from(w), scratch: scratch(w) })
    if (code !== undefined) return [`what is there is refused with ${code}`]
    return [...differ('the other side', tree, states().at(-1)), ...differ('what was written', listNames(w), only()), ...(kept === undefined ? [] : differ('the mirror', readTree(join(w, kept.folder)), kept.tree(w)))]
  },
})

const listNames = (w) => readdirSync(w, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(w.length + 1)).sort()

const nearOf = (places) => join(places.folder, 'made/near/near')
const mirrorNames = (places) => listNames(nearOf(places)).map((name) => `near/${name}`)
const deltaNames = (places, delta) => listNames(join(places.media, delta)).map((name) => `delta_pkgs/${name}`)
const CONFIGS = ['delta.yaml', 'far.yaml', 'near.yaml']
const inTeam = (lines) => lines.map((line) => `team/${line}`).sort()

const records = (places) => writes('cas-sync with delta: true', {
  delta: 'delta_pkgs', from: () => nearOf(places), scratch: (w) => `${w}-scratch`, kept: { folder: 'near', tree: () => readTree(nearOf(places)) },
  states: () => [inTeam(memo(places, 'half', () => readTree(join(places.folder, 'made/half')))), inTeam(synced(places))],
  only: () => [...mirrorNames(places), ...deltaNames(places, 'delta'), ...CONFIGS].sort(),
  async prepare(w) {
    mkdirSync(w, { recursive: true })
    cpSync(nearOf(places), join(w, 'near'), { recursive: true, preserveTimestamps: true })
    writeConfigs(w, { upstream: places.half, media: 'nowhere' })
    await must('the older delta', run(runCasSync, ['-f', 'delta.yaml'], w))
    writeConfigs(w, { upstream: places.after, media: 'nowhere' })
  },
  command: (w) => run(runCasSync, ['-f', 'delta.yaml', '--json'], w),
})

const recordsFirst = (places) => writes('cas-sync with delta: true, the first', {
  delta: 'delta_pkgs', from: (w) => `${w}-none`, scratch: (w) => `${w}-scratch`, states: () => [inTeam(synced(places))], only: () => [...deltaNames(places, 'full'), ...CONFIGS].sort(),
  prepare: async (w) => writeConfigs(w, { upstream: places.after, media: 'nowhere' }),
  command: (w) => run(runCasSync, ['-f', 'delta.yaml', '--json'], w),
})

const creates = (places) => writes('conda-diff-tar --create', {
  delta: 'update.tar', from: () => join(places.folder, existsSync(join(places.folder, 'made/seeded')) ? 'made/seeded' : 'up/before'), scratch: (w) => `${w}-scratch`, states: () => [readTree(places.half), readTree(places.after)], only: () => ['update.tar'],
  async prepare(w) {
    mkdirSync(w, { recursive: true })
    cpSync(join(places.media, 'older.tar'), join(w, 'update.tar'))
  },
  command(w) {
    // As if it were run again two days later: then what the dead left may go.
    const then = new Date(Date.now() - 2 * 86_400_000)
    for (const name of readdirSync(w)) if (name.endsWith('.part')) utimesSync(join(w, name), then, then)
    return runTar(['--create', '-i', join(places.media, 'reference.json'), '-o', join(w, 'update.tar'), places.after], w)
  },
})
