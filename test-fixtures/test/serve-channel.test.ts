import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { Agent, get as httpGet } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { describe } from 'vitest'

import { buildChannel, changeChannel, type ChannelServer, createGate, faults, fillSubdir, serveChannel } from '../src/index.ts'
import { requestRaw, test as base } from './raw-client.ts'

const SIZE = 20_000
const ARTIFACT = 'linux-64/filler-linux-64-000000-1.0-0.conda'

const test = base.extend<{ server: ChannelServer; bytes: Buffer; artifact: string }>({
  server: async ({ folder }, use) => {
    await buildChannel({ subdirs: { 'linux-64': fillSubdir('linux-64', 3, SIZE) }, index: { variants: ['zst'] } }, folder)
    await using server = await serveChannel(folder)
    await use(server)
  },
  bytes: async ({ folder, server: _ }, use) => {
    await use(await readFile(join(folder, ARTIFACT)))
  },
  artifact: async ({ server }, use) => {
    await use(server.url + ARTIFACT)
  },
})

describe('serveChannel()', () => {
  test('sends whole files with length, strong ETag and date', async ({ artifact, bytes, expect }) => {
    const answer = await requestRaw(artifact)
    expect(answer.status).toBe(200)
    expect(answer.body.equals(bytes)).toBe(true)
    expect(answer.headers.get('content-length')).toBe(String(SIZE))
    expect(answer.headers.get('etag')).toMatch(/^"[^"]+"$/)
    expect(Date.parse(answer.headers.get('last-modified') ?? '')).toBeGreaterThan(0)
    expect(answer.headers.has('transfer-encoding')).toBe(false)
  })

  test('answers HEAD as GET without a body', async ({ artifact, expect }) => {
    const get = await requestRaw(artifact)
    const head = await requestRaw(artifact, { method: 'HEAD' })
    expect(head.body.length).toBe(0)
    expect(new Map([...head.headers].filter(([name]) => name !== 'date'))).toEqual(new Map([...get.headers].filter(([name]) => name !== 'date')))
  })

  test('gives each file and each variant an ETag of its own', async ({ server, expect }) => {
    const paths = ['repodata.json', 'repodata.json.zst', 'filler-linux-64-000000-1.0-0.conda', 'filler-linux-64-000001-1.0-0.conda']
    const answers = await Promise.all(paths.map(async (path) => await requestRaw(`${server.url}linux-64/${path}`)))
    expect(new Set(answers.map((answer) => answer.headers.get('etag'))).size).toBe(paths.length)
  })

  test('answers 304 to the right ETag and date, and 200 when the ETag is another', async ({ artifact, expect }) => {
    const { headers } = await requestRaw(artifact)
    const etag = headers.get('etag') ?? ''
    const date = headers.get('last-modified') ?? ''
    expect((await requestRaw(artifact, { headers: { 'if-none-match': etag } })).status).toBe(304)
    expect((await requestRaw(artifact, { headers: { 'if-none-match': `"x", W/${etag}` } })).status).toBe(304)
    expect((await requestRaw(artifact, { headers: { 'if-modified-since': date } })).status).toBe(304)
    expect((await requestRaw(artifact, { headers: { 'if-none-match': '"x"', 'if-modified-since': date } })).status).toBe(200)
  })

  test('answers byte ranges by RFC 9110', async ({ artifact, bytes, expect }) => {
    const ask = async (range: string, headers: Record<string, string> = {}) => {
      const answer = await requestRaw(artifact, { headers: { range, ...headers } })
      return [answer.status, answer.headers.get('content-range'), answer.body.equals(bytes) ? 'whole' : answer.body.length]
    }
    expect(await ask('bytes=0-9')).toEqual([206, `bytes 0-9/${SIZE}`, 10])
    expect(await ask('bytes=19990-')).toEqual([206, `bytes 19990-19999/${SIZE}`, 10])
    expect(await ask('bytes=-5')).toEqual([206, `bytes 19995-19999/${SIZE}`, 5])
    expect(await ask('bytes=-99999')).toEqual([206, `bytes 0-19999/${SIZE}`, 'whole'])
    expect(await ask('bytes=20000-')).toEqual([416, `bytes */${SIZE}`, 0])
    expect(await ask('bytes=9-3')).toEqual([200, undefined, 'whole'])
    expect(await ask('bytes=0-1,5-6')).toEqual([200, undefined, 'whole'])
    expect(await ask('bytes=0-9', { 'if-range': '"other"' })).toEqual([200, undefined, 'whole'])
  })

  test('answers a plain 404 to what is not there, to folders, dot-files and paths that climb', async ({ folder, server, expect }) => {
    await mkdir(join(folder, '.state'))
    await writeFile(join(folder, '.state/secret'), 'x')
    for (const path of ['linux-64/nothing.conda', 'linux-64', 'linux-64/', '.state/secret', 'linux-64/%2e%2e/.state/secret', '%00', '%']) {
      const answer = await requestRaw(server.url + path)
      expect([path, answer.status, answer.headers.get('content-type')]).toEqual([path, 404, 'text/plain'])
    }
  })

  test('writes down each request with its status, headers and connection', async ({ server, expect }) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (const path of ['noarch/repodata.json', 'nothing?a=b']) {
      const { promise, resolve } = Promise.withResolvers<void>()
      httpGet(server.url + path, { agent, headers: { 'x-test': 'yes' } }, (response) => { void text(response).then(() => { resolve() }) })
      await promise
    }
    agent.destroy()
    expect(server.requests).toMatchObject([
      { method: 'GET', path: '/noarch/repodata.json', status: 200, headers: { 'x-test': 'yes' }, connection: 0, fault: undefined },
      { method: 'GET', path: '/nothing?a=b', status: 404, connection: 0 },
    ])
  })

  test('lets in only who has the password', async ({ folder, server: _, expect }) => {
    await using server = await serveChannel(folder, { auth: { user: 'ann', password: 's:x' }, mount: '/private/' })
    const url = `${server.url}noarch/repodata.json`
    expect(url).toContain('/private/noarch/')
    expect((await requestRaw(url)).headers.get('www-authenticate')).toContain('Basic')
    expect((await requestRaw(url, { headers: { authorization: `Basic ${Buffer.from('ann:s:x').toString('base64')}` } })).status).toBe(200)
  })

  test('lets in only who has the token, and takes any token when none is set', async ({ folder, server, expect }) => {
    expect((await requestRaw(`${server.origin}/t/anything/noarch/repodata.json`)).status).toBe(200)
    await using guarded = await serveChannel(folder, { token: 'tk-1', mount: 'conda-forge' })
    expect((await requestRaw(`${guarded.origin}/conda-forge/noarch/repodata.json`)).status).toBe(401)
    expect((await requestRaw(`${guarded.origin}/t/other/conda-forge/noarch/repodata.json`)).status).toBe(401)
    expect((await requestRaw(`${guarded.origin}/t/tk-1/conda-forge/noarch/repodata.json`)).status).toBe(200)
  })

  test('follows its folder: a changed file has new bytes and a new ETag', async ({ folder, server, expect }) => {
    const url = `${server.url}linux-64/repodata.json`
    const before = await requestRaw(url)
    await changeChannel(folder, { add: { 'linux-64': [{ name: 'new' }] } })
    const after = await requestRaw(url)
    expect(after.headers.get('etag')).not.toBe(before.headers.get('etag'))
    expect(after.body.includes('new-1.0-0.conda')).toBe(true)
  })
})

