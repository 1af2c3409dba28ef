import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hashSync } from 'bcryptjs'
import { describe } from 'vitest'
import { createToken } from '../src/access/token-file.ts'
import { startServer } from '../src/index.ts'
import { basic } from './access/access-support.ts'
import { test } from './served-folder.ts'

const SECRET = createToken({ name: 'ci' })
const OTHER = createToken({ name: 'guest', channels: ['open', 'elsewhere'] })
const EXPIRED = createToken({ name: 'old', expires: '2020-01-01' })
const INDEX = '{"info":{"subdir":"noarch"},"packages":{},"packages.conda":{}}\n'

const FILES = {
  'mirror/team/noarch/repodata.json': INDEX,
  'mirror/team/noarch/a-1.0-0.conda': 'bytes',
  'mirror/team/index.html': '<a href="https://elsewhere.example/">out</a>',
  'mirror/open/noarch/repodata.json': INDEX,
  'tokens': `${[SECRET, OTHER, EXPIRED].map(({ line }) => line).join('\n')}\n`,
  'users': `ann:${hashSync('an:n', 4)}\n`,
}
const RULES = [{ channels: ['open'], isPublic: true }, { channels: ['team'], tokens: ['tokens'], htpasswd: ['users'] }]
const FILE = '/team/noarch/a-1.0-0.conda'

