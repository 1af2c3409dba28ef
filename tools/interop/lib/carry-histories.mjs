/**
 * Started by ../air-gap.mjs: carry-histories.mjs FOLDER. A near mirror goes through a real history, or through parts of a real channel with its packages. After each state far sides follow it, each by its own way, and one by all of them in turn: first conda-diff-tar's four steps
 * (reference, sync, create, unpack or apply), then cas-mirror's (`delta: true`, cas-merge), then request, create and apply. Each far side must be what the near side is.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { checkMirror } from '@mirror/test-fixtures'
import { hasHistory, readHistories, replayHistory } from '../../../packages/sync/test/history.ts'
import { findRealChannels } from '../../../packages/sync/test/real-data.ts'
import { endParts, part, skipPart } from './run-parts.mjs'

const [folder = ''] = process.argv.slice(2)

/** The commands, in this process: to start each of them thousands of times would take longer than all the rest. */
const load = (path) => import(new URL(`../../../${path}`, import.meta.url).href)
const { runCasMerge, runCasSync, runMirror } = await load('apps/cli/src/run-mirror.ts')
const { runDiffTar } = await load('packages/difftar/src/cli/run-diff-tar.ts')

const TARS = [{ way: 'GNU tar', program: 'tar', words: [] }, { way: 'bsdtar', program: 'bsdtar', words: [] }, { way: 'busybox tar', program: 'busybox', words: ['tar'] }]

const isThere = ({ program }) => {
  try {
    execFileSync(program, ['--help'], { stdio: 'ignore' })
    return true
  } catch (error) {
    return error.code !== 'ENOENT'
  }
}

const signal = new AbortController().signal

/** Runs a command in this process; what it said is for the message of a failure. */
const command = async (program, argv, cwd) => {
  let said = ''
  const stream = { write: (text) => { said += text }, on: () => undefined, off: () => undefined }
  const code = await program(argv, { stdout: stream, stderr: stream, env: { HOME: cwd }, cwd, signal, systemConfig: join(cwd, 'none') })
  assert.equal(code, 0, `${program.name} ${argv.join(' ')} ended with ${code}:\n${said}`)
  return said
}

const condaDiffTar = async (argv, cwd) => {
  let said = ''
  const tell = (text) => { said += text }
  const code = await runDiffTar(argv, { stdout: async (text) => tell(text), stderr: tell, stdin: Readable.from([]), directory: cwd, version: '0', tool: undefined, signal })
  assert.equal(code, 0, `conda-diff-tar ${argv.join(' ')} ended with ${code}:\n${said}`)
  return said
}

/** Paths of all that clients see. */
const listPublic = (root) => {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return entries.map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)).filter((path) => !path.split('/').some((name) => name.startsWith('.'))).toSorted()
}

/** Files that were compared and have not changed since, by what the file system says of them. */
const compared = new Map()

const stampOf = (path) => {
  const { ino, ctimeNs, size } = statSync(path, { bigint: true })
  return `${ino} ${ctimeNs} ${size}`
}

/** Stamps of near files, which do not change between two states. */
const nearStamps = new Map()

const stampOfNear = (path) => {
  const known = nearStamps.get(path) ?? stampOf(path)
  nearStamps.set(path, known)
  return known
}

const isSameFile = (left, right) => {
  const stamps = `${stampOfNear(left)} ${stampOf(right)}`
  if (compared.get(right) === stamps) return true
  const isSame = readFileSync(left).equals(readFileSync(right))
  if (isSame) compared.set(right, stamps)
  return isSame
}

/** The far side is the near one, which is whole: exactly, or with files besides, because unpacking removes nothing. */
const assertFollows = ({ near, far, way, isExact }) => {
  const [there, here] = [new Set(listPublic(far)), listPublic(near)]
  if (isExact) assert.deepEqual([...there], here, `${way}: other files`)
  for (const path of here) assert.ok(there.has(path) && isSameFile(join(near, path), join(far, path)), `${way}: ${path} is ${there.has(path) ? 'another' : 'missing'}`)
}

/** What is in the near mirror, without dot-folders, as rsync --delete brings it. */
const copyPublic = (near, far) => {
  for (const name of existsSync(far) ? readdirSync(far) : []) if (!name.startsWith('.')) rmSync(join(far, name), { recursive: true })
  cpSync(near, far, { recursive: true, filter: (path) => !path.slice(near.length).includes('/.') })
}

const unpack = ({ program, words }, tarball, far) => {
  mkdirSync(far, { recursive: true })
  execFileSync(program, [...words, 'xf', tarball, '-C', far])
}

