// A server under hostile requests, under load, and across switches: part of `npm run prove`. With `PROVE_ONLY=V07`, those cases alone.
import { join } from 'node:path'
import process from 'node:process'
import { runAccessTests } from './server/access.mjs'
import { fileCases } from './server/files.mjs'
import { loadCases } from './server/load.mjs'
import { requestCases } from './server/requests.mjs'
import { ask, openScene } from './server/scene.mjs'
import { switchCases } from './server/switches.mjs'

const given = JSON.parse(process.argv[2] ?? '{}')
const { quick = true, folder, seed = 1 } = given
const only = process.env['PROVE_ONLY']
const found = { points: 0, failed: 0, findings: [], notes: [] }
const counts = new Map()
const extra = []

const add = (id, { cases, failed }) => {
  const before = counts.get(id) ?? { cases: 0, failed: 0 }
  counts.set(id, { cases: before.cases + cases, failed: before.failed + failed })
  found.points += cases
  found.failed += failed
}

const runCase = async (one, scene) => {
  const problem = await one.run(scene, { quick, seed, tell: (text) => extra.push(`${one.id} ${text}`), count: (points) => { found.points += points } }).catch((error) => String(error?.stack ?? error))
  add(one.id, { cases: 1, failed: problem === undefined ? 0 : 1 })
  if (problem !== undefined) found.findings.push(`${one.id} ${one.name}: ${problem}`)
}

const scene = await openScene(join(folder, 'scene'))
const wanted = (cases) => cases.filter(({ id }) => only === undefined || id.includes(only))
const server = await scene.serve()
const tag = async (path) => (await ask(server, path)).headers.get('etag')
for (const one of wanted(requestCases)) await runCase(one, { ...scene, server, tag })
await server.stop()
for (const one of wanted([...fileCases, ...loadCases, ...switchCases])) await runCase(one, scene)
if (only === undefined || only === 'V08') {
  for (const [id, result] of Object.entries(await runAccessTests(join(folder, 'tests.json')))) {
    add(id, result)
    found.findings.push(...result.findings.map((finding) => `${id} ${finding}`))
  }
}
const rows = [...counts].sort(([left], [right]) => (left < right ? -1 : 1))
found.notes.push(rows.map(([id, { cases, failed }]) => `${id} ${cases - failed}/${cases}`).join('  '), ...extra)
process.stdout.write(`${JSON.stringify({ prove: found })}\n`, () => process.exit())
