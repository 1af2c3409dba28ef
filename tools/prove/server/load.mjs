import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import net from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { ARTIFACT, ask, exchange, INDEX, LARGE, parseAnswer, SMALL } from './scene.mjs'

const memoryOf = (pid) => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
const handlesOf = (pid) => readdirSync(`/proc/${pid}/fd`).length
const allowed = (connections) => 150e6 + connections * 65_536
const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`

/** Processor time that a process has used, in hundredths of a second. */
const ticksOf = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return Number(fields[11]) + Number(fields[12])
}

/** Until it has nothing more to do than it will have from now on: those who came have what they are given at once. */
const rest = async (pid) => {
  for (let calm = 0, waited = 0, before = ticksOf(pid); calm < 3 && waited < 100; waited += 1) {
    await delay(200)
    const now = ticksOf(pid)
    calm = now - before <= 2 ? calm + 1 : 0
    before = now
  }
}

const connect = async (port) => {
  const socket = net.connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

const connectMany = async (port, count) => {
  const sockets = []
  while (sockets.length < count) sockets.push(...await Promise.all(Array.from({ length: Math.min(100, count - sockets.length) }, () => connect(port))))
  return sockets
}

/** Good clients for a while: how many requests a second were answered, all of them rightly. */
const beGood = async ({ port }, milliseconds, body) => {
  const end = performance.now() + milliseconds
  let good = 0
  await Promise.all(Array.from({ length: 4 }, async () => {
    const socket = await connect(port)
    while (performance.now() < end) {
      socket.write(`GET ${SMALL} HTTP/1.1\r\nhost: x\r\n\r\n`)
      let bytes = Buffer.alloc(0)
      let wanted = Number.POSITIVE_INFINITY
      while (bytes.length < wanted) {
        const [piece] = await once(socket, 'data')
        bytes = Buffer.concat([bytes, piece])
        const at = bytes.indexOf('\r\n\r\n')
        if (at !== -1) wanted = at + 4 + body.length
      }
      if (!parseAnswer(bytes).body.equals(body)) throw new Error('a good client got other bytes')
      good += 1
    }
    socket.destroy()
  }))
  return good / (milliseconds / 1000)
}

const TRIES = 4
const MOMENT = 1500

/**
 * Good clients have 90 % of what they have alone, and the server takes no more memory than it may. As others may use the machine, both are measured in turn, up to four times, and one good
 * time is enough.
 */
const withCrowd = (id, name, { gather, count }) => ({
  id, name,
  run: async (scene, { quick, tell }) => {
    const body = scene.onDisk(SMALL)
    const size = quick ? Math.ceil(count / 5) : count
    let problem
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const server = await scene.serve()
      try {
        await beGood(server, 500, body)
        const alone = await beGood(server, MOMENT, body)
        const crowd = await gather(server, size)
        await rest(server.pid)
        const among = await beGood(server, MOMENT, body)
        const memory = memoryOf(server.pid)
        const failed = await crowd.judge?.()
        for (const socket of crowd.sockets) socket.destroy()
        const ratio = among / alone
        tell(`${name}: ${size}, good clients ${(ratio * 100).toFixed(0)} % of ${alone.toFixed(0)} requests/s, ${megabytes(memory)} of ${megabytes(allowed(size))}`)
        if (failed !== undefined) return failed
        if (memory > allowed(size)) return `${name}: ${megabytes(memory)} with ${size} connections`
        problem = ratio < 0.9 ? `${name}: good clients have ${(ratio * 100).toFixed(0)} % of what they have alone, ${TRIES} times` : undefined
        if (problem === undefined) return undefined
      } finally {
        await server.stop('SIGKILL')
      }
    }
    return problem
  },
})

const slowLoris = async ({ port }, count) => {
  const sockets = await connectMany(port, count)
  const closed = new Set()
  for (const socket of sockets) {
    socket.write(`GET ${INDEX} HTTP/1.1\r\nhost: x\r\n`)
    socket.once('close', () => closed.add(socket))
    // Without it, nobody sees the other side's end.
    socket.resume()
  }
  const timer = setInterval(() => { for (const socket of sockets) if (socket.writable) socket.write('x: y\r\n') }, 1000)
  return {
    sockets,
    judge: async () => {
      // The head of a request may take 15 seconds, looked at every 5.
      for (let waited = 0; waited < 25 && closed.size < sockets.length; waited += 1) await delay(1000)
      clearInterval(timer)
      return closed.size === count ? undefined : `slow-loris: ${count - closed.size} of ${count} are still there`
    },
  }
}

const slowReaders = async ({ port }, count) => {
  const sockets = await connectMany(port, count)
  const timer = setInterval(() => { for (const socket of sockets) socket.read(Math.min(512, socket.readableLength)) }, 500)
  for (const socket of sockets) {
    socket.once('readable', () => undefined)
    socket.write(`GET ${ARTIFACT} HTTP/1.1\r\nhost: x\r\n\r\n`)
  }
  await delay(500)
  return {
    sockets,
    judge: async () => {
      clearInterval(timer)
    },
  }
}

const idle = async ({ port }, count) => {
  const sockets = await connectMany(port, count)
  let closed = 0
  for (const socket of sockets) {
    socket.resume()
    socket.once('close', () => { closed += 1 })
    socket.write(`HEAD ${INDEX} HTTP/1.1\r\nhost: x\r\n\r\n`)
  }
  return { sockets, judge: async () => (closed === 0 ? undefined : `idle: ${closed} of ${count} that had been answered were closed at once`) }
}

/** Some clients say all they have to say and close their half: what they get is never a part that looks whole, and nothing of them stays. */
const halfOpen = {
  id: 'V07', name: 'half-open',
  run: async (scene, { quick, tell }) => {
    const server = await scene.serve()
    try {
      const body = scene.onDisk(ARTIFACT)
      await ask(server, INDEX)
      const before = handlesOf(server.pid)
      const answers = await Promise.all(Array.from({ length: quick ? 20 : 200 }, async () => {
        const socket = net.connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
        const pieces = []
        socket.on('data', (piece) => pieces.push(piece))
        socket.on('error', () => undefined)
        socket.once('end', () => socket.destroy())
        socket.end(`GET ${ARTIFACT} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
        await new Promise((resolve) => { socket.once('close', resolve) })
        return parseAnswer(Buffer.concat(pieces))
      }))
      const whole = answers.filter(({ body: got }) => got.equals(body)).length
      const handles = await settle(server.pid, before)
      tell(`half-open: ${answers.length} clients, ${whole} got the whole, the others were closed; ${before} open files before and ${handles} after`)
      if (answers.some(({ headers, body: got }) => got.length === Number(headers.get('content-length')) && !got.equals(body))) return 'other bytes that look whole'
      return handles > before + 5 ? `${handles} open files after, ${before} before` : undefined
    } finally {
      await server.stop()
    }
  },
}

