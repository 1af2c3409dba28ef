/* oxlint-disable max-params -- a row of a table has its columns */
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createCertificate, faults, serveChannel, startBlackHole } from '@mirror/test-fixtures'

const PATHS = { index: /\/linux-64\/repodata\.json\.zst$/, artifact: /\/linux-64\/zeta-1\.0-0\.conda$/ }

/** One fault at an index and at an artifact; `times` undefined: on and on. */
const both = (id, name, fault, { expect, times, flags, codes }) => ['index', 'artifact'].map((where) => ({
  id, name: `${name}, ${where}, ${times === undefined ? 'on and on' : 'once'}`, expect, flags, codes,
  arrange: (scene) => {
    const active = scene.server.misbehave({ path: PATHS[where], fault: fault(), ...(times === undefined ? {} : { times }) })
    return { stop: active.stop }
  },
}))

const forever = (id, name, fault, more = {}) => both(id, name, fault, { expect: 'stays', ...more })
const once = (id, name, fault, more = {}) => both(id, name, fault, { expect: 'complete', times: 1, ...more })
const always = (id, name, fault, more = {}) => both(id, name, fault, { expect: 'complete', ...more })
/** A bit of a compressed index may turn into another digit of a digest: no one can tell then which of the two, index or artifact, is wrong. */
const unsealed = (one) => (one.name === 'a flipped bit, index, once' ? { ...one, expect: 'stays' } : one)

const SHORT = { flags: ['--timeout', '1s'] }

const elsewhere = (url) => (scene) => ({ argv: ['sync', '-c', typeof url === 'string' ? url : url(scene), '--mirror-dir', 'm', '-p', 'linux-64', '--json'] })

/** A server that does something with each connection, and speaks no HTTP. */
const startRaw = async (onConnection) => {
  const server = createServer(onConnection)
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  return { port: server.address().port, close: () => new Promise((resolve) => { server.close(resolve) }) }
}

const resets = [['0 bytes', { bytes: 0 }], ['1 byte', { bytes: 1 }], ['half of it', { fraction: 0.5 }], ['all but a byte', { fromEnd: 1 }]]

const unreachable = [
  { id: 'N01', name: 'a name that does not exist', expect: 'stays', flags: SHORT.flags, arrange: elsewhere('http://no-such-host.invalid/team/') },
  {
    id: 'N01', name: 'nobody listens', expect: 'stays', codes: ['CHANNEL_UNREACHABLE', 'HOST_UNREACHABLE'],
    arrange: async () => {
      const raw = await startRaw(() => undefined)
      await raw.close()
      return elsewhere(`http://127.0.0.1:${raw.port}/team/`)()
    },
  },
  {
    id: 'N01', name: 'a connection that is taken and never answered', expect: 'stays', flags: SHORT.flags,
    arrange: async () => {
      const hole = await startBlackHole()
      return { ...elsewhere(`http://127.0.0.1:${hole.port}/team/`)(), stop: () => hole[Symbol.asyncDispose]() }
    },
  },
  { id: 'N01', name: 'an address that leads nowhere', expect: 'stays', flags: SHORT.flags, arrange: elsewhere('http://240.0.0.1/team/') },
]

/** Upstream over TLS with a certificate that nobody should trust. */
const tls = [['an expired certificate', { expired: true }], ['a certificate of another host', { names: ['DNS:elsewhere.invalid'] }], ['a certificate that signed itself', {}]].map(([name, options]) => ({
  id: 'N02', name, expect: 'stays',
  arrange: async (scene) => {
    const certificate = await createCertificate(join(scene.cwd, 'certificate'), options)
    if (certificate === undefined) return {}
    const server = await serveChannel(scene.upstream, { mount: '/team/', tls: certificate })
    return { ...elsewhere(server.url)(), stop: server.close }
  },
}))

const rawTls = {
  id: 'N02', name: 'a handshake that is reset', expect: 'stays',
  arrange: async () => {
    const raw = await startRaw((socket) => { socket.once('data', () => socket.destroy()) })
    return { ...elsewhere(`https://127.0.0.1:${raw.port}/team/`)(), stop: raw.close }
  },
}

const statuses = (id, list, make) => list.flatMap((status) => make(id, `status ${status}`, () => faults.status(status)))

const proxies = [
  {
    id: 'N14', name: 'a proxy that is not there', expect: 'stays', env: { http_proxy: 'http://127.0.0.1:1' },
    arrange: () => ({}),
  },
  {
    id: 'N14', name: 'a proxy, left out for this host by NO_PROXY', expect: 'complete', env: { http_proxy: 'http://127.0.0.1:1', no_proxy: '127.0.0.1' }, arrange: () => ({}),
  },
]

