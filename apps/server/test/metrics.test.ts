import net from 'node:net'
import { describe } from 'vitest'
import { addCounts, createRequestCounts, DURATIONS, readCounts } from '../src/metrics/request-counts.ts'
import { findKind } from '../src/metrics/request-kind.ts'
import { startServer } from '../src/index.ts'
import { exchange, readAnswer, SMALL, test, type World } from './world.ts'

const DURATION = 'mirror_http_request_duration_seconds'

/** Values by name and labels, as Prometheus reads them. */
function parse(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
}

const read = async (world: World): Promise<ReadonlyMap<string, number>> => parse((await world.get('/metrics')).body.toString())

describe('/metrics', () => {
  test('counts what was answered by kind and status, its bytes and its time', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    const artifact = await world.get('/team/linux-64/delta-1.0-0.tar.bz2')
    for (const path of ['/team/linux-64/repodata.json', '/team/linux-64/repodata.json.zst', '/team/noarch/repodata_shards.msgpack.zst', '/team/linux-64/none-1-0.conda', '/nothing']) await world.get(path)
    await world.get('/team/linux-64/repodata.json.zst', { 'if-none-match': '*' })
    await world.get('/team/linux-64/repodata.json', {}, 'DELETE')
    const values = await read(world)
    const count = (kind: string, status: string): number | undefined => values.get(`mirror_http_requests_total{kind="${kind}",status="${status}"}`)
    expect([count('artifact', '2xx'), count('artifact', '4xx'), count('index', '2xx'), count('index', '3xx'), count('index', '4xx'), count('other', '4xx'), count('index', '5xx')]).toEqual([1, 1, 3, 1, 1, 1, 0])
    expect(values.get('mirror_http_response_bytes_total{kind="artifact"}')).toBeGreaterThan(artifact.body.length)
    expect(values.get(`${DURATION}_count{kind="index"}`)).toBe(5)
    expect(values.get(`${DURATION}_bucket{kind="index",le="+Inf"}`)).toBe(5)
    expect(values.get('mirror_http_requests_active')).toBe(1)
    expect(values.get('process_resident_memory_bytes{process="1"}')).toBeGreaterThan(1e7)
  })

  test('tells of each channel what the commands tell of it', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    const values = await read(world)
    const of = (name: string): number | undefined => values.get(`${name}{command="serve",channel="team"}`)
    expect([of('mirror_ready'), of('mirror_generation'), of('mirror_artifacts'), values.get('mirror_ready{command="serve"}')]).toEqual([1, 1, 6, 1])
    expect(of('mirror_artifact_bytes')).toBeGreaterThan(300_000)
    expect(of('mirror_age_seconds')).toBeGreaterThanOrEqual(0)
    const late = await startServer({ mirrorDir: world.mirror, port: 0, host: '127.0.0.1', maximumAge: 60_000, clock: () => Date.now() + 3_600_000 })
    const old = parse(readAnswer(await exchange(late.port, 'GET /metrics HTTP/1.0\r\n\r\n')).body.toString())
    await late.close(0)
    expect([old.get('mirror_ready{command="serve",channel="team"}'), old.get('mirror_ready{command="serve"}')]).toEqual([0, 0])
    expect(old.get('mirror_age_seconds{command="serve",channel="team"}')).toBeGreaterThanOrEqual(3600)
  })

  test('has as many lines after a thousand paths that nobody has as before, and none of them in it', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf({ subdirs: { noarch: [{ name: 'alpha' }] } })
    const before = await read(world)
    const one = (at: number, more = ''): string => `GET /hostile-${at}/"}\\x HTTP/1.1\r\nhost: x\r\n${more}\r\n`
    await world.send(Array.from({ length: 1000 }, (_, at) => one(at, at === 999 ? 'connection: close\r\n' : '')).join(''))
    const text = (await world.get('/metrics')).body.toString()
    expect([...parse(text).keys()]).toEqual([...before.keys()])
    expect(text).not.toContain('hostile')
    expect(parse(text).get('mirror_http_requests_total{kind="other",status="4xx"}')).toBe(1000)
  })

  test('counts an answer that the client did not wait for as broken off', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf({ subdirs: { noarch: [{ name: 'alpha', size: 60_000_000 }] } })
    const socket = net.connect(world.server.port, '127.0.0.1')
    socket.write('GET /team/noarch/alpha-1.0-0.conda HTTP/1.1\r\nhost: x\r\n\r\n')
    await new Promise<void>((resolve) => { socket.once('data', () => resolve()) })
    expect((await read(world)).get('mirror_http_requests_active')).toBe(2)
    socket.destroy()
    for (;;) if ((await read(world)).get('mirror_http_broken_total{kind="artifact"}') === 1) break
    for (;;) if ((await read(world)).get('mirror_http_requests_active') === 1) break
    expect((await read(world)).get('mirror_http_requests_total{kind="artifact",status="2xx"}')).toBe(1)
  })
})

test('counts of several processes are added, each number by itself', ({ expect }) => {
  const [one, other] = [createRequestCounts(), createRequestCounts()]
  const event = { type: 'request', method: 'GET', path: '/a/noarch/repodata.json', status: 200, bytes: 10, duration: 3, client: '', user: undefined, isWhole: true } as const
  one.count(event)
  other.count(event)
  other.count({ ...event, status: 500, duration: 1e9, isWhole: false })
  const [index] = readCounts(addCounts([one.read(), other.read()]))
  expect(index).toMatchObject({ byStatus: [0, 2, 0, 0, 1], bytes: 30, broken: 1 })
  expect(index?.byDuration[2]).toBe(2)
  expect(index?.byDuration[DURATIONS.length]).toBe(1)
})

test.for([
  ['/a/noarch/x-1-0.conda', 'artifact'], ['/a/noarch/x-1-0.tar.bz2', 'artifact'], ['/a/noarch/shards/00.msgpack.zst', 'shard'], ['/a/noarch/repodata_shards.msgpack.zst', 'index'],
  ['/a/noarch/current_repodata.json.bz2', 'index'], ['/a/noarch/repodata.json', 'index'], ['/a/channeldata.json', 'index'], ['/', 'page'], ['/a/noarch/', 'page'], ['/-/search', 'page'], ['/a/-/package/x', 'page'],
  ['/healthz', 'other'], ['/a/notices.json', 'other'], ['(refused)', 'other'],
] as const)('%s is a request for %s', ([path, kind], { expect }) => {
  expect(findKind(path)).toBe(kind)
})
