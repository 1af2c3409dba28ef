import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { changeChannel } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { type Answer, exchange, readAnswer, SMALL, test, type World } from '../world.ts'

const BROWSER = { accept: 'text/html' }
const DIFF_TAR = fileURLToPath(new URL('../../../../packages/difftar/src/bin/conda-diff-tar.ts', import.meta.url))

function diffTar(cwd: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', DIFF_TAR, ...args], { cwd, encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: cwd } })
  if (status !== 0) throw new Error(`conda-diff-tar ${args.join(' ')}: ${stdout}${stderr}`)
  return stdout
}

interface TakeAwayFacts {
  readonly download: string
  readonly size: number
  readonly etag: string
  readonly totals: { readonly entries: number; readonly remove: number }
}

function isFacts(value: unknown): value is TakeAwayFacts {
  return typeof value === 'object' && value !== null && 'download' in value
}

async function ask(world: World, query: string): Promise<TakeAwayFacts> {
  const { status, body } = await world.get(`/-/api/take-away/team${query}`)
  const value: unknown = JSON.parse(body.toString())
  if (status !== 200 || !isFacts(value)) throw new Error(`${status} ${body.toString()}`)
  return value
}

async function advance({ upstream, run }: World): Promise<void> {
  await changeChannel(upstream, {
    add: { 'linux-64': [{ name: 'zeta', size: 200_000 }, { name: 'gamma', depends: ['beta >=1'], salt: 'again' }] }, remove: { 'linux-64': ['delta-1.0-0.tar.bz2'] }, relist: { noarch: { 'alpha-1.0-0.conda': { license: 'MIT' } } },
  })
  run('sync', '-q', '-c', upstream, '-p', 'linux-64')
}

/** Public files of a folder, and what is in them. */
function readTree(folder: string, prefix = ''): Readonly<Record<string, string>> {
  return Object.fromEntries(fs.readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.')).flatMap((entry) => entry.isDirectory()
    ? Object.entries(readTree(join(folder, entry.name), `${prefix}${entry.name}/`)) : [[`${prefix}${entry.name}`, createHash('sha256').update(fs.readFileSync(join(folder, entry.name))).digest('hex')]]))
}

/** The far side of a gap, which begins with nothing. */
function createFar(world: World): { readonly mirror: string; readonly apply: (bytes: Uint8Array) => void } {
  const mirror = fs.mkdtempSync(join(world.folder, 'far-'))
  return {
    mirror,
    apply(bytes) {
      const file = join(world.folder, 'update.tar')
      fs.writeFileSync(file, bytes)
      diffTar(world.folder, '--apply', mirror, '--infile', file, '--grace', '0')
    },
  }
}

