import { cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { createDiskStore } from '@mirror/store'
import { buildChannel, changeChannel, type ChannelDescription } from '@mirror/test-fixtures'
import { describe } from 'vitest'
import { test, type World } from '../world.ts'
import { findFaults, listLinks, readPage, type ReadPage } from './read-page.ts'

const MARKUP = '<img src=x onerror=alert(1)><b title="\'">&lt;'

/** Everything that a name, a licence or a dependency may try, and what people really have. */
const HOSTILE: ChannelDescription = {
  subdirs: {
    noarch: [
      { name: 'alpha' }, { name: 'beta', depends: ['alpha', `${MARKUP} >=1`, 'gone'], constrains: ['alpha <9'], format: 'both', license: MARKUP },
      { name: 'sneaky', record: { name: `x${MARKUP}`, version: MARKUP, build: '</title><script>alert(1)</script>' } },
      { name: 'slash', record: { name: 'a/b' } }, { name: 'dots', record: { name: '..' } }, { name: 'dash', record: { name: '-' } }, { name: 'turned', record: { license: '\u202egnp.exe' } },
      { name: 'timeless', record: { timestamp: undefined, license: 7, depends: 'alpha', url: 'javascript:alert(1)' } },
    ],
    'linux-64': [{ name: 'epsilon', version: '2.0+x!1', timestamp: 9e15 }, { name: 'python', version: '3.10.0' }, { name: 'python', version: '3.9.0' }, { name: 'python', version: '3.10.0rc1', depends: ['beta'] }],
  },
  index: { variants: ['zst'] },
}

const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

/** A page, as soon as it is not one that shows itself again: what it is about is read by then. */
async function open(world: World, path: string): Promise<ReadPage> {
  for (;;) {
    const { body } = await world.get(path, HTML)
    const page = readPage(body.toString())
    if (!showsItselfAgain(page)) return page
  }
}

function showsItselfAgain({ find }: ReadPage): boolean {
  return find('meta').some(({ attributes }) => attributes['http-equiv'] === 'refresh')
}

/** What a program is told, as soon as it is not to come again. */
async function ask(world: World, path: string): Promise<unknown> {
  for (;;) {
    const { status, body } = await world.get(path)
    const value: unknown = JSON.parse(body.toString())
    if (status !== 503) return value
  }
}

/** Follows every link from some pages on, as a browser would, and tells what each came to. */
async function crawl(start: readonly string[]): Promise<{ readonly pages: ReadonlyMap<string, ReadPage>; readonly broken: readonly string[]; readonly outside: readonly string[] }> {
  const [base = ''] = start
  const seen = new Set(start)
  const queue = [...start]
  const pages = new Map<string, ReadPage>()
  const broken: string[] = []
  const outside: string[] = []
  for (let url = queue.shift(); url !== undefined; url = queue.shift()) {
    const answer = await fetch(url, { headers: HTML, redirect: 'manual' })
    const text = await answer.text()
    if (answer.status >= 400) broken.push(`${answer.status} ${url}`)
    if (answer.headers.get('content-type')?.startsWith('text/html') !== true) continue
    const page = readPage(text)
    if (showsItselfAgain(page)) {
      if (answer.status >= 400) broken.pop()
      queue.unshift(url)
      continue
    }
    pages.set(url, page)
    for (const link of listLinks(page)) {
      const { href } = new URL(link, url)
      const target = href.replace(/#.*$/, '')
      if (!target.startsWith(base)) outside.push(`${target} on ${url}`)
      else if (!seen.has(target)) {
        seen.add(target)
        queue.push(target)
      }
    }
  }
  return { pages, broken, outside }
}

/** A proxy that has the mirror below `/deep/conda/`. */
async function startSubPath(port: number): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = http.createServer((request, response) => {
    const path = request.url?.startsWith('/deep/conda/') === true ? request.url.slice('/deep/conda'.length) : undefined
    if (path === undefined) return void response.writeHead(404).end()
    http.get({ port, host: '127.0.0.1', path, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(response)
    })
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const address = server.address()
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/deep/conda/`, async [Symbol.asyncDispose]() { server.closeAllConnections(); await new Promise((resolve) => { server.close(resolve) }) } }
}

describe('the site', () => {
  test('every link of every page leads somewhere, at the root, below a token and below a folder of a proxy; no page has faults', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(HOSTILE)
    await buildChannel({ subdirs: { 'linux-64': [{ name: 'theirs' }] } }, join(world.mirror, 'foreign/deep/channel'))
    await buildChannel({ subdirs: { noarch: [] } }, join(world.mirror, 'empty'))
    world.run('snapshot', 'create', '2026-q1')
    await using proxy = await startSubPath(world.server.port)
    const root = `http://127.0.0.1:${world.server.port}/`
    const counts: number[] = []
    for (const base of [root, `${root}t/tk-123/`, proxy.url]) {
      const { pages, broken, outside } = await crawl([base])
      expect(broken, base).toEqual([])
      expect(outside, base).toEqual([])
      for (const [url, page] of pages) expect(findFaults(page), url).toEqual([])
      counts.push(pages.size)
      const paths = [...pages.keys()].map((url) => decodeURIComponent(url.slice(base.length - 1)))
      for (const path of ['/', '/team/', '/team/noarch/', '/team/-/search', '/team/-/package/python', '/team/-/artifact/linux-64/epsilon-2.0+x!1-0.conda', '/team/-/disk-use', '/snapshots/2026-q1/team/', '/snapshots/2026-q1/team/-/package/beta', '/foreign/deep/channel/linux-64/', '/empty/']) {
        expect(paths.map((one) => one.replace(/\?q=$/, '')), base).toContain(path)
      }
    }
    expect(counts[0]).toBeGreaterThan(50)
    expect(new Set(counts).size).toBe(1)
    expect(world.events.filter(({ type }) => type === 'request-failed')).toEqual([])
  })

  test('what others wrote stays text, on every page', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(HOSTILE)
    const { pages } = await crawl([`http://127.0.0.1:${world.server.port}/`])
    let shown = 0
    for (const [url, page] of pages) {
      expect([...page.find('img'), ...page.find('b')], url).toEqual([])
      expect(page.find('script').map(({ attributes }) => attributes['src']?.split('?')[0]?.endsWith('-/script.js')), url).toEqual([true])
      expect(page.find('a').filter(({ attributes }) => /^(?:[a-z][a-z0-9+.-]*:|\/)/i.test(attributes['href'] ?? '')), url).toEqual([])
      if (page.text.includes('onerror=alert(1)')) shown += 1
    }
    expect(shown).toBeGreaterThan(3)
    const beta = await open(world, '/team/-/artifact/noarch/beta-1.0-0.conda')
    expect(beta.find('dd').map(({ text }) => text)).toContain(MARKUP)
    expect(beta.text).toContain(`${MARKUP} >=1`)
  })

  test('an artifact is told whole: what it needs, what it is, where it came from, its file', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(HOSTILE)
    const record = (JSON.parse(readFileSync(join(world.mirror, 'team/noarch/repodata.json'), 'utf8')) as { 'packages.conda': Record<string, { sha256: string; md5: string }> })['packages.conda']['beta-1.0-0.conda']
    const page = await open(world, '/team/-/artifact/noarch/beta-1.0-0.conda')
    for (const text of [record?.sha256, record?.md5, 'alpha <9', 'in generation 1', 'byte for byte', 'generic']) expect(page.text).toContain(text)
    const links = page.find('a').map(({ attributes, text }) => `${text} ${attributes['href'] ?? ''}`)
    expect(links).toContain('alpha ../../../../team/-/package/alpha')
    expect(links).toContain('Download ../../../../team/noarch/beta-1.0-0.conda')
    expect(links.some((link) => link.startsWith('gone'))).toBe(false)
    const file = await world.get('/team/noarch/beta-1.0-0.conda')
    expect(file.status).toBe(200)
    expect(await ask(world, '/-/api/artifact/noarch/beta-1.0-0.conda/team')).toEqual({ channel: 'team', generation: 1, subdir: 'noarch', file: 'beta-1.0-0.conda', record: expect.objectContaining(record ?? {}) })
  })

  test('an artifact tells where it was fetched, unless that is of no use to others', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(HOSTILE)
    const store = createDiskStore({ root: join(world.mirror, 'team') })
    const memo = await store.readMemo('upstream-noarch')
    const [path, source] = ['/team/-/artifact/noarch/beta-1.0-0.conda', 'https://conda.example.org/team']
    for (const [note, shown] of [[{}, undefined], [{ url: source }, `${source}/noarch/`], [{ url: source, baseUrl: 'https://cdn.example.org/x/' }, 'https://cdn.example.org/x/'], [{ url: 'javascript:alert(1)' }, undefined], [{ url: 7 }, undefined]] as const) {
      await store.writeMemo('upstream-noarch', { ...(memo as object), ...note })
      const page = await open(world, path)
      expect(page.find('a').map(({ attributes }) => attributes['href']).filter((href) => href?.includes(':'))).toEqual(shown === undefined ? [] : [shown])
      // The folder of the upstream of this world is nobody's business.
      expect(page.text).not.toContain('file:')
    }
  })

  test('a package tells its builds, newest version first, and who depends on it', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(HOSTILE)
    const python = await open(world, '/team/-/package/python')
    expect(python.elements.filter(({ attributes }) => attributes['class'] === 'file').map(({ text }) => text)).toEqual(['python-3.10.0-0.conda', 'python-3.10.0rc1-0.conda', 'python-3.9.0-0.conda'])
    expect((await open(world, '/team/-/package/alpha')).find('li').map(({ text }) => text)).toContain('beta')
    const api = await ask(world, '/-/api/package/beta/team') as { builds: readonly { file: string }[] }
    expect(api).toMatchObject({ channel: 'team', generation: 1, summary: { name: 'beta', artifacts: 2, versions: 1, latestVersion: '1.0', subdirs: ['noarch'] }, neededBy: ['python'] })
    expect(api.builds.map(({ file }) => file)).toEqual(['beta-1.0-0.conda', 'beta-1.0-0.tar.bz2'])
  })

  test('search finds over channels, pages through, and says when there is nothing', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf({ subdirs: { noarch: Array.from({ length: 120 }, (_, at) => ({ name: `many-${String(at).padStart(3, '0')}`, content: 'raw' as const })) } })
    await buildChannel({ subdirs: { noarch: [{ name: 'many-000' }, { name: 'lonely' }] } }, join(world.mirror, 'other'))
    const found = await open(world, '/-/search?q=Many-000')
    expect(found.find('tr').slice(1).map(({ text }) => text.slice(0, 15))).toEqual(['many-000other1.', 'many-000team1.0'])
    const second = await open(world, '/team/-/search?q=many&page=2')
    expect(second.find('tr').length).toBe(51)
    expect(second.text).toContain('51 to 100 of 120')
    expect(second.find('a').filter(({ attributes }) => attributes['rel'] !== undefined).map(({ attributes }) => [attributes['rel'], attributes['href']])).toEqual([['prev', '?q=many&page=1'], ['next', '?q=many&page=3']])
    for (const page of ['0', '-3', '99999', 'x', '2e9']) expect((await world.get(`/team/-/search?q=many&page=${page}`, HTML)).status, page).toBe(200)
    const none = await open(world, `/-/search?q=${encodeURIComponent(MARKUP)}`)
    expect(none.text).toContain('Nothing found')
    expect(none.find('input')[0]?.attributes['value']).toBe(MARKUP)
    expect(await ask(world, '/-/api/search?q=lonely')).toEqual({
      total: 1, page: 1, pages: 1,
      packages: [{ channel: 'other', name: 'lonely', artifacts: 1, size: expect.any(Number), latestVersion: '1.0', versions: 1, newest: expect.stringMatching(/^2024-/), subdirs: ['noarch'] }],
    })
  })
})

