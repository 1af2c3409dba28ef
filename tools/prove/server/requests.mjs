import { ARTIFACT, ask, exchange, INDEX, parseAnswer, SMALL } from './scene.mjs'

const line = `GET ${INDEX} HTTP/1.1\r\n`
const CLOSE = 'connection: close\r\n'

/** Paths that lead out, in every writing: none of them may bring a file from outside, or one of the store's own. */
const OUTSIDE = [
  '/../etc/passwd', '/%2e%2e/etc/passwd', '/team/%2f..%2f..%2fetc/passwd', '/team/%252e%252e/%252e%252e/etc/passwd', '/team/..%5c..%5cetc/passwd', '//etc/passwd', '/team/noarch/alpha%00.conda', '/%2F%2F..%2Fetc/passwd',
  '/team/..;/..;/etc/passwd', '/team/%c0%ae%c0%ae/etc/passwd', 'http://other/etc/passwd', 'other:80', '*',
]
const HIDDEN = ['/team/.mirror/format.json', '/.git/config', '/team/noarch/.tmp.x', '/team/.mirror/lock', '/team/.mirror/journal', '/team/.MIRROR/format.json']
const METHODS = { PUT: [405], POST: [405], DELETE: [405], PATCH: [405], TRACE: [405, 400], CONNECT: [405, 400, 404, 0], OPTIONS: [405, 204], BREW: [400, 501, 405], get: [400, 405] }

const isOneOf = (found, allowed, what) => (allowed.includes(found) ? undefined : `${what}: ${found} instead of ${allowed.join(' or ')}`)

const refusals = (id, paths) => paths.map((path) => ({
  id, name: path,
  run: async ({ server }) => {
    const answer = parseAnswer((await exchange(server.port, `GET ${path} HTTP/1.1\r\nhost: x\r\n${CLOSE}\r\n`)).bytes)
    return isOneOf(answer.status, [400, 404], path) ?? (answer.body.includes('root:') ? `${path}: a file from outside` : undefined)
  },
}))

/** A request of its own, and what its answer must begin with. */
const raw = (id, name, [text, expected]) => ({
  id, name,
  run: async ({ server, folder }) => {
    const said = (await exchange(server.port, text)).bytes.toString('latin1')
    if (!expected.test(said)) return `${name}: ${said.slice(0, 60)}`
    return said.includes(folder) ? `${name}: a path of the machine` : undefined
  },
})

const ranges = [
  ['bytes=0-99', 206, ({ whole, body }) => body.equals(whole.subarray(0, 100))], ['bytes=-100', 206, ({ whole, body }) => body.equals(whole.subarray(-100))],
  ['bytes=999999999-', 416, ({ body }) => body.length === 0], ['bytes=9-1', 200, ({ whole, body }) => body.equals(whole)],
  [`bytes=${Array.from({ length: 1000 }, (_, at) => `${at}-${at}`).join(',')}`, 200, ({ whole, body }) => body.equals(whole)], ['bytes=0-5,3-9', 200, ({ whole, body }) => body.equals(whole)],
  ['bytes=0-99999999999999999999999', 206, ({ whole, body }) => body.equals(whole)],
]

const V04 = [
  ...ranges.map(([range, status, isRight]) => ({
    id: 'V04', name: range.slice(0, 30),
    run: async ({ server, onDisk }) => {
      const answer = await ask(server, ARTIFACT, { headers: { range } })
      return isOneOf(answer.status, [status], range.slice(0, 30)) ?? (isRight({ whole: onDisk(ARTIFACT), body: answer.body }) ? undefined : `${range.slice(0, 30)}: other bytes`)
    },
  })),
  { id: 'V04', name: 'a range of what did not change', run: async ({ server, tag }) => isOneOf((await ask(server, ARTIFACT, { headers: { range: 'bytes=0-1', 'if-none-match': await tag(ARTIFACT) } })).status, [304], 'on 304') },
  { id: 'V04', name: 'If-Range of another state', run: async ({ server }) => isOneOf((await ask(server, ARTIFACT, { headers: { range: 'bytes=0-1', 'if-range': '"older"' } })).status, [200], 'If-Range old') },
  { id: 'V04', name: 'If-Range of this state', run: async ({ server, tag }) => isOneOf((await ask(server, ARTIFACT, { headers: { range: 'bytes=0-1', 'if-range': await tag(ARTIFACT) } })).status, [206], 'If-Range new') },
]

