import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { createGate, startV4Server, V4_REFUSALS, type V4RefusalCode, type V4Server } from '../src/index.ts'
import {
  API_HEADERS, bothOf, call, createForm, distPath, FORM_HEADERS, md5Of, packageBody, publish, releaseBody, send, stage, stageBody, upload,
} from './v4-client.ts'

let server: V4Server
beforeEach(async () => {
  server = await startV4Server({ users: { eggs: { tokens: ['eg-1'], password: 'secret' }, spam: { tokens: ['sp-1'] }, team: { members: ['eggs'] } } })
})
afterEach(async () => { await server.close() })

const statusOf = async (line: string, body?: object, token?: string): Promise<number> => (await call(server, line, body, token)).status
const kinds = (): string[] => server.calls.map(({ kind, status }) => `${kind} ${status}`)

describe('startV4Server() answers as the real one', () => {
  test('takes a file in three steps and serves it as a channel', async () => {
    const staged = await stage(server, 'foo', 'bytes', { channels: ['main', 'dev'] })
    expect((await upload(staged, 'bytes')).status).toBe(201)
    expect(await statusOf(`GET /dist/${distPath('foo')}`)).toBe(404)
    expect((await call(server, `POST /commit/${distPath('foo')}`, { dist_id: staged.id }))).toMatchObject({ status: 200, json: {} })
    expect((await call(server, `GET /dist/${distPath('foo')}`, undefined, '')).json).toMatchObject({
      basename: 'linux-64/foo-1.0-0.conda', size: 5, md5: '4b3a6218bb3e3a7303e8a171a60fcf92', labels: ['main', 'dev'],
    })
    expect(server.files('eggs')).toMatchObject([{ package: 'foo', version: '1.0', isPublic: true, size: 5 }])
    const index = await send(`${server.channelUrl('eggs')}linux-64/repodata.json`)
    const record = { name: 'foo', version: '1.0', size: 5, depends: [] }
    expect(index.json).toMatchObject({ 'info': { subdir: 'linux-64' }, 'packages.conda': { 'foo-1.0-0.conda': record } })
    expect(index.text).not.toContain('operatingsystem')
    expect((await send(`${server.channelUrl('eggs', { label: 'dev' })}linux-64/foo-1.0-0.conda`)).text).toBe('bytes')
    expect((await send(`${server.channelUrl('eggs', { label: 'none' })}linux-64/foo-1.0-0.conda`)).status).toBe(404)
    expect((await send(`${server.channelUrl('eggs')}noarch/repodata.json`)).status).toBe(200)
    expect(server.refused).toEqual([])
  })

  test('a file without a label gets main', async () => {
    await publish(server, 'foo', 'bytes', { channels: [] })
    expect(server.files('eggs')).toMatchObject([{ labels: ['main'] }])
  })

  test('401 without a token, with one that is no good, and with one that was revoked', async () => {
    expect(await statusOf('GET /user', undefined, '')).toBe(401)
    expect(await statusOf('GET /user', undefined, 'nope')).toBe(401)
    expect(await statusOf('GET /user')).toBe(200)
    server.revoke('eg-1')
    expect(await statusOf('GET /user')).toBe(401)
    expect(await statusOf('HEAD /')).toBe(200)
    expect(server.refused).toEqual([])
  })

  test('logs in by name and password; a note that exists is 400 unless it may be replaced', async () => {
    const body = (fail: boolean): object =>
      ({ 'scopes': null, 'note': 'n', 'note_url': null, 'hostname': 'h', 'user': null, 'max-age': null, 'strength': 'strong', 'fail-if-exists': fail })
    const logIn = async (fail: boolean, authorization: string): ReturnType<typeof send> => await send(`${server.url}/authentications`, {
      method: 'POST', headers: { ...API_HEADERS, authorization, 'content-type': 'application/json' }, body: JSON.stringify(body(fail)),
    })
    const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`
    expect(await logIn(true, basic('eggs:wrong'))).toMatchObject({ status: 401 })
    expect(await logIn(true, 'Bearer key')).toMatchObject({ status: 401, json: { error: 'Bearer token authentication is not enabled' } })
    const first = await logIn(true, basic('eggs:secret'))
    expect(first.status).toBe(200)
    expect((await logIn(true, basic('eggs:secret'))).status).toBe(400)
    const second = String((await logIn(false, basic('eggs:secret'))).json['token'])
    expect(await statusOf('GET /user', undefined, String(first.json['token']))).toBe(401)
    expect((await call(server, 'GET /authentication', undefined, second)).json).toMatchObject({ application: 'n', user: 'eggs' })
    expect(await statusOf('DELETE /authentications', undefined, second)).toBe(201)
    expect(await statusOf('GET /user', undefined, second)).toBe(401)
    expect(await statusOf('GET /authentication-type', undefined, '')).toBe(200)
    expect(JSON.stringify(server.calls)).not.toMatch(/secret|ZWdnczp|eg-[0-9a-f]{24}"?,"/)
  })

  test('404 with its text, 409 for what is there already, and the odd statuses of DELETE', async () => {
    expect(await call(server, 'GET /package/eggs/foo')).toMatchObject({ status: 404, json: { error: '"foo" could not be found' } })
    expect(await statusOf('POST /release/eggs/foo/1.0', releaseBody)).toBe(404)
    expect(await statusOf('POST /package/eggs/foo', packageBody('foo'))).toBe(200)
    expect(await statusOf('POST /package/eggs/foo', packageBody('foo'))).toBe(409)
    expect(await statusOf(`POST /stage/${distPath('foo')}`, stageBody('x'))).toBe(404)
    expect(await statusOf('POST /release/eggs/foo/1.0', releaseBody)).toBe(200)
    expect(await statusOf('POST /release/eggs/foo/1.0', releaseBody)).toBe(409)
    await publish(server, 'foo', 'x')
    expect(await statusOf(`POST /stage/${distPath('foo')}`, stageBody('x'))).toBe(409)
    expect(await statusOf('PATCH /package/eggs/foo', { public_attrs: { summary: 'new' } })).toBe(200)
    const shown = { summary: 'new', public: true, owner: { login: 'eggs' }, releases: [{ version: '1.0' }] }
    expect((await call(server, 'GET /package/eggs/foo')).json).toMatchObject(shown)
    expect(await statusOf('PATCH /release/eggs/foo/1.0', { public_attrs: { summary: 'new' } })).toBe(200)
    expect((await call(server, 'GET /release/eggs/foo/1.0')).json).toMatchObject({ distributions: [{ basename: 'linux-64/foo-1.0-0.conda' }] })
    expect(await statusOf(`DELETE /dist/${distPath('foo')}`)).toBe(200)
    await publish(server, 'foo', 'x')
    expect(await statusOf('DELETE /release/eggs/foo/1.0')).toBe(201)
    expect(await statusOf('DELETE /package/eggs/foo')).toBe(201)
    expect(await statusOf('POST /commit/eggs/foo/1.0/linux-64/foo-1.0-0.conda', { dist_id: 'none' })).toBe(404)
    expect(server.refused).toEqual([])
  })

  test('the last file takes its release and its package with it, unless told to keep them', async () => {
    const id = await publish(server, 'foo', 'x')
    expect(server.packages('eggs')).toEqual({ foo: ['1.0'] })
    expect(await statusOf(`DELETE /dist/eggs/foo/1.0/-/${id}`)).toBe(200)
    expect(server.packages('eggs')).toEqual({})
    await using keeper = await startV4Server({ users: { eggs: { tokens: ['eg-1'] } }, mount: '/', keepsEmpty: true })
    await publish(keeper, 'foo', 'x')
    await call(keeper, `DELETE /dist/${distPath('foo')}`)
    expect(keeper.packages('eggs')).toEqual({ foo: ['1.0'] })
  })

  test('a private package is not there for others, also not in the channel', async () => {
    await call(server, 'POST /package/eggs/foo', packageBody('foo', false))
    await publish(server, 'foo', 'x')
    expect(await statusOf('GET /package/eggs/foo')).toBe(200)
    expect(await statusOf('GET /package/eggs/foo', undefined, 'sp-1')).toBe(404)
    expect(await statusOf(`GET /dist/${distPath('foo')}`, undefined, '')).toBe(404)
    expect((await call(server, 'GET /packages/eggs', undefined, 'sp-1')).text).toBe('[]')
    expect((await call(server, 'GET /packages?platform=linux-64')).text).toContain('"full_name":"eggs/foo"')
    expect((await send(`${server.channelUrl('eggs')}linux-64/foo-1.0-0.conda`)).status).toBe(404)
    expect((await send(`${server.channelUrl('eggs', { token: 'eg-1' })}linux-64/foo-1.0-0.conda`)).text).toBe('x')
    expect(server.calls.at(-1)).toMatchObject({ kind: 'GET channel', path: '/conda/t/<token>/eggs/linux-64/foo-1.0-0.conda' })
    expect(server.files('eggs')).toMatchObject([{ isPublic: false }])
  })

  test('an organisation is changed by its members', async () => {
    expect(await statusOf('POST /package/team/foo', packageBody('foo'))).toBe(200)
    expect((await call(server, 'GET /users/eggs/orgs', undefined, '')).text).toContain('"login":"team"')
    expect((await call(server, 'GET /user/orgs')).text).toContain('"user_type":"org"')
    expect(await statusOf('GET /user/nobody')).toBe(404)
  })

  test('labels: list, show, add, copy, remove, lock', async () => {
    await publish(server, 'foo', 'x')
    expect(await statusOf('POST /channels/eggs/dev', { package: 'foo', version: '1.0', basename: 'linux-64/foo-1.0-0.conda' })).toBe(201)
    expect(await statusOf('POST /channels/eggs/dev/copy/test')).toBe(201)
    expect(await statusOf('POST /channels/eggs/dev/lock')).toBe(201)
    const locks = { dev: { is_locked: true }, main: { is_locked: false }, test: { is_locked: false } }
    expect((await call(server, 'GET /channels/eggs', undefined, '')).json).toEqual(locks)
    expect((await call(server, 'GET /channels/eggs/test')).json).toMatchObject({ is_locked: false, files: [{ full_name: 'eggs/foo/1.0/linux-64/foo-1.0-0.conda' }] })
    expect(await statusOf('DELETE /channels/eggs/dev/lock')).toBe(201)
    expect(await statusOf('DELETE /channels/eggs/dev/lock')).toBe(404)
    expect(await statusOf('DELETE /channels/eggs/test', { package: null, version: null, basename: null })).toBe(201)
    expect(await statusOf('DELETE /channels/eggs/test', { package: null, version: null, basename: null })).toBe(404)
    expect(await statusOf('GET /channels/eggs/test')).toBe(404)
    expect(await statusOf('POST /channels/eggs/none/copy/test')).toBe(404)
    expect(await statusOf('POST /channels/eggs/dev', { package: 'foo', version: '1.0', basename: 'none' })).toBe(404)
    expect(server.files('eggs')).toMatchObject([{ labels: ['main', 'dev'] }])
  })

  test('GET /download leads to the storage, or says by 304 that nothing changed', async () => {
    await publish(server, 'foo', 'bytes')
    const { status, location } = await call(server, `GET /download/${distPath('foo')}`)
    expect(status).toBe(302)
    expect((await send(location ?? '')).text).toBe('bytes')
    const headers = { ...API_HEADERS, etag: '4b3a6218bb3e3a7303e8a171a60fcf92' }
    expect((await send(`${server.url}/download/${distPath('foo')}`, { headers })).status).toBe(304)
  })

  test('the storage refuses bytes that are not those of the Content-MD5, and a policy that has expired, as S3 does', async () => {
    const staged = await stage(server, 'foo', 'bytes')
    expect(await upload(staged, 'bytes', 'nonsense')).toMatchObject({ status: 400, text: expect.stringContaining('<Code>InvalidDigest</Code>') })
    expect(await upload(staged, 'bytes', md5Of('other'))).toMatchObject({ status: 400, text: expect.stringContaining('<Code>BadDigest</Code>') })
    server.expireStages()
    expect(await upload(staged, 'bytes')).toMatchObject({ status: 403, text: expect.stringContaining('Policy expired') })
    expect(server.refused).toEqual([])
  })
})

describe('startV4Server() records', () => {
  test('every call with its kind, headers without secrets, body, and the fields of the form in order', async () => {
    await publish(server, 'foo', 'bytes')
    expect(kinds()).toEqual(['POST package 200', 'POST release 200', 'POST stage 200', 'POST storage 201', 'POST commit 200'])
    const [first, , staged, stored] = server.calls
    expect(first).toMatchObject({ method: 'POST', path: '/package/eggs/foo', headers: { authorization: 'token' }, body: packageBody('foo') })
    expect(staged?.body).toEqual(stageBody('bytes'))
    expect(stored?.form?.map(({ name }) => name)).toEqual(['Content-Type', 'acl', 'key', 'policy', 'success_action_status', 'x-amz-algorithm', 'x-amz-credential',
      'x-amz-date', 'x-amz-signature', 'x-amz-storage-class', 'Content-Length', 'Content-MD5', 'file'])
    expect(stored?.form?.at(-1)).toEqual({ name: 'file', filename: undefined, contentType: undefined, size: 5 })
    expect(JSON.stringify(server.calls)).not.toContain('eg-1')
    server.reset()
    expect(server.calls).toEqual([])
  })
})

describe('startV4Server() goes wrong on demand', () => {
  test('with a status at the nth call of a kind, and does nothing', async () => {
    server.misbehave({ kind: 'POST package', skip: 1, times: 1, fault: { do: 'status', status: 503, error: 'later', headers: { 'retry-after': '1' } } })
    expect(await statusOf('POST /package/eggs/one', packageBody('one'))).toBe(200)
    expect(await call(server, 'POST /package/eggs/two', packageBody('two'))).toMatchObject({ status: 503, json: { error: 'later' } })
    expect(await statusOf('POST /package/eggs/three', packageBody('three'))).toBe(200)
    expect(server.packages('eggs')).toEqual({ one: [], three: [] })
    expect(server.calls.map(({ fault }) => fault)).toEqual([undefined, 'status', undefined])
  })

  test('by a reset before anything is done, and by one after it was done', async () => {
    server.misbehave({ kind: 'POST package', times: 1, fault: { do: 'reset' } })
    await expect(call(server, 'POST /package/eggs/one', packageBody('one'))).rejects.toMatchObject({ code: expect.stringMatching(/^(?:ECONNRESET|EPIPE)$/) })
    expect(server.packages('eggs')).toEqual({})
    server.misbehave({ kind: 'POST package', times: 1, fault: { do: 'lose-answer' } })
    await expect(call(server, 'POST /package/eggs/one', packageBody('one'))).rejects.toMatchObject({ code: expect.stringMatching(/^(?:ECONNRESET|EPIPE)$/) })
    expect(server.packages('eggs')).toEqual({ one: [] })
    expect(server.calls.map(({ status }) => status)).toEqual([undefined, undefined])
  })

  test('slowly, at a gate, and by what the test does meanwhile', async () => {
    const gate = createGate()
    server.misbehave({ kind: 'HEAD /', fault: { do: 'wait', gate } })
    const waiting = statusOf('HEAD /')
    await gate.reached
    expect(server.calls).toMatchObject([{ status: undefined }])
    gate.open()
    expect(await waiting).toBe(200)
    server.misbehave({ kind: 'GET user', times: 1, fault: { do: 'slow', milliseconds: 1 } })
    expect(await statusOf('GET /user')).toBe(200)
    server.misbehave({ kind: 'GET user', times: 1, fault: { do: 'call', callback: () => { server.revoke('eg-1') } } })
    expect(await statusOf('GET /user')).toBe(401)
    expect(server.calls.at(-2)?.fault).toBe('slow')
  })

  test('and what a test throws meanwhile is a 500 that says so', async () => {
    server.misbehave({ kind: 'GET user', fault: { do: 'call', callback: () => { throw new Error('of the test') } } })
    expect(await call(server, 'GET /user')).toMatchObject({ status: 500, json: { error: 'The double failed: Error: of the test' } })
    expect(kinds()).toEqual(['GET user 500'])
  })

  test('and a kind that does not exist is an error of the test', () => {
    expect(() => { server.misbehave({ kind: 'PUT user', fault: { do: 'reset' } }) }).toThrow('There is no call "PUT user"; there are: HEAD /, GET authentication-type')
  })
})

const post = async (path: string, body: string, headers: Readonly<Record<string, string>> = {}): ReturnType<typeof send> =>
  await send(`${server.url}${path}`, { method: 'POST', body, headers: { ...API_HEADERS, 'authorization': 'token eg-1', 'content-type': 'application/json', ...headers } })

type Fields = [string, string][]

/** Stages foo with `bytes`, and uploads a form that is wrong. */
const postForm = async (change: (fields: Fields) => Fields, more: { filename?: string; headers?: Readonly<Record<string, string>> } = {}): ReturnType<typeof send> => {
  const staged = await stage(server, 'foo', 'bytes')
  const body = createForm(change([...staged.fields, ...bothOf('bytes')]), { bytes: 'bytes', filename: more.filename })
  return await send(staged.url, { method: 'POST', headers: { ...FORM_HEADERS, ...more.headers }, body })
}

const same = (fields: Fields): Fields => fields
const reversed = (fields: Fields): Fields => fields.toReversed()
const withoutHeader = (name: string): Readonly<Record<string, string>> => Object.fromEntries(Object.entries(API_HEADERS).filter(([key]) => key !== name))

describe('startV4Server() refuses what no source knows', () => {
  const cases: readonly (readonly [V4RefusalCode, string, () => Promise<unknown>])[] = [
    ['unknown-call', 'a path', () => call(server, 'GET /search')],
    ['unknown-call', 'a method', () => call(server, 'HEAD /package/eggs/foo')],
    ['unknown-call', 'a path beside the API', () => send(server.url.replace('/api', '/other'), { headers: API_HEADERS })],
    ['unknown-query', 'where there is none', () => call(server, 'GET /user?login=eggs')],
    ['unknown-query', 'a parameter', () => call(server, 'GET /packages?page=2')],
    ['unknown-owner', 'of a change', () => call(server, 'POST /package/nobody/foo', packageBody('foo'))],
    ['unknown-owner', 'of labels', () => call(server, 'GET /channels/nobody')],
    ['foreign-owner', 'a change', () => call(server, 'POST /package/spam/foo', packageBody('foo'))],
    ['encoded-slash', 'in a file', () => call(server, 'GET /dist/eggs/foo/1.0/linux-64/a%2Fb')],
    ['accept-header', 'another', () => send(`${server.url}/user/eggs`, { headers: { ...API_HEADERS, accept: '*/*' } })],
    ['version-header', 'none', () => send(`${server.url}/user/eggs`, { headers: withoutHeader('x-binstar-api-version') })],
    ['agent-header', 'none', () => send(`${server.url}/user/eggs`, { headers: withoutHeader('user-agent') })],
    ['authorization-header', 'Basic', () => send(`${server.url}/user`, { headers: { ...API_HEADERS, authorization: 'Basic eDp5' } })],
    ['authorization-header', 'Bearer', () => send(`${server.url}/user`, { headers: { ...API_HEADERS, authorization: 'Bearer eg-1' } })],
    ['authorization-header', 'a token that logs in', () => post('/authentications', '{}')],
    ['content-type', 'a form', () => post('/package/eggs/foo', JSON.stringify(packageBody('foo')), { 'content-type': 'application/x-www-form-urlencoded' })],
    ['body-json', 'no JSON', () => post('/package/eggs/foo', '{')],
    ['body-json', 'a list', () => post('/package/eggs/foo', '[]')],
    ['body-unasked', 'with GET', () => call(server, 'GET /user', {})],
    ['body-unasked', 'with DELETE', () => call(server, 'DELETE /package/eggs/foo', {})],
    ['body-fields', 'a package without public', () => call(server, 'POST /package/eggs/foo', { publish: false, public_attrs: { name: 'foo' } })],
    ['body-fields', 'a package with a field too many', () => call(server, 'POST /package/eggs/foo', { ...packageBody('foo'), private: true })],
    ['body-fields', 'a stage whose hash is no sha256', () => call(server, `POST /stage/${distPath('foo')}`, stageBody('x', { sha256: 'ABC' }))],
    ['body-fields', 'a stage of another type', () => call(server, `POST /stage/${distPath('foo')}`, stageBody('x', { distribution_type: 'pypi' }))],
    ['body-fields', 'a release without requirements', () => call(server, 'POST /release/eggs/foo/1.0', {})],
    ['body-fields', 'a label without its nulls', () => call(server, 'DELETE /channels/eggs/dev', {})],
    ['body-fields', 'a commit without an id', () => call(server, `POST /commit/${distPath('foo')}`, {})],
    ['body-fields', 'an update without attrs', () => call(server, 'PATCH /package/eggs/foo', {})],
    ['name-differs', 'of a package', () => call(server, 'POST /package/eggs/foo', packageBody('bar'))],
    ['dist-name', 'no artifact', async () => {
      await publish(server, 'foo', 'x')
      await call(server, 'POST /stage/eggs/foo/1.0/linux-64/foo.whl', stageBody('x'))
    }],
    ['dist-name', 'another subdir in attrs', () => stage(server, 'foo', 'x', { attrs: { subdir: 'noarch' } })],
    ['label-locked', 'of a stage', async () => {
      await call(server, 'POST /channels/eggs/main/lock')
      await stage(server, 'foo', 'x')
    }],
    ['label-locked', 'of a copy', async () => {
      await call(server, 'POST /channels/eggs/test/lock')
      await call(server, 'POST /channels/eggs/main/copy/test')
    }],
    ['label-scope', 'a version of no package', () => call(server, 'POST /channels/eggs/dev', { package: null, version: '1.0', basename: null })],
    ['storage-headers', 'the token', () => postForm(same, { headers: { authorization: 'token eg-1' } })],
    ['storage-headers', 'the version of the API', () => postForm(same, { headers: { 'x-binstar-api-version': '1' } })],
    ['storage-headers', 'no length', async () => {
      const staged = await stage(server, 'foo', 'bytes')
      const body = createForm([...staged.fields, ...bothOf('bytes')], { bytes: 'bytes' })
      await send(staged.url, { method: 'POST', headers: FORM_HEADERS, body, chunked: true })
    }],
    ['storage-path', 'PUT', async () => { await send((await stage(server, 'foo', 'bytes')).url, { method: 'PUT' }) }],
    ['form-type', 'raw bytes', () => postForm(same, { headers: { 'content-type': 'application/octet-stream' } })],
    ['form-shape', 'another boundary', () => postForm(same, { headers: { 'content-type': 'multipart/form-data; boundary=other' } })],
    ['form-shape', 'cut short', async () => {
      const staged = await stage(server, 'foo', 'bytes')
      await send(staged.url, { method: 'POST', headers: FORM_HEADERS, body: createForm(staged.fields, { bytes: 'bytes' }).slice(0, -9) })
    }],
    ['form-order', 'reversed', () => postForm(reversed)],
    ['form-order', 'a field that S3 does not know of', () => postForm((fields) => [...fields, ['extra', '1']])],
    ['form-order', 'no Content-MD5', () => postForm((fields) => fields.slice(0, -1))],
    ['form-value', 'another acl', () => postForm((fields) => fields.map(([name, value]) => [name, name === 'acl' ? 'public' : value]))],
    ['form-value', 'a length that is not the file\'s', () => postForm((fields) => fields.map(([name, value]) => [name, name === 'Content-Length' ? '4' : value]))],
    ['form-value', 'a key that was not told', () => postForm((fields) => fields.map(([name, value]) => [name, name === 'key' ? 'packages/0' : value]))],
    ['form-filename', 'without the subdir', () => postForm(same, { filename: 'foo-1.0-0.conda' })],
    ['upload-again', 'the same bytes', async () => {
      const staged = await stage(server, 'foo', 'bytes')
      await upload(staged, 'bytes')
      await upload(staged, 'bytes')
    }],
    ['commit-other', 'another file', async () => {
      const staged = await stage(server, 'foo', 'bytes')
      await call(server, `POST /commit/${distPath('bar')}`, { dist_id: staged.id })
    }],
    ['commit-early', 'nothing uploaded', async () => {
      const staged = await stage(server, 'foo', 'bytes')
      await call(server, `POST /commit/${distPath('foo')}`, { dist_id: staged.id })
    }],
    ['commit-again', 'the same stage', async () => { await call(server, `POST /commit/${distPath('foo')}`, { dist_id: await publish(server, 'foo', 'bytes') }) }],
    ['hash-differs', 'other bytes', () => publish(server, 'foo', 'bytes', { sha256: '0'.repeat(64) })],
  ]

  test.each(cases)('%s: %s', async (code, _, body) => {
    await body()
    const last = server.refused.at(-1)
    expect(server.refused.map(({ refusal }) => refusal)).toEqual([code])
    expect(last?.status).toBe(400)
  })

  test('every code has a case', () => {
    expect([...new Set(cases.map(([code]) => code))].toSorted()).toEqual(Object.keys(V4_REFUSALS).toSorted())
  })
})