describe('V08: who may read what', () => {
  test('1: nothing given is a 401 that says how to say who one is, for files and pages, GET and HEAD', async ({ expect, serve }) => {
    const { get } = await serve(FILES, { rules: RULES })
    for (const [path, method] of [[FILE, 'GET'], [FILE, 'HEAD'], ['/team/', 'GET'], ['/team/noarch/', 'GET'], ['/team/no-such-file', 'GET'], ['/nowhere/x', 'GET'], ['/snapshots/q1/team/noarch/repodata.json', 'GET']] as const) {
      const { status, headers, body } = await get(path, {}, method)
      expect([status, headers.get('www-authenticate'), headers.get('cache-control')], path).toEqual([401, 'Bearer realm="mirror"', 'no-store'])
      expect(body.toString(), path).toBe(method === 'HEAD' ? '' : 'A token or password is needed\n')
    }
    expect((await get('/open/noarch/repodata.json')).status).toBe(200)
    expect((await get('/open/noarch/no-such-file')).status).toBe(404)
  })

  test('2: what is wrong is a 401', async ({ expect, serve }) => {
    const { get } = await serve(FILES, { rules: RULES })
    for (const [path, authorization] of [['/t/wrong' + FILE, ''], [FILE, 'Bearer wrong'], [FILE, 'token wrong'], [FILE, basic('ann', 'wrong')], [FILE, basic('eve', 'an:n')], [FILE, basic('', '')]] as const) {
      const { status, body } = await get(path, authorization === '' ? {} : { authorization })
      expect([status, body.toString()], `${path} ${authorization}`).toEqual([401, 'Wrong token or password\n'])
    }
  })

  test('3: what is right is let in, by every way that clients have', async ({ expect, serve }) => {
    const { get, events } = await serve(FILES, { rules: RULES })
    const ways = [
      [`/t/${SECRET.token}${FILE}`, {}], [FILE, { authorization: `Bearer ${SECRET.token}` }], [FILE, { authorization: `token ${SECRET.token}` }], [FILE, { authorization: basic('token', SECRET.token) }],
      [FILE, { authorization: basic(SECRET.token, '') }], [FILE, { authorization: basic('ann', 'an:n') }],
    ] as const
    for (const [path, headers] of ways) {
      const { status, headers: answered, body } = await get(path, headers)
      expect([status, answered.get('cache-control'), body.toString()], JSON.stringify(headers)).toEqual([200, 'max-age=31536000, immutable, s-maxage=0', 'bytes'])
    }
    expect(events.map((event) => (event.type === 'request' ? event.user : event.type))).toEqual(['ci', 'ci', 'ci', 'ci', 'ci', 'ann'])
    const { headers } = await get(FILE, { authorization: `Bearer ${SECRET.token}` })
    expect((await get(FILE, { 'authorization': `Bearer ${SECRET.token}`, 'if-none-match': headers.get('etag') ?? '' })).headers.get('cache-control')).toBe('max-age=31536000, immutable, s-maxage=0')
    expect((await get('/open/noarch/repodata.json', { authorization: `Bearer ${SECRET.token}` })).headers.get('cache-control')).toMatch(/^public/)
  })

  test('4: what has expired is a 401 that says so', async ({ expect, serve }) => {
    const { get } = await serve(FILES, { rules: RULES })
    expect([(await get(FILE, { authorization: `Bearer ${EXPIRED.token}` })).body.toString(), (await get(`/t/${EXPIRED.token}${FILE}`)).status]).toEqual(['The token has expired\n', 401])
  })

  test('5: a right token of another channel is a 403, the same for what is there and what is not', async ({ expect, serve }) => {
    const { get } = await serve(FILES, { rules: RULES })
    const ask = async (path: string): Promise<unknown> => {
      const { status, body, headers } = await get(path, { authorization: `Bearer ${OTHER.token}` })
      return [status, body.toString(), [...headers].filter(([name]) => name !== 'date')]
    }
    expect(await ask(FILE)).toEqual([403, 'No right to this\n', expect.anything()])
    expect(await ask('/team/noarch/none.conda')).toEqual(await ask(FILE))
    expect(await ask('/no-such-channel/noarch/repodata.json')).toEqual(await ask(FILE))
    expect((await get('/open/noarch/repodata.json', { authorization: `Bearer ${OTHER.token}` })).status).toBe(200)
  })

  test('6: tokens and passwords are in no answer, no event, and no referrer', async ({ expect, serve }) => {
    const { get, events } = await serve(FILES, { rules: RULES })
    const secrets = [SECRET.token, 'an:n', Buffer.from('ann:an:n').toString('base64'), 'wrong-password', 'wrong-token']
    const answers = []
    for (const path of ['', '/team', '/team/', '/team/noarch/', FILE, '/team/noarch/none', '/team/index.html', '/-/search?q=a', '/team/-/history', '/team/-/use', '/-/api/use/team', '/team/-/take-away', '/team//x', '/readyz', '/healthz', '/%zz', '/?sign-in', `/team/x?token=${SECRET.token}`]) {
      for (const token of [SECRET.token, 'wrong-token']) answers.push(await get(`/t/${token}${path}`, { accept: 'text/html' }))
      answers.push(await get(path === '' ? '/' : path, { authorization: basic('ann', 'an:n') }), await get(path === '' ? '/' : path, { authorization: basic('ann', 'wrong-password') }))
    }
    const heads = answers.map(({ headers, body }) => `${JSON.stringify([...headers])}\n${body.toString()}`)
    for (const secret of secrets) {
      expect(heads.filter((text) => text.includes(secret)), secret).toEqual([])
      expect(JSON.stringify(events)).not.toContain(secret)
    }
    const pages = answers.filter(({ headers }) => headers.get('content-type')?.startsWith('text/html') === true)
    expect(pages.length).toBeGreaterThan(5)
    for (const { headers } of pages) expect(headers.get('referrer-policy')).toBe('no-referrer')
    for (const { headers } of answers) expect(headers.get('location') ?? './').not.toMatch(/^\/|^[a-z]+:|\bt\//)
  })

  test('7: ten thousand guesses get ten answers, and all others a 429 with the time to wait', async ({ expect, serve }) => {
    const { server, events, get } = await serve(FILES, { rules: RULES })
    const codes = new Map<number, number>()
    let wait = ''
    for (let done = 0; done < 10_000; done += 50) {
      const answers = await Promise.all(Array.from({ length: 50 }, async (_, index) => await fetch(`http://127.0.0.1:${server.port}${FILE}`, { headers: { authorization: `Bearer guess${done + index}` } })))
      for (const answer of answers) {
        codes.set(answer.status, (codes.get(answer.status) ?? 0) + 1)
        wait = answer.headers.get('retry-after') ?? wait
        await answer.arrayBuffer()
      }
    }
    expect([...codes]).toEqual([[401, 10], [429, 9990]])
    expect(Number(wait)).toBeGreaterThan(200)
    expect(events.filter(({ type }) => type === 'guesses-refused')).toEqual([{ type: 'guesses-refused', client: '127.0.0.1', user: undefined }])
    expect((await get(FILE, { authorization: basic('ann', 'an:n') })).status).toBe(429)
    expect((await get(FILE, { authorization: `Bearer ${SECRET.token}` })).status).toBe(200)
    expect((await get('/open/noarch/repodata.json')).status).toBe(200)
  })

  test('7b: behind a proxy, each client is counted for itself; what a client says of itself is not believed', async ({ expect, serve }) => {
    const { get, events } = await serve(FILES, { rules: RULES, proxies: ['127.0.0.1'] })
    const guess = async (times: number, from: (time: number) => string): Promise<readonly number[]> => {
      const codes = []
      for (let time = 0; time < times; time += 1) codes.push((await get(FILE, { 'authorization': `Bearer ${Math.random()}`, 'x-forwarded-for': from(time) })).status)
      return codes
    }
    expect(new Set(await guess(10, () => '192.0.2.1'))).toEqual(new Set([401]))
    expect(await guess(2, (time) => `198.51.100.${time}, 192.0.2.1`)).toEqual([429, 429])
    expect(await guess(1, () => '192.0.2.2')).toEqual([401])
    expect(events.filter((event) => event.type === 'request' && event.client === '192.0.2.1').length).toBe(12)
  })

  test('8: names with a colon are nobody; passwords may have one', async ({ expect, serve }) => {
    const { get } = await serve(FILES, { rules: RULES })
    expect((await get(FILE, { authorization: basic('ann', 'an:n') })).status).toBe(200)
    expect((await get(FILE, { authorization: basic('ann:an', 'wrong') })).status).toBe(401)
    await expect(serve({ ...FILES, users: `a:nn:${hashSync('x', 4)}\n` }, { rules: RULES })).rejects.toThrow('users:1: the password of "a" is not kept as bcrypt')
  })
})

describe('what is open', () => {
  test('without rules, everything is, and tokens are not looked at', async ({ expect, serve }) => {
    const { get, events } = await serve(FILES)
    for (const path of [FILE, `/t/anything${FILE}`]) expect((await get(path, { authorization: 'Bearer x' })).headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(events.map((event) => (event.type === 'request' ? event.user : ''))).toEqual([undefined, undefined])
  })

  test('who may see a part is led to signing in, and then told as whom', async ({ expect, serve }) => {
    const { get } = await serve(FILES, { rules: RULES })
    const read = async (path: string, headers: Readonly<Record<string, string>> = {}): Promise<string> => (await get(path, { accept: 'text/html', ...headers })).body.toString()
    expect(await read('/')).toContain('<a href="./?sign-in">Sign in to see more</a>')
    expect(await read('/open/noarch/')).toContain('<a href="../../?sign-in">Sign in to see more</a>')
    const { status, headers } = await get('/?sign-in')
    expect([status, headers.has('www-authenticate')]).toEqual([401, true])
    const signedIn = await read('/?sign-in', { authorization: basic('ann', 'an:n') })
    expect(signedIn).toContain('Signed in as <bdi>ann</bdi>')
    expect(signedIn).not.toContain('Sign in to see more')
  })

  test('where everything is open, nobody is asked to sign in', async ({ expect, serve }) => {
    const { get } = await serve(FILES)
    const { status, body } = await get('/?sign-in', { accept: 'text/html' })
    expect(status).toBe(200)
    expect(body.toString()).not.toMatch(/[Ss]ign/)
  })

  test('health and readiness are told everybody, the names of channels those who may read them', async ({ expect, serve }) => {
    const { get } = await serve(FILES, { rules: RULES })
    expect((await get('/healthz')).status).toBe(200)
    const channels = async (headers: Readonly<Record<string, string>>, path = '/readyz'): Promise<unknown> => {
      const { status, body } = await get(path, headers)
      const { channels: shown } = JSON.parse(body.toString()) as { channels: { channel: string }[] }
      return [status, shown.map(({ channel }) => channel)]
    }
    expect(await channels({})).toEqual([200, ['open']])
    expect(await channels({ authorization: 'Bearer wrong' })).toEqual([200, ['open']])
    expect(await channels({ authorization: `Bearer ${SECRET.token}` })).toEqual([200, ['open', 'team']])
    expect(await channels({}, `/t/${SECRET.token}/readyz`)).toEqual([200, ['open', 'team']])
  })

  test('a channel that is not ready and not shown is told without its name', async ({ expect, serve }) => {
    const { get } = await serve({ ...FILES, 'mirror/hidden-name/.mirror/format.json': '{}' }, { rules: RULES })
    const { status, body } = await get('/readyz')
    expect([status, body.toString()]).toEqual([503, expect.stringContaining('something that is not shown to everybody is not ready')])
    expect(body.toString()).not.toContain('hidden-name')
  })
})

describe('files of tokens and users', () => {
  test('are read again when they change; what is wrong is told, and those from before hold', async ({ expect, serve }) => {
    const { get, write, told, events } = await serve(FILES, { rules: RULES })
    const added = createToken({ name: 'added' })
    const status = async (token: string): Promise<number> => (await get(FILE, { authorization: `Bearer ${token}` })).status
    expect(await status(added.token)).toBe(401)
    await write('tokens', `${added.line}\n`)
    await told(({ type }) => type === 'renewed')
    expect([await status(added.token), await status(SECRET.token)]).toEqual([200, 401])
    await write('tokens', `${SECRET.line}\nsomebody my-plain-token\n`)
    expect(await told(({ type }) => type === 'renewal-failed')).toMatchObject({ what: 'access', error: { code: 'ACCESS_INVALID', message: expect.stringContaining('tokens:2: the second word is no hash') as unknown } })
    expect([await status(added.token), await status(SECRET.token)]).toEqual([200, 401])
    expect(JSON.stringify(events)).not.toContain('my-plain-token')
  })

  test('that are absent keep it from starting', async ({ expect, folder }) => {
    const access = { rules: [{ channels: ['*'], isPublic: false, tokens: [join(folder, 'none')], htpasswd: [], users: undefined }] }
    await expect(startServer({ mirrorDir: folder, port: 0, host: '127.0.0.1', access })).rejects.toMatchObject({ code: 'ACCESS_INVALID', message: expect.stringContaining('none') as unknown })
  })

  test('renew() takes other rules, or leaves all as it was', async ({ expect, serve, folder }) => {
    const { get, server, toRules } = await serve(FILES, { rules: RULES })
    await server.renew({ access: toRules([{ isPublic: true }]) })
    expect((await get(FILE)).status).toBe(200)
    await writeFile(join(folder, 'broken'), 'x y z\n')
    await expect(server.renew({ access: toRules([{ tokens: ['broken'] }]) })).rejects.toMatchObject({ code: 'ACCESS_INVALID' })
    await expect(server.renew({ access: toRules([{ channels: ['../x'], isPublic: true }]) })).rejects.toMatchObject({ code: 'ACCESS_INVALID' })
    await expect(server.renew({ tls: { certificate: join(folder, 'none'), key: join(folder, 'none') } })).rejects.toMatchObject({ code: 'TLS_INVALID' })
    expect((await get(FILE)).status).toBe(200)
    await server.renew({ access: toRules(RULES) })
    expect((await get(FILE)).status).toBe(401)
    await server.renew({})
    expect((await get(FILE)).status).toBe(200)
  })
})
