import { createHash } from 'node:crypto'
import { cpSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import net from 'node:net'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { buildChannel, changeChannel } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { startServer } from '../src/index.ts'
import { exchange, readAnswer, SMALL, test, type World } from './world.ts'

const SUBDIR = '/team/linux-64'
const ARTIFACT = `${SUBDIR}/delta-1.0-0.tar.bz2`
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const onDisk = ({ mirror }: World, path: string): Buffer => readFileSync(join(mirror, decodeURIComponent(path)))

/** Every public file of a mirror, as a path from its root. */
function listFiles(folder: string, prefix = ''): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.')).flatMap((entry) =>
    entry.isDirectory() ? listFiles(join(folder, entry.name), `${prefix}/${entry.name}`) : [`${prefix}/${entry.name}`])
}

describe('files', () => {
  test('every file of the mirror comes whole, with what clients need to know of it', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    const files = listFiles(world.mirror)
    expect(files.filter((path) => path.includes('/shards/')).length).toBeGreaterThan(0)
    for (const path of files) {
      const { status, headers, body } = await world.get(path)
      expect(status, path).toBe(200)
      expect(sha256(body), path).toBe(sha256(onDisk(world, path)))
      expect(Object.fromEntries(headers), path).toMatchObject({ 'content-length': String(body.length), 'accept-ranges': 'bytes', 'x-content-type-options': 'nosniff' })
      expect(headers.get('etag'), path).toMatch(/^"[0-9a-f]{32}"$/)
      expect(Date.parse(headers.get('last-modified') ?? ''), path).not.toBeNaN()
      expect([headers.has('content-encoding'), headers.has('transfer-encoding'), headers.has('location')], path).toEqual([false, false, false])
      expect(headers.get('cache-control'), path).toBe(/\/shards\/|\.conda$|\.tar\.bz2$/.test(path) ? 'public, max-age=31536000, immutable' : 'public, max-age=60')
      const head = await world.get(path, {}, 'HEAD')
      expect([head.status, head.body.length], path).toEqual([200, 0])
      expect([...head.headers].filter(([name]) => name !== 'date'), path).toEqual([...headers].filter(([name]) => name !== 'date'))
    }
  })

  test('each representation has its own tag, and every copy of the mirror, and every start, the same', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    const other = await createWorldOf(SMALL)
    const files = listFiles(world.mirror)
    const tags = new Map<string, string>()
    for (const path of files) {
      const { headers } = await world.get(path)
      tags.set(headers.get('etag') ?? '', path)
      expect((await other.get(path)).headers.get('etag'), path).toBe(headers.get('etag'))
    }
    expect(tags.size).toBe(files.length)
    const again = await startServer({ mirrorDir: world.mirror, port: 0, host: '127.0.0.1' })
    for (const [tag, path] of tags) {
      const answer = readAnswer(await exchange(again.port, `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nif-none-match: ${tag}\r\n\r\n`))
      expect([answer.status, answer.body.length, answer.headers.get('etag')], path).toEqual([304, 0, tag])
      expect(answer.headers.get('cache-control')).toMatch(/^public/)
    }
    await again.close(0)
  })

  test('parts of a file: first bytes, last bytes, from the middle, and none', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    const whole = onDisk(world, ARTIFACT)
    const tag = (await world.get(ARTIFACT)).headers.get('etag') ?? ''
    expect(whole.length).toBeGreaterThan(65_536)
    const ask = async (range: string, more: Readonly<Record<string, string>> = {}) => await world.get(ARTIFACT, { range, ...more })
    for (const [range, start, end] of [['bytes=0-9', 0, 10], ['bytes=-10240', whole.length - 10_240, whole.length], ['bytes=70000-', 70_000, whole.length], [`bytes=-${whole.length * 2}`, 0, whole.length]] as const) {
      const answer = await ask(range)
      expect([answer.status, answer.headers.get('content-range'), answer.headers.get('content-length')], range).toEqual([206, `bytes ${start}-${end - 1}/${whole.length}`, String(end - start)])
      expect(answer.body.equals(whole.subarray(start, end)), range).toBe(true)
    }
    const beyond = await ask(`bytes=${whole.length}-`)
    expect([beyond.status, beyond.headers.get('content-range'), beyond.body.length]).toEqual([416, `bytes */${whole.length}`, 0])
    expect((await ask('bytes=0-0', { 'if-range': tag })).status).toBe(206)
    expect((await ask('bytes=0-0', { 'if-range': '"older"' })).status).toBe(200)
    const small = `${SUBDIR}/gamma-1.0-0.conda`
    expect((await world.get(small, { range: 'bytes=-65536' })).body.equals(onDisk(world, small))).toBe(true)
  })

  test('names with + and ! are found however they are escaped', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    const name = readdirSync(join(world.mirror, 'team/linux-64')).find((one) => one.startsWith('epsilon')) ?? ''
    expect(name).toContain('+')
    for (const written of [name, encodeURIComponent(name), name.replaceAll('+', '%2b').replaceAll('!', '%21')]) expect((await world.get(`${SUBDIR}/${written}`)).status, written).toBe(200)
  })

  test('a token in the path is taken off where none is asked for', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    expect((await world.get(`/t/tk-123${ARTIFACT}`)).status).toBe(200)
    expect((await world.get(`/t/tk-123${ARTIFACT}`, { authorization: 'Basic Zm9vOmJhcg==' })).status).toBe(200)
    expect(JSON.stringify(world.events)).not.toMatch(/tk-123|Zm9vOmJhcg/)
  })

  test('what is not there is a short 404 that nobody keeps', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    for (const path of ['/team/linux-64/none-1-0.conda', '/team/osx-64/repodata.json', '/nothing', '/team', '/team/linux-64/shards', '/team/.mirror/head', '/team/%2emirror/head', '/snapshots/x/team/linux-64/repodata.json']) {
      const { status, headers, body } = await world.get(path)
      expect([status, headers.get('cache-control'), body.toString()], path).toEqual([404, 'no-store', 'Not found\n'])
    }
  })

  test('.json is compressed for those who accept it, as soon as the copy is made', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf({ subdirs: { 'linux-64': Array.from({ length: 20 }, (_, at) => ({ name: `many-${at}` })) }, index: { variants: ['zst'] } })
    const path = `${SUBDIR}/repodata.json`
    const plain = await world.get(path)
    expect(plain.headers.get('vary')).toBe('accept-encoding')
    const compressed = await askUntil(async () => await world.get(path, { 'accept-encoding': 'gzip, deflate, br' }), (answer) => answer.headers.get('content-encoding') === 'gzip')
    expect(gunzipSync(compressed.body).equals(plain.body)).toBe(true)
    expect(compressed.headers.get('etag')).not.toBe(plain.headers.get('etag'))
    expect(compressed.headers.get('content-length')).toBe(String(compressed.body.length))
    expect((await world.get(path, { 'accept-encoding': 'gzip', 'if-none-match': compressed.headers.get('etag') ?? '' })).status).toBe(304)
    expect((await world.get(path, { 'accept-encoding': 'gzip', range: 'bytes=1-9' })).body.equals(compressed.body.subarray(1, 10))).toBe(true)
    for (const coding of ['identity', 'br', 'gzip;q=0', '']) expect((await world.get(path, { 'accept-encoding': coding })).headers.has('content-encoding'), coding).toBe(false)
    expect((await world.get(`${path}.zst`, { 'accept-encoding': 'gzip' })).headers.has('content-encoding')).toBe(false)
  })
})

