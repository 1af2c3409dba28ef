import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { changeChannel } from '@mirror/test-fixtures'
import { root } from '../../lib/workspace.mjs'

const HOUR = 3_600_000
const PROGRAM = join(root, 'apps/cli/src/bin/mirror.ts')

/** A sync in a process of its own, whose clock is so many milliseconds off from its first line on. */
const syncAt = (scene, shift, flags = []) => new Promise((resolve) => {
  const hook = `const Real = Date; globalThis.Date = class extends Real { constructor(...given) { if (given.length === 0) super(Real.now() + ${shift}); else super(...given) } static now() { return Real.now() + ${shift} } }`
  const line = ['--no-warnings', '--import', `data:text/javascript,${encodeURIComponent(hook)}`, PROGRAM, ...scene.argv, ...flags]
  execFile(process.execPath, line, { cwd: scene.cwd, env: { PATH: process.env.PATH, HOME: scene.cwd } }, (error, stdout, stderr) => resolve({ exitCode: error === null ? 0 : error.code, stdout, stderr }))
})

/** Like `complete`, for a run of another process: the run that follows here has nothing left to do. */
const complete = async (scene, ran) => [...(ran.exitCode === 0 ? [] : [`exit code ${ran.exitCode}: ${ran.stdout.slice(-300)}${ran.stderr.slice(-300)}`]), ...(await scene.findProblems())]

const years = [['1970', '1970-01-01T00:00:10Z'], ['2038', '2038-01-19T03:14:08Z'], ['2106', '2106-02-07T06:28:16Z'], ['2999', '2999-01-01T00:00:00Z']].map(([name, text]) =>
  ({ id: 'C05', name: `the clock says ${name}`, expect: 'complete', also: (scene) => scene.clock, arrange: async (scene) => { scene.clock = await complete(scene, await syncAt(scene, Date.parse(text) - Date.now())) } }))

/** A removal by the real clock, then a sync by another: whether what waits for its grace is there. */
const edge = (id, name, { grace, later, gone }) => ({
  id, name, expect: 'complete', flags: ['--grace', grace],
  arrange: async (scene) => {
    await changeChannel(scene.upstream, { remove: { 'linux-64': ['gamma-1.0-0.conda'] } })
    const [first, second] = [await syncAt(scene, 0, ['--grace', grace]), await syncAt(scene, later, ['--grace', grace])]
    const isGone = !(await readdir(join(scene.mirror, 'linux-64'))).includes('gamma-1.0-0.conda')
    scene.clock = [...(await complete(scene, first)), ...(await complete(scene, second)), ...(isGone === gone ? [] : [isGone ? 'it is gone before its time' : 'it is there after its time'])]
  },
  also: (scene) => scene.clock,
})

export const clockCases = () => [
  ...years,
  edge('C05', 'the clock goes back a day between two runs', { grace: '1h', later: -24 * HOUR, gone: false }),
  edge('C05', 'the clock jumps ten years ahead', { grace: '1h', later: 87_600 * HOUR, gone: true }),
  edge('C06', 'grace 0: gone in the same run', { grace: '0', later: 0, gone: true }),
  edge('C06', 'grace 1 h, at once: stays', { grace: '1h', later: 0, gone: false }),
  edge('C06', 'grace 1 h, a minute before: stays', { grace: '1h', later: HOUR - 60_000, gone: false }),
  edge('C06', 'grace 1 h, a minute after: gone', { grace: '1h', later: HOUR + 60_000, gone: true }),
]

export const clockSkipped = ['C01-C03: the families locks and readers', 'C04: serving', 'C05 leases: object stores']
