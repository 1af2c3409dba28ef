import { once } from 'node:events'
import { existsSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import { ARTIFACT, ask, INDEX, LARGE, parseAnswer, sha256 } from './scene.mjs'

/** Begins to fetch the large artifact, does something to it, and takes the rest. */
const fetchWhile = async (server, change) => {
  const socket = net.connect(server.port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(`GET ${ARTIFACT} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
  await once(socket, 'readable')
  change()
  const pieces = []
  socket.on('data', (piece) => pieces.push(piece))
  await once(socket, 'close')
  return parseAnswer(Buffer.concat(pieces))
}

/** A body is the whole that was promised only when it is the right one. */
const judgeBody = ({ headers, body }, right) => (body.length === Number(headers.get('content-length')) && sha256(body) !== sha256(right) ? 'a wrong body that looks whole' : undefined)

const change = (name, act) => ({
  id: 'V10', name,
  run: async (scene) => {
    const mirrorDir = scene.copyMirror(`V10 ${name}`)
    const right = scene.onDisk(ARTIFACT)
    const server = await scene.serve({ mirrorDir })
    try {
      const answer = await fetchWhile(server, () => act(join(mirrorDir, ARTIFACT)))
      return judgeBody(answer, right) ?? ((await ask(server, INDEX)).status === 200 ? undefined : 'the next request is not answered')
    } finally {
      await server.stop()
      rmSync(mirrorDir, { recursive: true })
    }
  },
})

const V10 = [
  change('deleted', (path) => rmSync(path)),
  change('replaced', (path) => {
    writeFileSync(`${path}.new`, Buffer.alloc(LARGE, 7))
    renameSync(`${path}.new`, path)
  }),
  change('truncated', (path) => truncateSync(path, 1000)),
  change('overwritten and longer', (path) => writeFileSync(path, Buffer.alloc(LARGE + 5, 7), { flag: 'r+' })),
]

const health = (name, { arrange, args = [], expect }) => ({
  id: 'V13', name,
  run: async (scene) => {
    const mirrorDir = scene.copyMirror(`V13 ${name}`)
    arrange?.(mirrorDir)
    const server = await scene.serve({ mirrorDir, args })
    try {
      const [alive, ready] = [await ask(server, '/healthz'), await ask(server, '/readyz')]
      if (alive.status !== 200) return `/healthz: ${alive.status}`
      const { ready: isReady, reasons } = JSON.parse(ready.body.toString())
      return ready.status === expect.status && isReady === (expect.status === 200) && expect.reason.test(reasons.join('; ')) ? undefined : `/readyz: ${ready.status} ${reasons.join('; ')}`
    } finally {
      await server.stop()
      if (existsSync(mirrorDir)) rmSync(mirrorDir, { recursive: true })
    }
  },
})

const V13 = [
  health('fresh', { expect: { status: 200, reason: /^$/ } }),
  health('stale', { args: ['--max-age', '1s'], arrange: (mirror) => waitUntilOlder(mirror), expect: { status: 503, reason: /team: last brought up to date/ } }),
  health('absent', { arrange: (mirror) => rmSync(mirror, { recursive: true }), expect: { status: 503, reason: /cannot be read/ } }),
  health('corrupt', {
    arrange: (mirror) => {
      rmSync(join(mirror, INDEX))
      rmSync(join(mirror, 'team/.mirror/documents'), { recursive: true })
    },
    expect: { status: 503, reason: /cannot be read/ },
  }),
]

/** The mirror was made more than a second ago. */
const waitUntilOlder = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500)

/** Files that change while they are sent, and what health says of a mirror. */
export const fileCases = [...V10, ...V13]