/** Asks until something has happened on the other side. */
async function askUntil<Value>(ask: () => Promise<Value>, isDone: (value: Value) => boolean): Promise<Value> {
  for (;;) {
    const value = await ask()
    if (isDone(value)) return value
  }
}

describe('requests', () => {
  test.for([
    ['PUT', 405], ['POST', 405], ['DELETE', 405], ['PATCH', 405], ['TRACE', 405], ['OPTIONS', 405], ['BREW', 400], ['get', 400], ['PROPFIND', 405],
  ] as const)('%s is refused with %d', async ([method, status], { expect, createWorldOf }) => {
    const world = await createWorldOf({ subdirs: { noarch: [{ name: 'alpha' }] } })
    expect((await world.get('/team/noarch/repodata.json', {}, method)).status).toBe(status)
  })

  test('what is no request, or too much of one, is refused, and the next one is answered', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf({ subdirs: { noarch: [{ name: 'alpha' }] } })
    const line = 'GET /team/noarch/repodata.json HTTP/1.1\r\n'
    const cases: readonly (readonly [string, RegExp])[] = [
      [`${line}\r\n`, /^HTTP\/1\.1 400/], [`${line}host: a\r\nhost: b\r\nconnection: close\r\n\r\n`, /^HTTP\/1\.1 (?:400|200)/], [`${line}host: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 431/],
      [`${line}host: x\r\n${Array.from({ length: 2_500 }, (_, at) => `h${at}: 1\r\n`).join('')}\r\n`, /^HTTP\/1\.1 431/],
      [`GET /${'a'.repeat(9_000)} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`, /^HTTP\/1\.1 414/], [`GET /${'a'.repeat(70_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, /^HTTP\/1\.1 431/],
      [`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, /^HTTP\/1\.1 400/], [`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello`, /^HTTP\/1\.1 400/],
      [`${line}host: x\r\nx: a\r\n b\r\n\r\n`, /^HTTP\/1\.1 400/], [`${line}host: x\nconnection: close\n\n`, /^HTTP\/1\.1 400/], ['GET http://other/x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', /^HTTP\/1\.1 404/],
      ['GET * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', /^HTTP\/1\.1 (?:400|404)/], ['CONNECT x:443 HTTP/1.1\r\nhost: x\r\n\r\n', /^$|^HTTP\/1\.1 4/], ['nonsense\r\n\r\n', /^HTTP\/1\.1 400/],
    ]
    for (const [text, expected] of cases) {
      const answer = await world.send(text)
      expect(answer.slice(0, 40), text.slice(0, 60)).toMatch(expected)
      expect(answer, text.slice(0, 60)).not.toContain(world.folder)
      expect((await world.get('/team/noarch/repodata.json')).status).toBe(200)
    }
  })

  test('a hundred requests at once on one connection are answered in order', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf({ subdirs: { noarch: [{ name: 'alpha' }] } })
    const one = (more: string): string => `GET /team/noarch/repodata.json HTTP/1.1\r\nhost: x\r\n${more}\r\n`
    const text = await world.send(one('').repeat(99) + one('connection: close\r\n'))
    expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(100)
  })

  test('who comes while there is too much to do is asked to come again; health is always told', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf({ subdirs: { noarch: [{ name: 'alpha' }] } }, { maximumRequests: 0 })
    const busy = await world.get('/team/noarch/repodata.json')
    expect([busy.status, busy.headers.get('retry-after'), busy.headers.get('cache-control')]).toEqual([503, '2', 'no-store'])
    expect((await world.get('/healthz')).status).toBe(200)
  })

  test('links lead nowhere outside of the mirror, nor to what is not served', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf({ subdirs: { noarch: [{ name: 'alpha' }] } })
    writeFileSync(join(world.folder, 'secret.conda'), 'secret')
    const noarch = join(world.mirror, 'team/noarch')
    symlinkSync(join(world.folder, 'secret.conda'), join(noarch, 'out-1-0.conda'))
    symlinkSync('/etc/passwd', join(noarch, 'passwd-1-0.conda'))
    symlinkSync('../.mirror/format.json', join(noarch, 'in-1-0.conda'))
    symlinkSync('loop-1-0.conda', join(noarch, 'loop-1-0.conda'))
    symlinkSync('alpha-1.0-0.conda', join(noarch, 'good-1-0.conda'))
    for (const name of ['out', 'passwd', 'in', 'loop']) expect((await world.get(`/team/noarch/${name}-1-0.conda`)).status, name).toBe(404)
    expect((await world.get('/team/noarch/good-1-0.conda')).status).toBe(200)
  })
})

describe('what happens meanwhile', () => {
  test('a file that becomes shorter while it is sent is never a whole answer', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf({ subdirs: { noarch: [{ name: 'alpha', size: 30_000_000 }] } })
    const path = join(world.mirror, 'team/noarch/alpha-1.0-0.conda')
    const size = statSync(path).size
    const socket = net.connect(world.server.port, '127.0.0.1')
    socket.write('GET /team/noarch/alpha-1.0-0.conda HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    const pieces: Buffer[] = []
    await new Promise<void>((resolve) => {
      socket.once('data', (first) => {
        pieces.push(first)
        truncateSync(path, 100)
        socket.on('data', (piece) => pieces.push(piece))
      })
      socket.once('close', () => resolve())
      socket.once('error', () => undefined)
    })
    expect(readAnswer(Buffer.concat(pieces)).headers.get('content-length')).toBe(String(size))
    expect(readAnswer(Buffer.concat(pieces)).body.length).toBeLessThan(size)
  })

  test('a file that is replaced is the new one, whole, though it was answered a moment ago', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf({ subdirs: { noarch: [{ name: 'alpha', size: 200_000 }] } })
    const target = '/team/noarch/alpha-1.0-0.conda'
    const before = await world.get(target)
    const path = join(world.mirror, target)
    writeFileSync(`${path}.new`, Buffer.alloc(150_000, 7))
    renameSync(`${path}.new`, path)
    const after = await world.get(target)
    expect([after.status, after.body.length, after.headers.get('etag') === before.headers.get('etag')]).toEqual([200, 150_000, false])
    rmSync(path)
    expect((await world.get(target)).status).toBe(404)
  })

  test('a sync is seen within a second, all forms of the index at once; a snapshot stays', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    const path = `${SUBDIR}/repodata.json`
    const before = await world.get(path)
    world.run('snapshot', 'create', 'frozen', '-c', world.upstream)
    await changeChannel(world.upstream, { add: { 'linux-64': [{ name: 'zeta' }] }, remove: { 'linux-64': ['gamma-1.0-0.conda'] } })
    world.run('sync', '-q', '-c', world.upstream, '-p', 'linux-64', '--allow-shrink')
    const after = await askUntil(async () => await world.get(path), (answer) => answer.headers.get('etag') !== before.headers.get('etag'))
    expect(after.body.equals(onDisk(world, path))).toBe(true)
    expect(after.body.toString()).toContain('zeta-1.0-0.conda')
    const frozen = await world.get(`/snapshots/frozen${path}`)
    expect([frozen.status, frozen.body.equals(before.body)]).toEqual([200, true])
    expect((await world.get(`/snapshots/frozen${SUBDIR}/gamma-1.0-0.conda`)).status).toBe(200)
    expect((await world.get(`/snapshots/frozen${SUBDIR}/zeta-1.0-0.conda`)).status).toBe(404)
    expect((await world.get(`/snapshots/thawed${path}`)).status).toBe(404)
  })

  test('where somebody changed the files, the disk is the truth', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    const other = await createWorldOf({ subdirs: { 'linux-64': [{ name: 'other' }] } })
    const path = `${SUBDIR}/repodata.json`
    await world.get(path)
    writeFileSync(join(world.mirror, path), onDisk(other, path))
    const answer = await askUntil(async () => await world.get(path), ({ body }) => body.includes('other-1.0-0.conda'))
    expect(answer.body.equals(onDisk(other, path))).toBe(true)
  })

  test('a mirror that another tool made is served as it lies there', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    await buildChannel({ subdirs: { 'linux-64': [{ name: 'theirs' }] } }, join(world.mirror, 'foreign/deep/channel'))
    // As where installers are mirrored, too: a store at the root of the mirror.
    cpSync(join(world.mirror, 'team/.mirror'), join(world.mirror, '.mirror'), { recursive: true })
    for (const path of ['/foreign/deep/channel/linux-64/repodata.json', '/foreign/deep/channel/noarch/repodata.json', '/foreign/deep/channel/linux-64/theirs-1.0-0.conda']) {
      const answer = await world.get(path)
      expect([answer.status, answer.body.equals(onDisk(world, path))], path).toEqual([200, true])
      const file = join(world.mirror, path)
      utimesSync(file, new Date('2020-01-02T03:04:05Z'), new Date('2020-01-02T03:04:05Z'))
      const { headers } = await askUntil(async () => await world.get(path), (one) => one.headers.get('last-modified') === new Date(Math.floor(statSync(file).mtimeMs / 1000) * 1000).toUTCString())
      expect(headers.get('etag'), 'a copy of the tree tells the same').toBe(answer.headers.get('etag'))
    }
  })
})

describe('health', () => {
  test('says that it runs, and whether there is something to serve', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    expect(await world.get('/healthz')).toMatchObject({ status: 200 })
    const ready = await world.get('/readyz')
    expect([ready.status, JSON.parse(ready.body.toString())]).toEqual([200, { ready: true, reasons: [], channels: [expect.objectContaining({ channel: 'team', generation: 1 })] }])
    const old = await startServer({ mirrorDir: world.mirror, port: 0, host: '127.0.0.1', maximumAge: 60_000, clock: () => Date.now() + 3_600_000 })
    expect((await exchange(old.port, 'GET /readyz HTTP/1.0\r\n\r\n')).toString()).toMatch(/^HTTP\/1\.1 503[^]*team: last brought up to date \d+ minutes ago/)
    await old.close(0)
    rmSync(join(world.mirror, 'team/linux-64/repodata.json'))
    rmSync(join(world.mirror, 'team/.mirror/documents'), { recursive: true })
    expect((await world.get('/readyz')).body.toString()).toMatch(/"ready":false,"reasons":\["team: [a-z0-9-]+\/[a-z_]+\.json[a-z.]* cannot be read"\]/)
  })

  test('an empty mirror is not ready, and neither is none', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    await mkdir(join(world.folder, 'empty'))
    for (const [name, reason] of [['empty', 'there is no channel'], ['absent', 'cannot be read']] as const) {
      const server = await startServer({ mirrorDir: join(world.folder, name), port: 0, host: '127.0.0.1' })
      expect((await exchange(server.port, 'GET /readyz HTTP/1.0\r\n\r\n')).toString(), name).toMatch(new RegExp(`^HTTP/1\\.1 503[^]*${reason}`))
      expect((await exchange(server.port, 'GET /a/noarch/repodata.json HTTP/1.0\r\n\r\n')).toString(), name).toMatch(/^HTTP\/1\.1 404/)
      await server.close(0)
    }
  })

  test('a port that is taken is told, with what to do', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf({ subdirs: { noarch: [] } })
    await expect(startServer({ mirrorDir: world.mirror, port: world.server.port, host: '127.0.0.1' })).rejects.toMatchObject({ code: 'SERVER_ADDRESS', hint: expect.stringContaining('--port') as unknown })
  })
})