async function post(world: World, path: string, { body, type = 'application/json', headers = {} }: { readonly body: Uint8Array; readonly type?: string; readonly headers?: Readonly<Record<string, string>> }): Promise<Answer> {
  const head = Object.entries({ host: 'mirror', connection: 'close', 'content-type': type, 'content-length': String(body.length), ...headers }).map(([name, value]) => `${name}: ${value}`)
  return readAnswer(await exchange(world.server.port, Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n`), body])))
}

describe('what changed, to take away', () => {
  test('seeds a mirror without a network, and brings it up to date: the same bytes each time, also in parts', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    const far = createFar(world)
    const seed = await ask(world, '?since=nothing')
    far.apply((await world.get(`/${seed.download}`)).body)
    await advance(world)

    const facts = await ask(world, '?since=1')
    expect(facts).toMatchObject({ download: 'team/-/take-away/since-1-to-2.tar', totals: { remove: 4 } })
    const whole = await world.get(`/${facts.download}`)
    expect([whole.status, whole.body.length, whole.headers.get('content-length'), whole.headers.get('etag'), whole.headers.get('content-type'), whole.headers.get('content-disposition')])
      .toEqual([200, facts.size, String(facts.size), `"${facts.etag}"`, 'application/x-tar', 'attachment; filename="team-since-1-to-2.tar"'])
    expect((await world.get(`/${facts.download}`)).body.equals(whole.body)).toBe(true)
    expect(await world.get(`/${facts.download}`, {}, 'HEAD')).toMatchObject({ status: 200, body: { length: 0 } })
    expect((await world.get(`/${facts.download}`, { 'if-none-match': `"${facts.etag}"` })).status).toBe(304)

    // A download that broke off goes on where it was.
    const cut = 150_001
    const rest = await world.get(`/${facts.download}`, { range: `bytes=${cut}-`, 'if-range': `"${facts.etag}"` })
    expect([rest.status, rest.headers.get('content-range')]).toEqual([206, `bytes ${cut}-${facts.size - 1}/${facts.size}`])
    const joined = Buffer.concat([whole.body.subarray(0, cut), rest.body])
    expect(joined.equals(whole.body)).toBe(true)
    expect((await world.get(`/${facts.download}`, { range: 'bytes=5-', 'if-range': '"other"' })).status).toBe(200)
    expect((await world.get(`/${facts.download}`, { range: `bytes=${facts.size}-` })).status).toBe(416)
    far.apply(joined)
    world.run('prune', '-q', '--grace', '0')
    expect(readTree(far.mirror)).toEqual(readTree(world.mirror))
  })

  test('leads from a reference that is uploaded: as it is, as a form, of the old format', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    const far = createFar(world)
    far.apply((await world.get('/team/-/take-away/all-to-1.tar')).body)
    const reference = join(world.folder, 'reference.json')
    const index: unknown = JSON.parse(fs.readFileSync(join(far.mirror, 'team/linux-64/repodata.json'), 'utf8'))
    await advance(world)

    diffTar(world.folder, '--reference', far.mirror, '--outfile', reference)
    const raw = await post(world, '/team/-/take-away', { body: fs.readFileSync(reference) })
    expect(raw.status).toBe(201)
    const told: unknown = JSON.parse(raw.body.toString())
    if (!isFacts(told)) throw new Error('no facts')
    expect(told.download).toMatch(/^team\/-\/take-away\/reference-[\w-]{22}-to-2\.tar$/)

    const form = Buffer.concat([Buffer.from('--x\r\nContent-Disposition: form-data; name="note"\r\n\r\n--x hello\r\n--x\r\nContent-Disposition: form-data; name="reference"; filename="r.json"\r\nContent-Type: application/json\r\n\r\n'), fs.readFileSync(reference), Buffer.from('\r\n--x--\r\n')])
    const sent = await post(world, '/team/-/take-away', { body: form, type: 'multipart/form-data; boundary=x', headers: BROWSER })
    expect([sent.status, sent.headers.get('location')]).toEqual([303, expect.stringMatching(/^take-away\?reference=[\w-]{22}$/) as string])
    const page = (await world.get(`/team/-/${sent.headers.get('location') ?? ''}`, BROWSER)).body.toString()
    expect(page).toContain('To remove there')
    expect(page).toContain('From your reference to generation 2')

    const bytes = (await world.get(`/${told.download}`)).body
    expect(bytes.equals((await world.get('/team/-/take-away/since-1-to-2.tar')).body)).toBe(true)

    const old = Buffer.from(JSON.stringify({ '/srv/old disk/team/linux-64': packagesOf(index) }))
    const oldTold: unknown = JSON.parse((await post(world, '/team/-/take-away', { body: old, type: 'application/x-www-form-urlencoded' })).body.toString())
    if (!isFacts(oldTold)) throw new Error('no facts')
    far.apply((await world.get(`/${oldTold.download}`)).body)
    world.run('prune', '-q', '--grace', '0')
    expect(readTree(far.mirror)).toEqual(readTree(world.mirror))
  })

  test('refuses what is no reference, what is too much, and what comes from elsewhere', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    const upload = async (body: string): Promise<unknown> => JSON.parse((await post(world, '/team/-/take-away', { body: Buffer.from(body) })).body.toString())
    for (const nonsense of ['', 'nonsense', '[', '{"kind":"conda-mirror-reference","format":9}\n', `{"/x/team/noarch":7}`, '['.repeat(100_000), '{"$meta":{"format":1,"sequence":1,"channels":[{"folder":"team"}]}}']) {
      const told = await upload(nonsense)
      const id = isFacts(told) ? /reference-([\w-]{22})/.exec(told.download)?.[1] : undefined
      const answer = await world.get(`/-/api/take-away/team?reference=${id ?? ''}`)
      expect([answer.status, answer.body.toString()], nonsense.slice(0, 50)).toEqual([422, expect.stringContaining('no reference that can be read') as string])
      expect(answer.body.toString()).not.toContain(world.folder)
      expect((await world.get(`/${isFacts(told) ? told.download : ''}`)).status).toBe(404)
    }
    const refused = async (path: string, more: Parameters<typeof post>[2]): Promise<number> => (await post(world, path, more)).status
    expect(await refused('/team/-/take-away', { body: Buffer.from('x'), headers: { 'sec-fetch-site': 'cross-site' } })).toBe(403)
    expect(await refused('/team/-/take-away', { body: Buffer.from('x'), headers: { 'content-length': '400000000' } })).toBe(413)
    expect(await refused('/team/-/take-away', { body: Buffer.from('--x\r\n\r\nno file\r\n--x--\r\n'), type: 'multipart/form-data; boundary=x' })).toBe(400)
    expect(await refused('/none/-/take-away', { body: Buffer.from('x') })).toBe(404)
    for (const path of ['/team/-/history', '/team/-/take-away/all-to-1.tar', '/team/linux-64/repodata.json', '/']) expect(await refused(path, { body: Buffer.from('x') }), path).toBe(405)
    for (const name of ['all-to-9.tar', 'since-9-to-1.tar', 'since-1-to-9.tar', 'all.tar', 'since-0-to-1.tar', `reference-${'A'.repeat(22)}-to-1.tar`, 'reference-../../../etc/passwd-to-1.tar']) expect((await world.get(`/team/-/take-away/${encodeURIComponent(name)}`)).status, name).toBe(404)
  })

  test('breaks off rather than sending what is not what it should be', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    const { download, size } = await ask(world, '?since=nothing')
    const artifact = join(world.mirror, 'team/linux-64/delta-1.0-0.tar.bz2')
    const bytes = fs.readFileSync(artifact)
    fs.rmSync(artifact)
    fs.writeFileSync(artifact, Buffer.from(bytes.map((byte, at) => (at === 5 ? byte ^ 255 : byte))))
    const broken = await world.get(`/${download}`)
    expect(broken.status).toBe(200)
    expect(broken.body.length).toBeLessThan(size)
    expect(broken.headers.get('content-length')).toBe(String(size))
  })

  test('goes on with the generation that it began with while another is published, and says so when it is gone', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    const before = await world.get('/team/-/take-away/all-to-1.tar')
    await advance(world)
    expect((await world.get('/team/-/take-away/all-to-1.tar')).body.equals(before.body)).toBe(true)
    world.run('prune', '-q', '--grace', '0')
    expect((await world.get('/team/-/take-away/all-to-1.tar')).status).toBe(404)
    expect((await world.get('/team/-/take-away?since=1', BROWSER)).body.toString()).toContain('not kept any more')
  })

  test('runs four at a time, and whoever goes makes room', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf({ subdirs: { noarch: [{ name: 'large', size: 40_000_000 }] } })
    const path = '/team/-/take-away/all-to-1.tar'
    // Those that take nothing: the first bytes are there when the download has begun.
    const open = async (): Promise<net.Socket> => {
      const socket = net.connect(world.server.port, '127.0.0.1')
      socket.write(`GET ${path} HTTP/1.1\r\nhost: mirror\r\n\r\n`)
      await once(socket, 'readable')
      return socket
    }
    const slow = await Promise.all([open(), open(), open(), open()])
    const busy = await world.get(path)
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/) as string])
    const over = world.events.length
    for (const socket of slow) socket.destroy()
    while (world.events.slice(over).filter((event) => event.type === 'request').length < 4) await new Promise(setImmediate)
    expect((await world.get(path, { range: 'bytes=0-99' })).status).toBe(206)
    expect(world.events.filter((event) => event.type === 'request-failed')).toEqual([])
  })

  test('is a page that works without a script', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(SMALL)
    await advance(world)
    world.run('snapshot', 'create', 'spring', '-q')
    const choice = (await world.get('/team/-/take-away', BROWSER)).body.toString()
    for (const part of ['href="?since=nothing"', 'href="?since=1"', 'enctype="multipart/form-data"', 'method="post"']) expect(choice).toContain(part)
    const ready = (await world.get('/team/-/take-away?since=1', BROWSER)).body.toString()
    expect(ready).toContain('href="take-away/since-1-to-2.tar"')
    expect(ready).toContain('data-url="team/-/take-away/since-1-to-2.tar"')
    expect(ready).toContain('not signed')
    expect((await world.get('/team/-/take-away?since=2', BROWSER)).body.toString()).toContain('Nothing changed')
  })
})

function packagesOf(index: unknown): unknown {
  return typeof index === 'object' && index !== null && 'packages' in index ? index.packages : {}
}
