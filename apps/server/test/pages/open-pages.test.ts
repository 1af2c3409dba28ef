import { mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildChannel } from '@mirror/test-fixtures'
import { describe, test as base } from 'vitest'
import type { Catalogues } from '../../src/catalogue/catalogues.ts'
import type { ServerEvent } from '../../src/events.ts'
import { createMirrorFiles } from '../../src/mirror-files.ts'
import { openPages } from '../../src/open-pages.ts'
import { createPageRouter } from '../../src/pages/page-router.ts'
import { ROUTES } from '../../src/pages/routes.ts'
import { createSite } from '../../src/pages/site.ts'
import { parseRequestPath, type RequestPath } from '../../src/request-path.ts'
import { readPage } from './read-page.ts'

type Answerer = (request: http.IncomingMessage, response: http.ServerResponse, path: RequestPath) => Promise<void>

const HTML = { accept: 'text/html' }

const test = base.extend<{ readonly mirror: string; readonly serve: (answer: Answerer) => Promise<(path: string, headers?: Readonly<Record<string, string>>) => Promise<Response>> }>({
  mirror: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'pages-'))
    for (const name of ['open', 'secret', 'open/nested']) await buildChannel({ subdirs: { noarch: [{ name: `in-${name.replace('/', '-')}` }] } }, join(folder, name))
    await use(folder)
    await rm(folder, { recursive: true })
  },
  serve: async ({}, use) => {
    const servers: http.Server[] = []
    await use(async (answer) => {
      const server = http.createServer((request, response) => {
        const path = parseRequestPath(request.url ?? '')
        if (path !== undefined) void answer(request, response, path)
      })
      servers.push(server)
      await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
      const address = server.address()
      const port = typeof address === 'object' ? address?.port : undefined
      return async (path, headers = HTML) => await fetch(`http://127.0.0.1:${port}${path}`, { headers, redirect: 'manual' })
    })
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
  },
})

describe('the door to the pages', () => {
  test('a channel that the caller may not see is not there: not in lists, not in searches, not by its name', async ({ expect, mirror, serve }) => {
    const events: ServerEvent[] = []
    const pages = openPages({ mirrorDir: mirror, files: createMirrorFiles(mirror), clock: () => 0, observe: (event) => events.push(event) })
    const get = await serve(async (request, response, path) => await pages.answer({ request, response, path, canSee: (folder) => folder !== 'secret' }))
    for (const path of ['/', '/-/search?q=in', '/-/search', '/-/api/channels', '/-/api/search?q=in']) {
      const text = await (await get(path)).text()
      expect(text, path).toContain('open')
      expect(text, path).not.toContain('secret')
    }
    const paths = ['/', '/noarch/', '/-/search', '/-/package/in-secret', '/-/artifact/noarch/in-secret-1.0-0.conda', '/-/disk-use', '/-/history', '/-/use', '', '/noarch']
    for (const path of paths) {
      const [hidden, absent] = await Promise.all([get(`/secret${path}`), get(`/absent${path}`)])
      expect([hidden.status, absent.status], path).toEqual([404, 404])
      const [said, expected] = [await hidden.text(), await absent.text()]
      expect(said.replaceAll('secret', 'absent'), path).toBe(expected)
    }
    for (const path of ['/-/api/search/secret', '/-/api/package/in-secret/secret', '/-/api/artifact/noarch/in-secret-1.0-0.conda/secret', '/-/api/history/secret']) expect((await get(path)).status, path).toBe(404)
    expect((await get('/open/')).status).toBe(200)
    expect(events).toEqual([])
    await pages.close()
  })

  test('nothing of the pages is loaded for a client that asks for a file', async ({ expect, mirror, serve }) => {
    const pages = openPages({ mirrorDir: join(mirror, 'nothing'), files: createMirrorFiles(mirror), clock: () => 0, observe: () => undefined })
    const get = await serve(async (request, response, path) => await pages.answer({ request, response, path }))
    for (const accept of ['*/*', 'application/json', '']) {
      const answer = await get('/open/noarch/none-1-0.conda', { accept })
      expect([answer.status, await answer.text(), answer.headers.get('content-security-policy')], accept).toEqual([404, 'Not found\n', null])
    }
    await pages.close()
  })
})

describe('while nothing has been read', () => {
  const createRouter = (mirror: string, catalogues: Catalogues, failures: unknown[] = []): Answerer => {
    const site = createSite({ mirrorDir: mirror, files: createMirrorFiles(mirror), catalogues, tabs: [], temporaryFolder: undefined })
    const router = createPageRouter({ site, routes: ROUTES, clock: () => 0, fail: (_path, error) => failures.push(error) })
    return async (request, response, path) => await router({ request, response, path, canSee: () => true, isForwarded: false })
  }

  test('people get a page that shows itself again, programs when to come again', async ({ expect, mirror, serve }) => {
    const get = await serve(createRouter(mirror, { open: async () => undefined, close: async () => undefined }))
    for (const path of ['/open/-/search', '/open/-/package/in-open', '/open/-/disk-use', '/open/noarch/', '/open/-/artifact/noarch/in-open-1.0-0.conda']) {
      const answer = await get(path)
      const page = readPage(await answer.text())
      expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('cache-control')], path).toEqual([503, '3', 'no-store'])
      expect(page.find('meta').some(({ attributes }) => attributes['http-equiv'] === 'refresh' && attributes['content'] === '3'), path).toBe(true)
    }
    for (const path of ['/-/api/search?q=x', '/-/api/search/open', '/-/api/package/x/open']) {
      const answer = await get(path)
      expect([answer.status, answer.headers.get('retry-after'), await answer.json()], path).toEqual([503, '3', { error: { code: 'NOT_YET', message: expect.stringContaining('open') } }])
    }
    for (const path of ['/', '/open/', '/-/search?q=x']) expect((await get(path)).status, path).toBe(200)
    expect(await (await get('/-/search?q=x')).text()).toContain('Still being read')
  })

  test('a fault of ours is told to us, and to the reader only that there is one', async ({ expect, mirror, serve }) => {
    const failures: unknown[] = []
    const get = await serve(createRouter(mirror, { open: async () => { throw new Error('/secret/path is broken') }, close: async () => undefined }, failures))
    for (const [headers, type] of [[HTML, 'text/html; charset=utf-8'], [{ accept: '*/*' }, 'text/plain; charset=utf-8']] as const) {
      const answer = await get('/open/-/search', headers)
      expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([500, type, 'no-store'])
      expect(await answer.text()).not.toContain('secret')
    }
    const api = await get('/-/api/package/x/open')
    expect([api.status, await api.json()]).toEqual([500, { error: { code: 'INTERNAL', message: 'Something went wrong on this server.' } }])
    expect(failures.map(String)).toEqual(Array.from({ length: 3 }, () => 'Error: /secret/path is broken'))
  })
})
