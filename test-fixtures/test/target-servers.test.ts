import { createHash } from 'node:crypto'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import {
  ARTIFACTORY_REFUSALS, buildArtifacts, type BuiltArtifact, createGate, PREFIX_REFUSALS, QUETZ_REFUSALS, SERVER6_REFUSALS, startArtifactoryServer, startPrefixServer, startQuetzDouble, startServer6,
  type TargetServer, type TargetServerOptions,
} from '../src/index.ts'
import { type Answered, send } from './v4-client.ts'

const OPTIONS: TargetServerOptions = { channels: { ch: { writers: ['tok-1', 'tok-2', 'eggs:secret'] }, other: { writers: ['tok-3'] }, own: { writers: ['tok-1'], isPrivate: true } } }
const AGENT = { 'user-agent': 'test/1' }
const bearer = (token = 'tok-1'): Record<string, string> => ({ ...AGENT, authorization: `Bearer ${token}` })
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

let server: TargetServer
afterEach(async () => { await server.close() })

const [foo, changed, bar] = await Promise.all([
  buildArtifacts('linux-64', { name: 'foo' }), buildArtifacts('linux-64', { name: 'foo', salt: 'x' }), buildArtifacts('noarch', { name: 'bar', format: 'tar.bz2' }),
]).then((all): [BuiltArtifact, BuiltArtifact, BuiltArtifact] => {
  const [[a], [b], [c]] = all
  if (a === undefined || b === undefined || c === undefined) throw new TypeError('nothing was built')
  return [a, b, c]
})

type Part = readonly [head: string, content: string | Buffer]
const form = (...parts: readonly Part[]): Buffer =>
  Buffer.concat([...parts.map(([head, content]) => Buffer.concat([Buffer.from(`--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n`), Buffer.from(content), Buffer.from('\r\n')])), Buffer.from('--b--\r\n')])
const FORM = { 'content-type': 'multipart/form-data; boundary=b' }

const refusalsOf = (): (string | undefined)[] => server.refused.map(({ refusal }) => refusal)

/** What every double does. */
function describeShared(start: (options: TargetServerOptions) => Promise<TargetServer>, upload: (artifact: BuiltArtifact, channel: string, credential?: string) => Promise<Answered>, uploadKind: string): void {
  beforeEach(async () => { server = await start(OPTIONS) })

  test('takes artifacts, and serves them as a channel', async () => {
    expect((await upload(foo, 'ch')).status).toBeLessThan(300)
    expect((await upload(bar, 'ch')).status).toBeLessThan(300)
    const seen = [foo, bar].map(({ fileName, size, md5, sha256: sum }, at) => ({ path: `${['linux-64', 'noarch'][at]}/${fileName}`, size, md5, sha256: sum }))
    expect(server.files('ch')).toEqual(seen)
    const index = await send(`${server.channelUrl('ch')}linux-64/repodata.json`, { headers: AGENT })
    expect(index.json).toMatchObject({ 'info': { subdir: 'linux-64' }, 'packages': {}, 'packages.conda': { 'foo-1.0-0.conda': foo.record } })
    expect((await send(`${server.channelUrl('ch')}noarch/repodata.json`, { headers: AGENT })).json).toMatchObject({ packages: { [bar.fileName]: { sha256: bar.sha256 } } })
    expect((await send(`${server.channelUrl('other')}noarch/repodata.json`, { headers: AGENT })).json).toMatchObject({ packages: {} })
    const statuses = await Promise.all(['linux-64/foo-1.0-0.conda', 'linux-64/bar-1.0-0.conda', 'osx-64/repodata.json', 'linux-64/repodata.json.zst']
      .map(async (path) => (await send(`${server.channelUrl('ch')}${path}`, { headers: AGENT, method: 'HEAD' })).status))
    expect(statuses).toEqual([200, 404, 404, 404])
    expect(server.refused).toEqual([])
  })

  test('401 for whom it does not know, also who was revoked; 403 for whom it does; and shows what is private to nobody', async () => {
    expect((await upload(foo, 'ch', 'nobody')).status).toBe(401)
    expect((await upload(foo, 'other')).status).toBe(403)
    server.revoke('tok-1')
    expect((await upload(foo, 'ch')).status).toBe(401)
    expect((await upload(foo, 'ch', 'tok-2')).status).toBeLessThan(300)
    expect((await send(`${server.channelUrl('own')}noarch/repodata.json`, { headers: AGENT })).status).toBe(401)
    expect(server.refused).toEqual([])
    expect(JSON.stringify(server.calls)).not.toMatch(/tok-\d/)
  })

  test('goes wrong on demand, before and after it was done', async () => {
    const gate = createGate()
    server.misbehave({ kind: uploadKind, times: 1, fault: { do: 'status', status: 500, error: 'on demand' } })
    server.misbehave({ kind: uploadKind, times: 1, fault: { do: 'reset' } })
    server.misbehave({ kind: uploadKind, times: 1, fault: { do: 'lose-answer' } })
    server.misbehave({ kind: uploadKind, fault: { do: 'wait', gate } })
    expect((await upload(foo, 'ch')).text).toContain('on demand')
    await expect(upload(foo, 'ch')).rejects.toMatchObject({ code: expect.stringMatching(/^(?:ECONNRESET|EPIPE)$/) })
    expect(server.files('ch')).toEqual([])
    await expect(upload(foo, 'ch')).rejects.toMatchObject({ code: expect.stringMatching(/^(?:ECONNRESET|EPIPE)$/) })
    expect(server.files('ch')).toHaveLength(1)
    const waiting = upload(bar, 'ch')
    await gate.reached
    expect(server.calls.map(({ kind, fault, status }) => [kind, fault, status])).toEqual([[uploadKind, 'status', 500], [uploadKind, 'reset', undefined], [uploadKind, 'lose-answer', undefined], [uploadKind, 'wait', undefined]])
    gate.open()
    expect((await waiting).status).toBeLessThan(300)
    expect(() => { server.misbehave({ kind: 'POST nothing', fault: { do: 'reset' } }) }).toThrow('There is no call "POST nothing"')
    server.reset()
    expect([server.calls, server.files('ch').length]).toEqual([[], 2])
  })
}

