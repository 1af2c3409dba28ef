// Arguments: the root, the python of conda-mirror, an empty folder.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { buildChannel, changeChannel, checkMirror } from '@mirror/test-fixtures'
import { endParts, part } from './run-parts.mjs'

const [root, python, folder] = process.argv.slice(2)
const near = join(folder, 'near')
const far = join(folder, 'far')

const start = (command, args) => execFileSync(command[0], [...command.slice(1), ...args], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
const theirs = (...args) => start([join(dirname(python), 'conda-diff-tar')], args)
const ours = (...args) => start([process.execPath, join(root, 'packages/difftar/bin/conda-diff-tar.js')], args)
const unpack = (tarball) => execFileSync('tar', ['xf', tarball, '-C', far], { cwd: folder })

const lines = (text) => text.split('\n').filter((line) => line !== '')
/** What the old tool knows: the index and its bz2, and `.tar.bz2` artifacts. */
const isKnown = (path) => /(?:\.tar\.bz2|\/repodata\.json(?:\.bz2)?)$/.test(path)
const isArtifact = (path) => /\.(?:conda|tar\.bz2)$/.test(path)

const CHANNEL = {
  index: { variants: ['zst', 'bz2'] },
  subdirs: {
    noarch: [{ name: 'text', version: '1.0', format: 'tar.bz2' }],
    'linux-64': [{ name: 'alpha', version: '1.0', format: 'tar.bz2' }, { name: 'beta', version: '1.0', format: 'both' }, { name: 'gamma', version: '1.0', format: 'tar.bz2' }],
  },
}
const OLD_CHANGE = {
  add: { 'linux-64': [{ name: 'delta', version: '1.0', format: 'tar.bz2' }, { name: 'gamma', version: '1.0', format: 'tar.bz2', salt: 'again' }] },
  relist: { noarch: { 'text-1.0-0.tar.bz2': { depends: ['alpha'] } } },
}

/** The same channel on both sides. */
const reset = async () => {
  for (const place of [near, far]) rmSync(place, { recursive: true, force: true })
  await buildChannel(CHANNEL, near)
  cpSync(near, far, { recursive: true })
}

/** What indexes of the far side list is there, and is what the near side has. */
const assertArrived = async () => {
  const { problems } = await checkMirror(far)
  assert.deepEqual(problems, [])
  for (const subdir of ['noarch', 'linux-64']) assert.ok(readFileSync(join(far, subdir, 'repodata.json')).equals(readFileSync(join(near, subdir, 'repodata.json'))), `${subdir}: another index`)
}

await part('ours reads its reference: nothing changed is nothing', async () => {
  await reset()
  theirs('--reference', '-o', 'theirs.json', near)
  const listed = lines(ours('--show', '-i', 'theirs.json', near))
  // It did not write down what `.conda` artifacts there were.
  assert.deepEqual(listed.filter((path) => isKnown(path) && isArtifact(path)), [])
})

await part('ours lists since its reference what it lists, and what it does not know besides', async () => {
  await reset()
  theirs('--reference', '-o', 'theirs.json', near)
  await changeChannel(near, OLD_CHANGE)
  const expected = lines(theirs('--show', '-i', 'theirs.json', near))
  const found = lines(ours('--show', '-i', 'theirs.json', near))
  assert.deepEqual(found.filter(isKnown).toSorted(), expected.toSorted())
  assert.deepEqual(found.filter((path) => !isKnown(path)).toSorted(), ['linux-64/beta-1.0-0.conda', 'linux-64/repodata.json.zst', 'noarch/repodata.json.zst'])
  return `${expected.length} paths of theirs, ${found.length} of ours`
})

await part('its reference holds for ours wherever the mirror lies now', async () => {
  await reset()
  theirs('--reference', '-o', 'theirs.json', near)
  const text = readFileSync(join(folder, 'theirs.json'), 'utf8')
  writeFileSync(join(folder, 'moved.json'), text.replaceAll(near, '/mnt/an/older/disk'))
  assert.equal(ours('--show', '-i', 'moved.json', near), ours('--show', '-i', 'theirs.json', near))
})

await part('what ours made since its reference is applied, and unpacked by tar', async () => {
  await reset()
  theirs('--reference', '-o', 'theirs.json', near)
  await changeChannel(near, OLD_CHANGE)
  ours('--create', '-i', 'theirs.json', '-o', 'ours.tar', near)
  const copy = join(folder, 'copy')
  cpSync(far, copy, { recursive: true })
  unpack('ours.tar')
  await assertArrived()
  rmSync(far, { recursive: true })
  cpSync(copy, far, { recursive: true })
  rmSync(copy, { recursive: true })
  assert.match(ours('--apply', '-i', 'ours.tar', far), /^Applied: /)
  await assertArrived()
  assert.deepEqual((await checkMirror(far)).extra, [])
})

await part('it reads our reference: no artifact that is there travels again', async () => {
  await reset()
  ours('--reference', '-o', 'ours.json', near)
  const listed = lines(theirs('--show', '-i', 'ours.json', near))
  assert.deepEqual(listed.filter(isArtifact), [])
  return `it names ${listed.length} index files, because the records are shorter than it writes them`
})

await part('it makes since our reference a tarball that brings the far side up', async () => {
  await reset()
  ours('--reference', '-o', 'ours.json', near)
  await changeChannel(near, OLD_CHANGE)
  theirs('--create', '-i', 'ours.json', '-o', 'theirs.tar', near)
  const members = lines(execFileSync('tar', ['tf', 'theirs.tar'], { cwd: folder, encoding: 'utf8' }))
  assert.deepEqual(members.filter(isArtifact).toSorted(), ['linux-64/delta-1.0-0.tar.bz2', 'linux-64/gamma-1.0-0.tar.bz2'])
  unpack('theirs.tar')
  await part('ours says of what it left there which variants are stale', () => {
    const { status, stdout } = spawnSync(process.execPath, [join(root, 'packages/difftar/bin/conda-diff-tar.js'), '--verify', far], { encoding: 'utf8' })
    assert.equal(status, 1)
    assert.deepEqual(lines(stdout).toSorted(), [`Stale: ${far}/linux-64/repodata.json.zst`, `Stale: ${far}/noarch/repodata.json.zst`])
  })
})

await part('its tarball has no manifest: ours does not apply it, and says what does', async () => {
  await reset()
  theirs('--reference', '-o', 'theirs.json', near)
  await changeChannel(near, OLD_CHANGE)
  theirs('--create', '-i', 'theirs.json', '-o', 'theirs.tar', near)
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'packages/difftar/bin/conda-diff-tar.js'), '--apply', '-i', 'theirs.tar', far], { cwd: folder, encoding: 'utf8' })
  assert.equal(status, 1)
  assert.match(stderr, /it has no manifest\n.*tar xf/)
})