describe('misbehave()', () => {
  test('takes the requests that fit, so many times, after those that are let pass', async ({ artifact, server, expect }) => {
    const active = server.misbehave({ path: /\.conda$/, skip: 1, times: 2, fault: faults.status(503) })
    const statuses: number[] = []
    for (let count = 0; count < 4; count++) statuses.push((await requestRaw(artifact)).status)
    statuses.push((await requestRaw(`${server.url}noarch/repodata.json`)).status)
    expect(statuses).toEqual([200, 503, 503, 200, 200])
    expect(active.hits).toBe(2)
    expect(server.requests.map(({ fault }) => fault)).toEqual([undefined, 'status 503', 'status 503', undefined, undefined])
  })

  test('leaves HEAD alone unless it is named, and ends with stop() and reset()', async ({ artifact, server, expect }) => {
    const active = server.misbehave({ fault: faults.status(500) })
    expect((await requestRaw(artifact, { method: 'HEAD' })).status).toBe(200)
    expect((await requestRaw(artifact)).status).toBe(500)
    active.stop()
    expect((await requestRaw(artifact)).status).toBe(200)
    server.misbehave({ method: 'HEAD', fault: faults.status(500) })
    expect((await requestRaw(artifact, { method: 'HEAD' })).status).toBe(500)
    server.reset()
    expect(server.requests).toEqual([])
    expect((await requestRaw(artifact, { method: 'HEAD' })).status).toBe(200)
  })
})