/** Each case is refused with its code, and every code has a case. */
function describeRefusals(codes: Readonly<Record<string, string>>, cases: readonly (readonly [string, () => Promise<unknown>])[]): void {
  test.each(cases)('refuses: %s', async (code, body) => {
    await body()
    expect(refusalsOf()).toEqual([code])
    expect(server.calls.at(-1)?.status).toBe(400)
  })

  test('every code has a case', () => {
    expect([...new Set(cases.map(([code]) => code))].toSorted()).toEqual(Object.keys(codes).toSorted())
  })
}

describe('startPrefixServer()', () => {
  const head = (artifact: BuiltArtifact): string =>
    `name="file"; filename="${artifact.fileName}"\r\nContent-Type: application/octet-stream\r\nContent-Length: ${artifact.size}\r\nX-File-Name: ${artifact.fileName}\r\nX-File-SHA256: ${artifact.sha256}`
  const post = async (path: string, body: Buffer, headers: Readonly<Record<string, string>> = {}): Promise<Answered> =>
    await send(`${server.url}${path}`, { method: 'POST', body, headers: { ...FORM, ...bearer(), ...headers } })
  const upload = async (artifact: BuiltArtifact, channel: string, token = 'tok-1'): Promise<Answered> => await post(`/api/v1/upload/${channel}`, form([head(artifact), artifact.bytes]), bearer(token))
  const remove = async (path: string): Promise<number> => (await send(`${server.url}/api/v1/delete/${path}`, { method: 'DELETE', headers: bearer() })).status

  describeShared(startPrefixServer, upload, 'POST upload')

  test('409 for a name that is taken, unless forced; 404 for a channel; 422 for what is no artifact; DELETE', async () => {
    expect((await upload(foo, 'ch')).status).toBe(200)
    expect(await upload(changed, 'ch')).toMatchObject({ status: 409, text: 'Package linux-64/foo-1.0-0.conda already exists' })
    expect((await post('/api/v1/upload/ch?force=true', form([head(changed), changed.bytes]))).status).toBe(200)
    expect(server.files('ch')).toMatchObject([{ sha256: changed.sha256 }])
    expect((await upload(foo, 'nowhere')).status).toBe(404)
    expect((await upload({ ...foo, bytes: Buffer.from('x'), size: 1, sha256: sha256(Buffer.from('x')) }, 'ch')).status).toBe(422)
    expect([await remove('ch/linux-64/foo-1.0-0.conda'), await remove('ch/linux-64/foo-1.0-0.conda'), await remove('other/linux-64/foo-1.0-0.conda')]).toEqual([200, 404, 403])
    expect(server.refused).toEqual([])
  })

  describeRefusals(PREFIX_REFUSALS, [
    ['unknown-call', async () => await post('/api/v2/upload/ch', Buffer.alloc(0))],
    ['unknown-query', async () => await post('/api/v1/upload/ch?force=1', form([head(foo), foo.bytes]))],
    ['encoded-slash', async () => await remove('ch/linux-64/a%2Fb')],
    ['agent-header', async () => await send(`${server.url}/ch/noarch/repodata.json`)],
    ['authorization-header', async () => await post('/api/v1/upload/ch', form([head(foo), foo.bytes]), { authorization: 'token tok-1' })],
    ['authorization-header', async () => await post('/api/v1/upload/ch', form([head(foo), foo.bytes]), { authorization: 'Basic eDp5' })],
    ['body-unasked', async () => await send(`${server.url}/api/v1/delete/ch/a/b`, { method: 'DELETE', headers: bearer(), body: 'x' })],
    ['no-length', async () => await send(`${server.url}/api/v1/upload/ch`, { method: 'POST', headers: { ...bearer(), ...FORM }, body: form([head(foo), foo.bytes]), chunked: true })],
    ['form-type', async () => await post('/api/v1/upload/ch', foo.bytes, { 'content-type': 'application/octet-stream' })],
    ['form-shape', async () => await post('/api/v1/upload/ch', form([head(foo), foo.bytes]).subarray(0, -6))],
    ['form-fields', async () => await post('/api/v1/upload/ch', form([head(foo).replace('"file"', '"content"'), foo.bytes]))],
    ['form-fields', async () => await post('/api/v1/upload/ch', form(['name="x"', 'y'], [head(foo), foo.bytes]))],
    ['part-headers', async () => await post('/api/v1/upload/ch', form([head(foo).replace(foo.sha256, '0'.repeat(64)), foo.bytes]))],
    ['part-headers', async () => await post('/api/v1/upload/ch', form([head(foo).replace(/X-File-Name[^\r]*\r\n/, ''), foo.bytes]))],
  ])
})