/** Ways to bring a far side from the state before to the state now. `isExact`: nothing stays that no index names. */
const createWays = (tars) => [
  { way: '--apply', isExact: true, bring: async ({ own, far, tarball }) => { mkdirSync(far, { recursive: true }); await condaDiffTar(['--apply', '--grace', '0', '-i', tarball, far], own) } },
  { way: 'cas-merge', isExact: true, bring: ({ own, far, tarball }) => command(runCasMerge, [tarball, far, '--grace', '0'], own) },
  ...tars.map((tar) => ({ way: tar.way, isExact: false, bring: async ({ far, tarball }) => unpack(tar, tarball, far) })),
  { way: 'a copy', isExact: false, bring: async ({ near, far }) => copyPublic(near, far) },
]

/** Every way after every way, itself included: all ordered pairs, as one walk (Hierholzer). */
const walkPairs = (ways) => {
  const left = new Map(ways.map((way) => [way, [...ways]]))
  const [stack, walk] = [[ways[0]], []]
  while (stack.length > 0) {
    const next = left.get(stack.at(-1)).pop()
    if (next === undefined) walk.push(stack.pop())
    else stack.push(next)
  }
  return walk.toReversed()
}

/** conda-diff-tar's four steps. */
const createFourSteps = ({ own, near, ways }) => {
  const walk = walkPairs(ways)
  const pairs = new Set()
  let step = 0
  const farOf = (way) => join(own, `far by ${way}`)
  return {
    pairs,
    /** What the far sides have now. */
    refer: () => condaDiffTar(['--reference', near, '-o', 'reference.json'], own),
    carry: async () => {
      const tarball = join(own, 'update.tar')
      await condaDiffTar(['--create', near, '-o', tarball, ...(step === 0 ? ['--full'] : ['-i', 'reference.json'])], own)
      for (const { way, isExact, bring } of ways.filter(({ way: name }) => name !== 'a copy')) {
        const far = farOf(way)
        await bring({ own, near, far, tarball })
        assertFollows({ near, far, way, isExact })
      }
      const mixed = walk[step % (walk.length - 1)]
      const previous = walk[(step - 1) % (walk.length - 1)]
      if (step > 0) pairs.add(`${previous.way} → ${mixed.way}`)
      await mixed.bring({ own, near, far: farOf('all'), tarball })
      assertFollows({ near, far: farOf('all'), way: `${mixed.way} after ${previous?.way ?? 'nothing'}`, isExact: false })
      // Unpacked first: then --apply knows it, and removes what unpacking left.
      const twice = farOf('GNU tar, then --apply')
      unpack(TARS[0], tarball, twice)
      await ways[0].bring({ own, near, far: twice, tarball })
      assertFollows({ near, far: twice, way: 'tar and --apply', isExact: true })
      step += 1
    },
  }
}

/** cas-mirror's: a mirror of its own records what is new in `near`, and moves on by the same delta. */
const createRecorded = async ({ own, near, platforms }) => {
  const common = `channels: {url: "file://${near}", path: channel}\nplatforms: [${platforms.join(', ')}]\nfetch_installers: false\ngrace: 0\n`
  writeFileSync(join(own, 'record.yaml'), `mirror_dir: recording\ndelta: true\ndelta_dir: delta_pkgs\n${common}`)
  return {
    carry: async () => {
      await command(runCasSync, ['-f', 'record.yaml', '--allow-shrink', '--allow-empty'], own)
      for (const mirror of ['merged', 'recording']) await command(runCasMerge, ['delta_pkgs', mirror, '--grace', '0'], own)
      const merged = join(own, 'merged/channel')
      assertFollows({ near: join(own, 'recording/channel'), far: merged, way: 'delta: true', isExact: true })
      for (const path of listPublic(near)) if (path.endsWith('/repodata.json')) assert.ok(readFileSync(join(merged, path)).equals(readFileSync(join(near, path))), `delta: true: ${path} is another`)
    },
  }
}

/** The far side says what it has, and gets what it lacks: by turns a folder, a tarball and volumes. */
const createRequested = ({ own, near }) => {
  const far = join(own, 'far by request')
  const places = ['requested', 'requested.tar', 'split.tar']
  let step = 0
  return {
    carry: async () => {
      const place = places[step % places.length]
      if (step > 0) await command(runMirror, ['delta', 'request', '--mirror-dir', far], own)
      for (const name of readdirSync(own)) if (name.startsWith('split.')) rmSync(join(own, name))
      const since = step > 0 ? ['--since', 'request.jsonl'] : []
      await command(runMirror, ['delta', 'create', place, '--mirror-dir', near, ...since, ...(place === 'split.tar' ? ['--volume-size', '24M'] : [])], own)
      await command(runMirror, ['delta', 'inspect', place, '--verify'], own)
      await command(runMirror, ['delta', 'apply', place, '--mirror-dir', far, '--grace', '0'], own)
      assertFollows({ near, far, way: 'request', isExact: true })
      assert.match(await command(runMirror, ['diff', far, near, '--exit-code'], own), /Nothing differs/)
      step += 1
    },
  }
}