/** Open files, as soon as they are no more than before, or after a while. */
const settle = async (pid, before) => {
  let handles = handlesOf(pid)
  for (let waited = 0; waited < 50 && handles > before + 5; waited += 1) {
    await delay(100)
    handles = handlesOf(pid)
  }
  return handles
}

const resets = {
  id: 'V07', name: 'RST storm',
  run: async (scene, { quick, tell }) => {
    const server = await scene.serve()
    const count = quick ? 300 : 1000
    try {
      await ask(server, INDEX)
      const before = handlesOf(server.pid)
      for (let done = 0; done < count; done += 50) {
        const sockets = await connectMany(server.port, 50)
        await Promise.all(sockets.map(async (socket, at) => {
          socket.write(`GET ${ARTIFACT} HTTP/1.1\r\nhost: x\r\n\r\n`)
          if (at % 2 === 0) await once(socket, 'readable')
          socket.resetAndDestroy()
        }))
      }
      const handles = await settle(server.pid, before)
      tell(`RST storm: ${count} connections, ${before} open files before and ${handles} after`)
      const active = /mirror_http_requests_active (\d+)/.exec((await ask(server, '/metrics')).body.toString())?.[1]
      if (handles > before + 5) return `${handles} open files after, ${before} before`
      return active === '1' ? undefined : `${active} requests are still being answered`
    } finally {
      await server.stop()
    }
  },
}