describe('answers', () => {
  test('pages may run and load nothing but their own; HEAD is GET; what is known is not sent again', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(HOSTILE)
    await open(world, '/team/')
    for (const path of ['/', '/team/', '/team/noarch/', '/-/search?q=a', '/team/-/package/python', '/team/-/disk-use', '/nothing/-/x']) {
      const { status, headers, body } = await world.get(path, HTML)
      expect(headers.get('content-security-policy'), path).toBe("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
      expect([headers.get('x-content-type-options'), headers.get('referrer-policy'), headers.get('content-type')], path).toEqual(['nosniff', 'no-referrer', 'text/html; charset=utf-8'])
      expect(headers.get('cache-control'), path).toBe(status === 200 ? 'private, no-cache' : 'no-store')
      expect([headers.has('x-powered-by'), headers.get('content-length')], path).toEqual([false, String(body.length)])
      const head = await world.get(path, HTML, 'HEAD')
      expect([head.status, head.body.length, head.headers.get('content-length')], path).toEqual([status, 0, headers.get('content-length')])
      if (status === 200) expect(await world.get(path, { ...HTML, 'if-none-match': `W/${headers.get('etag')}` }), path).toMatchObject({ status: 304, body: Buffer.alloc(0) })
    }
    const [style] = (await open(world, '/')).find('link')
    const answer = await world.get(`/${style?.attributes['href'] ?? ''}`.replace('/./', '/'))
    expect([answer.status, answer.headers.get('cache-control'), answer.headers.get('content-type')]).toEqual([200, 'public, max-age=31536000, immutable', 'text/css; charset=utf-8'])
    expect((await world.get('/-/style.css?v=older')).headers.get('cache-control')).toBe('no-cache')
  })

  test('what is not there is a page for people, a short text for clients, JSON for programs; only people are sent to folders', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(HOSTILE)
    await open(world, '/team/')
    for (const path of ['/team/noarch/none-1-0.conda', '/nothing', '/nothing/', '/team/osx-64/', '/team/-/package/none', '/team/-/artifact/noarch/none-1-0.conda', '/team/-/artifact/win-64/beta-1.0-0.conda', '/-/nothing', '/snapshots/none/team/', '/team/-/']) {
      const page = await world.get(path, HTML)
      expect([page.status, page.headers.get('content-type')], path).toEqual([404, 'text/html; charset=utf-8'])
      expect(findFaults(readPage(page.body.toString())), path).toEqual([])
      const { status, headers, body } = await world.get(path)
      expect([status, headers.get('cache-control'), body.toString()], path).toEqual([404, 'no-store', 'Not found\n'])
    }
    const api = await world.get('/-/api/package/none/team')
    expect([api.status, JSON.parse(api.body.toString())]).toEqual([404, { error: { code: 'NOT_FOUND', message: 'team lists no package of that name.' } }])
    for (const [path, to] of [['/team', './team/'], ['/team/noarch', './noarch/']] as const) {
      const moved = await world.get(path, HTML)
      expect([moved.status, moved.headers.get('location')], path).toEqual([307, to])
    }
    for (const path of ['/team', '/team/noarch']) expect((await world.get(path)).status, path).toBe(404)
  })

  test('an empty mirror and a channel of which nothing is published say so', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf({ subdirs: { noarch: [] } })
    mkdirSync(join(world.mirror, 'new/.mirror'), { recursive: true })
    cpSync(join(world.mirror, 'team/.mirror/format.json'), join(world.mirror, 'new/.mirror/format.json'))
    const home = await open(world, '/')
    expect(home.text).toContain('first sync not ended')
    expect((await open(world, '/new/')).text).toContain('Nothing is published yet')
    expect((await open(world, '/team/')).text).toMatch(/Packages0/)
    expect((await open(world, '/team/-/search?q=x')).text).toContain('Nothing found')
  })

  test('a damaged index is named; what is beside it is listed, and files are served', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(HOSTILE)
    await buildChannel({ subdirs: { noarch: [{ name: 'fine' }], 'linux-64': [{ name: 'theirs' }] } }, join(world.mirror, 'foreign'))
    const index = join(world.mirror, 'foreign/linux-64/repodata.json')
    truncateSync(index, 40)
    const page = await open(world, '/foreign/')
    expect(page.text).toContain('The index of linux-64 cannot be read (INDEX_MALFORMED)')
    expect(page.find('a').map(({ text }) => text)).toContain('fine-1.0-0.conda')
    expect((await world.get('/foreign/linux-64/theirs-1.0-0.conda')).status).toBe(200)
    expect((await open(world, '/foreign/linux-64/')).text).toContain('cannot be read')
    rmSync(join(world.mirror, 'foreign/noarch/fine-1.0-0.conda'))
    const lacking = await open(world, '/foreign/-/artifact/noarch/fine-1.0-0.conda')
    expect([lacking.text.includes('its file is not here'), lacking.find('a').some(({ text }) => text === 'Download')]).toEqual([true, false])
    writeFileSync(index, '{"packages": {"<b>": 3}}')
    expect((await world.get('/foreign/', HTML)).status).toBe(200)
  })

  test('what somebody changed after it was published is shown as it lies there, and said to be so', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf(HOSTILE)
    expect((await open(world, '/team/')).text).not.toContain('Somebody changed')
    await buildChannel({ subdirs: { noarch: [{ name: 'theirs' }], 'linux-64': [] } }, join(world.mirror, 'team'))
    let page = await open(world, '/team/')
    while (!page.text.includes('theirs-1.0-0.conda')) page = await open(world, '/team/')
    expect(page.text).toContain('Somebody changed these files after they were published')
    expect((await world.get('/team/-/package/beta', HTML)).status).toBe(404)
  })

  test('a tree that is the mirror itself has its pages, too', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf({ subdirs: { noarch: [{ name: 'alpha' }] } })
    await buildChannel({ subdirs: { noarch: [{ name: 'rooted' }] } }, world.mirror)
    const { pages, broken } = await crawl([`http://127.0.0.1:${world.server.port}/`])
    expect(broken).toEqual([])
    const paths = [...pages.keys()].map((url) => new URL(url).pathname)
    for (const path of ['/-/channel/', '/noarch/', '/-/package/rooted', '/-/artifact/noarch/rooted-1.0-0.conda', '/-/disk-use', '/team/']) expect(paths).toContain(path)
  })
})