const half = SIZE / 2

describe('faults that cut the body short', () => {
  test('truncate() promises all, sends a part and ends cleanly', async ({ artifact, bytes, server, expect }) => {
    server.misbehave({ fault: faults.truncate() })
    const answer = await requestRaw(artifact)
    expect([answer.status, answer.headers.get('content-length'), answer.end]).toEqual([200, String(SIZE), 'fin'])
    expect(answer.body.equals(bytes.subarray(0, half))).toBe(true)
  })

  test('truncateMatching() sends a part and says that it is all', async ({ artifact, bytes, server, expect }) => {
    server.misbehave({ fault: faults.truncateMatching({ fromEnd: 1 }) })
    const answer = await requestRaw(artifact)
    expect([answer.headers.get('content-length'), answer.end]).toEqual([String(SIZE - 1), 'fin'])
    expect(answer.body.equals(bytes.subarray(0, -1))).toBe(true)
  })

  test('truncateChunked() ends without the last chunk', async ({ artifact, server, expect }) => {
    server.misbehave({ fault: faults.truncateChunked() })
    const answer = await requestRaw(artifact)
    expect([answer.headers.get('transfer-encoding'), answer.headers.has('content-length'), answer.end]).toEqual(['chunked', false, 'fin'])
    expect(answer.body.subarray(0, 6).toString()).toBe('2710\r\n')
    expect(answer.body.length).toBe(6 + half + 2)
  })

  test('noLength() answers as HTTP/1.0 with no length, cut or whole', async ({ artifact, bytes, server, expect }) => {
    server.misbehave({ times: 1, fault: faults.noLength() })
    server.misbehave({ fault: faults.noLength({ fraction: 1 }) })
    const cut = await requestRaw(artifact)
    expect([cut.head.startsWith('HTTP/1.0 200'), cut.headers.has('content-length'), cut.body.length]).toEqual([true, false, half])
    expect((await requestRaw(artifact)).body.equals(bytes)).toBe(true)
  })

  for (const [place, expected] of [[{ bytes: 0 }, 0], [{ bytes: 1 }, 1], [{ fraction: 0.5 }, half], [{ fromEnd: 1 }, SIZE - 1]] as const) {
    test(`reset() resets the connection after ${expected} bytes`, async ({ artifact, server, expect }) => {
      server.misbehave({ fault: faults.reset(place) })
      const answer = await requestRaw(artifact)
      expect(answer.end).toBe('rst')
      // A reset may overtake bytes that the client has not read yet.
      expect(answer.body.length).toBeLessThanOrEqual(expected)
    })
  }

  test('resetBeforeHead() sends nothing', async ({ artifact, server, expect }) => {
    server.misbehave({ fault: faults.resetBeforeHead() })
    const answer = await requestRaw(artifact)
    expect([answer.bytes.length, answer.end]).toEqual([0, 'rst'])
  })
})