const fewHandles = {
  id: 'V12', name: 'EMFILE under load',
  run: async (scene, { tell }) => {
    // One that is allowed to open few files: connections and files together.
    const server = await scene.serve({ wrap: ['sh', '-c', 'ulimit -n 60; exec "$@"', 'sh'] })
    try {
      const body = scene.onDisk(ARTIFACT)
      const answers = await Promise.all(Array.from({ length: 200 }, async () => {
        const { bytes } = await exchange(server.port, `GET ${ARTIFACT} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
        return parseAnswer(bytes)
      }))
      const wrong = answers.filter(({ status, headers, body: got }) => (status === 200 && got.length === LARGE && !got.equals(body)) || (status === 503 && !headers.has('retry-after')) || ![0, 200, 503].includes(status))
      const count = (status) => answers.filter((answer) => answer.status === status).length
      tell(`EMFILE: 200 clients, ${count(200)} answered, ${count(503)} told to come again, ${count(0)} without an answer`)
      if (wrong.length > 0) return `${wrong.length} wrong answers, first ${wrong[0].status}`
      return (await ask(server, ARTIFACT)).body.equals(body) ? undefined : 'it does not answer afterwards'
    } finally {
      await server.stop()
    }
  },
}

/** Takes the whole of a file, at most so much in a tenth of a second. */
const takeSlowly = async (server, amount) => {
  const socket = await connect(server.port)
  const pieces = []
  const timer = setInterval(() => {
    const piece = socket.read(Math.min(amount, socket.readableLength))
    if (piece !== null) pieces.push(piece)
  }, 100)
  socket.once('readable', () => undefined)
  socket.write(`GET ${ARTIFACT} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
  const ended = once(socket, 'close').then(() => {
    clearInterval(timer)
    for (let piece = socket.read(); piece !== null; piece = socket.read()) pieces.push(piece)
    return parseAnswer(Buffer.concat(pieces))
  })
  return { socket, ended }
}

const drain = {
  id: 'V12', name: 'SIGTERM while files are sent',
  run: async (scene, { tell }) => {
    const server = await scene.serve()
    // One that ends in a few seconds, one that would take minutes, and one that says nothing.
    const [quickly, slowly, silent] = [await takeSlowly(server, 600_000), await takeSlowly(server, 10_000), await connect(server.port)]
    await delay(300)
    const asked = performance.now()
    const stopped = server.stop('SIGTERM')
    await delay(300)
    const refused = await connect(server.port).then(() => false, () => true)
    silent.resume()
    const whole = await quickly.ended
    const code = await stopped
    const seconds = (performance.now() - asked) / 1000
    slowly.socket.destroy()
    const cut = await slowly.ended
    tell(`SIGTERM: exit code ${code} after ${seconds.toFixed(1)} s; ${whole.body.length} of ${LARGE} bytes for who takes them, ${cut.body.length} for who does not`)
    if (code !== 0) return `exit code ${code}`
    if (!refused) return 'it took a new connection'
    if (!whole.body.equals(scene.onDisk(ARTIFACT))) return 'what was being sent did not come whole'
    return cut.body.length < Number(cut.headers.get('content-length')) && seconds < 14 ? undefined : `it waited ${seconds} s`
  },
}

/** Many at a time, and few means. */
export const loadCases = [
  withCrowd('V07', 'slow-loris', { gather: slowLoris, count: 1000 }), withCrowd('V07', 'slow readers', { gather: slowReaders, count: 1000 }), withCrowd('V07', 'idle', { gather: idle, count: 5000 }),
  halfOpen, resets, fewHandles, drain,
]