/** One delta over all states leads where the single ones led. */
const assertCumulative = async ({ own, near }) => {
  const far = join(own, 'first')
  await condaDiffTar(['--create', near, '-o', 'all.tar', '-i', 'first.json'], own)
  await condaDiffTar(['--apply', '--grace', '0', '-i', 'all.tar', far], own)
  assertFollows({ near, far, way: 'one delta over all', isExact: true })
}

/** Records alone are real: the artifacts are made. */
const followHistory = (history) => ({
  name: history.channel,
  subdirs: [...new Set(history.states.map(({ subdir }) => subdir))],
  nearIn: (own) => join(own, 'mirror'),
  async *follow(own) {
    for await (const { state, checked } of replayHistory(history, own)) {
      assert.deepEqual(checked.problems, [])
      yield state.name
    }
  },
})

const SELECTIONS = [['the newest versions', 'latest: 1\n'], ['everything', ''], ['the newest versions again', 'latest: 1\n']]

/** A real channel with its packages: a part of it, all of it, and a part again. */
const followChannel = ({ name, folder: upstream, subdirs }) => ({
  name: name.replaceAll('/', '-'),
  subdirs,
  nearIn: (own) => join(own, 'site/channel'),
  async *follow(own) {
    for (const [state, selection] of SELECTIONS) {
      writeFileSync(join(own, 'near.yaml'), `mirror_dir: site\nchannels: {url: "file://${upstream}", path: channel}\nplatforms: [${platformsOf(subdirs).join(', ')}]\nfetch_installers: false\ngrace: 0\n${selection}`)
      await command(runMirror, ['sync', '-f', 'near.yaml', '--allow-selection'], own)
      assert.deepEqual((await checkMirror(join(own, 'site/channel'))).problems, [])
      yield state
    }
  },
})

/** For channels that have noarch alone: a known platform that none of them has. */
const platformsOf = (subdirs) => {
  const platforms = subdirs.filter((subdir) => subdir !== 'noarch')
  return platforms.length > 0 ? platforms : ['win-32']
}

const describeCheck = async (root) => {
  const { problems, extra } = await checkMirror(root)
  return { problems, extra }
}

const carry = async ({ name, subdirs, nearIn, follow }) => {
  const own = join(folder, name)
  mkdirSync(own)
  const near = nearIn(own)
  const ways = createWays(TARS.filter(isThere))
  const fourSteps = createFourSteps({ own, near, ways })
  const recorded = await createRecorded({ own, near, platforms: platformsOf(subdirs) })
  const requested = createRequested({ own, near })
  let states = 0
  for await (const state of follow(own)) {
    nearStamps.clear()
    try {
      for (const { carry: bring } of [fourSteps, recorded, requested]) await bring()
      if (states === 0) {
        await condaDiffTar(['--reference', near, '-o', 'first.json'], own)
        cpSync(near, join(own, 'first'), { recursive: true })
      }
      await fourSteps.refer()
    } catch (error) {
      throw new Error(`At ${state}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
    states += 1
  }
  await assertCumulative({ own, near })
  for (const far of ['far by --apply', 'far by cas-merge', 'far by GNU tar, then --apply', 'far by request', 'merged/channel']) assert.deepEqual(await describeCheck(join(own, far)), { problems: [], extra: [] }, far)
  compared.clear()
  rmSync(own, { recursive: true })
  return `${states} states by ${ways.length - 1} ways, by all of them in turn (${fourSteps.pairs.size} of ${ways.length ** 2} pairs), recorded, and by request`
}

/** All states of all histories are ten minutes. So many of the longest show every way after every way; of the others the last ones. */
const MOST = process.env['MIRROR_INTEROP'] === 'full' ? [Infinity, Infinity] : [40, 2]

const histories = hasHistory ? (await readHistories()).toSorted((left, right) => right.states.length - left.states.length) : []
for (const [at, history] of histories.entries()) {
  const states = history.states.slice(-MOST[at === 0 ? 0 : 1])
  const shown = states.length < history.states.length ? `the last ${states.length} of ${history.states.length} states` : `${states.length} states`
  await part(`${history.channel}, ${shown}`, () => carry(followHistory({ ...history, states })))
}
if (!hasHistory) skipPart('all histories', 'MIRROR_TEST_DATA has no repodata/history.tar.zst')
const channels = findRealChannels().filter(({ faults, listed }) => faults.length === 0 && listed > 0)
for (const channel of channels) await part(`${channel.name}, ${channel.listed} artifacts`, () => carry(followChannel(channel)))
if (channels.length === 0) skipPart('all channels with packages', 'MIRROR_TEST_DATA has no channels')
for (const { way } of TARS.filter((tar) => !isThere(tar))) skipPart(`unpacked by ${way}`, 'it is not installed')
endParts()