describe('faults that take their time', () => {
  test('stall() sends the head and a part, and then holds the connection', async ({ artifact, server, expect }) => {
    server.misbehave({ fault: faults.stall({ bytes: 100 }) })
    const answer = await requestRaw(artifact, { until: (bytes) => bytes.length >= bytes.indexOf('\r\n\r\n') + 4 + 100 && bytes.includes('\r\n\r\n') })
    expect([answer.headers.get('content-length'), answer.body.length, answer.end]).toEqual([String(SIZE), 100, 'open'])
  })

  test('silence() ends only when the server closes', async ({ artifact, server, expect }) => {
    const gate = createGate()
    server.misbehave({ fault: { name: 'noticed silence', run: async (exchange) => { void gate.pass(); await faults.silence().run(exchange) } } })
    const answering = requestRaw(artifact)
    await gate.reached
    await server.close()
    expect((await answering).bytes.length).toBe(0)
  })

  test('slow() and slowHeaders() send everything in small pieces', async ({ artifact, bytes, server, expect }) => {
    server.misbehave({ times: 1, fault: faults.slow(400_000) })
    server.misbehave({ fault: faults.slowHeaders(0) })
    expect((await requestRaw(artifact)).body.equals(bytes)).toBe(true)
    expect((await requestRaw(artifact)).body.equals(bytes)).toBe(true)
  })

  test('endless() goes on after the body', async ({ artifact, server, expect }) => {
    server.misbehave({ fault: faults.endless() })
    const answer = await requestRaw(artifact, { until: (bytes) => bytes.length > 10 * SIZE })
    expect([answer.headers.has('content-length'), answer.end]).toEqual([false, 'open'])
  })

  test('interimFlood() sends many 102 before the answer', async ({ artifact, bytes, server, expect }) => {
    server.misbehave({ fault: faults.interimFlood(250) })
    const answer = await requestRaw(artifact)
    expect(answer.bytes.toString('latin1').split('HTTP/1.1 102 ').length - 1).toBe(250)
    expect(answer.bytes.subarray(-SIZE).equals(bytes)).toBe(true)
  })
})

describe('faults that give another answer', () => {
  test('status() gives the status with Retry-After, headers and body', async ({ artifact, server, expect }) => {
    server.misbehave({ fault: faults.status(429, { retryAfter: -5, headers: { 'x-a': 'b' }, body: 'slower' }) })
    const answer = await requestRaw(artifact)
    expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('x-a'), answer.body.toString()]).toEqual([429, '-5', 'b', 'slower'])
  })

  test('htmlPage(), jsonError() and content() give 200 with something else', async ({ artifact, server, expect }) => {
    for (const fault of [faults.htmlPage(), faults.jsonError(), faults.content('other')]) server.misbehave({ times: 1, fault })
    const [page, error, other] = [await requestRaw(artifact), await requestRaw(artifact), await requestRaw(artifact)]
    expect([page.status, page.headers.get('content-type'), page.body.includes('<html')]).toEqual([200, 'text/html', true])
    expect([error.status, error.body.includes('"error"')]).toEqual([200, true])
    expect([other.status, other.body.toString(), other.headers.get('content-length')]).toEqual([200, 'other', '5'])
  })

  test('noContent(), notModified() and partialUnasked() give 204, 304 and 206', async ({ artifact, bytes, server, expect }) => {
    for (const fault of [faults.noContent(), faults.notModified(), faults.partialUnasked()]) server.misbehave({ times: 1, fault })
    const [none, same, part] = [await requestRaw(artifact), await requestRaw(artifact), await requestRaw(artifact)]
    expect([none.status, none.body.length, same.status, same.body.length, part.status]).toEqual([204, 0, 304, 0, 206])
    expect(part.headers.get('content-range')).toBe(`bytes 0-${half - 1}/${SIZE}`)
    expect(part.body.equals(bytes.subarray(0, half))).toBe(true)
  })

  test('redirect() goes anywhere, also out of HTTP', async ({ artifact, server, expect }) => {
    for (const location of ['file:///etc/passwd', 'http://169.254.169.254/latest', 'https://other.invalid{path}']) {
      server.misbehave({ times: 1, fault: faults.redirect(location, 307) })
      const answer = await requestRaw(artifact)
      expect([answer.status, answer.headers.get('location')]).toEqual([307, location.replace('{path}', `/${ARTIFACT}`)])
    }
  })

  test('redirectLoop() points at itself, redirectHops() ends after so many', async ({ artifact, bytes, server, expect }) => {
    server.misbehave({ times: 1, fault: faults.redirectLoop() })
    server.misbehave({ fault: faults.redirectHops(11) })
    expect((await requestRaw(artifact)).headers.get('location')).toBe(`/${ARTIFACT}`)
    let url = artifact
    let hops = 0
    for (let answer = await requestRaw(url); answer.status === 302; answer = await requestRaw(url)) {
      url = server.origin + (answer.headers.get('location') ?? '')
      hops++
    }
    expect(hops).toBe(11)
    expect((await requestRaw(url)).body.equals(bytes)).toBe(true)
  })
})