await part('four steps, three times: each side with either tool, and the next round goes on from the last', async () => {
  await reset()
  mkdirSync(join(folder, 'rounds'))
  const rounds = [[theirs, 'unpack'], [ours, 'unpack'], [ours, 'apply']]
  for (const [number, [tool, how]] of rounds.entries()) {
    // The reference is always that of the other tool.
    const reference = join(folder, 'rounds', `${number}.json`)
    ;(tool === ours ? theirs : ours)('--reference', '-o', reference, near)
    await changeChannel(near, { add: { 'linux-64': [{ name: `round-${number}`, version: '1.0', format: 'tar.bz2' }] } })
    tool('--create', '-i', reference, '-o', 'update.tar', near)
    if (how === 'apply') ours('--apply', '-i', 'update.tar', far)
    else unpack('update.tar')
    for (const subdir of ['noarch', 'linux-64']) assert.ok(readFileSync(join(far, subdir, 'repodata.json')).equals(readFileSync(join(near, subdir, 'repodata.json'))), `round ${number}, ${subdir}`)
    assert.equal(theirs('--verify', far), '')
  }
  await assertArrived()
})

await part('it verifies what ours applied', async () => {
  await reset()
  rmSync(far, { recursive: true })
  mkdirSync(far)
  ours('--create', '--full', '-o', 'full.tar', near)
  ours('--apply', '-i', 'full.tar', far)
  assert.equal(theirs('--verify', far), '')
  theirs('--reference', '-o', 'far.json', far)
  assert.equal(theirs('--show', '-i', 'far.json', far), '')
})
endParts()