describe('a switch of generations', () => {
  test('pages show the one that they have read, whole, until the next is there; a snapshot stays', async ({ expect, createWorldOf }) => {
    const world = await createWorldOf({ subdirs: { noarch: [{ name: 'old' }, { name: 'kept' }], 'linux-64': [{ name: 'native' }] } })
    world.run('snapshot', 'create', 'before')
    expect((await open(world, '/team/-/search')).text).toContain('old')
    await changeChannel(world.upstream, { remove: { noarch: ['old-1.0-0.conda'] }, add: { noarch: [{ name: 'new' }], 'linux-64': [{ name: 'newest', depends: ['new'] }] } })
    world.run('sync', '-q', '-c', world.upstream, '-p', 'linux-64')
    const shown: string[] = []
    for (let isDone = false; !isDone;) {
      const { status, body } = await world.get('/-/api/search/team', HTML)
      expect(status).toBe(200)
      const names = (JSON.parse(body.toString()) as { packages: readonly { name: string }[] }).packages.map(({ name }) => name).join(' ')
      expect(['kept native old', 'kept native new newest']).toContain(names)
      const page = await world.get('/team/', HTML)
      expect(page.status).toBe(200)
      shown.push(names)
      isDone = names.includes('new')
    }
    expect(shown.filter((names, at) => at > 0 && names !== shown[at - 1]).length).toBeLessThanOrEqual(1)
    expect((await world.get('/team/-/package/old', HTML)).status).toBe(404)
    expect((await open(world, '/team/-/package/new')).find('li').map(({ text }) => text)).toContain('newest')
    expect(await ask(world, '/-/api/artifact/noarch/old-1.0-0.conda/snapshots/before/team')).toMatchObject({ generation: 1, record: { name: 'old' } })
    expect((await open(world, '/snapshots/before/team/')).text).toContain('Packages3')
  })
})