describe('faults in the bytes', () => {
  test('flipByte() changes one byte, sameSize() all, extraBytes() adds some', async ({ artifact, bytes, server, expect }) => {
    for (const fault of [faults.flipByte({ bytes: 7 }), faults.sameSize(), faults.extraBytes(3)]) server.misbehave({ times: 1, fault })
    const [flipped, same, extra] = [await requestRaw(artifact), await requestRaw(artifact), await requestRaw(artifact)]
    expect([...flipped.body].flatMap((byte, at) => (byte === bytes[at] ? [] : [at]))).toEqual([7])
    expect([same.body.length, same.body.equals(bytes)]).toEqual([SIZE, false])
    expect([extra.headers.get('content-length'), extra.body.subarray(0, SIZE).equals(bytes)]).toEqual([String(SIZE + 3), true])
    expect([flipped.status, same.status, extra.status]).toEqual([200, 200, 200])
  })
})

describe('faults in ranges and validators', () => {
  const range = { range: 'bytes=100-199' }

  test('ignoreRange() sends everything', async ({ artifact, bytes, server, expect }) => {
    server.misbehave({ fault: faults.ignoreRange() })
    const answer = await requestRaw(artifact, { headers: range })
    expect([answer.status, answer.body.equals(bytes)]).toEqual([200, true])
  })

  test('ignoreIfRange() sends a part of whatever is there', async ({ artifact, bytes, server, expect }) => {
    server.misbehave({ fault: faults.ignoreIfRange() })
    const answer = await requestRaw(artifact, { headers: { ...range, 'if-range': '"of another time"' } })
    expect([answer.status, answer.body.equals(bytes.subarray(100, 200))]).toEqual([206, true])
  })

  test('changeEtag() gives a new one each time', async ({ artifact, server, expect }) => {
    server.misbehave({ fault: faults.changeEtag() })
    const etags = [await requestRaw(artifact), await requestRaw(artifact, { headers: range })].map((answer) => answer.headers.get('etag'))
    expect(etags).toEqual(['"changed-0"', '"changed-1"'])
  })

  test('weakEtag() and noValidators() weaken or drop validators', async ({ artifact, server, expect }) => {
    server.misbehave({ times: 1, fault: faults.weakEtag() })
    server.misbehave({ fault: faults.noValidators() })
    expect((await requestRaw(artifact)).headers.get('etag')).toMatch(/^W\/"/)
    const bare = await requestRaw(artifact)
    expect([bare.status, bare.headers.has('etag'), bare.headers.has('last-modified')]).toEqual([200, false, false])
  })

  test('wrongContentRange() names other bytes than it sends', async ({ artifact, bytes, server, expect }) => {
    server.misbehave({ fault: faults.wrongContentRange(10) })
    const answer = await requestRaw(artifact, { headers: range })
    expect([answer.status, answer.headers.get('content-range')]).toEqual([206, `bytes 110-209/${SIZE + 10}`])
    expect(answer.body.equals(bytes.subarray(100, 200))).toBe(true)
  })
})

describe('faults in the head', () => {
  test('declareLength() declares any lengths', async ({ artifact, server, expect }) => {
    for (const lengths of [['-1'], ['5', '6'], ['+10*'], ['-10*']]) server.misbehave({ times: 1, fault: faults.declareLength(lengths) })
    const declared: (string | undefined)[] = []
    for (let count = 0; count < 4; count++) {
      const answer = await requestRaw(artifact)
      declared.push(answer.headers.get('content-length'))
      expect(answer.body.length).toBe(SIZE)
    }
    expect(declared).toEqual(['-1', '5, 6', String(SIZE + 10), String(SIZE - 10)])
  })

  test('claimEncoding() claims what is not so', async ({ artifact, bytes, server, expect }) => {
    server.misbehave({ fault: faults.claimEncoding('gzip') })
    const answer = await requestRaw(artifact)
    expect([answer.headers.get('content-encoding'), answer.body.equals(bytes)]).toEqual(['gzip', true])
  })

  test('gzip() compresses as often as it says, gzipBomb() grows a thousandfold', async ({ artifact, bytes, server, expect }) => {
    const { gunzipSync } = await import('node:zlib')
    server.misbehave({ times: 1, fault: faults.gzip(2) })
    server.misbehave({ fault: faults.gzipBomb(10_000_000) })
    const twice = await requestRaw(artifact)
    expect(twice.headers.get('content-encoding')).toBe('gzip, gzip')
    expect(gunzipSync(gunzipSync(twice.body)).equals(bytes)).toBe(true)
    const bomb = await requestRaw(artifact)
    expect(bomb.body.length).toBeLessThan(20_000)
    expect(gunzipSync(bomb.body).length).toBe(10_000_000)
  })

  test('hugeHeader() sends a header line of 64 KiB', async ({ artifact, server, expect }) => {
    server.misbehave({ fault: faults.hugeHeader() })
    const answer = await requestRaw(artifact)
    expect(answer.head.length).toBeGreaterThan(65_536)
    expect(answer.body.length).toBe(SIZE)
  })

  test('closeIdle() promises to keep the connection and closes it', async ({ artifact, bytes, server, expect }) => {
    server.misbehave({ fault: faults.closeIdle() })
    const answer = await requestRaw(artifact, { headers: { connection: 'keep-alive' } })
    expect([answer.headers.get('connection'), answer.body.equals(bytes), answer.end]).toEqual(['keep-alive', true, 'fin'])
  })
})

describe('faults that let the test act', () => {
  test('call() changes the channel on the k-th request', async ({ folder, server, expect }) => {
    const index = `${server.url}linux-64/repodata.json`
    server.misbehave({ path: 'repodata.json', skip: 1, times: 1, fault: faults.call(() => changeChannel(folder, { add: { 'linux-64': [{ name: 'new' }] } })) })
    const digests = []
    for (let count = 0; count < 3; count++) digests.push(createHash('sha256').update((await requestRaw(index)).body).digest('hex'))
    expect(digests[1]).not.toBe(digests[0])
    expect(digests[2]).toBe(digests[1])
  })

  test('waitFor() holds requests until the gate opens, and answers from what is there then', async ({ folder, server, expect }) => {
    const gate = createGate()
    server.misbehave({ path: 'repodata.json', times: 1, fault: faults.waitFor(gate) })
    const answering = requestRaw(`${server.url}linux-64/repodata.json`)
    await gate.reached
    expect(server.requests[0]?.status).toBe(undefined)
    await changeChannel(folder, { add: { 'linux-64': [{ name: 'new' }] } })
    gate.open()
    expect((await answering).body.includes('new-1.0-0.conda')).toBe(true)
  })
})
