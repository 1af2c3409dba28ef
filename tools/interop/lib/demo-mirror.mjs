/** A mirror to look at: two channels, one of them with a year of runs. Real runs of the command line on a channel that moves on, of which only the clock is another one. */
import { execFile } from 'node:child_process'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { buildChannel, changeChannel, createSampleChannel } from '@mirror/test-fixtures'

const start = promisify(execFile)
const DAY = 86_400_000
const FIRST = Date.UTC(2026, 0, 12, 4, 30)

/** `name: [license, summary, depends]`. */
const PACKAGES = {
  'arm-kinematics': ['BSD-3-Clause', 'Forward and inverse kinematics of arms with up to nine joints', ['linear-solver >=2.0', 'python >=3.11']],
  'camera-rig': ['MIT', 'Calibrates several cameras against one another', ['image-pyramid', 'python >=3.11']],
  'grasp-planner': ['Apache-2.0', 'Where to hold what a robot has never seen', ['arm-kinematics >=1.2', 'point-cloud >=0.8']],
  'image-pyramid': ['BSD-3-Clause', 'Images in several sizes, each read once', []],
  'linear-solver': ['BSD-2-Clause', 'Sparse systems of equations, as fast as the memory allows', ['libblas >=3.9']],
  'motion-log': ['MIT', 'What a robot did, in a file that survives a power cut', ['point-cloud']],
  'point-cloud': ['BSD-3-Clause', 'Points in space: filters, trees, registration', ['linear-solver']],
  'path-smoother': ['MPL-2.0', 'Takes the corners out of a path', ['linear-solver >=2.0']],
  'ros-bridge': ['Apache-2.0', 'Talks to what was built on ROS', ['motion-log >=0.4']],
  'safety-fence': ['LicenseRef-Team', 'Stops an arm before it leaves its cell', ['arm-kinematics >=1.0', 'motion-log']],
  'sensor-fusion': ['BSD-3-Clause', 'One estimate out of many sensors', ['linear-solver', 'camera-rig']],
  'torque-model': ['MIT', 'What each joint has to bear', ['arm-kinematics']],
}
const NAMES = Object.keys(PACKAGES)

const describePackage = (name, version, { build = 'h7d2f_0', size = 40_000, at = FIRST } = {}) => {
  const [license, summary, depends] = PACKAGES[name]
  return {
    name, version, build, size, license, depends, timestamp: at - DAY,
    about: { home: `https://example.org/${name}`, summary, description: `${summary}. Built by the robotics team for its own cells, and for those who visit.`, dev_url: `https://git.example.org/robotics/${name}` },
  }
}

/** What comes between two runs: a few names in new versions, now and then one that goes, one that is rebuilt, one whose record is corrected. */
const describeStep = (step) => {
  const at = FIRST + step * 16 * DAY
  const names = NAMES.filter((_, place) => (place * 7 + step * 5) % 11 < 3 + (step % 3))
  const add = names.map((name, place) => describePackage(name, `1.${step}.${place % 3}`, { size: 60_000 + 30_000 * ((step * 3 + place * 5) % 9), at }))
  const noarch = step % 3 === 0 ? [{ ...describePackage('motion-log', `0.${4 + step}.0`, { build: 'pyh1a2b_0', size: 50_000, at }), noarch: 'python' }] : []
  return { at, add: { 'linux-64': add, ...(noarch.length > 0 ? { noarch } : {}) }, relist: step % 4 === 2 ? { 'linux-64': { 'linear-solver-1.0.0-h7d2f_0.conda': { license_family: `BSD ${step}` } } } : {} }
}

/** Names that are markup, and other things that no page may take for its own. */
const MARKUP = '"><img src=x onerror="window.wasRun=1"><script>window.wasRun=2</script>\u202e{{7*7}}'

/** Builds the mirror; resolves to its folder. `command` runs our command line, `faketime` sets its clock; `quick`: with few runs, and a channel full of markup. */
export const createDemoMirror = async ({ folder, node, command, faketime, quick = false }) => {
  const mirror = join(folder, 'mirror')
  const robotics = join(folder, 'upstream/robotics')
  const sample = join(folder, 'upstream/sample')
  const odd = join(folder, 'upstream/odd')
  const steps = quick ? 4 : 20
  const run = async (at, ...args) => {
    const clock = new Date(at).toISOString().slice(0, 19).replace('T', ' ')
    await start(faketime, ['-f', `@${clock}`, node, command, ...args], { cwd: folder, env: { PATH: process.env.PATH, HOME: folder, TZ: 'UTC' } })
  }
  const file = join(folder, 'mirror.yaml')
  writeFileSync(file, 'mirror_dir: ./mirror\nfetch_installers: false\nplatforms: [linux-64]\nretain: 6\nchannels: [./upstream/robotics, ./upstream/sample, ./upstream/odd]\n')
  const sync = (at, upstream) => run(at, 'sync', '-q', '-f', file, '-c', upstream)

  await buildChannel({
    channeldata: true, index: { variants: ['zst'] },
    subdirs: { noarch: [{ ...describePackage('ros-bridge', '1.0.0', { build: 'pyh1a2b_0' }), noarch: 'python' }], 'linux-64': NAMES.map((name, place) => describePackage(name, '1.0.0', { size: 80_000 + 40_000 * (place % 5) })) },
  }, robotics)
  await sync(FIRST, robotics)
  for (let step = 1; step <= steps; step += 1) {
    const { at, ...changes } = describeStep(step)
    await changeChannel(robotics, { ...changes, ...(step === 9 ? { remove: { 'linux-64': ['torque-model-1.0.0-h7d2f_0.conda'] } } : {}), ...(step === 12 ? { add: { 'linux-64': [{ ...describePackage('linear-solver', '1.0.0', { size: 120_000 }), salt: 'rebuilt' }] } } : {}) })
    if (step === Math.ceil(steps / 2)) {
      renameSync(robotics, `${robotics}-away`)
      await sync(at - DAY, robotics).catch(() => undefined)
      renameSync(`${robotics}-away`, robotics)
    }
    await sync(at, robotics)
  }
  const end = FIRST + steps * 16 * DAY
  await run(end + 1000, 'snapshot', 'create', '2026-q4', '-q', '-f', file)
  await createSampleChannel(sample)
  await sync(end + 2000, sample)
  if (!quick) return { mirror, end }
  await buildChannel({ subdirs: { noarch: [{ name: 'odd', depends: ['robotics', MARKUP], license: MARKUP, about: { summary: MARKUP, home: 'javascript:window.wasRun=3' }, record: { constrains: [MARKUP], track_features: MARKUP } }] } }, odd)
  await sync(end + 3000, odd)
  return { mirror, end }
}