describe('startArtifactoryServer()', () => {
  const put = async (path: string, body: Buffer, headers: Readonly<Record<string, string>> = {}): Promise<Answered> =>
    await send(`${server.url}/artifactory/${path}`, { method: 'PUT', body, headers: { ...bearer(), ...headers } })
  const subdirOf = (artifact: BuiltArtifact): string => (artifact === bar ? 'noarch' : 'linux-64')
  const upload = async (artifact: BuiltArtifact, channel: string, token = 'tok-1'): Promise<Answered> => await put(`${channel}/${subdirOf(artifact)}/${artifact.fileName}`, artifact.bytes, bearer(token))
  const ask = async (method: string, path: string, headers = bearer()): Promise<Answered> => await send(`${server.url}/artifactory/${path}`, { method, headers })

  describeShared(startArtifactoryServer, upload, 'PUT file')

  test('takes bytes without a length too', async () => {
    const sent = await send(`${server.url}/artifactory/ch/linux-64/foo-1.0-0.conda`, { method: 'PUT', headers: bearer(), body: foo.bytes, chunked: true })
    expect([sent.status, server.files('ch').length, server.refused]).toEqual([201, 1, []])
  })

  test('overwrites, tells what it has, and takes user and password', async () => {
    const basic = { ...AGENT, authorization: `Basic ${Buffer.from('eggs:secret').toString('base64')}` }
    expect((await upload(foo, 'ch')).status).toBe(201)
    expect((await put('ch/linux-64/foo-1.0-0.conda', changed.bytes, { ...basic, 'x-checksum-sha256': changed.sha256 })).status).toBe(201)
    const info = await ask('GET', 'api/storage/ch/linux-64/foo-1.0-0.conda')
    expect(info).toMatchObject({ status: 200, json: { repo: 'ch', path: '/linux-64/foo-1.0-0.conda', size: String(changed.size), checksums: { sha256: changed.sha256, md5: changed.md5 } } })
    expect(await ask('GET', 'api/storage/ch')).toMatchObject({ status: 200, json: { children: [{ uri: '/linux-64', folder: true }] } })
    const missing = await Promise.all(['api/storage/ch/linux-64/bar-1.0-0.conda', 'api/storage/nowhere', 'api/storage/own'].map(async (path) => (await ask('GET', path, bearer('tok-3'))).status))
    expect(missing).toEqual([404, 404, 403])
    expect(await put('ch/linux-64/foo-1.0-0.conda', foo.bytes, { 'x-checksum-sha256': changed.sha256 })).toMatchObject({ status: 409, json: { errors: [{ status: 409 }] } })
    expect([(await ask('DELETE', 'ch/linux-64/foo-1.0-0.conda')).status, (await ask('DELETE', 'ch/linux-64/foo-1.0-0.conda')).status]).toEqual([204, 404])
    expect(server.refused).toEqual([])
    expect(JSON.stringify(server.calls)).not.toMatch(/secret|ZWdncz/)
  })

  describeRefusals(ARTIFACTORY_REFUSALS, [
    ['unknown-call', async () => await ask('GET', 'api/search/artifact')],
    ['unknown-query', async () => await ask('GET', 'api/storage/ch?list')],
    ['encoded-slash', async () => await put('ch/linux-64/a%2Fb.conda', foo.bytes)],
    ['agent-header', async () => await send(`${server.url}/artifactory/api/storage/ch`)],
    ['authorization-header', async () => await ask('GET', 'api/storage/ch', { ...AGENT, authorization: 'token tok-1' })],
    ['body-unasked', async () => await send(`${server.url}/artifactory/ch/a/b.conda`, { method: 'DELETE', headers: bearer(), body: 'x' })],
    ['artifact-path', async () => await put('ch/linux-64/repodata.json', Buffer.from('{}'))],
    ['checksum-header', async () => await put('ch/linux-64/foo-1.0-0.conda', foo.bytes, { 'x-checksum-sha256': foo.md5 })],
    ['checksum-header', async () => await put('ch/linux-64/foo-1.0-0.conda', foo.bytes, { 'x-checksum-md5': foo.md5.toUpperCase() })],
  ])
})