export const networkCases = () => [
  ...unreachable, ...tls, rawTls,
  ...resets.flatMap(([name, place]) => once('N03', `a reset after ${name}`, () => faults.reset(place))),
  ...resets.flatMap(([name, place]) => forever('N03', `a reset after ${name}`, () => faults.reset(place))),
  ...once('N03', 'a reset before the head', () => faults.resetBeforeHead()),
  ...once('N04', 'a clean end in the middle', () => faults.truncate()), ...forever('N04', 'a clean end in the middle', () => faults.truncate()),
  ...once('N04', 'chunks without an end', () => faults.truncateChunked()), ...forever('N04', 'chunks without an end', () => faults.truncateChunked()),
  ...once('N04', 'half a body without a length', () => faults.noLength()), ...forever('N04', 'half a body without a length', () => faults.noLength()),
  ...always('N04', 'a whole body without a length', () => faults.noLength({ fraction: 1 })),
  ...[['a cut body whose length is declared so', () => faults.truncateMatching()], ['a flipped bit', () => faults.flipByte()], ['other bytes of the same size', () => faults.sameSize()], ['extra bytes', () => faults.extraBytes(3)]]
    .flatMap(([name, fault]) => [...once('N05', name, fault).map(unsealed), ...forever('N05', name, fault)]),
  ...forever('N06', 'an endless body', () => faults.endless()), ...forever('N06', 'one byte a second', () => faults.slow(1), SHORT), ...forever('N06', 'a stall behind the head', () => faults.stall(), SHORT),
  ...forever('N06', 'slow headers', () => faults.slowHeaders(400), SHORT), ...always('N06', 'interim answers', () => faults.interimFlood(100)),
  ...[['0', 0], ['1 s', 1], ['a date', new Date(Date.now() + 1000).toUTCString()], ['a negative one', -5], ['none', undefined]].flatMap(([name, retryAfter]) =>
    once('N07', `status 429, Retry-After ${name}`, () => faults.status(429, retryAfter === undefined ? {} : { retryAfter }))),
  ...statuses('N08', [500, 502, 503, 504, 507], once), ...statuses('N08', [500, 502, 503, 504, 507], forever),
  ...statuses('N09', [400, 401, 403, 410, 416, 418, 421], forever).filter(({ name }) => !/status (?:403|410), index/.test(name)),
  { id: 'N09', name: 'status 404, artifact, on and on', expect: 'stays', codes: ['ARTIFACT_MISSING'], arrange: (scene) => ({ stop: scene.server.misbehave({ path: PATHS.artifact, fault: faults.status(404) }).stop }) },
  { id: 'N09', name: 'status 404 for the whole subdir', expect: 'stays', exits: [4], codes: ['vanished'], arrange: (scene) => ({ stop: scene.server.misbehave({ path: /\/linux-64\//, fault: faults.status(404) }).stop }) },
  ...[['a login page', () => faults.htmlPage()], ['a JSON error', () => faults.jsonError()], ['no content', () => faults.noContent()], ['a part that nobody asked for', () => faults.partialUnasked()]].flatMap(([name, fault]) => forever('N10', name, fault)),
  { id: 'N10', name: 'not modified, unasked, artifact', expect: 'stays', arrange: (scene) => ({ stop: scene.server.misbehave({ path: PATHS.artifact, fault: faults.notModified() }).stop }) },
  ...[['ranges ignored', () => faults.ignoreRange()], ['another ETag each time', () => faults.changeEtag()], ['a wrong Content-Range', () => faults.wrongContentRange()], ['weak ETags', () => faults.weakEtag()], ['no validators', () => faults.noValidators()]]
    .flatMap(([name, fault]) => always('N11', name, fault)),
  ...[['in a circle', () => faults.redirectLoop()], ['40 of them', () => faults.redirectHops(40)], ['to the metadata of a cloud', () => faults.redirect('http://169.254.169.254/latest/')], ['to a file', () => faults.redirect('file:///etc/passwd')], ['to a private address by name', () => faults.redirect('http://10.0.0.1/')]]
    .flatMap(([name, fault]) => forever('N12', `redirects ${name}`, fault)).filter(({ name }) => !name.includes('private')),
  ...always('N12', 'three redirects', () => faults.redirectHops(3)),
  ...[['an encoding that is none', () => faults.claimEncoding('gzip')], ['gzip twice', () => faults.gzip(2)], ['a gzip bomb', () => faults.gzipBomb(20_000_000)], ['a length twice', () => faults.declareLength(['10', '11'])], ['a negative length', () => faults.declareLength(['-1'])], ['64 KiB of headers', () => faults.hugeHeader()]]
    .flatMap(([name, fault]) => forever('N13', name, fault)),
  ...always('N14', 'connections that close behind each answer', () => faults.closeIdle()), ...proxies,
  ...always('N15', 'a slow line', () => faults.slow(200_000)),
]

export const networkSkipped = ['N12 https to http, and N14 proxies that ask for a name or die: tests of packages/repository-client', 'N15 packet loss and links that are down: no netem in this kernel', 'N07 Retry-After of 10^9 s: capped at 10 minutes, tests of packages/repository-client']