const condition = (name, status, headers) => ({ id: 'V05', name, run: async ({ server, tag }) => isOneOf((await ask(server, INDEX, { headers: headers(await tag(INDEX)) })).status, [status], name) })
const TOMORROW = 'Fri, 31 Dec 2100 23:59:59 GMT'
const V05 = [
  condition('a list of tags', 304, (tag) => ({ 'if-none-match': `"a", ${tag}, "b"` })), condition('any tag', 304, () => ({ 'if-none-match': '*' })), condition('a weak tag', 304, (tag) => ({ 'if-none-match': `W/${tag}` })),
  condition('a date that is none', 200, () => ({ 'if-modified-since': 'yesterday' })), condition('another tag, and a date that would do', 200, () => ({ 'if-none-match': '"a"', 'if-modified-since': TOMORROW })),
]

const V06 = [
  raw('V06', 'a length and chunks', [`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, /^HTTP\/1\.1 400/]),
  raw('V06', 'chunked twice', [`POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n${CLOSE}\r\n0\r\n\r\n`, /^HTTP\/1\.1 (?:400|405)/]),
  raw('V06', 'a folded header', [`${line}host: x\r\nx: a\r\n b\r\n\r\n`, /^HTTP\/1\.1 400/]), raw('V06', 'line feeds alone', [`${line}host: x\nconnection: close\n\n`, /^HTTP\/1\.1 400/]),
  raw('V06', 'two lengths', [`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello`, /^HTTP\/1\.1 400/]),
  {
    id: 'V06', name: 'a hundred requests at once on one connection',
    run: async ({ server }) => {
      const said = (await exchange(server.port, `${line}host: x\r\n\r\n`.repeat(99) + `${line}host: x\r\n${CLOSE}\r\n`)).bytes.toString('latin1')
      return isOneOf(said.match(/HTTP\/1\.1 200 OK/g)?.length, [100], 'answers')
    },
  },
]

const V09 = [
  raw('V09', 'a header of more than 16 KiB', [`${line}host: x\r\nx: ${'y'.repeat(16_385)}\r\n\r\n`, /^HTTP\/1\.1 431/]),
  raw('V09', '2,000 headers', [`${line}host: x\r\n${Array.from({ length: 2000 }, (_, at) => `header-${at}: 1\r\n`).join('')}\r\n`, /^HTTP\/1\.1 431/]),
  raw('V09', 'a path of 64 KiB', [`GET /${'a'.repeat(65_536)} HTTP/1.1\r\nhost: x\r\n\r\n`, /^HTTP\/1\.1 (?:414|431)/]), raw('V09', 'no Host', [`${line}\r\n`, /^HTTP\/1\.1 400/]),
  raw('V09', 'Host twice', [`${line}host: a\r\nhost: b\r\n${CLOSE}\r\n`, /^HTTP\/1\.1 (?:400|200)/]),
  {
    id: 'V09', name: 'a Host of somebody else',
    run: async ({ server }) => {
      const answers = [await ask(server, INDEX, { headers: { host: 'evil.example"><script>' } }), await ask(server, '/', { headers: { host: 'evil.example', accept: 'text/html' } })]
      return answers.some(({ body, headers }) => body.includes('evil.example') || headers.has('location')) ? 'the Host is told back' : undefined
    },
  },
]

const V11 = [
  {
    id: 'V11', name: 'markup in a path',
    run: async ({ server }) => {
      const answers = [await ask(server, '/%3Cscript%3Ealert(1)%3C/script%3E', { headers: { accept: 'text/html' } }), await ask(server, '/-/search?q=%3Cscript%3Ealert(1)%3C/script%3E', { headers: { accept: 'text/html' } })]
      return answers.some(({ body }) => body.includes('<script>alert')) ? 'markup from a path is markup in the answer' : undefined
    },
  },
  { id: 'V11', name: 'nobody guesses types', run: async ({ server }) => { const kinds = await Promise.all([INDEX, SMALL, '/', '/none'].map((path) => ask(server, path))); return kinds.every(({ headers }) => headers.get('x-content-type-options') === 'nosniff') ? undefined : 'without nosniff' } },
  { id: 'V11', name: 'pages say what they may do', run: async ({ server }) => ((await ask(server, '/', { headers: { accept: 'text/html' } })).headers.get('content-security-policy')?.includes("default-src 'none'") === true ? undefined : 'a page without a policy') },
  { id: 'V11', name: 'files may be read from pages elsewhere', run: async ({ server }) => isOneOf((await ask(server, INDEX)).headers.get('access-control-allow-origin'), ['*'], 'CORS') },
]

const V03 = Object.entries(METHODS).map(([method, allowed]) => ({ id: 'V03', name: method, run: async ({ server }) => isOneOf((await ask(server, INDEX, { method })).status, allowed, method) }))

/** What one request may ask for: cases `{ id, name, run({ server, folder, onDisk, tag }) }` that answer what is wrong, or nothing. */
export const requestCases = [...refusals('V01', OUTSIDE), ...refusals('V02', HIDDEN), ...V03, ...V04, ...V05, ...V06, ...V09, ...V11]