const SERVER6 = [
  ['psm', '/api', (token = 'tok-1'): Record<string, string> => ({ ...AGENT, 'x-auth': token }), '/api/account', { ...AGENT, authorization: 'Bearer tok-1' }],
  ['repocore', '/api/repo', bearer, '/api/account', { ...AGENT, authorization: 'token tok-1' }],
] as const

describe.each(SERVER6)('startServer6() as %s', (...row) => {
  const [generation, root, authorize, account, wrong] = row
  const start = async (options: TargetServerOptions): Promise<TargetServer> => await startServer6({ ...options, channels: { ...options.channels, 'up/down': { writers: ['tok-1'] } }, generation })
  const parts = ({ fileName, bytes }: BuiltArtifact, more: { filetype?: string; size?: string } = {}): Buffer =>
    form([`name="content"; filename="${fileName}"`, bytes], ['name="filetype"', more.filetype ?? 'conda1'], ['name="size"', more.size ?? String(bytes.length)])
  const post = async (channel: string, body: Buffer, headers: Readonly<Record<string, string>> = {}): Promise<Answered> =>
    await send(`${server.url}${root}/channels/${channel}/artifacts`, { method: 'POST', body, headers: { ...authorize(), ...FORM, ...headers } })
  const upload = async (artifact: BuiltArtifact, channel: string, token = 'tok-1'): Promise<Answered> => await post(channel, parts(artifact), authorize(token))
  const ask = async (path: string): Promise<Answered> => await send(`${server.url}${path}`, { headers: authorize() })
  const bulk = async (body: unknown, channel = 'ch'): Promise<Answered> =>
    await send(`${server.url}${root}/channels/${channel}/artifacts/bulk`, { method: 'PUT', body: JSON.stringify(body), headers: { ...authorize(), 'content-type': 'application/json' } })

  describeShared(start, upload, 'POST artifacts')

  test('409 for a name that is taken, 400 for what is no artifact, 404 for a channel; account, channels, files, removal', async () => {
    expect((await upload(foo, 'ch')).status).toBe(201)
    expect(await upload(changed, 'ch')).toMatchObject({ status: 409, json: { error: { message: 'Artifact linux-64/foo-1.0-0.conda already exists' } } })
    expect((await upload({ ...foo, bytes: Buffer.alloc(0) }, 'ch')).status).toBe(400)
    expect((await upload(foo, 'nowhere')).status).toBe(404)
    expect((await ask(account)).status).toBe(200)
    expect(await ask(`${root}/channels/own`)).toMatchObject({ status: 200, json: { name: 'own', privacy: 'private' } })
    const files = await ask(`${root}/channels/ch/artifacts/conda/foo/files?limit=1`)
    expect(files).toMatchObject({ status: 200, json: { total_count: 1, items: [{ ckey: 'linux-64/foo-1.0-0.conda', metadata: { 'repodata_record.json': { fn: 'foo-1.0-0.conda', sha256: foo.sha256 } } }] } })
    expect((await ask(`${root}/channels/ch/artifacts/conda/bar/files`)).status).toBe(404)
    const item = { name: 'foo', family: 'conda', ckey: 'linux-64/foo-1.0-0.conda' }
    expect([(await bulk({ action: 'delete', items: [item] })).status, (await bulk({ action: 'delete', items: [item] })).status]).toEqual([202, 202])
    expect(server.calls.at(-1)?.body).toEqual({ action: 'delete', items: [item] })
    expect([server.files('ch'), server.refused]).toEqual([[], []])
  })

  test('has channels in channels: as they are for an upload, as subchannels for all else', async () => {
    expect((await upload(foo, 'up/down')).status).toBe(201)
    expect(await ask(`${root}/channels/up/subchannels/down/artifacts/conda/foo/files`)).toMatchObject({ status: 200, json: { total_count: 1 } })
    expect((await ask('/api/repo/up/down/linux-64/repodata.json')).json).toMatchObject({ 'packages.conda': { 'foo-1.0-0.conda': {} } })
    expect(server.refused).toEqual([])
  })

  describeRefusals(SERVER6_REFUSALS, [
    ['unknown-call', async () => await ask('/api/nothing')],
    ['unknown-query', async () => await ask(`${root}/channels/ch?offset=1`)],
    ['encoded-slash', async () => await post('up%2Fdown', parts(foo))],
    ['agent-header', async () => await send(`${server.url}${account}`)],
    ['authorization-header', async () => await send(`${server.url}${account}`, { headers: wrong })],
    ['body-unasked', async () => await send(`${server.url}${account}`, { headers: authorize(), method: 'GET', body: 'x' })],
    ['no-length', async () => await send(`${server.url}${root}/channels/ch/artifacts`, { method: 'POST', headers: { ...authorize(), ...FORM }, body: parts(foo), chunked: true })],
    ['form-type', async () => await post('ch', foo.bytes, { 'content-type': 'application/octet-stream' })],
    ['form-shape', async () => await post('ch', parts(foo).subarray(0, -6))],
    ['form-fields', async () => await post('ch', form(['name="filetype"', 'conda1'], ['name="size"', '1'], ['name="content"; filename="x.conda"', 'x']))],
    ['form-value', async () => await post('ch', parts(foo, { filetype: 'conda2' }))],
    ['form-value', async () => await post('ch', parts(foo, { size: '1' }))],
    ['bulk-body', async () => await bulk({ action: 'copy', items: [] })],
    ['bulk-body', async () => await bulk({ action: 'delete', items: [{ name: 'foo', family: 'conda' }] })],
  ])
})

describe('startQuetzDouble()', () => {
  const key = (token = 'tok-1'): Record<string, string> => ({ ...AGENT, 'x-api-key': token })
  const post = async (path: string, body: Buffer | undefined, headers: Readonly<Record<string, string>> = key()): Promise<Answered> =>
    await send(`${server.url}/api/channels/${path}`, { method: 'POST', headers, ...(body === undefined ? {} : { body }) })
  const upload = async (artifact: BuiltArtifact, channel: string, token = 'tok-1'): Promise<Answered> =>
    await post(`${channel}/upload/${artifact.fileName}?sha256=${artifact.sha256}`, artifact.bytes, key(token))
  const ask = async (method: string, path: string, headers = key()): Promise<Answered> => await send(`${server.url}/api/${path}`, { method, headers })

  describeShared(startQuetzDouble, upload, 'POST upload')

  test('201, 409, 422, 406 before 401, 500 for an unknown channel and for no package, 400 for another name', async () => {
    expect((await upload(foo, 'ch')).status).toBe(201)
    expect(await upload(foo, 'ch')).toMatchObject({ status: 409, json: { detail: 'Duplicate' } })
    expect(await upload(changed, 'ch')).toMatchObject({ status: 409 })
    expect((await post(`ch/upload/${changed.fileName}?sha256=${changed.sha256}&force=true`, changed.bytes)).status).toBe(201)
    expect((await post('ch/upload/foo-1.0-0.conda', foo.bytes)).status).toBe(422)
    expect(await post(`ch/upload/foo-1.0-0.conda?sha256=${'0'.repeat(64)}`, foo.bytes, AGENT)).toMatchObject({ status: 406, json: { detail: 'Wrong SHA256 checksum' } })
    expect(await post(`ch/upload/foo-1.0-0.conda?sha256=${foo.sha256}`, foo.bytes, AGENT)).toMatchObject({ status: 401, json: { detail: 'Not logged in' } })
    expect((await upload(foo, 'nowhere')).status).toBe(500)
    expect((await post(`ch/upload/foo-1.0-0.conda?sha256=${sha256(Buffer.from('x'))}`, Buffer.from('x'))).status).toBe(500)
    expect((await post(`ch/upload/baz-1.0-0.conda?sha256=${foo.sha256}`, foo.bytes)).status).toBe(400)
    expect(server.refused).toEqual([])
  })

  test('tells of a channel and its files, also to a key that is no good, where it is public; removes', async () => {
    await upload(foo, 'ch')
    const version = { platform: 'linux-64', filename: foo.fileName, info: { sha256: foo.sha256 } }
    expect(await ask('GET', 'channels/ch', key('nobody'))).toMatchObject({ status: 200, json: { name: 'ch', private: false } })
    const statuses = await Promise.all([['paginated/users?limit=1', 'nobody'], ['paginated/users?limit=1', 'tok-1'], ['channels/nowhere', 'tok-1'], ['channels/own', 'nobody'], ['channels/own', 'tok-1'], ['channels/ch/packages/bar/versions', 'tok-1']]
      .map(async ([path = '', token]) => (await ask('GET', path, key(token))).status))
    expect(statuses).toEqual([401, 200, 404, 401, 200, 404])
    expect((await ask('GET', 'channels/ch/packages/foo/versions')).json).toMatchObject([version])
    expect((await ask('GET', `channels/ch/packages/foo/versions/linux-64/${foo.fileName}`)).json).toMatchObject(version)
    expect((await ask('GET', `channels/ch/packages/foo/versions/noarch/${foo.fileName}`)).status).toBe(404)
    const path = `channels/ch/packages/foo/versions/linux-64/${foo.fileName}`
    const removed = [await ask('DELETE', path, key('nobody')), await ask('DELETE', path, key('tok-3')), await ask('DELETE', path), await ask('DELETE', path)]
    expect([removed.map(({ status }) => status), server.files('ch'), server.refused]).toEqual([[401, 403, 200, 404], [], []])
  })

  describeRefusals(QUETZ_REFUSALS, [
    ['unknown-call', async () => await ask('GET', 'packages')],
    ['unknown-query', async () => await ask('GET', 'channels/ch/packages/foo/versions?limit=1')],
    ['unknown-query', async () => await post('ch/upload/x-1-0.conda?sha256=ABC', foo.bytes)],
    ['encoded-slash', async () => await ask('GET', 'channels/ch%2Fx')],
    ['agent-header', async () => await ask('GET', 'paginated/users', { 'x-api-key': 'tok-1' })],
    ['authorization-header', async () => await ask('GET', 'paginated/users', bearer())],
    ['body-unasked', async () => await send(`${server.url}/api/paginated/users`, { headers: key(), body: 'x' })],
  ])
})
